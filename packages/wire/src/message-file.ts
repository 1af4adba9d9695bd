import { WIRE_ERROR } from './layout.ts';
import { type ByteSource, SourceWindow } from './source.ts';

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
  readonly #window: SourceWindow;

  constructor(source: ByteSource) {
    this.#window = new SourceWindow(source, BUFFER_BYTES);
    this.view = this.#window.view;
  }

  next(): boolean {
    const window = this.#window;
    if (!window.need(LENGTH_BYTES)) return this.#finish();
    const bytes = this.view.getUint16(window.at);
    if (bytes === 0) {
      window.skip(LENGTH_BYTES);
      if (window.need(1)) this.error = WIRE_ERROR.OVERLONG;
      return false;
    }
    if (!window.need(LENGTH_BYTES + bytes)) return this.#finish();
    this.at = window.at + LENGTH_BYTES;
    this.bytes = bytes;
    window.skip(LENGTH_BYTES + bytes);
    return true;
  }

  #finish(): false {
    this.isCut = this.#window.hasRest;
    return false;
  }
}
