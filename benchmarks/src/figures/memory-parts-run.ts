// Measures one of the memory package's parts; writes one JSON object to file descriptor 3.
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createPool, openPool } from '@outcry/memory/guarded-pool';
import { NONE, type Pool } from '@outcry/memory/pool';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { reserve, type Span } from '@outcry/memory/span';
import { MemoryWatch, shrinkPool } from '@outcry/memory/watch';
import { Histogram } from '@outcry/telemetry/histogram';
import type { ThreadWork } from './memory-parts-thread.ts';

raiseInliningBudget();

export interface PairRun {
  /** nanoseconds a pair of take and give, a figure a run */
  readonly pairNs: number[];
  /** of batches of 64: nanoseconds a take, and a give */
  readonly takeP99: number;
  readonly giveP99: number;
}

/** What one way to get and give back 64 bytes costs over half a minute. */
export interface SustainedRun {
  readonly pairs: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly longestPauseMs: number;
}

const BATCH = 64;
const PAIRS = 20_000_000;
const CAPACITY = 10_000;
/** Objects that stay alive while others come and go, as resting orders do. */
const LIVE = 8_192;
const [kind, seconds, runs] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

function pool(magazine: number, more: object = {}): Pool {
  return openPool(createPool({ blockBytes: 64, capacity: CAPACITY, magazine, guarded: false, ...more }));
}

/** Takes and gives in pairs, and in batches of 64 with each batch timed. */
function pairs(magazine: number): PairRun {
  const blocks = pool(magazine);
  const handles = new Int32Array(BATCH);
  const oneByOne = (count: number) => {
    for (let i = 0; i < count; i++) if (!blocks.give(blocks.take())) throw new Error('a block was refused');
  };
  const timed = (count: number) => {
    const since = process.hrtime.bigint();
    oneByOne(count);
    return Number(process.hrtime.bigint() - since) / count;
  };
  timed(PAIRS);
  const pairNs = Array.from({ length: runs }, () => timed(PAIRS));
  const [takes, gives] = [new Histogram(), new Histogram()];
  for (let batch = 0; batch < 400_000; batch++) {
    const a = process.hrtime.bigint();
    for (let i = 0; i < BATCH; i++) handles[i] = blocks.take();
    const b = process.hrtime.bigint();
    for (let i = 0; i < BATCH; i++) blocks.give(handles[i]);
    const c = process.hrtime.bigint();
    if (batch < 100_000) continue; // warm-up
    takes.record(Number(b - a) / BATCH);
    gives.record(Number(c - b) / BATCH);
  }
  if (blocks.statistics('x').inUse !== 0) throw new Error('blocks were lost');
  return { pairNs, takeP99: takes.percentile(0.99), giveP99: gives.percentile(0.99) };
}

/** Replaces the oldest of LIVE things, a batch at a time, each batch timed. */
function sustained(replace: (slot: number) => void): SustainedRun {
  const histogram = new Histogram();
  let pairCount = 0;
  let slot = 0;
  const batch = () => {
    for (let i = 0; i < BATCH; i++) {
      replace(slot);
      slot = (slot + 1) & (LIVE - 1);
    }
  };
  for (let i = 0; i < 200_000; i++) batch();
  const started = performance.now();
  const end = started + seconds * 1000;
  let now = process.hrtime.bigint();
  while (performance.now() < end) {
    for (let i = 0; i < 100; i++) {
      batch();
      const after = process.hrtime.bigint();
      histogram.record(Number(after - now));
      now = after;
    }
    pairCount += 100 * BATCH;
    now = process.hrtime.bigint();
  }
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => histogram.percentile(share) / BATCH);
  return { pairs: pairCount, seconds: (performance.now() - started) / 1000, p50, p99, p999, longestPauseMs: histogram.max / 1e6 };
}

const ways: Record<string, () => SustainedRun> = {
  'pool-without-magazine': () => sustainedPool(0),
  'pool-with-magazine': () => sustainedPool(64),
  'Buffer.allocUnsafe': () => {
    const held: Buffer[] = Array.from({ length: LIVE }, () => Buffer.allocUnsafe(64));
    return sustained((slot) => {
      held[slot] = Buffer.allocUnsafe(64);
    });
  },
  'new Object': () => {
    let id = 0;
    const make = () => ({ id: ++id, price: id, quantity: id, left: id, side: 0, next: id, previous: id, time: id });
    const held = Array.from({ length: LIVE }, make);
    return sustained((slot) => {
      held[slot] = make();
    });
  },
};

function sustainedPool(magazine: number): SustainedRun {
  const blocks = pool(magazine);
  const held = Int32Array.from({ length: LIVE }, () => blocks.take());
  const run = sustained((slot) => {
    blocks.give(held[slot]);
    held[slot] = blocks.take();
  });
  if (held.includes(NONE) || blocks.statistics('x').failures > 0) throw new Error('the pool was exhausted');
  return run;
}

