import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import type { Instrument, Market } from '../core/market.ts';
import type { AggregateTrade, MarketFeed } from '../core/market-feed.ts';
import { Noted } from '../core/noted.ts';
import type { AuctionPrice, MarketListener, Trade } from '../core/view.ts';
import type { Candle } from '../store/candle.ts';
import { CANDLE_SECONDS } from '../store/schema.ts';
import { aggregateJson, dayJson, klineJson, levelsJson, ms, sessionJson } from './format.ts';

export type StreamListener = (stream: string, data: object) => void;

const INTERVALS = Object.keys(CANDLE_SECONDS).join('|');
const SYMBOL_STREAM = new RegExp(
  `^([a-z0-9]+)@(trade|aggTrade|bookTicker|ticker|miniTicker|auction|depth(?:5|10|20)?(?:@100ms|@1000ms)?|kline_(?:${INTERVALS}))$`,
);
const ALL_STREAMS = ['!ticker@arr', '!miniTicker@arr', '!bookTicker'];

/** Public streams: who listens to what, and telling them. Costs nothing for streams that nobody listens to. */
export class MarketStreams implements Partial<MarketListener> {
  readonly #market: Market;
  readonly #feeds: readonly MarketFeed[];
  readonly #listeners = new Map<string, Set<StreamListener>>();
  readonly #fast: number[];
  readonly #slow: number[];
  readonly #bestSent: string[] = [];
  readonly #klineSent = new Map<string, string>();
  readonly #daySent = new Map<string, number>();
  readonly #partialSent = new Map<string, number>();
  readonly #aggregates: { instrument: Instrument; trade: AggregateTrade }[] = [];
  /** instruments whose depth changed in this turn */
  readonly #touched: Noted;
  readonly #timers: NodeJS.Timeout[];

