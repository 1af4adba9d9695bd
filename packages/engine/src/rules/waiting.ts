import { EVENT, WAITING } from '@outcry/market/event';
import { BUY, LIMIT } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { legOf, SLIDE, triggerOf } from '@outcry/market/terms';
import type { Engine } from '../engine.ts';
import { instrumentRule } from '../instruments.ts';
import type { OrderFacts } from './order-facts.ts';
import type { RuleBook } from './rule-book.ts';
import { NOTHING, OWN_NEED, special, WHERE } from './special-orders.ts';

const { WORDS, F64_WORDS, F64_HELD, FLAGS, HOLD_PRICE, STOP_PRICE, LIST } = special;
const { WORDS: RULES, TRIGGERS, QUEUE } = instrumentRule;
const { TRIGGERED } = EVENT;

/** Orders that wait: for a trigger, for another order of their list, in the queue to enter. */
export class Waiting {
  readonly #engine: Engine;
  readonly #ruleBook: RuleBook;
  readonly #facts: OrderFacts;
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;

  constructor(engine: Engine, ruleBook: RuleBook) {
    this.#engine = engine;
    this.#ruleBook = ruleBook;
    this.#facts = ruleBook.facts;
    this.#i32 = engine.specials.i32;
    this.#f64 = engine.specials.f64;
  }

  /** Begins to watch for an order's trigger. */
  watch(record: number): void {
    this.#ruleBook.triggers.add(record);
    this.#ruleBook.count(this.#facts.instrumentOf(record), TRIGGERS, 1);
  }

  /** Enters an order from the queue: one that was triggered, or that waited for its list. */
  enterQueued(record: number): void {
    const { specials, writer } = this.#engine;
    const slot = specials.slotOf(record);
    const flags = this.#i32[record * WORDS + FLAGS];
    const waited = legOf(flags) !== 0 && this.#f64[record * F64_WORDS + F64_HELD] === NOTHING;
    this.unqueue(record);
    this.#i32[record * WORDS + special.WHERE] = WHERE.NOWHERE;
    this.#ruleBook.loadTaker(slot, record);
    if (waited) {
      const reason = this.#secureWaiting(record, slot);
      if (reason !== REASON.NONE) {
        this.#ruleBook.ending.end(slot, reason);
        return;
      }
      if (triggerOf(flags) !== 0) {
        writer.order(
          TRIGGERED,
          WAITING,
          0,
          slot,
          this.#i32[record * WORDS + HOLD_PRICE],
          this.#facts.original(slot),
          this.#engine.taker.left,
        );
        this.watch(record);
        return;
      }
    }
    const reason = this.#priceAtLast(record);
    if (reason !== REASON.NONE) {
      this.#ruleBook.ending.end(slot, reason);
      return;
    }
    const { taker } = this.#engine;
    writer.order(TRIGGERED, 0, 0, slot, taker.kind === LIMIT ? taker.price : 0, taker.quantity, taker.left);
    this.#ruleBook.run(record, false);
  }

  /** Marks an order as one that waits for its list: it holds nothing. */
  letWait(record: number): void {
    this.#i32[record * WORDS + special.WHERE] = WHERE.WAITING;
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
    this.#ruleBook.count(this.#facts.instrumentOf(record), TRIGGERS, -1);
    if (list !== 0) this.#ruleBook.lists.fired(list, slot);
    const held = this.#f64[record * F64_WORDS + F64_HELD];
    if (held >= 0) {
      // The first of the pair is gone, and with it what it held: this one takes that over.
      const { account, instrument, side } = this.#facts.whose(slot);
      this.#f64[record * F64_WORDS + F64_HELD] = OWN_NEED;
      ledger.hold(account, this.#facts.paidBy(instrument, side), this.#facts.needOf(slot, record) - held);
      this.#ruleBook.emitBalance(account, instrument, side); // it may enter with a later command
    }
    this.queue(record);
  };

  /** Puts an order at the end of its instrument's queue. */
  queue(record: number): void {
    const instrument = this.#facts.instrumentOf(record);
    this.#i32[record * WORDS + special.WHERE] = WHERE.QUEUED;
    this.#ruleBook.records.append(instrument * RULES + QUEUE, record);
    this.#ruleBook.cascade.touch(instrument);
  }

  unqueue(record: number): void {
    this.#ruleBook.records.remove(this.#facts.instrumentOf(record) * RULES + QUEUE, record);
  }

  /** Checks and holds for an order that waited for its list what it was not held to before. */
  #secureWaiting(record: number, slot: number): number {
    const { ledger } = this.#engine;
    const { account, instrument, side } = this.#facts.whose(slot);
    const flags = this.#i32[record * WORDS + FLAGS];
    if (triggerOf(flags) !== 0) {
      const isTrailing = this.#i32[record * WORDS + special.TRAIL] !== 0;
      if (isTrailing && this.#ruleBook.triggers.watched(instrument, side, flags) === 0) return this.#fail(record, REASON.NO_REFERENCE);
      const stopPrice = this.#i32[record * WORDS + STOP_PRICE];
      if (!isTrailing && this.#ruleBook.triggers.isReached(instrument, side, flags, stopPrice))
        return this.#fail(record, REASON.WOULD_TRIGGER);
    }
    const sibling = this.#ruleBook.lists.sibling(this.#i32[record * WORDS + LIST], slot);
    const need = this.#facts.needOf(slot, record);
    const other = sibling === 0 ? 0 : this.#engine.specials.of(sibling);
    const isSecond = other !== 0 && this.#facts.isSecond(record, other);
    const toHold = isSecond ? Math.max(0, need - this.#facts.needOf(sibling, other)) : need;
    this.#f64[record * F64_WORDS + F64_HELD] = isSecond ? toHold : OWN_NEED;
    if (ledger.hold(account, this.#facts.paidBy(instrument, side), toHold)) {
      this.#ruleBook.emitBalance(account, instrument, side);
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
  #priceAtLast(record: number): number {
    const { taker, ledger } = this.#engine;
    const { controls, matching } = this.#ruleBook;
    const { instrument, side } = taker;
    const flags = this.#i32[record * WORDS + FLAGS];
    const paid = this.#facts.paidBy(instrument, side);
    if (taker.kind === LIMIT && taker.price === 0) {
      taker.price = controls.pegPrice(instrument, side, flags, this.#i32[record * WORDS + special.PEG_OFFSET], 0);
      if (taker.price === 0) return REASON.NO_REFERENCE;
      if (side === BUY) {
        const need = taker.left * this.#facts.perLot(instrument, BUY, taker.price);
        if (need > Number.MAX_SAFE_INTEGER || !ledger.hold(taker.account, paid, need)) return REASON.INSUFFICIENT_BALANCE;
        taker.hold = taker.price;
      }
      this.#i32[record * WORDS + HOLD_PRICE] = taker.price;
    }
    if (taker.postOnly !== 0) {
      taker.price = controls.postingPrice(instrument, side, taker.price, (flags & SLIDE) !== 0);
      if (taker.price === 0) return REASON.WOULD_TAKE;
    }
    if (taker.kind !== LIMIT && side === BUY) {
      const cost = matching.unitsToBuy(taker.left);
      if (cost > Number.MAX_SAFE_INTEGER || !ledger.covers(taker.account, paid, cost)) return REASON.INSUFFICIENT_BALANCE;
    }
    return REASON.NONE;
  }
}
