/** The gRPC service of market data: books, trades and instruments. */
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { BUY, SELL } from '@outcry/market/order-terms';
import { Slices } from '../../core/fairness/slices.ts';
import type { MarketListener } from '../../core/orders/listeners.ts';
import type { Services } from '../../core/services.ts';
import type { Trade } from '../../domain/orders.ts';
import { BookFeed, bookMessage, encodedBook } from './book-feed.ts';
import { instrumentOf } from './convert.ts';
import { isJson } from './framed.ts';
import type { Gate } from './gate.ts';
import * as pb from './generated/outcry/v1/venue_pb.js';
import { endSlowly, onceOver, PEER } from './peer.ts';
import { Watcher } from './watcher.ts';

const DEFAULT_DEPTH = 100;
const MOST_DEPTH = 5000;
/** Levels of GetBook that cost one more of an address's weight. */
const LEVELS_A_WEIGHT = 20;
const CONFLATE_MS = 100;
/** Milliseconds without reading before a stream ends. */
const PATIENCE_MS = 30_000;
/** What market data takes of a turn of the event loop. */
const TURN_MS = 0.5;
/** All readers are one: first come, first served. */
const ANYBODY = 0;

/** Books and trades by gRPC, gRPC-Web and Connect. */
export class MarketDataService implements ServiceImpl<typeof pb.MarketData> {
  readonly #services: Services;
  readonly #gate: Gate;
  /** by instrument's number */
  readonly #feeds: readonly BookFeed[];
  readonly #watchers = new Map<Watcher<BookFeed>, HandlerContext>();
  readonly #slices = new Slices(TURN_MS);
  readonly #traded = new Set<BookFeed>();
  /** feeds with watchers whose snapshot is not whole */
  readonly #beginning = new Set<BookFeed>();
  readonly #timer: NodeJS.Timeout;
  #isSlicing = false;
  #isReady = false;

  constructor(services: Services, gate: Gate) {
    this.#services = services;
    this.#gate = gate;
    this.#feeds = services.feeds.map((feed) => new BookFeed(feed));
    this.#timer = setInterval(() => this.#sendChanges(), CONFLATE_MS);
  }

  readonly listener: Partial<MarketListener> = { onTrade: (trade) => this.#addTrade(trade) };

  get watcherCount(): number {
    return this.#watchers.size;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const watcher of this.#watchers.keys()) watcher.end(new ConnectError('the venue is stopping', Code.Unavailable));
  }

  listInstruments(): pb.ListInstrumentsResponse {
    const instruments = this.#services.market.instruments.map(({ symbol, base, quote, definition: { tick, lot } }) =>
      create(pb.InstrumentSchema, { symbol, base: base.name, quote: quote.name, tick, lot }),
    );
    return create(pb.ListInstrumentsResponseSchema, { instruments });
  }

  async getBook({ symbol, depth }: pb.GetBookRequest, context: HandlerContext): Promise<pb.Book> {
    if (depth > MOST_DEPTH) throw new ConnectError(`depth is at most ${MOST_DEPTH}`, Code.InvalidArgument);
    const levels = depth || DEFAULT_DEPTH;
    this.#gate.weigh(context, Math.floor(levels / LEVELS_A_WEIGHT));
    const instrument = instrumentOf(this.#services, symbol);
    const { depth: book } = this.#services.feeds[instrument.number];
    await this.#slices.wait(ANYBODY);
    const part = { bids: book.levels(BUY, levels), asks: book.levels(SELL, levels), updateId: book.updateId };
    if (isJson(context)) return bookMessage(instrument, part);
    return await encodedBook(instrument, part, () => this.#slices.wait(ANYBODY));
  }

  async *watch({ symbols }: pb.WatchRequest, context: HandlerContext): AsyncGenerator<pb.MarketEvent> {
    const wanted = new Set(symbols.map((symbol) => instrumentOf(this.#services, symbol).number));
    this.#gate.weigh(context, 2 * (wanted.size || this.#feeds.length));
    if (!context.values.get(PEER).mayWatch()) throw new ConnectError('the limit of watchers is reached', Code.ResourceExhausted);
    const asJson = isJson(context);
    const watcher = this.#open(
      this.#feeds.filter(({ instrument }) => wanted.size === 0 || wanted.has(instrument.number)),
      context,
    );
    for (let event = await watcher.next(); event !== undefined; event = await watcher.next()) {
      await this.#slices.wait(ANYBODY);
      yield event.of(asJson);
    }
  }

  /** A watcher of feeds, until its call ends. */
  #open(feeds: readonly BookFeed[], context: HandlerContext): Watcher<BookFeed> {
    const watcher = new Watcher<BookFeed>({
      begin: (its, feed) => {
        feed.begin(its);
        this.#beginning.add(feed);
      },
      ready: () => void this.#slice(),
    });
    this.#watchers.set(watcher, context);
    for (const feed of feeds) {
      feed.begin(watcher);
      this.#beginning.add(feed);
    }
    onceOver(context.signal, () => {
      watcher.end(context.signal.reason);
      this.#watchers.delete(watcher);
      for (const feed of feeds) feed.leave(watcher);
    });
    void this.#slice();
    return watcher;
  }

  /** Tells slices of snapshots while there are watchers that want some and have room. */
  async #slice(): Promise<void> {
    this.#isReady = true;
    if (this.#isSlicing) return;
    this.#isSlicing = true;
    for (let hasSent = false; hasSent || this.#isReady; ) {
      hasSent = false;
      this.#isReady = false;
      for (const feed of this.#beginning) {
        await this.#slices.wait(ANYBODY);
        hasSent = feed.sendSlice() || hasSent;
        if (!feed.isBeginning) this.#beginning.delete(feed);
      }
    }
    this.#isSlicing = false;
  }

  #sendChanges(): void {
    for (const feed of this.#feeds) feed.sendChanges();
    const now = performance.now();
    for (const [watcher, context] of this.#watchers) {
      if (watcher.isEnded || watcher.stuckMs(now) < PATIENCE_MS) continue;
      watcher.end(new ConnectError('the stream is not read', Code.ResourceExhausted));
      endSlowly(context);
    }
  }

  /** Trades of a turn are told together. */
  #addTrade(trade: Readonly<Trade>): void {
    const feed = this.#feeds[trade.instrument];
    if (!feed.isWatched) return;
    feed.addTrade(trade);
    if (this.#traded.size === 0) setImmediate(() => this.#sendTrades());
    this.#traded.add(feed);
  }

  #sendTrades(): void {
    for (const feed of this.#traded) feed.sendTrades();
    this.#traded.clear();
  }
}
