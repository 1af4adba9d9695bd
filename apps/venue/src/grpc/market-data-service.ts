import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { BUY, SELL } from '@outcry/market/order-terms';
import type { Services } from '../binance/operation.ts';
import type { Instrument } from '../core/market.ts';
import type { MarketListener, Trade } from '../core/view.ts';
import { instrumentOf } from './convert.ts';
import * as pb from './generated/outcry/v1/venue_pb.js';
import { StreamQueue } from './queue.ts';

const DEFAULT_DEPTH = 100;
const MOST_DEPTH = 5000;
const CONFLATE_MS = 100;
/** Events that may wait for a reader; from half of it on changes are conflated until it has caught up. */
const MOST_WAITING = 2000;
/** Milliseconds without reading before a stream ends. */
const PATIENCE_MS = 30_000;

interface Watcher {
  instruments: Instrument[];
  queue: StreamQueue<pb.MarketEvent>;
  /** by instrument x 2 + side: what the reader has, or is about to have */
  sent: Map<number, Map<number, number>>;
  stuckSince: number;
}

/** Books and trades by gRPC, gRPC-Web and Connect. */
export class MarketDataService implements ServiceImpl<typeof pb.MarketData> {
  readonly #services: Services;
  readonly #watchers = new Set<Watcher>();
  readonly #timer: NodeJS.Timeout;

  constructor(services: Services) {
    this.#services = services;
    this.#timer = setInterval(() => {
      for (const watcher of this.#watchers) this.#tellChanges(watcher);
    }, CONFLATE_MS);
  }

  readonly listener: Partial<MarketListener> = { onTrade: (trade) => this.#tellTrade(trade) };

  close(): void {
    clearInterval(this.#timer);
    for (const { queue } of this.#watchers) queue.end(new ConnectError('the venue is stopping', Code.Unavailable));
  }

  listInstruments(): pb.ListInstrumentsResponse {
    const instruments = this.#services.market.instruments.map(({ symbol, base, quote, definition: { tick, lot } }) =>
      create(pb.InstrumentSchema, { symbol, base: base.name, quote: quote.name, tick, lot }),
    );
    return create(pb.ListInstrumentsResponseSchema, { instruments });
  }

  getBook({ symbol, depth }: pb.GetBookRequest): pb.Book {
    if (depth > MOST_DEPTH) throw new ConnectError(`depth is at most ${MOST_DEPTH}`, Code.InvalidArgument);
    return this.#book(instrumentOf(this.#services, symbol), depth || DEFAULT_DEPTH);
  }

  async *watch({ symbols }: pb.WatchRequest, context: HandlerContext): AsyncGenerator<pb.MarketEvent> {
    const instruments = symbols.length === 0 ? [...this.#services.market.instruments] : symbols.map((s) => instrumentOf(this.#services, s));
    const watcher: Watcher = { instruments, queue: new StreamQueue(MOST_WAITING), sent: new Map(), stuckSince: 0 };
    for (const instrument of instruments) {
      for (const side of [BUY, SELL]) watcher.sent.set(instrument.number * 2 + side, new Map(this.#levels(instrument, side, MOST_DEPTH)));
      watcher.queue.put(create(pb.MarketEventSchema, { event: { case: 'snapshot', value: this.#book(instrument, MOST_DEPTH) } }));
    }
    this.#watchers.add(watcher);
    context.signal.addEventListener('abort', () => watcher.queue.end());
    try {
      yield* watcher.queue;
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  #levels(instrument: Instrument, side: 0 | 1, depth: number): [price: number, lots: number][] {
    return this.#services.feeds[instrument.number].depth.levels(side, depth);
  }

  #book(instrument: Instrument, depth: number): pb.Book {
    const side = (which: 0 | 1) => this.#levels(instrument, which, depth).map(([price, lots]) => level(instrument, price, lots));
    const updateId = BigInt(this.#services.feeds[instrument.number].depth.updateId);
    return create(pb.BookSchema, { symbol: instrument.symbol, updateId, bids: side(BUY), asks: side(SELL) });
  }

  /** What changed since the last event. A reader that lags gets nothing now, and all of it in one event later. */
  #tellChanges(watcher: Watcher): void {
    const now = performance.now();
    if (watcher.queue.length > MOST_WAITING / 2) {
      watcher.stuckSince ||= now;
      if (now - watcher.stuckSince > PATIENCE_MS) watcher.queue.end(new ConnectError('the stream is not read', Code.ResourceExhausted));
      return;
    }
    watcher.stuckSince = 0;
    for (const instrument of watcher.instruments) {
      const [bids, asks] = [BUY, SELL].map((side) => this.#changed(watcher, instrument, side as 0 | 1));
      if (bids.length + asks.length === 0) continue;
      const updateId = BigInt(this.#services.feeds[instrument.number].depth.updateId);
      const value = create(pb.BookSchema, { symbol: instrument.symbol, updateId, bids, asks });
      watcher.queue.put(create(pb.MarketEventSchema, { event: { case: 'change', value } }));
    }
  }

  #changed(watcher: Watcher, instrument: Instrument, side: 0 | 1): pb.Level[] {
    const key = instrument.number * 2 + side;
    const before = watcher.sent.get(key)!;
    const now = new Map(this.#levels(instrument, side, MOST_DEPTH));
    watcher.sent.set(key, now);
    const changed = [...now].filter(([price, lots]) => before.get(price) !== lots).map(([price, lots]) => level(instrument, price, lots));
    const gone = [...before.keys()].filter((price) => !now.has(price)).map((price) => level(instrument, price, 0));
    return [...changed, ...gone];
  }

  #tellTrade({ instrument: number, id, price, quantity, takerSide, time }: Trade): void {
    if (this.#watchers.size === 0) return;
    const instrument = this.#services.market.instruments[number];
    const value = create(pb.TradeSchema, {
      symbol: instrument.symbol,
      tradeId: BigInt(id),
      price: instrument.formatPrice(price),
      quantity: instrument.formatQuantity(quantity),
      takerSide: takerSide === BUY ? pb.Side.BUY : pb.Side.SELL,
      time: BigInt(time),
    });
    const event = create(pb.MarketEventSchema, { event: { case: 'trade', value } });
    for (const { instruments, queue } of this.#watchers) if (instruments.includes(instrument)) queue.put(event);
  }
}

function level(instrument: Instrument, price: number, lots: number): pb.Level {
  const quantity = lots === 0 ? '0' : instrument.formatQuantity(lots);
  return create(pb.LevelSchema, { price: instrument.formatPrice(price), quantity });
}
