import fs from 'node:fs';
import { Engine } from '@outcry/engine/engine';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { recover } from '@outcry/venue/threads/recovery';
import { BENCH_LIMITS, UnreadEvents } from '../engine-workload.ts';

raiseInliningBudget();

/** What a recovering process reports: one JSON object on file descriptor 3. */
export interface RecoveryRun {
  sequence: number;
  snapshot: number;
  replayed: number;
  milliseconds: number;
  hash: readonly [number, number];
  resting: number;
}

const engine = new Engine(new UnreadEvents(), BENCH_LIMITS);
const { sequence, snapshot, replayed, milliseconds } = recover(engine, process.argv[2]);
const run: RecoveryRun = { sequence, snapshot, replayed, milliseconds, hash: engine.hash, resting: engine.memory.orders.inUse };
fs.writeSync(3, JSON.stringify(run));
