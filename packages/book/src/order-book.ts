import type { Side } from '@outcry/market/order-terms';
import { SlotPool } from '@outcry/memory/slot-pool';
import { Ladder, NO_KEY } from './ladder.ts';
import { level, order, trade } from './records.ts';

const { WORDS: ORDER_WORDS, LEVEL, QUANTITY, PREVIOUS, NEXT } = order;
const { WORDS: LEVEL_WORDS, KEY, HEAD, TAIL, F64_WORDS, F64_TOTAL } = level;
const { WORDS: TRADE_WORDS, MAKER, PRICE, QUANTITY: TRADE_QUANTITY, MAKER_LEFT } = trade;
const NO_PRICE = NO_KEY;

/** What all books of one engine share: orders, levels, and the list that matching writes its trades to. */
export class BookMemory {
  readonly orders: SlotPool;
  readonly levels: SlotPool;
  /** Trades of the last call of a `match…` method, {@link TRADE_WORDS} words each, oldest first. */
  readonly trades: Int32Array;
  readonly tradeCapacity: number;
  tradeCount = 0;

  constructor(orderCapacity: number, tradeCapacity = 1024) {
    this.orders = new SlotPool(ORDER_WORDS, orderCapacity);
    this.levels = new SlotPool(LEVEL_WORDS, orderCapacity);
    this.trades = new Int32Array(tradeCapacity * TRADE_WORDS);
    this.tradeCapacity = tradeCapacity;
  }
}

/**
 * One instrument's resting orders, matched by price, then by time of arrival. Prices are ticks ({@link MIN_PRICE} to
 * {@link MAX_PRICE}), quantities lots. The book knows nothing of accounts: whoever calls it checks, and settles the trades.
 *
 * An incoming order is first matched, then what is left of it may rest. Trades are at the maker's price. When matching stops with
 * {@link BookMemory.tradeCount} at its capacity, there may be more to trade: settle those trades and match again.
 *
 * Single-threaded. No call allocates once windows have grown to the traded range.
 */
export class OrderBook {
  readonly bids: Ladder;
  readonly asks: Ladder;
  /** The two by side: an index instead of a branch, since the side of the next order is anybody's guess. */
  readonly #ladders: readonly [Ladder, Ladder];
  readonly #memory: BookMemory;
  readonly #orders: Int32Array;
  readonly #levels: Int32Array;
  readonly #totals: Float64Array;

  constructor(memory: BookMemory) {
    this.#memory = memory;
    this.#orders = memory.orders.i32;
    this.#levels = memory.levels.i32;
    this.#totals = memory.levels.f64;
    this.bids = new Ladder(memory.levels);
    this.asks = new Ladder(memory.levels);
    this.#ladders = [this.bids, this.asks];
  }

  /** Best prices in ticks, 0 for an empty side. */
  get bestBid(): number {
    return this.bids.best === 0 ? 0 : NO_KEY - this.bids.bestKey;
  }
  get bestAsk(): number {
    return this.asks.best === 0 ? 0 : this.asks.bestKey;
  }

  /**
   * Trades an incoming order against the other side, up to its limit price. Zero or more trades are left in the memory's list; a
   * maker that is filled leaves the book and its slot is free, its words readable until another order is taken.
   * @returns lots left
   */
  match(side: Side, limit: number, quantity: number): number {
    const ladder = this.#ladders[1 - side];
    const limitKey = keyOf(1 - side, limit);
    const memory = this.#memory;
    memory.tradeCount = 0;
    while (quantity > 0 && ladder.bestKey <= limitKey && memory.tradeCount < memory.tradeCapacity) {
      quantity = this.#matchLevel(ladder, side, quantity);
    }
    return quantity;
  }

  /** Puts an order, which must not cross, at the end of its price's queue. Returns false when there is no memory for its level. */
  rest(slot: number, side: Side, price: number, quantity: number): boolean {
    const level = this.#ladders[side].open(keyOf(side, price));
    if (level === 0) return false;
    const orders = this.#orders;
    const levels = this.#levels;
    const at = slot * ORDER_WORDS;
    const levelAt = level * LEVEL_WORDS;
    const tail = levels[levelAt + TAIL];
    orders[at + LEVEL] = level;
    orders[at + QUANTITY] = quantity;
    orders[at + PREVIOUS] = tail;
    orders[at + NEXT] = 0;
    if (tail !== 0) orders[tail * ORDER_WORDS + NEXT] = slot;
    else levels[levelAt + HEAD] = slot;
    levels[levelAt + TAIL] = slot;
    this.#totals[level * F64_WORDS + F64_TOTAL] += quantity;
    return true;
  }

