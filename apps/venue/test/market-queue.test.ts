/** A publisher's queue that is full now and then, against one that never is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Side } from '@outcry/market/order-terms';
import { Bell } from '@outcry/memory/bell';
import { createRing, Ring } from '@outcry/memory/ring';
import { sequenceBytes } from '@outcry/memory/sequence';
import { reserve } from '@outcry/memory/span';
import fc from 'fast-check';
import { MarketFeed } from '../src/core/feeds/market-feed.ts';
import { MarketQueue } from '../src/core/feeds/market-queue.ts';
import { MarketState, MarketTracker } from '../src/core/feeds/market-state.ts';
import { QueueReader } from '../src/core/feeds/queue-reader.ts';
import { record } from '../src/core/feeds/record.ts';
import { CANDLE_SECONDS } from '../src/domain/candle.ts';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';
import type { Trade } from '../src/domain/orders.ts';

const market = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS);
const START = Date.UTC(2026, 0, 1) * 1000;

/** Both ends of a queue, and what a publisher that hears every print would have. */
class Lanes {
  readonly states = market.instruments.map((instrument) => new MarketState(instrument));
  readonly feeds = market.instruments.map((instrument) => new MarketFeed(instrument));
  /** told every trade at once */
  readonly exact = market.instruments.map((instrument) => new MarketFeed(instrument));
  readonly queue: MarketQueue;
  readonly reader: QueueReader;
  readonly #tracker = new MarketTracker(this.states, () => 1);
  readonly #trades = market.instruments.map(() => 0);
  readonly prints = market.instruments.map(() => [] as number[]);
  /** the books at each turn's end */
  readonly books: string[] = [booksOf(this.states)];
  time = START;
  traded = 0;

  /** @param meanwhile every so many claims of the order lane the publisher reads a record; 0: never */
  constructor(slots: number, meanwhile = 0) {
    const span = createRing({ capacity: slots, slotWords: record.WORDS });
    const ring = new Ring(span);
    const claim = ring.claim.bind(ring);
    let claims = 0;
    ring.claim = (count) => {
      if (meanwhile > 0 && ++claims % meanwhile === 0) this.reader.drain(1);
      return claim(count);
    };
    this.queue = new MarketQueue(ring, new Bell(reserve(sequenceBytes(1)), 0), this.states);
    this.reader = new QueueReader(new Ring(span), this.feeds, {
      onTrade: (trade) => {
        this.feeds[trade.instrument].addTrade(trade);
        this.prints[trade.instrument].push(trade.id);
      },
      onBook: () => undefined,
      onState: () => undefined,
      onAuction: () => undefined,
    });
  }

  trade(instrument: number, price: number, quantity: number, takerSide: Side): void {
    const id = ++this.#trades[instrument];
    const amount = price * quantity * market.instruments[instrument].unit;
    const trade: Trade = { instrument, id, aggregate: id, newAggregate: true, price, quantity, amount, time: this.time, takerSide };
    this.traded++;
    this.#tracker.onTrade(trade);
    this.queue.onTrade(trade);
    this.exact[instrument].addTrade(trade);
  }

  level(instrument: number, side: Side, price: number, lots: number): void {
    const change = Math.max(lots, -this.states[instrument].depth.lotsAt(side, price));
    if (change === 0) return;
    this.#tracker.onDepth(instrument, side, price, change);
    this.queue.onDepth(instrument, side, price);
  }

  state(instrument: number, state: number): void {
    this.#tracker.onState(instrument, state, state * 10);
    this.queue.onState(instrument);
  }

  auction(instrument: number, price: number): void {
    this.#tracker.onAuction(instrument, { price, volume: price * 2, surplus: -price });
    this.queue.onAuction(instrument, this.states[instrument].auction, false);
  }

  endTurn(): void {
    this.queue.endTurn();
    this.books.push(booksOf(this.states));
  }

  /** Reads to the end, as long as the other side has something. */
  finish(): void {
    this.endTurn();
    for (let i = 0; i < 100_000 && !(this.reader.isAtTurnMark && this.reader.turn === this.queue.turn); i++) {
      this.reader.drain(7);
      this.endTurn();
      this.reader.drain(1000);
    }
  }
}

function booksOf(states: readonly MarketState[]): string {
  return JSON.stringify(states.map(({ depth }) => [depth.levels(0, 1000), depth.levels(1, 1000)]));
}

const instrument = fc.integer({ min: 0, max: market.instruments.length - 1 });
const side = fc.constantFrom<Side>(0, 1);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constant('level'), instrument, side, fc.integer({ min: 1, max: 12 }), fc.integer({ min: -5, max: 5 })),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constant('trade'), instrument, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), side),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('state'), instrument, fc.integer({ min: 0, max: 6 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('auction'), instrument, fc.integer({ min: 0, max: 50 })) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('time'), fc.integer({ min: 1, max: 90_000 })) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('turn')) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('read'), fc.integer({ min: 1, max: 40 })) },
);

