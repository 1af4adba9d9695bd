/** Bad requests over REST: each gets a documented error, and the venue goes on. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const LIMIT_ORDER = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '59000', quantity: '0.001' };
const MARKET_ORDER = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.001' };

type Change = Record<string, string | undefined>;

function changed(order: Record<string, string>, change: Change): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...order, ...change }).filter(([, value]) => value !== undefined)) as Record<string, string>;
}

/** What is wrong, and what the documentation says about it. */
const WRONG_LIMIT_ORDERS: [what: string, change: Change, code: number, message: RegExp][] = [
  ['an unknown symbol', { symbol: 'DOGEUSDT' }, -1121, /^Invalid symbol\.$/],
  ['a symbol in small letters', { symbol: 'btcusdt' }, -1100, /Illegal characters found in parameter 'symbol'/],
  ['no symbol', { symbol: undefined }, -1102, /Mandatory parameter 'symbol'/],
  ['an empty symbol', { symbol: '' }, -1102, /Mandatory parameter 'symbol'/],
  ['a price off tick', { price: '59000.001' }, -1013, /^Filter failure: PRICE_FILTER$/],
  ['a quantity off lot', { quantity: '0.000001' }, -1013, /^Filter failure: LOT_SIZE$/],
  ['a zero price', { price: '0' }, -1013, /PRICE_FILTER/],
  ['a zero quantity', { quantity: '0.00000' }, -1013, /LOT_SIZE/],
  ['a quantity above the most', { quantity: '9000.00001' }, -1013, /LOT_SIZE/],
  ['a negative price', { price: '-1' }, -1100, /'price'; legal range is/],
  ['a negative quantity', { quantity: '-0.001' }, -1100, /'quantity'; legal range is/],
  ['NaN', { price: 'NaN' }, -1100, /'price'/],
  ['Infinity', { quantity: 'Infinity' }, -1100, /'quantity'/],
  ['an exponent', { price: '5.9e4' }, -1100, /'price'/],
  ['40 digits', { quantity: '1'.repeat(40) }, -1100, /'quantity'/],
  ['20 digits', { price: '9'.repeat(20) }, -1013, /PRICE_FILTER/],
  ['a price too far from the market', { price: '1', quantity: '10' }, -1013, /PERCENT_PRICE_BY_SIDE/],
  ['an order worth too little', { quantity: '0.00001' }, -1013, /NOTIONAL/],
  ['more than the balance', { quantity: '900' }, -2010, /^Account has insufficient balance for requested action\.$/],
  ['a price of nine decimal places', { price: '50000.000000001' }, -1111, /Parameter 'price' has too much precision/],
  ['no price', { price: undefined }, -1102, /'price'/],
  ['no time in force', { timeInForce: undefined }, -1102, /'timeInForce'/],
  ['an unknown time in force', { timeInForce: 'GTX' }, -1115, /Invalid timeInForce/],
  ['an unknown side', { side: 'HOLD' }, -1117, /Invalid side/],
  ['an unknown type', { type: 'MAGIC' }, -1116, /Invalid orderType/],
  ['an amount with a limit order', { quoteOrderQty: '10' }, -1106, /'quoteOrderQty' sent when not required/],
  ['a client order id of 37 letters', { newClientOrderId: 'a'.repeat(37) }, -1100, /'newClientOrderId'/],
  ['a client order id with a space', { newClientOrderId: 'a b' }, -1100, /'newClientOrderId'/],
  ['an empty client order id', { newClientOrderId: '' }, -1105, /'newClientOrderId' was empty/],
  [
    'a parameter that does not exist',
    { leverage: '100' },
    -1104,
    /Not all sent parameters were read; read '8' parameter\(s\) but was sent '9'/,
  ],
  ['self-trade prevention that is not there', { selfTradePreventionMode: 'PERHAPS' }, -1100, /'selfTradePreventionMode'/],
  ['a stop price without a trigger', { stopPrice: '58000' }, -1106, /'stopPrice' sent when not required/],
  ['a stop without a price to stop at', { type: 'STOP_LOSS_LIMIT' }, -1102, /Param 'stopPrice' or 'trailingDelta' must be sent/],
  ['a trailing distance of nothing', { type: 'STOP_LOSS_LIMIT', trailingDelta: '0' }, -1013, /TRAILING_DELTA/],
  ['an iceberg that vanishes', { icebergQty: '0.0001', timeInForce: 'IOC' }, -1013, /iceberg/],
  ['a pegged price and a price', { pegPriceType: 'PRIMARY_PEG' }, -1106, /'price' sent when not required/],
  ['a time in force that only /outcry/v1 has', { timeInForce: 'DAY' }, -1115, /Invalid timeInForce/],
  ['a response type that is none', { newOrderRespType: 'LONG' }, -1100, /newOrderRespType/],
];

