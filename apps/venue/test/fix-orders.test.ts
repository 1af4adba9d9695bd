import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import type { Logger } from 'pino';
import type { Gateway } from '../src/core/orders/gateway.ts';
import type { Outcome } from '../src/core/orders/outcome.ts';
import type { Services } from '../src/core/services.ts';
import { SessionDay } from '../src/core/session-day.ts';
import type { Order } from '../src/domain/orders.ts';
import type { FixClient } from '../src/doors/fix/fix-client.ts';
import { LeftOrders } from '../src/doors/fix/left-orders.ts';
import { StoredOrders } from '../src/doors/fix/stored-orders.ts';
import { UsedIds } from '../src/doors/fix/used-ids.ts';
import type { CommandFields } from '../src/spine/commands.ts';
import { StoreWatch } from '../src/store/store-watch.ts';
import { administer } from './support/admin.ts';
import { FixClient as Client } from './support/fix-client.ts';
import { Client as RestClient, temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

const folder = temporaryDirectory('fix-orders');
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function clientOf(user: string, account: number, cancelOnDisconnect = false): FixClient {
  return { login: { user, account, cancelOnDisconnect }, logons: 1, ended: 0 } as FixClient;
}

test('with cancel-on-disconnect go the orders that a session entered: not those of other doors that it asked about, or tried to cancel', async () => {
  const config = path.join(folder, 'config.json');
  fs.writeFileSync(config, JSON.stringify({ fix: { port: 0 } }));
  const venue = await VenueProcess.start(path.join(folder, 'data'), '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { fix: number } };
  await administer(venue, 'accounts/alice/logins', { user: 'KILL', password: 'killpass', cancelOnDisconnect: true });
  const rest = new RestClient(venue.url);
  for (const newClientOrderId of ['rest-1', 'rest-2']) {
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '1', newClientOrderId };
    assert.equal((await rest.signed('POST', '/api/v3/order', order)).status, 200);
  }
  const kill = await Client.logon(ports.fix, 'KILL');
  for (let i = 0; i < 10; i++) {
    kill.order(`fix-${i}`, 1, '1', '49000');
    assert.deepEqual(await kill.report(11, 150), [`fix-${i}`, '0']);
  }
  kill.send('H', [
    [11, 'rest-1'],
    [55, 'BTCUSDT'],
    [54, 1],
  ]);
  assert.deepEqual(await kill.report(11, 150, 39), ['rest-1', 'I', '0']);
  kill.send('G', [[41, 'rest-2'], ...Client.fields('too-dear', 1, '1000000', '50000')]);
  assert.equal((await kill.take('9')).get(41), 'rest-2');
  const bob = await Client.logon(ports.fix, 'BOB');
  bob.order('b1', 2, '0.5', '50000');
  assert.deepEqual(await kill.report(11, 150, 32), ['rest-1', 'F', '0.5'], 'who asked is told what comes of it');
  kill.socket.destroy();
  const openOrders = async () =>
    (await rest.signed('GET', '/api/v3/openOrders')).body.map((order: { clientOrderId: string }) => order.clientOrderId);
  let left: string[] = [];
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 20))) {
    left = await openOrders();
    if (!left.some((id) => id.startsWith('fix-'))) break;
  }
  assert.ok(left.includes('rest-1'), `left are ${left}`);
  assert.ok(!left.some((id) => id.startsWith('fix-')), `left are ${left}`);
  await venue.close();
});

test("whoever comes and goes over and over has his orders looked at by one walk at a time, and nobody else's", async () => {
  const orders = new Map<number, Order>();
  let looks = 0;
  const gateway = {
    view: {
      orders: {
        get: (id: number) => {
          looks++;
          return orders.get(id);
        },
      },
    },
    submit: async ({ orderId }: CommandFields) => {
      await new Promise((resolve) => setImmediate(resolve));
      orders.delete(orderId!);
      left.over(orderId! % 2 === 0 ? gone : other, orderId!);
      return {} as Outcome;
    },
  } as unknown as Gateway;
  const left = new LeftOrders(gateway);
  const [gone, other] = [clientOf('GONE', 1, true), clientOf('OTHER', 1)];
  const count = 20_000;
  for (let i = 0; i < count; i++) {
    const order = { id: i, account: 1, instrument: 0 } as Order;
    orders.set(i, order);
    left.entered(i % 2 === 0 ? gone : other, order, 1);
  }
  for (let i = 0; i < 1000; i++) {
    left.gone(gone);
    gone.logons++;
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(
    () => orders.size === count / 2,
    () => `${orders.size} orders`,
  );
  assert.ok(looks <= count, `${looks} looks at ${count / 2} orders of its own`);
  const late = { id: count, account: 1, instrument: 0 } as Order;
  orders.set(count, late);
  left.entered(gone, late, gone.ended); // it was on its way
  await until(
    () => !orders.has(count),
    () => 'the end of one that came late',
  );
});

test("a client whose questions take the store long does not hold up others' answers", async () => {
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  let stored = 0;
  const services = {
    config: { readWaitMs: 15_000 },
    gateway: { sequence: 7 },
    storeWatch: new StoreWatch({ read: () => stored }),
    history: {
      storedOrder: ({ who }: { who: string }) => {
        asked.push(who);
        return who === 'account 1' ? new Promise<void>((resolve) => answers.push(resolve)) : Promise.resolve(undefined);
      },
    },
  } as unknown as Services;
  const questions = new StoredOrders(services);
  const [slow, quick] = [clientOf('SLOW', 1), clientOf('QUICK', 2)];
  const received: string[] = [];
  const ask = (client: FixClient, clientId: string) =>
    questions.ask({ client, instrument: 0, clientId, answer: () => received.push(clientId), fail: (why) => received.push(why) });
  for (let i = 0; i < 33; i++) ask(slow, `slow-${i}`);
  assert.deepEqual(received, ['too many questions at once']);
  ask(quick, 'quick-1');
  ask(quick, 'quick-2');
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.deepEqual(asked, [], 'the store must have what was told before');
  stored = 7;
  await until(
    () => received.length === 3,
    () => `the answers of the other, got ${received}`,
  );
  assert.deepEqual(received.slice(1), ['quick-1', 'quick-2']);
  assert.equal(asked.filter((who) => who === 'account 1').length, 1, 'one of a client at a time');
  for (let i = 0; i < 32; i++) {
    await until(
      () => answers.length > i,
      () => `question ${i}`,
    );
    answers[i]();
  }
  await until(
    () => received.length === 35,
    () => `all answers, got ${received.length}`,
  );
  ask(slow, 'again');
  await until(
    () => answers.length === 33,
    () => 'another question',
  );
});

test('an account that used all the ClOrdIDs of a day has no more remembered, whatever its cancels are called', () => {
  const day = new SessionDay('17:00');
  const ids = new UsedIds({} as Services, day, {} as Logger, 1000);
  for (let i = 0; i < 5000; i++) ids.add(1, `cancel-${i}`);
  assert.equal(ids.isFull(1), true, 'it enters nothing new');
  assert.equal(ids.has(1, 'cancel-999'), true);
  assert.equal(ids.has(1, 'cancel-1000'), false, 'and takes no more memory');
  ids.add(2, 'first');
  assert.deepEqual([ids.has(2, 'first'), ids.isFull(2)], [true, false]);
  ids.close();
  day.close();
});
