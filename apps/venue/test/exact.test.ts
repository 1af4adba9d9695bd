import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { EVENT, event, IS_MAKER, NEW_AGGREGATE } from '@outcry/market/event';
import fc from 'fast-check';
import { MarketFeed } from '../src/core/feeds/market-feed.ts';
import { CANDLE_SECONDS } from '../src/domain/candle.ts';
import { candleInterval } from '../src/domain/candle-interval.ts';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { addExact, addUnits, exact, toBigInt } from '../src/domain/exact.ts';
import { Market } from '../src/domain/market.ts';
import { dayJson, klineJson } from '../src/doors/binance/format.ts';
import { History } from '../src/store/sqlite/history.ts';
import { StoreWriter } from '../src/store/sqlite/store-writer.ts';
import { temporaryDirectory } from './support/process.ts';

/** Turnover beyond 2^53 - 1 units, the most that a number holds exactly: 90 million USDT at scale 8. */

const START = Date.UTC(2026, 0, 1);
const BUY = 0;
const units = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 2 ** 52 - 1, 2 ** 52, 2 ** 53 - 1));

test('a sum of any amounts is that of whole numbers without an end, however they are grouped', () => {
  fc.assert(
    fc.property(fc.array(fc.array(units)), (groups) => {
      const sum = exact();
      for (const group of groups) {
        const part = exact();
        for (const one of group) addUnits(part, one);
        addExact(sum, part);
      }
      assert.equal(
        toBigInt(sum),
        groups.flat().reduce((total, one) => total + BigInt(one), 0n),
      );
      assert.ok(sum.low < 2 ** 52);
    }),
  );
});

/** Trades of nearly all that there can be of an asset, and what they come to. */
class Turnover {
  readonly market = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS);
  readonly instrument = this.market.instruments[0];
  readonly feed = new MarketFeed(this.instrument);
  quantity = 0n;
  amount = 0n;
  bought = 0n;
  trades = 0;
  readonly #i32 = new Int32Array(event.WORDS);
  readonly #f64 = new Float64Array(this.#i32.buffer);

  /** @param price ticks; as many lots as 2^53 - 1 units of the quote asset pay for */
  trade(price: number, ms: number, takerSide: 0 | 1, writer: StoreWriter): void {
    const quantity = Math.min(2 ** 31 - 1, Math.floor(Number.MAX_SAFE_INTEGER / (price * this.instrument.unit)));
    const amount = price * quantity * this.instrument.unit;
    const [id, time] = [++this.trades, (START + ms) * 1000];
    this.quantity += BigInt(quantity);
    this.amount += BigInt(amount);
    if (takerSide === BUY) this.bought += BigInt(amount);
    this.feed.addTrade({ instrument: 0, id, aggregate: id, newAggregate: true, price, quantity, amount, time, takerSide });
    for (const flags of [IS_MAKER, NEW_AGGREGATE]) {
      this.#i32[event.HEAD] = EVENT.FILL | (takerSide << 8) | (flags << 16);
      this.#i32[event.PRICE] = price;
      this.#i32[event.QUANTITY] = quantity;
      this.#f64[event.F64_TRADE] = id;
      this.#f64[event.F64_TIME] = time;
      writer.add(this.#i32, this.#f64, 0);
    }
  }
}

test('candles of any turnover are exact: as they run, in the store, and read again after a start', async (t) => {
  const folder = temporaryDirectory('exact');
  const file = path.join(folder, 'store.sqlite');
  const turnover = new Turnover();
  const { instrument, feed } = turnover;
  const writer = new StoreWriter(file, { journal: 1, orders: 100, unitOf: () => instrument.unit });
  t.after(() => writer.close());
  // More than 2^63 units a day, which SQLite's own integers do not hold; written bit by bit.
  for (let n = 0; n < 3000; n++) {
    turnover.trade(1_000_003 + n, n, n % 3 === 0 ? 1 : 0, writer);
    if (n % 700 === 699) await writer.flush(n, [0, 0]);
  }
  await writer.flush(3000, [0, 0]);
  assert.ok(turnover.amount > 2n ** 63n);

  const history = new History(file);
  t.after(() => history.close());
  const [day] = await history.candles(0, 86_400, { startTime: START, endTime: START, limit: 1 });
  assert.deepEqual([day.quantity, day.amount, day.takerBuyAmount].map(toBigInt), [turnover.quantity, turnover.amount, turnover.bought]);
  for (const seconds of Object.values(CANDLE_SECONDS)) {
    const stored = await history.candles(0, seconds, { startTime: START, limit: 1000 });
    assert.deepEqual(stored, feed.candles(seconds), `${seconds} s`);
  }

  const after = new MarketFeed(instrument);
  for (const seconds of Object.values(CANDLE_SECONDS)) after.load(seconds, await history.candles(0, seconds, { limit: 1500 }));
  after.setLast(feed.lastTradeId, feed.lastPrice, feed.lastQuantity, feed.lastTradeTime);
  for (const received of [feed, after]) {
    const text = dayJson(received, START + 5000);
    assert.equal(text.quoteVolume.replace('.', ''), String(turnover.amount), 'the quote asset has eight places');
    assert.equal(text.volume, instrument.formatQuantity(turnover.quantity));
    assert.equal(received.averagePrice(START + 5000), Number(turnover.amount / (turnover.quantity * BigInt(instrument.unit))));
  }
  assert.equal(String(klineJson(day, candleInterval('1d')!, instrument)[7]).replace('.', ''), String(turnover.amount));
});
