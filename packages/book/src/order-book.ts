import type { Side } from '@outcry/market/order-terms';
import type { BookMemory } from './book-memory.ts';
import { keyOf, PriceLevels } from './price-levels.ts';
import { farLevel, level, order, trade } from './records.ts';
import { BEST, NO_KEY } from './tick-window.ts';

const { SHIFT: ORDER_SHIFT, PRICE, QUANTITY, PREVIOUS, NEXT } = order;
const { HEAD, TAIL, F64_TOTAL } = level;
const { WORDS: FAR_WORDS } = farLevel;
const { SHIFT: TRADE_SHIFT, MAKER, PRICE: TRADE_PRICE, QUANTITY: TRADE_QUANTITY, MAKER_LEFT } = trade;

/**
 * One instrument's resting orders, matched by price, then by time of arrival. Prices are ticks (`MIN_PRICE` to
 * `MAX_PRICE`), quantities lots. The book knows nothing of accounts: whoever calls it checks, and settles the trades.
 *
 * An incoming order is first matched, then what is left of it may rest. Trades are at the maker's price. When matching stops with
 * {@link BookMemory.tradeCount} at its capacity, there may be more to trade: settle those trades and match again.
 *
 * Single-threaded. No call allocates once the window has grown to the traded range.
 */
export class OrderBook extends PriceLevels {
  readonly #memory: BookMemory;
  readonly #orders: Int32Array;

  constructor(memory: BookMemory) {
    super(memory.farLevels);
    this.#memory = memory;
    this.#orders = memory.orders.i32;
  }

  /**
   * Trades an incoming order against the other side, up to its limit price. Zero or more trades are left in the memory's list; a
   * maker that is filled leaves the book and its slot is free, its words (but for PRICE) readable until another order is taken.
   * @returns lots left
   */
  match(side: Side, limit: number, quantity: number): number {
    const other = 1 - side;
    const limitKey = keyOf(other, limit);
    const memory = this.#memory;
    memory.tradeCount = 0;
    const words = this.window.words;
    while (quantity > 0 && words[BEST | other] <= limitKey && memory.tradeCount < memory.tradeCapacity) {
      quantity = this.#matchBest(other, quantity);
    }
    return quantity;
  }

  /** Puts an order, which must not cross, at the end of its price's queue. Returns false when there is no memory for its level. */
  rest(slot: number, side: Side, price: number, quantity: number): boolean {
    const window = this.window;
    const offset = window.offsetOf(side, price);
    if (offset >>> 0 >= window.size) return this.#restFar(slot, side, price, quantity);
    const isNew = this.#append(window.words, window.f64, window.levelAt(side, offset), slot, price, quantity);
    if (isNew) {
      window.add(side, offset);
      this.improve(side, keyOf(side, price));
    }
    return true;
  }

  /** Takes a resting order out of the book. Its slot stays taken: the caller reuses it or gives it back. */
  remove(slot: number, side: Side): void {
    const window = this.window;
    const price = this.#orders[(slot << ORDER_SHIFT) | PRICE];
    const offset = window.offsetOf(side, price);
    if (offset >>> 0 >= window.size) {
      this.#removeFar(slot, side, price);
      return;
    }
    const isEmpty = this.#unlink(window.words, window.f64, window.levelAt(side, offset), slot);
    if (isEmpty) this.closeNear(side, offset, price);
  }

