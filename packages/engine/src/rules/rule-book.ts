import { order as orderRecord } from '@outcry/book/records';
import { POST_ONLY } from '@outcry/market/command';
import { EVENT, IS_HIDDEN, PENDING, RESTING, WAITING } from '@outcry/market/event';
import { AT_CLOSE, BUY, FOK, IOC, LIMIT, MARKET_BY_AMOUNT, SELL, type Side } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { INSTRUMENT_RULE } from '@outcry/market/rules';
import { isCall, TRADING_STATE } from '@outcry/market/states';
import { selfTradeOf } from '@outcry/market/terms';
import { COUNTED, OPEN } from '../account-rules.ts';
import type { Engine } from '../engine.ts';
import { instrumentRule } from '../instruments.ts';
import { Cascade } from './cascade.ts';
import { Controls } from './controls.ts';
import { Ending } from './ending.ts';
import type { Entry } from './entry.ts';
import { OrderLists } from './lists.ts';
import { MassCancels } from './mass-cancels.ts';
import { Matching } from './matching.ts';
import { OrderFacts } from './order-facts.ts';
import { Pegs } from './pegs.ts';
import { noLimit } from './prices.ts';
import { RecordList } from './record-list.ts';
import { Sessions } from './sessions.ts';
import { hidingList, OWN_NEED, special, WHERE } from './special-orders.ts';
import { Triggers } from './triggers.ts';
import { Waiting } from './waiting.ts';

const { WORDS: ORDER_WORDS, QUANTITY: O_LEFT, TERMS: O_TERMS, ID: O_GENERATION } = orderRecord;
const { WORDS, F64_WORDS, F64_HELD, FLAGS, HOLD_PRICE, RESERVE, MIN_QUANTITY, DISPLAY, LIST } = special;
const { WORDS: RULES, SPECIAL } = instrumentRule;
const { CANCELLED, RESTED, TRIGGERED, SHOWN } = EVENT;

/**
 * The whole rule book: what an order does that the engine's plain path does not do. For an order without special terms, on an instrument
 * without rules, both tell the same story.
 */
