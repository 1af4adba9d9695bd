/**
 * Positions that threads share. A position counts records since the start and never goes back; in memory it is its low 32 bits, in
 * a cache line of its own so that two writers never share one. A thread extends what it reads by the position it already knows:
 * readers and writers are never 2^31 records apart.
 */
const WORDS_PER_LINE = 16;

/** Bytes that `count` sequences take. */
export function sequenceBytes(count: number): number {
  return count * WORDS_PER_LINE * 4;
}

export class Sequence {
  readonly #words: Int32Array;
  readonly #index: number;
  #known = 0;

  /** The `number`th sequence in a buffer made for several; the owner sets it before other threads attach. */
  constructor(buffer: SharedArrayBuffer, number: number) {
    this.#words = new Int32Array(buffer);
    this.#index = number * WORDS_PER_LINE;
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

  /** Tells this thread where a position of 2^31 or more starts from. Call once, before read. */
  startFrom(position: number): void {
    this.#known = position;
  }

  /** Several writers: moves the position from one value to another, unless another writer was faster. */
  tryAdvance(from: number, to: number): boolean {
    if (Atomics.compareExchange(this.#words, this.#index, from | 0, to | 0) !== (from | 0)) return false;
    this.#known = to;
    return true;
  }
}
