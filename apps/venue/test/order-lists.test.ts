import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS, type VenueConfig } from '../src/domain/config.ts';
import { Doors, log, OCO, ok, SYMBOL } from './support/doors.ts';
import { temporaryDirectory } from './support/process.ts';

/** Lists that a client sends again: its id is in use as long as an order of the list is open. */

const RETRIED = { ...OCO, listClientOrderId: 'RETRY' };
const OTO = {
  symbol: SYMBOL,
  workingType: 'LIMIT',
  workingTimeInForce: 'GTC',
  workingSide: 'BUY',
  workingQuantity: '0.001',
  workingPrice: '50000',
  pendingType: 'LIMIT',
  pendingTimeInForce: 'GTC',
  pendingSide: 'SELL',
  pendingQuantity: '0.001',
  pendingPrice: '70000',
  listClientOrderId: 'RETRY',
};
const DUPLICATE = { code: -2010, msg: 'Duplicate order sent.' };

function configured(): VenueConfig {
  const data = temporaryDirectory('order-lists');
  const limits = { orders: 1000, accounts: 100, assets: 8, instruments: 4 };
  return { ...DEFAULTS, assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS, port: 0, data, limits };
}

const sent = async (doors: Doors, list: Record<string, string> = RETRIED, who = doors.alice) =>
  (await who.signed('POST', `/api/v3/orderList/${list.workingType === undefined ? 'oco' : 'oto'}`, list)).body;

it('a list is not entered twice: not by a retry, of whatever kind, not by two at once, and not after a start', async (t) => {
  const config = configured();
  const doors = await Doors.open(t, config);
  const { alice, bob } = doors;
  await startDemo(doors.venue, { flow: false }, log);

  const atOnce = await Promise.all([sent(doors), sent(doors), sent(doors)]);
  const entered = atOnce.filter(({ orderListId }) => orderListId !== undefined);
  assert.equal(entered.length, 1, JSON.stringify(atOnce));
  assert.deepEqual(
    atOnce.filter((answer) => answer !== entered[0]),
    [DUPLICATE, DUPLICATE],
  );
  assert.deepEqual(await sent(doors), DUPLICATE);
  assert.deepEqual(await sent(doors, OTO), DUPLICATE, 'a list of another kind');
  assert.ok((await sent(doors, RETRIED, bob)).orderListId > 0, 'another account has ids of its own');
  assert.equal((await doors.openOrders(alice)).length, 2);
  await doors.venue.close();

  const again = await Doors.open(t, config);
  assert.deepEqual(await sent(again), DUPLICATE);
  const { orders, orderListId } = await ok(again.alice.signed('GET', '/api/v3/orderList', { origClientOrderId: 'RETRY' }));
  assert.equal(orderListId, entered[0].orderListId);
  await again.cancel(again.alice, orders[0].orderId);
  assert.ok((await sent(again)).orderListId > orderListId, 'the id is free with the list');
  assert.deepEqual(await sent(again), DUPLICATE);
  await again.venue.close();
});

it('the id of a list is in use until its last order has ended: while one waits, and after the other has traded', async (t) => {
  const doors = await Doors.open(t, configured());
  const { alice, bob } = doors;
  await startDemo(doors.venue, { flow: false }, log);
  assert.ok((await sent(doors, OTO)).orderListId > 0);
  await doors.place(bob, 'SELL', '50000');
  assert.deepEqual(await sent(doors, OTO), DUPLICATE, 'the order that waited is in the book');
  const [pending] = await doors.openOrders(alice);
  await doors.cancel(alice, pending);
  assert.ok((await sent(doors, OTO)).orderListId > 0);
  await doors.venue.close();
});

it('a list whose like was refused while it was on its way is told the same, not that it is a duplicate', async (t) => {
  const doors = await Doors.open(t, configured());
  await startDemo(doors.venue, { flow: false }, log);
  const tooMuch = { ...RETRIED, quantity: '101' };
  const answers = await Promise.all([sent(doors, tooMuch), sent(doors, tooMuch)]);
  const refused = { code: -2010, msg: 'Account has insufficient balance for requested action.' };
  assert.deepEqual(answers, [refused, refused]);
  assert.ok((await sent(doors)).orderListId > 0);
  await doors.venue.close();
});
