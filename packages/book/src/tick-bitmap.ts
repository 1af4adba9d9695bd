/**
 * A set of small integers as three levels of 32-bit words, so that the next member is found with at most three `clz32`, however
 * sparse the set. Size: a power of two, 2^10 to 2^20.
 */
export class TickBitmap {
  readonly #ticks: Int32Array;
  readonly #words: Int32Array;
  readonly #blocks: Int32Array;

  constructor(size: number) {
    this.#ticks = new Int32Array(size >> 5);
    this.#words = new Int32Array(size >> 10);
    this.#blocks = new Int32Array(Math.max(1, size >> 15));
  }

  add(tick: number): void {
    const word = tick >> 5;
    const old = this.#ticks[word];
    this.#ticks[word] = old | (1 << (tick & 31));
    if (old !== 0) return;
    const block = word >> 5;
    const oldWords = this.#words[block];
    this.#words[block] = oldWords | (1 << (word & 31));
    if (oldWords === 0) this.#blocks[block >> 5] |= 1 << (block & 31);
  }

  remove(tick: number): void {
    const word = tick >> 5;
    const left = this.#ticks[word] & ~(1 << (tick & 31));
    this.#ticks[word] = left;
    if (left !== 0) return;
    const block = word >> 5;
    const leftWords = this.#words[block] & ~(1 << (word & 31));
    this.#words[block] = leftWords;
    if (leftWords === 0) this.#blocks[block >> 5] &= ~(1 << (block & 31));
  }

  /** The lowest member that is at least `tick`, or -1. */
  atOrAfter(tick: number): number {
    const word = tick >> 5;
    const bits = this.#ticks[word] & (-1 << (tick & 31));
    if (bits !== 0) return (word << 5) + lowest(bits);
    return this.#afterWord(word);
  }

  #afterWord(word: number): number {
    const block = word >> 5;
    let bits = (word & 31) === 31 ? 0 : this.#words[block] & (-2 << (word & 31));
    if (bits !== 0) return this.#first((block << 5) + lowest(bits));
    let top = block >> 5;
    bits = (block & 31) === 31 ? 0 : this.#blocks[top] & (-2 << (block & 31));
    while (bits === 0) {
      if (++top >= this.#blocks.length) return -1;
      bits = this.#blocks[top];
    }
    const found = (top << 5) + lowest(bits);
    return this.#first((found << 5) + lowest(this.#words[found]));
  }

  #first(word: number): number {
    return (word << 5) + lowest(this.#ticks[word]);
  }
}

/** Index of the lowest set bit. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
