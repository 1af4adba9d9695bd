/** What a stream tells those who come to it: the second as the first, on a market where nothing happens; and sides that become empty. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { BUY, SELL } from '@outcry/market/order-terms';
import { MarketFeed } from '../src/core/feeds/market-feed.ts';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';
import { MarketStreams } from '../src/doors/binance/market-streams.ts';
import { EVENTS } from '../src/doors/binance/stream-names.ts';
import type { StreamReader } from '../src/doors/binance/streams.ts';
import { moreStreams, streams } from './binance-coverage/streams.ts';

const NAMES = [...streams.filter(({ not }) => not === undefined).map(({ example }) => example), ...Object.keys(moreStreams)];
const market = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS);
const { number, unit } = market.find('ETHUSDT')!;
/** Ticks: what bands are measured from. */
const REFERENCE = 105;

// Nothing happens: not even a minute ends.
beforeEach(() => mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 30, 7, 31, 12) }));
afterEach(() => mock.timers.reset());

/** A market with one publisher, and what its readers hear. */
class QuietMarket {
  readonly feeds = market.instruments.map((instrument) => new MarketFeed(instrument));
  readonly #streams = new MarketStreams(market, this.feeds, () => REFERENCE);
  #updates = 1;
  #trades = 0;

  level(side: 0 | 1, price: number, lots: number): void {
    this.feeds[number].setLevel(side, price, lots, ++this.#updates);
    this.#streams.onBook(number);
  }

  trade(price: number, time = Date.now()): void {
    const id = ++this.#trades;
    const amount = price * unit;
    this.#streams.onTrade({
      instrument: number,
      id,
      aggregate: id,
      newAggregate: true,
      price,
      quantity: 1,
      amount,
      time: time * 1000,
      takerSide: BUY,
    });
  }

  /** A turn of the publisher, and both of its intervals. */
  turn(): void {
    this.#streams.onTurnMark();
    this.#streams.every100ms();
    this.#streams.everySecond();
    this.#streams.deliver(true);
  }

  /** What a reader hears from now on; over a bridge, or over a connection of the publisher. */
  listen(name: string, isBridged: boolean): any[] {
    const heard: any[] = [];
    if (isBridged) {
      assert.ok(this.#streams.listen(name, (text) => heard.push(JSON.parse(text))));
      return heard;
    }
    const hear = (frame: Buffer) => {
      const text = frame.toString('utf8', Math.min(...['{"', '['].map((start) => frame.indexOf(start)).filter((at) => at >= 0)));
      heard.push(JSON.parse(text));
    };
    const connection = { queue: hear, queueLast: (_key: string, frame: Buffer) => hear(frame) };
    assert.ok(this.#streams.subscribe(name, { connection, isCombined: false } as unknown as StreamReader));
    return heard;
  }
}

/** Without the times of the message itself. */
function timeless(message: any): any {
  return JSON.parse(JSON.stringify(message), (key, value) => (['E', 'C', 'O'].includes(key) ? undefined : value));
}

describe('a stream on a market where nothing happens', () => {
  for (const name of NAMES) {
    it(`${name} tells every newcomer ${EVENTS.test(name) ? 'what happens from then on' : 'what is, as the first, once'}`, () => {
      const quiet = new QuietMarket();
      quiet.level(BUY, 100, 5);
      quiet.level(SELL, 110, 7);
      quiet.trade(105);
      quiet.turn();
      const first = quiet.listen(name, false);
      quiet.turn();
      quiet.turn();
      for (const isBridged of [true, false]) {
        const before = first.length;
        const newcomer = quiet.listen(name, isBridged);
        quiet.turn();
        if (EVENTS.test(name)) {
          assert.deepEqual(newcomer, []);
          quiet.trade(105);
          quiet.level(BUY, 100, 6);
          quiet.turn();
          assert.equal(newcomer.length, 1);
          assert.deepEqual(newcomer, first.slice(before));
          quiet.level(BUY, 100, 5);
          quiet.turn();
        } else {
          const values = (messages: any[]) => messages.slice(-1).flat().map(timeless);
          const own = (messages: any[]) => values(messages).filter(({ s = 'ETHUSDT' }) => s === 'ETHUSDT');
          assert.equal(own(newcomer).length, 1);
          assert.deepEqual(own(newcomer), own(first));
          const heard = newcomer.length;
          quiet.turn();
          assert.equal(newcomer.length, heard, 'nothing is told twice');
        }
      }
    });
  }
});

describe('a side of the book that becomes empty', () => {
  const value = (message: any): any => [message].flat().find(({ s = 'ETHUSDT' }) => s === 'ETHUSDT');
  const SIDES: Record<string, (message: any) => unknown[]> = {
    'ethusdt@bookTicker': ({ b, B, a, A }) => [Number(b), Number(B), Number(a), Number(A)],
    'ethusdt@ticker': ({ b, B, a, A }) => [Number(b), Number(B), Number(a), Number(A)],
    'ethusdt@depth5': ({ bids, asks }) => [bids, asks].flatMap(([best = [0, 0]]) => best.map(Number)),
  };
  SIDES['!bookTicker'] = SIDES['ethusdt@bookTicker'];
  SIDES['!ticker@arr'] = SIDES['ethusdt@ticker'];
  for (const [name, bestOf] of Object.entries(SIDES)) {
    it(`is told by ${name}, to those who are there and to newcomers, and so is its first order`, () => {
      const quiet = new QuietMarket();
      const instrument = market.instruments[number];
      const best = (price: number, lots: number) => [Number(instrument.formatPrice(price)), Number(instrument.formatQuantity(lots))];
      const none = [0, 0];
      const first = quiet.listen(name, false);
      const check = (bid: number[], ask: number[]) => {
        quiet.turn();
        const newcomer = quiet.listen(name, true);
        quiet.turn();
        for (const heard of [first, newcomer]) assert.deepEqual(bestOf(value(heard.at(-1))), [...bid, ...ask]);
      };
      check(none, none);
      quiet.level(SELL, 110, 7);
      check(none, best(110, 7));
      quiet.level(BUY, 100, 5);
      check(best(100, 5), best(110, 7));
      quiet.level(SELL, 110, 0);
      check(best(100, 5), none);
      quiet.level(BUY, 100, 0);
      check(none, none);
    });
  }
});

describe('streams of the day', () => {
  for (const name of ['ethusdt@ticker', 'ethusdt@miniTicker', '!ticker@arr', '!miniTicker@arr', 'ethusdt@ticker_1d']) {
    it(`${name} tells when a trade is a day old, though nothing else happens`, () => {
      const quiet = new QuietMarket();
      quiet.trade(100);
      const heard = quiet.listen(name, false);
      quiet.turn();
      assert.ok(Number([heard.at(-1)].flat().at(-1).v) > 0);
      mock.timers.tick(86_400_000 + 60_000);
      quiet.turn();
      assert.equal(Number([heard.at(-1)].flat().at(-1).v), 0);
    });
  }
});

describe('streams of candles', () => {
  it('have the ids of their first and last trades, and -1 where none traded', () => {
    const quiet = new QuietMarket();
    const minute = Math.floor(Date.now() / 60_000) * 60_000;
    for (const back of [3, 3, 1]) quiet.trade(100 + back, minute - back * 60_000);
    const heard = quiet.listen('ethusdt@kline_1m', false);
    quiet.turn();
    const { k } = heard.at(-1);
    const instrument = market.instruments[number];
    assert.ok(k.t >= minute);
    assert.deepEqual([k.f, k.L, k.n, k.o, k.c, Number(k.v)], [-1, -1, 0, instrument.formatPrice(101), instrument.formatPrice(101), 0]);
    quiet.trade(104, k.t + 1);
    quiet.trade(105, k.t + 2);
    quiet.turn();
    const traded = heard.filter(({ k: { t } }) => t === k.t).at(-1).k;
    assert.deepEqual([traded.f, traded.L, traded.n, traded.c], [4, 5, 2, instrument.formatPrice(105)]);
    const days = quiet.listen('ethusdt@kline_1M', true);
    quiet.turn();
    assert.equal(days.at(-1).k.L, 5);
  });
});
