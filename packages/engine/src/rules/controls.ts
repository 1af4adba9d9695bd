/** The checks before an order is accepted by the rule book. */
import {
  AT_CLOSE,
  AT_OPEN,
  BUY,
  FOK,
  IOC,
  LIMIT,
  MARKET,
  MARKET_BY_AMOUNT,
  MARKET_TO_LIMIT,
  MAX_PRICE,
  MAX_QUANTITY,
  MIN_PRICE,
  PEG_MID,
  PEG_PRIMARY,
  SELL,
  type Side,
} from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { ACCOUNT_RULE, INSTRUMENT_RULE } from '@outcry/market/rules';
import { isCall, PERMISSION, TRADING_STATE } from '@outcry/market/states';
import { PEG_LEVELS, pegOf } from '@outcry/market/terms';
import { COUNTED, ENTRY_RULES } from '../account-rules.ts';
import type { Engine } from '../engine.ts';
import { instrumentRule } from '../instruments.ts';
import type { Entry } from './entry.ts';
import { OF_ICEBERGS, OF_LISTS, OF_TRIGGERS } from './open-counts.ts';
import { bandEnd, noLimit, reached } from './prices.ts';
import type { RuleBook } from './rule-book.ts';
import { areTermsValid } from './valid-terms.ts';

const MOST_PEGS = 1000;

const NO_OTHERS: readonly Entry[] = [];
const hasTrigger = (e: Entry) => e.hasTrigger;
const isIceberg = (e: Entry) => e.display > 0;

/**
 * All that an order is checked for before it is accepted, in the order of docs/rules.md, "Controls". Prices that follow from the market
 * are worked out on the way. Changes nothing but the counts of messages.
 */
export class Controls {
  readonly #engine: Engine;
  readonly #ruleBook: RuleBook;

  constructor(engine: Engine, ruleBook: RuleBook) {
    this.#engine = engine;
    this.#ruleBook = ruleBook;
  }

  /**
   * @param waits whether it enters only when another order of its list is done: then it is not held against the market and the balance yet
   * @param others orders of its list that were accepted before it, if it is of one
   * @returns a reason, NONE if it may enter
   */
  check(e: Entry, waits = false, others: readonly Entry[] = NO_OTHERS): number {
    return (
      this.#checkPermission(e) ||
      this.#checkTerms(e) ||
      this.#checkPrice(e, waits) ||
      this.#checkQuantity(e, waits) ||
      this.#checkRoom(e, others.length) ||
      this.#checkCounts(e, others) ||
      this.#checkWorth(e, waits)
    );
  }

