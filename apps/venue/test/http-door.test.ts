/** The HTTP port as browsers and scanners see it: headers, hosts, paths, connections. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { chromium } from 'playwright-core';
import { readConfig } from '../src/domain/config-sources.ts';
import { Browsers } from '../src/doors/http/browsers.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

const CHROMIUM = '/usr/bin/chromium';
const FORM = 'application/x-www-form-urlencoded';

/** Something on every kind of route: answers, refusals, pages, documents, gRPC. */
const ROUTES = [
  '/',
  '/style.css',
  '/app/main.js',
  '/chart/lightweight-charts.standalone.production.mjs',
  '/docs',
  '/docs/json',
  '/docs/static/swagger-ui.css',
  '/openapi.json',
  '/api/v3/ping',
  '/api/v3/depth?symbol=BTCUSDT',
  '/api/v3/depth',
  '/api/v3/account',
  '/outcry/v1/status',
  '/outcry/v1/accounts',
  '/nothing',
  '/outcry.v1.MarketData/GetBook',
];

async function start(name: string, config: object = {}) {
  const data = temporaryDirectory(name);
  const file = path.join(data, 'config.json');
  fs.writeFileSync(file, JSON.stringify(config));
  const venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', file);
  const close = async () => {
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  };
  return { venue, close };
}