export class RuleBook {
  readonly facts: OrderFacts;
  /** triggered orders that enter, and pegged ones: by instrument */
  readonly records: RecordList;
  readonly matching: Matching;
  readonly triggers: Triggers;
  readonly controls: Controls;
  readonly lists: OrderLists;
  readonly pegs: Pegs;
  readonly sessions: Sessions;
  readonly waiting: Waiting;
  readonly ending: Ending;
  readonly cascade: Cascade;
  readonly massCancels: MassCancels;
  readonly #engine: Engine;
  readonly #orders: Int32Array;
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#orders = engine.memory.orders.i32;
    this.#i32 = engine.specials.i32;
    this.#f64 = engine.specials.f64;
    this.facts = new OrderFacts(engine);
    this.records = new RecordList(engine.instruments.ruleWords, engine.specials.pool, special.PREVIOUS);
    this.matching = new Matching(engine, this);
    this.triggers = new Triggers(engine);
    this.controls = new Controls(engine, this);
    this.lists = new OrderLists(engine, this);
    this.pegs = new Pegs(engine, this);
    this.sessions = new Sessions(engine, this);
    this.waiting = new Waiting(engine, this);
    this.ending = new Ending(engine, this);
    this.cascade = new Cascade(engine, this);
    this.massCancels = new MassCancels(engine);
  }

  /** Checks and enters one order. */
  enter(e: Entry, text: Int32Array | undefined): void {
    const reason = this.controls.check(e);
    if (reason !== REASON.NONE) {
      this.#engine.writer.reject(reason, 0, e.side, e.instrument, e.account, e.low, e.high);
      return;
    }
    this.create(e, text, 0, 1);
    this.start(e);
  }

  /**
   * Gives an accepted order its records and emits it; it is nowhere yet. The engine's taker is that order then.
   * @param waits whether it waits for another order of its list
   */
  create(e: Entry, text: Int32Array | undefined, list: number, leg: number, waits = false): number {
    const { taker, writer, accounts, specials } = this.#engine;
    taker.account = e.account;
    taker.instrument = e.instrument;
    taker.side = e.side;
    taker.kind = e.kind;
    taker.timeInForce = e.timeInForce;
    taker.postOnly = e.postOnly ? 1 : 0;
    taker.price = e.price;
    taker.quantity = e.quantity;
    taker.left = e.quantity;
    taker.hold = e.side === BUY && e.kind === LIMIT ? e.price : 0;
    this.#engine.assignSlot(e.low, e.high, e.id === 0 ? writer.sequence : e.id);
    this.#engine.details.keep(taker.slot, e.account, text);
    const record = e.isSpecial ? specials.create(taker.slot, e.termWords, writer.sequence * 4 + leg) : 0;
    if (record !== 0) {
      this.#i32[record * WORDS + HOLD_PRICE] = e.kind === LIMIT ? e.price : 0;
      this.#i32[record * WORDS + RESERVE] = e.quantity;
      this.#i32[record * WORDS + LIST] = list;
      this.#f64[record * F64_WORDS + F64_HELD] = OWN_NEED;
      if (e.expiry > 0 && e.expiry < this.cascade.due[0]) this.cascade.due[0] = e.expiry;
      if (specials.follows(record)) this.pegs.add(record);
      writer.terms(e.termWords);
    }
    if (accounts.modes[e.account] !== OPEN) specials.mark(taker.slot);
    this.#orders[taker.slot * ORDER_WORDS + O_LEFT] = e.quantity;
    if ((accounts.modes[e.account] & COUNTED) !== 0)
      accounts.opened(e.account, this.facts.base(e.instrument), this.facts.baseUnits(e.instrument, e.side, e.quantity));
    if (text !== undefined) writer.text(text, 0, text.length);
    if (e.id !== 0) writer.orderId(e.id);
    if (e.strategyType !== 0 || e.strategyNumber !== 0) {
      this.#engine.strategies.set(taker.slot, e.strategyType, e.strategyNumber);
      writer.notice(EVENT.STRATEGY, 0, 0, e.account, 0, e.strategyType, 0, e.strategyNumber);
    }
    const isOutside = waits || e.hasTrigger || this.#waitsForClose(e.timeInForce, e.instrument) || (e.follows && this.#isParked(record));
    const restsAtOnce = record === 0 && !isOutside && this.#isLasting(e.kind, e.timeInForce) && this.#restsAtOnce(e);
    const flags = (restsAtOnce ? RESTING : 0) | (isOutside ? WAITING : 0) | (waits ? PENDING : 0);
    writer.accepted(flags, taker.slot, e.price, e.quantity, e.low, e.high, e.kind === MARKET_BY_AMOUNT ? e.amount : 0);
    return record;
  }

  /** Lets an order that was just opened go where its terms say. */
  start(e: Entry): void {
    const { taker, specials, ledger } = this.#engine;
    const record = specials.of(taker.slot);
    if (e.need > 0) ledger.hold(e.account, this.facts.paidBy(e.instrument, e.side), e.need);
    if (this.#waits(e, record)) this.emitBalance(e.account, e.instrument, e.side);
    else {
      if (e.follows) taker.price = this.pegs.price(record);
      this.#setTermsOfTaker(record);
      this.run(record, record === 0 && this.#restsAtOnce(e));
    }
    this.cascade.touch(e.instrument);
  }

  /** Lets an order wait outside the book, if its terms say so: for its trigger, the closing auction, or a price to follow. */
  #waits(e: Entry, record: number): boolean {
    if (e.hasTrigger) this.waiting.watch(record);
    else if (this.#waitsForClose(e.timeInForce, e.instrument)) this.#i32[record * WORDS + special.WHERE] = WHERE.AT_CLOSE;
    else if (e.follows && this.#isParked(record)) this.pegs.park(record);
    else return false;
    return true;
  }

  /** Matches the taker, whose funds are held, and lets what is left of it rest or vanish. */
  run(record: number, isEmitted: boolean): void {
    const { taker, instruments } = this.#engine;
    let stop: number = REASON.NONE;
    if (!isCall(instruments.state(taker.instrument))) {
      const least = taker.timeInForce === FOK ? taker.left : Math.min(this.matching.minQuantity, taker.left);
      if (least > 0) this.matching.survey(taker.left);
      const mayTrade = least === 0 || this.matching.lots >= least;
      if (mayTrade) stop = this.matching.match();
    }
    this.#afterMatching(record, stop, isEmitted);
  }

  #afterMatching(record: number, stop: number, isEmitted: boolean): void {
    const { taker, instruments } = this.#engine;
    const traded = taker.left !== this.#orders[taker.slot * ORDER_WORDS + O_LEFT];
    const list = record === 0 ? 0 : this.#i32[record * WORDS + LIST];
    this.#orders[taker.slot * ORDER_WORDS + O_LEFT] = taker.left;
    const stays = taker.left > 0 && this.#isLasting(taker.kind, taker.timeInForce);
    if (list !== 0 && traded) this.lists.traded(list, taker.slot, taker.left === 0);
    if (stop === REASON.CIRCUIT_BREAKER && stays && instruments.rule(taker.instrument, INSTRUMENT_RULE.VOLATILITY_AUCTION) > 0) {
      this.sessions.interrupt(taker.instrument);
      stop = REASON.NONE;
    }
    if (stays && stop === REASON.NONE) this.#rest(record, isEmitted);
    else this.#finish(record, stop === REASON.NONE ? REASON.NO_LIQUIDITY : stop);
    this.emitBalance(taker.account, taker.instrument, BUY);
    this.emitBalance(taker.account, taker.instrument, SELL);
  }

  /** Puts what is left of the taker into the book that it belongs to. */
  #rest(record: number, isEmitted: boolean): void {
    const { taker, instruments, writer } = this.#engine;
    const { slot, side, price, left } = taker;
    if (record === 0) {
      instruments.books[taker.instrument].rest(slot, side, price, left);
      if (!isEmitted) writer.order(RESTED, 0, 0, slot, price, left, left);
      return;
    }
    if (this.#engine.specials.follows(record) && instruments.state(taker.instrument) !== TRADING_STATE.CONTINUOUS) {
      this.pegs.park(record);
      return;
    }
    const isHidden = this.facts.isHidden(record);
    const display = this.#i32[record * WORDS + DISPLAY];
    const shown = display === 0 ? left : Math.min(display, left);
    this.#i32[record * WORDS + RESERVE] = left - shown;
    this.#i32[record * WORDS + special.WHERE] = isHidden ? WHERE.HIDDEN : WHERE.DISPLAYED;
    const book = isHidden ? instruments.hiddenBook(taker.instrument) : instruments.books[taker.instrument];
    book.rest(slot, side, price, shown);
    if (this.#engine.specials.changesMatching(record)) this.count(taker.instrument, SPECIAL, 1);
    if (this.#engine.specials.hides(record)) this.#engine.specials.hiding.append(hidingList(taker.instrument), record);
    if (!isEmitted) writer.order(RESTED, isHidden ? IS_HIDDEN : 0, 0, slot, price, left, left);
    if (shown !== left) writer.order(SHOWN, 0, 0, slot, price, shown, left);
  }

  /** Ends the taker: what is left of it vanishes. */
  #finish(record: number, reason: number): void {
    const { taker, details, memory, writer, specials, accounts, ledger } = this.#engine;
    const { slot, account, instrument, left } = taker;
    if (left > 0 || taker.quantity === 0) {
      ledger.release(account, this.facts.paidBy(instrument, taker.side), left * this.facts.perLot(instrument, taker.side, taker.hold));
      writer.order(CANCELLED, 0, reason, slot, taker.price, taker.quantity, left);
    }
    if ((accounts.modes[account] & COUNTED) !== 0)
      accounts.closed(account, this.facts.base(instrument), this.facts.baseUnits(instrument, taker.side, left));
    details.forget(slot);
    this.#orders[slot * ORDER_WORDS + O_LEFT] = 0;
    if (record !== 0) {
      const list = this.#i32[record * WORDS + LIST];
      if (specials.follows(record)) this.pegs.remove(record);
      if (list !== 0 && left > 0) this.lists.ended(list, slot, reason);
      specials.close(slot);
    }
    memory.orders.give(slot);
  }

  /** Makes an open special order the taker. */
  loadTaker(slot: number, record: number): void {
    const { taker } = this.#engine;
    const { account, instrument, side } = this.facts.whose(slot);
    const terms = this.#orders[slot * ORDER_WORDS + O_TERMS];
    taker.slot = slot;
    taker.generation = this.#orders[slot * ORDER_WORDS + O_GENERATION];
    taker.account = account;
    taker.instrument = instrument;
    taker.side = side;
    taker.kind = (terms >>> 17) & 7;
    taker.timeInForce = (terms >>> 20) & 0xf;
    taker.postOnly = (terms >>> 24) & POST_ONLY;
    taker.hold = side === BUY ? this.facts.holdOf(slot, record) : 0;
    taker.price = taker.kind === LIMIT ? this.facts.holdOf(slot, record) : noLimit(side);
    taker.quantity = this.facts.original(slot);
    taker.left = this.facts.leftOf(slot, record);
    this.#setTermsOfTaker(record);
  }

  /** Counts up or down a word of an instrument's rules that its mode depends on. */
  count(instrument: number, word: number, by: number): void {
    const { instruments } = this.#engine;
    const at = instrument * RULES + word;
    instruments.ruleWords[at] += by;
    if (instruments.ruleWords[at] <= 1) instruments.refresh(instrument);
  }

  /** Puts an order that waited for the closing auction into the book. */
  enterForAuction(record: number): void {
    const { specials, writer, taker } = this.#engine;
    this.loadTaker(specials.slotOf(record), record);
    writer.order(TRIGGERED, 0, 0, taker.slot, taker.price, taker.quantity, taker.left);
    this.#rest(record, false);
  }

  #setTermsOfTaker(record: number): void {
    this.matching.selfTrade = record === 0 ? 0 : selfTradeOf(this.#i32[record * WORDS + FLAGS]);
    this.matching.minQuantity = record === 0 ? 0 : this.#i32[record * WORDS + MIN_QUANTITY];
  }

  /** Emits an account's balance of what a side of an instrument pays. */
  emitBalance(account: number, instrument: number, side: Side): void {
    this.#engine.writer.balance(account, this.facts.paidBy(instrument, side));
  }

  #isLasting(kind: number, timeInForce: number): boolean {
    return kind === LIMIT && timeInForce !== IOC && timeInForce !== FOK;
  }

  /** Whether a plain order meets nobody. */
  #restsAtOnce(e: Entry): boolean {
    return isCall(this.#engine.instruments.state(e.instrument)) || !this.matching.reaches(e.instrument, e.side, e.price);
  }

  /** Whether a pegged order has no price to stand at now. */
  #isParked(record: number): boolean {
    return isCall(this.#engine.instruments.state(this.facts.instrumentOf(record))) || this.pegs.price(record) === 0;
  }

  #waitsForClose(timeInForce: number, instrument: number): boolean {
    return timeInForce === AT_CLOSE && this.#engine.instruments.state(instrument) !== TRADING_STATE.CLOSING_AUCTION;
  }
}
