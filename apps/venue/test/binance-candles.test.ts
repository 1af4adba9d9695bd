/** Candles of all intervals and time zones: of a feed, of the store, of requests and streams. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { EVENT, event, IS_MAKER, NEW_AGGREGATE } from '@outcry/market/event';
import { Random } from '@outcry/workload/random';
import { MarketFeed } from '../src/core/feeds/market-feed.ts';
import { candleInterval, INTERVAL_NAMES, zoneMinutes } from '../src/domain/candle-interval.ts';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';
import { STORED_DATA } from '../src/doors/binance/stored-data.ts';
import { History } from '../src/store/sqlite/history.ts';
import { StoreWriter } from '../src/store/sqlite/store-writer.ts';
import { Listener } from './support/listener.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 30, 7, 31, 12);
const market = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS.slice(0, 1));
const [instrument] = market.instruments;

/** When a candle begins, worked out from the calendar and the clock of its place. */
function beginOf(name: string, time: number, zone: number): number {
  const local = new Date(time + zone * MINUTE);
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
  const midnight = Date.UTC(year, month, day);
  const begin = () => {
    if (name === '1M') return Date.UTC(year, month, 1);
    if (name === '1w') return midnight - ((local.getUTCDay() + 6) % 7) * DAY;
    if (name === '3d') return midnight - ((midnight / DAY) % 3) * DAY;
    if (name === '1d') return midnight;
    const length = Number(name.slice(0, -1)) * { s: 1000, m: MINUTE, h: 60 * MINUTE }[name.slice(-1) as 's' | 'm' | 'h'];
    return midnight + Math.floor((local.getTime() - midnight) / length) * length;
  };
  return begin() - zone * MINUTE;
}

it('candles of every interval are the sums of what was traded in it, in any time zone', async (t) => {
  const folder = temporaryDirectory('candles');
  const file = path.join(folder, 'store.sqlite');
  const writer = new StoreWriter(file, { journal: 1, orders: 100, unitOf: () => instrument.unit });
  t.after(() => writer.close());
  const feed = new MarketFeed(instrument);
  const random = new Random(15);
  const record = new Int32Array(event.WORDS);
  const doubles = new Float64Array(record.buffer);
  const trades: { time: number; price: number; quantity: number }[] = [];
  let time = START;
  for (let id = 1; id <= 900; id++) {
    time += 1 + random.below(id % 50 === 0 ? 3 * DAY : 2 * MINUTE);
    const [price, quantity] = [1000 + random.below(100), 1 + random.below(9)];
    trades.push({ time, price, quantity });
    const amount = price * quantity * instrument.unit;
    feed.addTrade({ instrument: 0, id, aggregate: id, newAggregate: true, price, quantity, amount, time: time * 1000, takerSide: 0 });
    for (const flags of [IS_MAKER, NEW_AGGREGATE]) {
      record[event.HEAD] = EVENT.FILL | (flags << 16);
      record[event.PRICE] = price;
      record[event.QUANTITY] = quantity;
      doubles[event.F64_TRADE] = id;
      doubles[event.F64_TIME] = time * 1000;
      writer.add(record, doubles, 0);
    }
  }
  await writer.flush(900, [0, 0]);
  const history = new History(file);
  t.after(() => history.close());
  for (const zone of [0, 480, -300, 345, 7]) {
    for (const name of INTERVAL_NAMES) {
      const wanted = new Map<number, { volume: number; count: number; open: number; close: number; high: number; low: number }>();
      for (const { time: at, price, quantity } of trades) {
        const begin = beginOf(name, at, zone);
        const sum = wanted.get(begin) ?? { volume: 0, count: 0, open: price, close: price, high: price, low: price };
        const [high, low] = [Math.max(sum.high, price), Math.min(sum.low, price)];
        wanted.set(begin, { ...sum, volume: sum.volume + quantity, count: sum.count + 1, close: price, high, low });
      }
      const interval = candleInterval(name, zone)!;
      const begins = [...wanted.keys()];
      const [first, last] = [begins[0], beginOf(name, time, zone)];
      /** Up to so many candles from one on; prices stand still where nothing traded. */
      const rows = (from: number, most: number, to = last) => {
        const list: unknown[][] = [];
        let before = begins.findLastIndex((begin) => begin <= from);
        for (let begin = from; begin <= to && list.length < most; begin = interval.next(begin)) {
          if (begins[before + 1] === begin) before++;
          const { open, high, low, close, volume, count } = wanted.get(begins[before])!;
          const isTraded = begins[before] === begin;
          const prices = isTraded ? [open, high, low, close] : [close, close, close, close];
          const quantity = instrument.formatQuantity(isTraded ? volume : 0);
          list.push([begin, ...prices.map((ticks) => instrument.formatPrice(ticks)), quantity, isTraded ? count : 0]);
        }
        return list;
      };
      const latestRows = (most: number) => rows(Math.max(first, interval.step(last, 1 - most)), most);
      const received = (list: readonly any[][]) => list.map(([begin, o, h, l, c, v, , , n]) => [begin, o, h, l, c, v, n]);
      const klines = async (range: object, now = time) =>
        received(await STORED_DATA.klines(history, market, 0, name, zone, range as never, now));
      const where = `${name} ${zone}`;
      assert.deepEqual(await klines({ limit: 1000 }), latestRows(1000), where);
      assert.deepEqual(await klines({ limit: 3 }), latestRows(3), where);
      assert.deepEqual(await klines({ startTime: START - 400 * DAY, limit: 3 }), rows(first, 3), where);
      assert.deepEqual(await klines({ endTime: START - 400 * DAY, limit: 3 }), [], where);
      const [from, to] = [begins[Math.floor(begins.length / 3)], begins[Math.floor(begins.length / 2)]];
      if (begins.length > 4) {
        assert.deepEqual(await klines({ startTime: from, endTime: to, limit: 1000 }), rows(from, 1000, to), where);
        assert.deepEqual(
          await klines({ startTime: from + 1, endTime: to - 1, limit: 1000 }),
          rows(interval.next(from), 1000, to - 1),
          where,
        );
        assert.deepEqual(await klines({ endTime: to, limit: 5 }), rows(Math.max(first, interval.step(to, -4)), 5, to), where);
      }
      // Time goes on without a trade: so do the candles.
      const later = interval.step(last, 2);
      assert.deepEqual((await klines({ limit: 3 }, later)).slice(-2), rows(interval.next(last), 2, later), where);
      for (const [most, now] of [
        [3, time],
        [3, later],
        [900, time],
      ]) {
        const latest = feed.latest(interval, most, now)?.map(({ openTime, close, trades: count }) => [openTime, close, count]);
        if (latest === undefined) continue;
        const kept = await klines({ limit: most }, now);
        assert.deepEqual(
          latest.map(([begin, close, count]) => [begin, instrument.formatPrice(close), count]),
          kept.map(([begin, , , , close, , count]) => [begin, close, count]),
          where,
        );
      }
      assert.ok(feed.latest(interval, 3, time) !== undefined, where);
      for (const begin of begins) assert.equal(beginOf(name, interval.next(begin), zone), interval.next(begin), where);
    }
  }
});