  /** Lowers a resting order's quantity; it keeps its place. `quantity` is at least 1 and below what it has. */
  reduce(slot: number, side: Side, quantity: number): void {
    const at = slot << ORDER_SHIFT;
    const less = this.#orders[at | QUANTITY] - quantity;
    this.#orders[at | QUANTITY] = quantity;
    const place = this.place(side, keyOf(side, this.#orders[at | PRICE]));
    place.f64[(place.at >> 1) | F64_TOTAL] -= less;
  }

  /** A resting order's price in ticks. */
  priceOf(slot: number): number {
    return this.#orders[(slot << ORDER_SHIFT) | PRICE];
  }

  /** Whether an incoming order at this price would trade. */
  crosses(side: Side, price: number): boolean {
    return this.window.words[BEST | (1 - side)] <= keyOf(1 - side, price);
  }

  /** Lots that an incoming order could trade at once, counted no further than `enough`. */
  available(side: Side, limit: number, enough: number): number {
    const other = 1 - side;
    const limitKey = keyOf(other, limit);
    let sum = 0;
    for (let key = this.bestKey(other); key <= limitKey && sum < enough; key = this.after(other, key)) {
      sum += this.total(other, key);
    }
    return sum;
  }

  /** The oldest order at a price, 0 when there is none. Its neighbours are linked by its record's NEXT. */
  first(side: Side, price: number): number {
    const window = this.window;
    const offset = window.offsetOf(side, price);
    if (offset >>> 0 < window.size) return window.words[window.levelAt(side, offset) | HEAD];
    const far = this.far[side].find(keyOf(side, price));
    return far === 0 ? 0 : this.#memory.farLevels.i32[far * FAR_WORDS + HEAD];
  }

  /** What buying or selling `quantity` lots at once trades for, in tick-lots; -1 when that passes 2^53 - 1. */
  cost(side: Side, quantity: number): number {
    const other = 1 - side;
    let sum = 0;
    for (let key = this.bestKey(other); key !== NO_KEY && quantity > 0; key = this.after(other, key)) {
      const lots = Math.min(quantity, this.total(other, key));
      sum += lots * keyOf(other, key);
      if (sum > Number.MAX_SAFE_INTEGER) return -1;
      quantity -= lots;
    }
    return sum;
  }

  /** Lots that an amount in tick-lots trades for at once, whole lots only. */
  lotsFor(side: Side, amount: number): number {
    const other = 1 - side;
    let lots = 0;
    for (let key = this.bestKey(other); key !== NO_KEY; key = this.after(other, key)) {
      const price = keyOf(other, key);
      const total = this.total(other, key);
      const affordable = Math.floor(amount / price);
      if (affordable < total) return lots + affordable;
      lots += total;
      amount -= total * price;
    }
    return lots;
  }

  /** Takes in an order whose record, with its links, is complete: how a book is rebuilt from a copy of its orders. */
  adopt(slot: number, side: Side): void {
    const orders = this.#orders;
    const at = slot << ORDER_SHIFT;
    const previous = orders[at | PREVIOUS];
    const next = orders[at | NEXT];
    const key = keyOf(side, orders[at | PRICE]);
    const isNew = this.total(side, key) === 0;
    if (isNew) {
      this.rest(slot, side, orders[at | PRICE], orders[at | QUANTITY]);
      orders[at | NEXT] = next;
    }
    const { words, f64, at: level } = this.place(side, key);
    if (!isNew) f64[(level >> 1) | F64_TOTAL] += orders[at | QUANTITY];
    if (previous === 0) words[level | HEAD] = slot;
    else orders[at | PREVIOUS] = previous;
    if (next === 0) words[level | TAIL] = slot;
  }

  // ── One queue ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Puts an order at the end of the queue of the level at `level`. Returns whether it is the first. */
  #append(words: Int32Array, f64: Float64Array, level: number, slot: number, price: number, quantity: number): boolean {
    const orders = this.#orders;
    const at = slot << ORDER_SHIFT;
    const tail = words[level | TAIL];
    orders[at | PRICE] = price;
    orders[at | QUANTITY] = quantity;
    orders[at | PREVIOUS] = tail;
    orders[at | NEXT] = 0;
    if (tail !== 0) orders[(tail << ORDER_SHIFT) | NEXT] = slot;
    else words[level | HEAD] = slot;
    words[level | TAIL] = slot;
    f64[(level >> 1) | F64_TOTAL] += quantity;
    return tail === 0;
  }

  /** Takes an order out of its queue. Returns whether it was the last. */
  #unlink(words: Int32Array, f64: Float64Array, level: number, slot: number): boolean {
    const orders = this.#orders;
    const at = slot << ORDER_SHIFT;
    const previous = orders[at | PREVIOUS];
    const next = orders[at | NEXT];
    if (previous !== 0) orders[(previous << ORDER_SHIFT) | NEXT] = next;
    else words[level | HEAD] = next;
    if (next !== 0) orders[(next << ORDER_SHIFT) | PREVIOUS] = previous;
    else words[level | TAIL] = previous;
    f64[(level >> 1) | F64_TOTAL] -= orders[at | QUANTITY];
    orders[at | QUANTITY] = 0;
    return (previous | next) === 0;
  }

