import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { FeedClient } from '@outcry/feed/feed-client';
import { itch } from '@outcry/wire/itch';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS, type VenueConfig } from '../src/domain/config.ts';
import { startVenue } from '../src/venue.ts';
import { Doors, log, OCO, ok, SYMBOL } from './support/doors.ts';
import { moveFarOn } from './support/far-on.ts';
import { FixClient } from './support/fix-client.ts';
import { Listener } from './support/listener.ts';
import { OuchClient } from './support/ouch-client.ts';
import { anyPorts, temporaryDirectory } from './support/process.ts';
import { until } from './support/until.ts';

/** The number of an order, as every door says it. */

const { NOT_FOUND } = grpc.status;
let groups = 0;

function configured(): VenueConfig {
  const data = temporaryDirectory('order-ids');
  const limits = { orders: 1000, accounts: 100, assets: 8, instruments: 4 };
  const market = { assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS };
  return { ...DEFAULTS, ...market, port: 0, data, ...anyPorts(`239.255.${230 + groups++}.1`), limits };
}

/** What the feed tells of orders, as `message reference`. */
async function followFeed(t: TestContext, { venue }: Doors, { itch: config }: VenueConfig): Promise<string[]> {
  const received: string[] = [];
  const { itchSession, itchRequests } = venue.services.ports;
  const reader = await FeedClient.open({
    lines: config!.lines,
    host: '127.0.0.1',
    session: String(itchSession),
    requests: { host: '127.0.0.1', port: Number(itchRequests) },
    onMessage: (view, at, bytes) => {
      const { message, reference } = itch.describe(view, at, bytes);
      if (Number(reference) > 0) received.push(`${message} ${reference}`);
    },
  });
  t.after(() => reader.close());
  return received;
}

/** The ids that a user stream tells of new orders. */
async function followOrders(t: TestContext, { venue }: Doors): Promise<() => number[]> {
  const answer = await fetch(`${venue.url}/api/v3/userDataStream`, { method: 'POST', headers: { 'X-MBX-APIKEY': 'alice' } });
  const { listenKey } = (await answer.json()) as { listenKey: string };
  const stream = await Listener.open(venue.url, `/ws/${listenKey}`);
  t.after(() => stream.close());
  return () => stream.messages.filter(({ e, x }) => e === 'executionReport' && x === 'NEW').map(({ i }) => i);
}

const ascending = (ids: readonly number[]) => ids.every((id, i) => i === 0 || id > ids[i - 1]);

for (const from of [2 ** 31 - 12, 2 ** 32 - 12, 2 ** 53 - 2 ** 40]) {
  it(`an order has one number at every door, higher than those before it, also after a start: commands from ${from} on`, async (t) => {
    const config = configured();
    const before = await startVenue(config, { log });
    await startDemo(before, { flow: false }, log);
    await before.close();
    moveFarOn(config.data, from);

    const doors = await Doors.open(t, config);
    const { alice, bob } = doors;
    const feed = await followFeed(t, doors, config);
    const streamed = await followOrders(t, doors);
    const fix = await FixClient.logon(doors.port('fix'), 'ALICE');
    const ouch = await OuchClient.open(doors.port('ouch'), 'BOB', 'bobpass');
    t.after(() => void [fix.socket.destroy(), ouch.close()]);

    // Entered at every door.
    const rest = (await doors.place(alice, 'BUY', '50000')).orderId;
    fix.order('by-fix', 1, '0.001', '49999');
    const byFix = Number((await fix.report(37))[0]);
    const request = { symbol: SYMBOL, side: 'SIDE_BUY', type: 'ORDER_TYPE_LIMIT', quantity: '0.001', price: '49998' };
    const byGrpc = Number((await doors.grpc('PlaceOrder', request)).order.order_id);
    ouch.enter(1, 'S', 100, 600_000_000);
    const byOuch = Number((await ouch.next('order_accepted')).orderRef);
    const stop = (await doors.place(alice, 'BUY', '72000', { type: 'STOP_LOSS_LIMIT', stopPrice: '70000' })).orderId;
    const list = await ok(alice.signed('POST', '/api/v3/orderList/oco', OCO));
    const [below, above] = list.orders.map(({ orderId }: { orderId: number }) => orderId);
    const ids = [rest, byFix, byGrpc, byOuch, stop, below, above];
    assert.ok(ascending(ids) && ids[0] > from && above < from + 200, ids.join());

    // Told at every door.
    const own = ids.filter((id) => id !== byOuch);
    assert.deepEqual([await doors.openOrders(alice), await doors.openOrders(bob)], [own, [byOuch]]);
    const { orders } = await doors.grpc('ListOpenOrders', {});
    assert.deepEqual(
      orders.map(({ order_id: id }: { order_id: string }) => Number(id)),
      own,
    );
    const { order_id: third } = (await doors.grpc('ListOpenOrders', { after_order_id: String(byFix), limit: 1 })).orders[0];
    assert.equal(Number(third), byGrpc);
    await until(
      () => own.every((id) => streamed().includes(id)),
      () => streamed().join(),
    );
    const inBook = (await ok(alice.signed('GET', '/api/v3/openOrders'))).find(
      ({ type }: { type: string }) => type === 'LIMIT_MAKER',
    ).orderId;
    const shown = await doors.shown();
    assert.deepEqual(shown, [rest, byFix, byGrpc, byOuch, inBook]);
    await until(
      () => shown.every((id) => feed.includes(`add_order ${id}`)),
      () => feed.join(),
    );

    // A change keeps the number, what takes an order's place has its own.
    await ok(bob.signed('PUT', '/api/v3/order/amend/keepPriority', { symbol: SYMBOL, orderId: byOuch, newQty: '0.0005' }));
    assert.deepEqual(await doors.openOrders(bob), [byOuch]);
    ouch.replace(1, 2, 40, 600_010_000);
    const replaced = Number((await ouch.next('order_replaced')).orderRef);
    assert.ok(replaced > above);
    assert.deepEqual(await doors.openOrders(bob), [replaced]);
    await until(
      () => [`order_cancel ${byOuch}`, `order_delete ${byOuch}`, `add_order ${replaced}`].every((received) => feed.includes(received)),
      () => feed.join(),
    );

    // The number of an order that ended, or of none, means nothing.
    for (const id of [byOuch, replaced + 1, replaced + 2 ** 32, 3]) {
      assert.equal((await doors.cancel(bob, id)).code, -2011, `${id}`);
      await assert.rejects(doors.grpc('CancelOrder', { order_id: String(id) }), { code: NOT_FOUND });
    }
    await doors.grpc('CancelOrder', { order_id: String(rest) });
    assert.equal((await doors.cancel(alice, byFix)).orderId, byFix);
    fix.send('F', [
      [11, 'late'],
      [41, 'by-fix'],
      [37, byFix],
      [55, SYMBOL],
      [54, 1],
      [60, '20261127-12:00:00.000'],
    ]);
    assert.equal((await fix.take('9')).get(102), '1', 'FIX knows no such order any more');

    const history = [await doors.history(alice, from), await doors.history(bob, from), await doors.history(alice, byGrpc)];
    assert.deepEqual(history, [own, [byOuch, replaced], own.slice(2)]);
    const openOrders = [await doors.openOrders(alice), await doors.openOrders(bob), await doors.shown()];
    await doors.venue.close();
    await afterStart(t, await Doors.open(t, config), { from, history, openOrders, stop, replaced });
  });
}

