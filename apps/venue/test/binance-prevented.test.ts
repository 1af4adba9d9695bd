/** Self-trade prevention as Binance's pages show it, scenario by scenario: answers, reports, questions, and a start in between. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { BothDoors } from './support/both-doors.ts';
import { temporaryDirectory, VenueProcess } from './support/process.ts';

const SYMBOL = 'BTCUSDT';
const data = temporaryDirectory('binance-prevented');
let venue: VenueProcess;
let alice: BothDoors;

async function open(): Promise<void> {
  alice = await BothDoors.open(venue.url);
  assert.equal((await alice.bySocket('userDataStream.subscribe.signature', {}, true)).result.subscriptionId, 0);
}

before(async () => {
  venue = await VenueProcess.start(data, '--demo', '--no-flow');
  await open();
});
after(async () => {
  alice.close();
  await venue.close();
  fs.rmSync(data, { recursive: true, force: true });
});

async function accepted(method: string, route: string, sent: Record<string, string | number>, who = alice): Promise<any> {
  const { status, body } = await who.rest.signed(method, route, sent);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** Quantities and prices of the pages, brought to where the filters let them pass: hundredths, above a price. */
const quantityOf = (text: string) => (Number(text) / 100).toFixed(8);
const priceOf = (text: string) => (60_000 + Number(text)).toFixed(8);
const order = (side: string, quantity: string, price: string, more: Record<string, string> = {}) => ({
  ...{ symbol: SYMBOL, type: 'LIMIT', timeInForce: 'GTC', newOrderRespType: 'FULL' },
  ...{ side, quantity: quantityOf(quantity), price: priceOf(price), ...more },
});
const place = (side: string, quantity: string, price: string, more?: Record<string, string>) =>
  accepted('POST', '/api/v3/order', order(side, quantity, price, more));
const mode = (selfTradePreventionMode: string) => ({ selfTradePreventionMode });
const query = (orderId: number) => accepted('GET', '/api/v3/order', { symbol: SYMBOL, orderId });
const matchesOf = (orderId: number, more = {}) => accepted('GET', '/api/v3/myPreventedMatches', { symbol: SYMBOL, orderId, ...more });
const cancelAll = () => alice.rest.signed('DELETE', '/api/v3/openOrders', { symbol: SYMBOL });

/** The reports of an order about prevented matches. */
async function preventions(orderId: number, count: number): Promise<any[]> {
  const isOne = ({ event }: any) => event?.e === 'executionReport' && event.i === orderId && event.x === 'TRADE_PREVENTION';
  const reports = () => alice.socket.messages.filter(isOne).map(({ event }: any) => event);
  while (reports().length < count) await alice.socket.until((message) => isOne(message) && reports().length >= count);
  return reports();
}

it('expire-maker ends the orders met one by one, and the new order rests', async () => {
  const makers = [await place('BUY', '1.2', '12'), await place('BUY', '1.3', '11'), await place('BUY', '8.1', '10')];
  const taker = await place('SELL', '3', '10', mode('EXPIRE_MAKER'));
  const [first] = taker.preventedMatches;
  assert.deepEqual(
    [taker.status, taker.origQty, taker.preventedQuantity, taker.tradeGroupId],
    ['NEW', quantityOf('3'), undefined, undefined],
  );
  assert.deepEqual(
    taker.preventedMatches,
    makers.map(({ orderId, price, origQty }, i) => ({
      preventedMatchId: first.preventedMatchId + i,
      makerSymbol: SYMBOL,
      makerOrderId: orderId,
      price,
      makerPreventedQuantity: origQty,
    })),
  );
  for (const [i, { orderId, origQty }] of makers.entries()) {
    const found = await query(orderId);
    assert.deepEqual(
      [found.status, found.preventedMatchId, found.preventedQuantity],
      ['EXPIRED_IN_MATCH', first.preventedMatchId + i, origQty],
    );
    const [{ v, A, B, u, U, Cs, pl, pL, pY, X, l, L, Y }] = await preventions(orderId, 1);
    assert.deepEqual([v, A, B, u, U, Cs, X], [first.preventedMatchId + i, origQty, origQty, -1, taker.orderId, SYMBOL, 'EXPIRED_IN_MATCH']);
    const lots = Math.min(Math.round(Number(origQty) * 1000) / 10, 3);
    assert.deepEqual([pl, pL], [quantityOf(String(lots)), priceOf(String(12 - i))]);
    assert.equal(pY, (Number(pl) * Number(pL)).toFixed(8));
    assert.deepEqual([l, L, Y].map(Number), [0, 0, 0]);
  }
  await cancelAll();
});

