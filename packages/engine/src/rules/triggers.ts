/** Triggers of stop, take-profit and trailing orders: where they wait, and when they fire. */
import { OrderBook } from '@outcry/book/order-book';
import { order as orderRecord } from '@outcry/book/records';
import { BEST_PRICE, BUY, LAST_TRADE, MAX_PRICE, type Side, STOP, TRAIL_TICKS } from '@outcry/market/order-terms';
import { mulDiv } from '@outcry/market/rules';
import { sourceOf, trailUnitOf, triggerOf } from '@outcry/market/terms';
import type { Engine } from '../engine.ts';
import { instrument as instrumentRecord, instrumentRule } from '../instruments.ts';
import { SlotHeap } from './slot-heap.ts';
import { special, WHERE } from './special-orders.ts';

const { WORDS, F64_WORDS, ORDER, FLAGS, STOP_PRICE, TRAIL, EXTREME, PREVIOUS, NEXT, F64_ENTRY, F64_DISTANCE, TRAIL_HEAP } = special;
const { RESERVE: LOTS, EXTREME: ACTIVATION_DIRECTION } = special;
const { WORDS: RULES, LOOK, LOOK_UP, LOOK_DOWN, LOOK_LEVEL, LOOK_DIRECTION, LOOK_SORTED } = instrumentRule;
const ORDER_WORDS = orderRecord.WORDS;

/** Sides of a trigger book: what waits for a fall stands where bids do, what waits for a rise where asks do. */
const FALLING: Side = 0;
const RISING: Side = 1;

/** What can be watched, in the order in which it is looked at. */
const LAST = 0;
const MID = 1;
const BID = 2;
const ASK = 3;
const WATCHES = 4;
/** Trailing groups are stacked by watch, direction and unit. */
const STACKS_A_WATCH = 4;
const STACKS = WATCHES * STACKS_A_WATCH;
const BASIS_POINTS = 10_000;

/**
 * Orders that wait for a price. They stand in books of their own, at the price that triggers them, one book for each price watched:
 * looking whether one is reached is a comparison, and finding it what finding a level of a book is.
 *
 * Trailing orders that share an extreme form a group, a heap by distance, of which only the nearest stands in the book. Groups
 * are stacked by extreme: a new extreme takes groups off the top and merges them, so that each merge is paid for by an order's entry or
 * by an extreme that was left behind. All of it is O(log n) amortized.
 */
export class Triggers {
  readonly #engine: Engine;
  readonly #books: (OrderBook | undefined)[] = [];
  /** by instrument and stack: the first record of the group on top */
  readonly #tops: Int32Array;
  readonly #heap: SlotHeap;
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #orders: Int32Array;
  /** by instrument: those of a level that fires, in order of entry */
  readonly #firing: Int32Array;
  readonly #entered: SlotHeap;

  constructor(engine: Engine) {
    this.#engine = engine;
    const { pool } = engine.specials;
    this.#i32 = pool.i32;
    this.#f64 = pool.f64;
    this.#heap = new SlotHeap(pool, F64_DISTANCE, TRAIL_HEAP, F64_ENTRY);
    this.#entered = new SlotHeap(pool, F64_ENTRY, TRAIL_HEAP, F64_ENTRY);
    this.#firing = new Int32Array(engine.room.instruments);
    this.#tops = new Int32Array(engine.room.instruments * STACKS);
    this.#orders = engine.memory.orders.i32;
  }

  /** What a side's trigger from a source watches now, as a rising trigger sees it; 0: nothing. */
  watched(instrument: number, side: Side, flags: number): number {
    const watch = watchOf(side, flags);
    return isRising(side, flags) ? this.#up(instrument, watch) : this.#down(instrument, watch);
  }

  /** Whether a trigger that does not trail is reached already. */
  isReached(instrument: number, side: Side, flags: number, price: number): boolean {
    const value = this.watched(instrument, side, flags);
    return value !== 0 && (isRising(side, flags) ? value >= price : value <= price);
  }

