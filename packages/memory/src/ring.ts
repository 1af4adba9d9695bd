import { ALONE, headBytes, type Place, readHead, writeHead } from './part.ts';
import { Sequence, sequenceBytes } from './sequence.ts';
import { bytesOf, f64Of, i32Of, type Span, within } from './span.ts';

export interface RingOptions {
  /** slots, a power of two */
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

/** Numbers of the sequences: claimed, published, then one gate a consumer. */
const CLAIMED = 0;
const PUBLISHED = 1;
const GATES = 2;

/** Bytes that a ring takes. */
export function ringBytes({ capacity, slotWords, consumers = 1 }: RingOptions): number {
  return HEAD + sequenceBytes(GATES + consumers) + capacity * slotWords * 4;
}

/** Makes a ring's memory. Throws RangeError for shapes that no ring has. */
export function createRing(options: RingOptions, place: Place = ALONE): Span {
  const { capacity, slotWords, consumers = 1, producers = 'one', start = 0 } = options;
  if (!Number.isInteger(Math.log2(capacity)) || capacity < 2) throw new RangeError(`a ring of ${capacity} slots: must be a power of two`);
  if (slotWords < 2 || slotWords % 2 !== 0) throw new RangeError(`ring slots of ${slotWords} words: must be even`);
  if (!Number.isInteger(consumers) || consumers < 1) throw new RangeError(`a ring of ${consumers} consumers: must be at least 1`);
  const span = place(ringBytes(options));
  const sequences = within(span, HEAD, sequenceBytes(GATES + consumers));
  for (let number = 0; number < GATES + consumers; number++) new Sequence(sequences, number).publish(start);
  writeHead(span, KIND, [capacity, slotWords, consumers, producers === 'many' ? 1 : 0, start | 0, Math.floor(start / TWO_32)]);
  return span;
}

/**
 * A ring of equal slots between threads: one or many producers, and a fixed number of consumers, each of which sees every slot (the
 * LMAX Disruptor's shape). With one of each it is a queue between two threads (SPSC), with many producers and one consumer an inbox
 * (MPSC), with one producer and many consumers a broadcast that waits for the slowest.
 *
 * A slot is free again when all consumers have passed it; a producer that finds no room is told so, and never waits for one. Of many
 * producers, each publishes in the order in which they claimed: one that stops for good between the two stops the ring.
 *
 * Every thread makes a Ring of its own over the same memory. Positions count slots since the start.
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
  #next: number;

  constructor(span: Span) {
    const [capacity, slotWords, consumers, many, startLow, startHigh] = readHead(span, KIND, SHAPE);
    const sequences = within(span, HEAD, sequenceBytes(GATES + consumers));
    const slots = within(span, HEAD + sequences.byteLength, capacity * slotWords * 4);
    this.i32 = i32Of(slots);
    this.f64 = f64Of(slots);
    this.bytes = bytesOf(slots);
    this.capacity = capacity;
    this.slotWords = slotWords;
    this.start = startHigh * TWO_32 + (startLow >>> 0);
    this.#mask = capacity - 1;
    this.#many = many === 1;
    const attach = (number: number) => new Sequence(sequences, number, this.start);
    this.#claimed = attach(CLAIMED);
    this.#published = attach(PUBLISHED);
    this.#gates = Array.from({ length: consumers }, (_, i) => attach(GATES + i));
    this.#next = this.#published.read();
  }

  /** Word offset of a position's slot. */
  wordOf(position: number): number {
    return Math.imul(position & this.#mask, this.slotWords);
  }

  /** Claims the next `count` slots. Returns the first position, or -1 when there is no room. */
  claim(count: number): number {
    if (this.#many) return this.#claimAmongMany(count);
    const first = this.#next;
    if (first + count - this.#slowest(first + count) > this.capacity) return -1;
    this.#next = first + count;
    return first;
  }

  #claimAmongMany(count: number): number {
    for (;;) {
      const first = this.#claimed.read();
      if (first + count - this.#slowest(first + count) > this.capacity) return -1;
      if (this.#claimed.tryAdvance(first, first + count)) return first;
    }
  }

  /** Publishes what was claimed, in the order of the claims. Among many producers, waits for moments for those that claimed before. */
  publish(first: number, count: number): void {
    if (this.#many) while (this.#published.read() !== first);
    this.#published.publish(first + count);
  }

  /** A single producer that writes where {@link limit} lets it publishes everything before a position. */
  publishUntil(position: number): void {
    this.#next = position;
    this.#published.publish(position);
  }

  /** One past the last position that consumers may read. */
  published(): number {
    return this.#published.read();
  }

  /** A consumer is done with all slots before a position. */
  release(consumer: number, position: number): void {
    this.#gates[consumer].publish(position);
  }

  /** How far a consumer is. */
  gate(consumer: number): number {
    return this.#gates[consumer].read();
  }

  /** The position that a single producer may write up to, exclusively; looks at the consumers once. */
  limit(): number {
    return this.#slowest(Number.MAX_SAFE_INTEGER) + this.capacity;
  }

  /** Slots that are published, or claimed, and that not every consumer has passed. */
  inUse(): number {
    return (this.#many ? this.#claimed : this.#published).read() - this.#slowest(Number.MAX_SAFE_INTEGER);
  }

  /** The position of the slowest consumer; looks at what is already known first, at memory only when that leaves no room. */
  #slowest(until: number): number {
    let slowest = Number.MAX_SAFE_INTEGER;
    for (let i = 0; i < this.#gates.length; i++) {
      const gate = this.#gates[i];
      const position = until - gate.known <= this.capacity ? gate.known : gate.read();
      if (position < slowest) slowest = position;
    }
    return slowest;
  }
}
