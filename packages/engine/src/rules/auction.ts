/** Call auctions: the price at which most trades, and the trades at it. */
import type { OrderBook } from '@outcry/book/order-book';
import { order as orderRecord } from '@outcry/book/records';
import { EVENT, IN_AUCTION } from '@outcry/market/event';
import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import type { Engine } from '../engine.ts';
import type { RuleBook } from './rule-book.ts';
import { hidingList, special, WHERE } from './special-orders.ts';

const { WORDS: ORDER_WORDS, QUANTITY: O_LEFT, NEXT: O_NEXT } = orderRecord;
const { WORDS, RESERVE, MIN_QUANTITY, LIST } = special;

/** Where an auction trades: ticks (0: nowhere), lots, and lots bought less lots sold at that price. */
interface Crossing {
  price: number;
  volume: number;
  surplus: number;
}

type Level = [price: number, lots: number];

/** Call auctions: docs/rules.md, "Sessions". */
export class Auction {
  readonly #engine: Engine;
  readonly #ruleBook: RuleBook;
  readonly #orders: Int32Array;
  readonly #specials: Int32Array;

  constructor(engine: Engine, ruleBook: RuleBook) {
    this.#engine = engine;
    this.#ruleBook = ruleBook;
    this.#orders = engine.memory.orders.i32;
    this.#specials = engine.specials.i32;
  }

