import type { OrderBook } from '@outcry/book/order-book';
import { order as orderRecord } from '@outcry/book/records';
import { POST_ONLY } from '@outcry/market/command';
import { DARK, EVENT, PREVENTED, RESTING, WAITING } from '@outcry/market/event';
import { AT_CLOSE, BUY, FOK, IOC, LIMIT, MARKET_BY_AMOUNT, MAX_PRICE, MIN_PRICE, SELL, type Side } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { INSTRUMENT_RULE, isCall, STATE } from '@outcry/market/rules';
import { HIDDEN, legOf, pegOf, SLIDE, selfTradeOf, triggerOf } from '@outcry/market/terms';
import { COUNTED, OPEN } from '../account-rules.ts';
import type { Engine } from '../engine.ts';
import { instrument as instrumentRecord, rules as rulesRecord } from '../instruments.ts';
import { Controls } from './controls.ts';
import type { Entry } from './entry.ts';
import { OrderLists } from './lists.ts';
import { Matching } from './matching.ts';
import { Pegs } from './pegs.ts';
import { Sessions } from './sessions.ts';
import { PLACE, special } from './special-orders.ts';
import { Triggers } from './triggers.ts';

const { WORDS: ORDER_WORDS, QUANTITY: O_LEFT, ACCOUNT: O_ACCOUNT, TERMS: O_TERMS, ORIGINAL: O_ORIGINAL, ID: O_GENERATION } = orderRecord;
const { WORDS, F64_WORDS, FLAGS, LIMIT: HOLD_PRICE, RESERVE, MIN_QUANTITY, DISPLAY, STOP_PRICE, LIST, PREVIOUS, NEXT } = special;
const { F64_HELD, F64_EXPIRY } = special;
const { WORDS: RULES, SPECIAL, TRIGGERS, QUEUE_FIRST, QUEUE_LAST, UNFINISHED } = rulesRecord;
const { CANCELLED, RESTED, TRIGGERED, SHOWN, AMENDED } = EVENT;

/** Orders that may enter in one command by their triggers: the rest enters before the next. */
export const MOST_ENTERING = 256;
export const MOST_LOOKS = 8;
const NEVER = Number.POSITIVE_INFINITY;
/** F64_HELD of an order that holds what its price and quantity need, and of one that waits for its list and holds nothing. */
const OWN_NEED = -1;
const NOTHING = -2;

/**
 * The whole rule book: what an order does that the engine's plain path does not do. For an order without special terms, on an instrument
 * without rules, both tell the same story.
 */
