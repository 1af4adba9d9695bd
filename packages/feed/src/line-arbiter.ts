/** Makes one stream of messages of several lines, and asks for what is missing. */
import { MoldReader, sessionBytes } from '@outcry/wire/mold';

/** What an arbiter needs done, and tells. */
export interface ArbiterListener {
  /** The next message of the session, in order, once. */
  onMessage(view: DataView, at: number, bytes: number, sequence: number): void;
  /** Messages are missing: ask for them. */
  request(first: number, count: number): void;
  /** They could not be had again: a snapshot is needed, see {@link LineArbiter.resume}. */
  needSnapshot(): void;
  onEndOfSession?(): void;
}

export interface ArbiterOptions {
  /** milliseconds that the other line, or a datagram that was overtaken, has to fill a gap */
  patienceMs: number;
  /** milliseconds between requests, and how many before a snapshot is taken */
  requestMs: number;
  mostRequests: number;
  /** a gap of more messages than that is not asked for */
  mostGap: number;
  /** bytes of datagrams that may wait behind a gap */
  mostWaiting: number;
}

export const ARBITER_DEFAULTS: ArbiterOptions = {
  patienceMs: 2,
  requestMs: 20,
  mostRequests: 20,
  mostGap: 500_000,
  mostWaiting: 64 * 1024 * 1024,
};

/** What an arbiter has seen. */
export interface ArbiterCounts {
  datagrams: number;
  messages: number;
  /** datagrams with nothing new, of the other line mostly */
  duplicates: number;
  /** datagrams of another session, or that are none */
  foreign: number;
  malformed: number;
  gaps: number;
  /** messages that were missing for a while */
  missed: number;
  requests: number;
  snapshots: number;
}

/** States: waiting for a gap's messages; for a snapshot. */
const READY = 0;
const GAP = 1;
const SNAPSHOT = 2;
const HEAD = 20;

/**
 * Makes one stream of messages out of the datagrams of several lines: each message once, in order. A gap is given a moment to close by
 * itself; then its messages are asked for, again and again; at last, or when it is too large, a snapshot is asked for. What comes meanwhile
 * waits, within bounds. No sockets, no clock of its own: the owner passes datagrams and calls `tick`.
 */
export class LineArbiter {
  /** number of the next message */
  next: number;
  readonly counts: ArbiterCounts = {
    datagrams: 0,
    messages: 0,
    duplicates: 0,
    foreign: 0,
    malformed: 0,
    gaps: 0,
    missed: 0,
    requests: 0,
    snapshots: 0,
  };
  isOver = false;
  readonly #listener: ArbiterListener;
  readonly #options: ArbiterOptions;
  readonly #session: Uint8Array | undefined;
  readonly #reader = new MoldReader();
  /** copies of datagrams from beyond a gap, by their first number */
  readonly #waiting = new Map<number, DataView>();
  #waitingBytes = 0;
  #state = READY;
  /** one past the highest number heard of */
  #known = 1;
  #gapSince = 0;
  #requestedAt = 0;
  #requests = 0;

  /**
   * @param session the one to follow; undefined: the first that is heard
   * @param next number of the first message wanted; with 0 the book is taken from a snapshot first
   */
  constructor(listener: ArbiterListener, session: string | undefined, next = 1, options: Partial<ArbiterOptions> = {}) {
    this.#listener = listener;
    this.#options = { ...ARBITER_DEFAULTS, ...options };
    this.#session = session === undefined ? undefined : sessionBytes(session);
    this.next = next;
    if (next === 0) this.#askForSnapshot();
  }

  /** Whether messages are missing. */
  get hasGap(): boolean {
    return this.#state !== READY;
  }

