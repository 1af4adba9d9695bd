/** MoldUDP64: datagrams written and read. */
import { getU64, setAlpha, setU64, WIRE_ERROR } from './layout.ts';

/**
 * MoldUDP64 1.0: datagrams of a session (ten letters), the sequence number of the first message, a count, and that many messages,
 * each behind its length (section 2). A count of 0 is a heartbeat that tells the next number, 0xffff the end of the session. A
 * request for messages again is the same head alone (section 4).
 */
export const MOLD_HEAD = 20;
const SEQUENCE = 10;
const COUNT = 18;
export const SESSION_BYTES = 10;
export const END_OF_SESSION = 0xffff;
/** Ethernet's 1500 bytes less IPv4's and UDP's heads: what is sent in one piece everywhere. */
const DATAGRAM_BYTES = 1472;

export function writeMoldHead(view: DataView, at: number, session: string, sequence: number, count: number): void {
  setAlpha(view, at, SESSION_BYTES, session);
  setU64(view, at + SEQUENCE, sequence);
  view.setUint16(at + COUNT, count);
}

/** Only what changes from one datagram of a session to the next. */
function writeMoldNumbers(view: DataView, at: number, sequence: number, count: number): void {
  setU64(view, at + SEQUENCE, sequence);
  view.setUint16(at + COUNT, count);
}

/** Walks the messages of a datagram: `open`, then `while (reader.next()) reader.at, reader.bytes, reader.sequence`. No allocation. */
export class MoldReader {
  view!: DataView;
  /** number of the first message; of a heartbeat and an end of session: the next one to come */
  first = 0;
  count = 0;
  /** of the message that `next` moved to */
  at = 0;
  bytes = 0;
  sequence = 0;
  #datagram = 0;
  #next = 0;
  #end = 0;
  #left = 0;

  /** Returns 0, or a WIRE_ERROR: then there is nothing to read. All lengths are checked before the first message is shown. */
  open(view: DataView, at: number, bytes: number): number {
    this.view = view;
    this.#datagram = at;
    this.#left = 0;
    if (bytes < MOLD_HEAD || at + bytes > view.byteLength) return WIRE_ERROR.TRUNCATED;
    this.first = getU64(view, at + SEQUENCE);
    this.count = view.getUint16(at + COUNT);
    this.#next = at + MOLD_HEAD;
    this.#end = at + bytes;
    const messages = this.count === END_OF_SESSION ? 0 : this.count;
    let end = this.#next;
    for (let i = 0; i < messages; i++) {
      if (end + 2 > this.#end) return WIRE_ERROR.TRUNCATED;
      end += 2 + view.getUint16(end);
    }
    if (end !== this.#end) return end > this.#end ? WIRE_ERROR.TRUNCATED : WIRE_ERROR.OVERLONG;
    this.#left = messages;
    this.sequence = this.first - 1;
    return 0;
  }

  next(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    this.bytes = this.view.getUint16(this.#next);
    this.at = this.#next + 2;
    this.#next = this.at + this.bytes;
    this.sequence++;
    return true;
  }

  get isEndOfSession(): boolean {
    return this.count === END_OF_SESSION;
  }

  /** Number of the message after the last one in this datagram. */
  get nextSequence(): number {
    return this.first + (this.isEndOfSession ? 0 : this.count);
  }

  /** Whether the datagram is of a session, given as its ten bytes. */
  isOf(session: Uint8Array): boolean {
    for (let i = 0; i < SESSION_BYTES; i++) if (this.view.getUint8(this.#datagram + i) !== session[i]) return false;
    return true;
  }

  get session(): string {
    let text = '';
    for (let i = 0; i < SESSION_BYTES; i++) text += String.fromCharCode(this.view.getUint8(this.#datagram + i));
    return text.trim();
  }
}

/** Packs messages into a datagram until one does not fit any more. */
export class MoldPacker {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** bytes and messages so far */
  length = MOLD_HEAD;
  count = 0;

  constructor(session: string, mostBytes = DATAGRAM_BYTES) {
    this.bytes = new Uint8Array(mostBytes);
    this.view = new DataView(this.bytes.buffer);
    writeMoldHead(this.view, 0, session, 0, 0);
  }

  /** Room for a message: where to write it, or -1 when the datagram has to go first. Messages longer than a datagram holds never fit. */
  claim(bytes: number): number {
    if (this.length + 2 + bytes > this.bytes.length) return -1;
    this.view.setUint16(this.length, bytes);
    const at = this.length + 2;
    this.length = at + bytes;
    this.count++;
    return at;
  }

  /** Writes the head. @param first number of the first message packed @param count END_OF_SESSION, or what was packed. Returns the datagram's length. */
  seal(first: number, count = this.count): number {
    writeMoldNumbers(this.view, 0, first, count);
    return this.length;
  }

  clear(): void {
    this.length = MOLD_HEAD;
    this.count = 0;
  }
}

/** The ten bytes of a session's name. */
export function sessionBytes(session: string): Uint8Array {
  const bytes = new Uint8Array(SESSION_BYTES);
  setAlpha(new DataView(bytes.buffer), 0, SESSION_BYTES, session);
  return bytes;
}