export class RuleBook {
  readonly matching: Matching;
  readonly triggers: Triggers;
  readonly controls: Controls;
  readonly lists: OrderLists;
  readonly pegs: Pegs;
  readonly sessions: Sessions;
  /** When there is work to do before the next command: microseconds; 0: in any case. Word 0. */
  readonly due = new Float64Array([NEVER]);
  /** whether an instrument is to be settled down */
  hasWork = false;
  readonly #engine: Engine;
  readonly #orders: Int32Array;
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  /** instruments that the command touched */
  readonly #touched = new Set<number>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#orders = engine.memory.orders.i32;
    this.#i32 = engine.specials.i32;
    this.#f64 = engine.specials.f64;
    this.matching = new Matching(engine, this);
    this.triggers = new Triggers(engine);
    this.controls = new Controls(engine, this.matching, this.triggers);
    this.lists = new OrderLists(engine, this);
    this.pegs = new Pegs(engine, this);
    this.sessions = new Sessions(engine, this);
  }

  // ── Entering ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Checks and enters one order. */
  enter(e: Entry, text: Int32Array | undefined): void {
    const reason = this.controls.check(e);
    if (reason !== REASON.NONE) {
      this.#engine.writer.reject(reason, 0, e.side, e.instrument, e.account, e.low, e.high);
      return;
    }
    this.open(e, text, 0, 1);
    this.start(e);
  }

  /**
   * Gives an accepted order its records and tells of it; it is nowhere yet. The engine's taker is that order then.
   * @param waits whether it waits for another order of its list
   */
  open(e: Entry, text: Int32Array | undefined, list: number, leg: number, waits = false): number {
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
    this.#engine.open(e.low, e.high, text);
    const record = e.isSpecial ? specials.open(taker.slot, e.termWords, writer.sequence * 4 + leg) : 0;
    if (record !== 0) {
      this.#i32[record * WORDS + HOLD_PRICE] = e.kind === LIMIT ? e.price : 0;
      this.#i32[record * WORDS + RESERVE] = e.quantity;
      this.#i32[record * WORDS + LIST] = list;
      this.#f64[record * F64_WORDS + F64_HELD] = OWN_NEED;
      if (e.expiry > 0 && e.expiry < this.due[0]) this.due[0] = e.expiry;
      if (specials.follows(record)) this.pegs.add(record);
      writer.terms(e.termWords);
    }
    if (accounts.modes[e.account] !== OPEN) specials.mark(taker.slot);
    this.#orders[taker.slot * ORDER_WORDS + O_LEFT] = e.quantity;
    if ((accounts.modes[e.account] & COUNTED) !== 0)
      accounts.opened(e.account, this.#base(e.instrument), this.#baseUnits(e.instrument, e.side, e.quantity));
    if (text !== undefined) writer.text(text, 0, text.length);
    const isOutside = waits || e.hasTrigger || this.#waitsForClose(e.timeInForce, e.instrument) || (e.follows && this.#isParked(record));
    const restsAtOnce = record === 0 && !isOutside && this.#isLasting(e.kind, e.timeInForce) && this.#restsAtOnce(e);
    const flags = (restsAtOnce ? RESTING : 0) | (isOutside ? WAITING : 0);
    writer.accepted(flags, taker.slot, e.price, e.quantity, e.low, e.high, e.kind === MARKET_BY_AMOUNT ? e.amount : 0);
    return record;
  }

  /** Lets an order that was just opened go where its terms say. */
  start(e: Entry): void {
    const { taker, specials, ledger } = this.#engine;
    const record = specials.of(taker.slot);
    if (e.need > 0) ledger.hold(e.account, this.paidBy(e.instrument, e.side), e.need);
    if (e.hasTrigger) {
      this.watch(record);
      this.#tellBalance(e.account, this.paidBy(e.instrument, e.side));
    } else if (this.#waitsForClose(e.timeInForce, e.instrument)) {
      this.#i32[record * WORDS + special.PLACE] = PLACE.AT_CLOSE;
      this.#tellBalance(e.account, this.paidBy(e.instrument, e.side));
    } else if (e.follows && this.#isParked(record)) {
      this.pegs.park(record);
      this.#tellBalance(e.account, this.paidBy(e.instrument, e.side));
    } else {
      if (e.follows) taker.price = this.pegs.price(record);
      this.#setTermsOfTaker(record);
      this.run(record, record === 0 && this.#restsAtOnce(e));
    }
    this.touch(e.instrument);
  }

  /** Begins to watch for an order's trigger. */
  watch(record: number): void {
    this.triggers.add(record);
    this.count(this.instrumentOf(record), TRIGGERS, 1);
  }

  /** Enters an order from the queue: one that was triggered, or that waited for its list. */
  enterQueued(record: number): void {
    const { specials, writer } = this.#engine;
    const slot = specials.slotOf(record);
    const flags = this.#i32[record * WORDS + FLAGS];
    const waited = legOf(flags) !== 0 && this.#f64[record * F64_WORDS + F64_HELD] === NOTHING;
    this.unqueue(record);
    this.#i32[record * WORDS + special.PLACE] = PLACE.NOWHERE;
    this.loadTaker(slot, record);
    if (waited) {
      const reason = this.#secureWaiting(record, slot);
      if (reason !== REASON.NONE) {
        this.end(slot, reason);
        return;
      }
      if (triggerOf(flags) !== 0) {
        writer.order(TRIGGERED, WAITING, 0, slot, this.#i32[record * WORDS + HOLD_PRICE], this.#original(slot), this.#engine.taker.left);
        this.watch(record);
        return;
      }
    }
    const reason = this.#priceAtLast(record, slot);
    if (reason !== REASON.NONE) {
      this.end(slot, reason);
      return;
    }
    const { taker } = this.#engine;
    writer.order(TRIGGERED, 0, 0, slot, taker.kind === LIMIT ? taker.price : 0, taker.quantity, taker.left);
    this.run(record, false);
  }

  /** Matches the taker, whose funds are held, and lets what is left of it rest or vanish. */
  run(record: number, announced: boolean): void {
    const { taker, instruments } = this.#engine;
    let stop: number = REASON.NONE;
    if (!isCall(instruments.state(taker.instrument))) {
      const least = taker.timeInForce === FOK ? taker.left : Math.min(this.matching.minQuantity, taker.left);
      if (least > 0) this.matching.survey(taker.left);
      const mayTrade = least === 0 || this.matching.lots >= least;
      if (mayTrade) stop = this.matching.match();
    }
    this.#afterMatching(record, stop, announced);
  }

  #afterMatching(record: number, stop: number, announced: boolean): void {
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
    if (stays && stop === REASON.NONE) this.#rest(record, announced);
    else this.#finish(record, stop === REASON.NONE ? REASON.NO_LIQUIDITY : stop);
    this.#tellBalance(taker.account, this.paidBy(taker.instrument, BUY));
    this.#tellBalance(taker.account, this.paidBy(taker.instrument, SELL));
  }

  /** Puts what is left of the taker into the book that it belongs to. */
  #rest(record: number, announced: boolean): void {
    const { taker, instruments, writer } = this.#engine;
    const { slot, side, price, left } = taker;
    if (record === 0) {
      instruments.books[taker.instrument].rest(slot, side, price, left);
      if (!announced) writer.order(RESTED, 0, 0, slot, price, left, left);
      return;
    }
    if (this.#engine.specials.follows(record) && instruments.state(taker.instrument) !== STATE.CONTINUOUS) {
      this.pegs.park(record);
      return;
    }
    const isDark = this.isDark(record);
    const display = this.#i32[record * WORDS + DISPLAY];
    const shown = display === 0 ? left : Math.min(display, left);
    this.#i32[record * WORDS + RESERVE] = left - shown;
    this.#i32[record * WORDS + special.PLACE] = isDark ? PLACE.DARK : PLACE.LIT;
    const book = isDark ? instruments.darkBook(taker.instrument) : instruments.books[taker.instrument];
    book.rest(slot, side, price, shown);
    if (this.#engine.specials.changesMatching(record)) this.count(this.instrumentOf(record), SPECIAL, 1);
    if (!announced) writer.order(RESTED, isDark ? DARK : 0, 0, slot, price, left, left);
    if (shown !== left) writer.order(SHOWN, 0, 0, slot, price, shown, left);
  }

  /** Ends the taker: what is left of it vanishes. */
  #finish(record: number, reason: number): void {
    const { taker, details, memory, writer, specials, accounts, ledger } = this.#engine;
    const { slot, account, instrument, left } = taker;
    if (left > 0 || taker.quantity === 0) {
      ledger.release(account, this.paidBy(instrument, taker.side), left * this.#perLot(instrument, taker.side, taker.hold));
      writer.order(CANCELLED, 0, reason, slot, taker.price, taker.quantity, left);
    }
    if ((accounts.modes[account] & COUNTED) !== 0)
      accounts.closed(account, this.#base(instrument), this.#baseUnits(instrument, taker.side, left));
    details.forget(slot);
    this.#orders[slot * ORDER_WORDS + O_LEFT] = 0;
    if (record !== 0) {
      const list = this.#i32[record * WORDS + LIST];
      if (specials.follows(record)) this.pegs.remove(record);
      if (list !== 0 && left > 0) this.lists.ended(list, slot);
      specials.close(slot);
    }
    memory.orders.give(slot);
  }

  // ── Orders that wait ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Marks an order as one that waits for its list: it holds nothing. */
  letWait(record: number): void {
    this.#i32[record * WORDS + special.PLACE] = PLACE.WAITING;
    this.#f64[record * F64_WORDS + F64_HELD] = NOTHING;
  }

  /** The second order of a pair holds only what it needs beyond the first. */
  holdBeyond(record: number, units: number): void {
    this.#f64[record * F64_WORDS + F64_HELD] = units;
  }

  /** An order's trigger fired. */
  readonly fire = (record: number): void => {
    const { specials, ledger } = this.#engine;
    const list = this.#i32[record * WORDS + LIST];
    const slot = specials.slotOf(record);
    this.count(this.instrumentOf(record), TRIGGERS, -1);
    if (list !== 0) this.lists.fired(list, slot);
    const held = this.#f64[record * F64_WORDS + F64_HELD];
    if (held >= 0) {
      // The first of the pair is gone, and with it what it held: this one takes that over.
      const { account, instrument, side } = this.#whose(slot);
      this.#f64[record * F64_WORDS + F64_HELD] = OWN_NEED;
      ledger.hold(account, this.paidBy(instrument, side), this.needOf(slot, record) - held);
    }
    this.queue(record);
  };

  /** Puts an order at the end of its instrument's queue. */
  queue(record: number): void {
    const at = this.instrumentOf(record) * RULES;
    const rules = this.#engine.instruments.rules;
    const last = rules[at + QUEUE_LAST];
    this.#i32[record * WORDS + special.PLACE] = PLACE.QUEUED;
    this.#i32[record * WORDS + PREVIOUS] = last;
    this.#i32[record * WORDS + NEXT] = 0;
    if (last === 0) rules[at + QUEUE_FIRST] = record;
    else this.#i32[last * WORDS + NEXT] = record;
    rules[at + QUEUE_LAST] = record;
    this.touch(this.instrumentOf(record));
  }

  unqueue(record: number): void {
    this.unlink(record, this.instrumentOf(record) * RULES + QUEUE_FIRST);
  }

  /** Takes a record out of a list whose first and last are in two words of its instrument's rules. */
  unlink(record: number, firstWord: number): void {
    const rules = this.#engine.instruments.rules;
    const previous = this.#i32[record * WORDS + PREVIOUS];
    const next = this.#i32[record * WORDS + NEXT];
    if (previous === 0) rules[firstWord] = next;
    else this.#i32[previous * WORDS + NEXT] = next;
    if (next === 0) rules[firstWord + 1] = previous;
    else this.#i32[next * WORDS + PREVIOUS] = previous;
  }

  /** Checks and holds for an order that waited for its list what it was not held to before. */
  #secureWaiting(record: number, slot: number): number {
    const { ledger } = this.#engine;
    const { account, instrument, side } = this.#whose(slot);
    const flags = this.#i32[record * WORDS + FLAGS];
    if (triggerOf(flags) !== 0) {
      const isTrailing = this.#i32[record * WORDS + special.TRAIL] !== 0;
      if (isTrailing && this.triggers.watched(instrument, side, flags) === 0) return this.#fail(record, REASON.NO_REFERENCE);
      const stopPrice = this.#i32[record * WORDS + STOP_PRICE];
      if (!isTrailing && this.triggers.isReached(instrument, side, flags, stopPrice)) return this.#fail(record, REASON.WOULD_TRIGGER);
    }
    const sibling = this.lists.sibling(this.#i32[record * WORDS + LIST], slot);
    const need = this.needOf(slot, record);
    const other = sibling === 0 ? 0 : this.#engine.specials.of(sibling);
    const isSecond = other !== 0 && this.isSecond(record, other);
    const toHold = isSecond ? Math.max(0, need - this.needOf(sibling, other)) : need;
    this.#f64[record * F64_WORDS + F64_HELD] = isSecond ? toHold : OWN_NEED;
    if (ledger.hold(account, this.paidBy(instrument, side), toHold)) {
      this.#tellBalance(account, this.paidBy(instrument, side));
      return REASON.NONE;
    }
    return this.#fail(record, REASON.INSUFFICIENT_BALANCE);
  }

  /** It holds nothing, and so has nothing to release. */
  #fail(record: number, reason: number): number {
    this.#f64[record * F64_WORDS + F64_HELD] = NOTHING;
    return reason;
  }

  /** What an order that enters late still needs: a peg's price, a post-only price, the funds of a market order. */
  #priceAtLast(record: number, slot: number): number {
    const { taker, ledger, instruments } = this.#engine;
    const flags = this.#i32[record * WORDS + FLAGS];
    const at = taker.instrument * instrumentRecord.F64_WORDS;
    const unit = instruments.f64[at + instrumentRecord.F64_UNIT];
    if (taker.kind === LIMIT && taker.price === 0) {
      const terms = { flags, peg: pegOf(flags), pegOffset: this.#i32[record * WORDS + special.PEG_OFFSET] };
      taker.price = this.controls.pegPrice(taker.instrument, taker.side, terms, 0);
      if (taker.price === 0) return REASON.NO_REFERENCE;
      if (taker.side === BUY) {
        const need = taker.price * taker.left * unit;
        if (need > Number.MAX_SAFE_INTEGER || !ledger.hold(taker.account, this.paidBy(taker.instrument, BUY), need)) {
          return REASON.INSUFFICIENT_BALANCE;
        }
        taker.hold = taker.price;
      }
      this.#i32[record * WORDS + HOLD_PRICE] = taker.price;
    }
    if (taker.postOnly !== 0) {
      taker.price = this.controls.postingPrice({ ...this.#whose(slot), price: taker.price, slides: (flags & SLIDE) !== 0 });
      if (taker.price === 0) return REASON.WOULD_TAKE;
    }
    if (taker.kind !== LIMIT && taker.side === BUY) {
      this.matching.survey(taker.left);
      const cost = this.matching.cost * unit;
      const isCovered = this.matching.cost >= 0 && cost <= Number.MAX_SAFE_INTEGER;
      if (!isCovered || !ledger.covers(taker.account, this.paidBy(taker.instrument, BUY), cost)) return REASON.INSUFFICIENT_BALANCE;
    }
    return REASON.NONE;
  }

  // ── Ending and lowering ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Ends an open order, wherever it is. */
  end(slot: number, reason: number): void {
    const { specials, details, memory, writer, accounts } = this.#engine;
    const record = specials.of(slot);
    const { account, instrument, side } = this.#whose(slot);
    const left = this.leftOf(slot, record);
    const place = record === 0 ? PLACE.LIT : specials.placeOf(record);
    const inBook = place === PLACE.LIT || place === PLACE.DARK;
    const price = inBook ? this.#bookOf(record, instrument).priceOf(slot) : this.#i32[record * WORDS + HOLD_PRICE];
    this.#release(slot, record, left);
    this.#takeAway(slot, record, place, instrument, side);
    this.#orders[slot * ORDER_WORDS + O_LEFT] = 0;
    details.forget(slot);
    if ((accounts.modes[account] & COUNTED) !== 0)
      accounts.closed(account, this.#base(instrument), this.#baseUnits(instrument, side, left));
    writer.order(CANCELLED, inBook ? RESTING : 0, reason, slot, price, this.#original(slot), left);
    this.#tellBalance(account, this.paidBy(instrument, side));
    if (record !== 0) {
      const list = this.#i32[record * WORDS + LIST];
      if (specials.follows(record)) this.pegs.remove(record);
      if (list !== 0) this.lists.ended(list, slot);
      specials.close(slot);
    }
    memory.orders.give(slot);
    this.touch(instrument);
  }

  #takeAway(slot: number, record: number, place: number, instrument: number, side: Side): void {
    switch (place) {
      case PLACE.LIT:
      case PLACE.DARK:
        this.#bookOf(record, instrument).remove(slot, side);
        if (record !== 0) this.leftBook(record);
        break;
      case PLACE.WATCHING:
      case PLACE.TRAILING:
        this.triggers.remove(record);
        this.count(this.instrumentOf(record), TRIGGERS, -1);
        break;
      case PLACE.FIRING:
      case PLACE.ACTIVATED:
        this.count(this.instrumentOf(record), TRIGGERS, -1);
        break;
      case PLACE.QUEUED:
        this.unqueue(record);
    }
  }

  /** A special order is no longer in a book. */
  leftBook(record: number): void {
    if (this.#engine.specials.changesMatching(record)) this.count(this.instrumentOf(record), SPECIAL, -1);
  }

  /** A special order in the book is traded in full. */
  filled(record: number): void {
    this.leftBook(record);
    if (this.#engine.specials.follows(record)) this.pegs.remove(record);
  }

  /** Takes lots off an open order; it keeps its place. */
  lower(slot: number, lots: number, flags: number): void {
    const { specials, writer, ledger, accounts } = this.#engine;
    const record = specials.of(slot);
    const { account, instrument, side } = this.#whose(slot);
    const before = this.leftOf(slot, record);
    const left = before - lots;
    const place = record === 0 ? PLACE.LIT : specials.placeOf(record);
    const asset = this.paidBy(instrument, side);
    ledger.release(account, asset, this.#perLot(instrument, side, this.holdOf(slot, record)) * lots);
    if (place === PLACE.LIT || place === PLACE.DARK) this.#lowerInBook(slot, record, lots, instrument, side);
    else {
      this.#i32[record * WORDS + RESERVE] = left;
      if (place === PLACE.WATCHING || place === PLACE.TRAILING) this.triggers.reduce(record, left);
      this.#orders[slot * ORDER_WORDS + O_LEFT] = left;
    }
    this.#orders[slot * ORDER_WORDS + O_ORIGINAL] -= lots;
    if ((accounts.modes[account] & COUNTED) !== 0)
      accounts.bought(account, this.#base(instrument), this.#baseUnits(instrument, side, lots));
    const price = place === PLACE.LIT || place === PLACE.DARK ? this.#bookOf(record, instrument).priceOf(slot) : this.holdOf(slot, record);
    writer.fill(AMENDED, flags, 0, slot, price, this.#original(slot), left, 0, lots);
    const isIceberg = record !== 0 && place === PLACE.LIT && this.#i32[record * WORDS + DISPLAY] > 0;
    if (isIceberg) writer.order(SHOWN, 0, 0, slot, price, this.#orders[slot * ORDER_WORDS + O_LEFT], left);
    this.#tellBalance(account, asset);
    this.touch(instrument);
  }

  #lowerInBook(slot: number, record: number, lots: number, instrument: number, side: Side): void {
    const fromReserve = record === 0 ? 0 : Math.min(lots, this.#i32[record * WORDS + RESERVE]);
    if (record !== 0) this.#i32[record * WORDS + RESERVE] -= fromReserve;
    if (lots > fromReserve) {
      this.#bookOf(record, instrument).reduce(slot, side, this.#orders[slot * ORDER_WORDS + O_LEFT] - (lots - fromReserve));
    }
  }

  /** Takes lots off the taker, by self-trade prevention. */
  lowerTaker(lots: number): void {
    const { taker, writer, ledger, accounts } = this.#engine;
    const { slot, account, instrument, side } = taker;
    ledger.release(account, this.paidBy(instrument, side), this.#perLot(instrument, side, taker.hold) * lots);
    taker.left -= lots;
    taker.quantity -= lots;
    this.#orders[slot * ORDER_WORDS + O_ORIGINAL] -= lots;
    this.#orders[slot * ORDER_WORDS + O_LEFT] -= lots; // so that only trades make a difference to what is left
    if ((accounts.modes[account] & COUNTED) !== 0)
      accounts.bought(account, this.#base(instrument), this.#baseUnits(instrument, side, lots));
    writer.fill(AMENDED, PREVENTED, 0, slot, taker.price, taker.quantity, taker.left, 0, lots);
  }

  /** Closes an order that the engine's taker was in an auction, and that is traded in full. */
  closeFilled(slot: number, record: number): void {
    const { details, specials, accounts, memory, taker } = this.#engine;
    details.forget(slot);
    if ((accounts.modes[taker.account] & COUNTED) !== 0) accounts.closed(taker.account, this.#base(taker.instrument), 0);
    if (record !== 0) specials.close(slot);
    memory.orders.give(slot);
  }

  // ── Settling down ────────────────────────────────────────────────────────────────────────────────────────────────────────

  touch(instrument: number): void {
    this.#touched.add(instrument);
    this.hasWork = true;
  }

  /** Settles all touched instruments down: docs/rules.md, "Triggers". */
  settleDown(): void {
    while (this.#touched.size > 0) {
      const instrument = Math.min(...this.#touched);
      this.#touched.delete(instrument);
      this.#settle(instrument);
      this.#touched.delete(instrument);
    }
    this.hasWork = false;
  }

  #settle(instrument: number): void {
    const { instruments } = this.#engine;
    const at = instrument * RULES;
    const { rules } = instruments;
    let entered = 0;
    let looks = 0;
    rules[at + UNFINISHED] = 0;
    while (instruments.state(instrument) === STATE.CONTINUOUS) {
      if (rules[at + TRIGGERS] > 0) this.triggers.collect(instrument, this.fire);
      const next = rules[at + QUEUE_FIRST];
      if (next !== 0) {
        if (entered++ === MOST_ENTERING) break;
        this.enterQueued(next);
      } else if (this.pegs.mustLook(instrument)) {
        if (looks++ === MOST_LOOKS) break;
        this.pegs.look(instrument);
      } else return;
    }
    if (instruments.state(instrument) !== STATE.CONTINUOUS) return;
    rules[at + UNFINISHED] = 1;
    this.due[0] = 0;
  }

  /** Does what is due before a command: orders expire, auctions end, cascades go on. */
  wake(): void {
    const { specials, writer, instruments } = this.#engine;
    for (;;) {
      const record = specials.firstExpiry;
      if (record === 0 || this.#f64[record * F64_WORDS + F64_EXPIRY] > writer.time) break;
      this.end(specials.slotOf(record), REASON.EXPIRED);
    }
    this.settleDown();
    for (let number = 0; number < instruments.books.length; number++) {
      const end = instruments.ruleValues[number * rulesRecord.F64_WORDS + rulesRecord.F64_AUCTION_END];
      if (end > 0 && end <= writer.time) this.sessions.setState(number, STATE.CONTINUOUS, 0);
    }
    this.settleDown();
    for (let number = 0; number < instruments.books.length; number++) {
      if (instruments.rules[number * RULES + UNFINISHED] === 1) this.touch(number);
    }
    this.settleDown();
    this.setDue();
  }

  /** Works out when there is work to do next. */
  setDue(): void {
    const { specials, instruments } = this.#engine;
    let due = specials.firstExpiry === 0 ? NEVER : this.#f64[specials.firstExpiry * F64_WORDS + F64_EXPIRY];
    for (let number = 0; number < instruments.books.length; number++) {
      const end = instruments.ruleValues[number * rulesRecord.F64_WORDS + rulesRecord.F64_AUCTION_END];
      if (end > 0 && end < due) due = end;
      if (instruments.rules[number * RULES + UNFINISHED] === 1) due = 0;
    }
    this.due[0] = due;
  }

  // ── What an order is ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Lots that an open order has left, displayed or not. */
  leftOf(slot: number, record: number): number {
    const there = this.#orders[slot * ORDER_WORDS + O_LEFT];
    return record !== 0 && this.#engine.specials.placeOf(record) === PLACE.LIT ? there + this.#i32[record * WORDS + RESERVE] : there;
  }

  /** Ticks that an open order holds for each lot, if it buys; 0: nothing. */
  holdOf(slot: number, record: number): number {
    return record === 0 ? this.#orders[slot * ORDER_WORDS + orderRecord.PRICE] : this.#i32[record * WORDS + HOLD_PRICE];
  }

  /** Units that an open order has to hold for what it has left. */
  needOf(slot: number, record: number): number {
    const { instrument, side } = this.#whose(slot);
    return this.leftOf(slot, record) * this.#perLot(instrument, side, this.holdOf(slot, record));
  }

  /** Whether an order of a pair is the one that holds only what it needs beyond the other: it has a trigger. */
  isSecond(record: number, other: number): boolean {
    const flags = this.#i32[record * WORDS + FLAGS];
    const otherFlags = this.#i32[other * WORDS + FLAGS];
    return triggerOf(flags) !== 0 && (triggerOf(otherFlags) === 0 || legOf(flags) > legOf(otherFlags));
  }

  isDark(record: number): boolean {
    const at = record * WORDS;
    return (this.#i32[at + FLAGS] & HIDDEN) !== 0 || this.#i32[at + MIN_QUANTITY] > 0 || this.#engine.specials.follows(record);
  }

  /** Makes an open special order the taker. */
  loadTaker(slot: number, record: number): void {
    const { taker } = this.#engine;
    const { account, instrument, side } = this.#whose(slot);
    const terms = this.#orders[slot * ORDER_WORDS + O_TERMS];
    taker.slot = slot;
    taker.generation = this.#orders[slot * ORDER_WORDS + O_GENERATION];
    taker.account = account;
    taker.instrument = instrument;
    taker.side = side;
    taker.kind = (terms >>> 17) & 7;
    taker.timeInForce = (terms >>> 20) & 0xf;
    taker.postOnly = (terms >>> 24) & POST_ONLY;
    taker.hold = side === BUY ? this.holdOf(slot, record) : 0;
    taker.price = taker.kind === LIMIT ? this.holdOf(slot, record) : side === BUY ? MAX_PRICE : MIN_PRICE;
    taker.quantity = this.#original(slot);
    taker.left = this.leftOf(slot, record);
    this.#setTermsOfTaker(record);
  }

  /** Counts up or down a word of an instrument's rules that its mode depends on. */
  count(instrument: number, word: number, by: number): void {
    const { instruments } = this.#engine;
    const at = instrument * RULES + word;
    instruments.rules[at] += by;
    if (instruments.rules[at] <= 1) instruments.refresh(instrument);
  }

  instrumentOf(record: number): number {
    return this.#whose(this.#engine.specials.slotOf(record)).instrument;
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

  #whose(slot: number): { account: number; instrument: number; side: Side } {
    const terms = this.#orders[slot * ORDER_WORDS + O_TERMS];
    return {
      account: this.#orders[slot * ORDER_WORDS + O_ACCOUNT],
      instrument: terms & 0xffff,
      side: ((terms >>> 16) & 1) as Side,
    };
  }

  #original(slot: number): number {
    return this.#orders[slot * ORDER_WORDS + O_ORIGINAL];
  }

  #bookOf(record: number, instrument: number): OrderBook {
    const { instruments, specials } = this.#engine;
    return record !== 0 && specials.placeOf(record) === PLACE.DARK ? instruments.darkBook(instrument) : instruments.books[instrument];
  }

  #release(slot: number, record: number, left: number): void {
    const { account, instrument, side } = this.#whose(slot);
    const held = record === 0 ? OWN_NEED : this.#f64[record * F64_WORDS + F64_HELD];
    const units = held === NOTHING ? 0 : held >= 0 ? held : left * this.#perLot(instrument, side, this.holdOf(slot, record));
    this.#engine.ledger.release(account, this.paidBy(instrument, side), units);
  }

  /** Units held for each lot. @param hold ticks, of a buyer */
  #perLot(instrument: number, side: Side, hold: number): number {
    const { f64 } = this.#engine.instruments;
    const at = instrument * instrumentRecord.F64_WORDS;
    return side === SELL ? f64[at + instrumentRecord.F64_LOT] : hold * f64[at + instrumentRecord.F64_UNIT];
  }

  #base(instrument: number): number {
    return this.paidBy(instrument, SELL);
  }

  /** Units of the base asset that lots of an order buy: 0 for a seller's. */
  #baseUnits(instrument: number, side: Side, lots: number): number {
    return side === SELL ? 0 : lots * this.#perLot(instrument, SELL, 0);
  }

  /** The asset that a side pays with. */
  paidBy(instrument: number, side: Side): number {
    return this.#engine.instruments.i32[instrument * instrumentRecord.WORDS + instrumentRecord.PAID_BY + side];
  }

  #tellBalance(account: number, asset: number): void {
    this.#engine.writer.balance(account, asset);
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
    return isCall(this.#engine.instruments.state(this.instrumentOf(record))) || this.pegs.price(record) === 0;
  }

  #waitsForClose(timeInForce: number, instrument: number): boolean {
    return timeInForce === AT_CLOSE && this.#engine.instruments.state(instrument) !== STATE.CLOSING_AUCTION;
  }
}
