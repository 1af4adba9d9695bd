import type { OrderBook } from '@outcry/book/order-book';
import { order as orderRecord } from '@outcry/book/records';
import { EVENT, IS_MAKER, PREVENTED } from '@outcry/market/event';
import {
  BUY,
  MARKET_BY_AMOUNT,
  type Side,
  STP_DECREMENT,
  STP_EXPIRE_BOTH,
  STP_EXPIRE_MAKER,
  STP_EXPIRE_TAKER,
  STP_NONE,
} from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { ACCOUNT_RULE, INSTRUMENT_RULE, mulDiv } from '@outcry/market/rules';
import type { Engine } from '../engine.ts';
import { instrument as instrumentRecord } from '../instruments.ts';
import type { Taker } from '../taker.ts';
import { bandEnd, nearer, noLimit, reached } from './prices.ts';
import type { RuleBook } from './rule-book.ts';
import { special } from './special-orders.ts';

const { WORDS: ORDER_WORDS, QUANTITY: O_LEFT, NEXT: O_NEXT, ID: O_GENERATION, ACCOUNT: O_ACCOUNT } = orderRecord;
const { F64_WORDS: INSTRUMENT_NUMBERS, F64_PREVENTED } = instrumentRecord;
const { WORDS: SPECIAL_WORDS, MIN_QUANTITY, LIST } = special;
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * Matching of one incoming order by the whole rule book: displayed before hidden, icebergs, conditions, self-trade prevention,
 * allocation, the dynamic band. Order by order, where the plain path takes levels.
 */
export class Matching {
  /** The incoming order's self-trade prevention and minimum quantity. */
  selfTrade = STP_NONE;
  minQuantity = 0;
  /** What a survey found: lots that would trade, and for how many tick-lots (-1: beyond 2^53 - 1). */
  lots = 0;
  cost = 0;
  readonly #engine: Engine;
  readonly #ruleBook: RuleBook;
  readonly #orders: Int32Array;
  readonly #specials: Int32Array;
  #lastPrice = 0;
  #slots = new Int32Array(64);
  #given = new Int32Array(64);

  constructor(engine: Engine, ruleBook: RuleBook) {
    this.#engine = engine;
    this.#ruleBook = ruleBook;
    this.#orders = engine.memory.orders.i32;
    this.#specials = engine.specials.i32;
  }

  /** The best price at which a side has any order, displayed or not; 0: it is empty. */
  best(instrument: number, side: Side): number {
    const { books, hiddenBooks } = this.#engine.instruments;
    const hiddenBook = hiddenBooks[instrument];
    return nearer(side, books[instrument].best(side), hiddenBook === undefined ? 0 : hiddenBook.best(side));
  }

  /** Whether an order of a side meets any order at a price. */
  reaches(instrument: number, side: Side, price: number): boolean {
    const best = this.best(instrument, (1 - side) as Side);
    return best !== 0 && (side === BUY ? best <= price : best >= price);
  }

  /**
   * Trades the engine's taker as far as its price and the rules allow.
   * @returns NONE, or why what is left of it must not trade on: SELF_TRADE, CIRCUIT_BREAKER
   */
  match(): number {
    const { taker, instruments } = this.#engine;
    const other = (1 - taker.side) as Side;
    const displayedBook = instruments.books[taker.instrument];
    const hiddenBook = instruments.hiddenBooks[taker.instrument];
    const band = this.#band(taker.instrument, taker.side);
    const byTime = instruments.isByTime(taker.instrument);
    this.#lastPrice = 0;
    let price = this.best(taker.instrument, other);
    while (price !== 0 && taker.left > 0 && reached(taker.side, taker.price, price)) {
      if (!reached(taker.side, band, price)) return REASON.CIRCUIT_BREAKER;
      const stop = byTime ? this.#matchByTime(displayedBook, other, price) : this.#matchByShare(displayedBook, other, price);
      if (stop !== REASON.NONE) return stop;
      if (hiddenBook !== undefined && taker.left > 0) {
        const stopHidden = this.#matchHidden(hiddenBook, other, price);
        if (stopHidden !== REASON.NONE) return stopHidden;
      }
      price = nearer(other, displayedBook.behind(other, price), hiddenBook === undefined ? 0 : hiddenBook.behind(other, price));
    }
    return REASON.NONE;
  }

