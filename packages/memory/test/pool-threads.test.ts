import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Arena } from '../src/arena.ts';
import { createPool, GuardedPool, openPool } from '../src/guarded-pool.ts';
import { systemCalls } from '../src/libc.ts';
import { NONE } from '../src/pool.ts';
import type { PoolOutcome, PoolWork } from './support/pool-worker.ts';

const WORKER = new URL('./support/pool-worker.ts', import.meta.url);

async function inThread(work: PoolWork): Promise<PoolOutcome> {
  const [outcome] = await once(new Worker(WORKER, { workerData: work }), 'message');
  return outcome as PoolOutcome;
}

async function inProcess(work: PoolWork): Promise<{ child: ChildProcess; outcome: PoolOutcome }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fileURLToPath(WORKER), JSON.stringify(work)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout!, 'data');
  return { child, outcome: JSON.parse(String(line)) as PoolOutcome };
}

const skip = systemCalls().done ? false : systemCalls().detail;

describe('pool among threads', () => {
  for (const [threads, takes, capacity, magazine] of [
    [10, 1000, 10_000, 64],
    [16, 20_000, 2_000, 16],
    [16, 5_000, 300, 0],
  ]) {
    it(`${threads} threads take ${takes} blocks each of ${capacity}, guarded: no block is anybody else's`, async () => {
      const arena = Arena.create({ bytes: 8 << 20 });
      const span = createPool({ blockBytes: 64, capacity, members: threads + 1, magazine, guarded: true }, arena.part('blocks'));
      const works = Array.from({ length: threads }, (_, id) => ({ arena: arena.handle, name: 'blocks', id, takes, most: 15 }));
      for (const { taken, wrong } of await Promise.all(works.map(inThread))) assert.deepEqual({ taken, wrong }, { taken: takes, wrong: 0 });
      const pool = new GuardedPool(span);
      const { inUse, refused, takes: counted } = pool.statistics('blocks');
      assert.deepEqual({ inUse, refused, counted }, { inUse: 0, refused: 0, counted: threads * takes });
      assert.deepEqual(pool.inspect(), []);
      for (let i = 0; i < capacity; i++) assert.notEqual(pool.take(), NONE, `block ${i} was lost`);
    });
  }

  it('10,000 orders a preset: no take fails while fewer are in use', async () => {
    const arena = Arena.create({ bytes: 4 << 20 });
    createPool({ blockBytes: 64, capacity: 10_000, guarded: false }, arena.part('orders'));
    const works = Array.from({ length: 10 }, (_, id) => ({ arena: arena.handle, name: 'orders', id, takes: 1000, most: 900 }));
    for (const { failures } of await Promise.all(works.map(inThread))) assert.equal(failures, 0);
  });
});

describe('pool among processes', { skip }, () => {
  it('is seen by name by another process; what a killed one held is found and free again', async (t) => {
    const folder = fs.mkdtempSync(path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'outcry-pool-'));
    t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
    const arena = Arena.create({ bytes: 1 << 20, file: path.join(folder, 'arena') });
    const pool = openPool(createPool({ blockBytes: 64, capacity: 1000, guarded: true }, arena.part('blocks')));
    const own = pool.take();
    const work: PoolWork = { arena: arena.handle, name: 'blocks', id: 3, takes: 500, most: 400, hold: true };
    const [doomed, living] = await Promise.all([inProcess(work), inProcess({ ...work, id: 4, takes: 100, most: 50 })]);
    t.after(() => living.child.kill('SIGKILL'));
    assert.ok(doomed.outcome.taken > 100 && doomed.outcome.wrong === 0 && living.outcome.wrong === 0);
    const before = pool.statistics('blocks').inUse;
    assert.equal(before, 1 + doomed.outcome.taken + living.outcome.taken);
    assert.equal(pool.reclaimDead(), 0, 'all are alive');
    doomed.child.kill('SIGKILL');
    await once(doomed.child, 'exit');
    assert.ok(pool.reclaimDead() >= doomed.outcome.taken);
    assert.equal(pool.statistics('blocks').inUse, 1 + living.outcome.taken);
    assert.ok(pool.holds(own));
    const reclaimed = pool.take();
    assert.ok(pool.adopt(reclaimed) && pool.give(reclaimed));
    living.child.kill('SIGKILL');
    await once(living.child, 'exit');
    pool.reclaimDead();
    for (let i = 1; i < 1000; i++) assert.notEqual(pool.take(), NONE, 'a block of a killed process was lost');
  });
});