  /** Why an account may not cancel or amend in an instrument, NONE if it may. */
  checkCancel(account: number, instrument: number): number {
    if (this.#engine.accounts.get(account, ACCOUNT_RULE.STATUS) === PERMISSION.SUSPENDED) return REASON.ACCOUNT_RESTRICTED;
    if (this.#engine.instruments.rule(instrument, INSTRUMENT_RULE.STATUS) === PERMISSION.SUSPENDED) return REASON.NOT_TRADING;
    return REASON.NONE;
  }

  /** Counts a message of an account that has limits. Returns why it is refused, NONE if it is not. */
  countMessage(account: number): number {
    const { accounts, writer } = this.#engine;
    if ((accounts.modes[account] & (ENTRY_RULES | COUNTED)) === 0) return REASON.NONE;
    accounts.countMessage(account, writer.time);
    return accounts.tooManyMessages(account) ? REASON.TOO_MANY_MESSAGES : REASON.NONE;
  }

  /** Where a peg's price is now, in ticks; 0: there is none. @param limit 0: none */
  pegPrice(instrument: number, side: Side, flags: number, pegOffset: number, limit: number): number {
    const book = this.#engine.instruments.books[instrument];
    const [bid, ask] = [book.bestBid, book.bestAsk];
    let price: number;
    if (pegOf(flags) === PEG_MID) {
      if (bid === 0 || ask === 0) return 0;
      price = Math.floor((bid + ask + (side === SELL ? 1 : 0)) / 2);
    } else {
      const from = pegOf(flags) === PEG_PRIMARY ? side : ((1 - side) as Side);
      price = from === BUY ? bid : ask;
      if ((flags & PEG_LEVELS) !== 0) {
        for (let level = 0; level < pegOffset && price !== 0; level++) price = book.behind(from, price);
        return price;
      }
      if (price === 0) return 0;
    }
    price += pegOffset;
    if (limit !== 0) price = side === BUY ? Math.min(price, limit) : Math.max(price, limit);
    return price < MIN_PRICE || price > MAX_PRICE ? 0 : price;
  }

  /** Where a post-only order may stand: its price, or the one that it slides to; 0: nowhere. */
  postingPrice(instrument: number, side: Side, limit: number, slides: boolean): number {
    const { matching } = this.#ruleBook;
    if (!matching.reaches(instrument, side, limit)) return limit;
    if (!slides) return 0;
    const best = matching.best(instrument, (1 - side) as Side);
    const price = side === BUY ? best - 1 : best + 1;
    return price < MIN_PRICE || price > MAX_PRICE ? 0 : price;
  }

  // ── The checks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #checkPermission(e: Entry): number {
    const { instruments, ledger, accounts } = this.#engine;
    if (!instruments.has(e.instrument)) return REASON.UNKNOWN_INSTRUMENT;
    if (!ledger.hasAccount(e.account)) return REASON.UNKNOWN_ACCOUNT;
    if (accounts.isRestricted(e.account)) return REASON.ACCOUNT_RESTRICTED;
    const state = instruments.state(e.instrument);
    const isOpen = instruments.rule(e.instrument, INSTRUMENT_RULE.STATUS) === PERMISSION.NORMAL;
    if (!isOpen || state === TRADING_STATE.HALTED || state === TRADING_STATE.CLOSED) return REASON.NOT_TRADING;
    if (this.#ruleBook.massCancels.refuses(e)) return REASON.MASS_CANCEL;
    const tooMany = this.countMessage(e.account);
    if (tooMany !== REASON.NONE) return tooMany;
    return accounts.tooFewTrades(e.account) ? REASON.ORDER_TO_TRADE : REASON.NONE;
  }

  #checkTerms(e: Entry): number {
    if (!areTermsValid(e)) return REASON.INVALID_TERMS;
    const state = this.#engine.instruments.state(e.instrument);
    if (e.timeInForce === AT_OPEN && state !== TRADING_STATE.PRE_OPEN && state !== TRADING_STATE.OPENING_AUCTION)
      return REASON.NOT_IN_AUCTION;
    if (isCall(state) && !e.hasTrigger) {
      const forAuction = e.timeInForce === AT_OPEN || e.timeInForce === AT_CLOSE;
      const canRest = e.kind === LIMIT ? e.timeInForce !== IOC && e.timeInForce !== FOK && !e.pegsOnce : e.kind === MARKET && forAuction;
      if (!canRest) return REASON.NOT_IN_AUCTION;
    }
    return e.expiry > 0 && e.expiry <= this.#engine.writer.time ? REASON.INVALID_EXPIRY : REASON.NONE;
  }

  #checkPrice(e: Entry, waits: boolean): number {
    const { instruments } = this.#engine;
    const reason = this.#setPrice(e);
    if (reason !== REASON.NONE) return reason;
    if (e.hasTrigger) {
      const inRange = e.stopPrice >= MIN_PRICE && e.stopPrice <= MAX_PRICE;
      if (!inRange && !(e.trails && e.stopPrice === 0)) return REASON.INVALID_PRICE;
      if (e.trails && !waits && this.#ruleBook.triggers.watched(e.instrument, e.side, e.flags) === 0) return REASON.NO_REFERENCE;
    }
    if (e.kind !== LIMIT || e.price === 0) return REASON.NONE;
    const band = instruments.rule(e.instrument, INSTRUMENT_RULE.STATIC_BAND);
    const centre = instruments.rule(e.instrument, INSTRUMENT_RULE.REFERENCE_PRICE);
    const isOutside = e.price > bandEnd(BUY, centre, band) || e.price < bandEnd(SELL, centre, band);
    if (band !== 0 && centre !== 0 && isOutside) return REASON.PRICE_OUT_OF_BAND;
    const distance = instruments.rule(e.instrument, INSTRUMENT_RULE.MAX_DISTANCE);
    const reference = instruments.reference(e.instrument);
    const isTooFar = !reached(e.side, bandEnd(e.side, reference, distance), e.price);
    if (distance !== 0 && reference !== 0 && isTooFar) return REASON.PRICE_TOO_FAR;
    if (!e.postOnly || e.hasTrigger || waits || isCall(instruments.state(e.instrument))) return REASON.NONE;
    e.price = this.postingPrice(e.instrument, e.side, e.price, e.slides);
    return e.price === 0 ? REASON.WOULD_TAKE : REASON.NONE;
  }

  /** The limit price, or what stands for it. Market orders that become limit orders do so here. */
  #setPrice(e: Entry): number {
    const { instruments } = this.#engine;
    if (e.timeInForce === AT_OPEN || e.timeInForce === AT_CLOSE) {
      if (e.kind === MARKET) {
        const band = instruments.rule(e.instrument, INSTRUMENT_RULE.STATIC_BAND);
        const centre = instruments.rule(e.instrument, INSTRUMENT_RULE.REFERENCE_PRICE);
        if (band === 0 || centre === 0) return REASON.NO_REFERENCE;
        e.price = bandEnd(e.side, centre, band);
        e.kind = LIMIT;
      }
    } else if (e.kind === MARKET_TO_LIMIT) {
      e.price = instruments.books[e.instrument].best((1 - e.side) as Side);
      e.kind = LIMIT;
      if (e.price === 0) return REASON.NO_REFERENCE;
    } else if (e.kind !== LIMIT) {
      e.price = noLimit(e.side);
      if (!e.hasTrigger && e.timeInForce !== FOK) e.timeInForce = IOC;
    } else if (e.pegsOnce) {
      if (e.hasTrigger) return REASON.NONE;
      e.price = this.pegPrice(e.instrument, e.side, e.flags, e.pegOffset, 0);
      if (e.price === 0) return REASON.NO_REFERENCE;
    }
    return e.kind === LIMIT && (e.price < MIN_PRICE || e.price > MAX_PRICE) ? REASON.INVALID_PRICE : REASON.NONE;
  }

