/** Market data over FIX: subscriptions, large books, limits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUY, SELL } from '@outcry/market/order-terms';
import { type FixField, type FixMessage, parseFix } from '@outcry/wire/fix';
import { type FixPieces, formatFix } from '@outcry/wire/fix-format';
import fc from 'fast-check';
import { MarketFeed } from '../src/core/feeds/market-feed.ts';
import type { Services } from '../src/core/services.ts';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';
import type { Trade } from '../src/domain/orders.ts';
import type { FixClient } from '../src/doors/fix/fix-client.ts';
import { FixMarketData } from '../src/doors/fix/fix-market-data.ts';
import { InstrumentFeed } from '../src/doors/fix/instrument-feed.ts';
import { Subscription } from '../src/doors/fix/market-subscription.ts';
import { until } from './support/until.ts';

const market = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS);
const [instrument] = market.instruments;

/** A client whose line is open or not as the test says. */
class Reader {
  readonly got: FixMessage[] = [];
  wantsLine = false;
  readonly session = {
    isClear: true,
    isFixt: false,
    send: (type: string, fields: FixField[], more?: FixPieces) => {
      const all: FixField[] = [[35, type], ...fields];
      this.got.push(parseFix((more?.format('FIX.4.4', all) ?? formatFix('FIX.4.4', all)).toString('latin1')));
    },
  };
  get client(): FixClient {
    return this as unknown as FixClient;
  }

  /** The book by what it was told; what cannot be is an error. */
  book(): Map<string, string>[] {
    let sides: Map<string, string>[] = [new Map(), new Map()];
    for (const message of this.got) {
      assert.equal(message.badReason, -1);
      const [types, prices, sizes, actions] = [269, 270, 271, 279].map((tag) => message.all(tag));
      assert.equal(Number(message.get(268)), types.length);
      assert.ok(message.type === 'W' || types.length <= 2048);
      if (message.type === 'W') sides = [new Map(), new Map()];
      for (const [i, type] of types.entries()) {
        if (type === '2') continue;
        const side = sides[Number(type)];
        const action = message.type === 'W' ? '0' : actions[i];
        assert.equal(side.has(prices[i]), action !== '0', `${message.type} ${action} at ${prices[i]}`);
        if (action === '2') side.delete(prices[i]);
        else side.set(prices[i], sizes[i]);
      }
    }
    return sides;
  }
}

function expected(feed: MarketFeed, depth: number): Map<string, string>[] {
  const levels = (side: 0 | 1) => feed.depth.levels(side, depth === 0 ? 1e9 : depth);
  return [BUY, SELL].map(
    (side) => new Map(levels(side).map(([price, lots]) => [instrument.formatPrice(price), instrument.formatQuantity(lots)])),
  );
}

const sorted = (sides: Map<string, string>[]) => sides.map((side) => [...side].sort());

test('a subscription has the book, whole or the best levels, however its line opens and closes and whatever changes meanwhile', () => {
  const change = fc.record({ side: fc.constantFrom(BUY, SELL), price: fc.nat(40), lots: fc.integer({ min: -3, max: 4 }) });
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ changes: fc.array(change, { maxLength: 30, size: 'max' }) }) },
    { weight: 2, arbitrary: fc.record({ tick: fc.constant(true) }) },
    { weight: 2, arbitrary: fc.record({ work: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ isClear: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ joins: fc.constantFrom(0, 0, 1, 5) }) },
    { weight: 1, arbitrary: fc.record({ storm: fc.constant(true) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), (steps) => {
      const feed = new MarketFeed(instrument);
      const shared = new InstrumentFeed<Subscription>(feed);
      const lotsAt = new Map<number, number>();
      const readers: { reader: Reader; subscription: Subscription; depth: number }[] = [];
      const apply = ({ side, price, lots }: { side: 0 | 1; price: number; lots: number }) => {
        const key = price * 2 + side;
        const before = lotsAt.get(key) ?? 0;
        const by = Math.max(lots, -before);
        if (by === 0) return;
        lotsAt.set(key, before + by);
        feed.depth.change(side, side === BUY ? 1000 + price : 2000 + price, by);
      };
      const work = (turns: number) => {
        for (const { reader, subscription } of readers)
          for (let i = 0; i < turns && reader.session.isClear; i++) if (!subscription.step(undefined)) break;
      };
      const tick = () => {
        shared.take();
        for (const { subscription } of readers) subscription.onTick();
      };
      for (let i = 0; i < 700; i++) feed.depth.change(i % 2 === 0 ? BUY : SELL, i % 2 === 0 ? 500 - (i >> 1) : 3000 + i, 1);
      for (const one of steps) {
        if ('changes' in one) one.changes.forEach(apply);
        else if ('tick' in one) tick();
        else if ('work' in one) work(one.work);
        else if ('isClear' in one) for (const { reader } of readers) reader.session.isClear = one.isClear;
        else if ('storm' in one)
          for (let i = 0; i < 70; i++) {
            apply({ side: BUY, price: i % 7, lots: i % 2 === 0 ? 1 : -1 });
            tick(); // more than is kept for one that lags
          }
        else {
          const reader = new Reader();
          const wanted = { bids: true, offers: true, trades: false, depth: one.joins, isOnce: false };
          const subscription = new Subscription('md', reader.client, shared, wanted);
          shared.subscriptions.add(subscription);
          readers.push({ reader, subscription, depth: one.joins });
        }
      }
      for (const { reader } of readers) reader.session.isClear = true;
      const end = performance.now() + 2000;
      const isLevel = () => readers.every(({ reader, depth }) => isSame(reader.book(), expected(feed, depth)));
      do {
        tick();
        work(50);
      } while (!isLevel() && performance.now() < end);
      for (const { reader, depth } of readers) assert.deepEqual(sorted(reader.book()), sorted(expected(feed, depth)));
      const received = () => readers.map(({ reader }) => reader.got.length);
      // What was under way when the books were level may still be told, once.
      tick();
      work(50);
      const before = received();
      for (let i = 0; i < 3; i++) {
        tick();
        work(50);
      }
      assert.deepEqual(received(), before, 'a quiet book tells nothing');
    }),
    { numRuns: 60 },
  );
});

