// A process of its own: follows the venue's feed, with faults, until it is told to stop; writes one JSON object to file descriptor 3.
import fs from 'node:fs';
import net from 'node:net';
import { FeedClient } from '@outcry/feed/feed-client';
import { ItchBook } from '@outcry/feed/itch-book';
import { Histogram } from '@outcry/telemetry/histogram';
import { glimpse, itch, orderExecuted, timestampOf } from '@outcry/wire/itch';
import { viewOf } from '@outcry/wire/layout';
import { readNumber, SOUP, SoupFramer, writeLogin } from '@outcry/wire/soup';

export interface FeedReaderOptions {
  lines: { group: string; port: number }[];
  session: string;
  requests: number;
  glimpse: number;
  user: string;
  password: string;
  /** share of datagrams that line A loses, and reorders, and that every line loses */
  lossA: number;
  lossBoth: number;
}

export interface FeedReaderResult {
  messages: number;
  trades: number;
  lost: number;
  requests: number;
  snapshots: number;
  hasGap: boolean;
  /** whether the book was the venue's, order by order, at the end */
  isSame: boolean;
  orders: number;
  /** from the order's stamp at its gateway to the datagram's arrival here */
  latencyNs: ReturnType<Histogram['summary']>;
  stages: Record<string, ReturnType<Histogram['summary']>>;
}

const DAY_MS = 86_400_000;
const options = JSON.parse(process.argv[2]) as FeedReaderOptions;
const latency = new Histogram();
let trades = 0;
let lost = 0;
let seen = 0;
const client = await FeedClient.open({
  lines: options.lines,
  host: '127.0.0.1',
  session: options.session,
  late: true,
  requests: { host: '127.0.0.1', port: options.requests },
  glimpse: { host: '127.0.0.1', port: options.glimpse, user: options.user, password: options.password },
  onMessage: (view, at) => {
    if (view.getUint8(at) !== orderExecuted.type) return;
    trades++;
    if (++seen % 8 !== 0) return; // a sample: the clock is not free
    const now = (performance.timeOrigin + performance.now()) % DAY_MS;
    latency.record(now * 1e6 - timestampOf(view, at));
  },
  fault: (line, take) => {
    const chance = Math.random();
    if (chance < options.lossBoth || (line === 0 && chance < options.lossA)) {
      lost++;
      return false;
    }
    if (line === 0 && chance < options.lossA * 2) {
      setTimeout(take, 1);
      return false;
    }
    return true;
  },
});
process.stdout.write('ready\n');
process.stdin.once('data', async () => {
  const { book, next } = await snapshot();
  const deadline = performance.now() + 20_000;
  while ((client.arbiter.next < next || client.arbiter.hasGap) && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const { messages, requests, snapshots } = client.arbiter.counts;
  const result: FeedReaderResult = {
    messages,
    trades,
    lost,
    requests,
    snapshots,
    hasGap: client.arbiter.hasGap,
    isSame: [1, 2].every((locate) => [0, 1].every((side) => same(book, client.book, locate, side))),
    orders: client.book.orderCount,
    latencyNs: latency.summary(),
    stages: Object.fromEntries(Object.entries(client.latencies).map(([name, histogram]) => [name, histogram.summary()])),
  };
  fs.writeSync(3, JSON.stringify(result));
  process.exit();
});

function same(a: ItchBook, b: ItchBook, locate: number, side: number): boolean {
  return JSON.stringify([...a.queue(locate, side)]) === JSON.stringify([...b.queue(locate, side)]);
}

/** The venue's book now. */
function snapshot(): Promise<{ book: ItchBook; next: number }> {
  return new Promise((resolve, reject) => {
    const book = new ItchBook();
    const framer = new SoupFramer(256);
    const socket = net.connect(options.glimpse, '127.0.0.1');
    const login = new Uint8Array(64);
    socket.write(login.subarray(0, writeLogin(viewOf(login), 0, { ...options, session: '', sequence: 1 })));
    socket.on('error', reject);
    socket.on('data', (piece: Buffer) => {
      framer.push(piece);
      while (framer.next()) {
        if (framer.type !== SOUP.SEQUENCED) continue;
        if (itch.check(framer.view, framer.at, framer.bytes) > 0) book.apply(framer.view, framer.at);
        else if (glimpse.check(framer.view, framer.at, framer.bytes) > 0) {
          resolve({ book, next: readNumber(framer.view, framer.at + 1) });
          socket.destroy();
          return;
        }
      }
    });
  });
}
