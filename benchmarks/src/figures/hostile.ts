/** The figure `hostile`. */
import { runChild } from '../child.ts';
import { FIX_NEIGHBOURS } from '../hostile/fix.ts';
import { GRPC_NEIGHBOURS } from '../hostile/grpc.ts';
import type { HonestOptions, HonestResult } from '../hostile/honest-rest.ts';
import type { NeighbourResult } from '../hostile/neighbour.ts';
import { fillBook, OUCH_NEIGHBOURS } from '../hostile/ouch.ts';
import { type Neighbour, sleep, type Target } from '../hostile/target.ts';
import { WEB_NEIGHBOURS } from '../hostile/web.ts';
import type { OuchLoadOptions, OuchLoadResult } from '../ouch-load.ts';
import { type FigureOptions, machine, type Report, range } from '../report.ts';
import { BenchVenue } from '../venue.ts';

const NEIGHBOURS: Record<string, Neighbour> = { ...WEB_NEIGHBOURS, ...FIX_NEIGHBOURS, ...GRPC_NEIGHBOURS, ...OUCH_NEIGHBOURS };
/** The honest client's code is cold in the first of these. */
const SECONDS = 12;
const WARM_UP = 2;
/** The hostile client begins before the honest one is measured, and ends after it. */
const LEAD_SECONDS = 1;
/** `fix-resend` has to make its messages first. */
const LONGER: Record<string, number> = { 'fix-resend': 20 };
const OUCH_RATE = 500;
const REST_RATE = 100;
const LEVELS = 20_000;
const HISTORY_SECONDS = 3;
const PRICE = 600_000_000;
const MOST = 2;

/** The honest client's 99th percentiles over its runs, nanoseconds, and what was refused to it. */
class Honest {
  readonly ouch: number[] = [];
  readonly rest: number[] = [];
  refused = 0;
  firstRefusal = '';

  add(ouch: OuchLoadResult, rest: HonestResult): void {
    this.ouch.push(ouch.latencyNs.p99 / 1e6);
    this.rest.push(rest.latencyNs.p99 / 1e6);
    this.refused += ouch.rejected + rest.refused + (rest.sent - rest.answered);
    this.firstRefusal ||= rest.firstRefusal;
  }
}

/** Each hostile client beside an honest one, and a process that takes as much CPU, alternating. */
export async function benchHostile(options: FigureOptions): Promise<Report> {
  const only = process.env.OUTCRY_HOSTILE?.split(',');
  const names = Object.keys(NEIGHBOURS).filter((name) => only?.includes(name) ?? true);
  const report: Report = {
    benchmark: 'hostile',
    title: `An honest client (${OUCH_RATE} OUCH and ${REST_RATE} REST orders/s) beside hostile ones, ${options.runs} runs of ${SECONDS - WARM_UP} s each`,
    machine: machine(),
    columns: [
      'hostile client',
      'CPU share',
      'OUCH p99, ms',
      'beside equal CPU',
      'times',
      'REST p99, ms',
      'beside equal CPU',
      'times',
      'refused',
    ],
    rows: [],
    goals: [],
    notes: [
      'Latency counts from the moment that an order was due, to its durable acceptance: median (range) of the runs. Hostile clients come from an address of their own (127.0.0.2).',
      'OUTCRY_HOSTILE=name,name measures these alone.',
    ],
  };
  for (const [i, name] of names.entries()) {
    const venue = await startVenue(options.directory);
    try {
      await measure(report, venue, name, options.runs);
    } finally {
      await venue.close();
    }
    options.onProgress((i + 1) / names.length);
  }
  return report;
}

