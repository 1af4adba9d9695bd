import { BUY, SELL } from '@outcry/market/order-terms';
import type { MarketFeed } from '../../core/feeds/market-feed.ts';
import type { Candle } from '../../domain/candle.ts';
import type { CandleInterval } from '../../domain/candle-interval.ts';
import { sessionJson } from '../http/session-json.ts';
import { bookTickerJson, dayJson, klineJson, levelsJson, ms, windowJson } from './format.ts';
import { KLINE_STREAMS, WINDOW_STREAMS } from './stream-names.ts';

/** What streams of one instrument say, as objects. */

/** What a stream says now to one that has not heard anything; undefined: nothing. */
export function presentOf(feed: MarketFeed, kind: string, now: number): object | undefined {
  const partial = /^depth(5|10|20)/.exec(kind);
  if (partial !== null) return partialEvent(feed, Number(partial[1]));
  if (kind.startsWith('kline_')) {
    const interval = KLINE_STREAMS.get(kind)!;
    const candle = feed.latest(interval, 1, now)?.at(-1);
    return candle && klineMessage(feed, candle, interval, feed.lastTradeId, now);
  }
  if (WINDOW_STREAMS.has(kind)) return windowEvent(feed, kind, now);
  switch (kind) {
    case 'avgPrice':
      return averageEvent(feed, now);
    case 'bookTicker':
      return bookEvent(feed);
    case 'auction':
      return auctionEvent(feed, false);
    case 'ticker':
      return dayEvents(feed, now)[0];
    case 'miniTicker':
      return dayEvents(feed, now)[1];
    default:
      return undefined;
  }
}

/** A side without orders has zeros. */
export function bookEvent(feed: MarketFeed) {
  const { symbol, bidPrice, bidQty, askPrice, askQty } = bookTickerJson(feed);
  return { u: feed.updateId, s: symbol, b: bidPrice, B: bidQty, a: askPrice, A: askQty };
}

export function auctionEvent(feed: MarketFeed, done: boolean) {
  return { e: 'auction', E: Date.now(), ...sessionJson(feed), done };
}

export function partialEvent({ instrument, depth, updateId }: MarketFeed, levels: number) {
  return {
    lastUpdateId: updateId,
    bids: levelsJson(depth.levels(BUY, levels), instrument),
    asks: levelsJson(depth.levels(SELL, levels), instrument),
  };
}

export function isClosed(candle: Candle, interval: CandleInterval, now: number): boolean {
  return interval.next(candle.openTime) <= now;
}

/** @param lastTrade id of the last trade up to the candle's end: ids have no holes */
export function klineMessage({ instrument }: MarketFeed, candle: Candle, interval: CandleInterval, lastTrade: number, now: number) {
  const [t, o, h, l, c, v, T, q, n, V, Q] = klineJson(candle, interval, instrument);
  const x = isClosed(candle, interval, now);
  const [f, L] = candle.trades === 0 ? [-1, -1] : [lastTrade - candle.trades + 1, lastTrade];
  const k = { t, T, s: instrument.symbol, i: interval.name, f, L, o, c, h, l, v, n, x, q, V, Q, B: '0' };
  return { e: 'kline', E: now, s: instrument.symbol, k };
}

/** 24hrTicker and 24hrMiniTicker. */
export function dayEvents(feed: MarketFeed, now: number) {
  const day = dayJson(feed, now);
  const core = { E: now, s: day.symbol, o: day.openPrice, h: day.highPrice, l: day.lowPrice, v: day.volume, q: day.quoteVolume };
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
  return [full, { e: '24hrMiniTicker', ...core, c: day.lastPrice }] as const;
}

const MINUTE_MS = 60_000;

/** 1hTicker and its like: from a whole minute until now. @param kind see WINDOW_STREAMS */
export function windowEvent(feed: MarketFeed, kind: string, now: number) {
  const openTime = Math.floor((now - WINDOW_STREAMS.get(kind)!) / MINUTE_MS) * MINUTE_MS;
  const statistics = feed.statistics(openTime, now);
  const window = windowJson(statistics, feed.lastTradeId - statistics.trades + 1, feed.instrument, false);
  return {
    e: `${kind.slice('ticker_'.length)}Ticker`,
    E: now,
    s: window.symbol,
    p: window.priceChange,
    P: window.priceChangePercent,
    o: window.openPrice,
    h: window.highPrice,
    l: window.lowPrice,
    c: window.lastPrice,
    w: window.weightedAvgPrice,
    v: window.volume,
    q: window.quoteVolume,
    O: window.openTime,
    C: window.closeTime,
    F: window.firstId,
    L: window.lastId,
    n: window.count,
  };
}

/** The price that bands are measured from. @param reference ticks, 0: none is set */
export function referenceEvent({ instrument }: MarketFeed, reference: number, now: number) {
  return { e: 'referencePrice', s: instrument.symbol, r: reference === 0 ? null : instrument.formatPrice(reference), t: now };
}

/** The average price of five minutes. */
export function averageEvent(feed: MarketFeed, now: number) {
  const { instrument } = feed;
  const w = instrument.formatPrice(feed.averagePrice(now));
  return { e: 'avgPrice', E: now, s: instrument.symbol, i: '5m', w, T: ms(feed.lastTradeTime) };
}
