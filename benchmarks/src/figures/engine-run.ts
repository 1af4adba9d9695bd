/** One run of the figure `engine`, in a process of its own. */
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '@outcry/engine/engine';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { generateBookFlow } from '@outcry/workload/book-flow';
import { advance, apply, BENCH_LIMITS, rewind, setUpCommands, toCommands, UnreadEvents } from '../engine-workload.ts';

raiseInliningBudget();

/** What the engine's own process reports: one JSON object on file descriptor 3. */
export interface EngineRun {
  commandsPerPass: number;
  eventsPerPass: number;
  /** millions of commands a second, one entry a pass */
  rates: number[];
  /** milliseconds since the start of the process: no pass ran outside these */
  begin: number;
  end: number;
  correct: boolean;
}

const ACCOUNTS = 1000;
const WARM_UP_MS = 5000;
/** Quiet before and after the timed run, so that the collector's clock and ours need not agree to the millisecond. */
const QUIET_MS = 300;

const [profile, seconds] = process.argv.slice(2);
if (profile === 'load') process.exit(); // a first process fills the compile cache: see runtime.ts
const loop = toCommands(generateBookFlow(profile, 7, 1_000_000), ACCOUNTS);
const output = new UnreadEvents();
const engine = new Engine(output, BENCH_LIMITS);
apply(engine, setUpCommands(ACCOUNTS));
rewind(loop);

function pass(): number {
  const before = output.position;
  apply(engine, loop.block);
  advance(loop);
  return output.position - before;
}

const warm = performance.now() + WARM_UP_MS;
const eventsPerPass = pass();
while (performance.now() < warm) pass();
globalThis.gc?.();
await sleep(QUIET_MS);

const rates = new Float64Array(10_000);
let passes = 0;
let sameEvents = true;
const begin = performance.now();
const end = begin + Number(seconds) * 1000;
while (performance.now() < end && passes < rates.length) {
  const position = output.position;
  const started = performance.now();
  apply(engine, loop.block);
  rates[passes++] = loop.block.count / (performance.now() - started) / 1000;
  sameEvents &&= output.position - position === eventsPerPass;
  advance(loop);
}
const ended = performance.now();
await sleep(QUIET_MS);
const conserved = engine.ledger.discrepancy(0) === 0 && engine.ledger.discrepancy(1) === 0;
const run: EngineRun = {
  commandsPerPass: loop.block.count,
  eventsPerPass,
  rates: [...rates.subarray(0, passes)],
  begin,
  end: ended,
  correct: sameEvents && conserved,
};
fs.writeSync(3, JSON.stringify(run));
