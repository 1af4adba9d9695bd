/** Memory pressure and leaks, by a clock that the test moves. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool } from '../src/guarded-pool.ts';
import { NONE, Pool } from '../src/pool.ts';
import { healthOf, memoryReport, reportText } from '../src/report.ts';
import { mergePeaks, peaksOf, tune } from '../src/tune.ts';
import { MemoryWatch, type PressureLevel, shrinkPool, type Watched } from '../src/watch.ts';

function watched(pool: Pool, more: Partial<Watched> = {}): Watched {
  return { component: 'test', setting: 'limits.blocks', statistics: () => pool.statistics('blocks'), ...more };
}

function pool(options: Partial<Parameters<typeof createPool>[0]> = {}): Pool {
  return new Pool(createPool({ blockBytes: 64, capacity: 1000, members: 2, magazine: 0, guarded: false, ...options }));
}

function take(from: Pool, count: number): number[] {
  return Array.from({ length: count }, () => from.take());
}

/** A watch whose clock the test moves. */
function clocked(options: ConstructorParameters<typeof MemoryWatch>[0] = {}) {
  let now = 0;
  const watch = new MemoryWatch({ lookAheadMs: 0, ...options, now: () => now });
  const levels: PressureLevel[] = [];
  watch.listeners.push((level) => levels.push(level));
  const look = (ms = 20) => {
    now += ms;
    watch.look();
  };
  return { watch, levels, look };
}

describe('memory pressure', () => {
  it('is moderate from 60 %, high from 80 and critical from 90, and each crossing is told once', () => {
    const blocks = pool();
    const { watch, levels, look } = clocked();
    watch.watch(watched(blocks));
    const handles: number[] = [];
    for (const share of [0.59, 0.6, 0.79, 0.8, 0.89, 0.9, 1]) {
      handles.push(...take(blocks, share * 1000 - handles.length));
      look();
      look();
    }
    assert.deepEqual(levels, ['moderate', 'high', 'critical']);
    for (const handle of handles.splice(0, 1000)) blocks.give(handle);
    look();
    assert.deepEqual(levels, ['moderate', 'high', 'critical', 'normal']);
  });

  it('does not flap around a threshold', () => {
    const blocks = pool();
    const { watch, levels, look } = clocked();
    watch.watch(watched(blocks));
    const handles = take(blocks, 600);
    for (let i = 0; i < 20; i++) {
      look();
      if (i % 2 === 0) for (const handle of handles.splice(0, 10)) blocks.give(handle);
      else handles.push(...take(blocks, 10));
    }
    assert.deepEqual(levels, ['moderate']);
  });

  it('judges a pool that fills fast by where it will be', () => {
    const blocks = pool();
    const { watch, levels, look } = clocked({ lookAheadMs: 100 });
    watch.watch(watched(blocks));
    for (let i = 0; i < 10; i++) {
      take(blocks, 60); // three a millisecond: 300 more within 100 ms
      look();
    }
    assert.ok(levels.includes('high'), `at 60 % it was ${levels.at(-1)}`);
  });

  it('does not count queues, which are full for moments', () => {
    const blocks = pool();
    const { watch, levels, look } = clocked();
    watch.watch(watched(blocks, { isQueue: true }));
    take(blocks, 1000);
    look();
    assert.deepEqual(levels, []);
    assert.equal(watch.parts()[0].level, 'critical');
  });

  it('tells a crossing within 50 ms', async () => {
    const blocks = pool();
    const watch = new MemoryWatch();
    watch.watch(watched(blocks));
    watch.start();
    try {
      const delays: number[] = [];
      for (let round = 0; round < 10; round++) {
        await sleep(60);
        const told = new Promise<number>((resolve) => {
          watch.listeners.splice(0, 1, (level) => level === 'critical' && resolve(performance.now()));
        });
        const since = performance.now();
        const handles = take(blocks, 950);
        delays.push((await told) - since);
        for (const handle of handles) blocks.give(handle);
      }
      delays.sort((a, b) => a - b);
      assert.ok(delays[5] < 50, `median ${delays[5]} ms`);
    } finally {
      watch.stop();
    }
  });

  it('has memory given back while it is high: growth steps, magazines and caches', () => {
    const blocks = pool({ capacity: 1024, initial: 32, step: 32, blockBytes: 4096, magazine: 32, members: 2 });
    const other = pool({ capacity: 100 });
    const { watch, look } = clocked();
    watch.watch(watched(blocks));
    watch.watch(watched(other));
    let cache = 1_000_000;
    watch.shrinkables.push(shrinkPool('blocks', blocks), {
      name: 'cache',
      shrink: () => {
        const bytes = cache;
        cache = 0;
        return bytes;
      },
    });
    const handles = take(blocks, 1000);
    look();
    const before = watch.reclaimedBytes;
    assert.ok(before >= 1_000_000, 'the cache was not asked');
    for (const handle of handles) blocks.give(handle);
    take(other, 95);
    look();
    const reclaimable = (1024 - 32) * 4096;
    assert.ok(watch.reclaimedBytes - before >= reclaimable * 0.8, `${watch.reclaimedBytes - before} of ${reclaimable} bytes came back`);
    assert.equal(blocks.statistics('x').committed, 32);
  });

  it('refuses thresholds that do not rise', () => {
    assert.throws(() => new MemoryWatch({ thresholds: [0.8, 0.6, 0.9] }), RangeError);
    assert.throws(() => new MemoryWatch({ thresholds: [0.5, 0.8, 1.1] }), RangeError);
  });
});

