import type { OrderBook } from '@outcry/book/order-book';
import { order as orderRecord } from '@outcry/book/records';
import { EVENT, PREVENTED, RESTING } from '@outcry/market/event';
import type { Side } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { COUNTED } from '../account-rules.ts';
import type { Engine } from '../engine.ts';
import { instrumentRule } from '../instruments.ts';
import type { OrderFacts } from './order-facts.ts';
import type { RuleBook } from './rule-book.ts';
import { hidingList, NOTHING, OWN_NEED, special, WHERE } from './special-orders.ts';

const { WORDS: ORDER_WORDS, QUANTITY: O_LEFT, ORIGINAL: O_ORIGINAL } = orderRecord;
const { WORDS, F64_WORDS, F64_HELD, HOLD_PRICE, RESERVE, DISPLAY, LIST } = special;
const { SPECIAL, TRIGGERS } = instrumentRule;
const { CANCELLED, SHOWN, AMENDED } = EVENT;
const { NONE } = REASON;

/** Orders end, or get smaller, wherever they are. */
export class Ending {
  readonly #engine: Engine;
  readonly #ruleBook: RuleBook;
  readonly #facts: OrderFacts;
  readonly #orders: Int32Array;
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;

  constructor(engine: Engine, ruleBook: RuleBook) {
    this.#engine = engine;
    this.#ruleBook = ruleBook;
    this.#facts = ruleBook.facts;
    this.#orders = engine.memory.orders.i32;
    this.#i32 = engine.specials.i32;
    this.#f64 = engine.specials.f64;
  }

  /** Ends an open order for whoever asks. @param account that asks @returns why not, or NONE */
  cancel(slot: number, account: number, instrument: number, reason: number): number {
    const { accounts, writer } = this.#engine;
    const refused = this.#ruleBook.controls.checkCancel(account, instrument);
    if (refused !== NONE) return refused;
    if (reason === REASON.BY_REQUEST && (accounts.modes[account] & COUNTED) !== 0) accounts.countCancel(account, writer.time);
    this.end(slot, reason);
    return NONE;
  }