/** A request with any headers, also those that fetch does not let one set. */
function send(
  url: string,
  route: string,
  headers: http.OutgoingHttpHeaders = {},
  method = 'GET',
  body = '',
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const length = body === '' ? {} : { 'content-length': body.length };
    const request = http.request(url + route, { method, headers: { ...headers, ...length } }, (response) => {
      response.resume();
      response.on('end', () => resolve(response));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** What comes of bytes on a connection: its answer, and when it was closed. */
function raw(url: string, bytes: string, from?: string): { socket: net.Socket; text: () => string; isClosed: () => boolean } {
  const { hostname, port } = new URL(url);
  let text = '';
  let isClosed = false;
  const socket = net.connect({ port: Number(port), host: hostname, localAddress: from }, () => socket.write(bytes));
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('close', () => {
    isClosed = true;
  });
  socket.on('error', () => undefined);
  return { socket, text: () => text, isClosed: () => isClosed };
}

const upgrade = (host: string, target = '/ws', more = '') =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`;

describe('a page in a browser', () => {
  let venue: VenueProcess;
  let close: () => Promise<void>;
  let host: string;
  before(async () => {
    ({ venue, close } = await start('browsers', { hostNames: ['venue.example'], origins: ['https://desk.example'] }));
    host = new URL(venue.url).host;
  });
  after(() => close());

  it('gets headers with every answer that let nobody frame, sniff or script it', async () => {
    for (const route of ROUTES) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const { headers, statusCode } = await send(venue.url, route, {}, method);
        const what = `${method} ${route}: ${statusCode}`;
        assert.equal(headers['x-content-type-options'], 'nosniff', what);
        assert.equal(headers['x-frame-options'], 'DENY', what);
        assert.equal(headers['referrer-policy'], 'no-referrer', what);
        assert.match(String(headers['content-security-policy']), /default-src 'none'/, what);
        assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/, what);
        assert.doesNotMatch(String(headers['content-security-policy']), /script-src[^;]*unsafe/, what);
        assert.equal(headers['access-control-allow-origin'], undefined, what);
      }
    }
  });

  it('reaches the venue by its own names only, on every route: a name that was made to lead here does not', async () => {
    const names = [host, 'localhost', 'LOCALHOST:1', '[::1]:80', '127.0.0.1', 'venue.example', 'Venue.Example:8080'];
    for (const name of names) assert.equal((await send(venue.url, '/api/v3/ping', { host: name })).statusCode, 200, name);
    const strangers = [
      'evil.example',
      `evil.example:${host.split(':')[1]}`,
      '10.0.0.1',
      '127.0.0.1.evil.example',
      'localhost.',
      'venue.example.evil',
      'a@127.0.0.1',
      '127.0.0.1:80:80',
      '',
      '[::2]',
    ];
    for (const name of strangers) {
      // Node's client sends no empty Host.
      for (const route of name === '' ? [] : ROUTES)
        assert.equal((await send(venue.url, route, { host: name })).statusCode, 403, `${name} ${route}`);
      const answer = raw(venue.url, upgrade(name));
      await until(answer.isClosed, answer.text);
      assert.match(answer.text(), /^HTTP\/1\.1 403/, name);
    }
  });

  it('changes something only from the venue itself, or an origin of the configuration', async () => {
    const post = async (origin: string | undefined, route = '/api/v3/order/test') =>
      (await send(venue.url, route, origin === undefined ? {} : { origin }, 'POST')).statusCode;
    for (const route of ['/api/v3/order', '/outcry/v1/accounts', '/outcry.v1.Trading/PlaceOrder', '/nothing']) {
      for (const origin of [
        'http://evil.example',
        'null',
        `http://evil.example:${host.split(':')[1]}`,
        `https://${host}.evil.example`,
        'file://',
        '',
        'http://127.0.0.1',
      ])
        assert.equal(await post(origin, route), 403, `${origin} ${route}`);
    }
    for (const origin of [undefined, venue.url, 'https://desk.example']) assert.notEqual(await post(origin), 403, String(origin));
    for (const [origin, status] of [
      ['http://evil.example', 403],
      ['null', 403],
      [venue.url, 101],
      ['https://desk.example', 101],
    ] as const) {
      for (const target of ['/ws', '/stream', '/ws-api/v3']) {
        const answer = raw(venue.url, upgrade(host, target, `Origin: ${origin}\r\n`));
        await until(() => answer.text() !== '', answer.text);
        assert.match(answer.text(), new RegExp(`^HTTP/1\\.1 ${status}`), `${origin} ${target}`);
        answer.socket.destroy();
      }
    }
  });

  it('may be one of another origin where the operator says so', async () => {
    const origin = 'https://desk.example';
    const preflight = await send(venue.url, '/api/v3/order', { origin, 'access-control-request-method': 'POST' }, 'OPTIONS');
    assert.deepEqual([preflight.statusCode, preflight.headers['access-control-allow-origin']], [204, origin]);
    assert.match(String(preflight.headers['access-control-allow-headers']), /x-mbx-apikey/);
    assert.equal((await send(venue.url, '/api/v3/ping', { origin })).headers['access-control-allow-origin'], origin);
    const other = await send(venue.url, '/api/v3/order', { origin: 'https://other.example' }, 'OPTIONS');
    assert.deepEqual([other.statusCode, other.headers['access-control-allow-origin']], [404, undefined]);
  });

  it('shows the documentation without a complaint', { skip: !fs.existsSync(CHROMIUM) && `${CHROMIUM} is not installed` }, async () => {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${venue.url}/docs`);
    await page.locator('.opblock').first().waitFor();
    assert.deepEqual(complaints, []);
    await browser.close();
  });

  it('is told by the configuration only what browsers send', () => {
    const file = path.join(venue.data, 'wrong.json');
    for (const wrong of [
      { hostNames: ['venue.example:8080'] },
      { hostNames: [7] },
      { hostNames: 'venue.example' },
      { origins: ['desk.example'] },
      { origins: ['https://desk.example/'] },
      { origins: ['*'] },
    ]) {
      fs.writeFileSync(file, JSON.stringify(wrong));
      assert.throws(() => readConfig(file), /hostNames|origins/, JSON.stringify(wrong));
    }
  });

  it('of a venue that is not on loopback: any address and its own names', () => {
    const browsers = new Browsers({ host: '0.0.0.0', hostNames: ['venue.example'], origins: [] });
    const isServed = (name: string) => browsers.refusal({ host: name }, true) === undefined;
    assert.ok(['10.1.2.3:8080', '[fe80::1]:8080', 'localhost:8080', 'venue.example'].every(isServed));
    assert.ok(!isServed('evil.example'));
    const tls = new Browsers({ host: '127.0.0.1', hostNames: [], origins: [], tls: { cert: '', key: '' } });
    assert.equal(tls.refusal({ host: 'localhost', origin: 'https://localhost' }, false), undefined);
    assert.notEqual(tls.refusal({ host: 'localhost', origin: 'http://localhost' }, false), undefined);
  });
});

describe('one client of HTTP and all others', () => {
  let venue: VenueProcess;
  let close: () => Promise<void>;
  let host: string;
  before(async () => {
    ({ venue, close } = await start('http-door', { connections: { loginMs: 2000, idleMs: 3000, unsigned: 40, perAddress: 200 } }));
    host = new URL(venue.url).host;
  });
  after(() => close());
  /** Connections beside the one that asks, which is its own and ends with the answer. */
  const others = async () => {
    const answer = await fetch(`${venue.url}/outcry/v1/status`, { headers: { connection: 'close' } });
    return ((await answer.json()) as { open: { http: number } }).open.http - 1;
  };

  it('a request that is half sent ends in its time, wherever it stops, and silence does too', async () => {
    const head = `POST /api/v3/order HTTP/1.1\r\nHost: ${host}\r\nX-MBX-APIKEY: alice\r\nContent-Type: ${FORM}\r\n`;
    const halves = [
      '',
      'GET',
      `GET /api/v3/ping HTTP/1.1\r\nHost: ${host}\r\n`,
      head,
      `${head}Content-Length: 1000\r\n\r\nsymbol=`,
      `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nsym`,
    ];
    const connections = halves.map((half) => raw(venue.url, half));
    const gone = connections.map(({ socket }) => new Promise((resolve) => socket.on('close', resolve)));
    await Promise.all(gone);
  });

  it('a client that has closed its half reads its answers, of what takes a while too, and then the connection ends', async () => {
    const alice = new Client(venue.url);
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '50000' };
    const heads = [
      `POST /api/v3/order?${alice.sign(order)} HTTP/1.1\r\nX-MBX-APIKEY: alice\r\nContent-Length: 0`,
      'GET /api/v3/depth?symbol=BTCUSDT HTTP/1.1',
      `GET /api/v3/allOrders?${alice.sign({ symbol: 'BTCUSDT' })} HTTP/1.1\r\nX-MBX-APIKEY: alice`,
      'GET /api/v3/time HTTP/1.1',
    ];
    for (const sent of [...heads.map((head) => [head]), heads]) {
      const { hostname, port } = new URL(venue.url);
      const socket = net.connect({ host: hostname, port: Number(port), allowHalfOpen: true });
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk)).on('error', () => undefined);
      const ended = new Promise<void>((resolve) => socket.once('end', resolve));
      socket.end(sent.map((head) => `${head}\r\nHost: localhost\r\n\r\n`).join(''));
      await ended;
      assert.equal(answer.split('HTTP/1.1 200 OK').length - 1, sent.length, `${sent}: ${answer}`);
    }
  });

  it('another protocol that is offered beside a request is passed over', async () => {
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };
    for (const route of ['/api/v3/ping', '/ws/btcusdt@trade']) {
      const { statusCode } = await send(venue.url, route, headers);
      assert.equal(statusCode, route === '/api/v3/ping' ? 200 : 404, route);
    }
  });

  it('bytes that trickle in do not put the end off', async () => {
    const { socket, isClosed, text } = raw(venue.url, `GET /api/v3/ping HTTP/1.1\r\nHost: ${host}\r\nX-A: `);
    const trickle = setInterval(() => socket.write('a'), 50);
    await until(isClosed, text);
    clearInterval(trickle);
  });

  it('a connection that is kept alive without need ends, and so does one that does not read its answer', async (t) => {
    const idle = raw(venue.url, `GET /api/v3/ping HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await until(() => idle.text().includes('200 OK'), idle.text);
    const asks = `GET /chart/lightweight-charts.standalone.production.mjs HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(60);
    const program = `
      const socket = require('node:net').connect(${host.split(':')[1]}, '127.0.0.1', () => socket.write(${JSON.stringify(asks)}, () => console.log('sent')));
      socket.pause();`;
    const deaf = spawn(process.execPath, ['-e', program]);
    t.after(() => deaf.kill('SIGKILL'));
    await new Promise((resolve) => deaf.stdout.once('data', resolve));
    deaf.kill('SIGSTOP');
    await until(idle.isClosed, idle.text);
    const deadline = performance.now() + 60_000;
    while ((await others()) > 0) assert.ok(performance.now() < deadline, `${await others()} are open`);
  });

  it('connections that bring nothing signed give way to new ones; one that signed stays', async () => {
    const alice = new Client(venue.url);
    const signed = raw(
      venue.url,
      `GET /api/v3/account?${alice.sign({})} HTTP/1.1\r\nHost: ${host}\r\nX-MBX-APIKEY: alice\r\n\r\n`,
      '127.0.0.4',
    );
    await until(() => signed.text().includes('200 OK'), signed.text);
    const crowd = Array.from({ length: 150 }, () => raw(venue.url, '', '127.0.0.4'));
    const deadline = performance.now() + 60_000;
    while (crowd.filter(({ isClosed }) => isClosed()).length < 100) {
      assert.ok(performance.now() < deadline);
      assert.equal((await fetch(`${venue.url}/api/v3/ping`)).status, 200);
    }
    assert.ok(!signed.isClosed());
    for (const { socket } of [signed, ...crowd]) socket.destroy();
  });

  it('a body that nobody wants is not read: of a GET, of a route that is not there, without a key', async () => {
    const form = { 'content-type': FORM };
    const many = 'a&'.repeat(32_000);
    assert.equal((await send(venue.url, '/api/v3/ping', form, 'GET', 'a=1')).statusCode, 400);
    assert.equal((await send(venue.url, '/nothing', form, 'POST', many)).statusCode, 404);
    assert.equal((await send(venue.url, '/api/v3/order', form, 'POST', many)).statusCode, 401);
    assert.equal(
      (await send(venue.url, '/outcry/v1/accounts', { 'content-type': 'application/json' }, 'POST', '{"name":')).statusCode,
      401,
    );
    const endless = raw(venue.url, `POST /nothing HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n`);
    await until(endless.isClosed, endless.text);
    assert.match(endless.text(), /^HTTP\/1\.1 404[\s\S]*connection: close/i);
  });

  it('more parameters than a request can have are refused before they are parsed, in a body, a query and over WebSocket', async () => {
    const headers = { 'X-MBX-APIKEY': 'alice', 'content-type': FORM };
    const many = Array.from({ length: 4000 }, (_, i) => i.toString(36)).join('&');
    const body = await fetch(`${venue.url}/api/v3/order`, { method: 'POST', headers, body: many });
    assert.deepEqual([body.status, ((await body.json()) as { code: number }).code], [400, -1101]);
    const query = await fetch(`${venue.url}/api/v3/depth?${many.slice(0, 8000)}`);
    assert.deepEqual([query.status, ((await query.json()) as { code: number }).code], [400, -1101]);
    const long = await fetch(`${venue.url}/api/v3/order`, { method: 'POST', headers, body: `symbol=${'A'.repeat(17_000)}` });
    assert.equal(long.status, 413);
    const socket = new WebSocket(`${venue.url.replace('http', 'ws')}/ws-api/v3`);
    const answer = await new Promise<string>((resolve) => {
      socket.onmessage = ({ data }) => resolve(data);
      socket.onopen = () =>
        socket.send(JSON.stringify({ id: 1, method: 'time', params: Object.fromEntries(many.split('&').map((name) => [name, 1])) }));
    });
    assert.equal(JSON.parse(answer).error.code, -1101);
    socket.close();
  });
});

describe("an address's weight a minute", () => {
  it('is spent on every route, and when it is spent nothing is answered', async () => {
    const { venue } = await start('http-weight', { rateLimits: { weightPerMinute: 60 } });
    let spent = 0;
    for (const route of ROUTES) {
      assert.notEqual((await send(venue.url, route)).statusCode, 429, `${route} after ${spent}`);
      spent++;
    }
    for (let i = 0; i < 60; i++) await send(venue.url, '/api/v3/ping');
    for (const route of ROUTES) {
      for (const method of ['GET', 'POST']) assert.equal((await send(venue.url, route, {}, method)).statusCode, 429, `${method} ${route}`);
    }
    await venue.kill('SIGTERM');
    fs.rmSync(venue.data, { recursive: true, force: true });
  });
});

describe('anonymous readers of streams', () => {
  const connections = { most: 24, perAddress: 12, unsigned: 8 };
  let venue: VenueProcess;
  let close: () => Promise<void>;
  before(async () => {
    ({ venue, close } = await start('readers', { connections }));
  });
  after(() => close());

  it('take no place of traders, at the WebSocket API or REST; connecting weighs as it does there', async (t) => {
    const { host } = new URL(venue.url);
    const sockets: net.Socket[] = [];
    t.after(() => sockets.forEach((socket) => void socket.destroy()));
    const ask = async (target: string, from: string) => {
      const asked = raw(venue.url, upgrade(host, target), from);
      sockets.push(asked.socket);
      await until(() => asked.text().includes('\r\n'), asked.text);
      return Number(asked.text().split(' ')[1]);
    };
    for (const from of ['127.0.0.2', '127.0.0.3']) {
      for (let i = 0; i < 12; i++) assert.equal(await ask(i % 2 === 0 ? '/ws' : '/ws/btcusdt@trade', from), 101);
    }
    assert.equal(await ask('/ws', '127.0.0.4'), 429, 'readers have so many places');
    for (let i = 0; i < 4; i++) assert.equal(await ask('/ws-api/v3', '127.0.0.5'), 101);
    assert.equal((await fetch(`${venue.url}/api/v3/ping`)).status, 200);
    for (const target of ['/ws', '/ws-api/v3', '/ws/btcusdt@trade']) await ask(target, '127.0.0.6');
    const used = raw(venue.url, `GET /api/v3/ping HTTP/1.1\r\nHost: ${host}\r\n\r\n`, '127.0.0.6');
    sockets.push(used.socket);
    await until(() => used.text().includes('{}'), used.text);
    assert.match(used.text(), /x-mbx-used-weight-1m: 7\r\n/);
  });
});