describe('what a report advises', () => {
  const part = (name: string, capacity: number, inUse: number, blockBytes: number) => ({
    ...pool({ capacity: 64 }).statistics(name),
    capacity,
    committed: capacity,
    inUse,
    peak: inUse,
    blockBytes,
    bytes: inUse * blockBytes,
  });

  it('is a setting for what a setting sizes, and what else to do where none does', () => {
    const { watch, look } = clocked({});
    watch.watch({ component: 'test', setting: 'limits.orders', statistics: () => part('orders', 100, 95, 64) });
    watch.watch({ component: 'test', remedy: 'raise limits.accounts', statistics: () => part('balances', 100, 95, 64) });
    look();
    assert.deepEqual(memoryReport(watch).recommendations, [
      'orders is 95% full: raise limits.orders (now 100)',
      'balances is 95% full: raise limits.accounts',
    ]);
  });

  it('is nothing for the memory of a process that the machine has plenty of, and its whole is not named as a part of itself', () => {
    const { watch, look } = clocked({});
    const remedy = 'give the machine more memory';
    watch.watch({ component: 'process', remedy, isTotal: true, statistics: () => part('resident pages', 6_000_000, 100_000, 4096) });
    watch.watch({ component: 'test', setting: 'slots', statistics: () => part('ring', 1000, 5, 64) });
    look();
    const { recommendations, topConsumers } = memoryReport(watch);
    assert.deepEqual([recommendations, topConsumers], [[], ['ring']]);
  });
});

describe('suspected leaks', () => {
  it('are parts that grow through the whole window, not those whose use comes and goes', () => {
    const [leaking, breathing] = [pool({ capacity: 10_000 }), pool({ capacity: 10_000 })];
    const { watch, look } = clocked({ leakWindowMs: 300_000 });
    watch.watch({ component: 'test', setting: 'a', statistics: () => leaking.statistics('leaking') });
    watch.watch({ component: 'test', setting: 'b', statistics: () => breathing.statistics('breathing') });
    let held: number[] = [];
    for (let second = 0; second < 420; second++) {
      take(leaking, 2);
      for (const handle of take(leaking, 50)) leaking.give(handle);
      if (second % 30 === 0) held = take(breathing, 3000);
      if (second % 30 === 20) for (const handle of held.splice(0)) breathing.give(handle);
      if (second === 100) assert.deepEqual(watch.suspectedLeaks(), [], 'too early to say');
      look(1000);
    }
    const leaks = watch.suspectedLeaks();
    assert.deepEqual(
      leaks.map(({ name }) => name),
      ['leaking'],
    );
    assert.ok(Math.abs(leaks[0].perMinute - 120) < 15, `${leaks[0].perMinute} a minute`);
    const { recommendations, health } = memoryReport(watch);
    assert.match(recommendations.join('\n'), /leaking grows by 1\d\d a minute and does not shrink: full in \d+ minutes; a leak\?/);
    assert.ok(health <= 90 && health >= 85, `${health}: ten off for the leak, five where it left gaps`);
  });

  it('are none in a million cycles that give back what they take', () => {
    const blocks = pool({ magazine: 64, capacity: 10_000 });
    for (let i = 0; i < 1_000_000; i++) blocks.give(blocks.take());
    const { inUse, takes } = blocks.statistics('blocks');
    assert.deepEqual([inUse, takes], [0, 1_000_000]);
  });
});

describe('memory report', () => {
  it('says in words what to change', () => {
    const blocks = pool({ capacity: 40 });
    const { watch, look } = clocked();
    watch.watch(watched(blocks));
    take(blocks, 41);
    blocks.give(12345);
    look();
    const report = memoryReport(watch);
    assert.equal(report.level, 'critical');
    assert.equal(report.health, 100 - 45 - 15 - 15);
    const text = reportText(report);
    assert.match(text, /^pressure critical, health 25 of 100/);
    assert.match(text, /blocks +test +40 +40 +100%/);
    assert.match(text, /blocks was exhausted 1 times: raise limits\.blocks \(now 40\)/);
    assert.match(text, /blocks refused 1 handles/);
    JSON.parse(JSON.stringify(report));
  });

  it('gives a quiet process full marks', () => {
    const { watch, look } = clocked();
    watch.watch(watched(pool()));
    look();
    assert.equal(memoryReport(watch).health, 100);
    assert.equal(healthOf('normal', [], 9), 80);
    assert.match(reportText(memoryReport(watch)), /suspected leaks: none$/);
  });
});

describe('tuning', () => {
  it('turns the peaks of runs into the sizes of the next', () => {
    const [blocks, ring] = [pool({ capacity: 10_000 }), pool({ capacity: 10_000 })];
    const { watch, look } = clocked();
    watch.watch(watched(blocks));
    watch.watch({ component: 'x', setting: 'slots', powerOfTwo: true, isQueue: true, statistics: () => ring.statistics('ring') });
    watch.watch({ component: 'x', statistics: () => ring.statistics('without a setting') });
    take(blocks, 4321);
    take(ring, 3000);
    look();
    const peaks = peaksOf(watch.parts());
    assert.deepEqual(
      tune(peaks).map(({ setting, proposed }) => [setting, proposed]),
      [
        ['limits.blocks', 6500],
        ['slots', 16384],
      ],
    );
    const merged = mergePeaks(
      [
        { ...peaks[0], peak: 9999 },
        { ...peaks[0], setting: 'old', peak: 1 },
      ],
      peaks,
    );
    assert.deepEqual(
      merged.map(({ setting, peak }) => [setting, peak]),
      [
        ['limits.blocks', 9999],
        ['old', 1],
        ['slots', 3000],
      ],
    );
    assert.equal(tune([{ ...peaks[0], peak: 0 }])[0].proposed, 1000);
    assert.equal(NONE, 0);
  });
});
