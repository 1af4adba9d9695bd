import { CACHE_LINE, i32Of, type Span } from './span.ts';

/**
 * Positions that threads share. A position counts records since the start and never goes back; in memory it is its low 32 bits, in
 * a cache line of its own so that two writers never share one. A thread extends what it reads by the position it already knows:
 * readers and writers are never 2^31 records apart.
 */
const WORDS_PER_LINE = CACHE_LINE / 4;

/** Bytes that `count` sequences take. */
export function sequenceBytes(count: number): number {
  return count * CACHE_LINE;
}

export class Sequence {
  readonly #words: Int32Array;
  readonly #index: number;
  #known: number;

  /** The `number`th sequence in a span made for several. @param start a position at most 2^31 records ago, for one beyond that */
  constructor(span: Span, number: number, start = 0) {
    this.#words = i32Of(span);
    this.#index = number * WORDS_PER_LINE;
    this.#known = start;
  }

  /** The position now, as this thread can tell. */
  read(): number {
    this.#known += (Atomics.load(this.#words, this.#index) - (this.#known | 0)) | 0;
    return this.#known;
  }

  /** The position when last read: no memory traffic. */
  get known(): number {
    return this.#known;
  }

  /** Publishes: everything written before is visible to whoever reads this position. One writer. */
  publish(position: number): void {
    this.#known = position;
    Atomics.store(this.#words, this.#index, position | 0);
  }

  /** Several writers: moves the position from one value to another, unless another writer was faster. */
  tryAdvance(from: number, to: number): boolean {
    if (Atomics.compareExchange(this.#words, this.#index, from | 0, to | 0) !== (from | 0)) return false;
    this.#known = to;
    return true;
  }
}
