import fs from 'node:fs';
import path from 'node:path';
import { Engine } from '@outcry/engine/engine';
import { imageOf } from '@outcry/engine/image';
import { LIMIT_NAMES } from '@outcry/engine/limits';
import { JournalWriter } from '@outcry/journal/journal-writer';
import { writeSnapshot } from '@outcry/journal/snapshot';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { REPLAY_VERSION } from '@outcry/market/event';
import { GTC, LIMIT, type Side } from '@outcry/market/order-terms';
import { generateBookFlow } from '@outcry/workload/book-flow';
import { Random } from '@outcry/workload/random';
import { runChild } from '../child.ts';
import { advance, apply, BENCH_LIMITS, CommandBlock, rewind, setUpCommands, toCommands, UnreadEvents } from '../engine-workload.ts';
import { type FigureOptions, machine, type Report, range } from '../report.ts';
import type { RecoveryRun } from './recovery-run.ts';

const ACCOUNTS = 1000;
const JOURNAL = 1;
const COMMANDS = 10_000_000;
const ORDERS = 1_000_000;
const GOAL_REPLAY_S = 10;
const GOAL_SNAPSHOT_S = 1;

/** How long a venue takes to come back: by its journal alone, and by a snapshot alone. Each time in a fresh process. */
export async function benchRecovery(options: FigureOptions): Promise<Report> {
  const folder = fs.mkdtempSync(path.join(options.directory, 'outcry-bench-recovery-'));
  try {
    const journal = path.join(folder, 'journal');
    const snapshot = path.join(folder, 'snapshot');
    const written = writeJournal(journal);
    options.onProgress(0.3);
    const taken = writeFullSnapshot(snapshot);
    options.onProgress(0.4);
    const seconds: Record<string, number[]> = { journal: [], snapshot: [] };
    for (let run = 0; run < options.runs; run++) {
      seconds.journal.push(await timeRecovery(journal, written));
      seconds.snapshot.push(await timeRecovery(snapshot, taken));
      options.onProgress(0.4 + (0.6 * (run + 1)) / options.runs);
    }
    return report(options.runs, range(seconds.journal, 2), range(seconds.snapshot, 3), fs.statSync(taken.file!).size);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function report(runs: number, replay: ReturnType<typeof range>, load: ReturnType<typeof range>, snapshotBytes: number): Report {
  return {
    benchmark: 'recovery',
    title: `Recovery in a fresh process, seconds (${runs} runs)`,
    machine: machine(),
    columns: ['what', 'median', 'min', 'max', 'checked'],
    rows: [
      [`replay of ${COMMANDS} journaled commands`, replay.median, replay.min, replay.max, 'state hash equal'],
      [
        `snapshot of ${ORDERS} open orders (${Math.round(snapshotBytes / 1e6)} MB)`,
        load.median,
        load.min,
        load.max,
        'state hash and orders equal',
      ],
    ],
    goals: [
      { goal: `10 million commands in under ${GOAL_REPLAY_S} s`, measured: `${replay.median} s`, met: replay.median < GOAL_REPLAY_S },
      { goal: `1 million orders in under ${GOAL_SNAPSHOT_S} s`, measured: `${load.median} s`, met: load.median < GOAL_SNAPSHOT_S },
    ],
    notes: ['The files were written just before, so the system has them in memory: a cold disk adds its reading time.'],
  };
}

interface Expected {
  sequence: number;
  hash: readonly [number, number];
  resting: number;
  file?: string;
}

async function timeRecovery(directory: string, expected: Expected): Promise<number> {
  const { result } = await runChild<RecoveryRun>('figures/recovery-run.ts', [directory]);
  const same =
    result.sequence === expected.sequence &&
    result.hash[0] === expected.hash[0] &&
    result.hash[1] === expected.hash[1] &&
    result.resting === expected.resting;
  if (!same) throw new Error(`recovery of ${directory} came to a different state: ${JSON.stringify({ result, expected })}`);
  return result.milliseconds / 1000;
}

/** Journals COMMANDS commands of the `move` mix as a venue would, and applies them to an engine to know the answer. */
function writeJournal(directory: string): Expected {
  fs.mkdirSync(directory, { recursive: true });
  const engine = new Engine(new UnreadEvents(), BENCH_LIMITS);
  const writer = new JournalWriter(
    { directory, durability: 'os', segmentBytes: 64 * 1024 * 1024, partition: 0, journal: JOURNAL, version: REPLAY_VERSION },
    1,
  );
  const append = (block: CommandBlock, count: number) => {
    const bytes = new Uint8Array(block.i32.buffer, block.i32.byteOffset, block.i32.byteLength);
    for (let from = 0; from < count; ) {
      const to = Math.min(count, from + writer.batchRoom());
      writer.append(bytes.subarray(from * command.BYTES, to * command.BYTES), undefined);
      from = to;
    }
    apply(engine, block, 0, count);
  };
  const setUp = setUpCommands(ACCOUNTS);
  append(setUp, setUp.count);
  const loop = toCommands(generateBookFlow('move', 7, 1_000_000), ACCOUNTS);
  rewind(loop);
  for (let left = COMMANDS - setUp.count; left > 0; left -= loop.block.count) {
    append(loop.block, Math.min(left, loop.block.count));
    advance(loop);
  }
  writer.close();
  return { sequence: engine.sequence, hash: engine.hash, resting: engine.memory.orders.inUse };
}

function writeFullSnapshot(directory: string): Expected {
  fs.mkdirSync(directory, { recursive: true });
  const engine = new Engine(new UnreadEvents(), BENCH_LIMITS);
  apply(engine, setUpCommands(ACCOUNTS));
  const random = new Random(7);
  const block = new CommandBlock(1);
  for (let i = 0; i < ORDERS; i++) {
    block.count = 0;
    const side = (i & 1) as Side;
    const at = block.next(commandHead(COMMAND.NEW_ORDER, side, LIMIT, GTC), i % ACCOUNTS);
    block.i32[at + command.PRICE] = 100_000 + (side === 0 ? -1 : 1) * (1 + random.below(20_000));
    block.i32[at + command.QUANTITY] = 1;
    block.i32[at + command.CLIENT_LOW] = i + 1;
    block.i32[at + command.CLIENT_HIGH] = 1;
    apply(engine, block);
  }
  const { sequence, room } = engine;
  const head = { sequence, journal: JOURNAL, batch: 0, version: REPLAY_VERSION, room: LIMIT_NAMES.map((name) => room[name]) };
  const file = writeSnapshot(directory, head, imageOf(engine));
  return { sequence: engine.sequence, hash: engine.hash, resting: ORDERS, file };
}
