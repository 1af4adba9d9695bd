/** A ring of equal slots between producers and consumers on any threads. */
import { sleepThread } from './bell.ts';
import { ALONE, headBytes, type Placement, readHead, writeHead } from './part.ts';
import { MOST_AHEAD, Sequence, sequenceBytes } from './sequence.ts';
import { alignUp, bytesOf, CACHE_LINE, f64Of, i32Of, type Span, within } from './span.ts';

export interface RingOptions {
  /** slots, a power of two, at most 2^28 */
  readonly capacity: number;
  /** 32-bit words a slot, even; 16 are a cache line */
  readonly slotWords: number;
  /** threads that read, each of them every slot; numbered from 0. Default: 1 */
  readonly consumers?: number;
  /** how many threads write. One needs no compare-and-swap. Default: 'one' */
  readonly producers?: 'one' | 'many';
  /** the first position. Default: 0 */
  readonly start?: number;
}

const KIND = 'RING';
/** Numbers in the head: capacity, words a slot, consumers, whether many produce, and the start's low and high part. */
const SHAPE = 6;
const HEAD = headBytes(SHAPE);
const TWO_32 = 2 ** 32;

/** Numbers of the sequences: claimed (by many producers), published (by one), then one gate a consumer. */
const CLAIMED = 0;
const PUBLISHED = 1;
const GATES = 2;

/** Milliseconds before a producer that slept for 2^32 records looks for room again. */
const LOOK_AGAIN_MS = 1;

/** Bytes that a ring takes. */
export function ringBytes(options: RingOptions): number {
  const { capacity, slotWords, consumers = 1 } = options;
  return HEAD + sequenceBytes(GATES + consumers) + slotMarkBytes(capacity, options.producers === 'many') + capacity * slotWords * 4;
}

/** Many producers mark what they have published: a word a slot. */
function slotMarkBytes(capacity: number, many: boolean): number {
  return many ? alignUp(capacity * 4, CACHE_LINE) : 0;
}

/** Makes a ring's memory. Throws RangeError for shapes that no ring has. */
export function createRing(options: RingOptions, placement: Placement = ALONE): Span {
  const { capacity, slotWords, consumers = 1, producers = 'one', start = 0 } = options;
  if (!Number.isInteger(Math.log2(capacity)) || capacity < 2) throw new RangeError(`a ring of ${capacity} slots: must be a power of two`);
  if (capacity > MOST_AHEAD) throw new RangeError(`a ring of ${capacity} slots: must be at most ${MOST_AHEAD}`);
  if (slotWords < 2 || slotWords % 2 !== 0) throw new RangeError(`ring slots of ${slotWords} words: must be even`);
  if (!Number.isInteger(consumers) || consumers < 1) throw new RangeError(`a ring of ${consumers} consumers: must be at least 1`);
  const span = placement(ringBytes(options));
  const sequences = within(span, HEAD, sequenceBytes(GATES + consumers));
  for (let number = 0; number < GATES + consumers; number++) new Sequence(sequences, number).begin(start);
  i32Of(within(span, HEAD + sequences.byteLength, slotMarkBytes(capacity, producers === 'many'))).fill(start | 0);
  writeHead(span, KIND, [capacity, slotWords, consumers, producers === 'many' ? 1 : 0, start | 0, Math.floor(start / TWO_32)]);
  return span;
}

/**
 * A ring of equal slots between threads: one or many producers, and a fixed number of consumers, each of which sees every slot (the
 * LMAX Disruptor's shape). With one of each it is a queue between two threads (SPSC), with many producers and one consumer an inbox
 * (MPSC), with one producer and many consumers a broadcast that waits for the slowest.
 *
 * A slot is free again when all consumers have passed it; a producer that finds no room is told so, and never waits for one. Many
 * producers do not wait for each other either: each marks what it has published, in any order, and consumers read up to the first
 * slot that is not. So a producer that stops for good between claim and publish stops the ring.
 *
 * A slot mark is the low 32 bits of the position at which the batch in the slot ends. What a slot still has of the lap before lies at
 * or before the slot's position now, so that it is never taken for a slot mark of this lap; and a consumer passes a batch in one step.
 *
 * Every thread makes a Ring of its own over the same memory. Positions count slots since the start, up to 2^53 - 1.
 */
export class Ring {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly bytes: Uint8Array;
  readonly capacity: number;
  readonly slotWords: number;
  /** The position that the ring was made with. */
  readonly start: number;
  readonly #mask: number;
  readonly #many: boolean;
  readonly #claimed: Sequence;
  readonly #published: Sequence;
  readonly #gates: Sequence[];
  readonly #slotMarks: Int32Array;
  /** of a single producer: the next slot to claim */
  #next: number;
  /** of many producers: everything before it is published, as far as this thread has looked */
  #end: number;
  /** whether this thread has released slots: from then on the ring waits for it, and does not run past what it knows */
  #isConsumer = false;

