/** Files in which the messages that a FIX session sent are kept: their names, and their records. */
import fs from 'node:fs';
import path from 'node:path';

/** A record: the message's number (float64) and length, then the message. Without a length: numbers up to this one were used, and not kept. */
export const HEAD_BYTES = 12;
const LENGTH_AT = 8;
const BLOCK_BYTES = 64 * 1024;

export function writeHead(into: Buffer, sequence: number, length: number): void {
  into.writeDoubleLE(sequence, 0);
  into.writeUInt32LE(length, LENGTH_AT);
}

export function segmentFile(directory: string, first: number): string {
  return path.join(directory, `${first}.fix`);
}

/** The first numbers of the segments in a directory, ascending. */
export function listSegments(directory: string): number[] {
  const names = fs.readdirSync(directory).map((name) => /^(\d{1,16})\.fix$/.exec(name)?.[1]);
  return names
    .filter((name) => name !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/** Reads the records of one segment, forward, a block at a time: what is read in order costs a call to the system every 64 KiB. */
export class SegmentReader {
  readonly #fd: number;
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES);
  #blockAt = 0;
  #blockBytes = 0;
  #next = 0;
  /** of the record at hand: its number, and where its message is */
  sequence = 0;
  length = 0;
  #messageAt = 0;

  constructor(file: string) {
    this.#fd = fs.openSync(file, 'r');
  }

  /** Where the next record begins. */
  get offset(): number {
    return this.#next;
  }

  /** Goes to the next record before an offset. Returns false when there is no whole one, or its number is not higher: the file was cut off there. */
  advance(end: number): boolean {
    if (this.#next + HEAD_BYTES > end || !this.#holds(this.#next, HEAD_BYTES)) return false;
    const at = this.#next - this.#blockAt;
    const sequence = this.#block.readDoubleLE(at);
    const length = this.#block.readUInt32LE(at + LENGTH_AT);
    const messageAt = this.#next + HEAD_BYTES;
    if (!(sequence > this.sequence) || messageAt + length > end) return false;
    this.sequence = sequence;
    this.length = length;
    this.#messageAt = messageAt;
    this.#next = messageAt + length;
    return true;
  }

  /** The message of the record at hand: a copy. */
  message(): Buffer {
    if (this.#holds(this.#messageAt, this.length)) {
      const at = this.#messageAt - this.#blockAt;
      return Buffer.from(this.#block.subarray(at, at + this.length));
    }
    const message = Buffer.alloc(this.length);
    fs.readSync(this.#fd, message, 0, this.length, this.#messageAt);
    return message;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  /** Whether the block holds some bytes, after it was read anew when it did not. */
  #holds(offset: number, bytes: number): boolean {
    const isThere = () => offset >= this.#blockAt && offset + bytes <= this.#blockAt + this.#blockBytes;
    if (isThere()) return true;
    if (bytes > BLOCK_BYTES) return false;
    this.#blockAt = offset;
    this.#blockBytes = fs.readSync(this.#fd, this.#block, 0, BLOCK_BYTES, offset);
    return isThere();
  }
}
