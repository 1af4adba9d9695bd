/** The thread of the follower: applies the journal once more, for the store, snapshots, and a comparison of hashes. */
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { Engine } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { imageOf } from '@outcry/engine/image';
import { instrument as instrumentRecord } from '@outcry/engine/instruments';
import { LIMIT_NAMES } from '@outcry/engine/limits';
import { isShortage, realDisk } from '@outcry/journal/disk';
import { JournalMismatch } from '@outcry/journal/format';
import { type Batch, JournalReader } from '@outcry/journal/journal-reader';
import { listSnapshots, writeSnapshot } from '@outcry/journal/snapshot';
import { command } from '@outcry/market/command';
import { event, REPLAY_VERSION } from '@outcry/market/event';
import { sleepThread } from '@outcry/memory/bell';
import { LOOK_AGAIN_MS, Waiter, type Work } from '@outcry/memory/waiter';
import { checkVersion, type FoundSnapshot, findSnapshots, unfit } from '../spine/inspection.ts';
import { restore } from '../spine/recovery.ts';
import { CHECKPOINT_EVERY, Shared } from '../spine/shared.ts';
import { Urgency } from '../spine/urgency.ts';
import type { FollowerThreadData } from '../store/follower.ts';
import { StoreGone, StoreWriter } from '../store/sqlite/store-writer.ts';

/**
 * While there is traffic the follower looks every so many milliseconds, instead of being woken for each batch of the journal: it takes
 * several at once then, and a third of the time.
 */
const FOLLOW_EVERY_MS = 3;
/**
 * A batch goes to the store after so many milliseconds; where there are more rows than a few it may take longer, since a page that many
 * rows change is written once for all of them. When the follower is behind, after so many rows.
 */
const FLUSH_MS = 10;
const FEW_ROWS = 100;
const FLUSH_MANY_MS = 200;
const FLUSH_ROWS_BEHIND = 50_000;
const BEHIND = 500;
const RETRY_MS = [10, 50, 250, 1000, 5000];
const RETRY_SNAPSHOT_MS = 5000;
/** A venue that stops does not wait longer than this for a database that fails: the next start goes on from the journal. */
const STOP_WITHIN_MS = 3000;
/** Milliseconds asleep before a look at whether the venue stops. */
const NAP_MS = 50;

const data = workerData as FollowerThreadData;
const port = parentPort!;
const shared = new Shared(data.memory);

const urgency = new Urgency();

/** The follower: the same engine, reading the journal, for the store, the snapshots and the check of the primary's hash. */
class Follower implements Work {
  readonly #events = new LocalEvents();
  readonly #engine: Engine;
  readonly #store: StoreWriter;
  readonly #reader: JournalReader;
  readonly #storedBefore: number;
  readonly #waiter = new Waiter(shared.followerBell, 'park');
  #firstPending = 0;
  #lastSnapshot: number;
  #lastSnapshotTime = performance.now();
  #snapshotFailedAt = Number.NEGATIVE_INFINITY;
  /** of the snapshot that it begins with: the first batch must follow it */
  #place: number | undefined;

