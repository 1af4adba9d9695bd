/** What an account is told of its orders: fields that appear under a condition, and filters that only an administrator's rules bring about. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, it } from 'node:test';
import { names } from './binance-coverage/fact.ts';
import { conditionalFields, REPORT_FIELDS } from './binance-coverage/user-events.ts';
import { administer } from './support/admin.ts';
import { BothDoors } from './support/both-doors.ts';
import { Listener } from './support/listener.ts';
import { temporaryDirectory, VenueProcess } from './support/process.ts';

const SYMBOL = 'BTCUSDT';
const data = temporaryDirectory('binance-reports');
let venue: VenueProcess;
let alice: BothDoors;

before(async () => {
  venue = await VenueProcess.start(data, '--demo', '--no-flow');
  alice = await BothDoors.open(venue.url);
  assert.equal((await alice.bySocket('userDataStream.subscribe.signature', {}, true)).result.subscriptionId, 0);
});
after(async () => {
  alice.close();
  await venue.close();
  fs.rmSync(data, { recursive: true, force: true });
});

const admin = (route: string, body: object) => administer({ url: venue.url, data }, route, body);

const order = (more: Record<string, string>) => ({ symbol: SYMBOL, type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', ...more });

async function place(more: Record<string, string>): Promise<any> {
  const { status, body } = await alice.rest.signed('POST', '/api/v3/order', order(more));
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** The reports of an order, once there is one of its last state. */
async function reportsOf(orderId: number, state: string): Promise<any[]> {
  const isOf = ({ event }: any) => event?.e === 'executionReport' && event.i === orderId;
  await alice.socket.until((message) => isOf(message) && message.event.X === state, `the report that order ${orderId} is ${state}`);
  return alice.socket.messages.filter(isOf).map(({ event }) => event);
}

it('executionReport has the documented fields of each kind of order, and no others', async () => {
  const seen = new Set<string>();
  const note = (reports: any[]) => {
    for (const report of reports) for (const name of Object.keys(report)) seen.add(name);
    for (const name of names(REPORT_FIELDS)) for (const report of reports) assert.ok(Object.hasOwn(report, name), `${name} of ${report.X}`);
  };
  const resting = await place({ side: 'SELL', price: '60000', strategyId: '7', strategyType: '1000000' });
  note(await reportsOf(resting.orderId, 'NEW'));
  const sweeping = await place({ side: 'BUY', price: '60000', quantity: '0.02', timeInForce: 'IOC' });
  note(await reportsOf(sweeping.orderId, 'EXPIRED'));
  const bid = await place({ side: 'BUY', price: '59000' });
  await place({ side: 'BUY', price: '58000' });
  const trailing = { side: 'SELL', type: 'STOP_LOSS_LIMIT', trailingDelta: '100', price: '50000' };
  note(await reportsOf((await place(trailing)).orderId, 'NEW'));
  const pegged = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', pegPriceType: 'PRIMARY_PEG' };
  const { status, body } = await alice.rest.signed('POST', '/api/v3/order', {
    ...pegged,
    pegOffsetType: 'PRICE_LEVEL',
    pegOffsetValue: '1',
  });
  assert.equal(status, 200, JSON.stringify(body));
  note(await reportsOf(body.orderId, 'NEW'));
  const own = await place({ side: 'SELL', price: '59000', selfTradePreventionMode: 'EXPIRE_TAKER' });
  note(await reportsOf(own.orderId, 'EXPIRED_IN_MATCH'));
  await alice.rest.signed('DELETE', '/api/v3/order', { symbol: SYMBOL, orderId: bid.orderId });
  note(await reportsOf(bid.orderId, 'CANCELED'));
  const there = conditionalFields.filter(({ not }) => not === undefined).map(({ name }) => name);
  assert.deepEqual([...seen].sort(), [...names(REPORT_FIELDS), ...there].sort());
});

it('an order that expired says why', async () => {
  const bids = await alice.rest.signed('DELETE', '/api/v3/openOrders', { symbol: SYMBOL });
  assert.equal(bids.status, 200);
  const whyOf = async (orderId: number) => (await reportsOf(orderId, 'EXPIRED')).at(-1).eR;
  await place({ side: 'SELL', price: '60000' });
  const ioc = await place({ side: 'BUY', price: '59000', timeInForce: 'IOC' });
  assert.equal(await whyOf(ioc.orderId), 'UNFILLED_IOC_QUANTITY_EXPIRED');
  const fok = await place({ side: 'BUY', price: '60000', quantity: '0.02', timeInForce: 'FOK' });
  assert.equal(await whyOf(fok.orderId), 'UNFILLED_FOK_ORDER_EXPIRED');
  const market = await alice.rest.signed('POST', '/api/v3/order', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '0.02' });
  assert.equal(await whyOf(market.body.orderId), 'INSUFFICIENT_LIQUIDITY');
  const pair = { symbol: SYMBOL, side: 'SELL', quantity: '0.01', aboveType: 'LIMIT_MAKER', abovePrice: '70000', belowType: 'STOP_LOSS' };
  const { body: list } = await alice.rest.signed('POST', '/api/v3/orderList/oco', { ...pair, belowStopPrice: '50000' });
  const [above, below] = list.orderReports;
  await place({ side: 'BUY', price: '70000' });
  assert.equal((await reportsOf(above.orderId, 'FILLED')).at(-1).eR, undefined);
  assert.equal(await whyOf(below.orderId), 'OCO_TRIGGER');
  const first = { workingType: 'LIMIT', workingTimeInForce: 'FOK', workingSide: 'BUY', workingPrice: '50000', workingQuantity: '0.01' };
  const second = { pendingType: 'LIMIT', pendingTimeInForce: 'GTC', pendingSide: 'SELL', pendingPrice: '90000', pendingQuantity: '0.01' };
  const { body: oto } = await alice.rest.signed('POST', '/api/v3/orderList/oto', { symbol: SYMBOL, ...first, ...second });
  const [working, pending] = oto.orderReports;
  assert.equal(await whyOf(working.orderId), 'UNFILLED_FOK_ORDER_EXPIRED');
  assert.equal(await whyOf(pending.orderId), 'OTO_PHASE_ONE_EXPIRED');
});

