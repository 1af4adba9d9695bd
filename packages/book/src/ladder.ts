import type { SlotPool } from '@outcry/memory/slot-pool';
import { FarLevels } from './far-levels.ts';
import { level as record } from './records.ts';
import { TickBitmap } from './tick-bitmap.ts';

const { WORDS, KEY, HEAD, TAIL, F64_WORDS, F64_TOTAL } = record;

/** Key of "no level": above every key. */
export const NO_KEY = 0x7fffffff;

const FIRST_WINDOW = 1 << 12;
const LAST_WINDOW = 1 << 17;
/** Touches of far levels, beyond the number of near ones, that make a window move or grow worth its cost. */
const PATIENCE = 256;

/**
 * One side of a book: its price levels in order of priority. A level is known by its key; the lowest key is the best price (asks:
 * the price; bids: its mirror image), so that both sides run the same code.
 *
 * Levels near the best price are addressed directly by key through a window; levels outside it sit in a tree. The window moves and
 * grows only when the tree has been touched more often than there are near levels to carry over, so that the cost per operation
 * stays constant on average, whatever prices come in. Memory follows the levels in use, not the range of prices.
 */
export class Ladder {
  readonly #levels: SlotPool;
  readonly #words: Int32Array;
  readonly #far: FarLevels;
  #window: Int32Array;
  #near: TickBitmap;
  #size = FIRST_WINDOW;
  #base = 0;
  #nearCount = 0;
  #farTouches = 0;

  /** The best level's slot (0: the side is empty) and its key ({@link NO_KEY}). */
  best = 0;
  bestKey = NO_KEY;

  constructor(levels: SlotPool) {
    this.#levels = levels;
    this.#words = levels.i32;
    this.#far = new FarLevels(levels);
    this.#window = new Int32Array(FIRST_WINDOW);
    this.#near = new TickBitmap(FIRST_WINDOW);
  }

  /** Number of price levels. */
  get depth(): number {
    return this.#nearCount + this.#far.size;
  }

  /** The level at a key, or 0. */
  find(key: number): number {
    const offset = key - this.#base;
    return offset >= 0 && offset < this.#size ? this.#window[offset] : this.#far.find(key);
  }

  /** The level at a key, made if there is none. Returns 0 when the pool of levels is exhausted. */
  open(key: number): number {
    const offset = key - this.#base;
    if (offset >= 0 && offset < this.#size) {
      const level = this.#window[offset];
      return level !== 0 ? level : this.#openNear(key, offset);
    }
    return this.#openFar(key);
  }

  /** The next level after a given one in order of priority, or 0. */
  after(level: number): number {
    return this.#atOrAfter(this.#words[level * WORDS + KEY] + 1);
  }

  /** Drops a level that has no orders left. */
  close(level: number): void {
    const key = this.#words[level * WORDS + KEY];
    const offset = key - this.#base;
    if (offset >= 0 && offset < this.#size) {
      this.#window[offset] = 0;
      this.#near.remove(offset);
      this.#nearCount--;
    } else {
      this.#far.remove(level);
      this.#farTouches++;
    }
    if (key === this.bestKey) {
      this.best = this.#atOrAfter(key);
      this.bestKey = this.best === 0 ? NO_KEY : this.#words[this.best * WORDS + KEY];
    }
    this.#levels.give(level);
  }

  /** Takes in a level whose record is complete: how a book is rebuilt from a copy of its records. */
  adopt(level: number): void {
    const key = this.#words[level * WORDS + KEY];
    if (this.best === 0) this.#base = Math.max(0, key - (this.#size >> 1));
    this.#index(level, key);
    if (key < this.bestKey) {
      this.best = level;
      this.bestKey = key;
    }
  }

  #openNear(key: number, offset: number): number {
    const level = this.#newLevel(key);
    if (level === 0) return 0;
    this.#window[offset] = level;
    this.#near.add(offset);
    this.#nearCount++;
    return level;
  }

  #openFar(key: number): number {
    if (this.best === 0) this.#base = Math.max(0, key - (this.#size >> 1));
    else if (++this.#farTouches > this.#nearCount + PATIENCE) this.#reframe();
    const known = this.find(key);
    if (known !== 0) return known;
    const level = this.#newLevel(key);
    if (level !== 0) this.#index(level, key);
    return level;
  }

  #newLevel(key: number): number {
    const level = this.#levels.take();
    if (level === 0) return 0;
    const words = this.#words;
    const at = level * WORDS;
    words[at + KEY] = key;
    words[at + HEAD] = 0;
    words[at + TAIL] = 0;
    this.#levels.f64[level * F64_WORDS + F64_TOTAL] = 0;
    if (key < this.bestKey) {
      this.best = level;
      this.bestKey = key;
    }
    return level;
  }

  #index(level: number, key: number): void {
    const offset = key - this.#base;
    if (offset >= 0 && offset < this.#size) {
      this.#window[offset] = level;
      this.#near.add(offset);
      this.#nearCount++;
    } else this.#far.insert(level);
  }

  #atOrAfter(key: number): number {
    const offset = key - this.#base;
    if (offset >= 0 && offset < this.#size) {
      const near = this.#near.atOrAfter(offset);
      if (near >= 0) return this.#window[near];
    }
    return this.#far.size === 0 && offset >= 0 ? 0 : this.#atOrAfterFar(key);
  }

  #atOrAfterFar(key: number): number {
    const far = this.#far.atOrAfter(key);
    if (key >= this.#base || (far !== 0 && this.#words[far * WORDS + KEY] < this.#base)) return far;
    const near = this.#near.atOrAfter(0);
    return near >= 0 ? this.#window[near] : far;
  }

  /** Moves the window to where the best price is now, and doubles it while far levels keep being used. */
  #reframe(): void {
    this.#farTouches = 0;
    const lead = this.bestKey - this.#base;
    const centred = lead >= this.#size >> 3 && lead < this.#size >> 1;
    if (centred && this.#size === LAST_WINDOW) return;
    const words = this.#words;
    const size = Math.min(this.#size * 2, LAST_WINDOW);
    const base = Math.max(0, this.bestKey - (size >> 2));
    const levels: number[] = [];
    for (let tick = this.#near.atOrAfter(0); tick >= 0; tick = tick + 1 < this.#size ? this.#near.atOrAfter(tick + 1) : -1) {
      levels.push(this.#window[tick]);
    }
    for (let level = this.#far.atOrAfter(base); level !== 0 && words[level * WORDS + KEY] < base + size; ) {
      levels.push(level);
      this.#far.remove(level);
      level = this.#far.atOrAfter(words[level * WORDS + KEY] + 1);
    }
    this.#size = size;
    this.#base = base;
    this.#window = new Int32Array(this.#size);
    this.#near = new TickBitmap(this.#size);
    this.#nearCount = 0;
    for (const level of levels) this.#index(level, words[level * WORDS + KEY]);
  }
}