  /**
   * What the taker would trade now, without trading: sets `lots` and `cost`.
   * @param want at most so many lots @param budget at most so many tick-lots
   */
  survey(want: number, budget = NO_LIMIT): void {
    const { taker, instruments } = this.#engine;
    const other = (1 - taker.side) as Side;
    const displayedBook = instruments.books[taker.instrument];
    const hiddenBook = instruments.hiddenBooks[taker.instrument];
    const band = this.#band(taker.instrument, taker.side);
    const survey = new Survey(want, budget);
    let price = this.best(taker.instrument, other);
    while (price !== 0 && !survey.done && reached(taker.side, taker.price, price) && reached(taker.side, band, price)) {
      this.#surveyDisplayed(survey, displayedBook, other, price);
      if (hiddenBook !== undefined && !survey.done) this.#surveyHidden(survey, hiddenBook, other, price);
      price = nearer(other, displayedBook.behind(other, price), hiddenBook === undefined ? 0 : hiddenBook.behind(other, price));
    }
    this.lots = survey.lots;
    this.cost = survey.cost;
  }

  /** Units of quote that the taker would pay for so many lots now, Infinity: more than can be counted. */
  unitsToBuy(lots: number): number {
    this.survey(lots);
    return this.cost < 0 ? Number.POSITIVE_INFINITY : this.#ruleBook.facts.perLot(this.#engine.taker.instrument, BUY, this.cost);
  }