it('trailing and pegged orders say by how much, and from where', async () => {
  const pegged = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', pegPriceType: 'PRIMARY_PEG' };
  await place({ side: 'BUY', price: '49000' });
  await place({ side: 'BUY', price: '48000' });
  const { body } = await alice.rest.signed('POST', '/api/v3/order', { ...pegged, pegOffsetType: 'PRICE_LEVEL', pegOffsetValue: '1' });
  const [{ gP, gOT, gOV, gp, p }] = await reportsOf(body.orderId, 'NEW');
  assert.deepEqual([gP, gOT, gOV, gp, p], ['PRIMARY_PEG', 'PRICE_LEVEL', 1, '48000.00000000', '48000.00000000']);
  const trailing = await place({ side: 'SELL', type: 'STOP_LOSS_LIMIT', trailingDelta: '100', price: '40000' });
  assert.equal((await reportsOf(trailing.orderId, 'NEW'))[0].d, 100);
});

it('a subscription that ends says so, and the others go on', async () => {
  const desk = await BothDoors.open(venue.url);
  const id = async (method: string, isSigned: boolean) => (await desk.bySocket(method, {}, isSigned)).result.subscriptionId;
  const ended = (door: BothDoors, number: number) =>
    door.socket.until(({ subscriptionId, event }) => subscriptionId === number && event?.e === 'eventStreamTerminated');
  await desk.bySocket('session.logon', {}, true);
  assert.equal(await id('userDataStream.subscribe', false), 0);
  assert.deepEqual((await desk.bySocket('session.subscriptions', {}, false)).result, [{ subscriptionId: 0 }]);
  await desk.bySocket('session.logout', {}, false);
  assert.deepEqual(Object.keys((await ended(desk, 0)).event), ['e', 'E']);
  assert.deepEqual((await desk.bySocket('session.subscriptions', {}, false)).result, []);
  assert.equal(await id('userDataStream.subscribe.signature', true), 1);
  await desk.bySocket('session.logon', {}, true);
  await desk.bySocket('session.logout', {}, false);
  assert.deepEqual((await desk.bySocket('session.subscriptions', {}, false)).result, [{ subscriptionId: 1 }], 'it rests on no log-in');
  await desk.bySocket('userDataStream.unsubscribe', { subscriptionId: 1 }, false);
  await ended(desk, 1);
  desk.close();
});

it('the rules that an administrator sets refuse orders by the names of filters', async () => {
  const refused = async (more: Record<string, string>, name: string) => {
    const { status, body } = await alice.rest.signed('POST', '/api/v3/order', order(more));
    assert.deepEqual([status, body], [400, { code: -1013, msg: `Filter failure: ${name}` }]);
  };
  await admin('accounts/alice/rules', { MAX_POSITION: { BTC: '1' } });
  await refused({ side: 'BUY', price: '50000', quantity: '2' }, 'MAX_POSITION');
  await admin('accounts/alice/rules', { MAX_POSITION: { BTC: '0' } });
  await admin(`instruments/${SYMBOL}/rules`, { REFERENCE_PRICE: '60000', STATIC_BAND: 500 });
  await refused({ side: 'BUY', price: '50000' }, 'PERCENT_PRICE');
  await admin(`instruments/${SYMBOL}/rules`, { STATIC_BAND: 0 });
});

it('a reference price is told as it is set, by stream and on request', async () => {
  const reader = await Listener.open(venue.url, `/ws/${SYMBOL.toLowerCase()}@referencePrice`);
  const told = (price: string | null) => reader.until(({ r }) => r === price, `the reference price ${price}`);
  await admin(`instruments/${SYMBOL}/rules`, { REFERENCE_PRICE: '61000' });
  const before = Date.now();
  const { t, ...rest } = await told('61000.00000000');
  assert.deepEqual(rest, { e: 'referencePrice', s: SYMBOL, r: '61000.00000000' });
  assert.ok(t <= Date.now() && before - t < 60_000);
  const asked = async (route: string) => (await alice.rest.public(`/api/v3/${route}?symbol=${SYMBOL}`)).body;
  assert.equal((await asked('referencePrice')).referencePrice, '61000.00000000');
  const calculation = { symbol: SYMBOL, calculationType: 'EXTERNAL', externalCalculationId: 1 };
  assert.deepEqual(await asked('referencePrice/calculation'), calculation);
  await admin(`instruments/${SYMBOL}/rules`, { REFERENCE_PRICE: '0' });
  await told(null);
  for (const route of ['referencePrice', 'referencePrice/calculation']) assert.equal((await asked(route)).code, -2043);
  const present = await Listener.open(venue.url, `/ws/${SYMBOL.toLowerCase()}@referencePrice`);
  assert.equal((await present.until(({ e }) => e === 'referencePrice')).r, null);
  const { body } = await alice.rest.public(`/api/v3/referencePrice/calculation?symbol=${SYMBOL}&symbolStatus=BREAK`);
  assert.equal(body.code, -1220);
  for (const listener of [reader, present]) listener.close();
});
