/** What an account is told of its orders: fields that appear under a condition, and filters that only an administrator's rules bring about. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { names } from './binance-coverage/fact.ts';
import { conditionalFields, REPORT_FIELDS } from './binance-coverage/user-events.ts';
import { BothDoors } from './support/both-doors.ts';
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

async function admin(route: string, body: object): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    'x-outcry-admin': fs.readFileSync(path.join(data, 'admin.token'), 'utf8').trim(),
  };
  const response = await fetch(`${venue.url}/outcry/v1/${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(response.status, 200, await response.text());
}

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
  const resting = await place({ side: 'SELL', price: '60000' });
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
