/** Records that the engine keeps for the gateways, by name. */
import { command, wordOfPiece } from '@outcry/market/command';
import { bytesOf } from '@outcry/memory/span';

const { PIECE_WORDS } = command;
/** Longest name and longest record, bytes. */
export const MOST_NAME = 128;
export const MOST_RECORD = 16_384;
/** Records, and bytes of all, that a journal may hold: more are refused, by every engine alike. */
const MOST_RECORDS = 1_000_000;
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_PIECES = Math.ceil((MOST_NAME + MOST_RECORD) / 4 / PIECE_WORDS);
/** In an image, ahead of each record: the bytes of its name, and of the record. */
const HEAD_BYTES = 8;

/**
 * What gateways keep in the journal: accounts' names, keys and logins, full definitions. The engine does not look into these bytes. It keeps
 * the latest of each name, so that they are in its snapshots, and wherever the journal is.
 */
export class Registry {
  readonly #records = new Map<string, Uint8Array>();
  #bytes = 0;
  readonly #staged = new Int32Array(MOST_PIECES * PIECE_WORDS);
  #pieces = 0;
  /** name and bytes that the latest {@link put} was about; valid until the next piece */
  stated = this.#staged;

  /** Whether pieces wait for the command that they belong to. */
  get isStaging(): boolean {
    return this.#pieces > 0;
  }

  get(name: string): Uint8Array | undefined {
    return this.#records.get(name);
  }

  /** Names and bytes, in the order in which the names were first put. */
  entries(): IterableIterator<[string, Uint8Array]> {
    return this.#records.entries();
  }

  /** Takes a PIECE. */
  stage(i32: Int32Array, at: number): void {
    if (this.#pieces === MOST_PIECES) this.#pieces = 0; // more than any record has: what was staged belongs to none
    const to = this.#pieces * PIECE_WORDS;
    for (let i = 0; i < PIECE_WORDS; i++) this.#staged[to + i] = i32[at + wordOfPiece(i)];
    this.#pieces++;
  }

  forgetStaged(): void {
    this.#pieces = 0;
  }

  /** Puts what the latest pieces state, or removes it (-1 bytes). Returns whether it was valid, and there was room. */
  put(nameBytes: number, valueBytes: number): boolean {
    if (nameBytes < 1 || nameBytes > MOST_NAME || valueBytes < -1 || valueBytes > MOST_RECORD) return false;
    const pieces = Math.ceil((nameBytes + Math.max(valueBytes, 0)) / 4 / PIECE_WORDS);
    if (pieces > this.#pieces) return false;
    // Pieces of one command lie behind each other: what was staged before them is of another, which never came.
    this.stated = this.#staged.subarray((this.#pieces - pieces) * PIECE_WORDS, this.#pieces * PIECE_WORDS);
    const bytes = bytesOf(this.stated);
    const name = String.fromCharCode(...bytes.subarray(0, nameBytes));
    if (!/^[!-~]+$/.test(name)) return false;
    return valueBytes < 0 ? this.#remove(name) : this.#keep(name, bytes.slice(nameBytes, nameBytes + valueBytes));
  }

  #keep(name: string, value: Uint8Array): boolean {
    const before = this.#records.get(name);
    const bytes = this.#bytes + value.length - (before === undefined ? -name.length : before.length);
    if (bytes > MOST_BYTES || (before === undefined && this.#records.size === MOST_RECORDS)) return false;
    this.#bytes = bytes;
    this.#records.set(name, value);
    return true;
  }

  #remove(name: string): boolean {
    const value = this.#records.get(name);
    if (value === undefined) return false;
    this.#bytes -= value.length + name.length;
    return this.#records.delete(name);
  }

  /** All records, behind each other, for a snapshot. */
  used(): Uint8Array {
    const image = new Uint8Array(this.#bytes + this.#records.size * HEAD_BYTES);
    const view = new DataView(image.buffer);
    let at = 0;
    for (const [name, value] of this.#records) {
      view.setUint32(at, name.length, true);
      view.setUint32(at + 4, value.length, true);
      at += HEAD_BYTES;
      for (let i = 0; i < name.length; i++) image[at + i] = name.charCodeAt(i);
      image.set(value, at + name.length);
      at += name.length + value.length;
    }
    return image;
  }

  restore(image: Uint8Array): void {
    this.#records.clear();
    this.#bytes = 0;
    const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    for (let at = 0; at < image.length; ) {
      const [nameBytes, valueBytes] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
      at += HEAD_BYTES;
      const name = String.fromCharCode(...image.subarray(at, at + nameBytes));
      this.#records.set(name, image.slice(at + nameBytes, at + nameBytes + valueBytes));
      at += nameBytes + valueBytes;
      this.#bytes += nameBytes + valueBytes;
    }
  }
}
