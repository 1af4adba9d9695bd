import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { SOUP } from '@outcry/wire/soup';
import { administer } from './support/admin.ts';
import { OuchClient, type Received } from './support/ouch-client.ts';
import { VenueProcess } from './support/process.ts';
import { WIDE_INSTRUMENTS } from './support/wide-market.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-ouch-'));
const config = path.join(folder, 'config.json');
fs.writeFileSync(config, JSON.stringify({ ouch: { port: 0 }, instruments: WIDE_INSTRUMENTS }));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

let count = 0;
const PRICE = 500_000_000;

async function start(data = path.join(folder, String(count++))): Promise<{ venue: VenueProcess; port: number; data: string }> {
  const venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { ouch: number } };
  return { venue, port: ports.ouch, data };
}

const loggedIn = (does: (client: OuchClient) => void) => (client: OuchClient) => {
  client.login('BOB', 'bobpass');
  does(client);
};
const pick = (received: Received, ...names: string[]) => names.map((name) => received[name]);

test('orders are accepted, traded, replaced, reduced and cancelled, with the client told each in order', async () => {
  const { venue, port } = await start();
  const alice = await OuchClient.open(port, 'ALICE', 'alicepass');
  const bob = await OuchClient.open(port, 'BOB', 'bobpass');
  alice.enter(1, 'B', 1000, PRICE);
  assert.deepEqual(pick(await alice.next('order_accepted'), 'userRef', 'quantity', 'price', 'state', 'clientOrderId'), [
    1,
    1000,
    PRICE,
    'L',
    'order 1',
  ]);
  bob.enter(1, 'S', 300, PRICE);
  assert.deepEqual(pick(await alice.next('order_executed'), 'userRef', 'quantity', 'price', 'liquidity'), [1, 300, PRICE, 'A']);
  assert.deepEqual(pick(await bob.next('order_executed'), 'userRef', 'quantity', 'price', 'liquidity'), [1, 300, PRICE, 'R']);
  alice.replace(1, 2, 900, PRICE + 100); // of 900, 300 have traded
  assert.deepEqual(pick(await alice.next('order_replaced'), 'originalRef', 'userRef', 'quantity', 'price'), [1, 2, 600, PRICE + 100]);
  alice.cancel(2, 500);
  assert.deepEqual(pick(await alice.next('order_canceled'), 'userRef', 'quantity', 'reason'), [2, 400, 'U']);
  alice.replace(2, 3, 250, PRICE); // less than has traded: nothing is left of it
  assert.deepEqual(pick(await alice.next('order_canceled'), 'userRef', 'quantity', 'reason'), [2, 200, 'U']);
  alice.enter(4, 'B', 10, PRICE, { tif: '3' });
  assert.deepEqual(pick(await alice.next('order_canceled'), 'userRef', 'quantity', 'reason'), [4, 10, 'I']);
  alice.query();
  assert.equal((await alice.next('account_query_response')).nextUserRef, 5);
  alice.close();
  bob.close();
  await venue.close();
});

test('what is sent for an order that is on its way waits for it, in order; old references are retransmissions', async () => {
  const { venue, port } = await start();
  const alice = await OuchClient.open(port, 'ALICE', 'alicepass');
  alice.enter(1, 'B', 100, PRICE);
  alice.replace(1, 2, 100, PRICE + 100);
  alice.replace(2, 3, 50, PRICE + 200);
  alice.enter(4, 'B', 7, PRICE);
  alice.cancel(3);
  alice.enter(4, 'B', 7, PRICE);
  await alice.until(() => alice.received.length === 6);
  alice.query();
  await alice.next('account_query_response');
  assert.deepEqual(
    alice.received.map((received) => `${received.message} ${received.userRef ?? ''}`),
    [
      'system_event ',
      'order_accepted 1',
      'order_replaced 2',
      'order_replaced 3',
      'order_accepted 4',
      'order_canceled 3',
      'account_query_response ',
    ],
  );
  alice.close();
  await venue.close();
});

