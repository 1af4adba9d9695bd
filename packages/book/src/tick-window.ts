/** Price levels in a window addressed by tick. */
import { level } from './records.ts';

/** Best key of a side: word BEST + side of a window. */
export const BEST = 0;
/** Key of "no level": above every key. */
export const NO_KEY = 0x7fffffff;

const { WORDS: LEVEL_WORDS } = level;
const FIRST_LEVEL = 16;

/**
 * The price levels of both sides of a book within a range of ticks, addressed directly, with a set of those in use a side that
 * finds the next one with at most three `clz32` however sparse they are.
 *
 * Within a side, offset 0 is the best end of the range: asks count upward from the base, bids downward from the far end, so that
 * both run the same code without a branch. All of it is one array, `words`: the best keys, then for each side its levels
 * (see records.ts) and three layers of bits.
 */
export class TickWindow {
  /** Lowest price in the window; may be moved while no level is in use. */
  base: number;
  /** Number of ticks: a power of two, 2^10 to 2^20. */
  readonly size: number;
  readonly words: Int32Array;
  readonly f64: Float64Array;
  readonly #last: number;
  readonly #stride: number;
  readonly #ticks: number;
  readonly #groups: number;
  readonly #blocks: number;
  readonly #blockCount: number;

  constructor(base: number, size: number) {
    this.base = base;
    this.size = size;
    this.#last = size - 1;
    const levels = size * LEVEL_WORDS;
    this.#blockCount = Math.max(1, size >> 15);
    this.#ticks = FIRST_LEVEL + levels;
    this.#groups = this.#ticks + (size >> 5);
    this.#blocks = this.#groups + (size >> 10);
    this.#stride = (levels + (size >> 5) + (size >> 10) + this.#blockCount + 15) & -16; // sides begin at a cache line
    const words = new ArrayBuffer((FIRST_LEVEL + 2 * this.#stride) * 4);
    this.words = new Int32Array(words);
    this.f64 = new Float64Array(words);
    this.words[BEST] = NO_KEY;
    this.words[BEST + 1] = NO_KEY;
  }

  /** Where a price stands in a side's order of priority; outside the window: not in 0..size-1 (compare as unsigned). */
  offsetOf(side: number, price: number): number {
    return (price - this.base) ^ ((side - 1) & this.#last);
  }

  /** The inverse of {@link offsetOf}, within the window. */
  priceAt(side: number, offset: number): number {
    return ((offset ^ ((side - 1) & this.#last)) + this.base) | 0;
  }

  /** Word index of a level. */
  levelAt(side: number, offset: number): number {
    return (FIRST_LEVEL + Math.imul(side, this.#stride) + Math.imul(offset, LEVEL_WORDS)) | 0;
  }

  /** Notes that a level is in use. */
  add(side: number, offset: number): void {
    const words = this.words;
    const skip = Math.imul(side, this.#stride);
    const tick = (this.#ticks + skip + (offset >> 5)) | 0;
    const old = words[tick];
    words[tick] = old | (1 << (offset & 31));
    if (old !== 0) return;
    const group = (this.#groups + skip + (offset >> 10)) | 0;
    const oldGroup = words[group];
    words[group] = oldGroup | (1 << ((offset >> 5) & 31));
    if (oldGroup === 0) words[(this.#blocks + skip + (offset >> 15)) | 0] |= 1 << ((offset >> 10) & 31);
  }

  /** Notes that a level is in use no more. */
  remove(side: number, offset: number): void {
    const words = this.words;
    const skip = Math.imul(side, this.#stride);
    const tick = (this.#ticks + skip + (offset >> 5)) | 0;
    const left = words[tick] & ~(1 << (offset & 31));
    words[tick] = left;
    if (left !== 0) return;
    const group = (this.#groups + skip + (offset >> 10)) | 0;
    const leftGroup = words[group] & ~(1 << ((offset >> 5) & 31));
    words[group] = leftGroup;
    if (leftGroup === 0) words[(this.#blocks + skip + (offset >> 15)) | 0] &= ~(1 << ((offset >> 10) & 31));
  }

  /** The offset of the best level in use that is at or behind an offset, or -1. */
  atOrAfter(side: number, offset: number): number {
    const skip = Math.imul(side, this.#stride);
    const bits = this.words[(this.#ticks + skip + (offset >> 5)) | 0] & (-1 << (offset & 31));
    if (bits !== 0) return (offset & -32) | lowest(bits);
    return this.#afterTicks(skip, offset >> 5);
  }

  /** The same, behind an offset. */
  after(side: number, offset: number): number {
    return offset < this.#last ? this.atOrAfter(side, offset + 1) : -1;
  }

  /** Levels in use on both sides. Counts them: for decisions that are rare. */
  count(): number {
    let count = 0;
    for (let side = 0; side < 2; side++) {
      for (let offset = this.atOrAfter(side, 0); offset >= 0; offset = this.after(side, offset)) count++;
    }
    return count;
  }

  #afterTicks(skip: number, tick: number): number {
    const words = this.words;
    const group = tick >> 5;
    let bits = (tick & 31) === 31 ? 0 : words[this.#groups + skip + group] & (-2 << (tick & 31));
    if (bits !== 0) return this.#first(skip, (group << 5) | lowest(bits));
    let block = group >> 5;
    bits = (group & 31) === 31 ? 0 : words[this.#blocks + skip + block] & (-2 << (group & 31));
    while (bits === 0) {
      if (++block >= this.#blockCount) return -1;
      bits = words[this.#blocks + skip + block];
    }
    const found = (block << 5) | lowest(bits);
    return this.#first(skip, (found << 5) | lowest(words[this.#groups + skip + found]));
  }

  #first(skip: number, tick: number): number {
    return (tick << 5) | lowest(this.words[this.#ticks + skip + tick]);
  }
}

/** Index of the lowest set bit. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
