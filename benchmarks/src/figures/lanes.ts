/** The figure `lanes`. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../child.ts';
import type { HistoryReadersOptions, HistoryReadersResult } from '../history-readers.ts';
import type { OuchLoadOptions, OuchLoadResult } from '../ouch-load.ts';
import type { PacedRestOptions, PacedRestResult } from '../paced-rest-load.ts';
import { type FigureOptions, machine, type Report, range } from '../report.ts';
import type { TradeReadersOptions, TradeReadersResult } from '../trade-readers.ts';
import { BenchVenue } from '../venue.ts';

const SOURCE = fileURLToPath(new URL('../', import.meta.url));
const READERS = 1000;
const HISTORY_READERS = 20;
const TRADES = 200;
const REST_RATE = 1000;
const REST_CONNECTIONS = 50;
const OUCH_RATE = 20_000;
const OUCH_SESSIONS = 8;
/** The clients' code is cold in the first of these. */
const SECONDS = 12;
const WARM_UP = 2;
const STREAM = 'btcusdt@trade';
const MOST_TIMES = 2;
const TICKS_A_SECOND = 100;
/** Nice of the venue's second and third lane. */
const NICE = 10;

interface Orders {
  rest: PacedRestResult;
  ouch: OuchLoadResult;
  /** CPU seconds that the venue's second and third lane took meanwhile */
  laneSeconds: number;
}

/** Orders alone, beside readers of market data and history, and beside a neighbour that burns the CPU that those took. */
export async function benchLanes(options: FigureOptions): Promise<Report> {
  const venue = await BenchVenue.start(options.directory, OUCH_SESSIONS, {
    ouch: { port: 0 },
    realTimePriority: 0,
    rateLimits: { weightPerMinute: 1e9, ordersPerTenSeconds: 1e9, ordersPerDay: 1e9 },
  });
  const report: Report = {
    benchmark: 'lanes',
    title: `Orders beside ${READERS} readers of ${STREAM} (${TRADES} trades/s) and ${HISTORY_READERS} readers of history (${options.runs} runs of ${SECONDS - WARM_UP} s)`,
    machine: machine(),
    columns: ['figure', 'alone', 'beside readers', 'beside a neighbour', 'times the neighbour'],
    rows: [],
    goals: [],
    notes: [
      `${REST_RATE} orders/s through REST (signed, ${REST_CONNECTIONS} connections) and ${OUCH_RATE} orders/s through OUCH at once, from the moment that each was due to its answer: durable.`,
      `The neighbour burns, at the same priorities, the CPU that the readers, the publishers and the history threads took in the run before.`,
    ],
  };
  try {
    await measure(report, venue, options);
  } finally {
    await venue.close();
  }
  return report;
}

async function measure(report: Report, venue: BenchVenue, options: FigureOptions): Promise<void> {
  const keys = await Promise.all(venue.logins.map((_, i) => venue.key(i)));
  const load = new Load(venue, keys);
  await load.orders(SECONDS); // warm-up, and something for history to read
  const runs: { alone: Orders; beside: Orders; neighbour: Orders }[] = [];
  const times: Record<'rest' | 'ouch', number[]> = { rest: [], ouch: [] };
  for (let i = 0; i < options.runs; i++) {
    const alone = await load.orders(SECONDS);
    const { orders: beside, readers, history } = await load.besideReaders(SECONDS, options.directory);
    check(report, readers, history, await venue.status());
    const venueShare = Math.max(0, beside.laneSeconds - alone.laneSeconds) / SECONDS;
    const clientShare = (readers.cpuSeconds + history.cpuSeconds) / SECONDS;
    const neighbour = await load.besideNeighbour(SECONDS, venueShare, clientShare);
    runs.push({ alone, beside, neighbour });
    for (const kind of ['rest', 'ouch'] as const) times[kind].push(beside[kind].latencyNs.p99 / neighbour[kind].latencyNs.p99);
    report.notes.push(
      `run ${i + 1}: readers took ${clientShare.toFixed(2)} cores, the venue for them ${venueShare.toFixed(2)}; ${history.answers} answers of history; each reader got ${readers.fewest} trades`,
    );
    options.onProgress((i + 1) / options.runs);
  }
  const refused = runs.flatMap((run) => Object.values(run)).reduce((sum, { rest, ouch }) => sum + rest.failed + ouch.rejected, 0);
  for (const kind of ['rest', 'ouch'] as const) {
    for (const at of ['p50', 'p99'] as const) {
      const of = (which: 'alone' | 'beside' | 'neighbour') =>
        range(
          runs.map((run) => run[which][kind].latencyNs[at] / 1e6),
          2,
        ).median;
      report.rows.push([
        `${kind.toUpperCase()} ${at}, ms`,
        of('alone'),
        of('beside'),
        of('neighbour'),
        at === 'p99' ? range(times[kind], 2).median : '',
      ]);
    }
    const { median } = range(times[kind], 2);
    report.goals.push({
      goal: `${kind.toUpperCase()} p99 at most ${MOST_TIMES} times that beside the neighbour`,
      measured: `${median}`,
      met: median <= MOST_TIMES,
    });
  }
  report.goals.push({ goal: 'no order refused', measured: `${refused} refused`, met: refused === 0 });
}