  constructor(span: Span) {
    const [capacity, slotWords, consumers, many, startLow, startHigh] = readHead(span, KIND, SHAPE);
    const sequences = within(span, HEAD, sequenceBytes(GATES + consumers));
    const slotMarks = within(span, HEAD + sequences.byteLength, slotMarkBytes(capacity, many === 1));
    const slots = within(span, HEAD + sequences.byteLength + slotMarks.byteLength, capacity * slotWords * 4);
    this.i32 = i32Of(slots);
    this.f64 = f64Of(slots);
    this.bytes = bytesOf(slots);
    this.capacity = capacity;
    this.slotWords = slotWords;
    this.start = startHigh * TWO_32 + (startLow >>> 0);
    this.#mask = capacity - 1;
    this.#many = many === 1;
    this.#slotMarks = i32Of(slotMarks);
    this.#claimed = new Sequence(sequences, CLAIMED);
    this.#published = new Sequence(sequences, PUBLISHED);
    this.#gates = Array.from({ length: consumers }, (_, i) => new Sequence(sequences, GATES + i));
    this.#next = this.#published.known;
    this.#end = this.start;
  }

  /** Word offset of a position's slot. */
  wordOf(position: number): number {
    return Math.imul(position & this.#mask, this.slotWords);
  }

  /** Claims the next `count` slots. Returns the first position, or -1 when there is no room. */
  claim(count: number): number {
    if (this.#many) return this.#claimAmongMany(count);
    const first = this.#next;
    if (first + count - this.#least(first + count) > this.capacity) return -1;
    this.#next = first + count;
    return first;
  }

  #claimAmongMany(count: number): number {
    for (;;) {
      const from = this.#claimed.read();
      if (from + count - this.#least(from + count) > this.capacity) return -1;
      const first = this.#claimed.tryAdvance(count);
      if (first === from) return first;
      if (first >= 0) return this.#waitForRoom(first, count);
    }
  }

  /** This thread slept between its look and its claim for 2^32 records: the claim stands, but whether there is room has to be asked again. */
  #waitForRoom(first: number, count: number): number {
    while (first + count - this.#least(first + count) > this.capacity) sleepThread(LOOK_AGAIN_MS);
    return first;
  }

  /** Publishes what was claimed. Never waits. */
  publish(first: number, count: number): void {
    if (this.#many) this.#markSlots(first | 0, count);
    else this.#published.publish(first + count);
  }

  /** The first slot's mark is the last: a consumer looks there. The other slot marks are for consumers that begin amid a batch. */
  #markSlots(first: number, count: number): void {
    const slotMarks = this.#slotMarks;
    const mask = this.#mask;
    const end = (first + count) | 0;
    for (let i = 1; i < count; i++) slotMarks[(first + i) & mask] = end;
    Atomics.store(slotMarks, first & mask, end);
  }

  /** A single producer that writes where {@link limit} lets it publishes everything before a position. */
  publishUntil(position: number): void {
    this.#next = position;
    this.#published.publish(position);
  }

  /** One past the last position that consumers may read. */
  published(): number {
    if (!this.#many) return this.#published.read();
    return this.#isConsumer ? this.#follow() : this.#look();
  }

  /** From batch to batch, up to the first slot that is not published. */
  #follow(): number {
    const slotMarks = this.#slotMarks;
    const mask = this.#mask;
    let end = this.#end;
    for (;;) {
      const ahead = (Atomics.load(slotMarks, end & mask) - (end | 0)) | 0;
      if (ahead <= 0 || ahead > this.capacity) break;
      end += ahead;
    }
    this.#end = end;
    return end;
  }

  /** For a thread that the ring does not wait for: from the slowest consumer on, and again if even that one is past it by then. */
  #look(): number {
    for (;;) {
      this.#end = Math.max(this.#end, this.#least(Number.MAX_SAFE_INTEGER));
      const end = this.#follow();
      if (this.#least(Number.MAX_SAFE_INTEGER) <= end) return end;
    }
  }

  /** A consumer is done with all slots before a position. */
  release(consumer: number, position: number): void {
    this.#isConsumer = true;
    if (position > this.#end) this.#end = position;
    this.#gates[consumer].publish(position);
  }

  /** How far a consumer is. */
  gate(consumer: number): number {
    return this.#gates[consumer].read();
  }

  /** The consumer that the ring waits for when it is full. */
  slowest(): number {
    let slowest = 0;
    for (let i = 1; i < this.#gates.length; i++) if (this.#gates[i].read() < this.#gates[slowest].read()) slowest = i;
    return slowest;
  }

  /** The position that a single producer may write up to, exclusively; looks at the consumers once. */
  limit(): number {
    return this.#least(Number.MAX_SAFE_INTEGER) + this.capacity;
  }

  /** Slots that are published, or claimed, and that not every consumer has passed. */
  inUse(): number {
    return (this.#many ? this.#claimed : this.#published).read() - this.#least(Number.MAX_SAFE_INTEGER);
  }

  /** The position of the slowest consumer; looks at what is already known first, at memory only when that leaves no room. */
  #least(until: number): number {
    let least = Number.MAX_SAFE_INTEGER;
    for (let i = 0; i < this.#gates.length; i++) {
      const gate = this.#gates[i];
      const position = until - gate.known <= this.capacity ? gate.known : gate.read();
      if (position < least) least = position;
    }
    return least;
  }
}
