// A thread (or a process of its own) that takes, fills, checks and gives blocks of a shared pool.
import { parentPort, workerData } from 'node:worker_threads';
import { Arena, type ArenaHandle } from '../../src/arena.ts';
import { openPool } from '../../src/guarded-pool.ts';
import { NONE } from '../../src/pool.ts';

export interface PoolWork {
  readonly arena: ArenaHandle;
  readonly name: string;
  readonly id: number;
  /** blocks to take in all, and to hold at a time */
  readonly takes: number;
  readonly most: number;
  /** keep what is held, say how many, and wait to be killed */
  readonly hold?: boolean;
}

export interface PoolOutcome {
  readonly taken: number;
  readonly wrong: number;
  readonly failures: number;
}

const work: PoolWork = workerData ?? JSON.parse(process.argv[2]);
const pool = openPool(Arena.attach(work.arena).find(work.name));
const outcome = run();
if (parentPort !== null) parentPort.postMessage(outcome);
else {
  console.log(JSON.stringify(outcome));
  setInterval(() => undefined, 1000);
}

function run(): PoolOutcome {
  const held: number[] = [];
  const ints = pool.shape.blockBytes / 4;
  let taken = 0;
  let wrong = 0;
  let failures = 0;
  let random = work.id * 7919 + 1;
  const giveOne = () => {
    random = (Math.imul(random, 1103515245) + 12345) | 0;
    const [handle] = held.splice((random >>> 8) % held.length, 1);
    const at = pool.wordOf(handle);
    for (let i = 0; i < ints; i++) if (pool.i32[at + i] !== (work.id ^ handle)) wrong++;
    if (!pool.give(handle)) wrong++;
  };
  while (taken < work.takes) {
    const handle = held.length < work.most ? pool.take() : NONE;
    if (handle === NONE) {
      if (held.length < work.most) failures++;
      if (held.length > 0) giveOne();
      continue;
    }
    taken++;
    const at = pool.wordOf(handle);
    pool.i32.fill(work.id ^ handle, at, at + ints);
    held.push(handle);
    if ((taken & 3) === 0) giveOne();
  }
  if (work.hold) return { taken: held.length, wrong, failures };
  while (held.length > 0) giveOne();
  pool.leave();
  return { taken, wrong, failures };
}
