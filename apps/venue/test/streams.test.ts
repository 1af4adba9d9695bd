import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { administer } from './support/admin.ts';
import { Listener } from './support/listener.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const data = temporaryDirectory('streams');
let venue: VenueProcess;
let alice: Client;
let bob: Client;

before(async () => {
  const config = path.join(data, 'config.json');
  fs.writeFileSync(config, JSON.stringify({ webSocketBufferBytes: 100_000 }));
  venue = await VenueProcess.start(data, '--demo', '--config', config);
  alice = new Client(venue.url);
  bob = new Client(venue.url, 'bob');
});
after(async () => {
  await venue.close();
  fs.rmSync(data, { recursive: true, force: true });
});

function limit(side: 'BUY' | 'SELL', price: string, quantity: string, more: Record<string, string> = {}) {
  return { symbol: 'ETHUSDT', side, type: 'LIMIT', timeInForce: 'GTC', price, quantity, ...more };
}

const admin = (route: string, body: object) => administer({ url: venue.url, data }, route, body);

describe('market streams', () => {
  it('tell every change of the book: a copy kept from a snapshot and diffs is the book, update for update', async () => {
    const listener = await Listener.open(venue.url, '/stream?streams=btcusdt@depth@100ms/btcusdt@depth20@100ms');
    await listener.until((message) => message.data.e === 'depthUpdate');
    const { body: snapshot } = await alice.public('/api/v3/depth?symbol=BTCUSDT&limit=5000');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    listener.close();
    const copy = { bids: new Map<string, string>(snapshot.bids), asks: new Map<string, string>(snapshot.asks) };
    const best = (side: Map<string, string>, sign: number) => [...side].sort((x, y) => sign * (Number(x[0]) - Number(y[0]))).slice(0, 20);
    const books = new Map(listener.messages.filter(({ data }) => data.bids).map(({ data }) => [data.lastUpdateId, data]));
    let last = snapshot.lastUpdateId;
    let compared = 0;
    for (const { data } of listener.messages) {
      if (data.e !== 'depthUpdate' || data.u <= snapshot.lastUpdateId) continue;
      assert.ok(data.U === last + 1 || (last === snapshot.lastUpdateId && data.U <= last), `U ${data.U} follows u ${last}`);
      last = data.u;
      for (const [side, levels] of [
        [copy.bids, data.b],
        [copy.asks, data.a],
      ] as const) {
        for (const [price, quantity] of levels) {
          if (Number(quantity) === 0) side.delete(price);
          else side.set(price, quantity);
        }
      }
      const book = books.get(last);
      if (book === undefined) continue;
      compared++;
      assert.deepEqual({ bids: best(copy.bids, -1), asks: best(copy.asks, 1) }, { bids: book.bids, asks: book.asks });
    }
    assert.ok(compared > 5, `compared ${compared} times`);
  });

  it('bring trades, aggregate trades, candles, tickers and partial books, in their documented form', async () => {
    const names = ['trade', 'aggTrade', 'kline_1s', 'bookTicker', 'ticker', 'miniTicker', 'depth5@100ms', 'depth20', 'depth'];
    const listener = await Listener.open(venue.url, `/stream?streams=${names.map((name) => `btcusdt@${name}`).join('/')}/!ticker@arr`);
    const fields: Record<string, string> = {
      trade: 'E,M,T,e,m,p,q,s,t',
      aggTrade: 'E,M,T,a,e,f,l,m,p,q,s',
      kline_1s: 'E,e,k,s',
      bookTicker: 'A,B,a,b,s,u',
      ticker: 'A,B,C,E,F,L,O,P,Q,a,b,c,e,h,l,n,o,p,q,s,v,w,x',
      miniTicker: 'E,c,e,h,l,o,q,s,v',
      'depth5@100ms': 'asks,bids,lastUpdateId',
      depth20: 'asks,bids,lastUpdateId',
      depth: 'E,U,a,b,e,s,u',
    };
    for (const name of names) {
      const { data } = await listener.until((message) => message.stream === `btcusdt@${name}`, name);
      assert.equal(Object.keys(data).sort().join(), fields[name], name);
    }
    const { data } = await listener.until((message) => message.stream === '!ticker@arr');
    assert.deepEqual(data.map(({ s }: { s: string }) => s).sort(), ['BTCUSDT', 'ETHUSDT']);
    const partial = listener.messages.find((message) => message.stream === 'btcusdt@depth5@100ms').data;
    assert.equal(partial.bids.length, 5);
    listener.close();
  });

  it('number trades without holes, and aggregates after the trades that they are made of', async () => {
    const listener = await Listener.open(venue.url, '/ws');
    await listener.request({ id: 1, method: 'SUBSCRIBE', params: ['btcusdt@trade', 'btcusdt@aggTrade'] });
    await listener.until(() => listener.messages.filter(({ e }) => e === 'trade').length > 10, 'ten trades');
    const trades = listener.messages.filter(({ e }) => e === 'trade').map(({ t }) => t);
    assert.deepEqual(
      trades,
      trades.map((_, i) => trades[0] + i),
    );
    const aggregates = listener.messages.filter(({ e }) => e === 'aggTrade');
    for (const [i, { a, f, l }] of aggregates.entries()) {
      assert.ok(l >= f);
      if (i > 0) assert.deepEqual([a, f], [aggregates[i - 1].a + 1, aggregates[i - 1].l + 1]);
    }
    listener.close();
  });

  it('are subscribed to, listed and left; wrong requests are told so', async () => {
    const listener = await Listener.open(venue.url, '/ws');
    const result = async (id: number, method: string, params?: unknown) => await listener.request({ id, method, params });
    assert.deepEqual(await result(1, 'SUBSCRIBE', ['btcusdt@trade', 'ethusdt@depth']), { result: null, id: 1 });
    assert.deepEqual((await result(2, 'LIST_SUBSCRIPTIONS')).result, ['btcusdt@trade', 'ethusdt@depth']);
    assert.equal((await result(3, 'UNSUBSCRIBE', ['btcusdt@trade'])).result, null);
    assert.deepEqual((await result(4, 'LIST_SUBSCRIPTIONS')).result, ['ethusdt@depth']);
    assert.match((await result(5, 'SUBSCRIBE', ['btcusdt@nonsense'])).error.msg, /unknown stream/);
    assert.match((await result(6, 'SUBSCRIBE', 'btcusdt@trade')).error.msg, /array/);
    assert.match((await result(7, 'DANCE')).error.msg, /unknown variant/);
    assert.equal((await result(8, 'SET_PROPERTY', ['combined', true])).result, null);
    assert.equal((await result(9, 'GET_PROPERTY', ['combined'])).result, true);
    listener.send('{"id":');
    await listener.until((message) => message.error?.code === 3, 'the answer to broken JSON');
    listener.send('[1]');
    await listener.until((message) => /must be an object/.test(message.error?.msg), 'the answer to an array');
    listener.send({ id: {}, method: 'LIST_SUBSCRIPTIONS' });
    await listener.until((message) => /request ID/.test(message.error?.msg), 'the answer to a strange id');
    await listener.request({ id: 10, method: 'LIST_SUBSCRIPTIONS' });
    listener.send({ id: 11, method: 'SUBSCRIBE', params: Array.from({ length: 1025 }, (_, i) => `s${i}@trade`) });
    assert.deepEqual(await listener.untilClosed(), { code: 1008, reason: 'more than 1024 streams' });
  });

  it('that are not there are told of, also those that the address names; a connection that names nothing else ends', async () => {
    for (const name of [
      'btcusdt@nope',
      'nope@trade',
      'BTCUSDT@trade',
      '!nope@arr',
      '0'.repeat(60),
      'pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1',
    ]) {
      for (const route of [`/ws/${name}`, `/stream?streams=${name}`, `/ws/nope@depth/${name}`]) {
        const listener = await Listener.open(venue.url, route);
        assert.deepEqual(await listener.untilClosed(), { code: 1008, reason: 'unknown stream' }, route);
        assert.equal(listener.messages.length, 1, route);
        const { error, id } = listener.messages[0];
        assert.deepEqual([id, error.code], [null, 2], route);
        assert.match(error.msg, /^Invalid request: unknown stream /);
      }
    }
    const some = await Listener.open(venue.url, '/stream?streams=btcusdt@nope/btcusdt@trade');
    assert.match((await some.until(({ error }) => error !== undefined)).error.msg, /unknown stream btcusdt@nope$/);
    assert.deepEqual((await some.request({ id: 1, method: 'LIST_SUBSCRIPTIONS' })).result, ['btcusdt@trade']);
    some.close();
    // Clients number their connections so.
    for (const route of ['/ws/0', '/ws/17/btcusdt@trade', '/stream?streams=3', '/ws/nope@depth/4']) {
      const numbered = await Listener.open(venue.url, route);
      assert.equal((await numbered.request({ id: 1, method: 'SUBSCRIBE', params: ['ethusdt@trade'] })).result, null, route);
      numbered.close();
    }
  });

  it('drop a client that sends more than a message may hold', async () => {
    const listener = await Listener.open(venue.url, '/ws');
    listener.send('x'.repeat(70_000));
    assert.equal((await listener.untilClosed()).code, 1009);
  });

  it('disconnect a client that does not read, with the reason, while others go on', async () => {
    const slow = await Listener.open(venue.url, '/ws');
    const many = ['btcusdt', 'ethusdt'].flatMap((s) =>
      ['depth@100ms', 'depth20@100ms', 'trade', 'bookTicker', 'aggTrade'].map((n) => `${s}@${n}`),
    );
    slow.send({ id: 1, method: 'SUBSCRIBE', params: many });
    await slow.until((message) => message.id === 1);
    slow.socket.pause();
    // What a client can leave unread in the system's own buffers comes on top: ask for answers until those are full too.
    const request = JSON.stringify({ id: 2, method: `${'x'.repeat(50_000)}` });
    for (let i = 0; i < 400; i++) slow.socket.send(request);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    slow.socket.resume();
    const { code, reason } = await slow.untilClosed();
    assert.ok(code === 1006 || (code === 1008 && reason.startsWith('slow consumer')), `${code} ${reason}`);
    assert.equal((await alice.public('/api/v3/ping')).status, 200);
  });
});

