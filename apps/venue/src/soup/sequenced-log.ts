import fs from 'node:fs';
import path from 'node:path';
import { beginPacket, SOUP, SOUP_HEAD } from '@outcry/wire/soup';

/** Bytes that are written to the file at a time: whole blocks of any disk. */
const PIECE_BYTES = 256 * 1024;
/** Room for the end of a message that begins in a piece. */
const OVERHANG = 64 * 1024;
/** Pieces on their way to the file before whoever adds more waits for the disk. */
const MOST_UNDER_WAY = 16;
const WASM_PAGE = 64 * 1024;
/** Messages between places that the index knows. */
const INDEX_EVERY = 1024;

/** Who is up to date, and takes packets as they are flushed. */
export interface LogReader {
  /** The packets stay as they are until the reader is done with them, and has said so. */
  take(packets: Uint8Array, done: () => void): void;
}

/** Memory of packets; used again when it is in the file and no reader needs it any more. */
class Piece {
  readonly bytes = alignedBytes(PIECE_BYTES + OVERHANG);
  readonly view = new DataView(this.bytes.buffer);
  /** where in the file it begins */
  offset = 0;
  isWritten = false;
  /** whether its log needs it no more */
  isLeft = false;
  #readers = 0;

  /** To be called when a reader takes of it; gives what the reader calls when it is done. */
  lend(): () => void {
    this.#readers++;
    return this.#done;
  }

  /** The log needs it no more. */
  leave(): void {
    this.isLeft = true;
    if (this.#readers === 0) this.#giveBack();
  }

  readonly #done = () => {
    this.#readers--;
    if (this.#readers === 0 && this.isLeft) this.#giveBack();
  };

  #giveBack(): void {
    if (free.length < MOST_FREE) free.push(this);
  }

  static take(offset: number): Piece {
    const piece = free.pop() ?? new Piece();
    piece.offset = offset;
    piece.isWritten = false;
    piece.isLeft = false;
    return piece;
  }
}

/** Pieces that no log of this thread uses. */
const free: Piece[] = [];
const MOST_FREE = 64;

/**
 * The sequenced packets of one session and login, framed as they go out, in a file: what a client missed is read from there, however
 * far it lags. Memory holds the newest piece, and those that the system is writing meanwhile. Messages are numbered from 1.
 *
 * The file is written around the system's page cache (O_DIRECT, where the file system has it): at a million orders a second these are
 * 130 MB a second that hardly anybody reads again, and writing them back would hold up the journal's disk in gusts.
 *
 * `claim` room for a message and write it into `view` at once; `flush` hands what is new to the reader. When the file cannot be written
 * any more (a full disk) the log is broken for good: what is claimed is forgotten, and whoever reads is told.
 */
export class SequencedLog {
  readonly file: string;
  /** number of the next message */
  next = 1;
  /** bytes flushed, in the file or in memory */
  bytes = 0;
  reader: LogReader | undefined;
  /** why nothing is kept any more */
  brokenBy: Error | undefined;
  onBroken: (error: Error) => void = () => undefined;
  #piece = Piece.take(0);
  #filled = 0;
  readonly #underWay: Piece[] = [];
  readonly #fd: number;
  readonly #readFd: number;
  /** calls of the system that are not over */
  #writing = 0;
  #isClosed = false;
  /** file offset of message 1 + i x INDEX_EVERY */
  readonly #index: number[] = [0];

  constructor(directory: string, name: string) {
    fs.mkdirSync(directory, { recursive: true });
    this.file = path.join(directory, `${name}.soup`);
    this.#fd = openDirect(this.file);
    this.#readFd = fs.openSync(this.file, 'r');
  }

  /** The newest piece: another one after any {@link claim}. */
  get view(): DataView {
    return this.#piece.view;
  }

