// What a WebSocket client sends beside whole messages: control frames and fragments.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import type { Socket } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { FrameCounter } from '../src/doors/binance/frames.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

const TEXT = 1;
const PING = 9;
const PONG = 10;

/** A masked frame; its mask changes nothing. */
function frame(opcode: number, payload: string | Buffer, isLast = true): Buffer {
  const body = Buffer.from(payload as string);
  const size = body.length;
  const first = (isLast ? 0x80 : 0) | opcode;
  let head = Buffer.from([first, 0x80 | size]);
  if (size > 125) {
    head = Buffer.alloc(size < 65_536 ? 4 : 10);
    head[0] = first;
    head[1] = 0x80 | (size < 65_536 ? 126 : 127);
    if (size < 65_536) head.writeUInt16BE(size, 2);
    else head.writeBigUInt64BE(BigInt(size), 2);
  }
  return Buffer.concat([head, Buffer.alloc(4), body]);
}

it('frames that are not the first of a message are counted, wherever the bytes are cut', () => {
  const sizes = fc.oneof(fc.nat(130), fc.constantFrom(125, 126, 65_535, 65_536));
  const frames = fc.array(fc.record({ opcode: fc.constantFrom(0, 1, 2, 8, 9, 10), size: sizes }), { maxLength: 12 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 5000 })), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(({ opcode, size }) => frame(opcode, Buffer.alloc(size))));
      const counter = new FrameCounter();
      let count = 0;
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        count += counter.count(bytes.subarray(at, at + cut));
        at = Math.min(bytes.length, at + cut);
      }
      assert.equal(count, sent.filter(({ opcode }) => opcode !== 1 && opcode !== 2).length);
    }),
  );
});

describe('a WebSocket', () => {
  const data = temporaryDirectory('ws-frames');
  let venue: VenueProcess;
  let paths: string[];
  before(async () => {
    venue = await VenueProcess.start(data, '--demo', '--no-flow');
    const asked = await fetch(`${venue.url}/api/v3/userDataStream`, { method: 'POST', headers: { 'X-MBX-APIKEY': 'alice' } });
    const { listenKey } = (await asked.json()) as { listenKey: string };
    paths = ['/ws-api/v3', `/ws/${listenKey}`, '/ws/btcusdt@trade'];
  });
  after(async () => {
    await venue.kill();
    fs.rmSync(data, { recursive: true, force: true });
  });

  /** A client, and the socket under it. */
  async function open(t: TestContext, path: string) {
    const client = new WebSocket(venue.url.replace('http', 'ws') + path);
    t.after(() => client.terminate());
    const closed = { code: 0 };
    let raw: Socket | undefined;
    client.on('upgrade', ({ socket }) => {
      raw = socket;
    });
    client.on('error', () => undefined);
    client.on('close', (code) => {
      closed.code = code;
    });
    await new Promise((resolve) => client.once('open', resolve));
    return { client, raw: raw!, closed };
  }

  const floods: Record<string, Buffer> = {
    pings: Buffer.concat(Array(5000).fill(frame(PING, Buffer.alloc(100)))),
    pongs: Buffer.concat(Array(20_000).fill(frame(PONG, ''))),
    'messages of a byte': Buffer.concat(Array(20_000).fill(frame(TEXT, 'x'))),
    'fragments of a byte': Buffer.concat([frame(TEXT, '{', false), ...Array(20_000).fill(frame(0, 'a', false))]),
    'empty fragments': Buffer.concat([frame(TEXT, '{', false), ...Array(20_000).fill(frame(0, '', false))]),
  };
  for (const [what, bytes] of Object.entries(floods)) {
    it(`with a flood of ${what} is closed with 1008`, async (t) => {
      for (const path of paths) {
        const { raw, closed } = await open(t, path);
        raw.write(bytes);
        await until(
          () => closed.code !== 0,
          () => `${what} at ${path}: open`,
        );
        assert.equal(closed.code, 1008, path);
        assert.equal((await new Client(venue.url).public('/api/v3/ping')).status, 200);
      }
    });
  }

  it('may send some pings at once, and a message in some fragments', async (t) => {
    for (const path of paths) {
      const { client, raw, closed } = await open(t, path);
      let pongs = 0;
      const answers: any[] = [];
      client.on('pong', () => pongs++);
      client.on('message', (text) => answers.push(JSON.parse(text.toString())));
      raw.write(Buffer.concat(Array(500).fill(frame(PING, 'x'))));
      const request = JSON.stringify({ id: 7, method: path === '/ws-api/v3' ? 'ping' : 'LIST_SUBSCRIPTIONS' });
      const parts = [...request].map((letter, i) => frame(i === 0 ? TEXT : 0, letter, i === request.length - 1));
      raw.write(Buffer.concat(parts));
      await until(
        () => pongs === 500 && answers.length === 1,
        () => `${path}: ${pongs} pongs, ${answers.length} answers, ${closed.code}`,
      );
      assert.equal(answers[0].id, 7);
    }
  });

  it('is refused text that only opens lists, which takes long to parse, and goes on', async (t) => {
    for (const path of paths) {
      const { client } = await open(t, path);
      const answers: any[] = [];
      client.on('message', (text) => answers.push(JSON.parse(text.toString())));
      for (const text of ['['.repeat(60_000), '{"a":'.repeat(12_000), '[],'.repeat(20_000)]) client.send(text);
      client.send('{"id":9,"method":"x"}');
      await until(
        () => answers.length === 4,
        () => `${path}: ${JSON.stringify(answers)}`,
      );
      assert.equal(answers[3].id, 9, path);
    }
  });

  it('takes a number as it was written, not as a double rounds it, and a recvWindow in figures only', async (t) => {
    const { client } = await open(t, '/ws-api/v3');
    const ask = (numbers: string, more: Record<string, string>, exact: Record<string, string>) => {
      const signed: Record<string, string> = { apiKey: 'alice', timestamp: String(Date.now()), ...more };
      const all: Record<string, string> = { ...signed, ...exact };
      const payload = Object.keys(all)
        .sort()
        .map((name) => `${name}=${all[name]}`)
        .join('&');
      const signature = crypto.createHmac('sha256', 'alice-secret').update(payload).digest('hex');
      const params = JSON.stringify({ ...signed, signature }).replace('}', `${numbers}}`);
      client.send(`{"id":1,"method":"order.test","params":${params}}`);
      return new Promise<any>((resolve) => client.once('message', (text) => resolve(JSON.parse(text.toString()))));
    };
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001' };
    const priced = (price: string) => ask(`,"price":${price}`, order, { price });
    assert.equal((await priced('50000')).status, 200);
    assert.equal((await priced('50000.00')).status, 200);
    for (const price of ['50000.000000000001', '5e4', '50000.00000000000000000001']) {
      const { status, error } = await priced(price);
      assert.equal(status, 400, `${price}: ${JSON.stringify(error)}`);
    }
    const within = (recvWindow: string) => ask('', { ...order, price: '50000', recvWindow }, {});
    for (const window of ['5000', '5000.123', '60000']) assert.equal((await within(window)).status, 200, window);
    for (const window of ['0xea60', '1e4', ' 5000', '5000 ', '', '-1', '0', '60001', '5000.', '+5', 'NaN'])
      assert.equal((await within(window)).error?.code, -1100, JSON.stringify(window));
  });
});
