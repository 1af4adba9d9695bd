import { WIRE_ERROR } from './layout.ts';
import type { ByteSource } from './pcap.ts';

const BUFFER_BYTES = 1 << 20;
const LENGTH_BYTES = 2;

/**
 * Reads messages that stand behind their length, two bytes big-endian, one after the other: the format in which Nasdaq publishes days of
 * ITCH (BinaryFILE 1.0, section 2). A length of 0 is the end of the session. `while (reader.next())` look at `view`, `at` and `bytes`. A file
 * that ends in the middle of a message ends before it, and `isCut` says so; one that goes on after its end has `error` set.
 */
export class MessageFileReader {
  readonly view: DataView;
  /** the message */
  at = 0;
  bytes = 0;
  isCut = false;
  /** a WIRE_ERROR, 0: none */
  error = 0;
  readonly #source: ByteSource;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #next = 0;
  #end = 0;

  constructor(source: ByteSource) {
    this.#source = source;
    this.view = new DataView(this.#buffer.buffer);
  }

  next(): boolean {
    if (!this.#need(LENGTH_BYTES)) return this.#finish();
    const bytes = this.view.getUint16(this.#next);
    if (bytes === 0) {
      this.#next += LENGTH_BYTES;
      if (this.#need(1)) this.error = WIRE_ERROR.OVERLONG;
      return false;
    }
    if (!this.#need(LENGTH_BYTES + bytes)) return this.#finish();
    this.at = this.#next + LENGTH_BYTES;
    this.bytes = bytes;
    this.#next = this.at + bytes;
    return true;
  }

  #finish(): false {
    this.isCut = this.#end > this.#next;
    return false;
  }

  /** Has so many bytes in the buffer from #next on, if the file has them. */
  #need(bytes: number): boolean {
    if (this.#end - this.#next >= bytes) return true;
    this.#buffer.copyWithin(0, this.#next, this.#end);
    this.#end -= this.#next;
    this.#next = 0;
    while (this.#end < bytes) {
      const read = this.#source.read(this.#buffer, this.#end, this.#buffer.length - this.#end);
      if (read === 0) return false;
      this.#end += read;
    }
    return true;
  }
}
