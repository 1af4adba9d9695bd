/**
 * Memory of a session's packets, in pieces that are written to its file as they are. They begin at a page, as direct writes want it, and
 * are used again when they are in the file and no reader needs them any more.
 */

/** Bytes of a piece, and of its slot of the file: whole blocks of any disk. No packet crosses from one into the next. */
export const PIECE_BYTES = 256 * 1024;
const WASM_PAGE = 64 * 1024;
/** Pieces that are made at once: each WebAssembly memory takes gigabytes of address space, so that one a piece would run out of it. */
const MADE_AT_ONCE = 8;

/** Pieces that no log of this thread uses. */
const free: Piece[] = [];

export class Piece {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** where its slot of the file begins */
  offset = 0;
  /** bytes of packets in it */
  filled = 0;
  isWritten = false;
  #isLeft = false;
  #readers = 0;

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  static take(offset: number): Piece {
    if (free.length === 0) makeSome();
    const piece = free.pop()!;
    piece.offset = offset;
    piece.filled = 0;
    piece.isWritten = false;
    piece.#isLeft = false;
    return piece;
  }

  /** To be called when a reader takes of it; gives what the reader calls when it is done. */
  lend(): () => void {
    this.#readers++;
    return this.#done;
  }

  /** The log needs it no more. */
  leave(): void {
    this.#isLeft = true;
    if (this.#readers === 0) free.push(this);
  }

  readonly #done = () => {
    this.#readers--;
    if (this.#readers === 0 && this.#isLeft) free.push(this);
  };

  static of(bytes: Uint8Array): Piece {
    return new Piece(bytes);
  }
}

/** What of WebAssembly is used; its types come with a browser's only. */
declare const WebAssembly: { Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer } };

function makeSome(): void {
  const pages = (MADE_AT_ONCE * PIECE_BYTES) / WASM_PAGE;
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
  for (let i = 0; i < MADE_AT_ONCE; i++) free.push(Piece.of(new Uint8Array(buffer, i * PIECE_BYTES, PIECE_BYTES)));
}
