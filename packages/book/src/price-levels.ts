/** The price levels of a book: a window addressed by tick, and trees beyond it. */
import type { Side } from '@outcry/market/order-terms';
import type { SlotPool } from '@outcry/memory/slot-pool';
import { FarLevels } from './far-levels.ts';
import { farLevel, level } from './records.ts';
import { BEST, NO_KEY, TickWindow } from './tick-window.ts';

const { F64_TOTAL } = level;
const { WORDS: FAR_WORDS, KEY } = farLevel;

const FIRST_WINDOW = 1 << 10;
const LAST_WINDOW = 1 << 17;
/** Touches of far levels, beyond the number of near ones, that make a window move or grow worth its cost. */
const PATIENCE = 256;

/**
 * Price levels of both sides, best first, with the lots at each: what an order book and a book of sums both stand on.
 *
 * Levels near the market are addressed directly by tick, in a window over both sides; levels outside it sit in a tree a side. The
 * window moves and grows only when the trees have been touched more often than there are near levels to carry over, so that the
 * cost per operation stays constant on average, whatever prices come in. Memory follows the levels in use, not the range of prices.
 *
 * A level's priority within its side is its key, lowest first: an ask's price, a bid's mirrored at the end of the range, so that
 * both sides run the same code.
 */
export class PriceLevels {
  protected readonly pool: SlotPool;
  protected readonly far: readonly [FarLevels, FarLevels];
  protected window = new TickWindow(0, FIRST_WINDOW);
  #farTouches = 0;
  /** Far touches at which the window is looked at again. */
  #patience = PATIENCE;

  /** @param pool of far levels: as many as there may be at once */
  constructor(pool: SlotPool) {
    this.pool = pool;
    this.far = [new FarLevels(pool), new FarLevels(pool)];
  }

  /** Best prices in ticks, 0 for an empty side. */
  get bestBid(): number {
    const key = this.bestKey(0);
    return key === NO_KEY ? 0 : keyOf(0, key);
  }
  get bestAsk(): number {
    const key = this.bestKey(1);
    return key === NO_KEY ? 0 : keyOf(1, key);
  }

  /** A side's best price, 0 when it is empty. */
  best(side: Side): number {
    return side === 0 ? this.bestBid : this.bestAsk;
  }

  /** The next price of a side behind one, 0 when there is none. */
  behind(side: Side, price: number): number {
    const key = this.after(side, keyOf(side, price));
    return key === NO_KEY ? 0 : keyOf(side, key);
  }

  /** Lots at a price. */
  lotsAt(side: Side, price: number): number {
    return this.total(side, keyOf(side, price));
  }

  /** A side's levels, best first. Allocates: for reports and tests. */
  depth(side: Side): [price: number, lots: number][] {
    const levels: [number, number][] = [];
    for (let key = this.bestKey(side); key !== NO_KEY; key = this.after(side, key)) levels.push([keyOf(side, key), this.total(side, key)]);
    return levels;
  }

  // ── Levels in the window ─────────────────────────────────────────────────────────────────────────────────────────────────

  protected closeNear(side: number, offset: number, price: number): void {
    const window = this.window;
    window.remove(side, offset);
    const key = keyOf(side, price);
    if (key !== window.words[BEST | side]) return;
    window.words[BEST | side] = this.far[side].size === 0 ? this.nearAtOrAfter(side, offset) : this.after(side, key);
  }

  protected improve(side: number, key: number): void {
    const words = this.window.words;
    if (key < words[BEST | side]) words[BEST | side] = key;
  }

  protected nearAtOrAfter(side: number, offset: number): number {
    const found = this.window.atOrAfter(side, offset);
    return found < 0 ? NO_KEY : keyOf(side, this.window.priceAt(side, found));
  }

  // ── Levels by key, near or far ───────────────────────────────────────────────────────────────────────────────────────────

  protected bestKey(side: number): number {
    return this.window.words[BEST | side];
  }

  /** The key of the next level behind a key, or NO_KEY. */
  protected after(side: number, key: number): number {
    const window = this.window;
    const offset = key + 1 - keyOf(side, window.priceAt(side, 0));
    const near = offset < window.size ? this.nearAtOrAfter(side, Math.max(0, offset)) : NO_KEY;
    if (this.far[side].size === 0) return near;
    const far = this.far[side].atOrAfter(key + 1);
    return far === 0 ? near : Math.min(near, this.pool.i32[far * FAR_WORDS + KEY]);
  }

