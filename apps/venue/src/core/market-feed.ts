import { BUY, type Side } from '@outcry/market/order-terms';
import { STATE } from '@outcry/market/rules';
import type { SlotPool } from '@outcry/memory/slot-pool';
import { addCandle, addPrint, type Candle, newCandle, restartCandle, spanStart } from '../store/candle.ts';
import { CANDLE_SECONDS } from '../store/schema.ts';
import { Depth } from './depth.ts';
import type { Instrument } from './market.ts';
import type { AuctionPrice, Trade } from './view.ts';

const RECENT_TRADES = 1000;
const RECENT_CANDLES = 1500;
const MINUTES_A_DAY = 1440;

/** Trades of one order at one price. */
export interface AggregateTrade {
  id: number;
  price: number;
  quantity: number;
  firstTrade: number;
  lastTrade: number;
  time: number;
  takerSide: Side;
}

/** The last 24 hours. */
export interface DayStatistics {
  open: number;
  high: number;
  low: number;
  last: number;
  quantity: number;
  amount: number;
  trades: number;
  openTime: number;
  closeTime: number;
}

/** What the public sees of one instrument. */
export class MarketFeed {
  readonly instrument: Instrument;
  readonly depth: Depth;
  readonly trades: Trade[] = [];
  readonly aggregates: AggregateTrade[] = [];
  readonly #candles = new Map<number, Candle[]>();
  /** what was traded in the running second, and is in no candle yet */
  readonly #second = newCandle(0, 0);
  lastPrice = 0;
  lastQuantity = 0;
  lastTradeId = 0;
  /** microseconds since 1970 of the last trade, 0: none since the start */
  lastTradeTime = 0;
  /** see STATE */
  state: number = STATE.CONTINUOUS;
  /** ticks, 0: none is set */
  reference = 0;
  /** where the running auction would trade; of the last one, where it did */
  auction: AuctionPrice = { price: 0, volume: 0, surplus: 0 };

  /** @param levels of createLevelPool, which feeds share; none: it has its own */
  constructor(instrument: Instrument, levels?: SlotPool) {
    this.instrument = instrument;
    this.depth = new Depth(levels);
    for (const seconds of Object.values(CANDLE_SECONDS)) this.#candles.set(seconds, []);
  }

  /** Takes in history, oldest first: after a start. */
  load(seconds: number, candles: Candle[]): void {
    this.#candles.set(seconds, candles);
  }

  addTrade(trade: Readonly<Trade>): AggregateTrade {
    this.lastPrice = trade.price;
    this.lastQuantity = trade.quantity;
    this.lastTradeId = trade.id;
    this.lastTradeTime = trade.time;
    keepLast(this.trades, { ...trade }, RECENT_TRADES);
    const second = this.#second;
    const start = spanStart(trade.time / 1000, 1);
    if (second.openTime !== start || second.trades === 0) {
      this.#closeSecond();
      restartCandle(second, start, trade.price);
    }
    addPrint(second, trade.price, trade.quantity, trade.amount, trade.takerSide === BUY);
    return this.#aggregate(trade);
  }

  /** Candles of a length in seconds, oldest first. */
  candles(seconds: number): readonly Candle[] {
    this.#closeSecond();
    return this.#candles.get(seconds)!;
  }

  /** Puts what the second has so far into the candles. */
  #closeSecond(): void {
    const second = this.#second;
    if (second.trades === 0) return;
    for (const [seconds, candles] of this.#candles) {
      const start = spanStart(second.openTime, seconds);
      let current = candles.at(-1);
      if (current?.openTime !== start) {
        current = newCandle(start, second.open);
        keepLast(candles, current, RECENT_CANDLES);
      }
      addCandle(current, second);
    }
    second.trades = 0;
  }

  day(nowMs: number): DayStatistics {
    const openTime = nowMs - 86_400_000;
    const minutes = this.candles(60)
      .slice(-MINUTES_A_DAY - 1)
      .filter((candle) => candle.openTime > openTime);
    const last = this.lastPrice;
    const day: DayStatistics = {
      open: minutes[0]?.open ?? last,
      high: last,
      low: last,
      last,
      quantity: 0,
      amount: 0,
      trades: 0,
      openTime,
      closeTime: nowMs,
    };
    for (const minute of minutes) {
      day.high = Math.max(day.high, minute.high);
      day.low = Math.min(day.low, minute.low);
      day.quantity += minute.quantity;
      day.amount += minute.amount;
      day.trades += minute.trades;
    }
    return day;
  }

  /** Ticks, rounded down: amount over quantity of the last 5 minutes; the last price, or the reference price, when nothing traded. */
  averagePrice(nowMs: number): number {
    let quantity = 0n;
    let amount = 0n;
    for (const minute of this.candles(60).slice(-6)) {
      if (minute.openTime <= nowMs - 300_000) continue;
      quantity += BigInt(minute.quantity);
      amount += BigInt(minute.amount);
    }
    if (quantity === 0n) return this.lastPrice || this.instrument.referencePrice;
    return Number(amount / (quantity * BigInt(this.instrument.unit)));
  }

  #aggregate(trade: Readonly<Trade>): AggregateTrade {
    const last = this.aggregates.at(-1);
    if (!trade.newAggregate && last?.id === trade.aggregate) {
      last.quantity += trade.quantity;
      last.lastTrade = trade.id;
      return last;
    }
    const { aggregate: id, price, quantity, time, takerSide } = trade;
    const aggregate = { id, price, quantity, firstTrade: trade.id, lastTrade: trade.id, time, takerSide };
    keepLast(this.aggregates, aggregate, RECENT_TRADES);
    return aggregate;
  }
}

function keepLast<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length >= most * 2) list.splice(0, list.length - most);
}
