/** One run of the figure `store`, in a process of its own. */
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { inspect } from '@outcry/replica/inspection';
import { type Crew, firstMessage, startCrew } from '@outcry/venue/spine/crew';
import type { FollowerThreadData } from '@outcry/venue/store/follower';
import { sqliteAt } from '@outcry/venue/store/store';
import { BENCH_LIMITS, rewind, setUpCommands } from '../engine-workload.ts';
import { PipelineClient, pipelineLoad } from '../pipeline.ts';

raiseInliningBudget();

/** What a process that feeds a store reports: one JSON object on file descriptor 3. */
export interface StoreRun {
  commands: number;
  orders: number;
  perSecond: number;
  correct: boolean;
  /** commands that the store is behind, once a second */
  lags: number[];
  journalBytes: number;
  storeBytes: number;
  /** seconds that the store, built anew, takes for all of it */
  rebuildSeconds: number;
  /** and of processor time, the system's included */
  rebuildCpuSeconds: number;
}

const ACCOUNTS = 1000;
const OPERATIONS = 1_000_000;
const [, , folder, rate, seconds] = process.argv;
const journal = path.join(folder, 'journal');
const database = path.join(folder, 'store.sqlite');

async function start(): Promise<{ crew: Crew; stop(): Promise<void> }> {
  const crew = await startCrew({
    limits: BENCH_LIMITS,
    journal: { directory: journal, durability: 'fsync', segmentBytes: 256 * 1024 * 1024, partition: 0 },
    memory: { commandSlots: 1 << 16, eventSlots: 1 << 16, wait: 'park' },
  });
  const { journal: number, room, unusable } = crew.recovery;
  const limits = { snapshotCommands: 5_000_000, snapshotMs: 300_000, keepSnapshots: 1 };
  const data: FollowerThreadData = {
    memory: crew.shared.memory,
    journal: number,
    room,
    unusable,
    directory: journal,
    store: sqliteAt(database),
    ...limits,
  };
  const follower = new Worker(new URL(import.meta.resolve('@outcry/venue/threads/follower-thread')), { workerData: data });
  const ended = new Promise<void>((resolve) => follower.once('exit', () => resolve()));
  await firstMessage(follower);
  return {
    crew,
    stop: async () => {
      await crew.stop();
      await ended;
    },
  };
}

const loop = pipelineLoad(OPERATIONS);
const first = await start();
const client = new PipelineClient(first.crew);
const { shared } = first.crew;
rewind(loop);
client.sendAll(setUpCommands(ACCOUNTS));
const lags: number[] = [];
const result = client.run(loop, Number(rate), Number(seconds), () => lags.push(shared.durable.read() - shared.stored.read()));
await first.stop();

const rows = new DatabaseSync(database, { readOnly: true });
const orders = Number(rows.prepare('SELECT count(*) AS n FROM orders').get()!.n);
rows.close();
const storeBytes = fs.statSync(database).size;
const { tail, survey } = inspect(journal, new Set());
const journalBytes = survey.segments.slice(0, -1).reduce((sum, { size }) => sum + size, tail?.offset ?? 0);

for (const part of ['', '-wal', '-shm']) fs.rmSync(database + part, { force: true });
const second = await start();
const began = performance.now();
const used = process.cpuUsage();
while (second.crew.shared.stored.read() < second.crew.recovery.sequence) await new Promise((resolve) => setTimeout(resolve, 5));
const rebuildSeconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(used);
await second.stop();

const { commands, perSecond, correct } = result;
const rebuildCpuSeconds = (user + system) / 1e6;
const run: StoreRun = { commands, orders, perSecond, correct, lags, journalBytes, storeBytes, rebuildSeconds, rebuildCpuSeconds };
fs.writeSync(3, JSON.stringify(run));