  /** Where a level's words are: in the window, or in a far level's record. */
  protected place(side: number, key: number): { words: Int32Array; f64: Float64Array; at: number } {
    const window = this.window;
    const offset = window.offsetOf(side, keyOf(side, key));
    if (offset >>> 0 < window.size) return { words: window.words, f64: window.f64, at: window.levelAt(side, offset) };
    const { i32, f64 } = this.pool;
    return { words: i32, f64, at: this.far[side].find(key) * FAR_WORDS };
  }

  /** Lots at a level, 0 when there is none. */
  protected total(side: number, key: number): number {
    const window = this.window;
    const offset = window.offsetOf(side, keyOf(side, key));
    if (offset >>> 0 < window.size) return window.f64[(window.levelAt(side, offset) >> 1) | F64_TOTAL];
    const far = this.far[side].find(key);
    return far === 0 ? 0 : this.pool.f64[((far * FAR_WORDS) >> 1) | F64_TOTAL];
  }

  // ── Levels outside the window ────────────────────────────────────────────────────────────────────────────────────────────

  protected closeFar(side: number, far: number, key: number): void {
    this.#farTouches++;
    this.far[side].remove(far);
    this.pool.give(far);
    if (key === this.bestKey(side)) this.window.words[BEST | side] = this.after(side, key);
  }

  /** Called for a level outside the window: moves the window when that has become worth it. Returns whether the price is in it now. */
  protected moveWindow(price: number): boolean {
    const window = this.window;
    const [bid, ask] = [this.bestBid, this.bestAsk];
    if (bid === 0 && ask === 0) {
      window.base = Math.max(0, price - (window.size >> 1));
      return true;
    }
    if (++this.#farTouches < this.#patience) return false;
    this.#patience = Math.max(PATIENCE, window.count());
    if (this.#farTouches < this.#patience) return false;
    this.#farTouches = 0;
    this.#patience = PATIENCE;
    const middle = bid === 0 ? ask : ask === 0 ? bid : Math.floor((bid + ask) / 2);
    const isCentred = Math.abs(middle - (window.base + (window.size >> 1))) < window.size >> 2;
    if (isCentred && window.size === LAST_WINDOW) return false;
    const size = isCentred ? window.size * 2 : window.size;
    this.#reframe(new TickWindow(Math.max(0, middle - (size >> 1)), size));
    return this.window.offsetOf(1, price) >>> 0 < size;
  }

  /** Carries all levels over into another window: those outside it become far, far ones inside it near. */
  #reframe(to: TickWindow): void {
    const from = this.window;
    const { pool } = this;
    this.window = to;
    for (let side = 0; side < 2; side++) {
      const far = this.far[side];
      to.words[BEST | side] = from.words[BEST | side];
      for (let offset = from.atOrAfter(side, 0); offset >= 0; offset = from.after(side, offset)) {
        const price = from.priceAt(side, offset);
        const into = to.offsetOf(side, price);
        if (into >>> 0 < to.size) {
          copyLevel(from.words, from.levelAt(side, offset), to.words, to.levelAt(side, into));
          to.add(side, into);
        } else {
          const record = pool.take(); // there are as many as orders
          far.insertEmpty(record, keyOf(side, price));
          copyLevel(from.words, from.levelAt(side, offset), pool.i32, record * FAR_WORDS);
        }
      }
      const first = keyOf(side, to.priceAt(side, 0));
      for (let record = far.atOrAfter(first); record !== 0; record = far.atOrAfter(first)) {
        const offset = pool.i32[record * FAR_WORDS + KEY] - first;
        if (offset >= to.size) break;
        copyLevel(pool.i32, record * FAR_WORDS, to.words, to.levelAt(side, offset));
        to.add(side, offset);
        far.remove(record);
        pool.give(record);
      }
    }
  }
}

function copyLevel(from: Int32Array, at: number, to: Int32Array, toAt: number): void {
  for (let word = 0; word < level.WORDS; word++) to[toAt + word] = from[at + word];
}

/** A side's key for a price, and a price for a key: the price itself among asks, its mirror image among bids. Free of branches. */
export function keyOf(side: number, price: number): number {
  return price ^ ((side - 1) & NO_KEY);
}
