/** Binance's public streams: which events each has, and when it sends them. */
import { BUY, SELL } from '@outcry/market/order-terms';
import type { MarketFeed } from '../../core/feeds/market-feed.ts';
import type { FeedListener } from '../../core/feeds/queue-reader.ts';
import { Noted } from '../../core/orders/noted.ts';
import type { CandleInterval } from '../../domain/candle-interval.ts';
import type { Instrument, Market } from '../../domain/market.ts';
import type { AggregateTrade, Trade } from '../../domain/orders.ts';
import { aggregateJson, levelsJson, ms } from './format.ts';
import {
  auctionEvent,
  averageEvent,
  bookEvent,
  dayEvents,
  isClosed,
  klineMessage,
  partialEvent,
  presentOf,
  referenceEvent,
  windowEvent,
} from './stream-events.ts';
import {
  ALL_BOOK_TICKERS,
  ALL_MINI_TICKERS,
  ALL_STREAMS,
  ALL_TICKERS,
  ALL_WINDOWS,
  allWindows,
  EVENTS,
  KLINE_STREAMS,
  SYMBOL_STREAM,
  streamOf,
  WINDOW_STREAMS,
} from './stream-names.ts';
import { Stream, type StreamReader, type StreamSource, type StreamText, type TextListener } from './streams.ts';

const PARTIAL = [5, 10, 20];
/** Candles that a stream may be behind: a second's ten, after a long turn. */
const CANDLES_BEHIND = 10;
const MINUTE_MS = 60_000;

/** Best bid and ask: prices and lots; 0 lots: none. */
type Touch = [bid: number, bidLots: number, ask: number, askLots: number];

/**
 * Public streams: who reads what, and what they are sent. What is published in a turn goes out with {@link deliver}. Costs nothing for
 * streams that nobody reads.
 */
export class MarketStreams implements FeedListener, StreamSource {
  readonly #market: Market;
  readonly #feeds: readonly MarketFeed[];
  readonly #referenceOf: (instrument: number) => number;
  /** what a demo's faults leave of a stream's texts; undefined: all */
  tamper: ((texts: StreamText[]) => StreamText[]) | undefined;
  readonly #streams = new Map<string, Stream>();
  /** streams with something to send of this turn, and those with newcomers */
  #published: Stream[] = [];
  readonly #joined = new Set<Stream>();
  readonly #fast: number[];
  readonly #slow: number[];
  /** the last update of a depth stream, by instrument */
  readonly #fastSent: number[];
  readonly #slowSent: number[];
  readonly #touches: Touch[];
  /** by instrument, of the day that was told last */
  readonly #daySent: { state: number; minute: number; trades: number }[];
  readonly #aggregates: { instrument: Instrument; trade: AggregateTrade }[] = [];
  /** by kind and instrument of what is told when it has changed: what was told last */
  readonly #said = new Map<string, string>();
  /** instruments whose depth changed since the last mark */
  readonly #touched: Noted;

  /** @param referenceOf an instrument's reference price in ticks, 0: none */
  constructor(market: Market, feeds: readonly MarketFeed[], referenceOf: (instrument: number) => number) {
    this.#market = market;
    this.#referenceOf = referenceOf;
    this.#feeds = feeds;
    this.#touched = new Noted(new Uint8Array(feeds.length));
    this.#fast = feeds.map((feed) => feed.depth.addCollector());
    this.#slow = feeds.map((feed) => feed.depth.addCollector());
    this.#fastSent = feeds.map((feed) => feed.updateId);
    this.#slowSent = feeds.map((feed) => feed.updateId);
    this.#touches = feeds.map(() => [0, 0, 0, 0]);
    this.#daySent = feeds.map(() => ({ state: 0, minute: 0, trades: 0 }));
  }

  /** Streams that somebody reads. */
  get size(): number {
    return this.#streams.size;
  }

  /** Whether there is something to deliver. */
  hasMore(isAtTurnMark: boolean): boolean {
    return this.#published.length > 0 || (isAtTurnMark && this.#joined.size > 0);
  }

  subscribe(name: string, reader: StreamReader): boolean {
    const stream = this.#find(name);
    stream?.add(reader, !EVENTS.test(name));
    return stream !== undefined;
  }