it('expire-taker ends the new order and leaves the order met, which says nothing', async () => {
  const maker = await place('BUY', '2', '10');
  const taker = await place('SELL', '3', '10', mode('EXPIRE_TAKER'));
  assert.deepEqual([taker.status, taker.preventedQuantity], ['EXPIRED_IN_MATCH', quantityOf('3')]);
  const [{ takerPreventedQuantity, makerPreventedQuantity }] = taker.preventedMatches;
  assert.deepEqual([takerPreventedQuantity, makerPreventedQuantity], [quantityOf('3'), undefined]);
  const met = await query(maker.orderId);
  assert.deepEqual([met.status, met.preventedMatchId, met.preventedQuantity], ['NEW', undefined, undefined]);
  const [{ B, pl, U }] = await preventions(taker.orderId, 1);
  assert.deepEqual([B, pl, U], [quantityOf('3'), quantityOf('2'), maker.orderId]);
  await cancelAll();
});

it('expire-both ends both, and an order that met nobody is not in a list', async () => {
  const maker = await place('BUY', '1', '10');
  const taker = await place('SELL', '3', '10', mode('EXPIRE_BOTH'));
  const [match] = await matchesOf(taker.orderId);
  assert.deepEqual([match.takerOrderId, match.makerOrderId, match.makerSymbol], [taker.orderId, maker.orderId, SYMBOL]);
  assert.deepEqual([match.takerPreventedQuantity, match.makerPreventedQuantity], [quantityOf('3'), quantityOf('1')]);
  assert.deepEqual([match.tradeGroupId, match.selfTradePreventionMode, match.price], [-1, 'EXPIRE_BOTH', priceOf('10')]);
  assert.equal(match.transactTime, taker.transactTime);
  assert.deepEqual(await matchesOf(maker.orderId), [match]);
  assert.deepEqual(await matchesOf((await place('BUY', '1', '5')).orderId), []);
  await cancelAll();
});

it('decrement counts what it takes off both with their quantities, also after a start', async () => {
  const maker = await place('BUY', '6', '20');
  const taker = await place('SELL', '2', '20', mode('DECREMENT'));
  assert.deepEqual([taker.status, taker.origQty, taker.preventedQuantity], ['EXPIRED_IN_MATCH', quantityOf('2'), quantityOf('2')]);
  const second = await place('SELL', '1', '20', mode('DECREMENT'));
  const reports = await preventions(maker.orderId, 2);
  assert.deepEqual(
    reports.map(({ X, q, A, B, U }) => [X, q, A, B, U]),
    [
      ['NEW', quantityOf('6'), quantityOf('2'), quantityOf('2'), taker.orderId],
      ['NEW', quantityOf('6'), quantityOf('3'), quantityOf('1'), second.orderId],
    ],
  );
  const state = ({ status, origQty, executedQty, preventedMatchId, preventedQuantity }: any) => [
    status,
    ...[origQty, executedQty, preventedQuantity].map((text) => Math.round(Number(text) * 100)),
    preventedMatchId,
  ];
  const last = second.preventedMatches[0].preventedMatchId;
  assert.deepEqual(state(await query(maker.orderId)), ['NEW', 6, 0, 3, last]);
  assert.equal((await matchesOf(second.orderId)).length, 1); // the store has all of it, and goes on behind it
  alice.close();
  await venue.kill();
  venue = await VenueProcess.start(data, '--demo', '--no-flow');
  await open();
  assert.deepEqual(state(await query(maker.orderId)), ['NEW', 6, 0, 3, last]);
  const { amendedOrder } = await accepted('PUT', '/api/v3/order/amend/keepPriority', {
    symbol: SYMBOL,
    orderId: maker.orderId,
    newQty: quantityOf('5'),
  });
  assert.deepEqual([amendedOrder.qty, amendedOrder.preventedQty], [quantityOf('5'), quantityOf('3')]);
  const { body: depth } = await alice.rest.public(`/api/v3/depth?symbol=${SYMBOL}`);
  assert.deepEqual(depth.bids[0], [priceOf('20'), quantityOf('2')], 'what is left of it is in the book');
  await cancelAll();
  assert.deepEqual(state(await query(maker.orderId)), ['CANCELED', 5, 0, 3, last]);
  const [amendment] = await accepted('GET', '/api/v3/order/amendments', { symbol: SYMBOL, orderId: maker.orderId });
  assert.deepEqual([amendment.origQty, amendment.newQty], [quantityOf('6'), quantityOf('5')]);
});