describe('account streams', () => {
  it('tell an owner of every step of its orders, and of its balances', async () => {
    const headers = { 'X-MBX-APIKEY': 'alice' };
    const answer = (await (await fetch(`${venue.url}/api/v3/userDataStream`, { method: 'POST', headers })).json()) as { listenKey: string };
    const listener = await Listener.open(venue.url, `/ws/${answer.listenKey}`);
    const report = (x: string, c: string) =>
      listener.until((m) => m.e === 'executionReport' && m.x === x && [m.c, m.C].includes(c), `${x} of ${c}`);

    const { body: order } = await alice.signed('POST', '/api/v3/order', limit('BUY', '2800', '1', { newClientOrderId: 'rests' }));
    const entered = await report('NEW', 'rests');
    assert.deepEqual([entered.i, entered.X, entered.q, entered.p, entered.w], [order.orderId, 'NEW', '1.00000000', '2800.00000000', true]);
    const position = await listener.until((m) => m.e === 'outboundAccountPosition');
    assert.ok(position.B.some(({ a, l }: { a: string; l: string }) => a === 'USDT' && Number(l) === 2800));
    await alice.signed('PUT', '/api/v3/order/amend/keepPriority', { symbol: 'ETHUSDT', orderId: order.orderId, newQty: '0.4' });
    assert.equal((await report('REPLACED', 'rests')).q, '0.40000000');
    await alice.signed('DELETE', '/api/v3/order', { symbol: 'ETHUSDT', orderId: order.orderId });
    assert.equal((await report('CANCELED', 'rests')).w, false);

    await alice.signed('POST', '/api/v3/order', {
      symbol: 'ETHUSDT',
      side: 'BUY',
      type: 'MARKET',
      quantity: '0.01',
      newClientOrderId: 'takes',
    });
    const fill = await report('TRADE', 'takes');
    assert.deepEqual([fill.X, fill.N, fill.m], ['FILLED', 'ETH', false]);
    await alice.signed('POST', '/api/v3/order', limit('BUY', '2500', '1', { timeInForce: 'FOK', newClientOrderId: 'killed' }));
    assert.equal((await report('EXPIRED', 'killed')).X, 'EXPIRED');

    await admin('accounts/alice/fund', { asset: 'BTC', amount: '1.5' });
    assert.equal((await listener.until((m) => m.e === 'balanceUpdate')).d, '1.50000000');
    await admin('accounts/alice/fund', { asset: 'BTC', amount: '-1.5' });
    await listener.until((m) => m.e === 'balanceUpdate' && m.d === '-1.50000000');

    const route = `${venue.url}/api/v3/userDataStream?listenKey=${answer.listenKey}`;
    assert.equal((await fetch(route, { method: 'PUT', headers })).status, 200);
    assert.equal((await fetch(route, { method: 'PUT', headers: { 'X-MBX-APIKEY': 'bob' } })).status, 400);
    assert.equal((await fetch(route, { method: 'DELETE', headers })).status, 200);
    assert.equal((await fetch(route, { method: 'PUT', headers })).status, 400);
    listener.close();
  });

  it('are nobody else’s: bob hears nothing of alice', async () => {
    const { listenKey } = (await (
      await fetch(`${venue.url}/api/v3/userDataStream`, { method: 'POST', headers: { 'X-MBX-APIKEY': 'bob' } })
    ).json()) as { listenKey: string };
    const listener = await Listener.open(venue.url, `/ws/${listenKey}`);
    await alice.signed('POST', '/api/v3/order', limit('BUY', '2700', '1', { newClientOrderId: 'alices' }));
    await alice.signed('DELETE', '/api/v3/openOrders', { symbol: 'ETHUSDT' });
    await bob.signed('POST', '/api/v3/order', limit('BUY', '2700', '1', { newClientOrderId: 'bobs' }));
    await listener.until((m) => m.e === 'executionReport' && m.c === 'bobs');
    assert.ok(!JSON.stringify(listener.messages).includes('alices'));
    await bob.signed('DELETE', '/api/v3/openOrders', { symbol: 'ETHUSDT' });
    listener.close();
  });
});

