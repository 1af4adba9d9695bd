import { reserve } from './reserve.ts';
import { Sequence, sequenceBytes } from './sequence.ts';

/** What threads need to attach to a ring: plain data, to be passed in a message. */
export interface RingMemory {
  readonly slots: SharedArrayBuffer;
  readonly sequences: SharedArrayBuffer;
  readonly slotWords: number;
  readonly consumers: number;
  readonly start: number;
}

/** Numbers of the sequences: claimed, published, then one gate a consumer. */
const CLAIMED = 0;
const PUBLISHED = 1;
const GATES = 2;

/** @param capacity slots, a power of two @param slotWords 32-bit words a slot @param start the first position */
export function createRing(capacity: number, slotWords: number, consumers: number, start = 0): RingMemory {
  if (!Number.isInteger(Math.log2(capacity))) throw new RangeError(`a ring of ${capacity} slots: must be a power of two`);
  const sequences = new SharedArrayBuffer(sequenceBytes(GATES + consumers));
  for (let number = 0; number < GATES + consumers; number++) new Sequence(sequences, number).publish(start);
  return { slots: reserve(capacity * slotWords * 4), sequences, slotWords, consumers, start };
}

/**
 * A ring with any number of producers and a fixed number of consumers, each of which sees every slot (the LMAX Disruptor's shape).
 * A slot is free again when all consumers have passed it; a producer that finds no room is told so, and never waits for one.
 * Producers publish in the order in which they claimed: a producer that stops between the two stops the ring.
 *
 * Every thread makes a ManyToManyRing of its own over the same memory. Positions count slots since the start.
 */
export class ManyToManyRing {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly bytes: Uint8Array;
  readonly capacity: number;
  readonly #mask: number;
  readonly #words: number;
  readonly #claimed: Sequence;
  readonly #published: Sequence;
  readonly #gates: Sequence[];

  constructor(memory: RingMemory) {
    this.i32 = new Int32Array(memory.slots);
    this.f64 = new Float64Array(memory.slots);
    this.bytes = new Uint8Array(memory.slots);
    this.#words = memory.slotWords;
    this.capacity = this.i32.length / memory.slotWords;
    this.#mask = this.capacity - 1;
    const attach = (number: number) => {
      const sequence = new Sequence(memory.sequences, number);
      sequence.startFrom(memory.start);
      return sequence;
    };
    this.#claimed = attach(CLAIMED);
    this.#published = attach(PUBLISHED);
    this.#gates = Array.from({ length: memory.consumers }, (_, i) => attach(GATES + i));
  }

  /** Word offset of a position's slot. */
  wordOf(position: number): number {
    return (position & this.#mask) * this.#words;
  }

  /** Claims the next `count` slots. Returns the first position, or -1 when there is no room. */
  claim(count: number): number {
    for (;;) {
      const first = this.#claimed.read();
      if (first + count - this.#slowest(first + count) > this.capacity) return -1;
      if (this.#claimed.tryAdvance(first, first + count)) return first;
    }
  }

  /** Publishes what was claimed. Waits, for moments, for producers that claimed before. */
  publish(first: number, count: number): void {
    while (this.#published.read() !== first);
    this.#published.publish(first + count);
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
