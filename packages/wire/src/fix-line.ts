/** The messages of one FIX session's line: numbers, resends and gaps. */
import { type FixField, type FixPieces, formatFix, sendAgain, sendLate } from './fix-format.ts';
import { MSG, SESSION_MESSAGES, TAG } from './fix-tags.ts';
import { fixTime } from './fix-time.ts';

const WEIGHT_SHIFT = 12;

/** What a session keeps beyond a connection. */
export interface FixStore {
  /** numbers of the next message to send, and to receive */
  nextOut: number;
  nextIn: number;
  /** Notes the number of a message that is about to be sent, and keeps the message itself when it is given. */
  save(sequence: number, message: Buffer | undefined): void;
  /** The number of the first message from a number on that is kept; Infinity: there is none. */
  firstKept(sequence: number): number;
  /** Looks for that, for a short while. Returns whether it is found: else it goes on from there next time. When it is not given, looking takes no time. */
  look?(sequence: number): boolean;
  /** The message with a number, undefined: it is not kept. */
  load(sequence: number): Buffer | undefined;
  /** Begins anew at 1 and 1. */
  reset(): void;
}

export interface FixLineOptions {
  /** FIX.4.4 or FIXT.1.1 */
  beginString: string;
  /** own name, and the other side's */
  sender: string;
  target: string;
  store: FixStore;
  /** Puts the bytes of a whole message on the line. */
  send(bytes: Buffer): void;
  /** Whether the line takes more now. What it does not take waits in the store. When it is not given, it takes everything. */
  isOpen?(): boolean;
  /** milliseconds since 1970 */
  now(): number;
}

interface Resend {
  /** numbers up to here are sent again, or noted in `gap` */
  next: number;
  readonly end: number;
  /** first number that a gap fill is still to stand for */
  gap: number;
}

/**
 * A session's way out: the only writer of its connection, whole messages in one order. Messages get their numbers at once and are kept; they
 * go on the line at once when nothing waits and the line takes more, else when {@link pump} gets to them, read back from the store, so that
 * what waits for a slow reader takes no memory. What is asked for again goes ahead of them; one request is served at a time, those that come
 * meanwhile are served together after it, unless what is left of it covers them.
 */
export class FixLine {
  /** when the last message went out */
  sentAt = 0;
  readonly #options: FixLineOptions;
  #isConnected = false;
  /** number of the next message that goes on the line for the first time */
  #next = 1;
  /** numbers below it that have not been on the line are for a gap fill */
  #passed = 1;
  /** of this connection: no number from here on goes on its line */
  #until = Number.POSITIVE_INFINITY;
  #whenDone: (() => void) | undefined;
  #resend: Resend | undefined;
  #wanted: { begin: number; end: number } | undefined;

  constructor(options: FixLineOptions) {
    this.#options = options;
  }

  /** A connection begins: the next message is its first. */
  connect(): void {
    this.disconnect();
    this.#isConnected = true;
    this.#next = this.#options.store.nextOut;
    this.#passed = this.#next;
  }

  /** The connection is gone. Messages are kept from now on. */
  disconnect(): void {
    this.#isConnected = false;
    this.#until = Number.POSITIVE_INFINITY;
    this.#whenDone = undefined;
    this.#resend = undefined;
    this.#wanted = undefined;
  }

  /** Whether a message would go out at once. */
  get isClear(): boolean {
    return this.#isConnected && !this.isWaiting && this.#next < this.#until && this.#isOpen();
  }

