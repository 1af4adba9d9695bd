/** What the order lane knows of each market: book, last and average price, state. */
import { TRADING_STATE } from '@outcry/market/states';
import type { SlotPool } from '@outcry/memory/slot-pool';
import type { Candle } from '../../domain/candle.ts';
import { addExact, addUnits, clear, type Exact, exact, toBigInt } from '../../domain/exact.ts';
import type { Instrument } from '../../domain/market.ts';
import type { AuctionPrice, Trade } from '../../domain/orders.ts';
import type { MarketListener } from '../orders/listeners.ts';
import { Depth } from './depth.ts';

/** An average price looks at so many minutes: the running one, and those that lie within the last five. */
export const AVERAGE_MINUTES = 6;
const AVERAGE_MS = 300_000;
const MINUTE_MS = 60_000;
const SECOND_US = 1_000_000;

/** Of one instrument, what the order lane needs of its market: its book by level, last and average price, state. Bounded work an event. */
export class MarketState {
  readonly instrument: Instrument;
  readonly depth: Depth;
  lastPrice = 0;
  lastQuantity = 0;
  lastTradeId = 0;
  /** microseconds since 1970 of the last trade, 0: none, or not known */
  lastTradeTime = 0;
  /** see TRADING_STATE */
  state: number = TRADING_STATE.CONTINUOUS;
  /** ticks, 0: none is set */
  reference = 0;
  /** where the running auction would trade; of the last one, where it did */
  auction: AuctionPrice = { price: 0, volume: 0, surplus: 0 };
  /** by minute since 1970, modulo their number */
  readonly #minutes = Array.from({ length: AVERAGE_MINUTES }, () => ({ minute: -1, quantity: exact(), amount: exact() }));

  /** @param levels of createLevelPool, which states share; none: it has its own */
  constructor(instrument: Instrument, levels?: SlotPool) {
    this.instrument = instrument;
    this.depth = new Depth(levels);
  }

  /** Takes in what was traded in the minutes before a start. */
  loadMinutes(candles: readonly Candle[]): void {
    for (const { openTime, quantity, amount } of candles.slice(-AVERAGE_MINUTES)) {
      const sum = this.#minute(openTime);
      addExact(sum.quantity, quantity);
      addExact(sum.amount, amount);
    }
  }

  /** Takes in which trade was the last before a start, undefined: none is known. */
  loadLast(trade: Readonly<Pick<Trade, 'id' | 'price' | 'quantity' | 'time'>> | undefined): void {
    if (trade !== undefined) this.setLast(trade.id, trade.price, trade.quantity, trade.time);
  }

  /**
   * Goes on where a venue of before ended. Its book's changes are numbered from the time on, in microseconds: fewer come than microseconds
   * pass, so that no number is used again, and who kept a book over the restart sees that it is another one.
   * @param time of the start, or of the last command where that is later, which it is when the clock was set back
   */
  begin(lastPrice: number, lastTrade: number, time: number): void {
    if (this.lastTradeId !== lastTrade) this.setLast(lastTrade, lastPrice, 0, 0); // what the store had is not the last one
    this.lastPrice = lastPrice;
    this.depth.updateId = time;
  }

  /** Sets which trade was the last: of a time before a start, or after some that were not told one by one. */
  setLast(id: number, price: number, quantity: number, time: number): void {
    this.lastTradeId = id;
    this.lastPrice = price;
    this.lastQuantity = quantity;
    this.lastTradeTime = time;
  }

  noteTrade(trade: Readonly<Trade>): void {
    this.setLast(trade.id, trade.price, trade.quantity, trade.time);
    const sum = this.#minute(trade.time / 1000);
    addUnits(sum.quantity, trade.quantity);
    addUnits(sum.amount, trade.amount);
  }

  /** The sums of a minute, begun anew where they were of another one. */
  #minute(timeMs: number): { minute: number; readonly quantity: Exact; readonly amount: Exact } {
    const minute = Math.floor(timeMs / MINUTE_MS);
    const sum = this.#minutes[minute % AVERAGE_MINUTES];
    if (sum.minute !== minute) {
      sum.minute = minute;
      clear(sum.quantity);
      clear(sum.amount);
    }
    return sum;
  }

  /** Ticks, rounded down: amount over quantity of the last 5 minutes; the last price, or the reference price, when nothing traded. */
  averagePrice(nowMs: number): number {
    let quantity = 0n;
    let amount = 0n;
    for (const sum of this.#minutes) {
      if (sum.minute * MINUTE_MS <= nowMs - AVERAGE_MS) continue;
      quantity += toBigInt(sum.quantity);
      amount += toBigInt(sum.amount);
    }
    if (quantity === 0n) return this.lastPrice || this.instrument.referencePrice;
    return Number(amount / (quantity * BigInt(this.instrument.unit)));
  }
}

/** Keeps the states of all instruments by the events. */
export class MarketTracker implements MarketListener {
  readonly #states: readonly MarketState[];
  readonly #now: () => number;

  /** @param now microseconds since 1970 */
  constructor(states: readonly MarketState[], now: () => number) {
    this.#states = states;
    this.#now = now;
  }

  onTrade(trade: Readonly<Trade>): void {
    this.#states[trade.instrument].noteTrade(trade);
  }

  onDepth(instrument: number, side: 0 | 1, price: number, lots: number): void {
    this.#states[instrument].depth.change(side, price, lots);
  }

  onState(instrument: number, state: number, reference: number): void {
    const market = this.#states[instrument];
    market.state = state;
    market.reference = reference;
  }

  onAuction(instrument: number, auction: AuctionPrice): void {
    this.#states[instrument].auction = auction;
  }

  onInstrument(instrument: number, lastPrice: number, lastTrade: number, time: number): void {
    this.#states[instrument].begin(lastPrice, lastTrade, Math.max(this.#now(), time + SECOND_US));
  }
}
