/** A REST client that loads a venue with signed orders. */
import crypto from 'node:crypto';
import net from 'node:net';
import { Histogram } from '@outcry/telemetry/histogram';
import { Random } from '@outcry/workload/random';

interface RestRun {
  orders: number;
  seconds: number;
  /** answers other than 200, with the first of their bodies */
  failed: number;
  firstFailure: string | undefined;
  /** from a request's last byte sent to its answer's last byte read, each connection waiting for its answer */
  latencyNs: ReturnType<Histogram['summary']>;
}

const REQUESTS = 4096;
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** Signed orders around one price, ready to send: the venue is measured here, not the client's signing. */
function signedOrders(host: string): Buffer[] {
  const random = new Random(11);
  return Array.from({ length: REQUESTS }, () => {
    const key = random.chance(0.5) ? 'alice' : 'bob';
    const side = random.chance(0.5) ? 'BUY' : 'SELL';
    const price = (59_999.5 + random.below(100) / 100).toFixed(2);
    const query = `symbol=BTCUSDT&side=${side}&type=LIMIT&timeInForce=GTC&quantity=0.00010&price=${price}&recvWindow=60000&timestamp=${Date.now()}`;
    const signature = crypto.createHmac('sha256', `${key}-secret`).update(query).digest('hex');
    return Buffer.from(
      `POST /api/v3/order?${query}&signature=${signature} HTTP/1.1\r\nHost: ${host}\r\nX-MBX-APIKEY: ${key}\r\nContent-Length: 0\r\n\r\n`,
    );
  });
}

/** Sends orders over so many connections, each waiting for its answer before the next, for so long. */
export async function loadRest(url: string, connections: number, seconds: number): Promise<RestRun> {
  const { hostname, port, host } = new URL(url);
  const requests = signedOrders(host);
  const run: RestRun & { histogram: Histogram } = {
    orders: 0,
    seconds,
    failed: 0,
    firstFailure: undefined,
    latencyNs: new Histogram().summary(),
    histogram: new Histogram(),
  };
  const started = performance.now();
  const end = started + seconds * 1000;
  await Promise.all(Array.from({ length: connections }, (_, i) => connection(Number(port), hostname, requests, i, end, run)));
  const { histogram, ...result } = run;
  return { ...result, seconds: (performance.now() - started) / 1000, latencyNs: histogram.summary() };
}

function connection(
  port: number,
  host: string,
  requests: Buffer[],
  first: number,
  end: number,
  run: RestRun & { histogram: Histogram },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host, noDelay: true });
    let next = first * 79;
    let sent = 0;
    let rest: Buffer = Buffer.alloc(0);
    const send = () => {
      sent = performance.now();
      socket.write(requests[next++ % requests.length]);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const headEnd = rest.indexOf(END_OF_HEAD);
      if (headEnd < 0) return;
      const head = rest.toString('latin1', 0, headEnd);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
      if (rest.length < headEnd + 4 + length) return;
      const now = performance.now();
      run.histogram.record((now - sent) * 1e6);
      run.orders++;
      if (!head.startsWith('HTTP/1.1 200')) {
        run.failed++;
        run.firstFailure ??= rest.toString('utf8');
      }
      rest = Buffer.alloc(0);
      if (now < end) send();
      else socket.end();
    });
  });
}