describe('the WebSocket API with an Ed25519 key', () => {
  it('signs on once, then trades and hears its account in one connection', async () => {
    const { privateKey, publicKey } = crypto.generateKeyPairSync('ed25519');
    const { key } = await admin('accounts/bob/keys', { publicKey: publicKey.export({ type: 'spki', format: 'pem' }) });
    const signed = (parameters: Record<string, string | number>) => {
      const all: Record<string, string | number> = { ...parameters, apiKey: key, timestamp: Date.now() };
      const payload = Object.keys(all)
        .sort()
        .map((name) => `${name}=${all[name]}`)
        .join('&');
      return { ...all, signature: crypto.sign(null, Buffer.from(payload), privateKey).toString('base64') };
    };
    const listener = await Listener.open(venue.url, '/ws-api/v3');
    const early = await listener.request({ id: 0, method: 'userDataStream.subscribe' });
    assert.deepEqual([early.status, early.error.code], [401, -2015]);
    const wrong = await listener.request({ id: 1, method: 'session.logon', params: { ...signed({}), recvWindow: 4999 } });
    assert.equal(wrong.error.code, -1022);
    const on = await listener.request({ id: 2, method: 'session.logon', params: signed({}) });
    assert.equal(on.result.apiKey, key);
    assert.equal((await listener.request({ id: 3, method: 'userDataStream.subscribe' })).result.subscriptionId, 0);
    const params = { ...limit('BUY', '2600', '0.5', { newClientOrderId: 'over-ws' }), timestamp: Date.now() };
    const placed = await listener.request({ id: 'a', method: 'order.place', params });
    assert.equal(placed.result.status, 'NEW');
    assert.equal((await listener.until((m) => m.event?.x === 'NEW')).event.c, 'over-ws');
    const status = { symbol: 'ETHUSDT', orderId: placed.result.orderId, timestamp: Date.now() };
    assert.equal((await listener.request({ id: 'b', method: 'order.status', params: status })).result.price, '2600.00000000');
    const cancelled = await listener.request({ id: 'c', method: 'order.cancel', params: { ...status, timestamp: Date.now() } });
    assert.equal(cancelled.result.status, 'CANCELED');
    assert.equal((await listener.request({ id: 'd', method: 'order.dance' })).error.code, -1000);
    assert.equal((await listener.request({ id: 'e', method: 'depth', params: { symbol: 'BTCUSDT', limit: 5 } })).result.bids.length, 5);
    assert.equal((await listener.request({ id: 'f', method: 'session.logout' })).result.apiKey, null);
    assert.equal((await listener.request({ id: 'g', method: 'openOrders.status', params: { timestamp: Date.now() } })).error.code, -2014);
    listener.send('nonsense');
    assert.equal((await listener.until((m) => m.id === null && m.error)).error.code, -1135);
    listener.close();
  });

  it('signs REST requests too', async () => {
    const { privateKey, publicKey } = crypto.generateKeyPairSync('ed25519');
    const { key } = await admin('accounts/bob/keys', { publicKey: publicKey.export({ type: 'spki', format: 'pem' }) });
    const query = `timestamp=${Date.now()}`;
    const signature = encodeURIComponent(crypto.sign(null, Buffer.from(query), privateKey).toString('base64'));
    const ask = async (signed: string) =>
      (await (await fetch(`${venue.url}/api/v3/account?${query}&signature=${signed}`, { headers: { 'X-MBX-APIKEY': key } })).json()) as any;
    assert.ok((await ask(signature)).balances.length > 0);
    assert.equal((await ask(`${signature.slice(0, -6)}AAAA%3D`)).code, -1022);
  });
});

