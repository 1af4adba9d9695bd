/** Lots by price, without orders: books of feeds and publishers. */
import type { Side } from '@outcry/market/order-terms';
import { createSlotPool, type SlotPool } from '@outcry/memory/slot-pool';
import { keyOf, PriceLevels } from './price-levels.ts';
import { farLevel, level } from './records.ts';

const { HEAD: MARKS, F64_TOTAL } = level;
const { WORDS: FAR_WORDS } = farLevel;

/** Records for the far levels of many {@link LevelSums}. @param most levels outside their windows at once */
export function createLevelPool(most: number): SlotPool {
  return createSlotPool(farLevel.WORDS, most);
}

/**
 * Lots by price without the orders behind them: what a follower of a book keeps. Where an order book's level holds its queue, this one
 * holds marks, bits that say who has noted that the level changed; a level without lots has none.
 */
export class LevelSums extends PriceLevels {
  /**
   * Adds lots to a price, or takes them off, and marks it.
   * @returns the bits of `marks` that it did not have yet. Throws when there is no memory for the level.
   */
  change(side: Side, price: number, lots: number, marks: number): number {
    const window = this.window;
    const offset = window.offsetOf(side, price);
    if (offset >>> 0 >= window.size) return this.#changeFar(side, price, lots, marks);
    const { words, f64 } = window;
    const at = window.levelAt(side, offset);
    const before = f64[(at >> 1) | F64_TOTAL];
    const fresh = this.#add(words, f64, at, lots, marks);
    const after = f64[(at >> 1) | F64_TOTAL];
    if (before === 0 && after > 0) {
      window.add(side, offset);
      this.improve(side, keyOf(side, price));
    } else if (before > 0 && after === 0) this.closeNear(side, offset, price);
    return fresh;
  }

  /** Takes a mark off a price, if it is there. */
  unmark(side: Side, price: number, mark: number): void {
    if (this.lotsAt(side, price) === 0) return;
    const { words, at } = this.place(side, keyOf(side, price));
    words[at | MARKS] &= ~mark;
  }

  #changeFar(side: Side, price: number, lots: number, marks: number): number {
    if (lots > 0 && this.moveWindow(price)) return this.change(side, price, lots, marks);
    const key = keyOf(side, price);
    let far = this.far[side].find(key);
    if (far === 0) {
      if (lots <= 0) return marks;
      far = this.pool.take();
      if (far === 0) throw new Error(`more than ${this.pool.capacity} price levels: raise limits.orders`);
      this.far[side].insertEmpty(far, key);
      this.improve(side, key);
    }
    const at = far * FAR_WORDS;
    const fresh = this.#add(this.pool.i32, this.pool.f64, at, lots, marks);
    if (this.pool.f64[(at >> 1) | F64_TOTAL] === 0) this.closeFar(side, far, key);
    return fresh;
  }

  #add(words: Int32Array, f64: Float64Array, at: number, lots: number, marks: number): number {
    const total = Math.max(0, f64[(at >> 1) | F64_TOTAL] + lots);
    const fresh = marks & ~words[at | MARKS];
    f64[(at >> 1) | F64_TOTAL] = total;
    words[at | MARKS] = total === 0 ? 0 : words[at | MARKS] | marks;
    return fresh;
  }
}
