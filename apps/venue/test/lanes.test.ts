/** The lanes of a venue: one client's load does not delay another's orders. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endAfterTests } from './support/left-open.ts';
import { Listener } from './support/listener.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

const QUIET_CLIENT = fileURLToPath(new URL('./support/quiet-client.ts', import.meta.url));

/** Silence after which a connection ends. */
const PONG_MS = 1000;

async function start(name: string, config: object): Promise<VenueProcess> {
  const data = temporaryDirectory(name);
  const file = path.join(data, 'config.json');
  fs.writeFileSync(file, JSON.stringify(config));
  return await VenueProcess.start(data, '--demo', '--no-flow', '--config', file);
}

async function end(venue: VenueProcess): Promise<void> {
  await venue.close();
  fs.rmSync(venue.data, { recursive: true, force: true });
}

async function statusOf(venue: VenueProcess): Promise<any> {
  return await (await VenueProcess.fetch(`${venue.url}/outcry/v1/status`)).json();
}

async function untilStatus(venue: VenueProcess, holds: (status: any) => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const status = await statusOf(venue);
    if (holds(status)) return;
    assert.ok(Date.now() < deadline, `${what}: ${JSON.stringify(status.publishers)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a connection from a local port is open at both ends, as the system says (proc_net_tcp). */
function isEstablished(port: number): boolean {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = fs.readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return rows.some((row) => {
    const [, local, , state] = row.trim().split(/ +/);
    return local?.endsWith(end) && state === '01';
  });
}

/** A client that has sent requests, had the answers, and is stopped: its system still takes what is sent to it. */
async function freeze(venue: VenueProcess, route: string, requests: object[] = []): Promise<{ untilEnded(): Promise<void> }> {
  const child = spawn(process.execPath, [QUIET_CLIENT, venue.url.replace('http', 'ws') + route, JSON.stringify(requests)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endAfterTests(() => child.kill('SIGKILL')); // one that is stopped would never end
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout!.once('data', (text) => resolve(Number(text)));
    void ended.then((code) => reject(new Error(`the client ended with ${code}`)));
  });
  assert.ok(isEstablished(port));
  child.kill('SIGSTOP');
  const untilEnded = async () => {
    await until(
      () => !isEstablished(port),
      () => 'the venue ends it',
    );
    child.kill('SIGCONT'); // it finds its connection closed
    await ended;
  };
  return { untilEnded };
}

const order = (side: 'BUY' | 'SELL', price: string, quantity = '0.01') => ({
  symbol: 'ETHUSDT',
  side,
  type: 'LIMIT',
  timeInForce: 'GTC',
  price,
  quantity,
});

async function listenKey(venue: VenueProcess, key: string): Promise<string> {
  const answer = await fetch(`${venue.url}/api/v3/userDataStream`, { method: 'POST', headers: { 'X-MBX-APIKEY': key } });
  return ((await answer.json()) as { listenKey: string }).listenKey;
}

describe('the lanes of a venue', () => {
  let venue: VenueProcess;
  let alice: Client;
  let bob: Client;

  before(async () => {
    venue = await start('lanes', { publishers: 2, historyReaders: 2, webSockets: { pingMs: 200, pongMs: PONG_MS } });
    alice = new Client(venue.url);
    bob = new Client(venue.url, 'bob');
    assert.equal((await alice.signed('POST', '/api/v3/order', order('BUY', '2900'))).status, 200);
    assert.equal((await alice.signed('POST', '/api/v3/order', order('SELL', '3100'))).status, 200);
    assert.equal((await bob.signed('POST', '/api/v3/order', order('BUY', '3100', '0.005'))).status, 200);
  });
  after(() => end(venue));

  it('tell a newcomer what a stream’s value is now, though nothing changes and others have been told', async () => {
    const kinds = ['bookTicker', 'ticker', 'miniTicker', 'auction', 'kline_1d', 'depth5', 'depth20@100ms', 'depth10@1000ms'];
    const names = [...kinds.map((kind) => `ethusdt@${kind}`), '!ticker@arr', '!miniTicker@arr', '!bookTicker'];
    for (const _ of ['first', 'second']) {
      const listener = await Listener.open(venue.url, '/stream');
      await listener.request({ id: 1, method: 'SUBSCRIBE', params: names });
      for (const name of names) await listener.until(({ stream }) => stream === name, name);
      const book = listener.messages.find(({ stream }) => stream === 'ethusdt@bookTicker').data;
      assert.deepEqual([book.b, book.a, book.A], ['2900.00000000', '3100.00000000', '0.00500000']);
      listener.close();
    }
  });

  it('show a client the book with the order that was acknowledged to it', async () => {
    for (let i = 0; i < 30; i++) {
      const price = `${2700 + i}.00`;
      const { body } = await alice.signed('POST', '/api/v3/order', order('BUY', price));
      const book = (await bob.public('/api/v3/depth?symbol=ETHUSDT&limit=100')).body;
      assert.ok(
        book.bids.some(([bid]: [string]) => Number(bid) === Number(price)),
        price,
      );
      await alice.signed('DELETE', '/api/v3/order', { symbol: 'ETHUSDT', orderId: body.orderId });
      const without = (await bob.public('/api/v3/depth?symbol=ETHUSDT&limit=100')).body;
      assert.ok(!without.bids.some(([bid]: [string]) => Number(bid) === Number(price)), `${price} is gone`);
    }
  });

  it('carry account events to a connection of market streams, and market streams to one of account events', async () => {
    const key = await listenKey(venue, 'alice');
    const market = await Listener.open(venue.url, '/ws/ethusdt@trade');
    assert.equal((await market.request({ id: 1, method: 'SUBSCRIBE', params: [key] })).result, null);
    const mixed = await Listener.open(venue.url, `/stream?streams=${key}/ethusdt@trade`);
    const account = await Listener.open(venue.url, `/ws/${key}`);
    assert.equal((await account.request({ id: 1, method: 'SUBSCRIBE', params: ['ethusdt@trade', 'ethusdt@bookTicker'] })).result, null);
    assert.match((await account.request({ id: 2, method: 'SUBSCRIBE', params: ['ethusdt@nothing'] })).error.msg, /unknown stream/);
    const stranger = await market.request({ id: 2, method: 'SUBSCRIBE', params: ['0'.repeat(60)] });
    assert.match(stranger.error.msg, /unknown stream/);
    await account.until((m) => m.b !== undefined && m.s === 'ETHUSDT', 'the best prices now');
    // Answered when the address's streams are joined.
    assert.deepEqual((await mixed.request({ id: 1, method: 'LIST_SUBSCRIPTIONS' })).result, [key, 'ethusdt@trade']);

    await alice.signed('POST', '/api/v3/order', { ...order('BUY', '3100', '0.002'), newClientOrderId: 'across' });
    for (const listener of [market, account]) {
      await listener.until((m) => m.e === 'executionReport' && m.x === 'TRADE' && m.c === 'across', 'the fill');
      await listener.until((m) => m.e === 'trade' && m.q === '0.00200000', 'the print');
    }
    await mixed.until((m) => m.stream === key && m.data.x === 'TRADE', 'the fill, with its stream');
    await mixed.until((m) => m.stream === 'ethusdt@trade', 'the print, with its stream');

    await account.request({ id: 3, method: 'UNSUBSCRIBE', params: ['ethusdt@trade'] });
    await market.request({ id: 3, method: 'UNSUBSCRIBE', params: [key] });
    const before = [account, market].map(({ messages }) => messages.length);
    await alice.signed('POST', '/api/v3/order', { ...order('BUY', '3100', '0.002'), newClientOrderId: 'unheard' });
    await account.until((m) => m.x === 'TRADE' && m.c === 'unheard');
    await market.until(() => market.messages.filter(({ e }) => e === 'trade').length === 2, 'the second print');
    assert.ok(!account.messages.slice(before[0]).some(({ e }) => e === 'trade'));
    assert.ok(!market.messages.slice(before[1]).some(({ e }) => e === 'executionReport'));
    for (const listener of [market, mixed, account]) listener.close();
  });

  it('tell of every trade from the answer to SUBSCRIBE on', async () => {
    for (let i = 0; i < 20; i++) {
      const listener = await Listener.open(venue.url, '/ws');
      await listener.request({ id: 1, method: 'SUBSCRIBE', params: ['btcusdt@trade', 'btcusdt@aggTrade'] });
      const sold = alice.signed('POST', '/api/v3/order', { ...order('SELL', '60000', '0.001'), symbol: 'BTCUSDT' });
      assert.equal((await sold).status, 200);
      assert.equal((await bob.signed('POST', '/api/v3/order', { ...order('BUY', '60000', '0.001'), symbol: 'BTCUSDT' })).status, 200);
      await listener.until((m) => m.e === 'trade', 'the trade');
      await listener.until((m) => m.e === 'aggTrade', 'the aggregate trade');
      listener.close();
    }
  });

  it('change the form of what is told when they are asked to', async () => {
    const listener = await Listener.open(venue.url, '/ws/ethusdt@bookTicker');
    await listener.until((m) => m.u !== undefined);
    await listener.request({ id: 1, method: 'SET_PROPERTY', params: ['combined', true] });
    assert.equal((await listener.until((m) => m.stream === 'ethusdt@bookTicker')).data.s, 'ETHUSDT');
    listener.close();
  });

  it('know how many they serve, and forget those who go', async () => {
    const count = (status: any) =>
      status.publishers.reduce((sum: number, { connections }: { connections: number }) => sum + connections, 0);
    await untilStatus(venue, (status) => count(status) === 0, 'nobody is there');
    const listeners = await Promise.all(Array.from({ length: 10 }, () => Listener.open(venue.url, '/ws/ethusdt@trade')));
    await untilStatus(
      venue,
      (status) => status.publishers.every(({ connections }: { connections: number }) => connections === 5),
      'ten, shared out',
    );
    listeners[0].socket.terminate();
    for (const listener of listeners.slice(1, 5)) listener.close();
    await untilStatus(venue, (status) => count(status) === 5, 'five are left');
    for (const listener of listeners) listener.close();
    await untilStatus(
      venue,
      (status) => count(status) === 0 && status.publishers.every(({ subscriptions }: any) => subscriptions === 0),
      'none',
    );
  });

  for (const [name, routeOf] of [
    ['market streams', () => '/ws/btcusdt@trade'],
    ['the WebSocket API', () => '/ws-api/v3'],
    ['account events', async () => `/ws/${await listenKey(venue, 'bob')}`],
    ['both streams', async () => `/stream?streams=btcusdt@trade/${await listenKey(venue, 'bob')}`],
  ] as const) {
    it(`end a connection of ${name} that is half open, and keep one that is only silent`, async () => {
      const route = await routeOf();
      const silent = await Listener.open(venue.url, route);
      const frozen = await freeze(venue, route);
      await frozen.untilEnded();
      assert.equal(silent.closed, undefined);
      silent.close();
    });
  }

  it('cancel the orders of a session whose client is frozen, also while it is told of others', async () => {
    const logon: Record<string, string | number> = { apiKey: 'alice', timestamp: Date.now() };
    const { signature } = Object.fromEntries(new URLSearchParams(alice.sign(logon)));
    const frozen = await freeze(venue, '/ws-api/v3', [
      { id: 1, method: 'session.logon', params: { ...logon, signature } },
      { id: 2, method: 'session.cancelOnDisconnect', params: { graceMs: 0 } },
      { id: 3, method: 'userDataStream.subscribe' },
      { id: 4, method: 'order.place', params: { ...order('BUY', '2650'), newClientOrderId: 'frozen', timestamp: Date.now() } },
    ]);
    const find = async () =>
      (await alice.signed('GET', '/api/v3/order', { symbol: 'ETHUSDT', origClientOrderId: 'frozen' })).body.status as string;
    assert.equal(await find(), 'NEW');
    const deadline = performance.now() + 60_000;
    while ((await find()) === 'NEW') {
      assert.ok(performance.now() < deadline, 'its order is cancelled');
      const { body } = await alice.signed('POST', '/api/v3/order', order('BUY', '2640'));
      await alice.signed('DELETE', '/api/v3/order', { symbol: 'ETHUSDT', orderId: body.orderId });
    }
    assert.equal(await find(), 'CANCELED');
    await frozen.untilEnded();
  });

  it('keep the connections of clients that answered while the venue itself stood still', async () => {
    const routes = ['/ws/btcusdt@trade', '/ws-api/v3', `/ws/${await listenKey(venue, 'bob')}`];
    const listeners = await Promise.all(routes.map((route) => Listener.open(venue.url, route)));
    const pings = listeners.map(() => 0);
    for (const [i, { socket }] of listeners.entries()) socket.on('ping', () => pings[i]++);
    venue.child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 2 * PONG_MS)); // as long as it takes, or longer
    venue.child.kill('SIGCONT');
    for (const [i, listener] of listeners.entries()) {
      const before = pings[i];
      await until(
        () => pings[i] > before || listener.closed !== undefined,
        () => `a ping, or the end, of ${routes[i]}`,
      );
      assert.equal(listener.closed, undefined, routes[i]);
      listener.close();
    }
  });
});

describe('limits of a connection, a key and an address', () => {
  let venue: VenueProcess;

  before(async () => {
    venue = await start('limits', {
      rateLimits: { weightPerMinute: 700, ordersPerTenSeconds: 1000, ordersPerDay: 100_000 },
      connections: { perAddress: 25 },
    });
  });
  after(() => end(venue));

  it('a connection hears an account once; a key has so many connections that hear it, and another key still has its own', async () => {
    const subscribe = async (key: string) => {
      const listener = await Listener.open(venue.url, '/ws-api/v3');
      const client = new Client(venue.url, key);
      const params = () => {
        const query = new URLSearchParams(`apiKey=${key}&timestamp=${Date.now()}`);
        const signed = new URLSearchParams(client.sign(Object.fromEntries(query)));
        return Object.fromEntries(signed);
      };
      return { listener, ask: (id: number) => listener.request({ id, method: 'userDataStream.subscribe.signature', params: params() }) };
    };
    const first = await subscribe('alice');
    assert.equal((await first.ask(1)).result.subscriptionId, 0);
    assert.equal((await first.ask(2)).error.code, -2035);
    const others = [];
    for (let i = 1; i < 16; i++) {
      const other = await subscribe('alice');
      assert.equal((await other.ask(1)).status, 200);
      others.push(other);
    }
    const last = await subscribe('alice');
    assert.equal((await last.ask(1)).error.code, -1034);
    const bob = await subscribe('bob');
    assert.equal((await bob.ask(1)).status, 200);
    others[0].listener.close();
    for (let answer: any; answer?.status !== 200; ) answer = await last.ask(Math.random());
    for (const { listener } of [first, last, bob, ...others]) listener.close();
  });

  it('an address has so many connections', async () => {
    const open = async () => await Listener.open(venue.url, '/ws/btcusdt@trade').catch(() => undefined);
    const all: (Listener | undefined)[] = [];
    while (all.length < 26) all.push(await open());
    assert.ok(all.filter((listener) => listener !== undefined).length <= 25);
    assert.equal(all.at(-1), undefined);
    for (const listener of all) listener?.close();
    let again: Listener | undefined;
    while (again === undefined) again = await open();
    again.close();
  });

  it('streams that are named weigh, and beyond the limit the connection ends', async () => {
    const listener = await Listener.open(venue.url, '/ws');
    const names = Array.from({ length: 100 }, (_, i) => (i % 2 ? 'btcusdt@trade' : 'ethusdt@trade'));
    for (let i = 0; i < 8; i++) listener.send({ id: i, method: i % 2 === 0 ? 'SUBSCRIBE' : 'UNSUBSCRIBE', params: names });
    assert.equal((await listener.until((m) => m.error !== undefined)).error.code, -1003);
    assert.deepEqual(await listener.untilClosed(), { code: 1008, reason: 'too much request weight' });
  });

  it('each method of the WebSocket API weighs, session.status and nonsense too', async () => {
    const listener = await Listener.open(venue.url, '/ws-api/v3');
    let id = 0;
    for (const message of [() => ({ id: ++id, method: 'session.status' }), () => ({ id: ++id, method: 'order.dance' })]) {
      const before = id;
      for (let i = 0; i < 400; i++) listener.send(message());
      await listener.until((m) => m.id > before && m.error?.code === -1003, 'the limit');
    }
    listener.send('{');
    await listener.until((m) => m.id === null && m.error?.code === -1003, 'the limit for what cannot be read');
    listener.close();
  });
});

describe('a publisher with hardly any room', () => {
  it('does not hold up orders; what was traded is in its candles to the lot, and its book is the venue’s', async (t) => {
    const venue = await start('narrow', { publisherSlots: 8, readWaitMs: 10_000, historyMs: 10_000 });
    t.after(() => end(venue));
    const [alice, bob] = [new Client(venue.url), new Client(venue.url, 'bob')];
    const listener = await Listener.open(venue.url, '/ws/ethusdt@trade');
    t.after(() => listener.close());
    const trades = 300;
    const place = async (client: Client, side: 'BUY' | 'SELL', n: number) => {
      const { status, body } = await client.signed('POST', '/api/v3/order', {
        ...order(side, '3000'),
        newOrderRespType: 'ACK',
        newClientOrderId: `${side}${n}`,
      });
      assert.equal(status, 200, JSON.stringify(body));
    };
    for (let n = 0; n < trades; n += 25) {
      const some = Array.from({ length: 25 }, (_, i) => n + i);
      await Promise.all(some.flatMap((i) => [place(alice, 'SELL', i), place(bob, 'BUY', i)]));
    }
    await alice.signed('POST', '/api/v3/order', order('SELL', '3005', '0.5'));
    const { body: day } = await alice.public('/api/v3/ticker/24hr?symbol=ETHUSDT');
    assert.deepEqual([day.count, Number(day.volume), day.lastId], [trades, trades / 100, trades]);
    const { body: seconds } = await alice.public('/api/v3/klines?symbol=ETHUSDT&interval=1s');
    assert.equal(
      seconds.reduce((sum: number, candle: number[]) => sum + candle[8], 0),
      trades,
    );
    const { body: book } = await alice.public('/api/v3/depth?symbol=ETHUSDT');
    assert.deepEqual([book.bids, book.asks], [[], [['3005.00000000', '0.50000000']]]);
    const { publishers } = await statusOf(venue);
    await listener.until(() => listener.messages.length + publishers[0].droppedTrades === trades, 'each print, or its count');
    const { body: latest } = await alice.public('/api/v3/trades?symbol=ETHUSDT&limit=1000');
    assert.deepEqual(
      latest.map(({ id }: { id: number }) => id),
      Array.from({ length: trades }, (_, i) => i + 1),
      'history has those that were dropped',
    );
  });
});

it('a client that the venue reads slowly is not taken for silent', async (t) => {
  const venue = await start('slowly', { webSockets: { messagesPerSecond: 20, pingMs: 50, pongMs: 300 } });
  t.after(() => end(venue));
  for (const [route, method] of [
    ['/ws/btcusdt@trade', 'LIST_SUBSCRIPTIONS'],
    ['/ws-api/v3', 'ping'],
  ]) {
    const listener = await Listener.open(venue.url, route);
    for (let id = 1; id <= 40; id++) listener.send({ id, method });
    await listener.until(({ id }) => id === 40, 'the last answer');
    listener.close();
  }
});