function play(lanes: Lanes, [what, ...args]: readonly unknown[]): void {
  switch (what) {
    case 'time':
      lanes.time += (args[0] as number) * 1000;
      break;
    case 'turn':
      lanes.endTurn();
      break;
    case 'read':
      lanes.reader.drain(args[0] as number);
      // At a mark the books are those of that turn, however much of the queue was left out.
      if (lanes.reader.isAtTurnMark) assert.equal(booksOf(lanes.feeds), lanes.books[lanes.reader.turn]);
      break;
    default:
      (lanes[what as 'level'] as (...args: unknown[]) => void).call(lanes, ...args);
  }
}

test('a publisher whose queue is full now and then has the books, candles and states of one that hears all; what it did not hear is counted', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(2, 4, 16, 64, 1024),
      fc.nat(6),
      fc.array(step, { minLength: 50, maxLength: 400 }),
      (slots, meanwhile, steps) => {
        const lanes = new Lanes(slots, meanwhile);
        try {
          for (const one of steps) play(lanes, one);
          lanes.finish();
          assert.equal(booksOf(lanes.feeds), booksOf(lanes.states));
          let heard = 0;
          for (const [i, feed] of lanes.feeds.entries()) {
            const [state, exact] = [lanes.states[i], lanes.exact[i]];
            heard += lanes.prints[i].length;
            assert.equal(feed.updateId, state.depth.updateId);
            assert.deepEqual([feed.state, feed.reference, feed.auction], [state.state, state.reference, state.auction]);
            for (const field of ['lastPrice', 'lastQuantity', 'lastTradeId', 'lastTradeTime'] as const)
              assert.equal(feed[field], state[field], field);
            for (const seconds of Object.values(CANDLE_SECONDS))
              assert.deepEqual(feed.candles(seconds), exact.candles(seconds), `${seconds} s`);
            const ids = feed.trades.map(({ id }) => id);
            assert.deepEqual(
              ids,
              ids.map((_, n) => ids[0] + n),
              'the latest trades have no hole',
            );
            assert.ok(ids.length === 0 || ids.at(-1) === state.lastTradeId);
          }
          assert.equal(heard + lanes.queue.droppedTrades, lanes.traded);
        } finally {
          lanes.queue.close();
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('with room for all nothing is dropped, and each turn ends with a mark', () => {
  const lanes = new Lanes(1024);
  for (let i = 0; i < 200; i++) {
    lanes.trade(0, 100 + i, 1, 0);
    lanes.level(0, 1, 100 + (i % 7), 3);
    lanes.endTurn();
    lanes.reader.drain(100);
    assert.deepEqual([lanes.reader.isAtTurnMark, lanes.reader.turn], [true, i + 1]);
  }
  assert.equal(lanes.queue.droppedTrades, 0);
  assert.equal(lanes.prints[0].length, 200);
});

test('a publisher that missed more prices than are kept one by one is told the whole side', () => {
  const lanes = new Lanes(16);
  lanes.level(0, 0, 7, 5); // one that goes while the publisher does not look
  lanes.level(0, 1, 90_000, 5);
  lanes.endTurn();
  lanes.reader.drain(100);
  lanes.level(0, 0, 7, -5);
  for (let price = 1; price <= 50_000; price++) {
    lanes.level(0, 0, price, 1);
    if (price % 100 !== 0) lanes.level(0, 0, price, -1);
  }
  lanes.finish();
  assert.equal(lanes.feeds[0].depth.levels(0, 1000).length, 500);
  assert.equal(booksOf(lanes.feeds), booksOf(lanes.states));
  lanes.queue.close();
});

test('a publisher that reads nothing for hours costs the order lane a bounded memory: levels once, trades by the minute', () => {
  const lanes = new Lanes(16);
  for (let i = 0; i < 100_000; i++) {
    lanes.trade(0, 100 + (i % 50), 1, 0);
    lanes.level(0, 0, 1 + (i % 100), i % 2 === 0 ? 1 : -1);
    lanes.time += 100_000; // ten trades a second
    if (i % 10 === 0) lanes.endTurn();
  }
  lanes.finish();
  assert.equal(booksOf(lanes.feeds), booksOf(lanes.states));
  for (const seconds of [60, 300, 3600]) assert.deepEqual(lanes.feeds[0].candles(seconds), lanes.exact[0].candles(seconds));
  lanes.queue.close();
});

test('what a publisher was not told print by print is exact for any turnover: of more trades of all there is than a record has room for', () => {
  const lanes = new Lanes(2);
  for (let n = 0; n < 10_000; n++) {
    const price = 1_000_000 + n;
    const quantity = Math.min(2 ** 31 - 1, Math.floor(Number.MAX_SAFE_INTEGER / (price * market.instruments[0].unit)));
    lanes.trade(0, price, quantity, n % 3 === 0 ? 1 : 0);
  }
  lanes.finish();
  for (const seconds of Object.values(CANDLE_SECONDS)) assert.deepEqual(lanes.feeds[0].candles(seconds), lanes.exact[0].candles(seconds));
  assert.ok(lanes.feeds[0].candles(60)[0].amount.high > 2 ** 13, 'the sum did not fit one record');
});
