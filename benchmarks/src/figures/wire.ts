import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fillCompileCache, runChild } from '../child.ts';
import type { FeedReaderOptions, FeedReaderResult } from '../feed-reader.ts';
import type { FixLoadOptions, FixLoadResult } from '../fix-load.ts';
import type { OuchLoadOptions, OuchLoadResult } from '../ouch-load.ts';
import { type FigureOptions, machine, type Report, range } from '../report.ts';
import { BenchVenue } from '../venue.ts';

const FEED_READER = fileURLToPath(new URL('../feed-reader.ts', import.meta.url));
const CODEC = 'figures/wire-codec-run.ts';
const DAY_MESSAGES = 6_000_000;
const SESSIONS = 16;
const PRICE = 600_000_000;
const RUN_SECONDS = 5;
const RATE = 100_000;
const WINDOW = 2048;

/** The codecs from memory; then OUCH, market data and FIX against a venue in a process of its own. */
export async function benchWire(options: FigureOptions): Promise<Report> {
  const report: Report = {
    benchmark: 'wire',
    title: `Wire protocols (${options.runs} runs after a warm-up; sustained ones of ${RUN_SECONDS} s)`,
    machine: machine(),
    columns: ['figure', 'median', 'min', 'max', 'checked'],
    rows: [],
    goals: [],
    notes: [
      'Load generator, feed reader and venue share the machine; an OUCH or FIX order trades with the next one, so that each causes two messages.',
      'The other disk is memory (/dev/shm): the store is on another one than the journal.',
      'Latency is counted from the moment that an order was due, to its acceptance read by the client; accepted means durable (fdatasync).',
    ],
  };
  await codecs(report, options);
  options.onProgress(0.2);
  const { result: memory } = await runChild<{ gib: number; first: number; again: number }>('warm-memory.ts', []);
  report.notes.push(
    `${memory.gib} GiB were touched beforehand, ${memory.first.toFixed(0)} ms a GiB (${memory.again.toFixed(0)} the second time): a virtual machine's memory costs at first touch.`,
  );
  await ouch(report, options);
  options.onProgress(0.6);
  await marketData(report, options, 'fsync');
  await marketData(report, options, 'os');
  options.onProgress(0.9);
  await fix(report, options);
  return report;
}

async function codecs(report: Report, { runs }: FigureOptions): Promise<void> {
  fillCompileCache(CODEC, []);
  const { result } = await runChild<{ messages: number; decodeRates: number[]; bookRates: number[] }>(CODEC, [DAY_MESSAGES, runs]);
  const million = (rates: number[]) =>
    range(
      rates.map((rate) => rate / 1e6),
      2,
    );
  const decode = million(result.decodeRates);
  const book = million(result.bookRates);
  report.rows.push([
    'ITCH decode, every field, million messages/s',
    decode.median,
    decode.min,
    decode.max,
    `${result.messages} messages, same sum in every run`,
  ]);
  report.rows.push([
    'ITCH decode and books of 8,000 instruments, million/s',
    book.median,
    book.min,
    book.max,
    'no unknown order, empty at the end',
  ]);
  report.goals.push({ goal: 'ITCH decode at least 30 million/s', measured: `${decode.median} million/s`, met: decode.median >= 30 });
  report.goals.push({ goal: 'decode and books at least 5 million/s', measured: `${book.median} million/s`, met: book.median >= 5 });
}

async function ouch(report: Report, options: FigureOptions): Promise<void> {
  const venue = await BenchVenue.start(options.directory, SESSIONS, { ouch: { port: 0 } });
  try {
    const run = ouchRuns(venue, options.runs);
    const flat = await run(SESSIONS, 0);
    const rate = range(
      flat.map(({ accepted, seconds }) => accepted / seconds),
      0,
    );
    const refused = flat.reduce((sum, { rejected }) => sum + rejected, 0);
    report.rows.push([
      `OUCH, ${SESSIONS} sessions flat out, durable orders/s`,
      rate.median,
      rate.min,
      rate.max,
      `every order answered; ${refused} refused (ring full)`,
    ]);
    report.goals.push({ goal: 'OUCH at least 1 million orders/s', measured: `${rate.median}/s`, met: rate.median >= 1e6 });
    pacedLatency(report, 2, 'fsync', await run(2, RATE));
    pacedLatency(report, SESSIONS, 'fsync', await run(SESSIONS, RATE));
  } finally {
    await venue.close();
  }
  const otherDisk = await BenchVenue.start(options.directory, 2, { ouch: { port: 0 } }, true);
  try {
    pacedLatency(report, 2, 'fsync, store on another disk', await ouchRuns(otherDisk, options.runs)(2, RATE));
  } finally {
    await otherDisk.close();
  }
  const withoutDisk = await BenchVenue.start(options.directory, SESSIONS, { ouch: { port: 0 }, durability: 'os' });
  try {
    pacedLatency(report, 2, 'os', await ouchRuns(withoutDisk, options.runs)(2, RATE));
  } finally {
    await withoutDisk.close();
  }
}

/** Runs of the load generator against a venue: a warm-up, then as many as wanted. */
function ouchRuns(venue: BenchVenue, count: number): (sessions: number, rate: number) => Promise<OuchLoadResult[]> {
  let place = 0;
  return async (sessions, rate) => {
    const results: OuchLoadResult[] = [];
    for (let i = -1; i < count; i++) {
      const load = loadOf(venue, sessions, { rate, realTime: rate !== 0, place: place++ });
      const { result } = await runChild<OuchLoadResult>('ouch-load.ts', [JSON.stringify(load)]);
      if (result.accepted + result.rejected !== result.sent)
        throw new Error(`${result.sent} orders were sent, ${result.accepted} accepted`);
      if (i >= 0) results.push(result);
    }
    return results;
  };
}

