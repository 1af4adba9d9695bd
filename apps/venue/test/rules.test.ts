import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { INSTRUMENT_RULES } from '@outcry/market/rules';
import ccxt from 'ccxt';
import { Listener } from './support/listener.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const SYMBOL = 'BTCUSDT';

describe('the rule book over REST', () => {
  const data = temporaryDirectory('rules');
  let venue: VenueProcess;
  let alice: Client;
  let bob: Client;

  async function start(): Promise<void> {
    venue = await VenueProcess.start(data, '--demo', '--no-flow');
    alice = new Client(venue.url, 'alice');
    bob = new Client(venue.url, 'bob');
  }
  before(start);
  after(async () => {
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });

  const place = async (who: Client, order: Record<string, string>, route = '/api/v3/order') => {
    const answer = await who.signed('POST', route, { symbol: SYMBOL, ...order });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const limit = (side: string, price: string, quantity: string, more: Record<string, string> = {}) => ({
    side,
    type: 'LIMIT',
    timeInForce: 'GTC',
    price,
    quantity,
    ...more,
  });
  const find = async (who: Client, orderId: number) => (await who.signed('GET', '/api/v3/order', { symbol: SYMBOL, orderId })).body;
  /** An order once it has a status: the store is a moment behind what others did. */
  const reaching = async (who: Client, orderId: number, status: string) => {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const order = await find(who, orderId);
      if (order.status === status) return order;
      assert.ok(Date.now() < deadline, `order ${orderId} is ${order.status}, not ${status}`);
    }
  };
  const tradeAt = async (price: string) => {
    await place(alice, limit('SELL', price, '0.001'));
    await place(bob, limit('BUY', price, '0.001'));
  };
  const depth = async () => (await alice.public(`/api/v3/depth?symbol=${SYMBOL}`)).body;
  const clear = async () => {
    for (const who of [alice, bob]) await who.signed('DELETE', '/outcry/v1/openOrders');
  };
  const admin = async (method: string, route: string, body?: object) => {
    const token = fs.readFileSync(path.join(data, 'admin.token'), 'utf8').trim();
    const headers = { 'content-type': 'application/json', 'x-outcry-admin': token };
    const response = await fetch(`${venue.url}/outcry/v1/${route}`, { method, headers, body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as any };
  };

  it('a stop-limit order waits, triggers on a trade, and rests at its limit', async () => {
    await tradeAt('60000');
    const stop = await place(alice, {
      side: 'SELL',
      type: 'STOP_LOSS_LIMIT',
      timeInForce: 'GTC',
      stopPrice: '59900',
      price: '59850',
      quantity: '0.01',
    });
    const waiting = await find(alice, stop.orderId);
    assert.deepEqual([waiting.status, waiting.isWorking, waiting.stopPrice], ['NEW', false, '59900.00000000']);
    assert.deepEqual((await depth()).asks, [], 'nobody sees it');
    const early = await alice.signed('POST', '/api/v3/order', {
      symbol: SYMBOL,
      side: 'SELL',
      type: 'STOP_LOSS',
      stopPrice: '60100',
      quantity: '0.01',
    });
    assert.deepEqual([early.status, early.body.msg], [400, 'Stop price would trigger immediately.']);
    await tradeAt('59900');
    assert.equal((await find(alice, stop.orderId)).isWorking, true);
    assert.deepEqual((await depth()).asks, [['59850.00000000', '0.01000000']]);
    await clear();
  });

  it('ccxt places and sees a stop-limit order', async () => {
    const exchange = new ccxt.binance({
      apiKey: 'alice',
      secret: 'alice-secret',
      options: { fetchCurrencies: false, fetchMargins: false, fetchMarkets: { types: ['spot'] } },
    });
    const api = exchange.urls.api as Record<string, unknown>;
    exchange.urls.api = { ...api, public: `${venue.url}/api/v3`, private: `${venue.url}/api/v3`, sapi: `${venue.url}/sapi/v1` } as never;
    const order = await exchange.createOrder('BTC/USDT', 'limit', 'sell', 0.01, 58_000, { stopLossPrice: 58_500 });
    assert.equal(order.status, 'open');
    const [open] = await exchange.fetchOpenOrders('BTC/USDT');
    assert.equal(open.stopPrice ?? open.triggerPrice, 58_500);
    await exchange.cancelOrder(order.id!, 'BTC/USDT');
  });

  it('a trailing stop follows the price up and fires on the way down', async () => {
    await tradeAt('60000');
    await place(bob, limit('BUY', '59000', '1'));
    const stop = await place(alice, { side: 'SELL', type: 'STOP_LOSS', trailingDelta: '100', quantity: '0.01' });
    await tradeAt('61000');
    await tradeAt('60391');
    assert.equal((await find(alice, stop.orderId)).status, 'NEW');
    await tradeAt('60390'); // 1 % below 61,000
    assert.equal((await reaching(alice, stop.orderId, 'FILLED')).cummulativeQuoteQty, '590.00000000');
    await clear();
  });

  it('of an OCO pair one cancels the other, and both hold only once', async () => {
    await tradeAt('60000');
    const free = async () => (await alice.signed('GET', '/api/v3/account')).body.balances.find((b: any) => b.asset === 'BTC');
    const { free: freeBefore } = await free();
    const list = await place(
      alice,
      {
        side: 'SELL',
        quantity: '0.02',
        aboveType: 'LIMIT_MAKER',
        abovePrice: '61000',
        belowType: 'STOP_LOSS_LIMIT',
        belowStopPrice: '59000',
        belowPrice: '58900',
        belowTimeInForce: 'GTC',
        listClientOrderId: 'exit-1',
      },
      '/api/v3/orderList/oco',
    );
    assert.deepEqual([list.contingencyType, list.listOrderStatus, list.orders.length], ['OCO', 'EXECUTING', 2]);
    assert.equal((Number(freeBefore) - Number((await free()).free)).toFixed(8), '0.02000000');
    assert.equal((await alice.signed('GET', '/api/v3/openOrderList')).body[0].listClientOrderId, 'exit-1');
    await place(bob, limit('BUY', '61000', '0.005'));
    const [above, below] = list.orders;
    await reaching(alice, above.orderId, 'PARTIALLY_FILLED');
    assert.equal((await reaching(alice, below.orderId, 'EXPIRED')).orderListId, list.orderListId);
    const cancelled = await alice.signed('DELETE', '/api/v3/orderList', { symbol: SYMBOL, orderListId: list.orderListId });
    assert.equal(cancelled.body.listOrderStatus, 'ALL_DONE', JSON.stringify(cancelled.body));
    await clear();
  });

  it('an OTOCO enters its pair when the working order has traded in full', async () => {
    await tradeAt('60000');
    const list = await place(
      alice,
      {
        workingType: 'LIMIT',
        workingSide: 'BUY',
        workingPrice: '59500',
        workingQuantity: '0.01',
        workingTimeInForce: 'GTC',
        pendingSide: 'SELL',
        pendingQuantity: '0.01',
        pendingAboveType: 'LIMIT_MAKER',
        pendingAbovePrice: '62000',
        pendingBelowType: 'STOP_LOSS',
        pendingBelowStopPrice: '58000',
      },
      '/api/v3/orderList/otoco',
    );
    assert.deepEqual(
      list.orderReports.map((o: any) => o.status),
      ['NEW', 'PENDING_NEW', 'PENDING_NEW'],
    );
    await place(bob, limit('SELL', '59500', '0.01'));
    await reaching(alice, list.orders[0].orderId, 'FILLED');
    const query = await alice.signed('GET', '/api/v3/orderList', { orderListId: list.orderListId });
    const orders = await Promise.all(query.body.orders.map(({ orderId }: any) => find(alice, orderId)));
    assert.deepEqual(
      orders.map((o: any) => [o.type, o.status]),
      [
        ['LIMIT', 'FILLED'],
        ['LIMIT_MAKER', 'NEW'],
        ['STOP_LOSS', 'NEW'],
      ],
    );
    await clear();
  });

  it('a mass cancel of more orders than end with one command is answered when the last has ended, though nobody else sends any', async () => {
    for (let n = 0; n < 15; n++) await Promise.all(Array.from({ length: 40 }, () => place(alice, limit('BUY', '20000.00', '0.00100'))));
    const answer = await alice.signed('DELETE', '/outcry/v1/openOrders');
    assert.deepEqual([answer.status, answer.body], [200, { cancelled: 600 }]);
    assert.deepEqual((await alice.signed('GET', '/api/v3/openOrders')).body, []);
  });

  it('an iceberg displays a part, and hidden orders nothing', async () => {
    await place(alice, limit('BUY', '50000', '0.03', { icebergQty: '0.01' }));
    await place(alice, limit('BUY', '50000', '0.05', { hidden: 'true' }), '/outcry/v1/order');
    assert.deepEqual((await depth()).bids, [['50000.00000000', '0.01000000']]);
    const sold = await place(bob, limit('SELL', '50000', '0.025'));
    assert.equal(sold.status, 'FILLED');
    assert.deepEqual(
      (await depth()).bids,
      [['50000.00000000', '0.00500000']],
      JSON.stringify((await alice.signed('GET', '/api/v3/openOrders')).body),
    );
    await clear();
    assert.deepEqual((await depth()).bids, []);
  });

  it('self-trade prevention and pegged prices', async () => {
    await place(alice, limit('SELL', '60000', '0.01'));
    const own = await place(alice, limit('BUY', '60000', '0.01', { selfTradePreventionMode: 'EXPIRE_TAKER' }));
    assert.deepEqual([own.status, own.selfTradePreventionMode], ['EXPIRED_IN_MATCH', 'EXPIRE_TAKER']);
    const pegged = await place(bob, { side: 'SELL', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', pegPriceType: 'PRIMARY_PEG' });
    assert.equal(pegged.price, '60000.00000000');
    await clear();
  });

  it('an auction collects orders and trades them at one price', async () => {
    assert.equal(
      (await admin('POST', `instruments/${SYMBOL}/state`, { state: 'PRE_OPEN', referencePrice: '60000' })).body.state,
      'PRE_OPEN',
    );
    const { body: info } = await alice.public(`/api/v3/exchangeInfo?symbol=${SYMBOL}`);
    assert.equal(info.symbols[0].status, 'AUCTION_MATCH');
    const listener = await Listener.open(venue.url, `/ws/${SYMBOL.toLowerCase()}@auction`);
    const buy = await place(alice, limit('BUY', '60500', '0.02'));
    const sell = await place(bob, limit('SELL', '59500', '0.03'));
    assert.equal(sell.status, 'NEW', 'nothing trades yet');
    const market = await alice.signed('POST', '/api/v3/order', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '0.01' });
    assert.match(market.body.msg, /trading phase/);
    const indicative = await listener.until((m) => m.auctionQty === '0.02000000', 'the indicative price');
    assert.deepEqual([indicative.auctionPrice, indicative.imbalanceSide, indicative.done], ['59500.00000000', 'SELL', false]);
    await admin('POST', `instruments/${SYMBOL}/state`, { state: 'CONTINUOUS' });
    await reaching(alice, buy.orderId, 'FILLED');
    await reaching(bob, sell.orderId, 'PARTIALLY_FILLED');
    await listener.until((m) => m.done === true, 'the auction');
    listener.close();
    await clear();
  });

  it('a halted market, limits of an account, and the kill switch', async () => {
    await admin('POST', `instruments/${SYMBOL}/state`, { state: 'HALTED' });
    const halted = await alice.signed('POST', '/api/v3/order', { symbol: SYMBOL, ...limit('BUY', '50000', '0.01') });
    assert.deepEqual([halted.status, halted.body.msg], [400, 'Market is closed.']);
    await admin('POST', `instruments/${SYMBOL}/state`, { state: 'CONTINUOUS' });
    assert.equal((await admin('POST', 'accounts/bob/rules', { MAX_OPEN_ORDERS: 1 })).status, 200);
    await place(bob, limit('BUY', '50000', '0.01'));
    const second = await bob.signed('POST', '/api/v3/order', { symbol: SYMBOL, ...limit('BUY', '50000', '0.01') });
    assert.equal(second.body.msg, 'Filter failure: EXCHANGE_MAX_NUM_ORDERS');
    await admin('POST', 'accounts/bob/kill', {});
    assert.deepEqual((await bob.signed('GET', '/api/v3/openOrders')).body, []);
    const killed = await bob.signed('POST', '/api/v3/order', { symbol: SYMBOL, ...limit('BUY', '50000', '0.01') });
    assert.equal(killed.body.msg, 'This action is disabled on this account.');
    await admin('POST', 'accounts/bob/rules', { STATUS: 'NORMAL', MAX_OPEN_ORDERS: 0 });
    for (const [route, body] of [
      ['instruments/BTCUSDT/rules', { MAGIC: 1 }],
      ['instruments/BTCUSDT/rules', { STATIC_BAND: -1 }],
      ['accounts/nobody/rules', {}],
      ['accounts/bob/rules', { FEE_TIER: 99 }],
      ['instruments/BTCUSDT/state', { state: 'ASLEEP' }],
    ] as const) {
      assert.ok((await admin('POST', route, body)).status >= 400, `${route} ${JSON.stringify(body)}`);
    }
    await clear();
  });

  it('an instrument’s rules are read as they are set, each in its own unit, and set again change nothing', async () => {
    const sent = { STATIC_BAND: 500_000, MAX_QUANTITY: '50', MAX_NOTIONAL: '1000000', MIN_ALLOCATION: '0.001', FEE_INSTRUMENT: 'ETHUSDT' };
    assert.equal((await admin('POST', `instruments/${SYMBOL}/rules`, sent)).status, 200);
    const read = async () => (await admin('GET', `instruments/${SYMBOL}/rules`)).body.rules;
    const rules = await read();
    assert.deepEqual(Object.keys(rules), Object.keys(INSTRUMENT_RULES));
    assert.deepEqual([rules.STATUS, rules.STATIC_BAND, rules.FIFO_SHARE, rules.FEE_INSTRUMENT], ['NORMAL', 500_000, 100, 'ETHUSDT']);
    assert.deepEqual([rules.MAX_QUANTITY, rules.MAX_NOTIONAL, rules.MIN_ALLOCATION].map(Number), [50, 1_000_000, 0.001]);
    assert.equal(rules.DYNAMIC_BAND, 0);
    assert.equal((await admin('POST', `instruments/${SYMBOL}/rules`, rules)).status, 200);
    assert.deepEqual(await read(), rules);
    const off = Object.fromEntries(Object.keys(sent).map((name) => [name, null]));
    assert.equal((await admin('POST', `instruments/${SYMBOL}/rules`, off)).status, 200);
    assert.deepEqual([(await read()).MAX_QUANTITY, (await read()).FEE_INSTRUMENT], [null, null]);
  });

  it('money moves once for a reference, and between accounts of a family', async () => {
    const fund = (amount: string) => admin('POST', 'accounts/bob/fund', { asset: 'USDT', amount, reference: 'wire-77' });
    const first = (await fund('100')).body.free;
    assert.equal((await fund('100')).body.free, first, 'sent again, it does nothing');
    assert.match((await fund('200')).body.msg, /reference_reused/);
    const move = () => admin('POST', 'accounts/alice/transfer', { to: 'bob', asset: 'USDT', amount: '10' });
    assert.match((await move()).body.msg, /unknown_account: alice and bob are not of one family: one must be the PARENT of the other/);
    const self = await admin('POST', 'accounts/alice/transfer', { to: 'alice', asset: 'USDT', amount: '10' });
    assert.match(self.body.msg, /unknown_account: from and to are the same account/);
    await admin('POST', 'accounts/bob/rules', { PARENT: 'alice' });
    assert.equal((await move()).status, 200);
    const all = await admin('POST', 'accounts/alice/transfer', { to: 'bob', asset: 'USDT', amount: '80000000' });
    assert.match(all.body.msg, /insufficient_balance: the account has less available/);
    await admin('POST', 'accounts/bob/rules', { PARENT: null });
  });

  it('positions are reported at average cost', async () => {
    const before = (await bob.signed('GET', '/outcry/v1/positions', { symbol: SYMBOL })).body[0];
    await place(alice, limit('SELL', '60000', '0.5'));
    await place(bob, limit('BUY', '60000', '0.5'));
    const deadline = Date.now() + 60_000;
    for (;;) {
      const [position] = (await bob.signed('GET', '/outcry/v1/positions', { symbol: SYMBOL })).body;
      if (Number(position.positionQty) === Number((Number(before?.positionQty ?? 0) + 0.5).toFixed(8))) break;
      assert.ok(Date.now() < deadline, JSON.stringify([before, position]));
    }
  });

  it('keys that only read, or only from an address', async () => {
    const { body: reader } = await admin('POST', 'accounts/alice/keys', { permission: 'READ' });
    const only = new Client(venue.url, reader.key, reader.secret);
    assert.equal((await only.signed('GET', '/api/v3/openOrders')).status, 200);
    assert.equal((await only.signed('POST', '/api/v3/order', { symbol: SYMBOL, ...limit('BUY', '50000', '0.01') })).body.code, -2015);
    const { body: far } = await admin('POST', 'accounts/alice/keys', { addresses: ['203.0.113.9'] });
    assert.equal((await new Client(venue.url, far.key, far.secret).signed('GET', '/api/v3/openOrders')).body.code, -2015);
    const { body: boss } = await admin('POST', 'accounts/alice/keys', { permission: 'ADMIN' });
    const headers = { 'x-outcry-admin': boss.secret };
    assert.equal((await fetch(`${venue.url}/outcry/v1/accounts`, { headers })).status, 200);
    assert.equal((await fetch(`${venue.url}/outcry/v1/accounts`, { headers: { 'x-outcry-admin': reader.secret } })).status, 401);
  });

  it('orders of a session are cancelled when its connection ends, unless it comes back in time', async () => {
    const openOrder = async (graceMs: number, sessionId?: number) => {
      const listener = await Listener.open(venue.url, '/ws-api/v3');
      const parameters = { apiKey: 'alice', timestamp: String(Date.now()) };
      const [, signature] = /signature=(\w+)/.exec(alice.sign(parameters))!;
      await listener.request({ id: 1, method: 'session.logon', params: { ...parameters, signature } });
      const { result } = await listener.request({ id: 2, method: 'session.cancelOnDisconnect', params: { graceMs, sessionId } });
      return { listener, sessionId: result.sessionId as number };
    };
    const order = { symbol: SYMBOL, ...limit('BUY', '50000', '0.01') };
    const first = await openOrder(3000);
    const { result } = await first.listener.request({ id: 3, method: 'order.place', params: { ...order, timestamp: Date.now() } });
    first.listener.close();
    const again = await openOrder(50, first.sessionId);
    assert.equal(again.sessionId, first.sessionId);
    assert.equal((await find(alice, result.orderId)).status, 'NEW');
    again.listener.close();
    const deadline = Date.now() + 60_000;
    while ((await find(alice, result.orderId)).status === 'NEW') assert.ok(Date.now() < deadline, 'it is cancelled after the grace period');
    assert.equal((await find(alice, result.orderId)).status, 'CANCELED');
  });

  it('lives through kill -9: triggers, lists, icebergs, states and rules are all there again', async () => {
    await tradeAt('60000');
    const stop = await place(alice, {
      side: 'SELL',
      type: 'STOP_LOSS_LIMIT',
      timeInForce: 'GTC',
      stopPrice: '59000',
      price: '58900',
      quantity: '0.01',
    });
    await place(alice, limit('BUY', '50000', '0.03', { icebergQty: '0.01' }));
    const list = await place(
      alice,
      { side: 'SELL', quantity: '0.02', aboveType: 'LIMIT_MAKER', abovePrice: '61000', belowType: 'STOP_LOSS', belowStopPrice: '59000' },
      '/api/v3/orderList/oco',
    );
    await admin('POST', `instruments/ETHUSDT/state`, { state: 'OPENING_AUCTION', referencePrice: '3000' });
    await admin('POST', 'accounts/bob/rules', { MAX_OPEN_ORDERS: 7 });
    await venue.kill();
    await start();
    const { body: sessions } = await alice.public('/outcry/v1/sessions?symbol=ETHUSDT');
    assert.deepEqual([sessions.state, sessions.referencePrice], ['OPENING_AUCTION', '3000.00000000']);
    const found = await find(alice, stop.orderId);
    assert.deepEqual([found.isWorking, found.stopPrice, found.type], [false, '59000.00000000', 'STOP_LOSS_LIMIT']);
    assert.deepEqual((await depth()).bids, [['50000.00000000', '0.01000000']]);
    await tradeAt('59000');
    assert.equal((await find(alice, stop.orderId)).isWorking, true);
    await reaching(alice, list.orders[0].orderId, 'EXPIRED');
    await reaching(alice, list.orders[1].orderId, 'FILLED');
    await clear();
    await admin('POST', `instruments/ETHUSDT/state`, { state: 'CONTINUOUS' });
  });
});