  /** Whether something waits for the line. */
  get isWaiting(): boolean {
    if (!this.#isConnected) return false;
    return this.#resend !== undefined || this.#next < Math.min(this.#options.store.nextOut, this.#until) || this.#whenDone !== undefined;
  }

  /** Sends a message under the next number. @param more what comes after the fields, of a message that is not kept: a gap fill stands for it later */
  send(type: string, fields: readonly FixField[], more?: FixPieces): void {
    const { store, now } = this.#options;
    const sequence = store.nextOut;
    const goes = this.isClear;
    const bytes = this.#format(sequence, type, fixTime(now()), fields, false, more);
    const isKept = more === undefined && !SESSION_MESSAGES.has(type);
    store.save(sequence, isKept || !goes ? bytes : undefined);
    store.nextOut = sequence + 1;
    if (!goes) return;
    this.#next = sequence + 1;
    this.#put(bytes);
  }

  /** Sends again what was sent under some numbers: application messages as they were, marked; a gap fill for each run of the others. */
  sendAgain(begin: number, end: number): void {
    const last = Math.min(end, this.#next - 1); // what has not been on the line comes anyway
    const running = this.#resend;
    if (begin > last || this.#until !== Number.POSITIVE_INFINITY) return;
    if (running === undefined) this.#resend = { next: begin, end: last, gap: begin };
    else if (begin < running.gap || last > running.end) {
      const { begin: first, end: furthest } = this.#wanted ?? { begin, end: last };
      this.#wanted = { begin: Math.min(first, begin), end: Math.max(furthest, last) };
    }
  }

  /** Sends nothing more than what has its number, and calls then. A resend under way is given up. */
  finish(then: () => void): void {
    this.#until = this.#options.store.nextOut;
    this.#resend = undefined;
    this.#wanted = undefined;
    this.#whenDone = then;
  }

  /** Puts what waits on the line, at most so many messages; large ones count for several. Returns whether there is more that the line takes now. */
  pump(most: number): boolean {
    let left = most;
    while (left > 0 && this.#resend !== undefined && this.#isOpen()) left -= this.#pumpResend(this.#resend, left);
    if (this.#resend === undefined) this.#pumpNext(left);
    return this.isWaiting && this.#isOpen();
  }

  /** Returns for how many messages it counts. */
  #pumpResend(resend: Resend, most: number): number {
    const { store, now } = this.#options;
    const time = fixTime(now());
    let count = 0;
    while (count < most && resend.next <= resend.end && this.#isOpen()) {
      if (!this.#isFound(resend.next)) return most;
      const sequence = store.firstKept(resend.next);
      resend.next = Math.min(sequence, resend.end) + 1;
      if (sequence > resend.end) break;
      const text = store.load(sequence)?.toString() ?? '';
      count += fixWeight(text.length);
      const again = isSessionMessage(text) ? undefined : sendAgain(text, time);
      if (again === undefined) continue;
      if (resend.gap < sequence) this.#fillGap(resend.gap, sequence, time);
      resend.gap = sequence + 1;
      this.#put(again);
    }
    if (resend.next <= resend.end) return Math.max(count, 1);
    if (resend.gap <= resend.end) this.#fillGap(resend.gap, resend.end + 1, time);
    this.#resend = undefined;
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted !== undefined) this.sendAgain(wanted.begin, wanted.end);
    return Math.max(count, 1);
  }

  #pumpNext(most: number): void {
    const { store, now } = this.#options;
    const end = Math.min(store.nextOut, this.#until);
    for (let left = most; left > 0 && this.#next < end && this.#isOpen(); ) {
      const from = Math.max(this.#next, this.#passed);
      if (!this.#isFound(from)) return;
      const sequence = Math.min(store.firstKept(from), end);
      const text = sequence < end ? (store.load(sequence)?.toString() ?? '') : '';
      left -= fixWeight(text.length);
      const time = fixTime(now());
      const late = sendLate(text, time);
      this.#passed = sequence + 1;
      if (late === undefined && sequence < end) continue; // a gap fill stands for it, and for what is not kept behind it
      if (this.#next < sequence) this.#fillGap(this.#next, sequence, time);
      this.#next = late === undefined ? end : sequence + 1;
      if (late !== undefined) this.#put(late);
    }
    if (this.#next < end) return;
    const then = this.#whenDone;
    this.#whenDone = undefined;
    then?.();
  }

  #fillGap(first: number, next: number, time: string): void {
    const fields: FixField[] = [
      [TAG.GAP_FILL_FLAG, 'Y'],
      [TAG.NEW_SEQ_NO, next],
    ];
    this.#put(this.#format(first, MSG.SEQUENCE_RESET, time, fields, true));
  }

  #format(sequence: number, type: string, time: string, fields: readonly FixField[], isAgain: boolean, more?: FixPieces): Buffer {
    const { beginString, sender, target } = this.#options;
    const all: FixField[] = [
      [TAG.MSG_TYPE, type],
      [TAG.SENDER_COMP_ID, sender],
      [TAG.TARGET_COMP_ID, target],
      [TAG.MSG_SEQ_NUM, sequence],
      [TAG.POSS_DUP_FLAG, isAgain ? 'Y' : undefined],
      [TAG.SENDING_TIME, time],
      [TAG.ORIG_SENDING_TIME, isAgain ? time : undefined],
      ...fields,
    ];
    return more === undefined ? formatFix(beginString, all) : more.format(beginString, all);
  }

  #put(bytes: Buffer): void {
    this.sentAt = this.#options.now();
    this.#options.send(bytes);
  }

  #isFound(sequence: number): boolean {
    return this.#options.store.look?.(sequence) ?? true;
  }

  #isOpen(): boolean {
    return this.#options.isOpen?.() ?? true;
  }
}

/** For how many messages of usual size one counts, where work is done so many at a time. */
export function fixWeight(bytes: number): number {
  return 1 + (bytes >>> WEIGHT_SHIFT);
}

/** Session messages are kept only for a line that lags, and never sent again. */
function isSessionMessage(text: string): boolean {
  const at = text.indexOf('\x0135=') + 4;
  return at > 4 && SESSION_MESSAGES.has(text.slice(at, text.indexOf('\x01', at)));
}