/** Runs threads at once; they wait for each other before they begin. Returns what each measured. */
async function inThreads(works: Omit<ThreadWork, 'gate' | 'threads'>[]): Promise<number[]> {
  const gate = reserve(64);
  const workers = works.map((work) => {
    const workerData: ThreadWork = { ...work, gate, threads: works.length };
    return new Worker(new URL('./memory-parts-thread.ts', import.meta.url), { workerData });
  });
  return await Promise.all(
    workers.map(
      (worker) =>
        new Promise<number>((resolve, reject) => {
          worker.once('error', reject);
          worker.once('message', resolve);
        }),
    ),
  );
}

/** Pairs a second of one thread, and of two at once on one pool; a run each. */
async function contention(): Promise<{ one: number[]; two: number[] }> {
  const one: number[] = [];
  const two: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const span: Span = createPool({ blockBytes: 64, capacity: CAPACITY, guarded: false });
    const work = { kind: 'pairs' as const, span, count: PAIRS };
    const [alone] = await inThreads([work]);
    const both = await inThreads([work, work]);
    if (run === 0) continue; // warm-up: compiled code comes out of the cache from now on
    one.push(PAIRS / alone);
    two.push(both.reduce((sum, elapsed) => sum + PAIRS / elapsed, 0));
  }
  return { one, two };
}

async function ring(): Promise<{ perSecond: number[]; roundTripNs: number[] }> {
  const { createRing } = await import('@outcry/memory/ring');
  const perSecond: number[] = [];
  const roundTripNs: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const span = createRing({ capacity: 4096, slotWords: 16 });
    const count = 30_000_000;
    const [, elapsed] = await inThreads([
      { kind: 'produce', span, count },
      { kind: 'consume', span, count },
    ]);
    const back = createRing({ capacity: 64, slotWords: 16 });
    const there = createRing({ capacity: 64, slotWords: 16 });
    const trips = 1_000_000;
    const [median] = await inThreads([
      { kind: 'ping', span: there, other: back, count: trips },
      { kind: 'pong', span: there, other: back, count: trips },
    ]);
    if (run === 0) continue;
    perSecond.push(count / elapsed);
    roundTripNs.push(median);
  }
  return { perSecond, roundTripNs };
}

export interface PressureRun {
  readonly crossingMs: number[];
  /** share of the reclaimable bytes that came back, and how long that took */
  readonly reclaimed: number;
  readonly reclaimMs: number;
  /** slowdown of a thread that takes and gives while another watches its pool: 0.01 is one per cent */
  readonly cost: number[];
  readonly leaked: number;
}

async function pressure(): Promise<PressureRun> {
  const blocks = pool(0, { initial: 1024, step: 1024, blockBytes: 4096 });
  const watch = new MemoryWatch();
  watch.watch({ component: 'bench', statistics: () => blocks.statistics('blocks') });
  watch.shrinkables.push(shrinkPool('blocks', blocks));
  const crossingMs: number[] = [];
  const keepAlive = setInterval(() => undefined, 1000); // the watch alone does not keep a process alive
  watch.start();
  for (let run = 0; run < 20; run++) {
    await sleep(50 + Math.random() * 30);
    const told = new Promise<number>((resolve) => {
      watch.listeners[0] = (level) => level === 'critical' && resolve(performance.now());
    });
    const since = performance.now();
    const handles = Array.from({ length: 9_500 }, () => blocks.take());
    crossingMs.push((await told) - since);
    for (const handle of handles) blocks.give(handle);
  }
  watch.stop();
  clearInterval(keepAlive);
  const { reclaimed, reclaimMs } = reclaim(blocks);
  const cost: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const span = createPool({ blockBytes: 64, capacity: CAPACITY, guarded: false });
    const work = { kind: 'pairs' as const, span, count: PAIRS * 5 };
    const [alone] = await inThreads([work]);
    const watched = new MemoryWatch();
    const own = openPool(span);
    watched.watch({ component: 'bench', statistics: () => own.statistics('blocks') });
    watched.start();
    const [seen] = await inThreads([work]);
    watched.stop();
    if (run > 0) cost.push(seen / alone - 1);
  }
  const cycles = pool(64);
  for (let i = 0; i < 1_000_000; i++) cycles.give(cycles.take());
  return { crossingMs, reclaimed, reclaimMs, cost, leaked: cycles.statistics('x').inUse };
}

function reclaim(blocks: Pool): { reclaimed: number; reclaimMs: number } {
  const handles = Array.from({ length: CAPACITY }, () => blocks.take()).sort((a, b) => blocks.wordOf(a) - blocks.wordOf(b));
  for (const handle of handles) blocks.i32[blocks.wordOf(handle)] = 1;
  for (const handle of handles.slice(1024)) blocks.give(handle);
  const before = process.memoryUsage.rss();
  const since = performance.now();
  blocks.trim();
  const reclaimMs = performance.now() - since;
  const reclaimable = (blocks.shape.capacity - 1024) * 4096;
  return { reclaimed: Math.min(1, (before - process.memoryUsage.rss()) / reclaimable), reclaimMs };
}

const kinds: Record<string, () => unknown> = {
  direct: () => pairs(0),
  magazine: () => pairs(64),
  contention,
  ring,
  pressure,
  ...ways,
};
const result = await kinds[kind]();
fs.writeSync(3, JSON.stringify(result));
