import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import WebSocket from 'ws';
import { AnswerSchemas } from './support/answer-schemas.ts';
import { DemoVenue } from './support/demo-venue.ts';
import { ok } from './support/doors.ts';
import { Listener } from './support/listener.ts';
import { Client } from './support/process.ts';

const ORDER = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '0.001' };

describe('faults on request', () => {
  let venue: DemoVenue;
  let alice: Client;
  let bob: Client;
  let schemas: AnswerSchemas;
  const ends: (() => Promise<void>)[] = [];
  const call = async (method: string, body?: object) => {
    const init = { method, ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) };
    const answer = await fetch(`${venue.venue.url}/outcry/v1/demo/faults`, init);
    const got = { status: answer.status, body: (await answer.json()) as any };
    schemas.check({ method: method as 'GET', path: '/outcry/v1/demo/faults' }, got.body, answer.ok ? '200' : 'default');
    return got;
  };
  const fault = (body: object) => ok(call('POST', body));
  const order = (who = alice) => who.signed('POST', '/api/v3/order', ORDER);
  const openOrders = async (who = alice) => ((await ok(who.signed('GET', '/api/v3/openOrders'))) as unknown[]).length;

  before(async () => {
    venue = await DemoVenue.start({ after: (end: () => Promise<void>) => ends.push(end) } as never, { seed: 1 });
    alice = new Client(venue.venue.url);
    schemas = await AnswerSchemas.of(venue.venue.url);
    bob = new Client(venue.venue.url, 'bob');
  });
  after(async () => {
    for (const end of ends) await end();
  });
  afterEach(async () => {
    await call('DELETE');
    for (const who of [alice, bob]) await ok(who.signed('DELETE', '/outcry/v1/openOrders'));
  });

  it('strike the account that is named, as often as was said, and are counted', async () => {
    await fault({ kind: 'overloaded', account: 'alice', door: 'rest', times: 2 });
    assert.equal((await order(bob)).status, 200);
    assert.deepEqual([(await order()).status, (await order()).body.code], [503, -1008]);
    assert.equal((await order()).status, 200);
    assert.equal(await openOrders(), 1, 'what was refused took no effect');
    await fault({ kind: 'rate-limit', account: 'bob' });
    const { status, headers } = await order(bob);
    assert.deepEqual([status, headers.get('retry-after')], [429, '1']);
    assert.deepEqual(
      (await call('GET')).body.map(({ kind, hits }: any) => [kind, hits]),
      [['rate-limit', 1]],
    );
    await call('DELETE');
    assert.equal((await order(bob)).status, 200);
  });

  it('leave an order in force whose answer says that nobody knows', async () => {
    await fault({ kind: 'unknown', account: 'alice', times: 1 });
    const { status, body } = await order();
    assert.deepEqual([status, body.code], [503, -1006]);
    assert.equal(await openOrders(), 1);
  });

  it('let requests, or their answers, wait', async () => {
    await fault({ kind: 'latency', ms: 300, account: 'alice', times: 1 });
    let began = performance.now();
    await order();
    assert.ok(performance.now() - began >= 290);
    await fault({ kind: 'late', ms: 600_000, account: 'alice', requests: 'orders' });
    began = performance.now();
    const waiting = order().catch(() => undefined);
    while ((await openOrders(alice)) < 2) assert.ok(performance.now() - began < 60_000, 'it took effect while its answer waits');
    await call('DELETE');
    void waiting;
  });

  it('cut connections before a request is looked at', async () => {
    await fault({ kind: 'disconnect', account: 'alice', door: 'rest', times: 1 });
    await assert.rejects(order());
    assert.equal(await openOrders(), 0);
  });

  it('set the clock of a door wrong: requests are too old there, and the time that it tells is wrong', async () => {
    await fault({ kind: 'clock', ms: 60_000, door: 'rest' });
    assert.equal((await order()).body.code, -1021);
    const { serverTime } = await ok(alice.public('/api/v3/time'));
    assert.ok(serverTime > Date.now() + 50_000);
    await call('DELETE');
    assert.equal((await order()).status, 200);
  });

  it('drop, repeat and delay events of an account, and end its stream', async () => {
    const key = await fetch(`${venue.venue.url}/api/v3/userDataStream`, { method: 'POST', headers: { 'X-MBX-APIKEY': 'alice' } });
    const { listenKey } = (await key.json()) as { listenKey: string };
    const stream = await Listener.open(venue.venue.url, `/ws/${listenKey}`);
    const reported = async () => {
      const { orderId } = (await order()).body;
      return orderId as number;
    };
    const heard = (id: number) => stream.messages.filter(({ e, i }) => e === 'executionReport' && i === id).length;
    await fault({ kind: 'drop', account: 'alice', times: 2 }); // the report, and the balance
    const dropped = await reported();
    await fault({ kind: 'duplicate', account: 'alice' });
    const twice = await reported();
    await stream.until(({ e, i }) => e === 'executionReport' && i === twice);
    await call('DELETE');
    const plain = await reported();
    await stream.until(({ e, i }) => e === 'executionReport' && i === plain);
    assert.deepEqual([heard(dropped), heard(twice), heard(plain)], [0, 2, 1]);
    const closed = new Promise((resolve) => stream.socket.once('close', resolve));
    await fault({ kind: 'disconnect', account: 'alice', door: 'account-stream' });
    await order();
    assert.equal(await closed, 1008);
  });

  it('drop and repeat messages of market streams, and disconnect all who read them', async () => {
    const stream = await Listener.open(venue.venue.url, '/ws/btcusdt@trade/btcusdt@depth@100ms');
    const ids = () => stream.messages.filter(({ e }) => e === 'trade').map(({ t }) => t as number);
    await venue.step(4000);
    await stream.until(({ e }) => e === 'trade');
    await fault({ kind: 'duplicate', door: 'market-stream' });
    await venue.step(4000);
    const isTwice = (id: number) => ids().filter((other) => other === id).length === 2;
    await stream.until(({ e, t }) => e === 'trade' && isTwice(t));
    await call('DELETE');
    await fault({ kind: 'drop', door: 'market-stream', share: '50%' });
    const before = ids().at(-1)!;
    await venue.step(20_000);
    await stream.until(({ e, t }) => e === 'trade' && t > before + 20);
    const after = ids().filter((id) => id > before);
    assert.ok(after.length < after.at(-1)! - before, 'some are missing');
    await fault({ kind: 'disconnect', door: 'market-stream' });
    await stream.untilClosed();
    assert.deepEqual(
      (await call('GET')).body.map(({ kind }: any) => kind),
      ['drop'],
      'it happens once',
    );
  });

  it('strike the WebSocket API too', async () => {
    const socket = new WebSocket(`${venue.venue.url.replace('http', 'ws')}/ws-api/v3`);
    await new Promise((resolve) => socket.once('open', resolve));
    const ask = (id: number) => {
      socket.send(JSON.stringify({ id, method: 'time' }));
      return new Promise<any>((resolve) => socket.once('message', (data) => resolve(JSON.parse(String(data)))));
    };
    await fault({ kind: 'overloaded', door: 'ws-api', times: 1 });
    assert.deepEqual((await ask(1)).error.code, -1008);
    assert.equal((await ask(2)).status, 200);
    socket.close();
  });

  for (const [body, message] of [
    [{}, /kind is missing/],
    [{ kind: 'latncy' }, /kind: "latncy".*did you mean latency\?/],
    [{ kind: 'latency' }, /ms is missing/],
    [{ kind: 'drop', ms: 5 }, /ms: 5 is not read/],
    [{ kind: 'drop', door: 'rest' }, /door: "rest" cannot have "drop"; these can: account-stream, market-stream/],
    [{ kind: 'clock', ms: 5, account: 'alice' }, /a door has one clock/],
    [{ kind: 'drop', account: 'nobody' }, /unknown account "nobody"/],
    [{ kind: 'drop', share: 0.5 }, /share: 0\.5 is not a percentage/],
  ] as [object, RegExp][]) {
    it(`are refused with their key and value: ${JSON.stringify(body)}`, async () => {
      const { status, body: answer } = await call('POST', body);
      assert.equal(status, 400);
      assert.match(answer.msg, message);
    });
  }
});
