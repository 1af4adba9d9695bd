import assert from 'node:assert/strict';
import fs from 'node:fs';
import { it } from 'node:test';
import { AnswerSchemas } from './support/answer-schemas.ts';
import { DemoVenue } from './support/demo-venue.ts';
import { ok } from './support/doors.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

async function ask(url: string, path: string, body?: object): Promise<{ status: number; body: any }> {
  const init = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`${url}/outcry/v1/demo/${path}`, init);
  const got = { status: answer.status, body: await answer.json() };
  if (answer.status === 404) return got; // outside a demo there is no such route
  const schemas = await AnswerSchemas.of(url);
  schemas.check({ method: body ? 'POST' : 'GET', path: `/outcry/v1/demo/${path}` }, got.body, answer.ok ? '200' : 'default');
  return got;
}

it('a client steps, speeds up and pauses the market; the time of the venue goes its own way', async (t) => {
  const { venue, tape } = await DemoVenue.start(t, { seed: 5 });
  const clock = (body?: object) => ok(ask(venue.url, 'clock', body));
  const { venueTime, ...state } = await clock();
  assert.deepEqual(state, { scenario: 'everyday', seed: 5, round: 1, timeMs: 0, speed: 1, paused: true });
  assert.ok(Math.abs(venueTime - Date.now()) < 5000);
  const before = tape.length;
  assert.equal((await clock({ stepMs: 2000 })).timeMs, 2000);
  assert.ok(tape.length > before);
  await clock({ speed: 50, paused: false });
  await until(
    () => tape.length > before * 3,
    () => 'the market stands',
  );
  const { timeMs } = await clock({ paused: true });
  const stood = tape.length;
  assert.equal((await clock()).timeMs, timeMs);
  assert.equal(tape.length, stood);
  for (const [body, message] of [
    [{}, /body/],
    [{ speed: 0 }, /speed.*0\.01 to 1000/],
    [{ stepMs: 30 }, /stepMs.*multiple of 20/],
    [{ stepMs: 20, paused: false }, /paused/],
    [{ seep: 1 }, /seep/],
  ] as [object, RegExp][]) {
    const { status, body: answer } = await ask(venue.url, 'clock', body);
    assert.equal(status, 400);
    assert.match(answer.msg, message);
  }
});

it('a reset brings the same market again: orders of everybody are gone, balances as in the beginning', async (t) => {
  const { venue, tape } = await DemoVenue.start(t, { seed: 5 });
  const alice = new Client(venue.url);
  const balances = async () => (await ok(alice.signed('GET', '/api/v3/account'))).balances;
  const first = await balances();
  const play = async (body: object) => {
    await ok(ask(venue.url, 'reset', body));
    tape.length = 0;
    await ok(ask(venue.url, 'clock', { stepMs: 1000 }));
    return [...tape];
  };
  const played = await play({});
  const order = { symbol: 'BTCUSDT', quantity: '0.5' };
  await ok(alice.signed('POST', '/api/v3/order', { ...order, side: 'BUY', type: 'MARKET' }));
  await ok(alice.signed('POST', '/api/v3/order', { ...order, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000' }));
  assert.notDeepEqual(await balances(), first);
  assert.deepEqual(await play({}), played);
  assert.deepEqual(await balances(), first);
  assert.deepEqual(await ok(alice.signed('GET', '/api/v3/openOrders')), []);
  assert.notDeepEqual(await play({ seed: 6 }), played);
  const gap = { market: { orders: 0, takersPerMinute: 0 }, book: [{ side: 'BUY', value: 100, distance: '1%' }] };
  assert.deepEqual(await play({ scenario: gap }), []);
  assert.equal((await ok(alice.public('/api/v3/depth?symbol=BTCUSDT'))).bids.length, 1);
  for (const [scenario, message] of [
    ['whael', /unknown scenario "whael"; did you mean whale\?/],
    ['../venue.json', /unknown scenario/],
    [{ steps: [{ at: 0, do: 'wlak' }] }, /steps\[0\]\.do: "wlak"/],
  ] as [unknown, RegExp][]) {
    const { status, body } = await ask(venue.url, 'reset', { scenario });
    assert.equal(status, 400);
    assert.match(body.msg, message);
  }
});

it('there is no clock, and no reset, at a venue that is no demo', async () => {
  const data = temporaryDirectory('no-demo');
  const file = `${data}/venue.json`;
  fs.writeFileSync(file, JSON.stringify(DemoVenue.market));
  const venue = await VenueProcess.start(`${data}/data`, '--config', file);
  for (const path of ['clock', 'reset', 'faults']) assert.equal((await ask(venue.url, path, {})).status, 404);
  await venue.kill('SIGTERM');
});
