/** One instrument's book and trades as gRPC events, made once for all watchers. */
import { create, toBinary, type UnknownField } from '@bufbuild/protobuf';
import { BUY, SELL } from '@outcry/market/order-terms';
import type { DepthChange } from '../../core/feeds/depth.ts';
import type { MarketState } from '../../core/feeds/market-state.ts';
import type { Instrument } from '../../domain/market.ts';
import type { Trade } from '../../domain/orders.ts';
import { encoded, Framed, type FramedEvent } from './framed.ts';
import * as pb from './generated/outcry/v1/venue_pb.js';
import type { Watcher } from './watcher.ts';

/** Levels a side in one event. */
const SLICE = 250;

type Levels = readonly [price: number, lots: number][];

/** Of a book: all that is asked for, or what goes into one event. */
interface Part {
  readonly bids: Levels;
  readonly asks: Levels;
  readonly updateId: number;
  readonly more?: boolean;
  readonly ofSnapshot?: boolean;
}

/** How far a watcher's snapshot is: the last price of each side that it has; 0: none. Watchers that are equally far share it. */
interface Cursor {
  readonly bid: number;
  readonly ask: number;
  readonly isFirst: boolean;
}

const START: Cursor = { bid: 0, ask: 0, isFirst: true };

/**
 * One instrument's book and trades, told to its watchers: every event is made once for all of them. A deep book is told in slices of a
 * snapshot, as fast as its readers read. A slice has the quantities of its moment, and changes at any price go between them: each says
 * what a level has now, so that whoever applies them in order has the book.
 */
export class BookFeed {
  readonly #feed: MarketState;
  readonly #collector: number;
  readonly #watchers = new Set<Watcher<BookFeed>>();
  /** of these, those whose snapshot is not whole */
  readonly #beginning = new Map<Watcher<BookFeed>, Cursor>();
  #trades: FramedEvent[] = [];

  constructor(feed: MarketState) {
    this.#feed = feed;
    this.#collector = feed.depth.addCollector();
  }

  get instrument(): Instrument {
    return this.#feed.instrument;
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Whether there are watchers whose snapshot is not whole. */
  get isBeginning(): boolean {
    return this.#beginning.size > 0;
  }

  begin(watcher: Watcher<BookFeed>): void {
    this.#beginning.set(watcher, START);
  }

  leave(watcher: Watcher<BookFeed>): void {
    this.#watchers.delete(watcher);
    this.#beginning.delete(watcher);
  }

  addTrade({ id, price, quantity, takerSide, time }: Readonly<Trade>): void {
    const { instrument } = this;
    this.#trades.push(
      new Framed(pb.MarketEventSchema, 1, () => {
        const value = create(pb.TradeSchema, {
          symbol: instrument.symbol,
          tradeId: BigInt(id),
          price: instrument.formatPrice(price),
          quantity: instrument.formatQuantity(quantity),
          takerSide: takerSide === BUY ? pb.Side.BUY : pb.Side.SELL,
          time: BigInt(time),
        });
        return { event: { case: 'trade', value } };
      }),
    );
  }

  /** Tells the trades that were added. */
  sendTrades(): void {
    const trades = this.#trades;
    this.#trades = [];
    this.#put(trades, trades.length);
  }

  /** Tells what changed in the book since the last time. */
  sendChanges(): void {
    const change = this.#feed.depth.take(this.#collector);
    if (change === undefined || this.#watchers.size === 0) return;
    const { lastUpdateId: updateId } = change;
    const events = slices(change).map(([bids, asks], i, { length }) =>
      this.#book('change', { bids, asks, updateId, more: i < length - 1, ofSnapshot: false }),
    );
    this.#put(events, change.bids.length + change.asks.length);
  }

  /** Tells the next slice to watchers that are equally far and have room for it. Returns whether there were some. */
  sendSlice(): boolean {
    let cursor: Cursor | undefined;
    const group: Watcher<BookFeed>[] = [];
    for (const [watcher, its] of this.#beginning) {
      if (!watcher.isReady || (cursor !== undefined && its !== cursor)) continue;
      cursor = its;
      group.push(watcher);
    }
    if (cursor === undefined) return false;
    if (cursor.isFirst) this.sendChanges(); // to those who have the book: who begins now has them in the snapshot
    const { depth } = this.#feed;
    const bids = depth.levels(BUY, SLICE, cursor.bid);
    const asks = depth.levels(SELL, SLICE, cursor.ask);
    const more = bids.length === SLICE || asks.length === SLICE;
    const next = { bid: bids.at(-1)?.[0] ?? cursor.bid, ask: asks.at(-1)?.[0] ?? cursor.ask, isFirst: false };
    const part = { bids, asks, updateId: depth.updateId, more, ofSnapshot: !cursor.isFirst };
    const event = this.#book(cursor.isFirst ? 'snapshot' : 'change', part);
    for (const watcher of group) {
      this.#watchers.add(watcher);
      if (more) this.#beginning.set(watcher, next);
      else this.#beginning.delete(watcher);
      watcher.put(this, [event], event.weight);
    }
    return true;
  }

  #put(events: readonly FramedEvent[], weight: number): void {
    if (events.length === 0) return;
    for (const watcher of this.#watchers) if (!watcher.put(this, events, weight)) this.leave(watcher);
  }

  #book(kind: 'snapshot' | 'change', part: Part): FramedEvent {
    const { instrument } = this;
    const weight = Math.max(1, part.bids.length + part.asks.length);
    return new Framed(pb.MarketEventSchema, weight, () => ({ event: { case: kind, value: bookMessage(instrument, part) } }));
  }
}

/** A book of any depth, made and encoded a slice at a time. @param turn waits until so many levels may be made */
export async function encodedBook(
  instrument: Instrument,
  { bids, asks, updateId }: Part,
  turn: () => Promise<void> | undefined,
): Promise<pb.Book> {
  const book = create(pb.BookSchema, { symbol: instrument.symbol, updateId: BigInt(updateId) });
  const fields: UnknownField[] = [];
  for (const [name, levels] of [['bids', bids] as const, ['asks', asks] as const]) {
    for (let i = 0; i < levels.length; i += SLICE) {
      const slice = levels.slice(i, i + SLICE);
      await turn();
      fields.push(
        encoded(toBinary(pb.BookSchema, create(pb.BookSchema, { [name]: slice.map(([price, lots]) => level(instrument, price, lots)) }))),
      );
    }
  }
  book.$unknown = fields;
  return book;
}

export function bookMessage(instrument: Instrument, { bids, asks, updateId, more, ofSnapshot }: Part): pb.Book {
  const { symbol } = instrument;
  const side = (levels: Levels) => levels.map(([price, lots]) => level(instrument, price, lots));
  return create(pb.BookSchema, { symbol, updateId: BigInt(updateId), bids: side(bids), asks: side(asks), more, ofSnapshot });
}

function level(instrument: Instrument, price: number, lots: number): pb.Level {
  const quantity = lots === 0 ? '0' : instrument.formatQuantity(lots);
  return create(pb.LevelSchema, { price: instrument.formatPrice(price), quantity });
}

/** A change in pieces that are small enough to be made and sent in a turn. */
function slices({ bids, asks }: DepthChange): [Levels, Levels][] {
  const count = Math.max(1, Math.ceil(Math.max(bids.length, asks.length) / SLICE));
  return Array.from({ length: count }, (_, i) => [bids.slice(i * SLICE, (i + 1) * SLICE), asks.slice(i * SLICE, (i + 1) * SLICE)]);
}
