import fs from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { Engine, type EngineLimits } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { imageOf } from '@outcry/engine/image';
import { instrument as instrumentRecord } from '@outcry/engine/instruments';
import { type Batch, JournalReader } from '@outcry/journal/journal-reader';
import { listSnapshots, writeSnapshot } from '@outcry/journal/snapshot';
import { command } from '@outcry/market/command';
import { event } from '@outcry/market/event';
import { sleepThread } from '@outcry/memory/bell';
import { setIdle } from '@outcry/memory/libc';
import { LOOK_AGAIN_MS, Waiter, type Work } from '@outcry/memory/waiter';
import { StoreGone, StoreWriter } from '../store/store-writer.ts';
import { loadSnapshot } from './recovery.ts';
import { CHECKPOINT_EVERY, Shared, type VenueMemory } from './shared.ts';

export interface FollowerThreadData {
  memory: VenueMemory;
  limits: EngineLimits;
  directory: string;
  database: string;
  /** the number of whose journal the store is of */
  storeOwner: number;
  /** a snapshot after so many commands, or so many milliseconds with at least one command */
  snapshotCommands: number;
  snapshotMs: number;
  keepSnapshots: number;
}

/**
 * While there is traffic the follower looks every so many milliseconds, instead of being woken for each batch of the journal: it takes
 * several at once then, and a third of the time.
 */
const FOLLOW_EVERY_MS = 3;
/** A batch goes to the store after so many milliseconds or rows, whichever is first; more rows when the follower is behind. */
const FLUSH_MS = 10;
const FLUSH_ROWS = 100;
const FLUSH_ROWS_BEHIND = 20_000;
const BEHIND = 500;
const RETRY_MS = [10, 50, 250, 1000, 5000];

const data = workerData as FollowerThreadData;
const port = parentPort!;
const shared = new Shared(data.memory);

/** The follower may lag, those whose work it repeats may not. */
setIdle();

/** The follower: the same engine, reading the journal, for the store, the snapshots and the check of the primary's hash. */
class Follower implements Work {
  readonly #events = new LocalEvents();
  readonly #engine = new Engine(this.#events, data.limits);
  readonly #store: StoreWriter;
  readonly #reader: JournalReader;
  readonly #storedBefore: number;
  readonly #waiter = new Waiter(shared.followerBell, 'park');
  #firstPending = 0;
  #lastSnapshot: number;
  #lastSnapshotTime = performance.now();

