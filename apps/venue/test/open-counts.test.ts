/** What an administrator lets an account have open on an instrument: triggered orders, icebergs and lists. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS, type VenueConfig } from '../src/domain/config.ts';
import { Doors, log, OCO, ok, SYMBOL } from './support/doors.ts';
import { FixClient } from './support/fix-client.ts';
import { anyPorts, temporaryDirectory } from './support/process.ts';

const STOP = { symbol: SYMBOL, side: 'SELL', type: 'STOP_LOSS', quantity: '0.001', stopPrice: '40000' };
const ICEBERG = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.002', price: '50000', icebergQty: '0.001' };
const PLAIN = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '50000' };

function configured(): VenueConfig {
  const data = temporaryDirectory('open-counts');
  const limits = { orders: 1000, accounts: 100, assets: 8, instruments: 4 };
  const market = { assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS, limits };
  return { ...DEFAULTS, ...market, port: 0, data, ...anyPorts('239.255.188.1') };
}

async function setRules(doors: Doors, data: string, rules: object): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-outcry-admin': fs.readFileSync(path.join(data, 'admin.token'), 'utf8').trim() };
  const body = JSON.stringify(rules);
  const answer = await fetch(`${doors.venue.url}/outcry/v1/instruments/${SYMBOL}/rules`, { method: 'POST', headers, body });
  assert.equal(answer.status, 200, await answer.text());
}

/** The name of the filter that refuses an order. */
async function refusedBy({ alice }: Doors, route: string, sent: Record<string, string>): Promise<string> {
  const { status, body } = await alice.signed('POST', `/api/v3/${route}`, sent);
  assert.equal(status, 400, JSON.stringify(body));
  assert.equal(body.code, -1013);
  return body.msg.replace('Filter failure: ', '');
}

it('an account has no more triggered orders, icebergs and lists than the instrument allows, by any door', async (t) => {
  const config = configured();
  const doors = await Doors.open(t, config);
  await startDemo(doors.venue, { flow: false }, log);
  const { alice, bob } = doors;
  await setRules(doors, config.data, { MAX_ALGO_ORDERS: 3, MAX_ICEBERG_ORDERS: 1, MAX_ORDER_LISTS: 1 });
  const { symbols } = await ok(alice.public(`/api/v3/exchangeInfo?symbol=${SYMBOL}`));
  assert.deepEqual(symbols[0].filters.slice(-3), [
    { filterType: 'MAX_NUM_ALGO_ORDERS', maxNumAlgoOrders: 3 },
    { filterType: 'MAX_NUM_ICEBERG_ORDERS', maxNumIcebergOrders: 1 },
    { filterType: 'MAX_NUM_ORDER_LISTS', maxNumOrderLists: 1 },
  ]);
  const pair = await ok(alice.signed('POST', '/api/v3/orderList/oco', OCO));
  assert.equal(await refusedBy(doors, 'orderList/oco', OCO), 'MAX_NUM_ORDER_LISTS');
  const stops = [await ok(alice.signed('POST', '/api/v3/order', STOP)), await ok(alice.signed('POST', '/api/v3/order', STOP))];
  assert.equal(await refusedBy(doors, 'order', STOP), 'MAX_NUM_ALGO_ORDERS', 'the stop of the pair counts');
  const fix = await FixClient.logon(doors.port('fix'), 'ALICE');
  t.after(() => void fix.socket.destroy());
  fix.send('D', [
    [11, 'by FIX'],
    [55, SYMBOL],
    [54, 2],
    [38, '0.001'],
    [40, 3],
    [99, '40000'],
    [59, 1],
    [60, new Date().toISOString().replaceAll('-', '').replace('T', '-').slice(0, 17)],
  ]);
  const report = await fix.take('8');
  assert.deepEqual([report.get(39), report.get(58)], ['8', 'too many algo orders'], 'FIX');
  const iceberg = await ok(alice.signed('POST', '/api/v3/order', ICEBERG));
  assert.equal(await refusedBy(doors, 'order', ICEBERG), 'MAX_NUM_ICEBERG_ORDERS');
  await ok(alice.signed('POST', '/api/v3/order', PLAIN));
  await ok(bob.signed('POST', '/api/v3/order', STOP));
  await ok(alice.signed('POST', '/api/v3/order', { ...STOP, symbol: 'ETHUSDT', quantity: '0.01', stopPrice: '1000' }));
  await doors.venue.close();

  const again = await Doors.open(t, config);
  assert.equal(await refusedBy(again, 'order', STOP), 'MAX_NUM_ALGO_ORDERS', 'after a start');
  assert.equal(await refusedBy(again, 'order', ICEBERG), 'MAX_NUM_ICEBERG_ORDERS');
  await again.cancel(again.alice, stops[0].orderId);
  assert.equal(await refusedBy(again, 'orderList/oco', OCO), 'MAX_NUM_ORDER_LISTS');
  for (const { orderId } of [iceberg, pair.orders[0]]) await again.cancel(again.alice, orderId);
  await ok(again.alice.signed('POST', '/api/v3/order', ICEBERG));
  await ok(again.alice.signed('POST', '/api/v3/orderList/oco', OCO));
  await ok(again.alice.signed('POST', '/api/v3/order', STOP));
  assert.equal(await refusedBy(again, 'order', STOP), 'MAX_NUM_ALGO_ORDERS');
  await setRules(again, config.data, { MAX_ALGO_ORDERS: 0 });
  await ok(again.alice.signed('POST', '/api/v3/order', STOP));
  await again.venue.close();
});
