import fs from 'node:fs';
import path from 'node:path';
import { beginPacket, SOUP, SOUP_HEAD } from '@outcry/wire/soup';

const PENDING_BYTES = 256 * 1024;
/** Messages between places that the index knows. */
const INDEX_EVERY = 1024;

/**
 * The sequenced packets of one session and login, framed as they go out, in a file: what a client missed is read from there, however
 * far it lags, and memory holds only what is being written. Messages are numbered from 1.
 *
 * `claim` room for a message and write it at once; `flush` puts what is pending into the file, and hands it to the sink.
 */
export class SequencedLog {
  readonly file: string;
  /** number of the next message */
  next = 1;
  /** bytes in the file */
  bytes = 0;
  /** takes what is flushed, if somebody is up to date */
  sink: ((packets: Uint8Array) => void) | undefined;
  readonly view: DataView;
  readonly pending = new Uint8Array(PENDING_BYTES);
  #pendingBytes = 0;
  readonly #fd: number;
  /** file offset of message 1 + i x INDEX_EVERY */
  readonly #index: number[] = [0];

  constructor(directory: string, name: string) {
    fs.mkdirSync(directory, { recursive: true });
    this.file = path.join(directory, `${name}.soup`);
    this.#fd = fs.openSync(this.file, 'w+', 0o600);
    this.view = new DataView(this.pending.buffer);
  }

  get isEmpty(): boolean {
    return this.#pendingBytes === 0;
  }

  /** Room for the next message's payload: where it is to be written, in `view` and `pending`. */
  claim(payloadBytes: number): number {
    const bytes = SOUP_HEAD + payloadBytes;
    if (this.#pendingBytes + bytes > PENDING_BYTES) this.flush();
    const at = beginPacket(this.view, this.#pendingBytes, SOUP.SEQUENCED, payloadBytes);
    this.#pendingBytes += bytes;
    if (this.next % INDEX_EVERY === 0) this.#index.push(this.bytes + this.#pendingBytes);
    this.next++;
    return at;
  }

  /** Throws what the disk says; then nothing of the batch has gone out. */
  flush(): void {
    if (this.#pendingBytes === 0) return;
    const packets = this.pending.subarray(0, this.#pendingBytes);
    fs.writeSync(this.#fd, packets, 0, packets.length, this.bytes);
    this.bytes += packets.length;
    this.#pendingBytes = 0;
    this.sink?.(packets);
  }

  /** File offset of a message that is in the file, or of the next one. */
  offsetOf(sequence: number): number {
    if (sequence >= this.next) return this.bytes;
    const place = Math.floor((sequence - 1) / INDEX_EVERY);
    let offset = this.#index[place];
    const head = Buffer.alloc(2);
    for (let number = 1 + place * INDEX_EVERY; number < sequence; number++) {
      fs.readSync(this.#fd, head, 0, 2, offset);
      offset += 2 + head.readUInt16BE();
    }
    return offset;
  }

  /** Reads packets, whole or not, from an offset on. Returns an empty piece at the end. */
  read(offset: number, most: number): Buffer {
    const piece = Buffer.allocUnsafe(Math.min(most, this.bytes - offset));
    return piece.subarray(0, fs.readSync(this.#fd, piece, 0, piece.length, offset));
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}
