/** Limits that an account can ask for, and what clients ask of Binance beyond Spot. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const data = temporaryDirectory('binance-limits');
let venue: VenueProcess;
let bob: Client;

before(async () => {
  const config = path.join(data, 'config.json');
  fs.writeFileSync(config, JSON.stringify({ rateLimits: { ordersPerTenSeconds: 1000, ordersPerDay: 2000, weightPerMinute: 100_000 } }));
  venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
  bob = new Client(venue.url, 'bob');
});
after(async () => {
  await venue.close();
  fs.rmSync(data, { recursive: true, force: true });
});

async function admin(route: string, body: object): Promise<void> {
  const headers = { 'x-outcry-admin': fs.readFileSync(path.join(data, 'admin.token'), 'utf8').trim(), 'content-type': 'application/json' };
  const response = await fetch(`${venue.url}/outcry/v1/${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(response.status, 200, await response.text());
}

const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', price: '50000' };

async function accepted(method: string, route: string, sent: Record<string, string | number> = {}): Promise<any> {
  const { status, body } = await bob.signed(method, route, sent);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

it('an account is told how many orders it entered, of how many', async () => {
  const counts = async () => (await accepted('GET', '/api/v3/rateLimit/order')).map(({ count }: any) => count);
  const [, day] = await counts();
  for (let i = 0; i < 3; i++) await accepted('POST', '/api/v3/order', order);
  const told = await accepted('GET', '/api/v3/rateLimit/order');
  assert.deepEqual(
    told.map(({ interval, intervalNum, limit }: any) => [interval, intervalNum, limit]),
    [
      ['SECOND', 10, 1000],
      ['DAY', 1, 2000],
    ],
  );
  assert.equal(told[1].count, day + 3);
  await accepted('DELETE', '/api/v3/openOrders', { symbol: 'BTCUSDT' });
});

it('an account is told the filters of an instrument, and its own', async () => {
  const types = async () => (await accepted('GET', '/api/v3/myFilters', { symbol: 'BTCUSDT' })).symbolFilters;
  const { body } = await bob.public('/api/v3/exchangeInfo?symbol=BTCUSDT');
  assert.deepEqual(await types(), body.symbols[0].filters);
  await admin('accounts/bob/rules', { MAX_OPEN_ORDERS: 7 });
  assert.deepEqual((await types()).at(-1), { filterType: 'MAX_NUM_ORDERS', maxNumOrders: 7 });
  await admin('accounts/bob/rules', { MAX_OPEN_ORDERS: 0 });
});

it('a reference price is told once there is one', async () => {
  const ask = () => bob.public('/api/v3/referencePrice?symbol=ETHUSDT');
  assert.deepEqual((await ask()).body, { code: -2043, msg: "This symbol doesn't have a reference price." });
  await admin('instruments/ETHUSDT/rules', { REFERENCE_PRICE: '3100' });
  assert.equal((await ask()).body.referencePrice, '3100.00000000');
});

it('the deprecated form of an OCO places the same pair', async () => {
  const sent = { symbol: 'BTCUSDT', quantity: '0.01', limitClientOrderId: 'limit', stopClientOrderId: 'stop' };
  const sell = await accepted('POST', '/api/v3/order/oco', { ...sent, side: 'SELL', price: '70000', stopPrice: '50000' });
  const legs = ({ orderReports }: any) => orderReports.map((leg: any) => [leg.clientOrderId, leg.type, leg.price, leg.stopPrice]).sort();
  assert.deepEqual(legs(sell), [
    ['limit', 'LIMIT_MAKER', '70000.00000000', undefined],
    ['stop', 'STOP_LOSS', '0.00000000', '50000.00000000'],
  ]);
  await accepted('DELETE', '/api/v3/orderList', { symbol: 'BTCUSDT', orderListId: sell.orderListId });
  const limits = { stopLimitPrice: '71000', stopLimitTimeInForce: 'GTC' };
  const buy = await accepted('POST', '/api/v3/order/oco', { ...sent, side: 'BUY', price: '50000', stopPrice: '70000', ...limits });
  assert.deepEqual(legs(buy), [
    ['limit', 'LIMIT_MAKER', '50000.00000000', undefined],
    ['stop', 'STOP_LOSS_LIMIT', '71000.00000000', '70000.00000000'],
  ]);
  await accepted('DELETE', '/api/v3/orderList', { symbol: 'BTCUSDT', orderListId: buy.orderListId });
  const half = await bob.signed('POST', '/api/v3/order/oco', {
    ...sent,
    side: 'BUY',
    price: '50000',
    stopPrice: '70000',
    stopLimitPrice: '1',
  });
  assert.equal(half.body.code, -1102);
});

it('what clients ask of the wallet and of margin is answered, signed or not', async () => {
  await admin('instruments/BTCUSDT/rules', { MAKER_FEE: -10, TAKER_FEE: 700 });
  const [fees] = await accepted('GET', '/sapi/v1/asset/tradeFee', { symbol: 'BTCUSDT' });
  assert.deepEqual(fees, { symbol: 'BTCUSDT', makerCommission: '-0.00001', takerCommission: '0.0007' });
  assert.equal((await accepted('GET', '/sapi/v1/asset/tradeFee')).length, 2);
  for (const route of ['system/status', 'margin/allPairs', 'margin/isolated/allPairs']) {
    const { status, body } = await bob.public(`/sapi/v1/${route}`);
    assert.equal(status, 200);
    assert.deepEqual(await accepted('GET', `/sapi/v1/${route}`), body);
  }
});
