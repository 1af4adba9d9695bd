// A process of its own: signed REST orders at a rate, of which some trade. Writes one JSON object to file descriptor 3.
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import { Histogram } from '@outcry/telemetry/histogram';

export interface PacedRestOptions {
  port: number;
  keys: { key: string; secret: string }[];
  symbol: string;
  price: number;
  /** orders a second, and of these trades */
  rate: number;
  trades: number;
  connections: number;
  seconds: number;
  /** the first of these seconds, in which the client's own code is cold: their orders are sent, and not timed */
  warmUp: number;
}

export interface PacedRestResult {
  orders: number;
  failed: number;
  firstFailure: string | undefined;
  /** from the moment that an order was due to its answer */
  latencyNs: ReturnType<Histogram['summary']>;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** One connection: an order at a time; what is due meanwhile waits. */
class Client {
  isFree = false;
  readonly #socket: net.Socket;
  readonly #onAnswer: (answer: string) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(port: number, onAnswer: (client: Client, answer: string) => void) {
    this.#onAnswer = (answer) => onAnswer(this, answer);
    this.#socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('connect', () => {
      this.isFree = true;
    });
    this.#socket.on('data', (piece: Buffer) => this.#take(piece));
    this.#socket.on('error', (error) => {
      throw error;
    });
  }

  send(request: string): void {
    this.isFree = false;
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(piece: Buffer): void {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = this.#rest.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#rest.toString('latin1', 0, end))?.[1]);
    if (this.#rest.length < end + 4 + length) return;
    const answer = this.#rest.toString('utf8');
    this.#rest = Buffer.alloc(0);
    this.isFree = true;
    this.#onAnswer(answer);
  }
}

async function run(options: PacedRestOptions): Promise<PacedRestResult> {
  const { port, keys, symbol, price, rate, trades, connections, seconds, warmUp } = options;
  const histogram = new Histogram();
  const result: PacedRestResult = { orders: 0, failed: 0, firstFailure: undefined, latencyNs: histogram.summary() };
  const dueAt = new Map<Client, number>();
  let started = 0;
  const take = (client: Client, answer: string) => {
    const due = dueAt.get(client)!;
    if (due >= started + warmUp * 1000) histogram.record((performance.now() - due) * 1e6);
    result.orders++;
    if (answer.startsWith('HTTP/1.1 200')) return;
    result.failed++;
    result.firstFailure ??= answer;
  };
  const clients = Array.from({ length: connections }, () => new Client(port, take));
  const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
  while (!clients.every(({ isFree }) => isFree)) await turn();
  started = performance.now();
  const total = rate * seconds;
  const pairs = (2 * trades) / rate;
  let [sent, due] = [0, 0];
  while (result.orders < total && performance.now() < started + seconds * 1000 + 20_000) {
    due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * rate));
    for (const client of clients) {
      if (sent >= due) break;
      if (!client.isFree) continue;
      dueAt.set(client, started + (sent / rate) * 1000);
      // Of each so many orders one pair trades; the others look for a price that is not there.
      const place = Math.floor(sent * pairs) !== Math.floor((sent + 1) * pairs) ? Math.floor(sent * pairs) : -1;
      client.send(order(keys[sent % keys.length], symbol, place, price));
      sent++;
    }
    await turn();
  }
  for (const client of clients) client.close();
  return { ...result, latencyNs: histogram.summary() };
}

function order({ key, secret }: { key: string; secret: string }, symbol: string, place: number, price: number): string {
  const side = place >= 0 && place % 2 === 0 ? 'SELL' : 'BUY';
  const terms = place >= 0 ? `timeInForce=GTC&price=${price.toFixed(2)}` : `timeInForce=IOC&price=${(price / 2).toFixed(2)}`;
  const query = `symbol=${symbol}&side=${side}&type=LIMIT&${terms}&quantity=0.00100&recvWindow=60000&timestamp=${Date.now()}`;
  const signature = crypto.createHmac('sha256', secret).update(query).digest('hex');
  return `POST /api/v3/order?${query}&signature=${signature} HTTP/1.1\r\nHost: localhost\r\nX-MBX-APIKEY: ${key}\r\nContent-Length: 0\r\n\r\n`;
}

const [argument] = process.argv.slice(2);
fs.writeSync(3, JSON.stringify(await run(JSON.parse(argument) as PacedRestOptions)));
process.exit();