async function afterStart(
  t: TestContext,
  doors: Doors,
  {
    from,
    history,
    openOrders,
    stop,
    replaced,
  }: { from: number; history: number[][]; openOrders: number[][]; stop: number; replaced: number },
): Promise<void> {
  const { alice, bob } = doors;
  assert.deepEqual([await doors.openOrders(alice), await doors.openOrders(bob), await doors.shown()], openOrders);
  assert.deepEqual([await doors.history(alice, from), await doors.history(bob, from)], history.slice(0, 2));
  const ouch = await OuchClient.open(doors.port('ouch'), 'BOB', 'bobpass');
  t.after(() => ouch.close());
  assert.equal(Number((await ouch.next('order_accepted')).orderRef), replaced, 'an order of before is told of with its number');
  assert.equal((await doors.cancel(bob, replaced)).orderId, replaced);
  await doors.history(bob, from);
  assert.equal((await ok(bob.signed('GET', '/api/v3/order', { symbol: SYMBOL, orderId: replaced }))).status, 'CANCELED');
  // A stop enters the book under the number that it had outside.
  const sold = (await doors.place(bob, 'SELL', '71000', { quantity: '0.002' })).orderId;
  const bought = (await doors.place(alice, 'BUY', '71000', { quantity: '0.002' })).orderId;
  assert.ok(ascending([replaced, sold, bought]));
  await doors.history(alice, from);
  const trades: { orderId: number }[] = await ok(alice.signed('GET', '/api/v3/myTrades', { symbol: SYMBOL, orderId: stop }));
  assert.deepEqual(
    trades.map(({ orderId }) => orderId),
    [stop],
  );
  await doors.venue.close();
}

describe('a store that was lost', () => {
  it('is built anew with the same numbers of orders, lists and trades', async (t) => {
    const config = configured();
    const doors = await Doors.open(t, config);
    await startDemo(doors.venue, { flow: false }, log);
    const { alice, bob } = doors;
    for (let i = 0; i < 20; i++) {
      const { orderId } = await doors.place(alice, 'BUY', `${50_000 - i}`, { quantity: '0.003' });
      if (i % 3 === 0) await doors.place(bob, 'SELL', `${50_000 - i}`);
      if (i % 4 === 1) await ok(alice.signed('PUT', '/api/v3/order/amend/keepPriority', { symbol: SYMBOL, orderId, newQty: '0.002' }));
      if (i % 5 === 2) await doors.cancel(alice, orderId); // the next order gets its slot
    }
    await ok(alice.signed('POST', '/api/v3/orderList/oco', OCO));
    const all = async (those: Doors) => {
      await those.history(those.alice, 0);
      const clients = [those.alice, those.bob];
      return await Promise.all(
        clients.flatMap((who) => [
          ok(who.signed('GET', '/api/v3/allOrders', { symbol: SYMBOL })),
          ok(who.signed('GET', '/api/v3/myTrades', { symbol: SYMBOL })),
          ok(who.signed('GET', '/api/v3/allOrderList')),
          those.openOrders(who),
        ]),
      );
    };
    const received = await all(doors);
    assert.ok(ascending(received[0].map(({ orderId }: { orderId: number }) => orderId)));
    await doors.venue.close();
    for (const name of fs.readdirSync(config.data)) if (name.startsWith('store.sqlite')) fs.rmSync(path.join(config.data, name));
    const again = await Doors.open(t, config);
    assert.deepEqual(await all(again), received);
    await again.venue.close();
  });
});
