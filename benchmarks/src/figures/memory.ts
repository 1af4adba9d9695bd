/** The figure `memory`. */
import fs from 'node:fs';
import path from 'node:path';
import { createPool } from '@outcry/memory/guarded-pool';
import { overheadOf, partsOf } from '@outcry/memory/pool-layout';
import { PRESETS } from '@outcry/memory/presets';
import { reuse } from '@outcry/memory/statistics';
import { runChild } from '../child.ts';
import { BENCH_LIMITS } from '../engine-workload.ts';
import { pipelineLoad, runPipeline } from '../pipeline.ts';
import { type FigureOptions, machine, type Report, range } from '../report.ts';
import type { PairRun, PressureRun, SustainedRun } from './memory-parts-run.ts';
import type { MemoryRun } from './memory-run.ts';
import type { ProducersRun } from './ring-producers-run.ts';

const PARTS = 'figures/memory-parts-run.ts';
const PRODUCERS = 'figures/ring-producers-run.ts';
const WAYS = ['pool-with-magazine', 'pool-without-magazine', 'Buffer.allocUnsafe', 'new Object'];
/** What a pool written in Cython was reported to take, a pair. */
const CYTHON_NS = 440;
const GOAL_BYTES = 128;
const GOAL_RESIDENT_MB = 200;
const STEPS = 12;

/** The shared-memory system's parts, beside what JavaScript does without it; and what a million resting orders cost. */
export async function benchMemory(options: FigureOptions): Promise<Report> {
  const report: Report = {
    benchmark: 'memory',
    title: `Blocks of 64 bytes taken and given, ${options.seconds} s each with 8,192 alive; then ${options.runs} runs of each part, median (range)`,
    machine: machine(),
    columns: ['what', 'figure', 'p50', 'p99', 'p99.9', 'longest pause, ms'],
    rows: [],
    goals: [],
    notes: [
      `A pool in Cython was reported at ${CYTHON_NS} ns a pair (2.27 million/s); it did not run here.`,
      'Percentiles are of batches of 64, in ns a pair; the longest pause is that of a batch, preemption by the system included.',
    ],
  };
  let done = 0;
  const step = () => options.onProgress(done++ / STEPS);
  await compare(report, options, step);
  await pools(report, options, step);
  await rings(report, options, step);
  await producers(report, options, step);
  await underPressure(report, options, step);
  step();
  await venueRun(report, options);
  await residentOrders(report, step);
  return report;
}

async function part<T>(kind: string, { seconds, runs }: FigureOptions, module = PARTS): Promise<T> {
  await runChild(module, [kind, 0.1, 1]); // compiled code comes out of the cache the second time
  return (await runChild<T>(module, [kind, seconds, runs])).result;
}

async function compare(report: Report, options: FigureOptions, step: () => void): Promise<void> {
  for (const way of WAYS) {
    step();
    const { pairs, seconds, p50, p99, p999, longestPauseMs } = await part<SustainedRun>(way, options);
    const perSecond = `${(pairs / seconds / 1e6).toFixed(1)} million/s`;
    report.rows.push([way.replaceAll('-', ' '), perSecond, ns(p50), ns(p99), ns(p999), longestPauseMs.toFixed(2)]);
  }
  report.rows.push(['a pool in Cython, as reported', `${(1e3 / CYTHON_NS).toFixed(2)} million/s`, ns(CYTHON_NS), '', '', '']);
}

