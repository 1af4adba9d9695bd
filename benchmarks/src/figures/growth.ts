/** The figure `growth`. */
import { fillCompileCache, runChild } from '../child.ts';
import type { OuchLoadOptions, OuchLoadResult } from '../ouch-load.ts';
import { type FigureOptions, machine, type Report, range } from '../report.ts';
import { BenchVenue } from '../venue.ts';
import type { LevelsRun } from './growth-levels-run.ts';
import type { GrowthRun } from './growth-run.ts';

const RUN = 'figures/growth-run.ts';
const LEVELS_RUN = 'figures/growth-levels-run.ts';
const KINDS = ['plain', 'DAY', 'GTD', 'stop', 'list', 'text'];
const OPEN = [10, 10_000, 1_000_000];
const LEVELS = [100, 2000, 20_000];
/** Ticks between two levels: within a book's window, and far outside it. */
const APART = [1, 50_000];
/** What log n and colder memory explain: from few to many, and beyond `more`, where no cache holds what is touched any longer. */
const GOAL_GROWTH = 4;
const GOAL_LAST_STEP = 2;
const RESTING = 1_000_000;
const RESTING_LEVELS = 20_000;
const GOAL_SHARE = 0.8;
const RUN_SECONDS = 5;
const TRADING = 2;
const FILLING = 4;
const PRICE = 600_000_000;

/** What each operation costs with 10, 10,000 and a million orders open, and with 100 and 20,000 price levels. */
export async function benchGrowth(options: FigureOptions): Promise<Report> {
  const report: Report = {
    benchmark: 'growth',
    title: 'Growth: nanoseconds an operation by the orders of a kind that are open, and by the price levels a side',
    machine: machine(),
    columns: ['kind', 'operation', 'where', 'few', 'more', 'many', 'times', 'last step', ''],
    rows: [],
    goals: [],
    notes: [
      'Few, more, many: 10, 10,000 and 1,000,000 open orders; of levels: 100, 2,000 and 20,000. Times: many over few; last step: many over more.',
      'The view is what the gateway keeps of open orders and depth; its figure is for all events that the operation causes.',
      `Median of ${runsOf(options)} runs, each in a process of its own; a run leaves out the slowest tenth of its rounds.`,
    ],
  };
  fillCompileCache(RUN, []);
  fillCompileCache(LEVELS_RUN, []);
  for (const [done, kind] of KINDS.entries()) {
    await kindRows(report, kind, options);
    options.onProgress((0.7 * (done + 1)) / KINDS.length);
  }
  for (const apart of APART) await levelRows(report, apart, options);
  options.onProgress(0.8);
  const worst = report.rows.reduce((most, row) => (Number(row[6]) > Number(most[6]) ? row : most));
  report.goals.push({
    goal: `no operation grows more than ${GOAL_GROWTH} times, ${GOAL_LAST_STEP} times of it in the last step`,
    measured: `${report.rows.filter((row) => row[8] !== '').length} do; most: ${worst[6]} times, ${worst[7]} in the last step (${worst[1]}, ${worst[0]}, ${worst[2]})`,
    met: report.rows.every((row) => row[8] === ''),
  });
  await endToEnd(report, options);
  return report;
}

function runsOf({ runs }: FigureOptions): number {
  return Math.min(3, runs);
}

/** Runs a process a few times. Returns the median of each of its figures, by where and name. */
async function medians<R extends { correct: boolean }>(
  module: string,
  args: (string | number)[],
  options: FigureOptions,
): Promise<Map<string, number>> {
  const all = new Map<string, number[]>();
  for (let run = 0; run < runsOf(options); run++) {
    const { result } = await runChild<R>(module, args);
    if (!result.correct) throw new Error(`${module} ${args.join(' ')}: orders or levels were lost`);
    for (const [where, figures] of Object.entries(result)) {
      if (typeof figures !== 'object') continue;
      for (const [name, ns] of Object.entries(figures as Record<string, number>)) {
        const key = `${where}:${name}`;
        all.set(key, [...(all.get(key) ?? []), ns]);
      }
    }
  }
  return new Map([...all].map(([key, values]) => [key, range(values, 0).median]));
}