it('a time zone is hours, or hours and minutes, from -12:00 to +14:00', () => {
  const zones = ['0', '8', '-1:00', '05:45', '+08:00', '-12:00', '14:00', '14:01', '-12:01', '15', '5:60', '5:5', 'UTC', ''];
  const minutes = [0, 480, -60, 345, 480, -720, 840, ...Array.from({ length: 7 }, () => undefined)];
  assert.deepEqual(zones.map(zoneMinutes), minutes);
});

describe('candles of a running venue', () => {
  const data = temporaryDirectory('binance-candles');
  let venue: VenueProcess;
  before(async () => {
    venue = await VenueProcess.start(data, '--demo');
  });
  after(async () => {
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });

  it('are asked for in a time zone, and a zone that is none is refused', async () => {
    const alice = new Client(venue.url);
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' };
    assert.equal((await alice.signed('POST', '/api/v3/order', order)).status, 200);
    const klines = async (more: string) => (await alice.public(`/api/v3/klines?symbol=BTCUSDT&${more}`)).body;
    for (const [zone, minutes] of [
      ['8', 480],
      ['-5', -300],
      ['05:45', 345],
    ] as const) {
      const [last] = (await klines(`interval=1d&timeZone=${zone}`)).slice(-1);
      assert.equal(last[0], beginOf('1d', last[0], minutes), `a day in ${zone} begins there`);
      assert.equal(last[6], last[0] + DAY - 1);
    }
    assert.equal((await klines('interval=1d&timeZone=15')).code, -1100);
    assert.equal((await klines('interval=1m&timeZone=midnight')).code, -1100);
    assert.equal((await klines('interval=7m')).code, -1120);
  });

  it('streams of candles in the time zone of UTC+8 begin their days there', async () => {
    const listener = await Listener.open(venue.url, '/stream?streams=btcusdt@kline_1d@+08:00/btcusdt@kline_1d/btcusdt@kline_1M');
    const opened = async (stream: string) => (await listener.until((message) => message.stream === stream, stream)).data.k;
    const there = await opened('btcusdt@kline_1d@+08:00');
    assert.deepEqual([there.i, there.t], ['1d', beginOf('1d', there.t, 480)]);
    const here = await opened('btcusdt@kline_1d');
    assert.deepEqual([here.i, here.t, here.T], ['1d', beginOf('1d', here.t, 0), here.t + DAY - 1]);
    const month = await opened('btcusdt@kline_1M');
    assert.equal(month.t, beginOf('1M', month.t, 0));
    listener.close();
  });
});