function isSame(a: Map<string, string>[], b: Map<string, string>[]): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function open() {
  const feeds = market.instruments.map((one) => new MarketFeed(one));
  const data = new FixMarketData({ market, feeds, now: () => 0 } as unknown as Services);
  const request = (reader: Reader, id: string, kind: string, depth = '0', types = ['0', '1', '2']) => {
    const fields: FixField[] = [
      [35, 'V'],
      [262, id],
      [263, kind],
      [264, depth],
      [267, types.length],
      ...types.map((type): FixField => [269, type]),
      [146, 1],
      [55, instrument.symbol],
    ];
    data.request(reader.client, parseFix(formatFix('FIX.4.4', fields).toString('latin1')));
  };
  return { feeds, data, request };
}

const trade = (price: number): Trade => ({
  instrument: 0,
  id: 1,
  aggregate: 1,
  newAggregate: true,
  price,
  quantity: 1,
  amount: 1,
  time: 1,
  takerSide: BUY,
});

test('twenty whole books of 40,000 levels are sent in turns of which none is long, each whole', async () => {
  const { feeds, data, request } = open();
  for (let i = 1; i <= 20_000; i++) {
    feeds[0].depth.change(BUY, 30_000 - i, i);
    feeds[0].depth.change(SELL, 30_000 + i, i);
  }
  const reader = new Reader();
  const turns: number[] = [];
  let isRunning = true;
  const measure = (before: number) =>
    setImmediate(() => {
      const now = performance.now();
      turns.push(now - before);
      if (isRunning) measure(now);
    });
  measure(performance.now());
  for (let i = 0; i < 20; i++) request(reader, `md${i}`, '1');
  await until(
    () => reader.got.length === 20,
    () => `${reader.got.length} snapshots`,
  );
  isRunning = false;
  assert.ok(turns.length > 20 * 40, `${turns.length} turns of the event loop meanwhile`);
  for (const message of reader.got) assert.equal(message.get(268), '40000');
  data.gone(reader.client);
  data.close();
});

test('a session has so many subscriptions and levels; unsubscribing, and going, ends them', async () => {
  const { feeds, data, request } = open();
  feeds[0].depth.change(BUY, 30_000, 1);
  const reader = new Reader();
  for (let i = 0; i < 200; i++) request(reader, `md${i}`, '1', '1');
  request(reader, 'one more', '1', '1');
  assert.deepEqual([reader.got.at(-1)?.type, reader.got.at(-1)?.get(281)], ['Y', '2']);
  request(reader, 'md7', '1');
  assert.equal(reader.got.at(-1)?.get(281), '1');
  request(reader, 'deep', '0', '1001');
  assert.equal(reader.got.at(-1)?.get(281), '5');
  const snapshots = () => reader.got.filter(({ type }) => type === 'W').length;
  await until(
    () => snapshots() === 200,
    () => `${snapshots()} snapshots`,
  );
  for (let i = 0; i < 199; i++) request(reader, `md${i}`, '2');
  reader.got.length = 0;
  data.listener.onTrade?.(trade(30_000));
  feeds[0].depth.change(BUY, 30_001, 1);
  await until(
    () => reader.got.length >= 2,
    () => `the last subscription's changes, got ${reader.got.length}`,
  );
  assert.deepEqual(new Set(reader.got.map((message) => message.get(262))), new Set(['md199']));
  data.gone(reader.client);
  reader.got.length = 0;
  const other = new Reader();
  request(other, 'other', '1');
  data.listener.onTrade?.(trade(30_000));
  feeds[0].depth.change(BUY, 30_002, 1);
  await until(
    () => other.got.length >= 2,
    () => 'changes to another',
  );
  assert.equal(reader.got.length, 0);
  data.gone(other.client);
  data.close();
});

test('one that does not read gets no changes and costs nothing; when it reads again it has the book as it is', async () => {
  const { feeds, data, request } = open();
  feeds[0].depth.change(BUY, 30_000, 1);
  const reader = new Reader();
  request(reader, 'md', '1');
  await until(
    () => reader.got.length === 1,
    () => 'a snapshot',
  );
  reader.session.isClear = false;
  for (let i = 0; i < 5000; i++) {
    feeds[0].depth.change(BUY, 29_000 - (i % 900), 1);
    data.listener.onTrade?.(trade(30_000));
  }
  await until(
    () => reader.wantsLine,
    () => 'it is noted that it wants its line',
  );
  assert.equal(reader.got.length, 1);
  reader.session.isClear = true;
  data.clear(reader.client);
  await until(
    () => isSame(reader.book(), expected(feeds[0], 0)),
    () => 'the book as it is',
  );
  const trades = reader.got.flatMap((message) => message.all(269)).filter((type) => type === '2').length;
  assert.ok(trades >= 1024 && trades < 2100, `${trades} trades: the oldest are not kept for it`);
  data.gone(reader.client);
  data.close();
});
