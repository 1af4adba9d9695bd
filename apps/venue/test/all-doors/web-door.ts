/** Visits of REST and of WebSocket streams. */
import crypto from 'node:crypto';
import type { Random } from '@outcry/workload/random';
import { Corrupt, type Door, type Doors, Line, mutated, noise } from './visit.ts';

const PATHS = [
  'depth?symbol=BTCUSDT&limit=5000',
  'time',
  'trades?symbol=BTCUSDT',
  'aggTrades?symbol=BTCUSDT',
  'klines?symbol=BTCUSDT&interval=1m',
  'ticker/24hr',
  'exchangeInfo',
  'nothing',
];
const STREAMS = [
  'trade',
  'aggTrade',
  'bookTicker',
  'depth@100ms',
  'depth5@100ms',
  'depth20',
  'ticker',
  'miniTicker',
  'kline_1m',
  'nothing',
];

/** Answers of HTTP/1.1, one after the other. Returns what is not whole yet. */
function readAnswers(text: string): string {
  for (;;) {
    const headEnd = text.indexOf('\r\n\r\n');
    if (headEnd < 0) return text;
    const head = text.slice(0, headEnd);
    if (!/^HTTP\/1\.1 \d{3}/.test(head)) throw new Corrupt(`no answer: ${head.slice(0, 100)}`);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (text.length < headEnd + 4 + length) return text;
    const body = text.slice(headEnd + 4, headEnd + 4 + length);
    if (/content-type: application\/json/i.test(head) && body !== '') JSON.parse(body);
    text = text.slice(headEnd + 4 + length);
  }
}

const portOf = ({ url }: Doors) => Number(new URL(url).port);

export const restDoor: Door = {
  name: 'rest',
  visit: async (random, doors) => {
    let text = '';
    const port = portOf(doors);
    const line = new Line(port, (piece) => {
      text = readAnswers(text + piece.toString('latin1'));
    });
    const head = (method: string, path: string, more = '') => `${method} /api/v3/${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${more}`;
    const order = () => {
      const price = random.pick(['60000', '59999.5', '60000.25', 'x']);
      const query = `symbol=BTCUSDT&side=${random.pick(['BUY', 'SELL', 'NO'])}&type=LIMIT&timeInForce=GTC&quantity=0.001&price=${price}&timestamp=${Date.now()}`;
      const signature = crypto.createHmac('sha256', doors.secret).update(query).digest('hex');
      return head('POST', `order?${query}&signature=${signature}`, `X-MBX-APIKEY: ${doors.key}\r\nContent-Length: 0\r\n\r\n`);
    };
    await line.live(random, () => {
      const what = random.below(20);
      if (what === 0) line.write(noise(random, 100));
      else if (what === 1) line.write(mutated(random, Buffer.from(order())));
      else if (what === 2) line.write(head('POST', 'order', `Content-Length: ${random.below(100_000)}\r\n\r\n`));
      else if (what === 3) line.write(head('GET', random.pick(PATHS)));
      else for (let i = random.below(5); i > 0; i--) line.write(random.chance(0.5) ? order() : head('GET', random.pick(PATHS), '\r\n'));
    });
  },
};

/** A client's text frame (RFC 6455 5.2), masked. */
function frame(random: Random, opcode: number, payload: Buffer): Buffer {
  const mask = Buffer.from([random.below(256), random.below(256), random.below(256), random.below(256)]);
  const masked = Buffer.from(payload.map((byte, i) => byte ^ mask[i & 3]));
  const head =
    payload.length < 126 ? [0x80 | opcode, 0x80 | payload.length] : [0x80 | opcode, 0xfe, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from(head), mask, masked]);
}

/** Frames of a server: whole, unmasked, of known kinds, JSON in each; a book's changes without a hole. */
class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #isOpen = false;
  readonly #updates = new Map<string, number>();

  take(piece: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, piece]);
    if (!this.#isOpen) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!this.#rest.toString('latin1', 0, 12).startsWith('HTTP/1.1 101')) {
        this.#rest = Buffer.alloc(0);
        return;
      }
      this.#isOpen = true;
      this.#rest = this.#rest.subarray(end + 4);
    }
    while (this.#frame());
  }

  #frame(): boolean {
    const bytes = this.#rest;
    if (bytes.length < 2) return false;
    if ((bytes[0] & 0x70) !== 0 || (bytes[1] & 0x80) !== 0) throw new Corrupt(`no frame of a server: ${bytes.toString('hex', 0, 8)}`);
    let length = bytes[1] & 0x7f;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) return false;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return false;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    if (bytes.length < at + length) return false;
    this.#message(bytes[0] & 0x8f, bytes.subarray(at, at + length));
    this.#rest = bytes.subarray(at + length);
    return true;
  }

  #message(kind: number, payload: Buffer): void {
    if (kind === 0x88 || kind === 0x89 || kind === 0x8a) return;
    if (kind !== 0x81) throw new Corrupt(`a frame of kind ${kind.toString(16)}`);
    const message = JSON.parse(payload.toString('utf8'));
    const { stream, data = message } = message;
    if (data.e !== 'depthUpdate') return;
    const name = stream ?? data.s;
    const last = this.#updates.get(name);
    if (last !== undefined && data.U !== last + 1) throw new Corrupt(`${name}: update ${data.U} after ${last}`);
    this.#updates.set(name, data.u);
  }
}

export const streamDoor: Door = {
  name: 'stream',
  visit: async (random, doors) => {
    const reader = new FrameReader();
    const port = portOf(doors);
    const line = new Line(port, (piece) => reader.take(piece));
    const stream = () => `${random.pick(['btcusdt', 'ethusdt'])}@${random.pick(STREAMS)}`;
    const path = random.chance(0.5)
      ? `/stream?streams=${[stream(), stream(), stream()].join('/')}`
      : random.pick([`/ws/${stream()}`, '/ws', '/ws-api/v3', '/other']);
    const key = crypto.randomBytes(16).toString('base64');
    line.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    let id = 0;
    await line.live(random, () => {
      const what = random.below(20);
      // A depth stream that is ended and begun again has a hole: each is subscribed to once.
      const request =
        path === '/ws-api/v3'
          ? { method: random.pick(['ping', 'time', 'depth', 'order.place', 'none']), params: { symbol: 'BTCUSDT' } }
          : { method: 'LIST_SUBSCRIPTIONS' };
      if (what === 0) line.write(noise(random, 50));
      else if (what === 1) line.write(frame(random, random.below(16), noise(random, 100)));
      else line.write(frame(random, 1, Buffer.from(JSON.stringify({ id: ++id, ...request }))));
    });
  },
};
