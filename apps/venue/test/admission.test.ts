import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { OuchClient } from './support/ouch-client.ts';
import { Client, VenueProcess } from './support/process.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-admission-'));
const config = path.join(folder, 'config.json');
const ORDERS = 40;
const MOST = ORDERS * 0.9;
const OF_ONE = 25;
fs.writeFileSync(config, JSON.stringify({ ouch: { port: 0 }, limits: { orders: ORDERS }, ordersPerAccount: OF_ONE }));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const PRICE = 500_000_000;
const ORDER = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '50000' };

test('no door lets one account fill the pool, or all of them its last tenth; cancels and replacements pass', async () => {
  const venue = await VenueProcess.start(path.join(folder, 'data'), '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { ouch: number } };
  const alice = await OuchClient.open(ports.ouch, 'ALICE', 'alicepass');
  const bob = await OuchClient.open(ports.ouch, 'BOB', 'bobpass');
  const of = (client: OuchClient, message: string) => client.told.filter((told) => told.message === message);
  const answered = (client: OuchClient, count: number) =>
    client.until(() => of(client, 'order_accepted').length + of(client, 'rejected').length === count);

  for (let i = 1; i <= OF_ONE + 3; i++) {
    alice.enter(i, 'B', 10, PRICE);
    await answered(alice, i);
  }
  assert.deepEqual([of(alice, 'order_accepted').length, of(alice, 'rejected').length], [OF_ONE, 3]);
  const rest = new Client(venue.url);
  const refused = await rest.signed('POST', '/api/v3/order', ORDER);
  assert.deepEqual(refused.body, { code: -1013, msg: 'Filter failure: MAX_NUM_ORDERS' });

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
    const before = bob.told.length;
    bob.enter(i, 'B', 10, PRICE);
    await bob.until(() => bob.told.length > before);
  }
  alice.close();
  bob.close();
  await venue.close();
});