  constructor() {
    this.#store = new StoreWriter(
      data.database,
      data.journal,
      data.room.orders,
      (instrument) => this.#engine.instruments.f64[instrument * instrumentRecord.F64_WORDS + instrumentRecord.F64_UNIT],
    );
    try {
      this.#storedBefore = this.#store.sequence;
      const durable = shared.durable.read();
      if (this.#storedBefore > durable) {
        throw new Error(`the store holds command ${this.#storedBefore}, the journal ends at ${durable}: they do not belong together`);
      }
      const { engine, snapshot } = begin(this.#events, this.#storedBefore);
      this.#engine = engine;
      this.#place = snapshot?.head.batch;
      this.#lastSnapshot = engine.sequence;
      this.#compareStore();
      this.#handOver();
      this.#reader = new JournalReader(data.directory, this.#lastSnapshot + 1);
    } catch (error) {
      this.#store.close(); // another is opened for the next try: descriptors may be what is short
      throw error;
    }
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
      urgency.look(durable - this.#engine.sequence);
      const batch = this.#read(durable);
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

  /** A descriptor that is not to be had, for the next segment say, is asked for again. */
  #read(durable: number): Batch | undefined {
    for (let attempt = 0; ; attempt++) {
      try {
        const batch = this.#reader.read(durable);
        if (attempt > 0) goOn(`the follower reads the journal again, at command ${this.#engine.sequence}`);
        return batch;
      } catch (error) {
        if (!isShortage(error)) throw error;
        waitOutFailure('the journal', error as Error, attempt);
      }
    }
  }

  #apply(batch: Batch, durable: number): void {
    const events = this.#events;
    checkVersion(batch);
    if (this.#place !== undefined && batch.previous !== this.#place) {
      throw new JournalMismatch(`the snapshot of command ${this.#lastSnapshot} is of another life of this journal`, 'Remove it.');
    }
    this.#place = undefined;
    for (let i = 0; i < batch.count; i++) {
      this.#engine.apply(batch.i32, batch.f64, batch.at + i * command.WORDS);
      const { sequence } = this.#engine;
      if (sequence > this.#storedBefore) {
        if (this.#store.pendingRows === 0 && events.count > 0) this.#firstPending = performance.now();
        for (let e = 0; e < events.count; e++) this.#store.add(events.i32, events.f64, e * event.WORDS);
      } else if (sequence === this.#storedBefore) {
        this.#compareStore();
        this.#handOver();
      }
      events.clear();
      if (sequence % CHECKPOINT_EVERY === 0) this.#compare(sequence);
      if (this.#isFlushDue(durable)) this.#flush();
    }
    this.#publish();
  }

  /** Rows of commands up to here are in the store already: its writer goes on from what the engine has. */
  #handOver(): void {
    const { orders } = this.#engine.memory;
    this.#store.setIds(this.#engine.details.ids.subarray(0, orders.top));
    for (let i = 0; i < this.#engine.instruments.books.length; i++) {
      this.#store.setAggregates(i, this.#engine.instruments.f64[i * instrumentRecord.F64_WORDS + instrumentRecord.F64_AGGREGATES]);
    }
  }

  /** The store's rows are of what the journal holds up to there, or they are given up: the journal has them all. */
  #compareStore(): void {
    if (this.#engine.sequence !== this.#storedBefore || this.#store.isOf(this.#engine.hash)) return;
    this.#store.empty();
    throw new StoreGone(`the store does not match the journal up to command ${this.#storedBefore}: it is built anew`);
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
    return performance.now() - this.#firstPending >= (rows < FEW_ROWS ? FLUSH_MS : FLUSH_MANY_MS);
  }

  /** Writes what is pending, however long the database takes to be there again: the journal keeps the rest. */
  #flush(): void {
    if (this.#engine.sequence <= this.#storedBefore) return;
    for (let attempt = 0; ; attempt++) {
      try {
        this.#store.flush(this.#engine.sequence, this.#engine.hash);
        if (attempt > 0) goOn(`the store writes again, at command ${this.#engine.sequence}`);
        this.#publish();
        return;
      } catch (error) {
        if (error instanceof StoreGone) throw error;
        waitOutFailure(path.basename(data.database), error as Error, attempt);
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
    if (performance.now() - this.#snapshotFailedAt < RETRY_SNAPSHOT_MS) return;
    if (commands >= data.snapshotCommands || (commands > 0 && age >= data.snapshotMs)) this.#snapshot();
  }

  #snapshot(): void {
    if (this.#engine.sequence === this.#lastSnapshot || this.#engine.midCommand) return;
    this.#flush(); // a snapshot never runs ahead of the store: the store's next writer starts from one
    const { sequence, room } = this.#engine;
    const { journal, directory } = data;
    const head = { sequence, journal, batch: this.#reader.mark, version: REPLAY_VERSION, room: LIMIT_NAMES.map((name) => room[name]) };
    try {
      writeSnapshot(directory, head, imageOf(this.#engine));
      for (const old of listSnapshots(directory).slice(data.keepSnapshots)) realDisk.remove(old.path);
    } catch (error) {
      port.postMessage({ kind: 'warning', message: `no snapshot at command ${sequence}, tried again later: ${(error as Error).message}` });
      this.#snapshotFailedAt = performance.now();
      return;
    }
    this.#lastSnapshot = this.#engine.sequence;
    this.#lastSnapshotTime = performance.now();
  }
}

/** An engine to follow with: of the newest snapshot that the store has reached. */
function begin(events: LocalEvents, stored: number): { engine: Engine; snapshot: FoundSnapshot | undefined } {
  for (const snapshot of findSnapshots(data.directory, [])) {
    if (snapshot.sequence > stored || data.unusable.includes(snapshot.path) || unfit(snapshot, data.journal) !== undefined) continue;
    const engine = new Engine(events, data.room);
    const why = restore(engine, snapshot);
    if (why === undefined) return { engine, snapshot };
    port.postMessage({ kind: 'warning', message: why });
  }
  return { engine: new Engine(events, data.room), snapshot: undefined };
}

let giveUpAt = Number.POSITIVE_INFINITY;

/** Waits before another try, longer each time. Throws when the venue stops and has waited long enough. */
function waitOutFailure(what: string, error: Error, attempt: number): void {
  shared.followerHeldUp = true;
  const ms = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
  port.postMessage({ kind: 'store-failing', message: `${what}: ${error.message}; trying again in ${ms} ms` });
  for (const until = performance.now() + ms; performance.now() < until; ) {
    if (shared.stopping) giveUpAt = Math.min(giveUpAt, performance.now() + STOP_WITHIN_MS);
    if (performance.now() > giveUpAt) throw new GivenUp(`the store stays behind: ${error.message}`);
    sleepThread(Math.min(NAP_MS, ms));
  }
}

/** What was waited for is there again. */
function goOn(message: string): void {
  shared.followerHeldUp = false;
  port.postMessage({ kind: 'store-back', message });
}

/** The venue stops, and the database does not take what it is to take. */
class GivenUp extends Error {}

/** Whether it may be better the next time: the database was replaced, is locked or full, or there are no descriptors. */
function passes(error: unknown): boolean {
  return error instanceof StoreGone || (error as { code?: string }).code === 'ERR_SQLITE_ERROR' || isShortage(error);
}

/** Follows until the venue stops, however often the database has to be opened for it. */
function follow(): void {
  for (let attempt = 0; ; attempt++) {
    let follower: Follower | undefined;
    try {
      follower = new Follower();
      if (attempt > 0) goOn('the store is open again');
      port.postMessage({ kind: 'following' });
      attempt = 0;
      follower.run();
      return;
    } catch (error) {
      if (!passes(error)) throw error;
      waitOutFailure(path.basename(data.database), error as Error, attempt);
    } finally {
      follower?.close();
    }
  }
}

try {
  follow();
} catch (error) {
  if (!(error instanceof GivenUp)) throw error;
  port.postMessage({ kind: 'warning', message: `${error.message}; the next start goes on from the journal` });
}
port.close();