  /** Begins to watch for an order whose terms and lots are in its records. */
  add(record: number): void {
    const at = record * WORDS;
    this.#i32[at + special.WHERE] = WHERE.WATCHING;
    const price = this.#i32[at + STOP_PRICE];
    if (trailUnitOf(this.#flags(record)) === 0) {
      this.#stand(record, this.#isRising(record) ? RISING : FALLING, price);
      return;
    }
    const value = this.watched(this.#instrument(record), this.#side(record), this.#flags(record));
    if (price === 0 || price === value) {
      const watch = watchOf(this.#side(record), this.#flags(record));
      const instrument = this.#instrument(record);
      this.#follow(instrument, watch, this.#up(instrument, watch), this.#down(instrument, watch));
      this.#beginToTrail(record, value);
      return;
    }
    this.#i32[at + ACTIVATION_DIRECTION] = value < price ? RISING : FALLING;
    this.#stand(record, this.#standing(record), price);
  }

  /** Stops watching for an order. */
  remove(record: number): void {
    const isTrailing = this.#engine.specials.whereOf(record) === WHERE.TRAILING;
    if (isTrailing && !this.#heap.isFirst(record)) {
      this.#heap.remove(0, record); // it is below the first, which stays
      return;
    }
    this.#leave(record);
    if (isTrailing) this.#replaceFirst(record);
  }

  /** Lowers an order's lots. */
  reduce(record: number, lots: number): void {
    const stands = this.#engine.specials.whereOf(record) === WHERE.WATCHING || this.#heap.isFirst(record);
    if (stands) this.#book(record).reduce(this.#slot(record), this.#standing(record), lots);
  }

  /**
   * Fires triggers of an instrument that its prices have reached: calls `fire` with each record, in the order of docs/rules.md. Where these
   * are too many, it goes on the next time, as if no time had passed: what it looked at stands until all have fired.
   * @returns how many of `most` steps it took, two for each trigger
   */
  collect(instrument: number, fire: (record: number) => void, most: number): number {
    const { ruleWords } = this.#engine.instruments;
    const at = instrument * RULES;
    const begun = ruleWords[at + LOOK];
    let left = most;
    for (let watch = begun === 0 ? 0 : begun - 1; watch < WATCHES; watch++) {
      const book = this.#books[instrument * WATCHES + watch];
      if (book === undefined) continue;
      const up = this.#up(instrument, watch);
      const down = this.#down(instrument, watch);
      if (up === 0) continue;
      if (watch !== begun - 1) {
        this.#follow(instrument, watch, up, down);
        ruleWords[at + LOOK_DIRECTION] = RISING;
      }
      left = this.#fireReached(instrument, book, up, down, fire, left);
      if (left >= 0) continue;
      ruleWords[at + LOOK] = watch + 1;
      ruleWords[at + LOOK_UP] = up;
      ruleWords[at + LOOK_DOWN] = down;
      return most;
    }
    // Nothing of a look that is over may differ between an engine and one that was restored, which has no books of no orders. Its words lie together.
    for (let word = LOOK; word <= LOOK_SORTED; word++) ruleWords[at + word] = 0;
    return most - left;
  }

  /** Whether triggers are left that the last look reached. */
  areFiring(instrument: number): boolean {
    return this.#engine.instruments.ruleWords[instrument * RULES + LOOK] !== 0;
  }

  /** Writes its group's extreme into every trailing order, so that an image of the records holds it. */
  flush(): void {
    for (const top of this.#tops) {
      for (let group = top; group !== 0; group = this.#i32[group * WORDS + NEXT]) {
        const extreme = this.#i32[group * WORDS + EXTREME];
        this.#heap.each(group, (record) => {
          this.#i32[record * WORDS + EXTREME] = extreme;
        });
      }
    }
  }

  /** Puts the orders of an image back: those that stand in order of entry, trailing ones by how far their extreme is. */
  restore(): void {
    const { specials } = this.#engine;
    for (const record of specials.inOrder((r) => specials.whereOf(r) === WHERE.WATCHING)) {
      this.#stand(record, this.#standing(record), this.#i32[record * WORDS + STOP_PRICE]);
    }
    const isFiring = (r: number) => specials.whereOf(r) === WHERE.FIRING || specials.whereOf(r) === WHERE.ACTIVATED;
    for (const record of specials.inOrder(isFiring)) this.#sort(this.#instrument(record), record);
    const trailing = specials.inOrder((r) => specials.whereOf(r) === WHERE.TRAILING);
    // Deepest groups first, so that each next one belongs on top.
    const depth = (r: number) => (this.#isRising(r) ? 1 : -1) * this.#i32[r * WORDS + EXTREME];
    trailing.sort((a, b) => depth(a) - depth(b) || specials.byEntry(a, b));
    for (const record of trailing) this.#beginToTrail(record, this.#i32[record * WORDS + EXTREME]);
  }

  // ── Firing ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Fires level by level, rising triggers first. Returns how many steps are left, -1: it is not done. */
  #fireReached(instrument: number, book: OrderBook, up: number, down: number, fire: (record: number) => void, steps: number): number {
    const { ruleWords } = this.#engine.instruments;
    const at = instrument * RULES;
    let left = steps;
    for (;;) {
      if (ruleWords[at + LOOK_LEVEL] === 0 && !this.#nextLevel(at, book, up, down)) return left;
      if (ruleWords[at + LOOK_SORTED] === 0) left = this.#sortLevel(instrument, book, left);
      if (left >= 0) left = this.#fireSorted(instrument, up, down, fire, left);
      if (left < 0) return left;
      ruleWords[at + LOOK_LEVEL] = 0;
    }
  }

  /** Goes on to the nearest price whose triggers are reached. Returns false where there is none. */
  #nextLevel(at: number, book: OrderBook, up: number, down: number): boolean {
    const { ruleWords } = this.#engine.instruments;
    const rises = ruleWords[at + LOOK_DIRECTION] === RISING && book.bestAsk !== 0 && book.bestAsk <= up;
    const falls = !rises && book.bestBid !== 0 && book.bestBid >= down;
    if (!rises && !falls) return false;
    ruleWords[at + LOOK_DIRECTION] = rises ? RISING : FALLING;
    ruleWords[at + LOOK_LEVEL] = rises ? book.bestAsk : book.bestBid;
    ruleWords[at + LOOK_SORTED] = 0;
    return true;
  }

  /** Takes the orders at a price out of the trigger book and into order of entry. */
  #sortLevel(instrument: number, book: OrderBook, steps: number): number {
    const { specials, instruments } = this.#engine;
    const at = instrument * RULES;
    const direction = instruments.ruleWords[at + LOOK_DIRECTION] as Side;
    const price = instruments.ruleWords[at + LOOK_LEVEL];
    let left = steps;
    for (let slot = book.first(direction, price); slot !== 0; slot = book.first(direction, price)) {
      if (left-- === 0) return -1;
      const record = specials.of(slot);
      const isTrailing = specials.whereOf(record) === WHERE.TRAILING;
      this.#leave(record);
      if (isTrailing) this.#replaceFirst(record);
      const activates = !isTrailing && trailUnitOf(this.#flags(record)) !== 0;
      this.#i32[record * WORDS + special.WHERE] = activates ? WHERE.ACTIVATED : WHERE.FIRING;
      this.#sort(instrument, record);
    }
    instruments.ruleWords[at + LOOK_SORTED] = 1;
    return left;
  }

  #sort(instrument: number, record: number): void {
    this.#entered.clear(record);
    this.#firing[instrument] = this.#entered.merge(this.#firing[instrument], record);
  }