  /** The price of greatest volume, then least surplus, then nearest the reference price. Takes O(levels that cross). */
  find(instrument: number): Crossing {
    const [bids, asks] = this.#levels(instrument);
    if (bids.length === 0 || asks.length === 0 || bids[0][0] < asks[0][0]) return { price: 0, volume: 0, surplus: 0 };
    const [low, high] = [asks[0][0], bids[0][0]];
    const prices = [...new Set([...bids, ...asks].map(([price]) => price).filter((price) => price >= low && price <= high))];
    prices.sort((a, b) => a - b);
    const bidsAt = new Map(bids);
    const asksAt = new Map(asks);
    let demand = bids.reduce((sum, [price, lots]) => (price >= low ? sum + lots : sum), 0);
    let supply = 0;
    const best = { from: 0, to: 0, volume: -1, surplus: 0 };
    const consider = (from: number, to: number) => {
      const volume = Math.min(demand, supply);
      const surplus = demand - supply;
      const isSame = volume === best.volume && Math.abs(surplus) === Math.abs(best.surplus);
      if (isSame) best.to = to;
      else if (volume > best.volume || (volume === best.volume && Math.abs(surplus) < Math.abs(best.surplus)))
        Object.assign(best, { from, to, volume, surplus });
    };
    prices.forEach((price, i) => {
      supply += asksAt.get(price) ?? 0;
      consider(price, price);
      demand -= bidsAt.get(price) ?? 0;
      const next = prices[i + 1] ?? price;
      if (next > price + 1) consider(price + 1, next - 1);
    });
    const reference = this.#engine.instruments.reference(instrument);
    const price = reference === 0 ? Math.floor((best.from + best.to) / 2) : Math.min(Math.max(reference, best.from), best.to);
    return { price, volume: best.volume, surplus: this.#surplusAt(price, bids, asks) };
  }

  /** Trades everything that crosses, pairwise, at one price. */
  trade(instrument: number, price: number): void {
    const buyers = new Front(this.#engine, instrument, BUY, price);
    const sellers = new Front(this.#engine, instrument, SELL, price);
    let last = 0;
    for (let buyer = buyers.next(), seller = sellers.next(); buyer !== 0 && seller !== 0; buyer = buyers.next(), seller = sellers.next()) {
      if (seller !== last) this.#ruleBook.loadTaker(seller, this.#engine.specials.of(seller));
      const lots = Math.min(this.#orders[buyer * ORDER_WORDS + O_LEFT], this.#orders[seller * ORDER_WORDS + O_LEFT]);
      this.#pair(buyers, buyer, sellers, seller, price, lots, seller !== last);
      last = seller;
    }
  }

  #pair(buyers: Front, buyer: number, sellers: Front, seller: number, price: number, lots: number, isNew: boolean): void {
    const { specials, settlement, writer, taker, memory } = this.#engine;
    const buyerRecord = specials.of(buyer);
    const sellerRecord = specials.of(seller);
    const hold = this.#ruleBook.facts.holdOf(buyer, buyerRecord);
    const [buyerList, sellerList] = [buyerRecord, sellerRecord].map((r) => (r === 0 ? 0 : this.#specials[r * WORDS + LIST]));
    const buyerShown = this.#takeTraded(buyers, buyer, buyerRecord, lots);
    const sellerShown = this.#takeTraded(sellers, seller, sellerRecord, lots);
    const buyerLeft = this.#ruleBook.facts.leftOf(buyer, buyerRecord);
    const sellerLeft = this.#ruleBook.facts.leftOf(seller, sellerRecord);
    for (const [record, left] of [
      [buyerRecord, buyerLeft],
      [sellerRecord, sellerLeft],
    ])
      if (record !== 0 && left === 0) this.#ruleBook.ending.filled(record);
    settlement.settle(taker, buyer, price, lots, buyerLeft, hold, isNew, IN_AUCTION);
    for (const side of [BUY, SELL]) writer.balance(taker.account, this.#ruleBook.facts.paidBy(taker.instrument, side));
    if (buyerShown > 0) writer.order(EVENT.SHOWN, 0, 0, buyer, buyers.price, buyerShown, buyerLeft);
    if (sellerShown > 0) writer.order(EVENT.SHOWN, 0, 0, seller, sellers.price, sellerShown, sellerLeft);
    if (buyerList !== 0) this.#ruleBook.lists.traded(buyerList, buyer, buyerLeft === 0);
    if (sellerList !== 0) this.#ruleBook.lists.traded(sellerList, seller, sellerLeft === 0);
    if (buyerLeft === 0) memory.orders.give(buyer);
    if (sellerLeft === 0) this.#ruleBook.ending.closeFilled(seller, sellerRecord);
  }

  /** Takes traded lots out of the book. Returns what an iceberg displays anew, 0: nothing. */
  #takeTraded(front: Front, slot: number, record: number, lots: number): number {
    if (lots === this.#orders[slot * ORDER_WORDS + O_LEFT]) front.passOver(slot);
    return this.#ruleBook.ending.takeTraded(front.book, slot, record, front.side, front.price, lots);
  }

  #surplusAt(price: number, bids: readonly Level[], asks: readonly Level[]): number {
    const sum = (levels: readonly Level[], counts: (price: number) => boolean) =>
      levels.reduce((total, [at, lots]) => (counts(at) ? total + lots : total), 0);
    return sum(bids, (at) => at >= price) - sum(asks, (at) => at <= price);
  }

  /** What takes part on each side, best first: what is displayed, reserves, and hidden orders without conditions. */
  #levels(instrument: number): [bids: Level[], asks: Level[]] {
    const { books } = this.#engine.instruments;
    const { specials } = this.#engine;
    const sides = [BUY, SELL].map((side) => new Map<number, number>(books[instrument].depth(side)));
    for (let record = specials.hiding.first(hidingList(instrument)); record !== 0; record = specials.hiding.after(record)) {
      const at = specials.slotOf(record) * ORDER_WORDS;
      let lots = 0;
      if (specials.whereOf(record) === WHERE.DISPLAYED) lots = this.#specials[record * WORDS + RESERVE];
      else if (this.#specials[record * WORDS + MIN_QUANTITY] === 0) lots = this.#orders[at + O_LEFT];
      const levels = sides[(this.#orders[at + orderRecord.TERMS] >>> 16) & 1];
      const price = this.#orders[at + orderRecord.PRICE];
      levels.set(price, (levels.get(price) ?? 0) + lots);
    }
    const [bids, asks] = sides.map((levels) => [...levels].filter(([, lots]) => lots > 0));
    return [bids.sort(([a], [b]) => b - a), asks.sort(([a], [b]) => a - b)];
  }
}

/** The orders of a side that an auction trades, one after the other: by price, displayed before hidden, then by time. */
class Front {
  readonly side: Side;
  /** of the order that next() gave: its book and its price */
  book: OrderBook;
  price = 0;
  readonly #displayedBook: OrderBook;
  readonly #hiddenBook: OrderBook | undefined;
  readonly #limit: number;
  readonly #engine: Engine;
  /** first order of the hidden book that was not passed over yet, and its price; 0: the end */
  #hiddenSlot = 0;
  #hiddenPrice = 0;

  constructor(engine: Engine, instrument: number, side: Side, limit: number) {
    this.side = side;
    this.#engine = engine;
    this.#displayedBook = engine.instruments.books[instrument];
    this.#hiddenBook = engine.instruments.hiddenBooks[instrument];
    this.book = this.#displayedBook;
    this.#limit = limit;
    if (this.#hiddenBook !== undefined) {
      this.#hiddenPrice = this.#hiddenBook.best(side);
      this.#hiddenSlot = this.#hiddenPrice === 0 ? 0 : this.#hiddenBook.first(side, this.#hiddenPrice);
      this.#skipConditional();
    }
  }

  /** The slot of the next order, 0: none is left within the limit. */
  next(): number {
    const displayedPrice = this.#displayedBook.best(this.side);
    const isDisplayedNext = displayedPrice !== 0 && (this.#hiddenSlot === 0 || !this.#isBetter(this.#hiddenPrice, displayedPrice));
    this.price = isDisplayedNext ? displayedPrice : this.#hiddenSlot === 0 ? 0 : this.#hiddenPrice;
    if (this.price === 0 || this.#isBetter(this.#limit, this.price)) return 0;
    this.book = isDisplayedNext ? this.#displayedBook : this.#hiddenBook!;
    return isDisplayedNext ? this.#displayedBook.first(this.side, displayedPrice) : this.#hiddenSlot;
  }

  /** Called before an order leaves its book. */
  passOver(slot: number): void {
    if (slot !== this.#hiddenSlot) return;
    this.#advance();
    this.#skipConditional();
  }

  #isBetter(a: number, b: number): boolean {
    return this.side === BUY ? a > b : a < b;
  }

  #skipConditional(): void {
    const { specials } = this.#engine;
    while (this.#hiddenSlot !== 0 && specials.i32[specials.of(this.#hiddenSlot) * WORDS + MIN_QUANTITY] > 0) this.#advance();
  }

  #advance(): void {
    this.#hiddenSlot = this.#engine.memory.orders.i32[this.#hiddenSlot * ORDER_WORDS + O_NEXT];
    if (this.#hiddenSlot !== 0) return;
    this.#hiddenPrice = this.#hiddenBook!.behind(this.side, this.#hiddenPrice);
    if (this.#hiddenPrice !== 0) this.#hiddenSlot = this.#hiddenBook!.first(this.side, this.#hiddenPrice);
  }
}
