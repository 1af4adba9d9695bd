// A process of its own: signed REST orders at a steady rate, counted from when each was due. Writes one JSON object to file descriptor 3.
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import { Histogram } from '@outcry/telemetry/histogram';

export interface HonestOptions {
  url: string;
  key: string;
  secret: string;
  /** orders a second */
  rate: number;
  seconds: number;
  /** the first of these seconds, in which the client's own code is cold: their orders are sent, and not timed */
  warmUp: number;
}

export interface HonestResult {
  sent: number;
  answered: number;
  refused: number;
  firstRefusal: string;
  latencyNs: ReturnType<Histogram['summary']>;
}

const CONNECTIONS = 8;
/** Milliseconds that the last answers may take. */
const PATIENCE_MS = 20_000;

/** One keep-alive connection, one request at a time. */
class Line {
  isFree = true;
  readonly #socket: net.Socket;
  #text = '';
  #answered: (head: string, body: string) => void = () => undefined;

  constructor(url: URL) {
    this.#socket = net.connect({ port: Number(url.port), host: url.hostname, noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('error', (error) => {
      throw error;
    });
    this.#socket.on('data', (piece: string) => {
      this.#text += piece;
      const headEnd = this.#text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(this.#text)?.[1]);
      if (headEnd < 0 || this.#text.length < headEnd + 4 + length) return;
      const [head, body] = [this.#text.slice(0, headEnd), this.#text.slice(headEnd + 4)];
      this.#text = '';
      this.isFree = true;
      this.#answered(head, body);
    });
  }

  send(request: string, answered: (head: string, body: string) => void): void {
    this.isFree = false;
    this.#answered = answered;
    this.#socket.write(request);
  }
}

async function run({ url, key, secret, rate, seconds, warmUp }: HonestOptions): Promise<HonestResult> {
  const address = new URL(url);
  const lines = Array.from({ length: CONNECTIONS }, () => new Line(address));
  const histogram = new Histogram();
  const result: HonestResult = { sent: 0, answered: 0, refused: 0, firstRefusal: '', latencyNs: histogram.summary() };
  const order = () => {
    const query = `symbol=BTCUSDT&side=${result.sent % 2 === 0 ? 'BUY' : 'SELL'}&type=LIMIT&timeInForce=GTC&quantity=0.00010&price=59000&recvWindow=60000&timestamp=${Date.now()}`;
    const signature = crypto.createHmac('sha256', secret).update(query).digest('hex');
    return `POST /api/v3/order?${query}&signature=${signature} HTTP/1.1\r\nHost: ${address.host}\r\nX-MBX-APIKEY: ${key}\r\nContent-Length: 0\r\n\r\n`;
  };
  const started = performance.now();
  const due = (n: number) => started + (n * 1000) / rate;
  const total = Math.floor(rate * seconds);
  const end = due(total) + PATIENCE_MS;
  while (result.answered < total && performance.now() < end) {
    for (const line of lines) {
      if (!line.isFree || result.sent >= total || performance.now() < due(result.sent)) continue;
      const since = due(result.sent);
      line.send(order(), (head, body) => {
        if (since >= started + warmUp * 1000) histogram.record((performance.now() - since) * 1e6);
        result.answered++;
        if (head.startsWith('HTTP/1.1 200')) return;
        result.refused++;
        result.firstRefusal ||= body.slice(0, 200);
      });
      result.sent++;
    }
    await new Promise((resolve) => setTimeout(resolve, 0.5));
  }
  return { ...result, sent: total, latencyNs: histogram.summary() };
}

fs.writeSync(3, JSON.stringify(await run(JSON.parse(process.argv[2]) as HonestOptions)));
process.exit();
