/** Books by gRPC: a reader that applies every event has the book. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import fc from 'fast-check';
import { Fifo } from '../src/core/fairness/fifo.ts';
import { MarketFeed } from '../src/core/feeds/market-feed.ts';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';
import type { Trade } from '../src/domain/orders.ts';
import { BookFeed } from '../src/doors/grpc/book-feed.ts';
import type { FramedEvent } from '../src/doors/grpc/framed.ts';
import * as pb from '../src/doors/grpc/generated/outcry/v1/venue_pb.js';
import { StreamQueue } from '../src/doors/grpc/queue.ts';
import { Watcher } from '../src/doors/grpc/watcher.ts';

const [instrument] = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS).instruments;

/** A client that has what it read, and nothing else. */
class Reader {
  readonly watcher: Watcher<BookFeed>;
  readonly #sides = { bids: new Map<string, string>(), asks: new Map<string, string>() };
  snapshots = 0;

  constructor(feed: BookFeed) {
    this.watcher = new Watcher<BookFeed>({ begin: (its, missed) => missed.begin(its), ready: () => undefined });
    feed.begin(this.watcher);
  }

  take(event: FramedEvent): void {
    const bytes = toBinary(pb.MarketEventSchema, event.of(false));
    assert.deepEqual(bytes, toBinary(pb.MarketEventSchema, event.of(true)), 'both formats say the same');
    const { event: got } = fromBinary(pb.MarketEventSchema, bytes);
    if (got.case === 'trade' || got.case === undefined) return;
    if (got.case === 'snapshot') {
      this.snapshots++;
      for (const side of ['bids', 'asks'] as const) this.#sides[side].clear();
    }
    for (const side of ['bids', 'asks'] as const) {
      assert.ok(got.value[side].length <= 250);
      for (const { price, quantity } of got.value[side]) {
        if (Number(quantity) === 0) this.#sides[side].delete(price);
        else this.#sides[side].set(price, quantity);
      }
    }
  }

  /** Reads so many events, if they are there. */
  async read(count: number): Promise<void> {
    for (let i = 0; i < count && this.watcher.waiting > 0; i++) this.take((await this.watcher.next())!);
  }

  get book(): [string, string][][] {
    return [this.#sides.bids, this.#sides.asks].map((levels) => [...levels].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function bookOf(feed: MarketFeed): [string, string][][] {
  return ([BUY, SELL] as Side[]).map((side) =>
    feed.depth
      .levels(side, Number.MAX_SAFE_INTEGER)
      .map(([price, lots]): [string, string] => [instrument.formatPrice(price), instrument.formatQuantity(lots)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Changes levels in a stretch of prices: adds lots, or takes all that are there. */
function change(feed: MarketFeed, side: Side, first: number, count: number, lots: number): void {
  for (let price = first; price < first + count; price++) {
    const there = feed.depth.levels(side, 1, side === BUY ? price + 1 : price - 1)[0];
    const has = there?.[0] === price ? there[1] : 0;
    if (lots > 0) feed.depth.change(side, price, lots);
    else if (has > 0) feed.depth.change(side, price, -has);
  }
}

describe('whoever applies what comes has the book', () => {
  const step = fc.oneof(
    fc.record({
      what: fc.constant('change' as const),
      side: fc.constantFrom(BUY, SELL),
      first: fc.integer({ min: 1, max: 1500 }),
      count: fc.integer({ min: 1, max: 900 }),
      lots: fc.integer({ min: 0, max: 5 }),
    }),
    fc.record({ what: fc.constant('tick' as const) }),
    fc.record({ what: fc.constant('slice' as const) }),
    fc.record({ what: fc.constant('join' as const) }),
    fc.record({ what: fc.constant('read' as const), who: fc.nat(5), count: fc.integer({ min: 1, max: 40 }) }),
  );

  it('however deep it is, whatever changes meanwhile, and at whatever speed it reads', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const market = new MarketFeed(instrument);
        const feed = new BookFeed(market);
        const readers: Reader[] = [];
        for (const each of steps) {
          if (each.what === 'change') change(market, each.side, each.side === BUY ? each.first : 3000 + each.first, each.count, each.lots);
          else if (each.what === 'tick') feed.sendChanges();
          else if (each.what === 'slice') feed.sendSlice();
          else if (each.what === 'join') readers.push(new Reader(feed));
          else await readers[each.who % Math.max(1, readers.length)]?.read(each.count);
        }
        for (let rounds = 0; rounds < 200; rounds++) {
          feed.sendChanges();
          const received = feed.sendSlice();
          for (const reader of readers) await reader.read(100);
          if (!received && !feed.isBeginning) break;
        }
        for (const reader of readers) assert.deepEqual(reader.book, bookOf(market));
      }),
      { numRuns: 60 },
    );
  });

  it('a reader that lags misses what comes, holds little, and begins anew when it reads again', async () => {
    const market = new MarketFeed(instrument);
    const feed = new BookFeed(market);
    const [slow, quick] = [new Reader(feed), new Reader(feed)];
    for (let round = 0; round < 60; round++) {
      change(market, BUY, 1 + round, 1000, 1);
      feed.sendChanges();
      feed.sendSlice();
      await quick.read(1000);
    }
    while (feed.sendSlice()) await quick.read(1000);
    assert.deepEqual(quick.book, bookOf(market));
    assert.equal(quick.snapshots, 1);
    for (let round = 0; round < 60; round++) {
      await slow.read(1000);
      feed.sendSlice();
      feed.sendChanges();
    }
    assert.deepEqual(slow.book, bookOf(market));
    assert.ok(slow.snapshots > 1);
  });
});

describe('a turn’s trades', () => {
  it('are one note for each watcher, however many they are, and come in order', async (t) => {
    const feed = new BookFeed(new MarketFeed(instrument));
    const watchers = Array.from({ length: 3 }, () => new Reader(feed).watcher);
    while (feed.sendSlice());
    for (const watcher of watchers) await watcher.next();
    const push = t.mock.method(Fifo.prototype, 'push');
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 500; i++) feed.addTrade({ id: round * 500 + i, price: 1, quantity: 1, takerSide: BUY, time: 0 } as Trade);
      feed.sendTrades();
    }
    assert.equal(push.mock.callCount(), 2 * watchers.length);
    for (const watcher of watchers) {
      for (let id = 0; id < 1000; id++) {
        const { event } = (await watcher.next())!.of(true);
        assert.equal(Number((event.value as pb.Trade).tradeId), id);
      }
      assert.equal(watcher.stuckMs(Number.POSITIVE_INFINITY), 0, 'nothing waits');
    }
  });
});

describe('what waits for a reader', () => {
  it('a queue gives all in order, up to its weight, and its error after them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3000 }), async (weights) => {
        let full = 0;
        const queue = new StreamQueue<number>(2000, () => full++);
        const kept = weights.filter((weight, i) => queue.put(i, weight)).length;
        queue.end(new Error('the end'));
        const got: number[] = [];
        await assert.rejects(async () => {
          for await (const item of queue) got.push(item);
        }, /the end/);
        assert.equal(got.length, kept);
        assert.ok(got.every((item, i) => i === 0 || item > got[i - 1]));
        assert.equal(full, weights.length - kept);
      }),
      { numRuns: 30 },
    );
  });
});