it('prevented matches are found by number and by order, page by page, by both doors, and only by their owners', async () => {
  const makers = [await place('BUY', '1', '12'), await place('BUY', '1', '11'), await place('BUY', '1', '10')];
  const taker = await place('SELL', '3', '10', mode('EXPIRE_MAKER'));
  const all = await matchesOf(taker.orderId);
  assert.deepEqual(
    all.map(({ makerOrderId }: any) => makerOrderId),
    makers.map(({ orderId }) => orderId),
  );
  const ids = all.map(({ preventedMatchId }: any) => preventedMatchId);
  assert.deepEqual(await matchesOf(taker.orderId, { fromPreventedMatchId: ids[1] }), all.slice(1));
  assert.deepEqual(await matchesOf(taker.orderId, { fromPreventedMatchId: ids[0], limit: 2 }), all.slice(0, 2));
  const byNumber = { symbol: SYMBOL, preventedMatchId: ids[2] };
  assert.deepEqual(await accepted('GET', '/api/v3/myPreventedMatches', byNumber), [all[2]]);
  assert.deepEqual((await alice.bySocket('myPreventedMatches', byNumber, true)).result, [all[2]]);
  assert.deepEqual((await alice.bySocket('myPreventedMatches', { symbol: SYMBOL, orderId: taker.orderId }, true)).result, all);
  const bob = await BothDoors.open(venue.url, 'bob');
  assert.deepEqual(await accepted('GET', '/api/v3/myPreventedMatches', byNumber, bob), []);
  assert.deepEqual(await accepted('GET', '/api/v3/myPreventedMatches', { symbol: SYMBOL, orderId: taker.orderId }, bob), []);
  bob.close();
  const refused: Record<string, number>[] = [
    {},
    { preventedMatchId: 1, orderId: 1 },
    { fromPreventedMatchId: 1 },
    { orderId: 1, limit: 5 },
  ];
  for (const sent of refused) {
    const { status, body } = await alice.rest.signed('GET', '/api/v3/myPreventedMatches', { symbol: SYMBOL, ...sent });
    assert.deepEqual([status, body.code], [400, -1128], JSON.stringify(sent));
  }
  await cancelAll();
});

it('orders of accounts of one group say the group, and both accounts have the match', async () => {
  const headers = { 'content-type': 'application/json', 'x-outcry-admin': fs.readFileSync(path.join(data, 'admin.token'), 'utf8').trim() };
  for (const name of ['alice', 'bob']) {
    const body = JSON.stringify({ GROUP: 9 });
    const response = await fetch(`${venue.url}/outcry/v1/accounts/${name}/rules`, { method: 'POST', headers, body });
    assert.equal(response.status, 200, await response.text());
  }
  const bob = await BothDoors.open(venue.url, 'bob');
  await accepted('POST', '/api/v3/order', order('SELL', '1', '30'), bob);
  const taker = await place('BUY', '1', '30', mode('EXPIRE_TAKER'));
  assert.equal(taker.tradeGroupId, 9);
  const [{ u }] = await preventions(taker.orderId, 1);
  assert.equal(u, 9);
  const byNumber = { symbol: SYMBOL, preventedMatchId: taker.preventedMatches[0].preventedMatchId };
  const [match] = await accepted('GET', '/api/v3/myPreventedMatches', byNumber);
  assert.equal(match.tradeGroupId, 9);
  assert.deepEqual(await accepted('GET', '/api/v3/myPreventedMatches', byNumber, bob), [match]);
  assert.equal((await accepted('GET', '/api/v3/account', {})).tradeGroupId, 9);
  bob.close();
});

it('amendments are found by their order, page by page, by both doors, and only by its owner', async () => {
  const { orderId, clientOrderId } = await place('BUY', '5', '3');
  const amend = async (newQty: string) =>
    (await accepted('PUT', '/api/v3/order/amend/keepPriority', { symbol: SYMBOL, orderId, newQty: quantityOf(newQty) })).executionId;
  const executions = [await amend('4'), await amend('3'), await amend('1')];
  const sent = { symbol: SYMBOL, orderId };
  const all = await accepted('GET', '/api/v3/order/amendments', sent);
  assert.deepEqual(
    all.map(({ executionId, origQty, newQty }: any) => [executionId, origQty, newQty]),
    [
      [executions[0], quantityOf('5'), quantityOf('4')],
      [executions[1], quantityOf('4'), quantityOf('3')],
      [executions[2], quantityOf('3'), quantityOf('1')],
    ],
  );
  assert.deepEqual([all[0].orderId, all[0].origClientOrderId, all[0].newClientOrderId], [orderId, clientOrderId, clientOrderId]);
  assert.deepEqual(await accepted('GET', '/api/v3/order/amendments', { ...sent, fromExecutionId: executions[1], limit: 1 }), [all[1]]);
  assert.deepEqual((await alice.bySocket('order.amendments', sent, true)).result, all);
  const bob = await BothDoors.open(venue.url, 'bob');
  const { status, body } = await bob.rest.signed('GET', '/api/v3/order/amendments', sent);
  assert.deepEqual([status, body.code], [400, -2013]);
  bob.close();
  await cancelAll();
});