  /** Trades against a level's queue. Returns the lots left; the level is empty when its HEAD is 0 then. */
  #matchLevel(words: Int32Array, f64: Float64Array, level: number, price: number, quantity: number): number {
    const memory = this.#memory;
    const orders = this.#orders;
    const trades = memory.trades;
    const before = quantity;
    const first = words[level | HEAD];
    let head = first;
    let count = memory.tradeCount;
    while (quantity > 0 && head !== 0 && count < memory.tradeCapacity) {
      const at = head << ORDER_SHIFT;
      const resting = orders[at | QUANTITY];
      const fill = Math.min(resting, quantity);
      const left = resting - fill;
      const trade = count << TRADE_SHIFT;
      trades[trade | MAKER] = head;
      trades[trade | TRADE_PRICE] = price;
      trades[trade | TRADE_QUANTITY] = fill;
      trades[trade | MAKER_LEFT] = left;
      count++;
      quantity -= fill;
      orders[at | QUANTITY] = left;
      if (left === 0) {
        const filled = head;
        head = orders[at | NEXT];
        memory.orders.give(filled);
      }
    }
    memory.tradeCount = count;
    words[level | HEAD] = head;
    if (head === 0) words[level | TAIL] = 0;
    else if (head !== first) orders[(head << ORDER_SHIFT) | PREVIOUS] = 0;
    f64[(level >> 1) | F64_TOTAL] -= before - quantity;
    return quantity;
  }

  // ── Levels in the window ─────────────────────────────────────────────────────────────────────────────────────────────────

  #matchBest(side: number, quantity: number): number {
    const window = this.window;
    const price = keyOf(side, window.words[BEST | side]);
    const offset = window.offsetOf(side, price);
    if (offset >>> 0 >= window.size) return this.#matchFar(side, price, quantity);
    const level = window.levelAt(side, offset);
    const left = this.#matchLevel(window.words, window.f64, level, price, quantity);
    if (window.words[level | HEAD] === 0) this.closeNear(side, offset, price);
    return left;
  }

  // ── Levels outside the window ────────────────────────────────────────────────────────────────────────────────────────────

  #restFar(slot: number, side: Side, price: number, quantity: number): boolean {
    if (this.moveWindow(price)) return this.rest(slot, side, price, quantity);
    const { farLevels } = this.#memory;
    const key = keyOf(side, price);
    let far = this.far[side].find(key);
    if (far === 0) {
      far = farLevels.take();
      if (far === 0) return false;
      this.far[side].insertEmpty(far, key);
      this.improve(side, key);
    }
    this.#append(farLevels.i32, farLevels.f64, far * FAR_WORDS, slot, price, quantity);
    return true;
  }

  #removeFar(slot: number, side: number, price: number): void {
    const { i32, f64 } = this.#memory.farLevels;
    const far = this.far[side].find(keyOf(side, price));
    if (this.#unlink(i32, f64, far * FAR_WORDS, slot)) this.closeFar(side, far, keyOf(side, price));
  }

  #matchFar(side: number, price: number, quantity: number): number {
    const { i32, f64 } = this.#memory.farLevels;
    const far = this.far[side].find(keyOf(side, price));
    const left = this.#matchLevel(i32, f64, far * FAR_WORDS, price, quantity);
    if (i32[far * FAR_WORDS + HEAD] === 0) this.closeFar(side, far, keyOf(side, price));
    return left;
  }
}
