/** Mergeable heaps of special records. */
import type { SlotPool } from '@outcry/memory/slot-pool';

const LEFT = 0;
const RIGHT = 1;
const UP = 2;
/** Words that a heap takes of each record. */
export const HEAP_LINKS = 3;

/**
 * Mergeable heaps threaded through the records of a pool: skew heaps (Sleator and Tarjan, 1986), lowest key first, then lowest entry.
 * Merge and remove take O(log n) amortized. A heap is the slot of its first record, 0 when it is empty.
 */
export class SlotHeap {
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #words: number;
  readonly #key: number;
  readonly #entry: number;
  readonly #links: number;

  /** @param key @param entry float64 offsets in a record @param links word offset of three links */
  constructor(pool: SlotPool, key: number, links: number, entry: number) {
    this.#i32 = pool.i32;
    this.#f64 = pool.f64;
    this.#words = pool.ints;
    this.#key = key;
    this.#entry = entry;
    this.#links = links;
  }

  /** Makes a record a heap of its own. */
  clear(record: number): void {
    const at = record * this.#words + this.#links;
    this.#i32[at + LEFT] = 0;
    this.#i32[at + RIGHT] = 0;
    this.#i32[at + UP] = 0;
  }

  isFirst(record: number): boolean {
    return this.#i32[record * this.#words + this.#links + UP] === 0;
  }

  /** Makes one heap of two. Returns its first record. */
  merge(a: number, b: number): number {
    if (a === 0) return b;
    if (b === 0) return a;
    const words = this.#i32;
    let first = a;
    let second = b;
    if (this.#before(second, first)) [first, second] = [second, first];
    const root = first;
    for (;;) {
      const at = first * this.#words + this.#links;
      const right = words[at + RIGHT];
      words[at + RIGHT] = words[at + LEFT];
      if (right === 0) {
        words[at + LEFT] = second;
        words[second * this.#words + this.#links + UP] = first;
        return root;
      }
      let next = right;
      if (this.#before(second, next)) [next, second] = [second, next];
      words[at + LEFT] = next;
      words[next * this.#words + this.#links + UP] = first;
      first = next;
    }
  }

  /** Takes a record out of the heap whose first record is `root`. Returns the first record of what is left. */
  remove(root: number, record: number): number {
    const words = this.#i32;
    const at = record * this.#words + this.#links;
    const up = words[at + UP];
    for (const child of [words[at + LEFT], words[at + RIGHT]]) if (child !== 0) words[child * this.#words + this.#links + UP] = 0;
    const joined = this.merge(words[at + LEFT], words[at + RIGHT]);
    this.clear(record);
    if (up === 0) return joined;
    const above = up * this.#words + this.#links;
    words[above + (words[above + LEFT] === record ? LEFT : RIGHT)] = joined;
    if (joined !== 0) words[joined * this.#words + this.#links + UP] = up;
    return root;
  }

  /** Calls `visit` with every record of a heap. Allocates: for rare commands. */
  each(root: number, visit: (record: number) => void): void {
    const stack = root === 0 ? [] : [root];
    for (let record = stack.pop(); record !== undefined; record = stack.pop()) {
      visit(record);
      const at = record * this.#words + this.#links;
      for (const child of [this.#i32[at + LEFT], this.#i32[at + RIGHT]]) if (child !== 0) stack.push(child);
    }
  }

  #before(a: number, b: number): boolean {
    const keyA = this.#f64[(a * this.#words) / 2 + this.#key];
    const keyB = this.#f64[(b * this.#words) / 2 + this.#key];
    if (keyA !== keyB) return keyA < keyB;
    return this.#f64[(a * this.#words) / 2 + this.#entry] < this.#f64[(b * this.#words) / 2 + this.#entry];
  }
}