const WRONG_MARKET_ORDERS: typeof WRONG_LIMIT_ORDERS = [
  ['a price', { price: '1' }, -1106, /'price' sent when not required/],
  ['a quantity and an amount', { quoteOrderQty: '10' }, -1106, /'quoteOrderQty'/],
  ['neither a quantity nor an amount', { quantity: undefined }, -1102, /Param 'quantity' or 'quoteOrderQty' must be sent/],
  ['an amount of zero', { quantity: undefined, quoteOrderQty: '0' }, -1013, /NOTIONAL/],
  [
    'an amount of nine decimal places',
    { quantity: undefined, quoteOrderQty: '10.123456789' },
    -1111,
    /'quoteOrderQty' has too much precision/,
  ],
];

describe('bad input gets a documented error, and the venue goes on', () => {
  const data = temporaryDirectory('bad-input');
  let venue: VenueProcess;
  let alice: Client;
  before(async () => {
    const config = path.join(data, 'config.json');
    fs.writeFileSync(config, JSON.stringify({ webSocketBufferBytes: 200_000, readWaitMs: 15_000 }));
    venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
    alice = new Client(venue.url);
  });
  after(async () => {
    assert.equal((await alice.public('/api/v3/ping')).status, 200, 'the venue still answers');
    assert.deepEqual((await alice.signed('GET', '/api/v3/openOrders')).body, [], 'nothing of it rests in the book');
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });

  async function refused(order: Record<string, string>, code: number, message: RegExp): Promise<void> {
    for (const route of ['/api/v3/order', '/api/v3/order/test']) {
      if (route.endsWith('test') && code === -2010 && /balance/.test(message.source)) continue; // only the engine knows
      const { status, body } = await alice.signed('POST', route, order);
      assert.deepEqual([status, body.code], [400, code], JSON.stringify(body));
      assert.match(body.msg, message);
    }
  }

  for (const [what, change, code, message] of WRONG_LIMIT_ORDERS) {
    it(`a limit order with ${what}: ${code}`, () => refused(changed(LIMIT_ORDER, change), code, message));
  }
  for (const [what, change, code, message] of WRONG_MARKET_ORDERS) {
    it(`a market order with ${what}: ${code}`, () => refused(changed(MARKET_ORDER, change), code, message));
  }

  it('a client order id that an open order has: -2010, and it is free again after the cancel', async () => {
    const order = { ...LIMIT_ORDER, newClientOrderId: 'mine' };
    assert.equal((await alice.signed('POST', '/api/v3/order', order)).status, 200);
    const { body } = await alice.signed('POST', '/api/v3/order', order);
    assert.deepEqual(body, { code: -2010, msg: 'Duplicate order sent.' });
    const cancel = { symbol: 'BTCUSDT', origClientOrderId: 'mine' };
    assert.equal((await alice.signed('DELETE', '/api/v3/order', cancel)).body.status, 'CANCELED');
    assert.deepEqual((await alice.signed('DELETE', '/api/v3/order', cancel)).body, { code: -2011, msg: 'Unknown order sent.' });
    assert.equal((await alice.signed('POST', '/api/v3/order', order)).status, 200);
    assert.equal((await alice.signed('DELETE', '/api/v3/openOrders', { symbol: 'BTCUSDT' })).status, 200);
  });

  it('a client order id of any length and letters is kept whole, and the venue goes on', async () => {
    for (const id of ['z', 'z'.repeat(28), 'z'.repeat(32), 'z'.repeat(36), '5e0d5a3e-4f0a-4be1-9b6c-7f3fa9a2c0de']) {
      const placed = await alice.signed('POST', '/api/v3/order', { ...LIMIT_ORDER, newClientOrderId: id });
      assert.equal(placed.body.clientOrderId, id);
      const cancelled = await alice.signed('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', origClientOrderId: id });
      assert.equal(cancelled.body.origClientOrderId, id);
    }
  });

  it('a wrong signature, key or time: -1022, -2014, -2015, -1021', async () => {
    const code = async (client: Client, parameters: Record<string, string | number> = {}) =>
      (await client.signed('GET', '/api/v3/account', parameters)).body.code;
    assert.equal(await code(new Client(venue.url, 'alice', 'wrong')), -1022);
    assert.equal(await code(new Client(venue.url, 'mallory')), -2015);
    assert.equal(await code(new Client(venue.url, 'not a key!')), -2014);
    assert.equal(await code(alice, { timestamp: Date.now() - 6000 }), -1021);
    assert.equal(await code(alice, { timestamp: Date.now() + 3000 }), -1021);
    assert.equal(await code(alice, { timestamp: Date.now() - 6000, recvWindow: 20_000 }), undefined);
    assert.equal(await code(alice, { recvWindow: 60_001 }), -1100);
    assert.equal(await code(alice, { timestamp: 'soon' }), -1100);
    const unsigned = await fetch(`${venue.url}/api/v3/account?timestamp=${Date.now()}`, { headers: { 'X-MBX-APIKEY': 'alice' } });
    assert.equal(((await unsigned.json()) as { code: number }).code, -1102);
    const keyless = await fetch(`${venue.url}/api/v3/account?${alice.sign({})}`);
    assert.equal(((await keyless.json()) as { code: number }).code, -2014);
  });

  it('a changed parameter under a good signature: -1022', async () => {
    const query = alice.sign(LIMIT_ORDER).replace('quantity=0.001', 'quantity=1.001');
    const answer = await fetch(`${venue.url}/api/v3/order?${query}`, { method: 'POST', headers: { 'X-MBX-APIKEY': 'alice' } });
    assert.equal(((await answer.json()) as { code: number }).code, -1022);
  });

  it('a body that is too large, of another kind, or says a parameter twice', async () => {
    const post = async (body: string, type: string) => {
      const headers = { 'X-MBX-APIKEY': 'alice', 'content-type': type };
      const answer = await fetch(`${venue.url}/api/v3/order`, { method: 'POST', headers, body });
      return [answer.status, ((await answer.json()) as { code: number }).code];
    };
    const form = 'application/x-www-form-urlencoded';
    assert.deepEqual(await post(`symbol=${'A'.repeat(70_000)}`, form), [413, -1101]);
    assert.deepEqual(await post('{"symbol":"BTCUSDT"}', 'application/json'), [415, -1100]);
    assert.deepEqual(await post('{"symbol":', 'application/json'), [415, -1100]);
    assert.deepEqual(await post('<order/>', 'application/xml'), [415, -1100]);
    assert.deepEqual(await post('symbol=BTCUSDT&symbol=ETHUSDT', form), [400, -1101]);
  });

  it('parameters in the body are as good as in the query', async () => {
    const headers = { 'X-MBX-APIKEY': 'alice', 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(`${venue.url}/api/v3/order/test`, { method: 'POST', headers, body: alice.sign(LIMIT_ORDER) });
    assert.deepEqual([answer.status, await answer.json()], [200, {}]);
  });

  it('market data that does not exist', async () => {
    const code = async (route: string) => (await alice.public(route)).body.code;
    assert.equal(await code('/api/v3/depth?symbol=NOPE'), -1121);
    assert.equal(await code('/api/v3/depth'), -1102);
    assert.equal(await code('/api/v3/depth?symbol=BTCUSDT&limit=ten'), -1100);
    assert.equal(await code('/api/v3/klines?symbol=BTCUSDT&interval=7m'), -1120);
    assert.equal(await code('/api/v3/ticker/price?symbols=[BTCUSDT]'), -1100);
    const { status, body } = await alice.public('/api/v4/nothing');
    assert.equal(status, 404);
    assert.match(body.msg, /There is no GET \/api\/v4\/nothing here; see \/docs/);
  });

  it('orders that are not there or are somebody else’s: -2013 and -2011', async () => {
    const bob = new Client(venue.url, 'bob');
    const { body: order } = await alice.signed('POST', '/api/v3/order', LIMIT_ORDER);
    const its = { symbol: 'BTCUSDT', orderId: order.orderId };
    assert.equal((await bob.signed('GET', '/api/v3/order', its)).body.code, -2013);
    assert.equal((await bob.signed('DELETE', '/api/v3/order', its)).body.code, -2011);
    assert.equal((await alice.signed('GET', '/api/v3/order', { ...its, symbol: 'ETHUSDT' })).body.code, -2013);
    assert.equal((await alice.signed('GET', '/api/v3/order', { symbol: 'BTCUSDT' })).body.code, -1102);
    const amend = (newQty: string) => alice.signed('PUT', '/api/v3/order/amend/keepPriority', { ...its, newQty });
    assert.equal((await amend('0.002')).body.code, -2038);
    assert.equal((await amend('0')).body.code, -1013);
    const cancel = (cancelRestrictions: string) => alice.signed('DELETE', '/api/v3/order', { ...its, cancelRestrictions });
    assert.equal((await cancel('ALWAYS')).body.code, -1145);
    assert.equal((await cancel('ONLY_PARTIALLY_FILLED')).body.code, -2011);
    assert.equal((await cancel('ONLY_NEW')).status, 200);
    assert.equal((await amend('0.0005')).body.code, -2011);
  });

  it('a cancel-replace whose halves fail says which', async () => {
    const terms = { ...LIMIT_ORDER, cancelOrderId: 1 };
    const stop = await alice.signed('POST', '/api/v3/order/cancelReplace', { ...terms, cancelReplaceMode: 'STOP_ON_FAILURE' });
    assert.deepEqual([stop.status, stop.body.code, stop.body.data.newOrderResult], [400, -2022, 'NOT_ATTEMPTED']);
    const go = await alice.signed('POST', '/api/v3/order/cancelReplace', { ...terms, cancelReplaceMode: 'ALLOW_FAILURE' });
    assert.deepEqual([go.status, go.body.code, go.body.data.cancelResult, go.body.data.newOrderResult], [409, -2021, 'FAILURE', 'SUCCESS']);
    const cancelOrderId = go.body.data.newOrderResponse.orderId;
    const broke = { ...LIMIT_ORDER, quantity: '800', cancelOrderId, cancelReplaceMode: 'STOP_ON_FAILURE' };
    const half = await alice.signed('POST', '/api/v3/order/cancelReplace', broke);
    assert.deepEqual(
      [half.status, half.body.code, half.body.data.cancelResult, half.body.data.newOrderResult],
      [409, -2021, 'SUCCESS', 'FAILURE'],
    );
    assert.equal(half.body.data.newOrderResponse.code, -2010);
    const mode = await alice.signed('POST', '/api/v3/order/cancelReplace', { ...terms, cancelReplaceMode: 'MAYBE' });
    assert.equal(mode.body.code, -1100);
  });

  it('a cancel-replace cancels within its restriction, and alone beyond the limit of orders when it may', async () => {
    const sent = { ...LIMIT_ORDER, cancelReplaceMode: 'ALLOW_FAILURE' };
    const { body: open } = await alice.signed('POST', '/api/v3/order', LIMIT_ORDER);
    const restricted = { ...sent, cancelOrderId: open.orderId, cancelRestrictions: 'ONLY_PARTIALLY_FILLED' };
    const { status, body } = await alice.signed('POST', '/api/v3/order/cancelReplace', restricted);
    assert.deepEqual([status, body.code, body.data.cancelResult, body.data.newOrderResult], [409, -2021, 'FAILURE', 'SUCCESS']);
    assert.match(body.data.cancelResponse.msg, /cancel restrictions/);
    const stopped = await alice.signed('POST', '/api/v3/order/cancelReplace', { ...restricted, cancelReplaceMode: 'STOP_ON_FAILURE' });
    assert.deepEqual([stopped.status, stopped.body.code, stopped.body.data.newOrderResult], [400, -2022, 'NOT_ATTEMPTED']);
    const allowed = await alice.signed('POST', '/api/v3/order/cancelReplace', { ...restricted, cancelRestrictions: 'ONLY_NEW' });
    assert.equal(allowed.body.cancelResult, 'SUCCESS');
    const wrong = await alice.signed('POST', '/api/v3/order/cancelReplace', { ...restricted, orderRateLimitExceededMode: 'PANIC' });
    assert.equal(wrong.body.code, -1100);
    await alice.signed('DELETE', '/api/v3/openOrders', { symbol: LIMIT_ORDER.symbol });
  });

  it('administration without its token, and with nonsense', async () => {
    assert.equal((await alice.public('/outcry/v1/accounts')).body.code, -2015);
    const headers = { 'x-outcry-admin': fs.readFileSync(path.join(data, 'admin.token'), 'utf8'), 'content-type': 'application/json' };
    const post = async (route: string, body: object) => {
      const answer = await fetch(`${venue.url}/outcry/v1/${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return [answer.status, ((await answer.json()) as { code: number }).code];
    };
    assert.deepEqual(await post('accounts', {}), [400, -1102]);
    assert.deepEqual(await post('accounts', { name: 'alice' }), [409, -1100]);
    assert.deepEqual(await post('accounts', { name: '../etc' }), [400, -1100]);
    assert.deepEqual(await post('accounts/nobody/fund', { asset: 'BTC', amount: '1' }), [404, -1100]);
    assert.deepEqual(await post('accounts/alice/fund', { asset: 'GOLD', amount: '1' }), [404, -1100]);
    assert.deepEqual(await post('accounts/alice/fund', { asset: 'BTC', amount: '1e3' }), [400, -1100]);
    assert.deepEqual(await post('accounts/alice/fund', { asset: 'BTC', amount: '-101' }), [400, -2010]);
    assert.deepEqual(await post('accounts/alice/keys', { publicKey: 'not PEM' }), [400, -1100]);
    const misspelt: [route: string, body: object][] = [
      ['accounts/alice/keys', { permision: 'READ' }],
      ['accounts/alice/keys', { adresses: ['10.0.0.1'] }],
      ['accounts/alice/keys', { permission: null }],
      ['accounts/alice/keys', { addresses: null }],
      ['accounts/alice/keys', [] as object],
      ['accounts/alice/logins', { user: 'EVE', cancelOnDisconect: true }],
      ['accounts/alice/transfer', { to: 'bob', asset: 'BTC', amount: '1', reference: 'twice' }],
      ['accounts/alice/fund', { asset: 'BTC', amount: '1', referense: 'once' }],
      ['accounts/alice/rules', { MAX_QUANTTY: '1' }],
      ['instruments/BTCUSDT/state', { state: 'HALT', reference: '1' }],
      ['fee-tiers/1', { makerFeePpm: 0, takerFeePpm: 0, name: 'gold' }],
      ['accounts/alice/kill', { symbol: 'BTCUSDT' }],
      ['admin-token/rotate', { overlap: 5 }],
    ];
    for (const [route, body] of misspelt) assert.deepEqual(await post(route, body), [400, -1100], JSON.stringify(body));
    const wrong: [string, object][] = [
      ['fee-tiers/4294967297', { makerFeePpm: 0, takerFeePpm: 0 }],
      ['fee-tiers/1.5', { makerFeePpm: 0, takerFeePpm: 0 }],
      ['fee-tiers/0x1', { makerFeePpm: 0, takerFeePpm: 0 }],
      ['fee-tiers/1', { makerFeePpm: 2 ** 32 + 1, takerFeePpm: 0 }],
      ['accounts/alice/rules', { MAX_OPEN_ORDERS: true }],
      ['accounts/alice/rules', { GROUP: true }],
      ['accounts/alice/rules', { MAX_POSITION: 5 }],
      ['accounts/alice/rules', { MAX_POSITION: [] }],
      ['accounts/alice/rules', { PARENT: ['bob'] }],
      ['instruments/BTCUSDT/rules', { MAX_QUANTITY: ['50'] }],
      ['instruments/BTCUSDT/rules', { FEE_INSTRUMENT: ['BTCUSDT'] }],
      ['accounts/alice/fund?reference=once', { asset: 'BTC', amount: '1' }],
    ];
    for (const [route, body] of wrong) assert.deepEqual(await post(route, body), [400, -1100], `${route} ${JSON.stringify(body)}`);
    // One rule that is wrong, and the others are not set either.
    assert.deepEqual(await post('instruments/BTCUSDT/rules', { MAX_QUANTITY: '0.001', STATIC_BAND: 'x' }), [400, -1100]);
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', price: '50000' };
    assert.equal((await new Client(venue.url).signed('POST', '/api/v3/order', order)).status, 200);
    const texts = ['', 'a\0x', 'a\0', '\ud800', 'x'.repeat(41), '\u0007'];
    for (const reference of texts) {
      assert.deepEqual(
        await post('accounts/alice/fund', { asset: 'BTC', amount: '1', reference }),
        [400, -1100],
        JSON.stringify(reference),
      );
    }
    const stopped = await fetch(`${venue.url}/outcry/v1/orders`, { method: 'DELETE', headers, body: JSON.stringify({ acount: 'bob' }) });
    assert.equal(stopped.status, 400, 'a misspelt account is not everybody');
    const remove = async (query: string, body?: unknown) =>
      (
        await fetch(`${venue.url}/outcry/v1/orders${query}`, {
          method: 'DELETE',
          headers: body === undefined ? { 'x-outcry-admin': headers['x-outcry-admin'] } : headers,
          body: body === undefined ? undefined : JSON.stringify(body),
        })
      ).status;
    const everybody = [
      ['?account=alice'],
      [''],
      ['', null],
      ['', {}],
      ['', { all: false }],
      ['', { all: true, account: 'bob' }],
      ['?account=alice', { account: 'alice' }],
    ] as const;
    for (const [query, body] of everybody)
      assert.equal(await remove(query, body), 400, `${query} ${JSON.stringify(body)} is not everybody`);
    assert.equal(await remove('', { all: true }), 200);
  });

  it('bytes that are no HTTP, and requests to upgrade that lead nowhere', async () => {
    const { hostname, port } = new URL(venue.url);
    const answerTo = (text: string) =>
      new Promise<string>((resolve, reject) => {
        let answer = '';
        const socket = net.connect(Number(port), hostname, () => socket.write(text));
        socket.setTimeout(5000, () => socket.destroy(new Error(`no answer to ${text.slice(0, 40)}`)));
        socket.on('data', (chunk) => {
          answer += chunk;
          socket.end();
        });
        socket.on('close', () => resolve(answer));
        socket.on('error', reject);
      });
    const upgrade = (target: string) =>
      `GET ${target} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
    assert.match(await answerTo('\x16\x03\x01\x02\x00\r\n\r\n'), /^HTTP\/1\.1 400/);
    assert.match(await answerTo(upgrade('//')), /^HTTP\/1\.1 400/);
    assert.match(await answerTo(upgrade('/nothing')), /^HTTP\/1\.1 404/);
    assert.match(await answerTo(upgrade('/ws')), /^HTTP\/1\.1 101/);
  });
});
