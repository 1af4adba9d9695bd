/** One run of the figure `recovery`, in a process of its own. */
import fs from 'node:fs';
import { Engine } from '@outcry/engine/engine';
import type { EngineLimits } from '@outcry/engine/limits';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { findSnapshots } from '@outcry/replica/inspection';
import { recover, restore } from '@outcry/replica/recovery';
import { BENCH_LIMITS, UnreadEvents } from '../engine-workload.ts';

raiseInliningBudget();

/** What a recovering process reports: one JSON object on file descriptor 3. */
export interface RecoveryRun {
  sequence: number;
  milliseconds: number;
  hash: readonly [number, number];
  resting: number;
}

const directory = process.argv[2];
const makeEngine = (room: EngineLimits) => new Engine(new UnreadEvents(), room);
const started = performance.now();
const engine = loadAlone() ?? recover({ directory, limits: BENCH_LIMITS, makeEngine }).engine;
const milliseconds = performance.now() - started;
const run: RecoveryRun = { sequence: engine.sequence, milliseconds, hash: engine.hash, resting: engine.memory.orders.inUse };
fs.writeSync(3, JSON.stringify(run));

/** An engine by its snapshot, in a directory that has no more than that. */
function loadAlone(): Engine | undefined {
  const [snapshot] = findSnapshots(directory, []);
  if (snapshot === undefined) return undefined;
  const engine = makeEngine(BENCH_LIMITS);
  const why = restore(engine, snapshot);
  if (why !== undefined) throw new Error(why);
  return engine;
}