describe('the id of a request', () => {
  const BROKEN = [
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '12345678901234567890',
    '1e400',
    '0.10000000000000000001',
    '1e2',
    '7.0',
    'true',
    '[1]',
  ];
  const WHOLE = ['9007199254740991', '-9007199254740991', '0', '7', '0.5', '0.1234567890123456', '"9007199254740993"', 'null'];
  for (const route of ['/ws-api/v3', '/ws', '/stream']) {
    it(`to ${route} comes back as it was sent, or is refused`, async () => {
      const listener = await Listener.open(venue.url, route);
      const method = route === '/ws-api/v3' ? 'ping' : 'LIST_SUBSCRIPTIONS';
      let answers = 0;
      const ask = async (id: string) => {
        listener.send(`{"id": ${id}, "method": "${method}"}`);
        answers++;
        await listener.until(() => listener.messages.length === answers, `the answer to ${id}`);
        return listener.messages.at(-1);
      };
      for (const id of WHOLE) {
        const answer = await ask(id);
        assert.deepEqual([JSON.stringify(answer.id), answer.error], [id, undefined]);
      }
      for (const id of BROKEN) {
        const { id: received, error } = await ask(id);
        assert.equal(received, null, id);
        assert.equal(error?.code, route === '/ws-api/v3' ? -1100 : 2, id);
      }
      listener.close();
    });
  }
});