async function startVenue(directory: string): Promise<BenchVenue> {
  const venue = await BenchVenue.start(directory, 5, {
    ouch: { port: 0 },
    fix: { port: 0 },
    grpc: { port: 0 },
    itch: { lines: [{ group: '239.255.77.1', port: 21_000 + (process.pid % 9000) }], requestPort: 0, glimpsePort: 0 },
    realTimePriority: 0,
    connections: {}, // a login's own limit is what holds a flood
    rateLimits: { weightPerMinute: 60_000, ordersPerTenSeconds: 1e9, ordersPerDay: 1e9 },
  });
  await fillBook(targetOf(venue, 3), LEVELS);
  const trades: OuchLoadOptions = { ...loadOf(venue, 0), rate: 50_000, seconds: HISTORY_SECONDS, warmUp: 0 };
  await runChild<OuchLoadResult>('ouch-load.ts', [JSON.stringify(trades)]);
  return venue;
}

async function measure(report: Report, venue: BenchVenue, name: string, runs: number): Promise<void> {
  let place = 1;
  const ahead = LONGER[name] ?? LEAD_SECONDS;
  const seconds = ahead + SECONDS + LEAD_SECONDS;
  const [beside, alone] = [new Honest(), new Honest()];
  const shares: number[] = [];
  let did = '';
  await honest(venue, place++, new Honest()); // warms the venue's code up
  for (let run = 0; run < runs; run++) {
    const task = { name, target: targetOf(venue, 4), seconds, run };
    const hostile = runChild<NeighbourResult>('hostile/neighbour.ts', [JSON.stringify(task)]);
    await sleep(ahead * 1000);
    await honest(venue, place++, beside);
    const { result } = await hostile;
    did = result.did;
    const share = result.cpuSeconds / seconds;
    shares.push(share);
    const burning = runChild('hostile/burn.ts', [JSON.stringify({ share, seconds: SECONDS + 2 * LEAD_SECONDS })]);
    await sleep(LEAD_SECONDS * 1000);
    await honest(venue, place++, alone);
    await burning;
  }
  const refused = beside.refused;
  const times = (a: number[], b: number[]) => Number((range(a, 3).median / range(b, 3).median).toFixed(2));
  const [ouchTimes, restTimes] = [times(beside.ouch, alone.ouch), times(beside.rest, alone.rest)];
  report.rows.push([
    name,
    range(shares, 2).median,
    spread(beside.ouch),
    spread(alone.ouch),
    ouchTimes,
    spread(beside.rest),
    spread(alone.rest),
    restTimes,
    refused,
  ]);
  report.notes.push(`${name}: ${NEIGHBOURS[name].what}: ${did}${refused > 0 ? `; first refusal: ${beside.firstRefusal}` : ''}`);
  report.goals.push({
    goal: `beside ${name}: p99 at most ${MOST} times that beside equal CPU, nothing refused`,
    measured: `OUCH ${ouchTimes}, REST ${restTimes}, ${refused} refused`,
    met: ouchTimes <= MOST && restTimes <= MOST && refused === 0,
  });
}

function spread(values: readonly number[]): string {
  const { median, min, max } = range(values, 1);
  return `${median} (${min} to ${max})`;
}

async function honest(venue: BenchVenue, place: number, into: Honest): Promise<void> {
  const { key, secret } = venue.logins[2];
  const orders: HonestOptions = { url: venue.url, key, secret, rate: REST_RATE, seconds: SECONDS, warmUp: WARM_UP };
  const [ouch, rest] = await Promise.all([
    runChild<OuchLoadResult>('ouch-load.ts', [JSON.stringify(loadOf(venue, place))]),
    runChild<HonestResult>('hostile/honest-rest.ts', [JSON.stringify(orders)]),
  ]);
  into.add(ouch.result, rest.result);
}

function loadOf(venue: BenchVenue, place: number): OuchLoadOptions {
  return {
    port: Number(venue.ports.ouch),
    logins: venue.logins.slice(0, 2),
    symbol: 'BTCUSDT',
    price: PRICE,
    rate: OUCH_RATE,
    seconds: SECONDS,
    warmUp: WARM_UP,
    window: 1024,
    realTime: false,
    firstReference: 1 + place * 1_000_000,
  };
}

function targetOf({ url, ports, logins }: BenchVenue, login: number): Target {
  return { url, ports, ...logins[login] };
}
