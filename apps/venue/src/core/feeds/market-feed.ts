/** One instrument's market data: depth, trades, candles, and the statistics of the day. */
import { BUY, type Side } from '@outcry/market/order-terms';
import type { SlotPool } from '@outcry/memory/slot-pool';
import { addCandle, addPrint, CANDLE_SECONDS, type Candle, newCandle, restartCandle, spanStart } from '../../domain/candle.ts';
import type { CandleInterval } from '../../domain/candle-interval.ts';
import type { Instrument } from '../../domain/market.ts';
import type { AggregateTrade, Trade } from '../../domain/orders.ts';
import { type Statistics, statisticsOf } from '../../domain/statistics.ts';
import { MarketState } from './market-state.ts';

const RECENT_TRADES = 1000;
const RECENT_CANDLES = 1500;
/** Candles of a length that a start takes in: with as many, or more, there may have been others before. */
export const CANDLES_LOADED = 1000;
const MINUTE = 60;
const MINUTES_A_DAY = 1440;
const DAY_MS = 86_400_000;

/** What the public sees of one instrument: a publisher's. */
export class MarketFeed extends MarketState {
  /** number of the book's last change, as the order lane counts them */
  updateId = 1;
  /** the latest trades, without a hole between them */
  readonly trades: Trade[] = [];
  readonly aggregates: AggregateTrade[] = [];
  readonly #candles = new Map<number, Candle[]>();
  /** what was traded in the running second, and is in no candle yet */
  readonly #second = newCandle(0, 0);
  /** milliseconds since 1970: what traded before is not known by the second, as sums of minutes came */
  #summedUntil = 0;
  /** the running aggregate, when its first trades were not told one by one: not kept */
  #partial: AggregateTrade | undefined;

  /** @param levels of createLevelPool, which feeds share; none: it has its own */
  constructor(instrument: Instrument, levels?: SlotPool) {
    super(instrument, levels);
    for (const seconds of Object.values(CANDLE_SECONDS)) this.#candles.set(seconds, []);
  }

  /** Takes in history, oldest first: after a start. */
  load(seconds: number, candles: Candle[]): void {
    this.#candles.set(seconds, candles);
    if (seconds === 60) this.loadMinutes(candles);
  }

  override begin(lastPrice: number, lastTrade: number, updateId: number): void {
    super.begin(lastPrice, lastTrade, updateId);
    this.updateId = updateId;
  }

  /** Sets what a price has now. */
  setLevel(side: Side, price: number, lots: number, updateId: number): void {
    const change = lots - this.depth.lotsAt(side, price);
    if (change !== 0) this.depth.change(side, price, change);
    this.updateId = updateId;
  }

  /** Takes all levels off a side. */
  clearSide(side: Side): void {
    for (const [price, lots] of this.depth.levels(side, Number.MAX_SAFE_INTEGER)) this.depth.change(side, price, -lots);
  }

  addTrade(trade: Readonly<Trade>): AggregateTrade {
    this.noteTrade(trade);
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

  /**
   * Takes in trades of which only the sum is known: what was traded in a second (or, of a long time, in a minute). {@link setLast} follows.
   * The latest trades begin anew after it.
   */
  addSum(sum: Candle, seconds: number): void {
    this.#closeSecond();
    this.#addToCandles(sum, seconds);
    if (seconds >= MINUTE) this.#summedUntil = sum.openTime + seconds * 1000;
    this.trades.length = 0;
    this.aggregates.length = 0;
    this.#partial = undefined;
  }

  /** Candles of a length in seconds, oldest first. */
  candles(seconds: number): readonly Candle[] {
    this.#closeSecond();
    return this.#candles.get(seconds)!;
  }

  /**
   * The latest candles of an interval without a hole, oldest first, the last of them the running one; undefined: there may have been more
   * trades than are kept here.
   * @param now milliseconds since 1970
   */
  latest(interval: CandleInterval, most: number, now: number): Candle[] | undefined {
    const kept = this.candles(interval.base);
    const last = kept.at(-1);
    if (last === undefined) return [];
    const to = interval.start(Math.max(now, last.openTime));
    const from = interval.step(to, 1 - most);
    if (interval.base < MINUTE && from < this.#summedUntil) return undefined;
    let first = kept.length;
    while (first > 0 && kept[first - 1].openTime >= from) first--;
    const isWhole = first > 0 || kept.length < CANDLES_LOADED || (interval.parts === 1 && kept[0].openTime === from);
    if (!isWhole) return undefined;
    return interval.fill(interval.merge(kept.slice(first)), from, to, kept[first - 1]?.close);
  }

  /** Puts what the second has so far into the candles. */
  #closeSecond(): void {
    const second = this.#second;
    if (second.trades === 0) return;
    this.#addToCandles(second, 1);
    second.trades = 0;
  }

  #addToCandles(sum: Candle, least: number): void {
    for (const [seconds, candles] of this.#candles) {
      if (seconds < least) continue;
      const start = spanStart(sum.openTime, seconds);
      let current = candles.at(-1);
      if (current?.openTime !== start) {
        current = newCandle(start, sum.open);
        keepLast(candles, current, RECENT_CANDLES);
      }
      addCandle(current, sum);
    }
  }

  /** What was traded since a time that lies at most a day back, by minutes. */
  statistics(openTime: number, closeTime: number): Statistics {
    const minutes = this.candles(60)
      .slice(-MINUTES_A_DAY - 2)
      .filter((candle) => candle.openTime >= openTime);
    return statisticsOf(minutes, this.lastPrice, openTime, closeTime);
  }

  /** The last 24 hours. */
  day(nowMs: number): Statistics {
    return this.statistics(nowMs - DAY_MS, nowMs);
  }

  #aggregate(trade: Readonly<Trade>): AggregateTrade {
    const last = this.#partial ?? this.aggregates.at(-1);
    if (!trade.newAggregate && last?.id === trade.aggregate) {
      last.quantity += trade.quantity;
      last.lastTrade = trade.id;
      return last;
    }
    const { aggregate: id, price, quantity, time, takerSide } = trade;
    const aggregate = { id, price, quantity, firstTrade: trade.id, lastTrade: trade.id, time, takerSide };
    this.#partial = trade.newAggregate ? undefined : aggregate;
    if (trade.newAggregate) keepLast(this.aggregates, aggregate, RECENT_TRADES);
    return aggregate;
  }
}

function keepLast<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length >= most * 2) list.splice(0, list.length - most);
}
