import type { OrderBook } from '@outcry/book/order-book';
import { order as orderRecord } from '@outcry/book/records';
import { SELL, type Side } from '@outcry/market/order-terms';
import { HIDDEN, legOf, triggerOf } from '@outcry/market/terms';
import type { Engine } from '../engine.ts';
import { instrument as instrumentRecord } from '../instruments.ts';
import { special, WHERE } from './special-orders.ts';

const { WORDS: ORDER_WORDS, QUANTITY: O_LEFT, ACCOUNT: O_ACCOUNT, TERMS: O_TERMS, ORIGINAL: O_ORIGINAL } = orderRecord;
const { WORDS, FLAGS, HOLD_PRICE, RESERVE, MIN_QUANTITY } = special;

/** What an open order is: where its records say it. */
export class OrderFacts {
  readonly #engine: Engine;
  readonly #orders: Int32Array;
  readonly #i32: Int32Array;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#orders = engine.memory.orders.i32;
    this.#i32 = engine.specials.i32;
  }

  /** Lots that an open order has left, displayed or not. */
  leftOf(slot: number, record: number): number {
    const there = this.#orders[slot * ORDER_WORDS + O_LEFT];
    return record !== 0 && this.#engine.specials.whereOf(record) === WHERE.DISPLAYED ? there + this.#i32[record * WORDS + RESERVE] : there;
  }

  /** Ticks that an open order holds for each lot, if it buys; 0: nothing. */
  holdOf(slot: number, record: number): number {
    return record === 0 ? this.#orders[slot * ORDER_WORDS + orderRecord.PRICE] : this.#i32[record * WORDS + HOLD_PRICE];
  }

  /** Units that an open order has to hold for what it has left. */
  needOf(slot: number, record: number): number {
    const { instrument, side } = this.whose(slot);
    return this.leftOf(slot, record) * this.perLot(instrument, side, this.holdOf(slot, record));
  }

  /** Whether an order of a pair is the one that holds only what it needs beyond the other: it has a trigger. */
  isSecond(record: number, other: number): boolean {
    const flags = this.#i32[record * WORDS + FLAGS];
    const otherFlags = this.#i32[other * WORDS + FLAGS];
    return triggerOf(flags) !== 0 && (triggerOf(otherFlags) === 0 || legOf(flags) > legOf(otherFlags));
  }

  isHidden(record: number): boolean {
    const at = record * WORDS;
    return (this.#i32[at + FLAGS] & HIDDEN) !== 0 || this.#i32[at + MIN_QUANTITY] > 0 || this.#engine.specials.follows(record);
  }

  instrumentOf(record: number): number {
    return this.whose(this.#engine.specials.slotOf(record)).instrument;
  }

  whose(slot: number): { account: number; instrument: number; side: Side } {
    const terms = this.#orders[slot * ORDER_WORDS + O_TERMS];
    return {
      account: this.#orders[slot * ORDER_WORDS + O_ACCOUNT],
      instrument: terms & 0xffff,
      side: ((terms >>> 16) & 1) as Side,
    };
  }

  original(slot: number): number {
    return this.#orders[slot * ORDER_WORDS + O_ORIGINAL];
  }

  bookOf(record: number, instrument: number): OrderBook {
    const { instruments, specials } = this.#engine;
    return record !== 0 && specials.whereOf(record) === WHERE.HIDDEN ? instruments.hiddenBook(instrument) : instruments.books[instrument];
  }

  /** Units held for each lot. @param hold ticks, of a buyer */
  perLot(instrument: number, side: Side, hold: number): number {
    const { f64 } = this.#engine.instruments;
    const at = instrument * instrumentRecord.F64_WORDS;
    return side === SELL ? f64[at + instrumentRecord.F64_LOT] : hold * f64[at + instrumentRecord.F64_UNIT];
  }

  base(instrument: number): number {
    return this.paidBy(instrument, SELL);
  }

  /** Units of the base asset that lots of an order buy: 0 for a seller's. */
  baseUnits(instrument: number, side: Side, lots: number): number {
    return side === SELL ? 0 : lots * this.perLot(instrument, SELL, 0);
  }

  /** The asset that a side pays with. */
  paidBy(instrument: number, side: Side): number {
    return this.#engine.instruments.i32[instrument * instrumentRecord.WORDS + instrumentRecord.PAID_BY + side];
  }
}