  // ── At one price ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #matchByTime(displayedBook: OrderBook, side: Side, price: number): number {
    const { taker } = this.#engine;
    for (let slot = displayedBook.first(side, price); slot !== 0 && taker.left > 0; slot = displayedBook.first(side, price)) {
      if (this.#meetsOwn(taker, slot)) {
        const stop = this.#prevent(slot, price);
        if (stop !== REASON.NONE) return stop;
      } else this.#trade(displayedBook, slot, side, price, Math.min(taker.left, this.#orders[slot * ORDER_WORDS + O_LEFT]));
    }
    return REASON.NONE;
  }

  #matchHidden(hiddenBook: OrderBook, side: Side, price: number): number {
    const { taker } = this.#engine;
    let next = 0;
    for (let slot = hiddenBook.first(side, price); slot !== 0 && taker.left > 0; slot = next) {
      next = this.#orders[slot * ORDER_WORDS + O_NEXT];
      const left = this.#orders[slot * ORDER_WORDS + O_LEFT];
      if (!this.#suits(slot, left, taker.left)) continue;
      if (this.#meetsOwn(taker, slot)) {
        const stop = this.#prevent(slot, price);
        if (stop !== REASON.NONE) return stop;
      } else this.#trade(hiddenBook, slot, side, price, Math.min(taker.left, left));
    }
    return REASON.NONE;
  }

  /** Allocation: docs/rules.md, "Matching policies". */
  #matchByShare(displayedBook: OrderBook, side: Side, price: number): number {
    const { taker } = this.#engine;
    while (taker.left > 0 && displayedBook.first(side, price) !== 0) {
      const stop = this.#preventAll(displayedBook, side, price);
      if (stop !== REASON.NONE) return stop;
      const total = displayedBook.lotsAt(side, price);
      if (total === 0 || taker.left <= 0) break;
      const count = this.#queue(displayedBook, side, price);
      if (taker.left >= total) for (let i = 0; i < count; i++) this.#given[i] = this.#orders[this.#slots[i] * ORDER_WORDS + O_LEFT];
      else this.#allocate(count, total, taker.left, taker.instrument);
      for (let i = 0; i < count; i++) if (this.#given[i] > 0) this.#trade(displayedBook, this.#slots[i], side, price, this.#given[i]);
    }
    return REASON.NONE;
  }

  /** Shares out lots, fewer than all of the queue's, among its orders: fills `given`. */
  #allocate(count: number, total: number, lots: number, instrument: number): void {
    const { instruments } = this.#engine;
    const sizeOf = (i: number) => this.#orders[this.#slots[i] * ORDER_WORDS + O_LEFT];
    const given = this.#given.fill(0, 0, count);
    given[0] = Math.min(sizeOf(0), mulDiv(lots, instruments.rule(instrument, INSTRUMENT_RULE.TOP_SHARE), 100));
    let left = lots - given[0];
    const byTime = (most: number) => {
      let toGive = most;
      for (let i = 0; i < count && toGive > 0; i++) {
        const more = Math.min(sizeOf(i) - given[i], toGive);
        given[i] += more;
        toGive -= more;
      }
      left -= most - toGive;
    };
    byTime(mulDiv(left, instruments.rule(instrument, INSTRUMENT_RULE.FIFO_SHARE), 100));
    const rest = total - (lots - left);
    const toShare = left;
    const least = instruments.rule(instrument, INSTRUMENT_RULE.MIN_ALLOCATION);
    for (let i = 0; i < count && rest > 0; i++) {
      const share = mulDiv(toShare, sizeOf(i) - given[i], rest);
      if (share < least) continue;
      given[i] += share;
      left -= share;
    }
    byTime(left);
  }

  /** The orders of a price, oldest first: fills `slots`. */
  #queue(displayedBook: OrderBook, side: Side, price: number): number {
    let count = 0;
    for (let slot = displayedBook.first(side, price); slot !== 0; slot = this.#orders[slot * ORDER_WORDS + O_NEXT]) {
      if (count === this.#slots.length) {
        const more = new Int32Array(count * 2);
        more.set(this.#slots);
        this.#slots = more;
        this.#given = new Int32Array(count * 2);
      }
      this.#slots[count++] = slot;
    }
    return count;
  }

  #trade(book: OrderBook, slot: number, side: Side, price: number, lots: number): void {
    const { settlement, memory, specials, writer, taker } = this.#engine;
    const record = specials.of(slot);
    const hold = this.#ruleBook.facts.holdOf(slot, record);
    const list = record === 0 ? 0 : this.#specials[record * SPECIAL_WORDS + LIST];
    const shown = this.#ruleBook.ending.takeTraded(book, slot, record, side, price, lots);
    const left = this.#ruleBook.facts.leftOf(slot, record);
    if (record !== 0 && left === 0) this.#ruleBook.ending.filled(record);
    settlement.settle(taker, slot, price, lots, left, hold, price !== this.#lastPrice, 0);
    this.#lastPrice = price;
    if (shown > 0) writer.order(EVENT.SHOWN, 0, 0, slot, price, shown, left);
    if (list !== 0) this.#ruleBook.lists.traded(list, slot, left === 0);
    if (left === 0) memory.orders.give(slot);
  }

  /** Whether an order of the hidden book may trade with an incoming order of so many lots. */
  #suits(slot: number, left: number, incoming: number): boolean {
    const least = this.#specials[this.#engine.specials.of(slot) * SPECIAL_WORDS + MIN_QUANTITY];
    if (least === 0) return true;
    return this.#engine.taker.kind !== MARKET_BY_AMOUNT && incoming >= Math.min(least, left);
  }

  // ── Self-trades ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #meetsOwn(taker: Taker, slot: number): boolean {
    return this.selfTrade !== STP_NONE && this.#engine.accounts.areOne(taker.account, this.#orders[slot * ORDER_WORDS + O_ACCOUNT]);
  }

  /** What self-trade prevention does about an order met. Returns why the taker stops, NONE if it goes on. */
  #prevent(slot: number, price: number): number {
    const { taker, specials } = this.#engine;
    const left = this.#ruleBook.facts.leftOf(slot, specials.of(slot));
    const lots = Math.min(left, taker.left);
    switch (this.selfTrade) {
      case STP_EXPIRE_TAKER:
        this.#report(slot, price, lots, 0, taker.left);
        return REASON.SELF_TRADE;
      case STP_EXPIRE_BOTH:
        this.#report(slot, price, lots, left, taker.left);
        this.#ruleBook.ending.end(slot, REASON.SELF_TRADE);
        return REASON.SELF_TRADE;
      case STP_DECREMENT:
        return this.#decrement(slot, lots, left, this.#report(slot, price, lots, lots, lots));
      default:
        this.#report(slot, price, lots, left, 0);
        this.#ruleBook.ending.end(slot, REASON.SELF_TRADE);
        return REASON.NONE;
    }
  }

  /**
   * Reports a prevented match. Returns its number.
   * @param lots that would have traded @param ofMaker lots that the order met loses @param ofTaker lots that the taker loses
   */
  #report(slot: number, price: number, lots: number, ofMaker: number, ofTaker: number): number {
    const { taker, writer, accounts, instruments } = this.#engine;
    const match = ++instruments.f64[taker.instrument * INSTRUMENT_NUMBERS + F64_PREVENTED];
    const group = accounts.get(taker.account, ACCOUNT_RULE.GROUP);
    writer.fill(EVENT.PREVENTED_MATCH, IS_MAKER, this.selfTrade, slot, price, ofMaker, group, match, lots);
    writer.fill(EVENT.PREVENTED_MATCH, 0, this.selfTrade, taker.slot, price, ofTaker, group, match, lots);
    return match;
  }

  /** @param lots that both lose @param left all that the order met has */
  #decrement(slot: number, lots: number, left: number, match: number): number {
    const { taker, preventedLots } = this.#engine;
    const takerEnds = lots === taker.left;
    if (lots === left) this.#ruleBook.ending.end(slot, REASON.SELF_TRADE);
    else {
      preventedLots.add(slot, this.#orders[slot * ORDER_WORDS + O_GENERATION], lots, match);
      this.#ruleBook.ending.lower(slot, lots, PREVENTED);
    }
    if (takerEnds) return REASON.SELF_TRADE;
    preventedLots.add(taker.slot, taker.generation, lots, match);
    this.#ruleBook.ending.lowerTaker(lots);
    return REASON.NONE;
  }

  #preventAll(displayedBook: OrderBook, side: Side, price: number): number {
    const { taker } = this.#engine;
    if (this.selfTrade === STP_NONE) return REASON.NONE;
    let next = 0;
    for (let slot = displayedBook.first(side, price); slot !== 0; slot = next) {
      next = this.#orders[slot * ORDER_WORDS + O_NEXT];
      if (!this.#meetsOwn(taker, slot)) continue;
      const stop = this.#prevent(slot, price);
      if (stop !== REASON.NONE) return stop;
    }
    return REASON.NONE;
  }

  // ── Surveying ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #surveyDisplayed(survey: Survey, displayedBook: OrderBook, side: Side, price: number): void {
    const { taker, instruments, specials } = this.#engine;
    const byTime = instruments.isByTime(taker.instrument);
    if (!byTime && this.selfTrade !== STP_NONE) {
      for (let slot = displayedBook.first(side, price); slot !== 0; slot = this.#orders[slot * ORDER_WORDS + O_NEXT])
        this.#surveyOwn(survey, slot);
    }
    let reserves = 0;
    for (let slot = displayedBook.first(side, price); slot !== 0 && !survey.done; slot = this.#orders[slot * ORDER_WORDS + O_NEXT]) {
      if (this.#meetsOwn(taker, slot)) {
        if (byTime) this.#surveyOwn(survey, slot);
        continue;
      }
      const record = specials.of(slot);
      const displayed = this.#orders[slot * ORDER_WORDS + O_LEFT];
      survey.take(displayed, price);
      reserves += this.#ruleBook.facts.leftOf(slot, record) - displayed;
    }
    if (!survey.done) survey.take(reserves, price);
  }

  #surveyHidden(survey: Survey, hiddenBook: OrderBook, side: Side, price: number): void {
    const { taker } = this.#engine;
    for (let slot = hiddenBook.first(side, price); slot !== 0 && !survey.done; slot = this.#orders[slot * ORDER_WORDS + O_NEXT]) {
      const left = this.#orders[slot * ORDER_WORDS + O_LEFT];
      if (!this.#suits(slot, left, survey.want)) continue;
      if (this.#meetsOwn(taker, slot)) this.#surveyOwn(survey, slot);
      else survey.take(left, price);
    }
  }

  #surveyOwn(survey: Survey, slot: number): void {
    if (survey.done || !this.#meetsOwn(this.#engine.taker, slot) || this.selfTrade === STP_EXPIRE_MAKER) return;
    if (this.selfTrade === STP_DECREMENT)
      survey.want -= Math.min(survey.want, this.#ruleBook.facts.leftOf(slot, this.#engine.specials.of(slot)));
    if (this.selfTrade !== STP_DECREMENT || survey.want === 0) survey.done = true;
  }

  /** The last price that an incoming order may trade at. */
  #band(instrument: number, side: Side): number {
    const { instruments } = this.#engine;
    const share = instruments.rule(instrument, INSTRUMENT_RULE.DYNAMIC_BAND);
    const reference = instruments.reference(instrument);
    return share === 0 || reference === 0 ? noLimit(side) : bandEnd(side, reference, share);
  }
}

/** What an incoming order would trade so far. */
class Survey {
  lots = 0;
  cost = 0;
  done = false;
  want: number;
  #budget: number;

  constructor(want: number, budget: number) {
    this.want = want;
    this.#budget = budget;
    this.done = want === 0;
  }

  /** Trades up to so many lots at a price. */
  take(there: number, price: number): void {
    const affordable = this.#budget === NO_LIMIT ? there : Math.min(there, Math.floor(this.#budget / price));
    const lots = Math.min(affordable, this.want);
    this.lots += lots;
    this.want -= lots;
    if (this.#budget !== NO_LIMIT) this.#budget -= lots * price;
    if (this.cost >= 0) this.cost += lots * price;
    if (this.cost > Number.MAX_SAFE_INTEGER) this.cost = -1;
    if (this.want === 0 || affordable < there) this.done = true;
  }
}
