/** Requests that are none, or lead nowhere: what they weigh, and how they are answered. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Listener } from './support/listener.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const data = temporaryDirectory('malformed');
let venue: VenueProcess;

before(async () => {
  venue = await VenueProcess.start(data, '--demo', '--no-flow');
});
after(async () => {
  await venue.close();
  fs.rmSync(data, { recursive: true, force: true });
});

/** All that comes of bytes on a connection from an address, until the venue ends it. */
function answerTo(bytes: string, from = '127.0.0.1'): Promise<string> {
  const { hostname, port } = new URL(venue.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = net.connect({ host: hostname, port: Number(port), localAddress: from }, () => socket.write(bytes));
    socket.on('data', (chunk) => (answer += chunk));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    socket.setTimeout(15_000, () => socket.destroy(new Error(`no end: ${answer}`)));
  });
}

const CLOSE = 'Host: localhost\r\nConnection: close\r\n\r\n';
const upgrade = (target: string, more = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n', method = 'GET') =>
  `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`;

/** Each asks from an address of its own, so that what it weighs is seen. */
const CASES: [what: string, bytes: string, status: number, weight: number][] = [
  ['a path that is no text', `GET /api/v3/%zz HTTP/1.1\r\n${CLOSE}`, 400, 1],
  ['a body to a path that is no text', `POST /%ff HTTP/1.1\r\nContent-Length: 3\r\n${CLOSE}abc`, 400, 1],
  ['bytes that are no HTTP', '\x16\x03\x01\x02\x00\r\n\r\n', 400, 1],
  ['a head that is too long', `GET / HTTP/1.1\r\nX-A: ${'a'.repeat(20_000)}\r\n${CLOSE}`, 431, 1],
  ['two lengths', `POST /api/v3/order HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n${CLOSE}abc`, 400, 1],
  [
    'a chunk without a length',
    `POST /api/v3/order/test HTTP/1.1\r\nX-MBX-APIKEY: alice\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n${CLOSE}z\r\n`,
    400,
    2,
  ],
  ['a tunnel', `CONNECT localhost:80 HTTP/1.1\r\n${CLOSE}`, 400, 1],
  ['an upgrade of what is not there', upgrade('/nothing'), 404, 1],
  ['an upgrade of no path', upgrade('//'), 400, 1],
  ['an upgrade that would change something', upgrade('/ws', undefined, 'POST'), 404, 1],
  ['an upgrade without a key', upgrade('/ws', 'Sec-WebSocket-Version: 13\r\n'), 400, 2],
  [
    'an upgrade to another version',
    upgrade('/ws-api/v3', 'Sec-WebSocket-Version: 7\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'),
    400,
    2,
  ],
  ['an upgrade on another host', upgrade('/ws').replace('localhost', 'evil.example'), 403, 1],
  ['two hosts', `GET /api/v3/ping HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`, 400, 1],
  ['two hosts of an upgrade', upgrade('/ws', 'hOST: localhost\r\n'), 400, 1],
  ['an expectation', `GET /api/v3/ping HTTP/1.1\r\nExpect: tea\r\n${CLOSE}`, 417, 1],
  ['a URL of another host', `GET http://evil.example/api/v3/ping HTTP/1.1\r\n${CLOSE}`, 403, 1],
  [
    'a URL of the venue, with another host beside it',
    `GET http://localhost/api/v3/nothing HTTP/1.1\r\n${CLOSE.replace('localhost', 'evil.example')}`,
    404,
    1,
  ],
  ['an upgrade of a URL of another host', upgrade('http://evil.example/ws'), 403, 1],
  ['a URL with somebody in it', `GET http://a@localhost/api/v3/ping HTTP/1.1\r\n${CLOSE}`, 403, 1],
  ['a URL of another scheme', `GET ftp://localhost/api/v3/ping HTTP/1.1\r\n${CLOSE}`, 400, 1],
];

describe('what is no request, or leads nowhere', () => {
  for (const [i, [what, bytes, status, weight]] of CASES.entries()) {
    it(`${what}: told as every refusal is, and counted`, async () => {
      const from = `127.0.1.${i + 1}`;
      const answer = await answerTo(bytes, from);
      const [head, body] = answer.split('\r\n\r\n');
      assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} [A-Z]`), answer);
      for (const name of [
        'content-security-policy',
        'x-content-type-options',
        'x-frame-options',
        'referrer-policy',
        'cross-origin-resource-policy',
      ])
        assert.match(head, new RegExp(`\r\n${name}: `, 'i'), answer);
      assert.match(head, /\r\ncontent-type: application\/json; charset=utf-8/i);
      assert.match(head, /\r\nconnection: close/i);
      assert.deepEqual(Object.keys(JSON.parse(body)), ['code', 'msg'], answer);
      const ping = await answerTo(`GET /api/v3/ping HTTP/1.1\r\n${CLOSE}`, from);
      assert.match(ping, new RegExp(`x-mbx-used-weight-1m: ${weight + 1}\r\n`), ping);
    });
  }

  it('a URL of the venue is its path, with and without one', async () => {
    assert.match(await answerTo(`GET http://localhost:1/api/v3/ping HTTP/1.1\r\n${CLOSE}`), /^HTTP\/1\.1 200 OK[\s\S]*\{\}$/);
    assert.match(await answerTo(`GET HTTP://127.0.0.1?a HTTP/1.1\r\n${CLOSE}`), /^HTTP\/1\.1 200 OK[\s\S]*<!doctype html>/i);
    const ws = answerTo(`${upgrade('http://localhost/ws')}\x88\x80\0\0\0\0`);
    assert.match(await ws, /^HTTP\/1\.1 101/);
  });

  it('what cannot be read behind an order is told after the order’s answer', async () => {
    const alice = new Client(venue.url);
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '50000' };
    const head = `POST /api/v3/order?${alice.sign(order)} HTTP/1.1\r\nHost: localhost\r\nX-MBX-APIKEY: alice\r\nContent-Length: 0\r\n\r\n`;
    const answer = await answerTo(`${head}\x01\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 200 OK[\s\S]*"status":"NEW"[\s\S]*HTTP\/1\.1 400 [\s\S]*not HTTP/);
  });
});

it('a message of the WebSocket API that is not JSON is answered -1135, and the next one is heard', async () => {
  const listener = await Listener.open(venue.url, '/ws-api/v3');
  for (const text of ['{', '{"id":1,}', 'ping', '']) {
    listener.messages.length = 0;
    listener.send(text);
    const { id, status, error } = await listener.until(() => true);
    assert.deepEqual([id, status, error], [null, 400, { code: -1135, msg: 'Invalid JSON Request' }], text);
  }
  assert.equal((await listener.request({ id: 7, method: 'ping' })).status, 200);
  listener.close();
});

describe('an address that is beyond its minute', () => {
  it('is told so whatever it sends', async (t) => {
    const config = `${data}/few.json`;
    fs.writeFileSync(config, JSON.stringify({ rateLimits: { weightPerMinute: 20 } }));
    const few = temporaryDirectory('malformed-few');
    const before = venue;
    venue = await VenueProcess.start(few, '--demo', '--no-flow', '--config', config);
    t.after(async () => {
      await venue.kill();
      venue = before;
      fs.rmSync(few, { recursive: true, force: true });
    });
    for (let i = 0; i < 21; i++) await answerTo(CASES[i % 3][1]);
    for (const bytes of [CASES[0][1], CASES[2][1], upgrade('/nothing'), upgrade('/ws')]) {
      const answer = await answerTo(bytes);
      assert.match(answer, /^HTTP\/1\.1 429 [\s\S]*retry-after: \d+\r\n[\s\S]*"code":-1003/, `${bytes}: ${answer}`);
    }
  });
});