  constructor(market: Market, feeds: readonly MarketFeed[]) {
    this.#market = market;
    this.#feeds = feeds;
    this.#touched = new Noted(new Uint8Array(feeds.length));
    this.#fast = feeds.map((feed) => feed.depth.addCollector());
    this.#slow = feeds.map((feed) => feed.depth.addCollector());
    this.#timers = [setInterval(() => this.#every100ms(), 100), setInterval(() => this.#everySecond(), 1000)];
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Whether there is such a stream. */
  exists(stream: string): boolean {
    if (ALL_STREAMS.includes(stream)) return true;
    const match = SYMBOL_STREAM.exec(stream);
    return match !== null && this.#market.find(match[1].toUpperCase()) !== undefined;
  }

  subscribe(stream: string, listener: StreamListener): void {
    let all = this.#listeners.get(stream);
    if (all === undefined) {
      all = new Set();
      this.#listeners.set(stream, all);
    }
    all.add(listener);
  }

  unsubscribe(stream: string, listener: StreamListener): void {
    this.#listeners.get(stream)?.delete(listener);
    if (this.#listeners.get(stream)?.size === 0) this.#listeners.delete(stream);
  }

  onTrade(trade: Readonly<Trade>): void {
    const feed = this.#feeds[trade.instrument];
    const { instrument } = feed;
    const aggregate = feed.addTrade(trade);
    if (this.#listeners.size === 0) return;
    const name = instrument.symbol.toLowerCase();
    if (this.#listeners.has(`${name}@aggTrade`) && this.#aggregates.at(-1)?.trade !== aggregate) {
      if (this.#aggregates.length === 0) queueMicrotask(() => this.#tellAggregates());
      this.#aggregates.push({ instrument, trade: aggregate });
    }
    const stream = `${name}@trade`;
    if (!this.#listeners.has(stream)) return;
    this.#tell(stream, {
      e: 'trade',
      E: Date.now(),
      s: instrument.symbol,
      t: trade.id,
      p: instrument.formatPrice(trade.price),
      q: instrument.formatQuantity(trade.quantity),
      T: ms(trade.time),
      m: trade.takerSide !== BUY,
      M: true,
    });
  }

  onDepth(instrument: number, side: Side, price: number, lots: number): void {
    this.#feeds[instrument].depth.change(side, price, lots);
    if (this.#touched.note(instrument)) queueMicrotask(() => this.#touched.workOff((number) => this.#tellBest(number)));
  }

  onInstrument(instrument: number, lastPrice: number): void {
    this.#feeds[instrument].lastPrice = lastPrice;
  }

  onState(instrument: number, state: number, reference: number): void {
    Object.assign(this.#feeds[instrument], { state, reference });
    this.#tellAuction(instrument, false);
  }

  onAuction(instrument: number, auction: AuctionPrice, isDone: boolean): void {
    this.#feeds[instrument].auction = auction;
    this.#tellAuction(instrument, isDone);
  }

  #tellAuction(number: number, isDone: boolean): void {
    const feed = this.#feeds[number];
    const stream = `${feed.instrument.symbol.toLowerCase()}@auction`;
    if (this.#listeners.has(stream)) this.#tell(stream, { e: 'auction', E: Date.now(), ...sessionJson(feed), done: isDone });
  }

  #tell(stream: string, data: object): void {
    for (const listener of this.#listeners.get(stream) ?? []) listener(stream, data);
  }

  #tellAggregates(): void {
    for (const { instrument, trade } of this.#aggregates.splice(0)) {
      this.#tell(`${instrument.symbol.toLowerCase()}@aggTrade`, {
        e: 'aggTrade',
        E: Date.now(),
        s: instrument.symbol,
        ...aggregateJson(trade, instrument),
      });
    }
  }

  /** bookTicker, as soon as the best price or its quantity is another. */
  #tellBest(number: number): void {
    const { instrument, depth } = this.#feeds[number];
    const stream = `${instrument.symbol.toLowerCase()}@bookTicker`;
    if (!this.#listeners.has(stream) && !this.#listeners.has('!bookTicker')) return;
    const [bid, ask] = [depth.best(BUY), depth.best(SELL)];
    const key = `${bid} ${ask}`;
    if (bid === undefined || ask === undefined || this.#bestSent[number] === key) return;
    this.#bestSent[number] = key;
    const data = {
      u: depth.updateId,
      s: instrument.symbol,
      b: instrument.formatPrice(bid[0]),
      B: instrument.formatQuantity(bid[1]),
      a: instrument.formatPrice(ask[0]),
      A: instrument.formatQuantity(ask[1]),
    };
    this.#tell(stream, data);
    this.#tell('!bookTicker', data);
  }

  #every100ms(): void {
    this.#feeds.forEach((feed, i) => {
      const name = feed.instrument.symbol.toLowerCase();
      this.#tellDepth(feed, this.#fast[i], `${name}@depth@100ms`);
      for (const levels of [5, 10, 20]) this.#tellPartial(feed, levels, `${name}@depth${levels}@100ms`);
    });
  }