  /** Takes a resting order out of the book. Its slot stays taken: the caller reuses it or gives it back. */
  remove(slot: number, side: Side): void {
    const orders = this.#orders;
    const levels = this.#levels;
    const at = slot * ORDER_WORDS;
    const level = orders[at + LEVEL];
    const levelAt = level * LEVEL_WORDS;
    const previous = orders[at + PREVIOUS];
    const next = orders[at + NEXT];
    if (previous !== 0) orders[previous * ORDER_WORDS + NEXT] = next;
    else levels[levelAt + HEAD] = next;
    if (next !== 0) orders[next * ORDER_WORDS + PREVIOUS] = previous;
    else levels[levelAt + TAIL] = previous;
    this.#totals[level * F64_WORDS + F64_TOTAL] -= orders[at + QUANTITY];
    orders[at + QUANTITY] = 0;
    if ((previous | next) === 0) this.#ladders[side].close(level);
  }

  /** Lowers a resting order's quantity; it keeps its place. `quantity` is at least 1 and below what it has. */
  reduce(slot: number, quantity: number): void {
    const at = slot * ORDER_WORDS;
    const level = this.#orders[at + LEVEL];
    this.#totals[level * F64_WORDS + F64_TOTAL] -= this.#orders[at + QUANTITY] - quantity;
    this.#orders[at + QUANTITY] = quantity;
  }

  /** A resting order's price in ticks. */
  priceOf(slot: number, side: Side): number {
    const key = this.#levels[this.#orders[slot * ORDER_WORDS + LEVEL] * LEVEL_WORDS + KEY];
    return keyOf(side, key);
  }

  /** Whether an incoming order at this price would trade. */
  crosses(side: Side, price: number): boolean {
    return this.#ladders[1 - side].bestKey <= keyOf(1 - side, price);
  }

  /** Lots that an incoming order could trade at once, counted no further than `enough`. */
  available(side: Side, limit: number, enough: number): number {
    const ladder = this.#ladders[1 - side];
    const limitKey = keyOf(1 - side, limit);
    let sum = 0;
    for (let level = ladder.best; level !== 0 && sum < enough; level = ladder.after(level)) {
      if (this.#levels[level * LEVEL_WORDS + KEY] > limitKey) break;
      sum += this.#totals[level * F64_WORDS + F64_TOTAL];
    }
    return sum;
  }

  /** What buying or selling `quantity` lots at once trades for, in tick-lots; -1 when that passes 2^53 - 1. */
  cost(side: Side, quantity: number): number {
    const ladder = this.#ladders[1 - side];
    let sum = 0;
    for (let level = ladder.best; level !== 0 && quantity > 0; level = ladder.after(level)) {
      const key = this.#levels[level * LEVEL_WORDS + KEY];
      const lots = Math.min(quantity, this.#totals[level * F64_WORDS + F64_TOTAL]);
      sum += lots * keyOf(1 - side, key);
      if (sum > Number.MAX_SAFE_INTEGER) return -1;
      quantity -= lots;
    }
    return sum;
  }

  /** Lots that an amount in tick-lots trades for at once, whole lots only. */
  lotsFor(side: Side, amount: number): number {
    const ladder = this.#ladders[1 - side];
    let lots = 0;
    for (let level = ladder.best; level !== 0; level = ladder.after(level)) {
      const price = keyOf(1 - side, this.#levels[level * LEVEL_WORDS + KEY]);
      const total = this.#totals[level * F64_WORDS + F64_TOTAL];
      const affordable = Math.floor(amount / price);
      if (affordable < total) return lots + affordable;
      lots += total;
      amount -= total * price;
    }
    return lots;
  }

  #matchLevel(ladder: Ladder, side: Side, quantity: number): number {
    const memory = this.#memory;
    const orders = this.#orders;
    const trades = memory.trades;
    const level = ladder.best;
    const levelAt = level * LEVEL_WORDS;
    const price = keyOf(1 - side, ladder.bestKey);
    const before = quantity;
    let count = memory.tradeCount;
    const first = this.#levels[levelAt + HEAD];
    let head = first;
    while (quantity > 0 && head !== 0 && count < memory.tradeCapacity) {
      const at = head * ORDER_WORDS;
      const resting = orders[at + QUANTITY];
      const fill = Math.min(resting, quantity);
      const left = resting - fill;
      const trade = count * TRADE_WORDS;
      trades[trade + MAKER] = head;
      trades[trade + PRICE] = price;
      trades[trade + TRADE_QUANTITY] = fill;
      trades[trade + MAKER_LEFT] = left;
      count++;
      quantity -= fill;
      orders[at + QUANTITY] = left;
      if (left === 0) {
        const filled = head;
        head = orders[at + NEXT];
        memory.orders.give(filled);
      }
    }
    memory.tradeCount = count;
    this.#levels[levelAt + HEAD] = head;
    if (head === 0) {
      ladder.close(level);
      return quantity;
    }
    if (head !== first) orders[head * ORDER_WORDS + PREVIOUS] = 0;
    this.#totals[level * F64_WORDS + F64_TOTAL] -= before - quantity;
    return quantity;
  }
}

/** A ladder's key for a price, and a price for a key: the price itself among asks, its mirror image among bids. Free of branches. */
function keyOf(side: number, price: number): number {
  return price ^ ((side - 1) & NO_PRICE);
}