function addRows(report: Report, kind: string, sizes: readonly Map<string, number>[]): void {
  const [few, more, many] = sizes;
  for (const [key, ns] of few) {
    const [where, name] = key.split(':');
    const [there, atMost] = [more.get(key)!, many.get(key)!];
    const [times, lastStep] = [atMost / ns, atMost / there].map((ratio) => Number(ratio.toFixed(2)));
    const grows = times > GOAL_GROWTH && lastStep > GOAL_LAST_STEP;
    report.rows.push([kind, name, where, ns, there, atMost, times, lastStep, grows ? 'grows' : '']);
  }
}

async function kindRows(report: Report, kind: string, options: FigureOptions): Promise<void> {
  const sizes: Map<string, number>[] = [];
  for (const openOrders of OPEN) sizes.push(await medians<GrowthRun>(RUN, [kind, openOrders], options));
  addRows(report, kind, sizes);
}

async function levelRows(report: Report, apart: number, options: FigureOptions): Promise<void> {
  const sizes: Map<string, number>[] = [];
  for (const levels of LEVELS) sizes.push(await medians<LevelsRun>(LEVELS_RUN, [levels, apart], options));
  addRows(report, apart === 1 ? 'levels, near' : 'levels, far apart', sizes);
}

/** Orders a second through OUCH: before and after a million DAY orders rest beside those that trade. */
async function endToEnd(report: Report, options: FigureOptions): Promise<void> {
  const venue = await BenchVenue.start(options.directory, TRADING + FILLING, { ouch: { port: 0 } }, true);
  try {
    const before = await rates(venue, 0, options);
    const filling: OuchLoadOptions = {
      ...loadOf(venue, venue.logins.slice(TRADING), 1),
      seconds: 600,
      rest: { orders: RESTING, levels: RESTING_LEVELS },
    };
    const { result } = await runChild<OuchLoadResult>('ouch-load.ts', [JSON.stringify(filling)]);
    if (result.accepted < RESTING) throw new Error(`${result.accepted} of ${RESTING} DAY orders were accepted`);
    const after = await rates(venue, options.runs + 1, options);
    const [without, beside] = [range(before, 0), range(after, 0)];
    const share = Number((beside.median / without.median).toFixed(2));
    report.rows.push(['DAY', `orders/s through OUCH, ${RESTING} open`, 'venue', without.median, '', beside.median, share, '', '']);
    report.goals.push({
      goal: `orders/s through OUCH with ${RESTING} DAY orders open against none: at least ${GOAL_SHARE}`,
      measured: `${share} (${beside.median} to ${without.median})`,
      met: share >= GOAL_SHARE,
    });
  } finally {
    await venue.close();
  }
}

/** A warm-up, then runs of orders that trade in pairs. */
async function rates(venue: BenchVenue, place: number, options: FigureOptions): Promise<number[]> {
  const measured: number[] = [];
  for (let run = -1; run < options.runs; run++) {
    const load = loadOf(venue, venue.logins.slice(0, TRADING), 1 + (place + run + 1) * 10_000_000);
    const { result } = await runChild<OuchLoadResult>('ouch-load.ts', [JSON.stringify(load)]);
    if (result.accepted !== result.sent) throw new Error(`${result.sent} orders were sent, ${result.accepted} accepted`);
    if (run >= 0) measured.push(result.perSecond);
  }
  return measured;
}

function loadOf(venue: BenchVenue, logins: BenchVenue['logins'], firstReference: number): OuchLoadOptions {
  const shared = { symbol: 'BTCUSDT', price: PRICE, rate: 0, seconds: RUN_SECONDS, window: 2048, realTime: false };
  return { port: Number(venue.ports.ouch), logins, ...shared, firstReference };
}
