/** Limits that an account can ask for, and what clients ask of Binance beyond Spot. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { administer } from './support/admin.ts';
import { Listener } from './support/listener.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const data = temporaryDirectory('binance-limits');
let venue: VenueProcess;
let bob: Client;

before(async () => {
  const config = path.join(data, 'config.json');
  fs.writeFileSync(config, JSON.stringify({ rateLimits: { ordersPerTenSeconds: 1000, ordersPerDay: 200, weightPerMinute: 100_000 } }));
  venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
  bob = new Client(venue.url, 'bob');
});
after(async () => {
  await venue.close();
  fs.rmSync(data, { recursive: true, force: true });
});

const admin = (route: string, body: object) => administer({ url: venue.url, data }, route, body);

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
  const received = await accepted('GET', '/api/v3/rateLimit/order');
  assert.deepEqual(
    received.map(({ interval, intervalNum, limit }: any) => [interval, intervalNum, limit]),
    [
      ['SECOND', 10, 1000],
      ['DAY', 1, 200],
    ],
  );
  assert.equal(received[1].count, day + 3);
  await accepted('DELETE', '/api/v3/openOrders', { symbol: 'BTCUSDT' });
});

it('an account is told the filters of an instrument, and its own', async () => {
  const filters = () => accepted('GET', '/api/v3/myFilters', { symbol: 'BTCUSDT' });
  const { body } = await bob.public('/api/v3/exchangeInfo?symbol=BTCUSDT');
  assert.deepEqual((await filters()).symbolFilters, body.symbols[0].filters);
  await admin('accounts/bob/rules', { MAX_OPEN_ORDERS: 7 });
  assert.deepEqual((await filters()).exchangeFilters, [{ filterType: 'EXCHANGE_MAX_NUM_ORDERS', maxNumOrders: 7 }]);
  await admin('accounts/bob/rules', { MAX_OPEN_ORDERS: 0 });
});

it('a reference price is told once there is one', async () => {
  const ask = () => bob.public('/api/v3/referencePrice?symbol=ETHUSDT');
  assert.equal((await ask()).body.referencePrice, '3000.00000000', 'of its definition');
  await admin('instruments/ETHUSDT/rules', { REFERENCE_PRICE: null });
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

it('a start and an end in microseconds mean what they say, to the microsecond', async () => {
  const sides = ['SELL', 'BUY', 'SELL', 'BUY'];
  for (const side of sides) await accepted('POST', '/api/v3/order', { ...order, side, price: '60000' });
  const all = await accepted('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' });
  const last = all.at(-1);
  const ids = async (range: Record<string, number>) =>
    (await accepted('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT', ...range })).map(({ orderId }: any) => orderId);
  const [start, end] = [last.time * 1000, last.time * 1000 + 999];
  const inMs = await ids({ startTime: last.time, endTime: last.time });
  assert.ok(inMs.includes(last.orderId));
  assert.deepEqual(await ids({ startTime: start, endTime: end }), inMs);
  assert.deepEqual(await ids({ startTime: end + 1 }), []);
  const halves = [await ids({ startTime: start, endTime: start + 499 }), await ids({ startTime: start + 500, endTime: end })];
  assert.deepEqual(halves.flat(), inMs, 'each is in one half');
  const { body: trades } = await bob.public('/api/v3/aggTrades?symbol=BTCUSDT');
  const own = await bob.public(
    `/api/v3/aggTrades?symbol=BTCUSDT&startTime=${trades.at(-1).T * 1000}&endTime=${trades.at(-1).T * 1000 + 999}`,
  );
  assert.deepEqual(own.body.at(-1), trades.at(-1));
  const [minute] = (await bob.public('/api/v3/klines?symbol=BTCUSDT&interval=1m')).body.slice(-1);
  const range = `startTime=${minute[0] * 1000}&endTime=${minute[0] * 1000}`;
  assert.deepEqual(
    (await bob.public(`/api/v3/klines?symbol=BTCUSDT&interval=1m&${range}`)).body.map(([open]: any) => open),
    [minute[0]],
  );
  assert.equal(
    (await bob.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT', startTime: start, endTime: start + 86_400_001_000 })).body.code,
    -1127,
  );
});

it('times are told in milliseconds, and another unit is refused at every door', async () => {
  const ask = (unit: string) => fetch(`${venue.url}/api/v3/time`, { headers: { 'x-mbx-time-unit': unit } });
  assert.equal((await ask('MILLISECOND')).status, 200);
  assert.equal((await ask('millisecond')).status, 200);
  assert.equal(((await (await ask('MICROSECOND')).json()) as any).code, -1194);
  for (const address of ['/ws-api/v3', '/ws/btcusdt@trade', '/stream?streams=btcusdt@trade']) {
    const mark = address.includes('?') ? '&' : '?';
    const listener = await Listener.open(venue.url, `${address}${mark}timeUnit=millisecond`);
    listener.close();
    await assert.rejects(Listener.open(venue.url, `${address}${mark}timeUnit=MICROSECOND`), /400/, address);
  }
});

it('beyond the limit of orders a cancel-replace cancels alone, if it is told so, and else does nothing', async () => {
  const { orderId } = await accepted('POST', '/api/v3/order', order);
  const place = async () => (await bob.signed('POST', '/api/v3/order', { ...order, timeInForce: 'IOC' })).body.code;
  for (let code = await place(); code !== -1015; ) code = await place();
  const sent = { ...order, cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrderId: orderId };
  const replace = (more: object) => bob.signed('POST', '/api/v3/order/cancelReplace', { ...sent, ...more });
  assert.deepEqual(
    [(await replace({})).body.code, (await replace({ orderRateLimitExceededMode: 'DO_NOTHING' })).body.code],
    [-1015, -1015],
  );
  const { status, body } = await replace({ orderRateLimitExceededMode: 'CANCEL_ONLY' });
  assert.deepEqual([status, body.code, body.data.cancelResult, body.data.newOrderResult], [409, -2021, 'SUCCESS', 'FAILURE']);
  assert.deepEqual([body.data.cancelResponse.orderId, body.data.newOrderResponse.code], [orderId, -1015]);
});
