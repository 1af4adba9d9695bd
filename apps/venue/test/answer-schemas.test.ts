/** The answers that /openapi.json promises are those that the venue gives: in each form that a request can ask for, and when it refuses. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Operation } from '../src/doors/binance/operation.ts';
import { operations } from '../src/server.ts';
import { CALLS } from './binance-coverage/calls.ts';
import { AnswerSchemas } from './support/answer-schemas.ts';
import { BothDoors, type Sent } from './support/both-doors.ts';
import { temporaryDirectory, VenueProcess } from './support/process.ts';

const symbol = 'ETHUSDT';
const order = { symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '1500', quantity: '0.05' };
const market = { symbol, side: 'BUY', type: 'MARKET', quantity: '0.01' };

/** Requests of one operation in its various forms; a fact of the documented ones is in binance-answers.test.ts. */
const FORMS: Record<string, Sent[]> = {
  'POST /api/v3/order': [
    ...['ACK', 'RESULT', 'FULL'].flatMap((newOrderRespType) => [
      { ...market, newOrderRespType },
      { ...order, newOrderRespType },
    ]),
    { symbol, side: 'SELL', type: 'STOP_LOSS', quantity: '0.01', stopPrice: '1500', newOrderRespType: 'FULL' },
    { symbol, side: 'SELL', type: 'STOP_LOSS', quantity: '0.01', trailingDelta: '500', newOrderRespType: 'FULL' },
    { ...order, icebergQty: '0.01', newOrderRespType: 'FULL' },
    { ...order, price: '9000', side: 'SELL', selfTradePreventionMode: 'EXPIRE_MAKER', newOrderRespType: 'FULL' },
    { symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', pegPriceType: 'PRIMARY_PEG', newOrderRespType: 'FULL' },
    { symbol, side: 'BUY', type: 'MARKET', quoteOrderQty: '50' },
  ],
  'POST /outcry/v1/order': [
    { ...order, hidden: 'true', newOrderRespType: 'FULL' },
    { ...order, timeInForce: 'DAY', newOrderRespType: 'FULL' },
    { ...order, timeInForce: 'GTD', goodTillDate: String(Date.now() + 3_600_000), newOrderRespType: 'FULL' },
    { ...order, minQty: '0.01', newOrderRespType: 'FULL' },
    { symbol, side: 'SELL', type: 'STOP_LOSS', quantity: '0.01', trailingAmount: '100', newOrderRespType: 'FULL' },
    { ...order, pegFollow: 'PRIMARY', newOrderRespType: 'FULL' },
  ],
  'POST /api/v3/order/test': [{ ...order, computeCommissionRates: 'true' }],
  // What all these orders are told of afterwards.
  'GET /api/v3/openOrders': [{}, { symbol }],
  'GET /api/v3/allOrders': [{ symbol }],
  'GET /api/v3/myTrades': [{ symbol }],
  'GET /outcry/v1/positions': [{}],
  'DELETE /api/v3/openOrders': [{ symbol }],
  'DELETE /outcry/v1/openOrders': [{}],
  'GET /api/v3/ticker/24hr': [{}, { symbols: '["ETHUSDT"]' }, { symbol, type: 'MINI' }],
  'GET /api/v3/ticker/tradingDay': [{ symbols: '["ETHUSDT","BTCUSDT"]' }, { symbol, type: 'MINI' }],
  'GET /api/v3/ticker': [{ symbols: '["ETHUSDT","BTCUSDT"]' }, { symbol, type: 'MINI' }, { symbol, windowSize: '7d' }],
  'GET /api/v3/ticker/price': [{}],
  'GET /api/v3/ticker/bookTicker': [{}],
  'GET /api/v3/exchangeInfo': [{ permissions: 'SPOT' }, { showPermissionSets: 'false' }],
  'GET /outcry/v1/sessions': [{}, { symbol }],
  'GET /api/v3/account': [{ omitZeroBalances: 'true' }],
  'GET /api/v3/executionRules': [{}],
  'GET /sapi/v1/capital/config/getall': [{}],
  'GET /sapi/v1/asset/tradeFee': [{}, { symbol }],
  'GET /sapi/v1/system/status': [{}],
  'GET /sapi/v1/margin/allPairs': [{}],
  'GET /sapi/v1/margin/isolated/allPairs': [{}],
  'GET /fapi/v1/exchangeInfo': [{}],
  'GET /dapi/v1/exchangeInfo': [{}],
};

const nameOf = ({ rest }: Operation) => `${rest!.method} ${rest!.path}`;
const byRest = operations.filter(({ rest }) => rest !== undefined);
const named = (name: string) => byRest.find((operation) => nameOf(operation) === name)!;

describe('the answers that the documentation promises', () => {
  const data = temporaryDirectory('answer-schemas');
  let venue: VenueProcess;
  let alice: BothDoors;
  let schemas: AnswerSchemas;
  before(async () => {
    venue = await VenueProcess.start(data, '--demo');
    alice = await BothDoors.open(venue.url);
    schemas = await AnswerSchemas.of(venue.url);
    while ((await alice.rest.public('/api/v3/historicalTrades?symbol=ETHUSDT')).body.length === 0);
  });
  after(async () => {
    alice.close();
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });

  it('are those that it gives, in all their forms', async () => {
    for (const [name, forms] of Object.entries(FORMS)) {
      const operation = named(name);
      for (const sent of forms) {
        const { status, body } = await alice.byRest(operation, sent);
        assert.equal(status, 200, `${name} ${JSON.stringify(sent)}: ${JSON.stringify(body)}`);
        schemas.check(operation.rest!, body);
      }
    }
  });

  it('are those of listen keys, which an API key alone asks for', async () => {
    const path = '/api/v3/userDataStream';
    const send = async (method: string, query = '') => {
      const response = await fetch(`${venue.url}${path}${query}`, { method, headers: { 'X-MBX-APIKEY': 'alice' } });
      const body = await response.json();
      assert.equal(response.status, 200, JSON.stringify(body));
      schemas.check(named(`${method} ${path}`).rest!, body);
      return body as any;
    };
    const { listenKey } = await send('POST');
    await send('PUT', `?listenKey=${listenKey}`);
    await send('DELETE', `?listenKey=${listenKey}`);
  });

  it('are of every operation, and each has been asked for', () => {
    const listenKeys = byRest.map(nameOf).filter((name) => name.endsWith('/userDataStream'));
    const asked = new Set([...Object.keys(FORMS), ...Object.keys(CALLS), ...listenKeys]);
    assert.deepEqual(
      byRest.map(nameOf).filter((name) => !asked.has(name)),
      [],
    );
    for (const { rest } of byRest) assert.notEqual(schemas.errorsOf(rest!, 'a text'), '', 'no answer is a text');
  });

  it('do not have more fields than the documentation has, nor fewer', async () => {
    const { body } = await alice.byRest(named('GET /api/v3/account'), {});
    const { rest } = named('GET /api/v3/account');
    assert.equal(schemas.errorsOf(rest!, body), '');
    assert.notEqual(schemas.errorsOf(rest!, { ...body, more: 1 }), '');
    const { uid: _, ...fewer } = body;
    assert.notEqual(schemas.errorsOf(rest!, fewer), '');
    assert.notEqual(schemas.errorsOf(rest!, { ...body, balances: [{ ...body.balances[0], free: 1 }] }), '');
  });

  it('are a code and a text where a request is refused, with both results of a cancel-replace', async () => {
    const replace = { ...order, cancelReplaceMode: 'ALLOW_FAILURE', cancelOrderId: '1' };
    const refused: [string, Sent, number][] = [
      ['GET /api/v3/depth', {}, -1102],
      ['GET /api/v3/order', { symbol, orderId: 1 }, -2013],
      ['POST /api/v3/order', { ...order, quantity: '8000' }, -2010],
      ['POST /api/v3/order/cancelReplace', replace, -2021],
      ['POST /api/v3/order/cancelReplace', { ...replace, cancelReplaceMode: 'STOP_ON_FAILURE' }, -2022],
    ];
    for (const [name, sent, code] of refused) {
      const operation = named(name);
      const { status, body } = await alice.byRest(operation, sent);
      assert.ok(status >= 400, `${name}: ${JSON.stringify(body)}`);
      assert.equal(body.code, code, JSON.stringify(body));
      schemas.check(operation.rest!, body, 'default');
    }
  });

  it('have each asset of the account, with its balances, as those who ask for coins expect', async () => {
    const coins = (await alice.byRest(named('GET /sapi/v1/capital/config/getall'), {})).body;
    const { balances } = (await alice.byRest(named('GET /api/v3/account'), {})).body;
    assert.deepEqual(
      coins.map(({ coin, free, locked }: any) => ({ asset: coin, free, locked })),
      balances,
    );
  });
});
