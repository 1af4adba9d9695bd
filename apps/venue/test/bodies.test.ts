/** What clients send in the bodies of requests: nothing with a type, the same thing in the query too, keys of JSON twice. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseStrictly } from '../src/domain/strict-json.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const data = temporaryDirectory('bodies');
const FORM = 'application/x-www-form-urlencoded';
const ORDER = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '50000' };
let venue: VenueProcess;
let alice: Client;

before(async () => {
  venue = await VenueProcess.start(data, '--demo', '--no-flow');
  alice = new Client(venue.url);
});
after(async () => {
  await venue.close();
  fs.rmSync(data, { recursive: true, force: true });
});

/** A request with these headers. @param chunked whether the length of its body is not said */
function send(
  method: string,
  route: string,
  headers: http.OutgoingHttpHeaders,
  body = '',
  chunked = false,
): Promise<{ status: number; body: any }> {
  return new Promise((resolve, reject) => {
    const length = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': Buffer.byteLength(body) };
    const request = http.request(venue.url + route, { method, headers: { ...headers, ...length } }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('a body without bytes is none, whatever its type', () => {
  for (const type of ['application/json', 'application/json;charset=utf-8', FORM, 'text/plain', 'application/octet-stream']) {
    for (const chunked of [false, true]) {
      it(`${type}, ${chunked ? 'in no chunks' : 'of length 0'}`, async () => {
        const headers = { 'x-mbx-apikey': 'alice', 'content-type': type };
        const ask = async (method: string, route: string, parameters: Record<string, string | number>) => {
          const { status, body } = await send(method, `${route}?${alice.sign(parameters)}`, headers, '', chunked);
          assert.equal(status, 200, `${method} ${route}: ${JSON.stringify(body)}`);
          return body;
        };
        const { orderId } = await ask('POST', '/api/v3/order', ORDER);
        await ask('PUT', '/api/v3/order/amend/keepPriority', { symbol: 'BTCUSDT', orderId, newQty: '0.0005' });
        await ask('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', orderId });
        const { body, status } = await send('POST', '/api/v3/userDataStream', headers, '', chunked);
        assert.equal(status, 200);
        assert.match(body.listenKey, /^[0-9a-f]{60}$/);
        assert.equal((await send('PUT', `/api/v3/userDataStream?listenKey=${body.listenKey}`, headers, '', chunked)).status, 200);
      });
    }
  }

  it('of an administrator too', async () => {
    const headers = { 'x-outcry-admin': fs.readFileSync(path.join(data, 'admin.token'), 'utf8'), 'content-type': 'application/json' };
    assert.deepEqual(await send('POST', '/outcry/v1/accounts/bob/kill', headers), {
      status: 200,
      body: { account: 'bob', status: 'CANCEL_ONLY' },
    });
    assert.equal((await send('DELETE', '/outcry/v1/latencies', headers)).status, 200);
  });
});

describe('a parameter that is sent in the query and in the body', () => {
  it('has the query’s value, and the signature is over both', async () => {
    const headers = { 'x-mbx-apikey': 'alice', 'content-type': FORM };
    const query = 'symbol=BTCUSDT&quantity=0.002&price=50000';
    const body = `symbol=ETHUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=7&timestamp=${Date.now()}`;
    const sign = crypto
      .createHmac('sha256', 'alice-secret')
      .update(query + body)
      .digest('hex');
    const { status, body: order } = await send('POST', `/api/v3/order?${query}`, headers, `${body}&signature=${sign}`);
    assert.equal(status, 200, JSON.stringify(order));
    assert.deepEqual([order.symbol, order.origQty, order.price], ['BTCUSDT', '0.00200000', '50000.00000000']);
    const twice = await send('POST', `/api/v3/order?${query}&price=1`, headers, `${body}&signature=${sign}`);
    assert.deepEqual([twice.status, twice.body.code], [400, -1101]);
    const changed = await send('POST', `/api/v3/order?${query}`, headers, `${body.replace('quantity=7', 'quantity=8')}&signature=${sign}`);
    assert.equal(changed.body.code, -1022);
  });

  it('counts twice towards what a request may have', async () => {
    const headers = { 'x-mbx-apikey': 'alice', 'content-type': FORM };
    const many = Array.from({ length: 60 }, (_, i) => `a${i}=1`).join('&');
    const { status, body } = await send('POST', `/api/v3/order?${many}`, headers, many);
    assert.deepEqual([status, body.code], [400, -1101]);
    assert.match(body.msg, /at most 100/);
  });
});

describe('an administrator’s JSON that says a key twice', () => {
  it('is refused, and nothing is done', async () => {
    const headers = { 'x-outcry-admin': fs.readFileSync(path.join(data, 'admin.token'), 'utf8'), 'content-type': 'application/json' };
    const free = async () => {
      const { body } = await alice.signed('GET', '/api/v3/account');
      return body.balances.find(({ asset }: { asset: string }) => asset === 'BTC').free;
    };
    const before = await free();
    for (const text of [
      '{"asset":"BTC","amount":"1","amount":"5"}',
      '{"asset":"BTC","amount":"1","am\\u006funt":"1"}',
      '{"asset" : "BTC", "amount":"1", "asset"\n:"BTC"}',
    ]) {
      const { status, body } = await send('POST', '/outcry/v1/accounts/alice/fund', headers, text);
      assert.deepEqual([status, body.code], [400, -1100], text);
      assert.match(body.msg, /was sent more than once/);
    }
    const nested = '{"MAX_POSITION":{"BTC":"1","BTC":"2"}}';
    assert.equal((await send('POST', '/outcry/v1/accounts/alice/rules', headers, nested)).status, 400);
    assert.equal((await send('POST', '/outcry/v1/accounts/alice/fund', headers, '{"asset":')).body.code, -1100);
    assert.equal(await free(), before);
    assert.equal((await send('POST', '/outcry/v1/accounts/alice/fund', headers, '{"asset":"BTC","amount":"1"}')).status, 200);
  });

  it('is told from keys of other objects, values, and text that looks like keys', () => {
    for (const text of [
      '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
      '{"a":"a","b":"a"}',
      '{"a":"\\"a\\":1,{","b":"]:"}',
      '[["a","a"]]',
      '7',
      '"a:a"',
    ])
      assert.deepEqual(parseStrictly(text), JSON.parse(text), text);
    for (const text of ['{"a":1,"a":1}', '{"b":[{"a":1,"c":{},"a":2}]}', '{"a":"}","a":1}', '{"__proto__":1,"__proto__":2}'])
      assert.throws(() => parseStrictly(text), SyntaxError, text);
  });
});

describe('a body in chunks', () => {
  /** What comes back of an order whose body has so many chunks of so many bytes: nothing when its connection was ended first. */
  async function answerTo(chunks: number, bytes: number): Promise<string> {
    const { hostname, port } = new URL(venue.url);
    const socket = net.connect(Number(port), hostname);
    let text = '';
    socket.on('data', (piece) => (text += piece));
    socket.on('error', () => undefined);
    const head = `POST /api/v3/order HTTP/1.1\r\nHost: ${hostname}:${port}\r\nX-MBX-APIKEY: alice\r\nConnection: close\r\nContent-Type: ${FORM}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunk = `${bytes.toString(16)}\r\n${'a'.repeat(bytes)}\r\n`;
    socket.write(`${head}${chunk.repeat(chunks)}0\r\n\r\n`);
    await new Promise((resolve) => socket.once('close', resolve));
    return text;
  }

  it('is read when there are few, or they are not small', async () => {
    assert.match(await answerTo(100, 1), /^HTTP\/1.1 400 .*"code":-1/s);
    assert.match(await answerTo(150, 64), /^HTTP\/1.1 400 .*"code":-1/s);
  });

  it('ends its connection when they are many and small: each costs as much as a long one', async () => {
    assert.equal(await answerTo(150, 1), '');
    assert.equal(await answerTo(150, 31), '');
  });
});

describe('a request that is answered before its body has come', () => {
  const routes = ['/api/v3/order', '/outcry/v1/accounts', '/outcry.v1.Trading/PlaceOrder', '/nothing'];
  const bodies = { chunked: 'Transfer-Encoding: chunked\r\n\r\n400\r\n', long: 'Content-Length: 1000000\r\n\r\n' };
  for (const route of routes) {
    for (const [name, body] of Object.entries(bodies)) {
      for (const expect of ['', 'Expect: 100-continue\r\n']) {
        it(`has its connection ended: ${route}, ${name} ${expect}`.trim(), async () => {
          const { hostname, port } = new URL(venue.url);
          const socket = net.connect(Number(port), hostname);
          let text = '';
          socket.on('data', (piece) => (text += piece));
          const type = route.includes('v1.Trading') ? 'application/json' : FORM;
          socket.write(`POST ${route} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: ${type}\r\n${expect}${body}`);
          await new Promise((resolve) => socket.once('close', resolve));
          assert.match(text, /^(HTTP\/1.1 100 Continue\r\n\r\n)?HTTP\/1.1 40[0-9] .*connection: close/is);
        });
      }
    }
  }
});