  /** Room for the next message's payload: where it is to be written in `view`. */
  claim(payloadBytes: number): number {
    const bytes = SOUP_HEAD + payloadBytes;
    if (this.#filled >= PIECE_BYTES) this.#finishPiece();
    const at = beginPacket(this.view, this.#filled, SOUP.SEQUENCED, payloadBytes);
    this.#filled += bytes;
    if (this.next % INDEX_EVERY === 0) this.#index.push(this.#piece.offset + this.#filled);
    this.next++;
    return at;
  }

  flush(): void {
    const { offset, bytes } = this.#piece;
    const begin = this.bytes - offset;
    if (begin === this.#filled || this.brokenBy !== undefined) return;
    this.bytes = offset + this.#filled;
    this.reader?.take(bytes.subarray(begin, this.#filled), this.#piece.lend());
  }

  #finishPiece(): void {
    this.flush();
    const piece = this.#piece;
    const overhang = piece.bytes.subarray(PIECE_BYTES, this.#filled);
    this.#piece = Piece.take(piece.offset + PIECE_BYTES);
    this.#piece.bytes.set(overhang);
    this.#filled = overhang.length;
    if (this.brokenBy !== undefined) {
      piece.leave();
      return;
    }
    this.#underWay.push(piece);
    if (this.#underWay.length > MOST_UNDER_WAY) this.#writeNow(piece);
    else this.#write(piece, 0);
  }

  /** Has the system write a piece from some byte on. */
  #write(piece: Piece, from: number): void {
    this.#writing++;
    fs.write(this.#fd, piece.bytes, from, PIECE_BYTES - from, piece.offset + from, (error, written) => {
      this.#writing--;
      if (error !== null) this.#break(error);
      else if (from + written < PIECE_BYTES) this.#write(piece, from + written);
      else this.#written(piece);
      if (this.#isClosed) this.close();
    });
  }

  #writeNow(piece: Piece): void {
    try {
      for (let at = 0; at < PIECE_BYTES; ) at += fs.writeSync(this.#fd, piece.bytes, at, PIECE_BYTES - at, piece.offset + at);
      this.#written(piece);
    } catch (error) {
      this.#break(error as Error);
    }
  }

  #written(piece: Piece): void {
    piece.isWritten = true;
    while (this.#underWay[0]?.isWritten) this.#underWay.shift()!.leave();
  }

  #break(error: Error): void {
    const isFirst = this.brokenBy === undefined;
    this.brokenBy ??= error;
    this.reader = undefined;
    if (isFirst && !this.#isClosed) this.onBroken(error);
  }

  /** File offset of a message that is flushed, or of the next one. */
  offsetOf(sequence: number): number {
    if (sequence >= this.next) return this.bytes;
    const place = Math.floor((sequence - 1) / INDEX_EVERY);
    let offset = this.#index[place];
    for (let number = 1 + place * INDEX_EVERY; number < sequence; number++) offset += 2 + this.read(offset, 2).readUInt16BE();
    return offset;
  }

  /** Reads packets, whole or not, from an offset on. Returns an empty piece at the end. */
  read(offset: number, most: number): Buffer {
    const { offset: newest, bytes } = this.#piece;
    if (offset >= newest) return Buffer.from(bytes.subarray(offset - newest, Math.min(offset - newest + most, this.bytes - newest)));
    const inFile = this.#underWay[0]?.offset ?? newest;
    if (offset < inFile) {
      const piece = Buffer.allocUnsafe(Math.min(most, inFile - offset));
      return piece.subarray(0, fs.readSync(this.#readFd, piece, 0, piece.length, offset));
    }
    const piece = this.#underWay.find((each) => offset < each.offset + PIECE_BYTES)!;
    const at = offset - piece.offset;
    return Buffer.from(piece.bytes.subarray(at, Math.min(at + most, PIECE_BYTES)));
  }

  /** Closes the file, as soon as nothing is on its way to it. */
  close(): void {
    this.#isClosed = true;
    if (this.#writing > 0) return;
    fs.closeSync(this.#fd);
    fs.closeSync(this.#readFd);
    for (const piece of [...this.#underWay, this.#piece]) piece.leave();
  }
}

/** Opens a file for writing past the page cache; where the file system does not have that, through it. */
function openDirect(file: string): number {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_DIRECT } = fs.constants;
  try {
    return fs.openSync(file, O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
    return fs.openSync(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600);
  }
}

/** What of WebAssembly is used; its types come with a browser's only. */
declare const WebAssembly: { Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer } };

/** Memory that begins at a page, as direct writes want it: WebAssembly's always does. */
function alignedBytes(bytes: number): Uint8Array {
  const pages = Math.ceil(bytes / WASM_PAGE);
  return new Uint8Array(new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer, 0, bytes);
}