  /** Lowers an open order's quantity for whoever asks. @param account that asks @returns why not, or NONE */
  amend(slot: number, account: number, instrument: number, quantity: number): number {
    const { controls } = this.#ruleBook;
    const record = this.#engine.specials.of(slot);
    const lots = this.#orders[slot * ORDER_WORDS + O_ORIGINAL] - quantity;
    const refused = controls.checkCancel(account, instrument) || controls.countMessage(account);
    if (refused !== NONE) return refused;
    if (record !== 0 && this.#i32[record * WORDS + LIST] !== 0) return REASON.INVALID_TERMS;
    if (lots <= 0 || lots >= this.#facts.leftOf(slot, record)) return REASON.NOT_LOWER;
    this.lower(slot, lots, 0);
    return NONE;
  }

  /** Ends an open order, wherever it is. */
  end(slot: number, reason: number): void {
    const { specials, details, memory, writer, accounts } = this.#engine;
    const record = specials.of(slot);
    const { account, instrument, side } = this.#facts.whose(slot);
    const left = this.#facts.leftOf(slot, record);
    const where = record === 0 ? WHERE.DISPLAYED : specials.whereOf(record);
    const inBook = where === WHERE.DISPLAYED || where === WHERE.HIDDEN;
    const price = inBook ? this.#facts.bookOf(record, instrument).priceOf(slot) : this.#i32[record * WORDS + HOLD_PRICE];
    this.#release(slot, record, left);
    this.#takeAway(slot, record, where, instrument, side);
    this.#orders[slot * ORDER_WORDS + O_LEFT] = 0;
    details.forget(slot);
    if ((accounts.modes[account] & COUNTED) !== 0)
      accounts.closed(account, this.#facts.base(instrument), this.#facts.baseUnits(instrument, side, left));
    writer.order(CANCELLED, inBook ? RESTING : 0, reason, slot, price, this.#facts.original(slot), left);
    this.#ruleBook.emitBalance(account, instrument, side);
    if (record !== 0) {
      this.#ruleBook.sessions.skip(instrument, record);
      const list = this.#i32[record * WORDS + LIST];
      if (specials.follows(record)) this.#ruleBook.pegs.remove(record);
      if (list !== 0) this.#ruleBook.lists.ended(list, slot, reason);
      specials.close(slot);
    }
    memory.orders.give(slot);
    this.#ruleBook.cascade.touch(instrument);
  }

  #takeAway(slot: number, record: number, where: number, instrument: number, side: Side): void {
    switch (where) {
      case WHERE.DISPLAYED:
      case WHERE.HIDDEN:
        this.#facts.bookOf(record, instrument).remove(slot, side);
        if (record !== 0) this.leftBook(record);
        break;
      case WHERE.WATCHING:
      case WHERE.TRAILING:
        this.#ruleBook.triggers.remove(record);
        this.#ruleBook.count(this.#facts.instrumentOf(record), TRIGGERS, -1);
        break;
      case WHERE.FIRING:
      case WHERE.ACTIVATED:
        this.#ruleBook.triggers.stopFiring(instrument, record);
        this.#ruleBook.count(this.#facts.instrumentOf(record), TRIGGERS, -1);
        break;
      case WHERE.QUEUED:
        this.#ruleBook.waiting.unqueue(record);
    }
  }

  /** A special order is no longer in a book. */
  leftBook(record: number): void {
    const { specials } = this.#engine;
    const instrument = this.#facts.instrumentOf(record);
    if (specials.changesMatching(record)) this.#ruleBook.count(instrument, SPECIAL, -1);
    if (specials.hides(record)) specials.hiding.remove(hidingList(instrument), record);
  }

  /** A special order in the book is traded in full. */
  filled(record: number): void {
    this.leftBook(record);
    if (this.#engine.specials.follows(record)) this.#ruleBook.pegs.remove(record);
  }

  /** Takes traded lots of an order out of its book. Returns what an iceberg displays anew, 0: nothing. */
  takeTraded(book: OrderBook, slot: number, record: number, side: Side, price: number, lots: number): number {
    const left = this.#orders[slot * ORDER_WORDS + O_LEFT] - lots;
    if (left > 0) {
      book.reduce(slot, side, left);
      return 0;
    }
    book.remove(slot, side);
    const at = record * WORDS;
    if (record === 0 || this.#i32[at + RESERVE] === 0) return 0;
    const shown = Math.min(this.#i32[at + DISPLAY], this.#i32[at + RESERVE]);
    this.#i32[at + RESERVE] -= shown;
    book.rest(slot, side, price, shown);
    return shown;
  }

  /** Takes lots off an open order; it keeps its place. */
  lower(slot: number, lots: number, flags: number): void {
    const { specials, writer, ledger, accounts } = this.#engine;
    const record = specials.of(slot);
    const { account, instrument, side } = this.#facts.whose(slot);
    const before = this.#facts.leftOf(slot, record);
    const left = before - lots;
    const where = record === 0 ? WHERE.DISPLAYED : specials.whereOf(record);
    const asset = this.#facts.paidBy(instrument, side);
    ledger.release(account, asset, this.#facts.perLot(instrument, side, this.#facts.holdOf(slot, record)) * lots);
    if (where === WHERE.DISPLAYED || where === WHERE.HIDDEN) this.#lowerInBook(slot, record, lots, instrument, side);
    else {
      this.#i32[record * WORDS + RESERVE] = left;
      if (where === WHERE.WATCHING || where === WHERE.TRAILING) this.#ruleBook.triggers.reduce(record, left);
      this.#orders[slot * ORDER_WORDS + O_LEFT] = left;
    }
    this.#orders[slot * ORDER_WORDS + O_ORIGINAL] -= lots;
    if ((accounts.modes[account] & COUNTED) !== 0)
      accounts.bought(account, this.#facts.base(instrument), this.#facts.baseUnits(instrument, side, lots));
    const price =
      where === WHERE.DISPLAYED || where === WHERE.HIDDEN
        ? this.#facts.bookOf(record, instrument).priceOf(slot)
        : this.#facts.holdOf(slot, record);
    writer.fill(AMENDED, flags, 0, slot, price, this.#facts.original(slot), left, 0, lots);
    const isIceberg = record !== 0 && where === WHERE.DISPLAYED && this.#i32[record * WORDS + DISPLAY] > 0;
    if (isIceberg) writer.order(SHOWN, 0, 0, slot, price, this.#orders[slot * ORDER_WORDS + O_LEFT], left);
    this.#ruleBook.emitBalance(account, instrument, side);
    this.#ruleBook.cascade.touch(instrument);
  }

  #lowerInBook(slot: number, record: number, lots: number, instrument: number, side: Side): void {
    const fromReserve = record === 0 ? 0 : Math.min(lots, this.#i32[record * WORDS + RESERVE]);
    if (record !== 0) this.#i32[record * WORDS + RESERVE] -= fromReserve;
    if (lots > fromReserve) {
      this.#facts.bookOf(record, instrument).reduce(slot, side, this.#orders[slot * ORDER_WORDS + O_LEFT] - (lots - fromReserve));
    }
  }

  /** Takes lots off the taker, by self-trade prevention. */
  lowerTaker(lots: number): void {
    const { taker, writer, ledger, accounts } = this.#engine;
    const { slot, account, instrument, side } = taker;
    ledger.release(account, this.#facts.paidBy(instrument, side), this.#facts.perLot(instrument, side, taker.hold) * lots);
    taker.left -= lots;
    taker.quantity -= lots;
    this.#orders[slot * ORDER_WORDS + O_ORIGINAL] -= lots;
    this.#orders[slot * ORDER_WORDS + O_LEFT] -= lots; // so that only trades make a difference to what is left
    if ((accounts.modes[account] & COUNTED) !== 0)
      accounts.bought(account, this.#facts.base(instrument), this.#facts.baseUnits(instrument, side, lots));
    writer.fill(AMENDED, PREVENTED, 0, slot, taker.price, taker.quantity, taker.left, 0, lots);
  }

  /** Closes an order that the engine's taker was in an auction, and that is traded in full. */
  closeFilled(slot: number, record: number): void {
    const { details, specials, accounts, memory, taker } = this.#engine;
    details.forget(slot);
    if ((accounts.modes[taker.account] & COUNTED) !== 0) accounts.closed(taker.account, this.#facts.base(taker.instrument), 0);
    if (record !== 0) specials.close(slot);
    memory.orders.give(slot);
  }

  #release(slot: number, record: number, left: number): void {
    const { account, instrument, side } = this.#facts.whose(slot);
    const held = record === 0 ? OWN_NEED : this.#f64[record * F64_WORDS + F64_HELD];
    const units = held === NOTHING ? 0 : held >= 0 ? held : left * this.#facts.perLot(instrument, side, this.#facts.holdOf(slot, record));
    this.#engine.ledger.release(account, this.#facts.paidBy(instrument, side), units);
  }
}
