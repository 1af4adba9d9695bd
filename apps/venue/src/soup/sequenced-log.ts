import fs from 'node:fs';
import path from 'node:path';
import { beginPacket, SOUP, SOUP_HEAD } from '@outcry/wire/soup';

/** Bytes that are written to the file at a time. */
const PIECE_BYTES = 256 * 1024;
/** Messages between places that the index knows. */
const INDEX_EVERY = 1024;

/**
 * The sequenced packets of one session and login, framed as they go out, in a file: what a client missed is read from there, however
 * far it lags, and memory holds only what is being written. Messages are numbered from 1.
 *
 * `claim` room for a message and write it at once; `flush` hands what is new to the sink. When the file cannot be written any more (a full
 * disk) the log is broken for good: what is claimed is forgotten, and whoever reads is told.
 */
export class SequencedLog {
  readonly file: string;
  /** number of the next message */
  next = 1;
  /** bytes flushed, in the file or in memory */
  bytes = 0;
  /** takes what is flushed, if somebody is up to date */
  sink: ((packets: Uint8Array) => void) | undefined;
  /** why nothing is kept any more */
  brokenBy: Error | undefined;
  onBroken: (error: Error) => void = () => undefined;
  readonly view: DataView;
  /** the newest piece, not in the file yet */
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #filled = 0;
  #inFile = 0;
  readonly #fd: number;
  /** file offset of message 1 + i x INDEX_EVERY */
  readonly #index: number[] = [0];

  constructor(directory: string, name: string) {
    fs.mkdirSync(directory, { recursive: true });
    this.file = path.join(directory, `${name}.soup`);
    this.#fd = fs.openSync(this.file, 'w+', 0o600);
    this.view = new DataView(this.#piece.buffer);
  }

  /** Room for the next message's payload: where it is to be written in `view`. */
  claim(payloadBytes: number): number {
    const bytes = SOUP_HEAD + payloadBytes;
    if (this.#filled + bytes > PIECE_BYTES) this.#writePiece();
    const at = beginPacket(this.view, this.#filled, SOUP.SEQUENCED, payloadBytes);
    this.#filled += bytes;
    if (this.next % INDEX_EVERY === 0) this.#index.push(this.#inFile + this.#filled);
    this.next++;
    return at;
  }

  flush(): void {
    const begin = this.bytes - this.#inFile;
    if (begin === this.#filled || this.brokenBy !== undefined) return;
    this.bytes = this.#inFile + this.#filled;
    this.sink?.(this.#piece.subarray(begin, this.#filled));
  }

  #writePiece(): void {
    this.flush();
    const bytes = this.#filled;
    this.#filled = 0;
    try {
      for (let at = 0; at < bytes; ) at += fs.writeSync(this.#fd, this.#piece, at, bytes - at, this.#inFile + at);
      this.#inFile += bytes;
    } catch (error) {
      const isFirst = this.brokenBy === undefined;
      this.brokenBy = error as Error;
      this.bytes = this.#inFile;
      this.sink = undefined;
      if (isFirst) this.onBroken(this.brokenBy);
    }
  }

  /** File offset of a message that is in the file, or of the next one. */
  offsetOf(sequence: number): number {
    if (sequence >= this.next) return this.bytes;
    const place = Math.floor((sequence - 1) / INDEX_EVERY);
    let offset = this.#index[place];
    for (let number = 1 + place * INDEX_EVERY; number < sequence; number++) offset += 2 + this.read(offset, 2).readUInt16BE();
    return offset;
  }

  /** Reads packets, whole or not, from an offset on. Returns an empty piece at the end. */
  read(offset: number, most: number): Buffer {
    if (offset >= this.#inFile) {
      const at = offset - this.#inFile;
      return Buffer.from(this.#piece.subarray(at, Math.min(at + most, this.bytes - this.#inFile)));
    }
    const piece = Buffer.allocUnsafe(Math.min(most, this.#inFile - offset));
    return piece.subarray(0, fs.readSync(this.#fd, piece, 0, piece.length, offset));
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}
