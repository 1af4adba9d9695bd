// HTTP/1.1 pipelining: many requests in one segment, which nobody but a hostile client sends.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import tls from 'node:tls';
import { MOST_PIPELINED } from '../src/doors/http/turns.ts';
import { temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

/** Times that a flood's connection is made anew, each with a segment full of requests. */
const SEGMENTS = 200;
const REQUESTS_A_SEGMENT = 1500;
const WEIGHT = 300;

const head = (target: string, more = 'Host: 127.0.0.1\r\n', method = 'GET') => `${method} ${target} HTTP/1.1\r\n${more}\r\n`;

const FLOODS: Record<string, string> = {
  'requests that are answered': head('/api/v3/time'),
  'the page': head('/'),
  'unknown routes': head('/nope'),
  'a host that is not the venue': head('/api/v3/time', 'Host: evil.example\r\n'),
  'no host': head('/', ''),
  'wrong signatures': head(`/api/v3/account?timestamp=1&signature=${'0'.repeat(64)}`, 'Host: 127.0.0.1\r\nX-MBX-APIKEY: alice\r\n'),
  'an expectation': head('/api/v3/time', 'Host: 127.0.0.1\r\nExpect: more\r\n'),
  'orders without a key': head('/api/v3/order', 'Host: 127.0.0.1\r\nContent-Length: 0\r\n', 'POST'),
};

interface Answer {
  status: number;
  body: string;
}

/** Answers of one connection, in order. */
class Pipeline {
  readonly socket: net.Socket;
  isClosed = false;
  text = '';

  constructor(t: TestContext, url: string, from?: string) {
    const { hostname, port, protocol } = new URL(url);
    const where = { host: hostname, port: Number(port), localAddress: from };
    this.socket = protocol === 'https:' ? tls.connect({ ...where, rejectUnauthorized: false }) : net.connect(where);
    this.socket.on('data', (chunk) => {
      this.text += chunk;
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    t.after(() => this.socket.destroy());
  }

  get answers(): Answer[] {
    return this.text
      .split('HTTP/1.1 ')
      .slice(1)
      .map((text) => ({ status: Number(text.slice(0, 3)), body: text.slice(text.indexOf('\r\n\r\n') + 4) }));
  }
}

/** An honest client's request on a connection that it keeps. */
function ask(url: string, agent: http.Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https') ? https.get : http.get;
    const request = get(`${url}/api/v3/ping`, { agent, rejectUnauthorized: false } as https.RequestOptions, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    });
    request.on('error', reject);
  });
}

const own = (url: string) => (url.startsWith('https') ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true }));

function certificate(directory: string): { key: string; cert: string } | undefined {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(directory, name));
  const options =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=venue -addext subjectAltName=IP:127.0.0.1';
  const { status } = spawnSync('openssl', [...options.split(' '), '-keyout', key, '-out', cert]);
  return status === 0 ? { key, cert } : undefined;
}