  unsubscribe(name: string, reader: StreamReader): void {
    this.#streams.get(name)?.remove(reader);
    this.#drop(name);
  }

  /** As {@link subscribe}, for another thread. */
  listen(name: string, listener: TextListener): boolean {
    const stream = this.#find(name);
    stream?.listen(listener, !EVENTS.test(name));
    return stream !== undefined;
  }

  unlisten(name: string, listener: TextListener): void {
    this.#streams.get(name)?.unlisten(listener);
    this.#drop(name);
  }

  #find(name: string): Stream | undefined {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      if (!this.#exists(name)) return undefined;
      stream = new Stream(name);
      this.#streams.set(name, stream);
    }
    if (!EVENTS.test(name)) this.#joined.add(stream);
    return stream;
  }

  #drop(name: string): void {
    const stream = this.#streams.get(name);
    if (stream === undefined || !stream.isEmpty) return;
    this.#streams.delete(name);
    this.#joined.delete(stream);
  }

  #exists(name: string): boolean {
    if (ALL_STREAMS.includes(name)) return true;
    const match = SYMBOL_STREAM.exec(name);
    return match !== null && this.#market.find(match[1].toUpperCase()) !== undefined;
  }

  onTrade(trade: Readonly<Trade>): void {
    const feed = this.#feeds[trade.instrument];
    const { instrument } = feed;
    const aggregate = feed.addTrade(trade);
    if (this.#streams.size === 0) return;
    if (this.#streams.has(streamOf(instrument, 'aggTrade')) && this.#aggregates.at(-1)?.trade !== aggregate)
      this.#aggregates.push({ instrument, trade: aggregate });
    const stream = this.#streams.get(streamOf(instrument, 'trade'));
    if (stream === undefined) return;
    this.#publish(stream, {
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

  onBook(instrument: number): void {
    this.#touched.note(instrument);
  }

  onState(instrument: number): void {
    this.#publishAuction(instrument, false);
  }

  onAuction(instrument: number, isDone: boolean): void {
    this.#publishAuction(instrument, isDone);
  }

  /** Tells what is due when the books are as the order lane has them. */
  onTurnMark(): void {
    this.#touched.workOff((number) => this.#publishBest(this.#feeds[number]));
    for (const { instrument, trade } of this.#aggregates) {
      const stream = this.#streams.get(streamOf(instrument, 'aggTrade'));
      if (stream !== undefined)
        this.#publish(stream, { e: 'aggTrade', E: Date.now(), s: instrument.symbol, ...aggregateJson(trade, instrument) });
    }
    this.#aggregates.length = 0;
  }

  /** Sends what was published to its readers. @param isAtTurnMark then newcomers are told what the present is */
  deliver(isAtTurnMark: boolean): void {
    const published = this.#published;
    this.#published = [];
    for (const stream of published) stream.deliver(this.tamper);
    if (!isAtTurnMark || this.#joined.size === 0) return;
    for (const stream of this.#joined) stream.welcome(this.#present(stream.name));
    this.#joined.clear();
  }

  /** Tells what is due ten times a second; at a mark. */
  every100ms(): void {
    this.#feeds.forEach((feed, i) => {
      this.#fastSent[i] = this.#publishDepth(feed, this.#fast[i], this.#fastSent[i], 'depth@100ms');
      for (const levels of PARTIAL) this.#publishPartial(feed, levels, `depth${levels}@100ms`);
    });
  }

  /** Tells what is due once a second; at a mark. */
  everySecond(): void {
    const now = Date.now();
    const changed: object[][] = [[], []];
    this.#feeds.forEach((feed, i) => {
      this.#slowSent[i] = this.#publishDepth(feed, this.#slow[i], this.#slowSent[i], 'depth', 'depth@1000ms');
      for (const levels of PARTIAL) {
        this.#publishPartial(feed, levels, `depth${levels}`);
        this.#publishPartial(feed, levels, `depth${levels}@1000ms`);
      }
      for (const [kind, interval] of KLINE_STREAMS) this.#publishKline(feed, kind, interval, now);
      this.#publishDay(feed, i, now, changed);
      this.#publishAverage(feed, now);
      this.#publishReference(feed, now);
    });
    for (const kind of WINDOW_STREAMS.keys()) this.#publishWindows(kind, now);
    for (const [i, name] of [ALL_TICKERS, ALL_MINI_TICKERS].entries()) {
      const stream = this.#streams.get(name);
      if (stream !== undefined && changed[i].length > 0) this.#publish(stream, changed[i]);
    }
  }

  /** @param key of a last value: what it is of */
  #publish(stream: Stream, data: object, key?: string): void {
    if (stream.queue(JSON.stringify(data), key)) this.#published.push(stream);
  }

  #publishAuction(number: number, isDone: boolean): void {
    const feed = this.#feeds[number];
    const stream = this.#streams.get(streamOf(feed.instrument, 'auction'));
    if (stream !== undefined) this.#publish(stream, auctionEvent(feed, isDone), stream.name);
  }

  /** bookTicker, as soon as the best price or its quantity is another. */
  #publishBest(feed: MarketFeed): void {
    const touch = this.#touches[feed.instrument.number];
    if (!updateTouch(touch, feed)) return;
    const stream = this.#streams.get(streamOf(feed.instrument, 'bookTicker'));
    const all = this.#streams.get(ALL_BOOK_TICKERS);
    if (stream === undefined && all === undefined) return;
    const event = bookEvent(feed);
    if (stream !== undefined) this.#publish(stream, event, stream.name);
    if (all !== undefined) this.#publish(all, event, `${ALL_BOOK_TICKERS} ${event.s}`);
  }

  /** Returns the update that the stream is at. */
  #publishDepth(feed: MarketFeed, collector: number, before: number, ...kinds: string[]): number {
    const change = feed.depth.take(collector);
    if (change === undefined) return before;
    const { instrument } = feed;
    let data: object | undefined;
    for (const kind of kinds) {
      const stream = this.#streams.get(streamOf(instrument, kind));
      if (stream === undefined) continue;
      data ??= {
        e: 'depthUpdate',
        E: Date.now(),
        s: instrument.symbol,
        U: before + 1,
        u: feed.updateId,
        b: levelsJson(change.bids, instrument),
        a: levelsJson(change.asks, instrument),
      };
      this.#publish(stream, data);
    }
    return feed.updateId;
  }

  #publishPartial(feed: MarketFeed, levels: number, kind: string): void {
    const stream = this.#streams.get(streamOf(feed.instrument, kind));
    if (stream === undefined || stream.sent === feed.updateId) return;
    stream.sent = feed.updateId;
    this.#publish(stream, partialEvent(feed, levels), stream.name);
  }

  /** The candles since the one that was told last, each as often as it changed, and a last time when it is closed. */
  #publishKline(feed: MarketFeed, kind: string, interval: CandleInterval, now: number): void {
    const stream = this.#streams.get(streamOf(feed.instrument, kind));
    if (stream === undefined) return;
    const candles = feed.latest(interval, CANDLES_BEHIND, now) ?? [];
    let first = candles.length - 1;
    while (stream.candle.openTime > 0 && first > 0 && candles[first - 1].openTime >= stream.candle.openTime) first--;
    first = Math.max(0, first);
    let lastTrade = feed.lastTradeId;
    for (let i = first; i < candles.length; i++) lastTrade -= candles[i].trades;
    for (let i = first; i < candles.length; i++) {
      const { openTime, trades } = candles[i];
      lastTrade += trades;
      const closed = isClosed(candles[i], interval, now);
      const { candle: sent } = stream;
      if (sent.openTime === openTime && sent.trades === trades && sent.closed === closed) continue;
      stream.candle = { openTime, trades, closed };
      this.#publish(stream, klineMessage(feed, candles[i], interval, lastTrade, now));
    }
  }

  #publishDay(feed: MarketFeed, number: number, now: number, changed: object[][]): void {
    const kinds = ['ticker', 'miniTicker'] as const;
    const streams = kinds.map((kind) => this.#streams.get(streamOf(feed.instrument, kind)));
    const heard = streams.some((stream) => stream !== undefined) || this.#streams.has(ALL_TICKERS) || this.#streams.has(ALL_MINI_TICKERS);
    const state = feed.updateId + feed.lastTradeId;
    const minute = Math.floor(now / MINUTE_MS); // whole minutes leave the day
    const sent = this.#daySent[number];
    if (!heard || (sent.state === state && sent.minute === minute)) return;
    const events = dayEvents(feed, now);
    const isSame = sent.state === state && sent.trades === events[0].n;
    this.#daySent[number] = { state, minute, trades: events[0].n };
    if (isSame) return;
    events.forEach((event, i) => {
      const stream = streams[i];
      if (stream !== undefined) this.#publish(stream, event, stream.name);
      changed[i].push(event);
    });
  }

  #publishAverage(feed: MarketFeed, now: number): void {
    const stream = this.#streams.get(streamOf(feed.instrument, 'avgPrice'));
    if (stream === undefined) return;
    const event = averageEvent(feed, now);
    if (this.#isNew(stream.name, `${event.w} ${event.T}`)) this.#publish(stream, event, stream.name);
  }

  #publishReference(feed: MarketFeed, now: number): void {
    const stream = this.#streams.get(streamOf(feed.instrument, 'referencePrice'));
    if (stream === undefined) return;
    const event = referenceEvent(feed, this.#referenceOf(feed.instrument.number), now);
    if (this.#isNew(stream.name, String(event.r))) this.#publish(stream, event, stream.name);
  }

  /** Statistics of a window of each instrument, when trades came into it or left it. */
  #publishWindows(kind: string, now: number): void {
    const all = this.#streams.get(allWindows(kind));
    const changed: object[] = [];
    for (const feed of this.#feeds) {
      const stream = this.#streams.get(streamOf(feed.instrument, kind));
      if (stream === undefined && all === undefined) continue;
      const event = windowEvent(feed, kind, now);
      if (!this.#isNew(`${kind} ${event.s}`, `${event.F} ${event.L}`)) continue;
      if (stream !== undefined) this.#publish(stream, event, stream.name);
      changed.push(event);
    }
    if (all !== undefined && changed.length > 0) this.#publish(all, changed);
  }

  /** Whether something else was said last; notes it. */
  #isNew(what: string, said: string): boolean {
    const isNew = this.#said.get(what) !== said;
    if (isNew) this.#said.set(what, said);
    return isNew;
  }

  /** What a newcomer is told of a stream: of last values the present, of others nothing. */
  #present(name: string): StreamText[] {
    const now = Date.now();
    const all = (events: (object & { s: string })[]) => events.map((event) => ({ text: JSON.stringify(event), key: `${name} ${event.s}` }));
    switch (name) {
      case ALL_BOOK_TICKERS:
        return all(this.#feeds.map(bookEvent));
      case ALL_TICKERS:
      case ALL_MINI_TICKERS: {
        const kind = name === ALL_TICKERS ? 0 : 1;
        return [{ text: JSON.stringify(this.#feeds.map((feed) => dayEvents(feed, now)[kind])), key: undefined }];
      }
    }
    const window = ALL_WINDOWS.get(name);
    if (window !== undefined) return [{ text: JSON.stringify(this.#feeds.map((feed) => windowEvent(feed, window, now))), key: undefined }];
    const [, symbol, kind] = SYMBOL_STREAM.exec(name)!;
    const { number } = this.#market.find(symbol.toUpperCase())!;
    const feed = this.#feeds[number];
    const event = kind === 'referencePrice' ? referenceEvent(feed, this.#referenceOf(number), now) : presentOf(feed, kind, now);
    return event === undefined ? [] : [{ text: JSON.stringify(event), key: name }];
  }
}

/** Returns whether it is another now. */
function updateTouch(touch: Touch, { depth }: MarketFeed): boolean {
  const [bid, bidLots] = depth.best(BUY) ?? [0, 0];
  const [ask, askLots] = depth.best(SELL) ?? [0, 0];
  if (touch[0] === bid && touch[1] === bidLots && touch[2] === ask && touch[3] === askLots) return false;
  touch[0] = bid;
  touch[1] = bidLots;
  touch[2] = ask;
  touch[3] = askLots;
  return true;
}