  constructor() {
    this.#store = new StoreWriter(
      data.database,
      data.storeOwner,
      (instrument) => this.#engine.instruments.f64[instrument * instrumentRecord.F64_WORDS + instrumentRecord.F64_UNIT],
    );
    this.#storedBefore = this.#store.sequence;
    const durable = shared.durable.read();
    if (this.#storedBefore > durable) {
      throw new Error(`the store holds command ${this.#storedBefore}, the journal ends at ${durable}: they do not belong together`);
    }
    const warnings: string[] = [];
    this.#lastSnapshot = loadSnapshot(this.#engine, data.directory, this.#storedBefore, warnings);
    for (const message of warnings) port.postMessage({ kind: 'warning', message });
    for (let i = 0; i < this.#engine.instruments.books.length; i++) {
      this.#store.setAggregates(i, this.#engine.instruments.f64[i * instrumentRecord.F64_WORDS + instrumentRecord.F64_AGGREGATES]);
    }
    this.#reader = new JournalReader(data.directory, this.#lastSnapshot + 1);
    this.#publish();
  }

  /** Whether there is something to follow: what the waiter asks. */
  ready(): boolean {
    return shared.durable.read() > this.#engine.sequence || shared.stopping;
  }

  /** Follows until the venue stops and everything durable is in the store. */
  run(): void {
    let hasWorked = false;
    for (;;) {
      const durable = shared.durable.read();
      const batch = this.#reader.read(durable);
      if (batch !== undefined) this.#apply(batch, durable);
      if (this.#isFlushDue(durable)) this.#flush();
      if (batch !== undefined) {
        hasWorked = true;
        continue;
      }
      if (shared.stopping && this.#engine.sequence >= shared.durable.read()) {
        this.#flush();
        this.#snapshot();
        return;
      }
      this.#snapshotWhenDue();
      if (hasWorked) sleepThread(FOLLOW_EVERY_MS);
      else this.#waiter.wait(this, this.#store.pendingRows > 0 ? FLUSH_MS : LOOK_AGAIN_MS);
      hasWorked = false;
    }
  }

  close(): void {
    this.#reader.close();
    this.#store.close();
  }

  #apply(batch: Batch, durable: number): void {
    const events = this.#events;
    for (let i = 0; i < batch.count; i++) {
      this.#engine.apply(batch.i32, batch.f64, batch.at + i * command.WORDS);
      const { sequence } = this.#engine;
      if (sequence > this.#storedBefore) {
        if (this.#store.pendingRows === 0 && events.count > 0) this.#firstPending = performance.now();
        for (let e = 0; e < events.count; e++) this.#store.add(events.i32, events.f64, e * event.WORDS);
      } else if (sequence === this.#storedBefore) this.#countAggregates();
      events.clear();
      if (sequence % CHECKPOINT_EVERY === 0) this.#compare(sequence);
      if (this.#isFlushDue(durable)) this.#flush();
    }
    this.#publish();
  }

  /** Rows of commands up to here are in the store already: numbering goes on from the engine's count. */
  #countAggregates(): void {
    for (let i = 0; i < this.#engine.instruments.books.length; i++) {
      this.#store.setAggregates(i, this.#engine.instruments.f64[i * instrumentRecord.F64_WORDS + instrumentRecord.F64_AGGREGATES]);
    }
  }

  #compare(sequence: number): void {
    const expected = shared.readCheckpoint(sequence);
    if (expected === undefined) return;
    const [a, b] = this.#engine.hash;
    if (expected[0] === a && expected[1] === b) return;
    shared.noteDivergence();
    port.postMessage({ kind: 'diverged', message: `the follower's state differs from the engine's at command ${sequence}` });
  }

  #isFlushDue(durable: number): boolean {
    const rows = this.#store.pendingRows;
    if (rows === 0) return false;
    const behind = durable - this.#engine.sequence > BEHIND;
    if (behind) return rows >= FLUSH_ROWS_BEHIND;
    return rows >= FLUSH_ROWS || performance.now() - this.#firstPending >= FLUSH_MS;
  }

  /** Writes what is pending, however long the database takes to be there again: the journal keeps the rest. */
  #flush(): void {
    if (this.#engine.sequence <= this.#storedBefore) return;
    for (let attempt = 0; ; attempt++) {
      try {
        this.#store.flush(this.#engine.sequence);
        if (shared.storeFailing)
          port.postMessage({ kind: 'store-back', message: `the store writes again, at command ${this.#engine.sequence}` });
        shared.storeFailing = false;
        this.#publish();
        return;
      } catch (error) {
        if (error instanceof StoreGone) throw error;
        waitOutFailure(error as Error, attempt);
        if (shared.stopping && attempt >= RETRY_MS.length) throw error;
      }
    }
  }

  #publish(): void {
    shared.followed.publish(this.#engine.sequence);
    // Commands that leave no rows, refusals for one, are in the store as soon as all before them are.
    if (this.#store.pendingRows === 0) shared.stored.publish(Math.max(this.#storedBefore, this.#engine.sequence));
  }

  #snapshotWhenDue(): void {
    const commands = this.#engine.sequence - this.#lastSnapshot;
    const age = performance.now() - this.#lastSnapshotTime;
    if (commands >= data.snapshotCommands || (commands > 0 && age >= data.snapshotMs)) this.#snapshot();
  }

  #snapshot(): void {
    if (this.#engine.sequence === this.#lastSnapshot || this.#engine.midCommand) return;
    this.#flush(); // a snapshot never runs ahead of the store: the store's next writer starts from one
    try {
      writeSnapshot(data.directory, this.#engine.sequence, imageOf(this.#engine));
      for (const old of listSnapshots(data.directory).slice(data.keepSnapshots)) fs.rmSync(old.path);
    } catch (error) {
      port.postMessage({ kind: 'warning', message: `no snapshot at command ${this.#engine.sequence}: ${(error as Error).message}` });
    }
    this.#lastSnapshot = this.#engine.sequence;
    this.#lastSnapshotTime = performance.now();
  }
}

function waitOutFailure(error: Error, attempt: number): void {
  shared.storeFailing = true;
  const ms = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
  port.postMessage({ kind: 'store-failing', message: `${path.basename(data.database)}: ${error.message}; trying again in ${ms} ms` });
  sleepThread(ms);
}

for (let attempt = 0; ; attempt++) {
  let follower: Follower | undefined;
  try {
    follower = new Follower();
    port.postMessage({ kind: 'following' });
    attempt = 0;
    follower.run();
    follower.close();
    break;
  } catch (error) {
    follower?.close();
    const lost = error instanceof StoreGone || (error as { code?: string }).code === 'ERR_SQLITE_ERROR';
    if (!lost) throw error;
    waitOutFailure(error as Error, attempt);
    if (shared.stopping && attempt >= RETRY_MS.length) break;
  }
}
port.close();
