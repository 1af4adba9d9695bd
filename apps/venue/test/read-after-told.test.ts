import assert from 'node:assert/strict';
import fs from 'node:fs';
import { it, type TestContext } from 'node:test';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS, type VenueConfig } from '../src/domain/config.ts';
import { Doors, log, ok, SYMBOL } from './support/doors.ts';
import { Listener } from './support/listener.ts';
import { OuchClient } from './support/ouch-client.ts';
import { anyPorts, temporaryDirectory } from './support/process.ts';

/** What an account was told, by whichever door and whoever caused it, it finds when it reads. */

const ROUNDS = 40;
const PRICE = '60000.00';
const OUCH_PRICE = 600_000_000;
/** 0.001 */
const LOTS = 100;

function configured(): VenueConfig {
  const data = temporaryDirectory('read-after-told');
  const market = { assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS };
  return { ...DEFAULTS, ...market, port: 0, data, ...anyPorts('239.255.229.1'), readWaitMs: 60_000 };
}

async function open(t: TestContext, config = configured()): Promise<Doors> {
  const doors = await Doors.open(t, config);
  await startDemo(doors.venue, { flow: false }, log);
  return doors;
}

/** Alice's reads of an order that she was told is filled. */
async function isFilled({ alice }: Doors, orderId: number): Promise<void> {
  const [order, trades, all] = await Promise.all([
    ok(alice.signed('GET', '/api/v3/order', { symbol: SYMBOL, orderId })),
    ok(alice.signed('GET', '/api/v3/myTrades', { symbol: SYMBOL, orderId })),
    ok(alice.signed('GET', '/api/v3/allOrders', { symbol: SYMBOL, orderId })),
  ]);
  assert.equal(order.status, 'FILLED');
  assert.equal(trades.length, 1);
  assert.equal(all[0].status, 'FILLED');
}

it('what another’s order brought about, and a user stream told, is found by every read', async (t) => {
  const doors = await open(t);
  const { venue, alice, bob } = doors;
  const answer = await fetch(`${venue.url}/api/v3/userDataStream`, { method: 'POST', headers: { 'X-MBX-APIKEY': 'alice' } });
  const { listenKey } = (await answer.json()) as { listenKey: string };
  const stream = await Listener.open(venue.url, `/ws/${listenKey}`);
  for (let round = 0; round < ROUNDS; round++) {
    const { orderId } = await doors.place(alice, 'SELL', PRICE);
    const taken = doors.place(bob, 'BUY', PRICE);
    await stream.until(({ e, i, X }) => e === 'executionReport' && i === orderId && X === 'FILLED');
    await isFilled(doors, orderId);
    await taken;
  }
  stream.close();
});

it('what OUCH told is found by every read over REST', async (t) => {
  const doors = await open(t);
  const ouch = await OuchClient.open(doors.port('ouch'), 'ALICE', 'alicepass');
  for (let round = 1; round <= ROUNDS; round++) {
    ouch.enter(round, 'S', LOTS, OUCH_PRICE);
    const { orderRef } = await ouch.next('order_accepted');
    const open = await ok(doors.alice.signed('GET', '/api/v3/openOrders'));
    assert.deepEqual(
      open.map(({ orderId }: { orderId: number }) => orderId),
      [Number(orderRef)],
    );
    const taken = doors.place(doors.bob, 'BUY', PRICE);
    await ouch.next('order_executed');
    await isFilled(doors, Number(orderRef));
    await taken;
  }
  ouch.close();
});

it('an account whose history the store has lost is told so until it is all there again, never half of it', async (t) => {
  const config = configured();
  const before = await open(t, config);
  const count = 300;
  for (let sent = 0; sent < count; sent += 50) {
    await Promise.all(Array.from({ length: 50 }, () => before.place(before.alice, 'SELL', PRICE)));
    await Promise.all(Array.from({ length: 50 }, () => before.place(before.bob, 'BUY', PRICE)));
  }
  await before.venue.close();
  for (const name of fs.readdirSync(config.data)) if (name.startsWith('store.sqlite')) fs.rmSync(`${config.data}/${name}`);
  const after = await Doors.open(t, { ...config, readWaitMs: 1 });
  const deadline = performance.now() + 60_000;
  for (let received = 0; received < count; ) {
    const { status, body } = await after.alice.signed('GET', '/api/v3/myTrades', { symbol: SYMBOL, limit: 1000 });
    if (status === 200) assert.equal(body.length, count);
    else assert.deepEqual([status, body.code], [503, -1007]);
    if (status === 200) received = body.length;
    assert.ok(performance.now() < deadline, 'the store did not come back');
  }
});