  /** Takes a datagram of any line, or an answer to a request. @param now milliseconds, of any clock */
  take(view: DataView, at: number, bytes: number, now: number): void {
    const reader = this.#reader;
    const { counts } = this;
    counts.datagrams++;
    if (reader.open(view, at, bytes) !== 0) {
      counts.malformed++;
      return;
    }
    if (this.#session !== undefined && !reader.isOf(this.#session)) {
      counts.foreign++;
      return;
    }
    if (reader.nextSequence > this.#known) this.#known = reader.nextSequence;
    if (reader.isEndOfSession && reader.first === this.next) this.#end();
    if (this.#state === SNAPSHOT || reader.first > this.next) {
      this.#keep(view, at, bytes, now);
      return;
    }
    if (reader.nextSequence <= this.next) {
      if (reader.count > 0) counts.duplicates++;
      return;
    }
    this.#deliver();
    if (this.#state === GAP) this.#catchUp(now);
  }

  /** Asks again for what is missing, when it is time to. Call every few milliseconds. */
  tick(now: number): void {
    if (this.#state !== GAP || now - this.#gapSince < this.#options.patienceMs || now - this.#requestedAt < this.#options.requestMs) return;
    const missing = this.#firstWaiting() - this.next;
    if (this.#requests >= this.#options.mostRequests || missing > this.#options.mostGap) {
      this.#askForSnapshot();
      return;
    }
    this.#request(now, missing);
  }

  /** A snapshot has been taken in that holds everything before a message. */
  resume(next: number, now: number): void {
    this.next = next;
    this.#state = READY;
    this.#forgetBefore(next);
    if (this.#known > next) {
      this.#openGap(now);
      this.#catchUp(now);
    }
  }

  /** Gives up what is missing, where nobody can be asked for it: goes on with what came after it. */
  skip(now: number): void {
    this.next = this.#firstWaiting();
    this.#state = GAP;
    this.#catchUp(now);
  }

  #request(now: number, missing: number): void {
    this.#requests++;
    this.#requestedAt = now;
    this.counts.requests++;
    this.#listener.request(this.next, Math.min(missing, 0xfffe));
  }

  #askForSnapshot(): void {
    this.#state = SNAPSHOT;
    this.counts.snapshots++;
    this.#listener.needSnapshot();
  }

  /** Gives the listener what it has not had of the datagram that is open. */
  #deliver(): void {
    const reader = this.#reader;
    while (reader.next()) {
      if (reader.sequence < this.next) continue;
      this.next = reader.sequence + 1;
      this.counts.messages++;
      this.#listener.onMessage(reader.view, reader.at, reader.bytes, reader.sequence);
    }
  }

  /** Keeps a datagram from beyond a gap. */
  #keep(view: DataView, at: number, bytes: number, now: number): void {
    const { first } = this.#reader;
    if (this.#state === READY) this.#openGap(now);
    if (bytes === HEAD || this.#waiting.has(first)) return;
    if (this.#waitingBytes + bytes > this.#options.mostWaiting) {
      // Too much to wait with: what is kept now would be of no use before the next snapshot.
      this.#waiting.clear();
      this.#waitingBytes = 0;
      if (this.#state === GAP) this.#askForSnapshot();
    }
    const copy = new Uint8Array(bytes);
    copy.set(new Uint8Array(view.buffer, view.byteOffset + at, bytes));
    this.#waiting.set(first, new DataView(copy.buffer));
    this.#waitingBytes += bytes;
  }

  #openGap(now: number): void {
    this.#state = GAP;
    this.#gapSince = now;
    this.#requestedAt = Number.NEGATIVE_INFINITY;
    this.#requests = 0;
    this.counts.gaps++;
    this.counts.missed += this.#firstWaiting() - this.next;
  }

  /** Goes on with what waits, as far as it joins on. */
  #catchUp(now: number): void {
    const before = this.next;
    for (;;) {
      const datagram = this.#waiting.get(this.next) ?? this.#overlapping();
      if (datagram === undefined) break;
      this.#reader.open(datagram, 0, datagram.byteLength);
      this.#drop(this.#reader.first, datagram);
      this.#deliver();
    }
    if (this.next >= this.#known) this.#state = READY;
    else if (this.next > before) {
      // Another gap, or the same with its beginning filled: more of it can be asked for at once.
      this.#gapSince = now - this.#options.patienceMs;
      this.#requestedAt = Number.NEGATIVE_INFINITY;
      this.#requests = 0;
      this.tick(now);
    }
  }

  /** A datagram that begins before the next message and ends after it. */
  #overlapping(): DataView | undefined {
    for (const [first, datagram] of this.#waiting) {
      if (first > this.next) continue;
      this.#reader.open(datagram, 0, datagram.byteLength);
      if (this.#reader.nextSequence > this.next) return datagram;
      this.#drop(first, datagram);
    }
    return undefined;
  }

  #forgetBefore(next: number): void {
    for (const [first, datagram] of this.#waiting) {
      this.#reader.open(datagram, 0, datagram.byteLength);
      if (this.#reader.nextSequence <= next) this.#drop(first, datagram);
    }
  }

  #drop(first: number, datagram: DataView): void {
    this.#waiting.delete(first);
    this.#waitingBytes -= datagram.byteLength;
  }

  /** The number that the gap ends before. */
  #firstWaiting(): number {
    let first = this.#known;
    for (const number of this.#waiting.keys()) if (number < first) first = number;
    return first;
  }

  #end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#listener.onEndOfSession?.();
  }
}
