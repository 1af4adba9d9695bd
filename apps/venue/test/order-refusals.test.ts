import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const SYMBOL = 'BTCUSDT';
const DAY_MS = 86_400_000;

describe('what Binance refuses, or says otherwise', () => {
  const data = temporaryDirectory('refusals');
  let venue: VenueProcess;
  let alice: Client;
  let bob: Client;
  before(async () => {
    venue = await VenueProcess.start(data, '--demo', '--no-flow');
    alice = new Client(venue.url);
    bob = new Client(venue.url, 'bob');
  });
  after(async () => {
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });

  const LIMIT = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '0.1' };
  type Sent = Record<string, string | number>;
  const place = async (who: Client, more: Sent = {}, route = '/api/v3/order') =>
    (await who.signed('POST', route, { ...LIMIT, ...more })).body;
  const market = async (who: Client, more: Sent) =>
    (await who.signed('POST', '/api/v3/order', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', ...more })).body;
  const ask = async (route: string, sent: Sent) => (await alice.signed('GET', `/api/v3/${route}`, sent)).body;
  const clear = () => Promise.all([alice, bob].map((who) => who.signed('DELETE', '/outcry/v1/openOrders')));

  it('an iceberg that displays more than it has', async () => {
    const exceeds = { code: -2010, msg: 'IcebergQty exceeds QTY.' };
    assert.deepEqual(await place(alice, { icebergQty: '1.1' }), exceeds);
    assert.deepEqual(await place(alice, { icebergQty: '0.10001' }, '/api/v3/order/test'), exceeds);
    assert.deepEqual(await place(alice, { icebergQty: '1' }, '/outcry/v1/order'), exceeds);
    const accepted = await place(alice, { icebergQty: '0.1' });
    assert.equal(accepted.icebergQty, undefined, 'one that displays all of it is an order like others');
    const { data: failed } = await place(
      alice,
      { icebergQty: '1', cancelReplaceMode: 'ALLOW_FAILURE', cancelOrderId: accepted.orderId },
      '/api/v3/order/cancelReplace',
    );
    assert.equal(failed, undefined, 'nothing is attempted');
    await clear();
  });

  it('all or none of an order, and less of it', async () => {
    const refused = { code: -1106, msg: "Parameter 'minQty' sent when not required." };
    assert.deepEqual(await place(alice, { allOrNone: 'true', minQty: '0.05' }, '/outcry/v1/order'), refused);
    assert.deepEqual(await place(alice, { allOrNone: 'true', minQty: '0.5' }, '/outcry/v1/order'), refused);
    assert.equal((await place(alice, { allOrNone: 'true', minQty: '0.1' }, '/outcry/v1/order')).minQty, '0.10000000');
    await clear();
  });

  for (const [side, other] of [
    ['BUY', 'SELL'],
    ['SELL', 'BUY'],
  ] as const) {
    it(`a market order (${side}) that the book cannot fill has expired: by quantity and by amount, in answers and in history`, async () => {
      const rest = () => place(bob, { side: other, quantity: '0.1' });
      await rest();
      const byQuantity = await market(alice, { side, quantity: '0.3' });
      await rest();
      const byAmount = await market(alice, { side, quoteOrderQty: '15000' });
      const [none, nothing] = [await market(alice, { side, quantity: '0.3' }), await market(alice, { side, quoteOrderQty: '15000' })];
      for (const { status, executedQty } of [byQuantity, byAmount]) assert.deepEqual([status, executedQty], ['EXPIRED', '0.10000000']);
      for (const { status, executedQty } of [none, nothing]) assert.deepEqual([status, executedQty], ['EXPIRED', '0.00000000']);
      assert.equal(byAmount.fills.length, 1);
      for (const { orderId } of [byQuantity, byAmount, none, nothing])
        assert.equal((await ask('order', { symbol: SYMBOL, orderId })).status, 'EXPIRED');
      await rest();
      const filled = await market(alice, { side, quoteOrderQty: '4999.9' });
      assert.deepEqual([filled.status, filled.executedQty], ['FILLED', '0.09999000'], 'what is left buys no lot');
      assert.equal((await ask('order', { symbol: SYMBOL, orderId: filled.orderId })).status, 'FILLED');
      await clear();
    });
  }

  it('an order and a list by two ids that are not of the same one', async () => {
    const { orderId } = await place(alice, { newClientOrderId: 'mine' });
    const NONE = { code: -2013, msg: 'Order does not exist.' };
    for (const isOpen of [true, false]) {
      assert.equal((await ask('order', { symbol: SYMBOL, orderId, origClientOrderId: 'mine' })).orderId, orderId);
      assert.deepEqual(await ask('order', { symbol: SYMBOL, orderId, origClientOrderId: 'other' }), NONE);
      if (isOpen) await clear();
    }
    const oco = { symbol: SYMBOL, side: 'SELL', quantity: '0.01', listClientOrderId: 'list' };
    const legs = { aboveType: 'LIMIT_MAKER', abovePrice: '65000', belowType: 'STOP_LOSS', belowStopPrice: '40000' };
    const { orderListId } = (await alice.signed('POST', '/api/v3/orderList/oco', { ...oco, ...legs })).body;
    assert.equal((await ask('orderList', { orderListId, origClientOrderId: 'list' })).orderListId, orderListId);
    assert.equal((await ask('orderList', { orderListId, origClientOrderId: 'other' })).code, -2018);
    const wrong = await alice.signed('DELETE', '/api/v3/orderList', { symbol: SYMBOL, orderListId, listClientOrderId: 'other' });
    assert.equal(wrong.body.code, -2018);
    await clear();
  });

  it('history over more than 24 hours, from an id and within times at once, and no rows at all', async () => {
    const now = Date.now();
    const day = { startTime: now - DAY_MS, endTime: now };
    const long = { startTime: now - DAY_MS - 1, endTime: now };
    const own = [
      ['allOrders', { symbol: SYMBOL }],
      ['myTrades', { symbol: SYMBOL }],
      ['allOrderList', {}],
    ] as const;
    for (const [route, sent] of own) {
      assert.ok(Array.isArray(await ask(route, { ...sent, ...day })), route);
      assert.deepEqual(await ask(route, { ...sent, ...long }), { code: -1127, msg: 'More than 24 hours between startTime and endTime.' });
      assert.ok(Array.isArray(await ask(route, { ...sent, startTime: 0 })), 'an open end is no span');
    }
    const mixed = { code: -1128, msg: 'Combination of optional parameters invalid.' };
    for (const [route, sent] of [
      ['myTrades', { symbol: SYMBOL, fromId: 1 }],
      ['myTrades', { symbol: SYMBOL, orderId: 1 }],
      ['allOrderList', { fromId: 1 }],
    ] as const)
      for (const time of ['startTime', 'endTime']) assert.deepEqual(await ask(route, { ...sent, [time]: now }), mixed, route);
    const { body } = await alice.public(`/api/v3/aggTrades?symbol=${SYMBOL}&fromId=1&startTime=1`);
    assert.deepEqual(body, mixed);
    assert.ok(Array.isArray(await ask('allOrders', { symbol: SYMBOL, orderId: 1, ...day })));

    const invalid = { code: -1130, msg: "Data sent for parameter 'limit' is not valid." };
    for (const [route, sent] of own) assert.deepEqual(await ask(route, { ...sent, limit: 0 }), invalid, route);
    for (const route of ['depth', 'trades', 'historicalTrades', 'aggTrades', 'klines', 'uiKlines']) {
      const answer = await alice.public(`/api/v3/${route}?symbol=${SYMBOL}&limit=0${/klines/i.test(route) ? '&interval=1m' : ''}`);
      assert.deepEqual(answer.body, invalid, route);
    }
    assert.equal((await alice.public(`/api/v3/depth?symbol=${SYMBOL}&limit=999999`)).status, 200, 'more than the most are the most');
  });
});