async function pools(report: Report, options: FigureOptions, step: () => void): Promise<void> {
  const { rows, goals } = report;
  step();
  const direct = await part<PairRun>('direct', options);
  const pair = range(direct.pairNs, 1);
  rows.push(['take and give, no magazine', `${spread(pair)} ns`, '', `take ${ns(direct.takeP99)}, give ${ns(direct.giveP99)}`, '', '']);
  goals.push({ goal: 'without a magazine, median of a pair at most 40 ns', measured: `${pair.median} ns`, met: pair.median <= 40 });
  const p99 = { goal: '  and p99 of batches of 64 at most 50 ns a take, 30 ns a give', met: direct.takeP99 <= 50 && direct.giveP99 <= 30 };
  goals.push({ ...p99, measured: `${ns(direct.takeP99)} and ${ns(direct.giveP99)} ns` });
  step();
  const magazine = range((await part<PairRun>('magazine', options)).pairNs, 2);
  rows.push(['take and give, with a magazine', `${spread(magazine)} ns`, '', '', '', '']);
  const million = 1e3 / magazine.median;
  goals.push({ goal: 'with a magazine, at most 5 ns a pair', measured: `${magazine.median} ns`, met: magazine.median <= 5 });
  goals.push({ goal: '  and over 100 million pairs/s', measured: `${million.toFixed(0)} million/s`, met: million > 100 });
  step();
  const { one, two } = await part<{ one: number[]; two: number[] }>('contention', options);
  const [alone, both] = [range(one, 0), range(two, 0)];
  const ratio = both.median / alone.median;
  rows.push(['two threads on one pool', `${(both.median / 1e6).toFixed(0)} million pairs/s`, '', '', '', '']);
  goals.push({ goal: 'two threads with magazines at least 1.8 times one', measured: `${ratio.toFixed(2)} times`, met: ratio >= 1.8 });
  for (const [blockBytes, most] of [
    [64, 5],
    [2048, 2],
  ]) {
    const capacity = 10_000;
    const { shape } = partsOf(createPool({ blockBytes, capacity, guarded: false }));
    const share = (overheadOf(shape) / (blockBytes * capacity)) * 100;
    goals.push({ goal: `metadata under ${most} % beside ${blockBytes} bytes`, measured: `${share.toFixed(2)} %`, met: share < most });
  }
}

async function rings(report: Report, options: FigureOptions, step: () => void): Promise<void> {
  step();
  const { perSecond, roundTripNs } = await part<{ perSecond: number[]; roundTripNs: number[] }>('ring', options);
  const [messages, trip] = [range(perSecond, 0), range(roundTripNs, 0)];
  const million = messages.median / 1e6;
  report.rows.push(['ring, one to one, 64-byte messages', `${million.toFixed(0)} million/s`, '', '', '', '']);
  report.rows.push(['ring, there and back, spinning', `${spread(trip)} ns`, '', '', '', '']);
  report.goals.push({ goal: 'at least 50 million 64-byte messages/s', measured: `${million.toFixed(1)} million/s`, met: million >= 50 });
  report.goals.push({ goal: 'round trip at most 0.5 µs, median', measured: `${trip.median} ns`, met: trip.median <= 500 });
}

/** One ring, one consumer, more and more producers, each of which sends message by message and comes back when the ring is full. */
async function producers({ rows, goals }: Report, options: FigureOptions, step: () => void): Promise<void> {
  step();
  const run = await part<ProducersRun>('producers', options, PRODUCERS);
  const one = range(run[1], 0).median;
  for (const [count, perSecond] of Object.entries(run)) {
    const { median, min, max } = range(perSecond, 0);
    const million = `${(median / 1e6).toFixed(2)} million/s (${(min / 1e6).toFixed(2)} to ${(max / 1e6).toFixed(2)})`;
    const ratio = (median / one).toFixed(2);
    const label = `ring, ${count} ${count === '1' ? 'producer' : 'producers'}, ${machine().cores} cores`;
    rows.push([label, count === '1' ? million : `${million}, ${ratio} of one`, '', '', '', '']);
    if (count !== '1') goals.push({ goal: `${count} producers at least half of one's rate`, measured: ratio, met: median >= one / 2 });
  }
}