/** All trades came to every reader, or the venue counted those that it dropped; every question was answered. */
function check(report: Report, readers: TradeReadersResult, history: HistoryReadersResult, status: unknown): void {
  const { publishers } = status as { publishers: { droppedTrades: number }[] };
  const dropped = publishers.reduce((sum, { droppedTrades }) => sum + droppedTrades, 0);
  if (readers.closed > 0 || readers.most - readers.fewest > TRADES || readers.trades === 0)
    throw new Error(`readers got ${readers.fewest} to ${readers.most} trades, ${readers.closed} were disconnected`);
  if (readers.missing > dropped) throw new Error(`${readers.missing} trades are missing, ${dropped} were counted as dropped`);
  for (const [what, count] of Object.entries(history.failures)) report.notes.push(`history answered ${what} ${count} times`);
  if (dropped > 0) report.notes.push(`${dropped} prints of all instruments were told as candles only, ${readers.missing} of ${STREAM}`);
}

class Load {
  readonly #venue: BenchVenue;
  readonly #keys: { key: string; secret: string }[];
  #firstReference = 1;

  constructor(venue: BenchVenue, keys: { key: string; secret: string }[]) {
    this.#venue = venue;
    this.#keys = keys;
  }

  /** REST orders on one instrument, OUCH orders on the other. */
  async orders(seconds: number): Promise<Orders> {
    const rest: PacedRestOptions = {
      port: Number(new URL(this.#venue.url).port),
      keys: this.#keys,
      symbol: 'BTCUSDT',
      price: 60_000,
      rate: REST_RATE,
      trades: TRADES,
      connections: REST_CONNECTIONS,
      seconds,
      warmUp: WARM_UP,
    };
    const ouch: OuchLoadOptions = {
      port: Number(this.#venue.ports.ouch),
      logins: this.#venue.logins,
      symbol: 'ETHUSDT',
      price: 600_000_000,
      rate: OUCH_RATE,
      seconds,
      warmUp: WARM_UP,
      window: 0,
      realTime: false,
      firstReference: this.#firstReference,
    };
    this.#firstReference += OUCH_RATE * (seconds + 5);
    const before = laneSeconds(this.#venue.pid);
    const [{ result: restResult }, { result: ouchResult }] = await Promise.all([
      runChild<PacedRestResult>('paced-rest-load.ts', [JSON.stringify(rest)]),
      runChild<OuchLoadResult>('ouch-load.ts', [JSON.stringify(ouch)]),
    ]);
    if (restResult.failed > 0) throw new Error(`${restResult.failed} orders were refused; the first: ${restResult.firstFailure}`);
    return { rest: restResult, ouch: ouchResult, laneSeconds: laneSeconds(this.#venue.pid) - before };
  }

  async besideReaders(seconds: number, directory: string) {
    const port = Number(new URL(this.#venue.url).port);
    const signal = path.join(directory, `outcry-bench-lanes-${process.pid}`);
    const readers: TradeReadersOptions = { port, stream: STREAM, readers: READERS, signal };
    const reading = runUntilOpen<TradeReadersResult>('trade-readers.ts', readers);
    await reading.opened;
    fs.writeFileSync(signal, '');
    const history: HistoryReadersOptions = { port, symbol: 'ETHUSDT', readers: HISTORY_READERS, seconds };
    const asking = runChild<HistoryReadersResult>('history-readers.ts', [JSON.stringify(history)]);
    const orders = await this.orders(seconds);
    const { result } = await asking;
    await new Promise((resolve) => setTimeout(resolve, 1000)); // the last trades
    fs.rmSync(signal);
    return { orders, readers: await reading.result, history: result };
  }

  async besideNeighbour(seconds: number, venueShare: number, clientShare: number): Promise<Orders> {
    const burners: ChildProcess[] = [];
    for (const [share, nice] of [
      [venueShare, NICE],
      [clientShare, 0],
    ]) {
      for (let left = share; left > 0; left--)
        burners.push(spawn(process.execPath, [path.join(SOURCE, 'neighbour.ts'), String(Math.min(1, left)), String(nice)]));
    }
    try {
      return await this.orders(seconds);
    } finally {
      for (const burner of burners) burner.kill('SIGKILL');
    }
  }
}

/** As runChild, of a module that says when its load is there. */
function runUntilOpen<T>(module: string, options: object): { opened: Promise<void>; result: Promise<T> } {
  const child = spawn(process.execPath, [path.join(SOURCE, module), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  let json = '';
  child.stdio[3]?.on('data', (chunk) => {
    json += chunk;
  });
  const opened = new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', () => reject(new Error(`${module} ended`)));
  });
  const result = new Promise<T>((resolve, reject) => {
    child.once('close', (code) => (code === 0 ? resolve(JSON.parse(json) as T) : reject(new Error(`${module} ended with ${code}`))));
  });
  return { opened, result };
}

/** CPU seconds that a venue's publishers and history threads have taken (proc(5): utime and stime of each thread). */
function laneSeconds(pid: number): number {
  let ticks = 0;
  for (const thread of fs.readdirSync(`/proc/${pid}/task`)) {
    const stat = fs.readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    if (!/\((publisher|history)-\d+\)/.test(stat)) continue;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_A_SECOND;
}