for (const scheme of ['http', 'https']) {
  describe(`pipelined requests over ${scheme}`, () => {
    const data = temporaryDirectory(`turns-${scheme}`);
    let venue: VenueProcess | undefined;
    before(async () => {
      const pair = scheme === 'https' ? certificate(data) : undefined;
      if (scheme === 'https' && pair === undefined) return;
      const config = path.join(data, 'config.json');
      fs.writeFileSync(config, JSON.stringify({ tls: pair }));
      venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
    });
    after(async () => {
      await venue?.kill();
      fs.rmSync(data, { recursive: true, force: true });
    });

    it('are all answered, in order, as many as may be without an answer, again and again', async (t) => {
      if (venue === undefined) return t.skip('needs openssl, to make a certificate');
      const line = new Pipeline(t, venue.url);
      const targets = ['/api/v3/time', '/nope', '/api/v3/ping', '/', '/api/v3/depth?symbol=NONE'];
      const wanted = [200, 404, 200, 200, 400];
      for (let round = 1; round <= 5; round++) {
        const asked = Array.from({ length: MOST_PIPELINED }, (_, i) => i % targets.length);
        line.socket.write(asked.map((which) => head(targets[which])).join(''));
        await until(
          () => line.answers.length === round * MOST_PIPELINED || line.isClosed,
          () => `${line.answers.length} answers`,
        );
        const statuses = line.answers.slice(-MOST_PIPELINED).map(({ status }) => status);
        assert.deepEqual(
          statuses,
          asked.map((which) => wanted[which]),
        );
        await ask(venue.url, own(venue.url)); // the last answer was counted
      }
      assert.equal(line.isClosed, false);
    });

    it('cut their connection off when they are more', async (t) => {
      if (venue === undefined) return t.skip('needs openssl, to make a certificate');
      for (const [what, request] of Object.entries(FLOODS)) {
        const line = new Pipeline(t, venue.url);
        line.socket.write(request.repeat(MOST_PIPELINED + 1));
        await until(
          () => line.isClosed,
          () => `${what}: ${line.answers.length} answers`,
        );
        assert.ok(line.answers.length <= MOST_PIPELINED, what);
      }
    });

    for (const [what, request] of Object.entries(FLOODS)) {
      it(`hold up nobody else: ${what}`, async (t) => {
        if (venue === undefined) return t.skip('needs openssl, to make a certificate');
        const { url } = venue;
        const agent = own(url);
        t.after(() => agent.destroy());
        const segment = Buffer.from(request.repeat(REQUESTS_A_SEGMENT));
        let isOver = false;
        const flood = (async () => {
          for (let i = 0; i < SEGMENTS; i++) {
            const line = new Pipeline(t, url);
            line.socket.write(segment);
            await until(
              () => line.isClosed,
              () => 'the flood goes on',
              60_000,
            );
          }
          isOver = true;
        })();
        let asked = 0;
        while (!isOver) {
          assert.equal(await ask(url, agent), 200);
          asked++;
        }
        await flood;
        // Each of the flood's connections is made, cut off and noticed: an honest client gets an answer meanwhile, or nearly.
        assert.ok(asked > SEGMENTS / 2, `${asked} answers to an honest client beside ${SEGMENTS} segments`);
      });
    }

    it('that are few enough take turns with an honest client', async (t) => {
      if (venue === undefined) return t.skip('needs openssl, to make a certificate');
      const { url } = venue;
      const agent = own(url);
      t.after(() => agent.destroy());
      const lines = Array.from({ length: 8 }, () => new Pipeline(t, url));
      const request = head('/nope').repeat(MOST_PIPELINED);
      let answered = 0;
      let asked = 0;
      for (let round = 0; round < 20; round++) {
        for (const line of lines) {
          line.text = '';
          line.socket.write(request);
        }
        while (lines.some((line) => line.answers.length < MOST_PIPELINED)) {
          assert.equal(await ask(url, agent), 200);
          asked++;
          assert.ok(lines.every((line) => !line.isClosed));
        }
        answered += lines.length * MOST_PIPELINED;
        await ask(url, agent);
      }
      assert.ok(asked * 200 > answered, `${asked} answers to an honest client beside ${answered}`);
    });
  });
}

describe('an address beyond its weight', () => {
  const data = temporaryDirectory('turns-weight');
  let venue: VenueProcess;
  before(async () => {
    const config = path.join(data, 'config.json');
    fs.writeFileSync(config, JSON.stringify({ rateLimits: { weightPerMinute: WEIGHT, ordersPerTenSeconds: 100, ordersPerDay: 1000 } }));
    venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
  });
  after(async () => {
    await venue.kill();
    fs.rmSync(data, { recursive: true, force: true });
  });

  const kinds = ['requests that are answered', 'unknown routes', 'a host that is not the venue', 'wrong signatures'];
  for (const [i, what] of kinds.entries()) {
    it(`is answered 429 once, and its connection ends: ${what}`, async (t) => {
      const from = `127.0.0.${10 + i}`;
      // The window of the weight may end in between: then once more.
      await until(
        () => Date.now() % 60_000 < 50_000,
        () => 'the minute',
      );
      let refused: Answer | undefined;
      for (let weight = 0; refused === undefined && weight <= 2 * WEIGHT; ) {
        const line = new Pipeline(t, venue.url, from);
        line.socket.write(FLOODS[what].repeat(20));
        await until(
          () => line.answers.length === 20 || line.isClosed,
          () => `${line.answers.length} answers`,
        );
        weight += 20;
        refused = line.answers.find(({ status }) => status === 429);
        if (refused !== undefined) assert.equal(line.answers.at(-1)!.status, 429);
      }
      assert.match(refused!.body, /-1003/);
      for (const target of ['/api/v3/time', '/', '/nope', '/outcry/v1/status']) {
        const line = new Pipeline(t, venue.url, from);
        line.socket.write(head(target).repeat(20));
        await until(
          () => line.isClosed,
          () => `${target}: ${line.text}`,
        );
        assert.deepEqual(
          line.answers.map(({ status }) => status),
          [429],
        );
        assert.match(line.text, /retry-after: \d+/i);
        assert.match(line.text, /connection: close/i);
      }
    });
  }
});