test('terms travel in the appendage: minimum, reserve, post-only, expiry, peg; what the venue does not do is refused with its code', async () => {
  const { venue, port } = await start();
  const alice = await OuchClient.open(port, 'ALICE', 'alicepass');
  const bob = await OuchClient.open(port, 'BOB', 'bobpass');
  alice.enter(1, 'B', 100, PRICE, { tags: [5, 5, 0, 0, 0, 10] }); // displays 10
  await alice.next('order_accepted');
  bob.enter(1, 'S', 10, PRICE);
  assert.deepEqual(pick(await alice.next('order_restated'), 'userRef', 'display_quantity'), [1, 10]);
  bob.enter(2, 'S', 10, PRICE, { tags: [2, 12, 'P'.charCodeAt(0)] });
  assert.equal((await bob.next('rejected')).userRef, 2, 'post-only would take');
  bob.enter(3, 'S', 500, PRICE, { tif: '3', tags: [5, 3, 0, 0, 1, 0xf4] });
  assert.deepEqual(pick(await bob.next('order_canceled'), 'userRef', 'quantity'), [3, 500], 'all or nothing');
  const refusals: [Parameters<OuchClient['enter']>, number][] = [
    [[10, 'X', 1, PRICE], 0x9],
    [[11, 'B', 0, PRICE], 0x13],
    [[12, 'B', 1, PRICE + 1], 0x1d],
    [[13, 'B', 1, PRICE, { symbol: 'NOTHING' }], 0x17],
    [[14, 'B', 1, PRICE, { tags: [5, 14, 65, 65, 65, 65] }], 0x16],
    [[15, 'B', 1, PRICE, { tags: [2, 99, 1] }], 0xf],
    [[16, 'B', 1, PRICE, { tags: [2, 6, 'Z'.charCodeAt(0)] }], 0x5],
  ];
  for (const [order, code] of refusals) {
    alice.enter(...order);
    assert.deepEqual(pick(await alice.next('rejected'), 'userRef', 'reason'), [order[0], code]);
  }
  alice.close();
  bob.close();
  await venue.close();
});

test('a client that comes back is told what it missed, from the number that it asks for', async () => {
  const { venue, port } = await start();
  const alice = await OuchClient.open(port, 'ALICE', 'alicepass');
  for (let i = 1; i <= 3000; i++) alice.enter(i, 'B', 1, PRICE - i * 100);
  await alice.until(() => alice.received.length === 3001);
  alice.close();
  const bob = await OuchClient.open(port, 'BOB', 'bobpass');
  bob.enter(1, 'S', 1, PRICE - 10_000);
  await bob.next('order_executed');
  const again = await OuchClient.open(port, 'ALICE', 'alicepass', 2000, alice.session);
  await again.until(() => again.received.length === 1003);
  assert.deepEqual(again.received.slice(0, 1002), alice.received.slice(1999));
  assert.equal(again.received[1002].message, 'order_executed');
  const third = await OuchClient.open(port, 'ALICE', 'alicepass', 0);
  await again.until(() => again.isClosed);
  assert.match(again.packets.at(-1)!.text, /logged in from elsewhere/);
  third.cancel(2);
  assert.equal((await third.next('order_canceled')).userRef, 2);
  assert.equal(third.received.length, 1, 'only what is new');
  third.close();
  bob.close();
  await venue.close();
});

