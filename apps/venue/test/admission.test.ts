import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Listener } from './support/listener.ts';
import { OuchClient } from './support/ouch-client.ts';
import { Client, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';
import { WIDE_INSTRUMENTS } from './support/wide-market.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-admission-'));
const config = path.join(folder, 'config.json');
const ORDERS = 40;
const MOST = ORDERS * 0.9;
const OF_ONE = 25;
fs.writeFileSync(
  config,
  JSON.stringify({ ouch: { port: 0 }, instruments: WIDE_INSTRUMENTS, limits: { orders: ORDERS }, ordersPerAccount: OF_ONE }),
);
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const PRICE = 500_000_000;
const ORDER = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '50000' };

test('no door lets one account fill the pool, or all of them its last tenth; cancels and replacements pass', async () => {
  const venue = await VenueProcess.start(path.join(folder, 'data'), '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { ouch: number } };
  const alice = await OuchClient.open(ports.ouch, 'ALICE', 'alicepass');
  const bob = await OuchClient.open(ports.ouch, 'BOB', 'bobpass');
  const of = (client: OuchClient, message: string) => client.received.filter((received) => received.message === message);
  const answered = (client: OuchClient, count: number) =>
    client.until(() => of(client, 'order_accepted').length + of(client, 'rejected').length === count);

  for (let i = 1; i <= OF_ONE + 3; i++) {
    alice.enter(i, 'B', 10, PRICE);
    await answered(alice, i);
  }
  assert.deepEqual([of(alice, 'order_accepted').length, of(alice, 'rejected').length], [OF_ONE, 3]);
  const rest = new Client(venue.url);
  const refused = await rest.signed('POST', '/api/v3/order', ORDER);
  assert.deepEqual(refused.body, { code: -1013, msg: 'Filter failure: EXCHANGE_MAX_NUM_ORDERS' });

  for (let i = 1; i <= ORDERS; i++) bob.enter(i, 'B', 10, PRICE); // at once: what is on its way counts
  await answered(bob, ORDERS);
  const entered = of(bob, 'order_accepted').length;
  assert.ok(entered > 0 && OF_ONE + entered <= MOST, `${entered} beside ${OF_ONE}`);
  for (let i = ORDERS + 1; OF_ONE + of(bob, 'order_accepted').length < MOST; i++) {
    bob.enter(i, 'B', 10, PRICE);
    await answered(bob, i);
  }
  const full = await new Client(venue.url, 'bob').signed('POST', '/api/v3/order', ORDER);
  assert.deepEqual(full.body, { code: -2010, msg: 'The venue holds as many open orders as it can; cancel some or try again later.' });
  bob.enter(1000, 'B', 10, PRICE);
  await bob.until(() => of(bob, 'rejected').some(({ userRef }) => userRef === 1000));

  alice.replace(1, 2000, 10, PRICE + 100);
  await alice.until(() => of(alice, 'order_replaced').length === 1);
  alice.cancel(2);
  await alice.until(() => of(alice, 'order_canceled').length === 1);
  // The memory monitor looks fifty times a second: until then it is short.
  for (let i = 1001; !of(bob, 'order_accepted').some(({ userRef }) => Number(userRef) > 1000); i++) {
    const before = bob.received.length;
    bob.enter(i, 'B', 10, PRICE);
    await bob.until(() => bob.received.length > before);
  }
  alice.close();
  bob.close();
  await venue.close();
});

test('an account that sends more than it may at once has no more for it, at any door, nor by replacing what is not there', async (t) => {
  const file = path.join(folder, 'burst.json');
  const [most, sent] = [200, 600];
  fs.writeFileSync(
    file,
    JSON.stringify({ ouch: { port: 0 }, instruments: WIDE_INSTRUMENTS, limits: { orders: 5000 }, ordersPerAccount: most }),
  );
  const venue = await VenueProcess.start(path.join(folder, 'burst'), '--demo', '--no-flow', '--config', file);
  t.after(() => venue.close());
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { ouch: number } };

  const alice = await OuchClient.open(ports.ouch, 'ALICE', 'alicepass');
  t.after(() => alice.close());
  const of = (message: string) => alice.received.filter((received) => received.message === message).length;
  alice.socket.cork();
  for (let i = 1; i <= sent; i++) alice.enter(i, 'B', 10, PRICE);
  alice.socket.uncork();
  await alice.until(() => of('order_accepted') + of('rejected') === sent);
  assert.deepEqual([of('order_accepted'), of('rejected')], [most, sent - most]);

  const bob = await Listener.open(venue.url, '/ws-api/v3');
  t.after(() => bob.close());
  const timestamp = () => Date.now();
  const logon = { apiKey: 'bob', timestamp: String(timestamp()) };
  const [, signature] = /signature=(\w+)/.exec(new Client(venue.url, 'bob').sign(logon))!;
  assert.equal((await bob.request({ id: 'in', method: 'session.logon', params: { ...logon, signature } })).status, 200);
  const burst = async (name: string, method: string, params: object, count: number) => {
    for (let i = 0; i < count; i++) bob.send({ id: `${name} ${i}`, method, params: { ...ORDER, ...params, timestamp: timestamp() } });
    const answered = () => bob.messages.filter(({ id }) => id.startsWith(`${name} `));
    await until(
      () => answered().length === count,
      () => `${answered().length} of ${count} answers`,
    );
    const answers = answered();
    return { entered: answers.filter(({ status }) => status === 200), refused: answers.filter(({ status }) => status !== 200) };
  };
  const openOrders = async () => (await new Client(venue.url, 'bob').signed('GET', '/api/v3/openOrders')).body as { orderId: number }[];
  const { entered, refused } = await burst('place', 'order.place', {}, sent);
  assert.deepEqual([entered.length, refused.length, (await openOrders()).length], [most, sent - most, most]);

  const replacing = { cancelReplaceMode: 'ALLOW_FAILURE' };
  const ofNothing = await burst('nothing', 'order.cancelReplace', { ...replacing, cancelOrigClientOrderId: 'there-is-none' }, 50);
  assert.deepEqual([ofNothing.entered.length, (await openOrders()).length], [0, most]);
  const [{ orderId }] = await openOrders();
  await burst('one', 'order.cancelReplace', { ...replacing, cancelOrderId: orderId }, 50);
  const after = await openOrders();
  assert.deepEqual(
    [after.length, after.some((order) => order.orderId === orderId)],
    [most, false],
    'replaced once, though the account is full',
  );
});