  #checkQuantity(e: Entry, waits: boolean): number {
    if (e.kind !== MARKET_BY_AMOUNT) {
      if (e.quantity < 1) return REASON.INVALID_QUANTITY;
      const most = this.#engine.instruments.rule(e.instrument, INSTRUMENT_RULE.MAX_QUANTITY);
      if (most !== 0 && e.quantity > most) return REASON.QUANTITY_TOO_LARGE;
    }
    const reached = e.hasTrigger && !e.trails && !waits && this.#ruleBook.triggers.isReached(e.instrument, e.side, e.flags, e.stopPrice);
    return reached ? REASON.WOULD_TRIGGER : REASON.NONE;
  }

  #checkRoom(e: Entry, others: number): number {
    const { memory, details, accounts, instruments, limits } = this.#engine;
    if (memory.orders.inUse + others >= limits.orders) return REASON.OUT_OF_ORDERS;
    if (e.follows && instruments.ruleWords[e.instrument * instrumentRule.WORDS + instrumentRule.PEGS] >= MOST_PEGS)
      return REASON.TOO_MANY_PEGS;
    if ((e.low | e.high) !== 0 && details.find(e.account, e.low, e.high) !== 0) return REASON.DUPLICATE_CLIENT_ID;
    const most = accounts.get(e.account, ACCOUNT_RULE.MAX_OPEN_ORDERS);
    return most !== 0 && accounts.openOrders(e.account) + others >= most ? REASON.TOO_MANY_OPEN_ORDERS : REASON.NONE;
  }

  /** An instrument's limits of an account's open orders of some kinds. */
  #checkCounts(e: Entry, others: readonly Entry[]): number {
    if (e.hasTrigger && this.#isFull(e, INSTRUMENT_RULE.MAX_ALGO_ORDERS, OF_TRIGGERS, others.filter(hasTrigger).length))
      return REASON.TOO_MANY_ALGO_ORDERS;
    if (e.display > 0 && this.#isFull(e, INSTRUMENT_RULE.MAX_ICEBERG_ORDERS, OF_ICEBERGS, others.filter(isIceberg).length))
      return REASON.TOO_MANY_ICEBERGS;
    return REASON.NONE;
  }

  /** Whether an account may have no more lists on an instrument. */
  hasTooManyLists(e: Entry): boolean {
    return this.#isFull(e, INSTRUMENT_RULE.MAX_ORDER_LISTS, OF_LISTS, 0);
  }

  #isFull({ account, instrument }: Entry, rule: number, kind: number, others: number): boolean {
    const { instruments, specials } = this.#engine;
    const most = instruments.rule(instrument, rule);
    return most !== 0 && specials.counts.of(account, instrument, kind) + others >= most;
  }

  /** What it may cost: sizes orders by amount, and sets `need`. */
  #checkWorth(e: Entry, waits: boolean): number {
    const { instruments, ledger, accounts } = this.#engine;
    const { facts, matching } = this.#ruleBook;
    const isMarket = e.kind !== LIMIT && !e.hasTrigger && !waits;
    this.#faceMarket(e);
    if (e.kind === MARKET_BY_AMOUNT) {
      const reason = this.#size(e);
      if (reason !== REASON.NONE) return reason;
    }
    if (e.side === BUY && !waits) {
      const base = facts.base(e.instrument);
      const position = accounts.position(e.account, base);
      const has = ledger.available(e.account, base) + ledger.held(e.account, base);
      const more = facts.baseUnits(e.instrument, BUY, e.quantity);
      if (position !== undefined && has + position.openBuys + more > position.most) return REASON.POSITION_LIMIT;
    }
    const mostNotional = instruments.rule(e.instrument, INSTRUMENT_RULE.MAX_NOTIONAL);
    const limit = e.kind === LIMIT ? e.price : 0;
    if (mostNotional !== 0 && e.quantity * facts.perLot(e.instrument, BUY, limit) > mostNotional) return REASON.NOTIONAL_TOO_LARGE;
    e.need = e.quantity * facts.perLot(e.instrument, e.side, limit);
    if (e.need > Number.MAX_SAFE_INTEGER) return REASON.OVERFLOW;
    if (waits) return REASON.NONE;
    const paid = facts.paidBy(e.instrument, e.side);
    if (!isMarket || e.side === SELL) return ledger.covers(e.account, paid, e.need) ? REASON.NONE : REASON.INSUFFICIENT_BALANCE;
    const cost = matching.unitsToBuy(e.quantity);
    if (cost === Number.POSITIVE_INFINITY) return REASON.OVERFLOW;
    if (mostNotional !== 0 && cost > mostNotional) return REASON.NOTIONAL_TOO_LARGE;
    if (cost > Number.MAX_SAFE_INTEGER) return REASON.OVERFLOW;
    return ledger.covers(e.account, paid, cost) ? REASON.NONE : REASON.INSUFFICIENT_BALANCE;
  }

  /** Makes the entry the taker, for a survey. */
  #faceMarket(e: Entry): void {
    const { taker } = this.#engine;
    taker.account = e.account;
    taker.instrument = e.instrument;
    taker.side = e.side;
    taker.kind = e.kind;
    taker.price = e.price;
    this.#ruleBook.matching.selfTrade = e.selfTrade;
  }

  /** Turns an amount of quote into lots. */
  #size(e: Entry): number {
    const { facts, matching } = this.#ruleBook;
    if (!(e.amount >= 1 && e.amount <= Number.MAX_SAFE_INTEGER)) return REASON.INVALID_AMOUNT;
    matching.survey(MAX_QUANTITY, Math.floor(e.amount / facts.perLot(e.instrument, BUY, 1)));
    e.quantity = matching.lots;
    if (e.quantity === 0 && matching.reaches(e.instrument, e.side, e.price)) return REASON.AMOUNT_TOO_SMALL;
    const paid = facts.paidBy(e.instrument, BUY);
    return e.side === BUY && !this.#engine.ledger.covers(e.account, paid, e.amount) ? REASON.INSUFFICIENT_BALANCE : REASON.NONE;
  }
}