test('a client that does not read for a while is told everything afterwards, in order, and nobody waits for it', async () => {
  const { venue, port } = await start();
  const MESSAGES = 400_000; // some 15 MB: more than the system's buffers and the venue's 1 MiB hold
  const alice = await OuchClient.open(port, 'ALICE', 'alicepass');
  const bob = await OuchClient.open(port, 'BOB', 'bobpass');
  alice.socket.pause();
  for (let i = 1; i <= MESSAGES; i++) {
    alice.enter(i, 'Q', 1, PRICE); // there is no such side
    if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  bob.enter(1, 'B', 1, PRICE);
  await bob.next('order_accepted');
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(alice.received.length < MESSAGES);
  alice.socket.resume();
  await alice.until(() => alice.received.length === MESSAGES + 1);
  const wrong = alice.received.slice(1).findIndex(({ message, userRef }, i) => message !== 'rejected' || userRef !== i + 1);
  assert.equal(wrong, -1, JSON.stringify(alice.received[wrong + 1]));
  alice.close();
  bob.close();
  await venue.close();
});

test('orders of a login with cancel-on-disconnect go with its last connection; a mass cancel takes them by symbol', async () => {
  const { venue, port, data } = await start();
  await administer({ url: venue.url, data }, 'accounts/alice/logins', { user: 'KILL', password: 'killpass', cancelOnDisconnect: true });
  const openOrders = async () => ((await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { openOrders: number }).openOrders;
  const kill = await OuchClient.open(port, 'KILL', 'killpass');
  const alice = await OuchClient.open(port, 'ALICE', 'alicepass');
  for (let i = 1; i <= 20; i++) kill.enter(i, 'B', 1, PRICE);
  for (let i = 1; i <= 5; i++) alice.enter(i, 'B', 10, PRICE);
  alice.enter(6, 'B', 10, 20_000_000, { symbol: 'ETHUSDT' });
  await kill.until(() => kill.received.length === 21);
  await alice.until(() => alice.received.length === 7);
  const again = await OuchClient.open(port, 'KILL', 'killpass', 0);
  await kill.until(() => kill.isClosed);
  again.enter(21, 'B', 1, PRICE);
  await again.next('order_accepted');
  assert.equal(await openOrders(), 27, 'who comes back keeps them');
  again.enter(22, 'B', 1, PRICE);
  again.close();
  await alice.until(() => again.isClosed);
  while ((await openOrders()) !== 6) await new Promise((resolve) => setTimeout(resolve, 10));
  alice.massCancel(7, 'BTCUSDT');
  await alice.next('mass_cancel_response');
  while ((await openOrders()) !== 1) await new Promise((resolve) => setTimeout(resolve, 10));
  alice.close();
  await venue.close();
});

test('after kill -9 a new session tells of the open orders, they can be cancelled, and used references stay used', async () => {
  const { venue, port, data } = await start();
  const alice = await OuchClient.open(port, 'ALICE', 'alicepass');
  const bob = await OuchClient.open(port, 'BOB', 'bobpass');
  for (let i = 1; i <= 10; i++) alice.enter(i, 'B', 100, PRICE);
  await alice.until(() => alice.received.length === 11);
  bob.enter(1, 'S', 130, PRICE);
  await alice.until(() => alice.received.length === 13);
  await venue.kill('SIGKILL');
  const second = await start(data);
  const late = await OuchClient.open(second.port, 'ALICE', 'alicepass', 1, alice.session);
  assert.deepEqual(late.packets[0], { type: 'J', text: 'S' }, 'that session is over');
  assert.equal(fs.readdirSync(path.join(data, 'soup')).length, 1, 'and its file gone');
  const again = await OuchClient.open(second.port, 'ALICE', 'alicepass');
  await again.until(() => again.received.length === 10);
  assert.deepEqual(
    again.received.slice(1).map((received) => pick(received, 'userRef', 'quantity')),
    [[2, 70], ...[3, 4, 5, 6, 7, 8, 9, 10].map((i) => [i, 100])],
  );
  again.enter(1, 'B', 100, PRICE);
  again.enter(10, 'B', 100, PRICE);
  again.query();
  assert.equal((await again.next('account_query_response')).nextUserRef, 11);
  again.cancel(2);
  assert.deepEqual(pick(await again.next('order_canceled'), 'userRef', 'quantity'), [2, 70]);
  again.replace(3, 11, 50, PRICE + 100);
  assert.deepEqual(pick(await again.next('order_replaced'), 'userRef', 'quantity'), [11, 50]);
  again.close();
  await second.venue.close();
});

test('wrong logins, packets out of place and bytes that are no protocol end the connection with a reason, and nobody else notices', async () => {
  const { venue, port } = await start();
  const alice = await OuchClient.open(port, 'ALICE', 'alicepass');
  const wrong = await OuchClient.open(port, 'ALICE', 'nonsense');
  assert.deepEqual(wrong.packets[0], { type: 'J', text: 'A' });
  await wrong.until(() => wrong.isClosed);
  const endings: [string, (client: OuchClient) => void, RegExp][] = [
    ['an order before login', (c) => c.enter(1, 'B', 1, PRICE), /log in first/],
    ['a packet of no length', (c) => c.socket.write(Buffer.from([0, 0, 1])), /no valid length/],
    ['a packet too long', (c) => c.socket.write(Buffer.from([255, 255, 85])), /no valid length/],
    ['a login cut short', (c) => c.packet(SOUP.LOGIN_REQUEST, new Uint8Array(10)), /46 bytes/],
    ['a type of its own', loggedIn((c) => c.packet(0x7a)), /no packet type/],
    ['an unknown message', loggedIn((c) => c.packet(SOUP.UNSEQUENCED, Uint8Array.of(0x7a))), /unknown_type/],
    ['half an order', loggedIn((c) => c.packet(SOUP.UNSEQUENCED, Uint8Array.of(0x4f, 0, 0))), /truncated/],
    ['a second login', loggedIn((c) => c.login('BOB', 'bobpass')), /logged in already/],
    ['a logout', loggedIn((c) => c.packet(SOUP.LOGOUT_REQUEST)), /goodbye/],
  ];
  for (const [what, does, why] of endings) {
    const client = new OuchClient(port);
    does(client);
    await client.until(() => client.isClosed);
    assert.match(client.packets.at(-1)?.text ?? '', why, what);
  }
  for (let i = 0; i < 30; i++) await OuchClient.open(port, 'ALICE', `guess${i}`);
  const blocked = await OuchClient.open(port, 'ALICE', 'alicepass');
  assert.equal(
    blocked.packets[0].type,
    'J',
    'who is guessed at from an address is shut out there for a while, also with the right password',
  );
  const bob = await OuchClient.open(port, 'BOB', 'bobpass');
  assert.equal(bob.packets[0].type, 'A', 'and nobody else');
  bob.close();
  alice.enter(1, 'B', 1, PRICE);
  await alice.next('order_accepted');
  alice.close();
  await venue.close();
});