async function underPressure({ rows, goals }: Report, options: FigureOptions, step: () => void): Promise<void> {
  step();
  const { crossingMs, reclaimed, reclaimMs, cost, leaked } = await part<PressureRun>('pressure', options);
  const [crossing, slower] = [range(crossingMs, 1), range(cost, 3)];
  rows.push(['a crossing is told after', `${spread(crossing)} ms`, '', '', '', '']);
  rows.push(['given back under pressure', `${(reclaimed * 100).toFixed(1)} % in ${reclaimMs.toFixed(1)} ms`, '', '', '', '']);
  goals.push({ goal: 'a crossing is told within 50 ms', measured: `${crossing.max} ms at most`, met: crossing.max <= 50 });
  goals.push({
    goal: 'at least 80 % of what is reclaimable within 1 s',
    measured: `${(reclaimed * 100).toFixed(1)} %`,
    met: reclaimed >= 0.8 && reclaimMs < 1000,
  });
  const percent = (slower.median * 100).toFixed(1);
  goals.push({ goal: 'watching costs running work under 10 %', measured: `${percent} %, median`, met: slower.median < 0.1 });
  goals.push({ goal: 'no leak in a million cycles', measured: `${leaked} blocks`, met: leaked === 0 });
}

/** The pipeline with the engine's pools at the preset sizes. */
async function venueRun({ rows, goals }: Report, options: FigureOptions): Promise<void> {
  const folder = fs.mkdtempSync(path.join(options.directory, 'outcry-memory-'));
  try {
    const limits = { ...BENCH_LIMITS, orders: PRESETS.orders.capacity };
    const { pools, correct } = await runPipeline(pipelineLoad(), 0, Math.min(10, options.seconds), folder, limits);
    if (!correct) throw new Error('the pipeline lost commands');
    const used = pools.filter(({ takes }) => takes > 0);
    const failures = used.reduce((sum, pool) => sum + pool.failures, 0);
    for (const pool of used) {
      const share = `${(reuse(pool) * 100).toFixed(2)} % reused`;
      rows.push([`pipeline: ${pool.name}`, `${(pool.takes / 1e6).toFixed(1)} million taken, peak ${pool.peak}, ${share}`, '', '', '', '']);
    }
    const sum = (field: 'takes' | 'fresh') => used.reduce((total, pool) => total + pool[field], 0);
    const reused = (1 - sum('fresh') / sum('takes')) * 100;
    goals.push({ goal: 'over 95 % of takes reuse a block in the pipeline', measured: `${reused.toFixed(2)} %`, met: reused > 95 });
    goals.push({ goal: `no failure with pools of ${limits.orders} orders`, measured: `${failures}`, met: failures === 0 });
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function residentOrders({ rows, goals }: Report, step: () => void): Promise<void> {
  for (const [kind, label] of [
    ['without client ids', 'known by number'],
    ['client-ids', 'each with a client order id of 33 letters'],
  ]) {
    step();
    const { result } = await runChild<MemoryRun>('figures/memory-run.ts', [kind], ['--expose-gc']);
    if (!result.correct) throw new Error('not every order rested');
    const bytes = result.fullBytes - result.emptyBytes;
    const perOrder = bytes / result.orders;
    const megabytes = `${(bytes / 1e6).toFixed(1)} MB`;
    rows.push([`1,000,000 resting orders, ${label}`, `${megabytes}, ${perOrder.toFixed(0)} bytes each`, '', '', '', '']);
    if (kind !== 'client-ids') {
      goals.push({ goal: `at most ${GOAL_BYTES} bytes an order`, measured: perOrder.toFixed(0), met: perOrder <= GOAL_BYTES });
    }
    goals.push({ goal: `${label}: 1 million under ${GOAL_RESIDENT_MB} MB`, measured: megabytes, met: bytes < GOAL_RESIDENT_MB * 1e6 });
  }
}

function ns(value: number): string {
  return value.toFixed(1);
}

function spread({ median, min, max }: { median: number; min: number; max: number }): string {
  return `${median} (${min} to ${max})`;
}