  #fireSorted(instrument: number, up: number, down: number, fire: (record: number) => void, steps: number): number {
    let left = steps;
    for (let record = this.#firing[instrument]; record !== 0; record = this.#firing[instrument]) {
      if (left-- === 0) return -1;
      this.stopFiring(instrument, record);
      if (this.#engine.specials.whereOf(record) === WHERE.FIRING) fire(record);
      else this.#beginToTrail(record, this.#isRising(record) ? up : down);
    }
    return left;
  }

  /** An order whose trigger is reached is not to fire any more. */
  stopFiring(instrument: number, record: number): void {
    this.#firing[instrument] = this.#entered.remove(this.#firing[instrument], record);
  }

  // ── Trailing groups ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #beginToTrail(record: number, value: number): void {
    this.#i32[record * WORDS + special.WHERE] = WHERE.TRAILING;
    this.#f64[record * F64_WORDS + F64_DISTANCE] = this.#i32[record * WORDS + TRAIL];
    this.#heap.clear(record);
    this.#push(this.#stackOf(record), record, value);
  }

  /** Puts a group that stands nowhere on top of a stack; one with the same extreme there becomes one with it. */
  #push(stack: number, group: number, extreme: number): void {
    const top = this.#tops[stack];
    let first = group;
    let below = top;
    if (top !== 0 && this.#i32[top * WORDS + EXTREME] === extreme) {
      below = this.#i32[top * WORDS + NEXT];
      this.#leave(top);
      first = this.#heap.merge(top, group);
    }
    const at = first * WORDS;
    this.#i32[at + EXTREME] = extreme;
    this.#i32[at + PREVIOUS] = 0;
    this.#i32[at + NEXT] = below;
    if (below !== 0) this.#i32[below * WORDS + PREVIOUS] = first;
    this.#tops[stack] = first;
    this.#standFirst(first);
  }

  /** New extremes: groups that they pass become one. */
  #follow(instrument: number, watch: number, up: number, down: number): void {
    for (let kind = 0; kind < STACKS_A_WATCH; kind++) {
      const stack = instrument * STACKS + watch * STACKS_A_WATCH + kind;
      const rises = (kind & 1) === RISING;
      const value = rises ? up : down;
      let merged = 0;
      for (let top = this.#tops[stack]; top !== 0; top = this.#tops[stack]) {
        const extreme = this.#i32[top * WORDS + EXTREME];
        if (rises ? extreme <= value : extreme >= value) break;
        this.#leave(top);
        this.#unstack(stack, top);
        merged = this.#heap.merge(merged, top);
      }
      if (merged !== 0) this.#push(stack, merged, value);
    }
  }

  /** Takes the first record, which stands no more, out of its group: the next one stands for it, or the group is gone too. */
  #replaceFirst(old: number): void {
    const next = this.#heap.remove(old, old);
    const stack = this.#stackOf(old);
    const at = old * WORDS;
    if (next === 0) {
      this.#unstack(stack, old);
      return;
    }
    const above = this.#i32[at + PREVIOUS];
    const below = this.#i32[at + NEXT];
    const into = next * WORDS;
    this.#i32[into + EXTREME] = this.#i32[at + EXTREME];
    this.#i32[into + PREVIOUS] = above;
    this.#i32[into + NEXT] = below;
    if (above === 0) this.#tops[stack] = next;
    else this.#i32[above * WORDS + NEXT] = next;
    if (below !== 0) this.#i32[below * WORDS + PREVIOUS] = next;
    this.#standFirst(next);
  }

  #unstack(stack: number, group: number): void {
    const above = this.#i32[group * WORDS + PREVIOUS];
    const below = this.#i32[group * WORDS + NEXT];
    if (above === 0) this.#tops[stack] = below;
    else this.#i32[above * WORDS + NEXT] = below;
    if (below !== 0) this.#i32[below * WORDS + PREVIOUS] = above;
  }

  #standFirst(group: number): void {
    const rises = this.#isRising(group);
    this.#stand(group, rises ? RISING : FALLING, this.#triggerPrice(group, rises));
  }

  #leave(record: number): void {
    const slot = this.#slot(record);
    this.#book(record).remove(slot, this.#standing(record));
    this.#orders[slot * ORDER_WORDS + orderRecord.QUANTITY] = this.#i32[record * WORDS + LOTS]; // it is open all the same
  }

  #triggerPrice(record: number, rises: boolean): number {
    const at = record * WORDS;
    const extreme = this.#i32[at + EXTREME];
    const distance = this.#i32[at + TRAIL];
    if (trailUnitOf(this.#i32[at + FLAGS]) === TRAIL_TICKS) {
      return Math.min(Math.max(rises ? extreme + distance : extreme - distance, 1), MAX_PRICE);
    }
    if (rises) return Math.min(mulDiv(extreme, BASIS_POINTS + distance, BASIS_POINTS) + (isWhole(extreme, distance) ? 0 : 1), MAX_PRICE);
    return Math.max(mulDiv(extreme, BASIS_POINTS - distance, BASIS_POINTS), 1);
  }

  // ── Where things are ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #stand(record: number, direction: Side, price: number): void {
    this.#book(record).rest(this.#slot(record), direction, price, this.#i32[record * WORDS + LOTS]);
  }

  /** On which side of a trigger book an order stands. */
  #standing(record: number): Side {
    const activates = this.#engine.specials.whereOf(record) === WHERE.WATCHING && trailUnitOf(this.#flags(record)) !== 0;
    if (activates) return this.#i32[record * WORDS + ACTIVATION_DIRECTION] as Side;
    return this.#isRising(record) ? RISING : FALLING;
  }

  #book(record: number): OrderBook {
    const index = this.#instrument(record) * WATCHES + watchOf(this.#side(record), this.#flags(record));
    this.#books[index] ??= new OrderBook(this.#engine.memory);
    return this.#books[index];
  }

  #stackOf(record: number): number {
    const watch = this.#instrument(record) * STACKS + watchOf(this.#side(record), this.#flags(record)) * STACKS_A_WATCH;
    return watch + (trailUnitOf(this.#flags(record)) - 1) * 2 + (this.#isRising(record) ? RISING : FALLING);
  }

  #slot(record: number): number {
    return this.#i32[record * WORDS + ORDER];
  }

  #flags(record: number): number {
    return this.#i32[record * WORDS + FLAGS];
  }

  #instrument(record: number): number {
    return this.#orders[this.#slot(record) * ORDER_WORDS + orderRecord.TERMS] & 0xffff;
  }

  #side(record: number): Side {
    return ((this.#orders[this.#slot(record) * ORDER_WORDS + orderRecord.TERMS] >>> 16) & 1) as Side;
  }

  #isRising(record: number): boolean {
    return isRising(this.#side(record), this.#flags(record));
  }

  /** What a rising trigger compares with; 0: nothing. The middle of two prices is rounded against the trigger. */
  #up(instrument: number, watch: number): number {
    return this.#value(instrument, watch, 0);
  }

  #down(instrument: number, watch: number): number {
    return this.#value(instrument, watch, 1);
  }

  #value(instrument: number, watch: number, rounding: number): number {
    const { ruleWords } = this.#engine.instruments;
    if (ruleWords[instrument * RULES + LOOK] === watch + 1) return ruleWords[instrument * RULES + (rounding === 0 ? LOOK_UP : LOOK_DOWN)];
    const book = this.#engine.instruments.books[instrument];
    if (watch === LAST) return this.#engine.instruments.i32[instrument * instrumentRecord.WORDS + instrumentRecord.LAST_PRICE];
    if (watch === BID) return book.bestBid;
    if (watch === ASK) return book.bestAsk;
    const { bestBid, bestAsk } = book;
    return bestBid === 0 || bestAsk === 0 ? 0 : Math.floor((bestBid + bestAsk + rounding) / 2);
  }
}

function watchOf(side: Side, flags: number): number {
  const source = sourceOf(flags);
  if (source === LAST_TRADE) return LAST;
  if (source !== BEST_PRICE) return MID;
  return side === BUY ? ASK : BID;
}

/** Whether the trigger waits for a rise (of a trailing order: follows the lowest price). */
function isRising(side: Side, flags: number): boolean {
  return (triggerOf(flags) === STOP) === (side === BUY);
}

function isWhole(extreme: number, distance: number): boolean {
  return (extreme * (BASIS_POINTS + distance)) % BASIS_POINTS === 0;
}