function loadOf(
  venue: BenchVenue,
  sessions: number,
  { rate, realTime, place }: { rate: number; realTime: boolean; place: number },
): OuchLoadOptions {
  return {
    port: Number(venue.ports.ouch),
    logins: venue.logins.slice(0, sessions),
    symbol: 'BTCUSDT',
    price: PRICE,
    rate,
    seconds: RUN_SECONDS,
    window: WINDOW,
    realTime,
    firstReference: 1 + place * 10_000_000,
  };
}

function pacedLatency(report: Report, sessions: number, durability: string, runs: readonly OuchLoadResult[]): void {
  for (const name of ['p50', 'p99'] as const) {
    const { median, min, max } = range(
      runs.map(({ latencyNs }) => latencyNs[name] / 1e6),
      3,
    );
    const title = `OUCH at 100,000/s, ${sessions} sessions, durability ${durability}: ${name}, ms`;
    report.rows.push([title, median, min, max, 'no coordinated omission']);
    if (sessions !== 2) continue;
    const limit = name === 'p50' ? 0.3 : 1;
    const goal = `OUCH at 100,000/s: ${name} under ${limit} ms (durability ${durability})`;
    report.goals.push({ goal, measured: `${median} ms`, met: median < limit });
  }
}

/** Orders at 100,000/s while a reader with lost datagrams follows the feed. */
async function marketData(report: Report, options: FigureOptions, durability: 'fsync' | 'os'): Promise<void> {
  const port = 21_000 + (process.pid % 20_000);
  const lines = [1, 2].map((line) => ({ group: `239.255.79.${line}`, port: port + line }));
  const venue = await BenchVenue.start(options.directory, SESSIONS, {
    ouch: { port: 0 },
    itch: { lines, requestPort: 0, glimpsePort: 0 },
    durability,
  });
  try {
    const { ports, logins } = venue;
    const reading: FeedReaderOptions = {
      lines,
      session: String(ports.itchSession),
      requests: Number(ports.itchRequests),
      glimpse: Number(ports.glimpse),
      ...logins[0],
      lossA: 0.01,
      lossBoth: 0.001,
    };
    const p99: number[] = [];
    const p50: number[] = [];
    let lost = 0;
    for (let i = -1; i < options.runs; i++) {
      const reader = spawn(process.execPath, [FEED_READER, JSON.stringify(reading)], { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
      let json = '';
      reader.stdio[3]!.on('data', (chunk) => {
        json += chunk;
      });
      await new Promise((resolve) => reader.stdout!.once('data', resolve));
      const load = loadOf(venue, 2, { rate: RATE, realTime: false, place: i + 1 });
      await runChild<OuchLoadResult>('ouch-load.ts', [JSON.stringify(load)]);
      const ended = new Promise((resolve) => reader.once('close', resolve));
      reader.stdin!.write('stop\n');
      await ended;
      const result = JSON.parse(json) as FeedReaderResult;
      if (!result.isSame || result.hasGap) throw new Error(`the reader's book is not the venue's: ${json}`);
      if (i < 0) {
        await venue.clearLatencies();
        continue;
      }
      lost += result.lost;
      p50.push(result.latencyNs.p50 / 1e6);
      p99.push(result.latencyNs.p99 / 1e6);
    }
    const sent = (await venue.status()).latenciesNs.tradeToDatagram;
    const name = `order stamped to its trade's datagram, 100,000 orders/s, durability ${durability}`;
    const checked = `${lost} datagrams lost (1 % of line A, 0.1 % of both); book equal, no gap left`;
    for (const [percentile, values] of Object.entries({ p50, p99 })) {
      const { median, min, max } = range(values, 3);
      report.rows.push([`${name}: at a reader, ${percentile}, ms`, median, min, max, checked]);
      report.rows.push([`${name}: sent, ${percentile}, ms`, ms(sent[percentile]), '', '', 'all runs, kept by the venue']);
    }
    report.goals.push({
      goal: `trade to datagram: p99 under 0.2 ms (the order's stamp to the datagram sent, durability ${durability})`,
      measured: `${ms(sent.p99)} ms`,
      met: sent.p99 < 0.2e6,
    });
    report.goals.push({
      goal: "packet loss: the book equals the venue's, no gap is left",
      measured: `${options.runs} of ${options.runs} runs`,
      met: true,
    });
  } finally {
    await venue.close();
  }
}

async function fix(report: Report, options: FigureOptions): Promise<void> {
  const venue = await BenchVenue.start(options.directory, SESSIONS, { fix: { port: 0 } });
  try {
    const rates: number[] = [];
    for (let i = -1; i < options.runs; i++) {
      const load: FixLoadOptions = { port: Number(venue.ports.fix), logins: venue.logins.slice(0, 4), seconds: RUN_SECONDS, window: 200 };
      const { result } = await runChild<FixLoadResult>('fix-load.ts', [JSON.stringify(load)]);
      if (result.rejected > 0) throw new Error(`${result.rejected} of ${result.accepted} FIX orders were refused`);
      if (i >= 0) rates.push(result.accepted / result.seconds);
    }
    const { median, min, max } = range(rates, 0);
    report.rows.push(['FIX, 4 sessions, durable orders/s', median, min, max, 'every order acknowledged; trades reported to both sides']);
    report.goals.push({ goal: 'FIX at least 20,000 orders/s', measured: `${median}/s`, met: median >= 20_000 });
  } finally {
    await venue.close();
  }
}

function ms(nanoseconds: number): number {
  return Number((nanoseconds / 1e6).toFixed(3));
}
