import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS, type VenueConfig } from '../src/domain/config.ts';
import { startVenue, type Venue } from '../src/venue.ts';
import { farStoreAt, lineOf } from './support/far-store.ts';
import { Client, temporaryDirectory } from './support/process.ts';
import { until } from './support/until.ts';

const log = pino({ level: 'silent' });
const LIMIT = { symbol: 'BTCUSDT', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '50000' };

function configured(): { config: VenueConfig; file: string } {
  const data = temporaryDirectory('far-store');
  const market = { assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS };
  const limits = { orders: 10_000, accounts: 100, assets: 8, instruments: 4 };
  return { config: { ...DEFAULTS, ...market, limits, port: 0, data, readWaitMs: 5000 }, file: path.join(data, 'far.sqlite') };
}

async function start(t: TestContext, config: VenueConfig, file: string): Promise<{ venue: Venue; alice: Client; bob: Client }> {
  const venue = await startVenue(config, { log, store: farStoreAt(file) });
  t.after(() => venue.close());
  await startDemo(venue, { flow: false }, log);
  return { venue, alice: new Client(venue.url), bob: new Client(venue.url, 'bob') };
}

async function trade(alice: Client, bob: Client): Promise<number> {
  const { status, body } = await alice.signed('POST', '/api/v3/order', { ...LIMIT, side: 'BUY' });
  assert.equal(status, 200, JSON.stringify(body));
  const sold = await bob.signed('POST', '/api/v3/order', { ...LIMIT, side: 'SELL' });
  assert.equal(sold.body.status, 'FILLED', JSON.stringify(sold.body));
  return body.orderId;
}

const idsOf = async (alice: Client) =>
  (await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' })).body.map(({ orderId }: { orderId: number }) => orderId);

describe('a venue whose store is another one than SQLite in a file of its own', () => {
  it('keeps its history there, answers from it, and finds it again after a start', async (t) => {
    const { config, file } = configured();
    const first = await start(t, config, file);
    const ids: number[] = [];
    for (let n = 0; n < 5; n++) ids.push(await trade(first.alice, first.bob));
    assert.deepEqual(await idsOf(first.alice), ids);
    const { body: candles } = await first.alice.public('/api/v3/klines?symbol=BTCUSDT&interval=1d');
    await first.venue.close();
    assert.ok(fs.existsSync(file) && !fs.existsSync(path.join(config.data, 'store.sqlite')));

    const second = await start(t, config, file);
    assert.deepEqual((await second.alice.public('/api/v3/klines?symbol=BTCUSDT&interval=1d')).body, candles, 'charts are loaded from it');
    const { body: average } = await second.alice.public('/api/v3/avgPrice?symbol=BTCUSDT');
    assert.equal(Number(average.price), 50_000);
    const { body: trades } = await second.alice.signed('GET', '/api/v3/myTrades', { symbol: 'BTCUSDT' });
    assert.deepEqual(
      trades.map(({ orderId }: { orderId: number }) => orderId),
      ids,
    );
    const { body: positions } = await second.alice.signed('GET', '/outcry/v1/positions');
    assert.equal(Number(positions[0].positionQty), 0.005);
  });

  it('trades on while it cannot be reached, says so where history is asked, and has every row when it is back', async (t) => {
    const { config, file } = configured();
    const { venue, alice, bob } = await start(t, { ...config, readWaitMs: 50 }, file);
    const ids = [await trade(alice, bob)];
    const { shared } = venue.services;
    await until(
      () => shared.stored.read() === shared.durable.read(),
      () => `the store holds command ${shared.stored.read()}`,
    );
    fs.writeFileSync(lineOf(file), '');
    const late = await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' });
    assert.ok(late.status >= 500, JSON.stringify(late.body));
    for (let n = 0; n < 10; n++) ids.push(await trade(alice, bob));
    await until(
      () => shared.followerHeldUp,
      () => 'the follower to notice',
    );
    const behind = await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' });
    assert.match(behind.body.msg, /The store is \d+ commands behind/);
    fs.rmSync(lineOf(file));
    await until(
      () => shared.stored.read() === shared.durable.read(),
      () => `the store holds command ${shared.stored.read()}`,
    );
    assert.deepEqual(await idsOf(alice), ids);
  });
});