  #everySecond(): void {
    const now = Date.now();
    const changed: object[][] = [[], []];
    this.#feeds.forEach((feed, i) => {
      const name = feed.instrument.symbol.toLowerCase();
      this.#tellDepth(feed, this.#slow[i], `${name}@depth`, `${name}@depth@1000ms`);
      for (const levels of [5, 10, 20]) {
        this.#tellPartial(feed, levels, `${name}@depth${levels}`);
        this.#tellPartial(feed, levels, `${name}@depth${levels}@1000ms`);
      }
      for (const [interval, seconds] of Object.entries(CANDLE_SECONDS)) this.#tellKline(feed, interval, seconds, now);
      this.#tellDay(feed, now, changed);
    });
    if (changed[0].length > 0) this.#tell('!ticker@arr', changed[0]);
    if (changed[1].length > 0) this.#tell('!miniTicker@arr', changed[1]);
  }

  #tellDepth(feed: MarketFeed, collector: number, ...streams: string[]): void {
    const change = feed.depth.take(collector);
    if (change === undefined || !streams.some((stream) => this.#listeners.has(stream))) return;
    const { instrument } = feed;
    const data = {
      e: 'depthUpdate',
      E: Date.now(),
      s: instrument.symbol,
      U: change.firstUpdateId,
      u: change.lastUpdateId,
      b: levelsJson(change.bids, instrument),
      a: levelsJson(change.asks, instrument),
    };
    for (const stream of streams) this.#tell(stream, data);
  }

  #tellPartial(feed: MarketFeed, levels: number, stream: string): void {
    const { depth, instrument } = feed;
    if (!this.#listeners.has(stream) || this.#partialSent.get(stream) === depth.updateId) return;
    this.#partialSent.set(stream, depth.updateId);
    this.#tell(stream, {
      lastUpdateId: depth.updateId,
      bids: levelsJson(depth.levels(BUY, levels), instrument),
      asks: levelsJson(depth.levels(SELL, levels), instrument),
    });
  }

  /** The current candle when it changed; the one before it a last time, closed. */
  #tellKline(feed: MarketFeed, interval: string, seconds: number, now: number): void {
    const { instrument } = feed;
    const stream = `${instrument.symbol.toLowerCase()}@kline_${interval}`;
    if (!this.#listeners.has(stream)) return;
    const candles = feed.candles(seconds);
    for (const candle of candles.slice(-2)) {
      const isClosed = candle.openTime + seconds * 1000 <= now;
      const state = `${candle.trades} ${isClosed}`;
      const key = `${stream} ${candle.openTime}`;
      if (this.#klineSent.get(key) === state) continue;
      this.#klineSent.set(key, state);
      this.#klineSent.delete(`${stream} ${candle.openTime - 2 * seconds * 1000}`);
      this.#tell(stream, { e: 'kline', E: now, s: instrument.symbol, k: klineEvent(candle, seconds, interval, isClosed, instrument) });
    }
  }

  #tellDay(feed: MarketFeed, now: number, changed: object[][]): void {
    const name = feed.instrument.symbol.toLowerCase();
    const heard = [`${name}@ticker`, `${name}@miniTicker`, '!ticker@arr', '!miniTicker@arr'].some((stream) => this.#listeners.has(stream));
    if (!heard || this.#daySent.get(name) === feed.depth.updateId + feed.lastTradeId) return;
    this.#daySent.set(name, feed.depth.updateId + feed.lastTradeId);
    const day = dayJson(feed, now);
    const core = { E: now, s: day.symbol, o: day.openPrice, h: day.highPrice, l: day.lowPrice, v: day.volume, q: day.quoteVolume };
    const mini = { e: '24hrMiniTicker', ...core, c: day.lastPrice };
    const full = {
      e: '24hrTicker',
      ...core,
      p: day.priceChange,
      P: day.priceChangePercent,
      w: day.weightedAvgPrice,
      x: day.prevClosePrice,
      c: day.lastPrice,
      Q: day.lastQty,
      b: day.bidPrice,
      B: day.bidQty,
      a: day.askPrice,
      A: day.askQty,
      O: day.openTime,
      C: day.closeTime,
      F: day.firstId,
      L: day.lastId,
      n: day.count,
    };
    this.#tell(`${name}@ticker`, full);
    this.#tell(`${name}@miniTicker`, mini);
    changed[0].push(full);
    changed[1].push(mini);
  }
}

function klineEvent(candle: Candle, seconds: number, interval: string, isClosed: boolean, instrument: Instrument) {
  const [t, o, h, l, c, v, T, q, n, V, Q] = klineJson(candle, seconds, instrument);
  return { t, T, s: instrument.symbol, i: interval, f: -1, L: -1, o, c, h, l, v, n, x: isClosed, q, V, Q, B: '0' };
}
