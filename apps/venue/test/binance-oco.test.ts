/** Which pairs of orders are an OCO. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, it } from 'node:test';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const data = temporaryDirectory('binance-oco');
let venue: VenueProcess;
let alice: Client;

before(async () => {
  venue = await VenueProcess.start(data, '--demo', '--no-flow');
  alice = new Client(venue.url);
  for (const side of ['SELL', 'BUY']) {
    const order = { symbol: 'BTCUSDT', side, type: 'LIMIT', timeInForce: 'GTC', price: '60000', quantity: '0.01' };
    assert.equal((await alice.signed('POST', '/api/v3/order', order)).status, 200);
  }
});
after(async () => {
  await venue.close();
  fs.rmSync(data, { recursive: true, force: true });
});

type Leg = Record<string, string>;
const stop = (stopPrice: string): Leg => ({ Type: 'STOP_LOSS', StopPrice: stopPrice });
const profit = (stopPrice: string): Leg => ({ Type: 'TAKE_PROFIT', StopPrice: stopPrice });
const maker = (price: string): Leg => ({ Type: 'LIMIT_MAKER', Price: price });
const stopLimit = (stopPrice: string, more: Leg): Leg => ({ Type: 'STOP_LOSS_LIMIT', StopPrice: stopPrice, Price: stopPrice, ...more });

function pair(prefixes: [string, string], legs: [above: Leg, below: Leg]): Record<string, string> {
  return Object.fromEntries(legs.flatMap((leg, i) => Object.entries(leg).map(([name, value]) => [prefixes[i] + name, value])));
}

async function oco(side: string, above: Leg, below: Leg): Promise<any> {
  const sent = { symbol: 'BTCUSDT', side, quantity: '0.01', ...pair(['above', 'below'], [above, below]) };
  return (await alice.signed('POST', '/api/v3/orderList/oco', sent)).body;
}

it('a pair that is none is refused, with what is wrong about it', async () => {
  const wrong: [side: string, above: Leg, below: Leg, code: number][] = [
    ['SELL', { Type: 'LIMIT', Price: '70000' }, stop('50000'), -1158],
    ['SELL', { Type: 'MARKET' }, stop('50000'), -1158],
    ['SELL', maker('70000'), stopLimit('50000', { TimeInForce: 'IOC', IcebergQty: '0.005' }), -1160],
    ['BUY', maker('70000'), profit('50000'), -1165],
    ['SELL', profit('70000'), maker('50000'), -1166],
    ['SELL', maker('70000'), maker('50000'), -1168],
    ['BUY', stop('70000'), stop('50000'), -1196],
    ['SELL', stop('70000'), stop('50000'), -1197],
    ['BUY', profit('70000'), maker('50000'), -1198],
    ['SELL', maker('70000'), profit('50000'), -1199],
    ['SELL', maker('59000'), stop('50000'), -2010],
    ['SELL', maker('70000'), stop('61000'), -2010],
    ['SELL', { ...profit('61000'), Type: 'TAKE_PROFIT_LIMIT', Price: '59000', TimeInForce: 'GTC' }, stop('50000'), -2010],
    ['BUY', stop('70000'), { ...profit('59000'), Type: 'TAKE_PROFIT_LIMIT', Price: '61000', TimeInForce: 'GTC' }, -2010],
    ['BUY', stop('59000'), maker('50000'), -2010],
    ['BUY', stop('70000'), maker('60000'), -2010],
  ];
  for (const [side, above, below, code] of wrong) {
    const body = await oco(side, above, below);
    assert.equal(body.code, code, `${side} ${JSON.stringify([above, below])}: ${JSON.stringify(body)}`);
    if (code === -2010) assert.equal(body.msg, 'The relationship of the prices for the orders is not correct.');
  }
  const pending = {
    pendingSide: 'SELL',
    pendingQuantity: '0.01',
    ...pair(['pendingAbove', 'pendingBelow'], [stop('70000'), stop('50000')]),
  };
  const working = { workingType: 'LIMIT', workingTimeInForce: 'GTC', workingSide: 'BUY', workingPrice: '50000', workingQuantity: '0.01' };
  const sent = { symbol: 'BTCUSDT', ...working, ...pending };
  assert.equal((await alice.signed('POST', '/api/v3/orderList/otoco', sent)).body.code, -1197);
  const waiting = { symbol: 'BTCUSDT', ...working, pendingSide: 'SELL', pendingQuantity: '0.01' };
  const crossed = pair(['pendingAbove', 'pendingBelow'], [maker('50000'), stop('50000')]);
  assert.equal((await alice.signed('POST', '/api/v3/orderList/otoco', { ...waiting, ...crossed })).body.code, -2010, 'above is not above');
  for (const workingType of ['MARKET', 'STOP_LOSS_LIMIT']) {
    const right = pair(['pendingAbove', 'pendingBelow'], [maker('70000'), stop('50000')]);
    assert.equal(
      (await alice.signed('POST', '/api/v3/orderList/otoco', { ...waiting, ...right, workingType })).body.code,
      -1116,
      workingType,
    );
    const after = { pendingType: 'MARKET', pendingSide: 'SELL', pendingQuantity: '0.01' };
    const oto = { symbol: 'BTCUSDT', ...working, workingType, ...after };
    assert.equal((await alice.signed('POST', '/api/v3/orderList/oto', oto)).body.code, -1116, workingType);
  }
  assert.deepEqual((await alice.signed('GET', '/api/v3/openOrders', { symbol: 'BTCUSDT' })).body, []);
});

it('each pair that is one is placed', async () => {
  const right: [side: string, above: Leg, below: Leg][] = [
    ['SELL', maker('70000'), stop('50000')],
    ['SELL', profit('70000'), stop('50000')],
    ['SELL', maker('70000'), stopLimit('50000', { TimeInForce: 'GTC', IcebergQty: '0.005' })],
    ['SELL', maker('70000'), { Type: 'STOP_LOSS', TrailingDelta: '100' }],
    ['BUY', stop('70000'), maker('50000')],
    ['BUY', stop('70000'), profit('50000')],
  ];
  for (const [side, above, below] of right) {
    const body = await oco(side, above, below);
    assert.equal(body.listOrderStatus, 'EXECUTING', `${side} ${JSON.stringify([above, below])}: ${JSON.stringify(body)}`);
    await alice.signed('DELETE', '/api/v3/orderList', { symbol: 'BTCUSDT', orderListId: body.orderListId });
  }
});

it('a pair waits for its working order wherever the market is', async () => {
  const legs = pair(['pendingAbove', 'pendingBelow'], [maker('45000'), stop('40000')]);
  const working = { workingType: 'LIMIT', workingTimeInForce: 'GTC', workingSide: 'BUY', workingPrice: '42000', workingQuantity: '0.01' };
  const sent = { symbol: 'BTCUSDT', ...working, pendingSide: 'SELL', pendingQuantity: '0.01', ...legs };
  const { status, body } = await alice.signed('POST', '/api/v3/orderList/otoco', sent);
  assert.equal(status, 200, JSON.stringify(body));
  await alice.signed('DELETE', '/api/v3/orderList', { symbol: 'BTCUSDT', orderListId: body.orderListId });
});

it('a working order that fills at once is answered as filled, and the pending order as pending', async () => {
  const resting = { symbol: 'BTCUSDT', side: 'SELL', type: 'LIMIT', timeInForce: 'GTC', price: '60000', quantity: '0.01' };
  await alice.signed('POST', '/api/v3/order', resting);
  const working = { workingType: 'LIMIT', workingTimeInForce: 'GTC', workingSide: 'BUY', workingPrice: '60000', workingQuantity: '0.01' };
  const pending = { pendingType: 'LIMIT', pendingTimeInForce: 'GTC', pendingSide: 'SELL', pendingPrice: '70000', pendingQuantity: '0.01' };
  const { body } = await alice.signed('POST', '/api/v3/orderList/oto', { symbol: 'BTCUSDT', ...working, ...pending });
  assert.deepEqual(
    body.orderReports.map(({ status }: any) => status),
    ['FILLED', 'PENDING_NEW'],
  );
  assert.equal(body.listOrderStatus, 'EXECUTING');
  const { orderId } = body.orders[1];
  const now = await alice.signed('GET', '/api/v3/order', { symbol: 'BTCUSDT', orderId });
  assert.equal(now.body.status, 'NEW', 'when it is asked for');
  await alice.signed('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', orderId });
  const unfilled = await alice.signed('POST', '/api/v3/orderList/oto', {
    symbol: 'BTCUSDT',
    ...working,
    ...pending,
    workingPrice: '50000',
    workingTimeInForce: 'FOK',
  });
  assert.deepEqual(
    unfilled.body.orderReports.map(({ status }: any) => status),
    ['EXPIRED', 'EXPIRED'],
  );
});
