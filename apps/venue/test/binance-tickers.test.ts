/** Tickers: windows of any length, trading days, and which instruments are meant. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { EVENT, event, IS_MAKER, NEW_AGGREGATE } from '@outcry/market/event';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';
import { STORED_DATA } from '../src/doors/binance/stored-data.ts';
import { History } from '../src/store/sqlite/history.ts';
import { StoreWriter } from '../src/store/sqlite/store-writer.ts';
import { administer } from './support/admin.ts';
import { Listener } from './support/listener.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;

it('a window of days is what was traded in it, to the minute', async (t) => {
  const folder = temporaryDirectory('windows');
  const market = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS.slice(0, 1));
  const [instrument] = market.instruments;
  const file = path.join(folder, 'store.sqlite');
  const writer = new StoreWriter(file, { journal: 1, orders: 100, unitOf: () => instrument.unit });
  t.after(() => writer.close());
  const record = new Int32Array(event.WORDS);
  const doubles = new Float64Array(record.buffer);
  const end = Date.UTC(2026, 2, 9, 13, 47, 20);
  const times = Array.from({ length: 2000 }, (_, i) => end - 2000 * 6 * MINUTE + i * 6 * MINUTE + (i % 7) * 11_003);
  for (const [i, time] of times.entries()) {
    for (const flags of [IS_MAKER, NEW_AGGREGATE]) {
      record[event.HEAD] = EVENT.FILL | (flags << 16);
      record[event.PRICE] = 1000 + i;
      record[event.QUANTITY] = 1 + (i % 5);
      doubles[event.F64_TRADE] = i + 1;
      doubles[event.F64_TIME] = time * 1000;
      writer.add(record, doubles, 0);
    }
  }
  await writer.flush(times.length, [0, 0]);
  const history = new History(file);
  t.after(() => history.close());
  for (const days of [2, 3, 7]) {
    const open = Math.floor((end - days * DAY) / MINUTE) * MINUTE;
    const inside = times.flatMap((time, i) => (time >= open ? [i] : []));
    const received = (await STORED_DATA.windows(history, market, 0, open, end, false)) as any;
    assert.equal(received.count, inside.length, `${days} days`);
    assert.deepEqual([received.firstId, received.lastId], [inside[0] + 1, times.length]);
    assert.equal(received.openPrice, instrument.formatPrice(1000 + inside[0]));
    assert.equal(received.lastPrice, instrument.formatPrice(1000 + times.length - 1));
    assert.deepEqual([received.highPrice, received.lowPrice], [received.lastPrice, received.openPrice]);
    assert.equal(received.volume, instrument.formatQuantity(inside.reduce((sum, i) => sum + 1 + (i % 5), 0)));
  }
  const empty = (await STORED_DATA.windows(history, market, [0], end + DAY, end + 2 * DAY, true)) as any[];
  assert.deepEqual([empty[0].count, empty[0].firstId, empty[0].openPrice], [0, -1, empty[0].lastPrice]);
});

describe('tickers of a running venue', () => {
  const data = temporaryDirectory('binance-tickers');
  let venue: VenueProcess;
  let alice: Client;
  before(async () => {
    venue = await VenueProcess.start(data, '--demo', '--no-flow');
    alice = new Client(venue.url);
  });
  after(async () => {
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });

  const ask = async (route: string) => (await alice.public(`/api/v3/${route}`)).body;

  it('count what is traded in minutes, hours, days, and on the day of a time zone', async () => {
    const trade = async (price: string, quantity: string) => {
      for (const side of ['SELL', 'BUY']) {
        const order = { symbol: 'BTCUSDT', side, type: 'LIMIT', timeInForce: 'GTC', price, quantity };
        assert.equal((await alice.signed('POST', '/api/v3/order', order)).status, 200);
      }
    };
    await trade('60000', '0.01');
    await trade('60600', '0.03');
    for (const windowSize of ['2m', '59m', '1h', '23h', '1d', '2d', '7d']) {
      const received = await ask(`ticker?symbol=BTCUSDT&windowSize=${windowSize}`);
      assert.deepEqual(
        [
          received.priceChange,
          received.priceChangePercent,
          received.weightedAvgPrice,
          received.openPrice,
          received.lastPrice,
          received.volume,
          received.count,
        ],
        ['600.00000000', '1.000', '60450.00000000', '60000.00000000', '60600.00000000', '0.04000000', 2],
        windowSize,
      );
      assert.equal(received.openTime % MINUTE, 0, 'a window begins on a minute');
    }
    for (const [zone, minutes] of [
      ['0', 0],
      ['8', 480],
      ['-3:30', -210],
    ] as const) {
      const received = await ask(`ticker/tradingDay?symbol=BTCUSDT&timeZone=${zone}`);
      assert.deepEqual([(received.openTime + minutes * MINUTE) % DAY, received.closeTime - received.openTime], [0, DAY - 1], zone);
    }
    const mini = await ask('ticker?symbols=["BTCUSDT","ETHUSDT"]&type=MINI');
    assert.deepEqual(
      mini.map((each: any) => [each.symbol, each.priceChange]),
      [
        ['BTCUSDT', undefined],
        ['ETHUSDT', undefined],
      ],
    );
  });

  it('streams of windows and average prices tell what changed, in their documented form', async () => {
    const fields = {
      'ethusdt@ticker_1h': 'C,E,F,L,O,P,c,e,h,l,n,o,p,q,s,v,w',
      'ethusdt@ticker_4h': 'C,E,F,L,O,P,c,e,h,l,n,o,p,q,s,v,w',
      'ethusdt@ticker_1d': 'C,E,F,L,O,P,c,e,h,l,n,o,p,q,s,v,w',
      'ethusdt@avgPrice': 'E,T,e,i,s,w',
    };
    const streams = [...Object.keys(fields), '!ticker_1h@arr'];
    const listener = await Listener.open(venue.url, `/stream?streams=${streams.join('/')}`);
    for (const [stream, wanted] of Object.entries(fields)) {
      const { data: event } = await listener.until((message) => message.stream === stream, stream);
      assert.equal(Object.keys(event).sort().join(), wanted, stream);
    }
    const present = (await listener.until((message) => message.stream === '!ticker_1h@arr')).data;
    assert.deepEqual(
      present.map(({ s }: any) => s),
      ['BTCUSDT', 'ETHUSDT'],
    );
    const trade = async () => {
      for (const side of ['SELL', 'BUY']) {
        const order = { symbol: 'ETHUSDT', side, type: 'LIMIT', timeInForce: 'GTC', price: '3000', quantity: '0.5' };
        assert.equal((await alice.signed('POST', '/api/v3/order', order)).status, 200);
      }
    };
    await trade();
    const hour = (await listener.until(({ stream, data: event }) => stream === 'ethusdt@ticker_1h' && event.n === 1)).data;
    assert.deepEqual([hour.e, hour.c, hour.v, hour.q, hour.F, hour.L], ['1hTicker', '3000.00000000', '0.50000000', '1500.00000000', 1, 1]);
    assert.equal(hour.O % MINUTE, 0);
    const average = (await listener.until(({ stream, data: event }) => stream === 'ethusdt@avgPrice' && event.T > 0)).data;
    assert.deepEqual([average.i, average.w], ['5m', '3000.00000000']);
    await trade();
    const isTwo = ({ n, s }: any) => s === 'ETHUSDT' && n === 2;
    const changed = await listener.until(({ stream, data: events }) => stream === '!ticker_1h@arr' && events.some(isTwo));
    assert.deepEqual(
      changed.data.map(({ s }: any) => s),
      ['ETHUSDT'],
      'only what changed',
    );
    listener.close();
  });

  it('of a type that is none, a window that is none, or too many symbols is refused', async () => {
    assert.equal((await ask('ticker/24hr?symbol=BTCUSDT&type=TINY')).code, -1139);
    assert.equal((await ask('ticker?symbol=BTCUSDT&windowSize=8d')).code, -1100);
    assert.equal((await ask('ticker?symbol=BTCUSDT&windowSize=60m')).code, -1100);
    assert.equal((await ask('ticker')).code, -1102);
    assert.equal((await ask('ticker/price?symbols=["BTCUSDT","BTCUSDT"]')).code, -1151);
    const many = Array.from({ length: 101 }, (_, i) => `"S${i}"`).join();
    assert.equal((await ask(`ticker?symbols=[${many}]`)).code, -1101);
  });

  it('of instruments with a status: others are left out, one that is named is refused', async () => {
    const state = (name: string) => administer({ url: venue.url, data }, 'instruments/ETHUSDT/state', { state: name });
    await state('HALTED');
    const symbols = async (route: string) => (await ask(route)).map(({ symbol }: any) => symbol);
    for (const route of ['ticker/price', 'ticker/bookTicker', 'ticker/24hr']) {
      assert.deepEqual(await symbols(`${route}?symbolStatus=TRADING`), ['BTCUSDT'], route);
      assert.deepEqual(await symbols(`${route}?symbolStatus=HALT`), ['ETHUSDT'], route);
      assert.equal((await ask(`${route}?symbol=ETHUSDT&symbolStatus=TRADING`)).code, -1220, route);
      assert.equal((await ask(`${route}?symbolStatus=ASLEEP`)).code, -1122, route);
    }
    assert.equal((await ask('depth?symbol=ETHUSDT&symbolStatus=TRADING')).code, -1220);
    assert.equal((await ask('depth?symbol=ETHUSDT&symbolStatus=HALT')).bids.length, 0);
    const received = async (query: string) => (await ask(`exchangeInfo?${query}`)).symbols.map(({ symbol }: any) => symbol);
    assert.deepEqual(await received('symbolStatus=HALT'), ['ETHUSDT']);
    assert.deepEqual(await received('permissions=["MARGIN"]'), []);
    assert.deepEqual(await received('permissions=SPOT'), ['BTCUSDT', 'ETHUSDT']);
    assert.equal((await ask('exchangeInfo?symbol=BTCUSDT&symbolStatus=HALT')).code, -1128);
    assert.deepEqual((await ask('exchangeInfo?showPermissionSets=false')).symbols[0].permissionSets, []);
    await state('CONTINUOUS');
  });
});
