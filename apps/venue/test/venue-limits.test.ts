/** What a venue has room for: requests, orders, memory, rings. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Arena } from '@outcry/memory/arena';
import { SharedMap } from '@outcry/memory/shared-map';
import { balanceValue, touchValue } from '../src/core/orders/shared-state.ts';
import { ORDER, place, startWith, statusOf } from './support/faults.ts';
import { Client, temporaryDirectory } from './support/process.ts';
import { until } from './support/until.ts';

describe('limits', () => {
  it('answers 429 with the time to wait beyond the request weight and the orders allowed', async (t) => {
    const venue = await startWith(t, { rateLimits: { weightPerMinute: 300, ordersPerTenSeconds: 10, ordersPerDay: 1000 } });
    const alice = new Client(venue.url);
    // Windows of ten seconds and of a minute may end meanwhile, and more than once on a slow machine.
    let { code } = await place(alice);
    for (let i = 0; i < 200 && code === 0; i++) ({ code } = await place(alice));
    assert.equal(code, -1015, 'no order was one too many');
    let last = await alice.public('/api/v3/ping');
    for (let i = 0, used = 0; i < 2000 && last.status === 200; i++) {
      last = await alice.public('/api/v3/ping');
      const counted = Number(last.headers.get('x-mbx-used-weight-1m') ?? 0);
      if (last.status === 200) assert.ok(counted > used || counted === 1, `${counted} after ${used}`);
      used = counted;
    }
    assert.deepEqual([last.status, last.body.code], [429, -1003]);
    assert.ok(Number(last.headers.get('retry-after')) >= 1);
  });

  it('refuses an order when the venue holds as many as it can, and takes it after a cancel', async (t) => {
    const venue = await startWith(t, { limits: { orders: 5 } });
    const alice = new Client(venue.url);
    const placed = [];
    for (let i = 0; i < 6; i++) placed.push(await place(alice));
    assert.deepEqual(
      placed.map(({ code }) => code),
      [0, 0, 0, 0, 0, -2010],
    );
    await alice.signed('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', orderId: placed[0].id });
    assert.equal((await place(alice)).code, 0);
  });

  it('that change between two starts change nothing of what was acknowledged, and hold from then on', async (t) => {
    const venue = await startWith(t, { limits: { orders: 5 } });
    const alice = new Client(venue.url);
    const placed = [];
    for (let i = 0; i < 6; i++) placed.push((await place(alice)).code);
    assert.deepEqual(placed, [0, 0, 0, 0, 0, -2010]);
    await venue.kill();
    for (const limits of [{ orders: 4 }, { accounts: 1 }, { assets: 2 }, { instruments: 1 }]) {
      const [name, [value]] = [Object.keys(limits)[0], Object.values(limits)];
      await assert.rejects(
        startWith(t, { limits: { orders: 5, ...limits } }, venue.data),
        new RegExp(
          `limits\\.${name}(?: cannot be ${value}: \\d+ ${name} are in use|: ${value} is less than the \\d+ ${name} that are defined)`,
        ),
      );
    }
    for (const orders of [7, 6]) {
      const again = await startWith(t, { limits: { orders } }, venue.data);
      const client = new Client(again.url);
      const { body } = await client.signed('GET', '/api/v3/openOrders');
      assert.equal(body.length, orders === 7 ? 5 : 6, 'none more, none less');
      const codes = [(await place(client)).code, (await place(client)).code, (await place(client)).code];
      assert.deepEqual(codes, orders === 7 ? [0, 0, -2010] : [-2010, -2010, -2010]);
      if (orders === 7) await client.signed('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', orderId: body[0].orderId });
      await until(async () => (await statusOf(client)).storeLag === 0, 'the follower');
      assert.equal((await statusOf(client)).stateCheck, 'equal');
      await again.kill();
    }
  });

  it('refuses new orders when memory pressure is critical, with the reason, while cancels pass', async (t) => {
    const venue = await startWith(t, { limits: { orders: 40 } });
    const alice = new Client(venue.url);
    const pressure = async () => (await alice.public('/outcry/v1/memory')).body;
    const placed = [];
    for (let i = 0; i < 36; i++) placed.push(await place(alice));
    assert.ok(placed.every(({ code }) => code === 0));
    await until(async () => (await pressure()).level === 'critical', 'critical pressure');
    const { body } = await alice.signed('POST', '/api/v3/order', ORDER);
    assert.deepEqual(body, { code: -2010, msg: 'The venue holds as many open orders as it can; cancel some or try again later.' });
    assert.match((await pressure()).recommendations.join(), /orders is 90% full: raise limits\.orders \(now 40\)/);
    for (const { id } of placed.slice(0, 10)) {
      assert.equal((await alice.signed('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', orderId: id })).status, 200);
    }
    assert.equal((await place(alice)).code, 0);
    await until(async () => (await pressure()).level !== 'critical', 'less pressure');
    assert.match(venue.output, /memory pressure critical \(orders \d+ of 40\); new orders are refused/);
    await venue.checkMemory();
  });

  it('shows balances and best prices in a file that another process maps', async (t) => {
    const file = path.join(temporaryDirectory('fault'), 'state');
    t.after(() => fs.rmSync(path.dirname(file), { recursive: true, force: true }));
    const venue = await startWith(t, { sharedStateFile: file });
    const alice = new Client(venue.url);
    assert.equal((await place(alice)).code, 0);
    const arena = Arena.attach({ file });
    const [balances, touches] = [new SharedMap(arena.find('balances')), new SharedMap(arena.find('touches'))];
    const { body: account } = await alice.signed('GET', '/api/v3/account');
    const usdt = account.balances.find(({ asset }: { asset: string }) => asset === 'USDT');
    assert.ok(balances.get(0, 0));
    assert.equal(balances.value.f64[balanceValue.F64_AVAILABLE], Math.round(Number(usdt.free) * 1e8));
    assert.equal(balances.value.f64[balanceValue.F64_HELD], Math.round(Number(usdt.locked) * 1e8));
    const { body: ticker } = await alice.public('/api/v3/ticker/bookTicker?symbol=BTCUSDT');
    assert.ok(touches.get(0, 0));
    const side = ORDER.side === 'BUY' ? 0 : 1;
    assert.equal(touches.value.f64[touchValue.F64_PRICE + side] / 100, Number(side === 0 ? ticker.bidPrice : ticker.askPrice));
    assert.equal(touches.value.f64[touchValue.F64_LOTS + side] / 1e5, Number(side === 0 ? ticker.bidQty : ticker.askQty));
    arena.close();
  });

  it('answers -1008 or acknowledges, and nothing else, when more comes than the rings hold', async (t) => {
    const venue = await startWith(t, { commandSlots: 16, eventSlots: 64 });
    const alice = new Client(venue.url);
    const answers = (await Promise.all(Array.from({ length: 400 }, () => place(alice)))).map(({ code }) => code);
    assert.deepEqual([...new Set(answers)].sort(), answers.includes(-1008) ? [-1008, 0] : [0]);
    const { body } = await alice.signed('GET', '/api/v3/openOrders');
    assert.equal(body.length, answers.filter((code) => code === 0).length);
  });
});
