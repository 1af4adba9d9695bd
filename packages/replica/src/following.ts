/** When a follower writes to its store and takes snapshots, and what it does while either fails. */
import { isShortage } from '@outcry/journal/disk';
import type { Batch } from '@outcry/journal/journal-reader';
import { Follower, type FollowerOptions } from './follower.ts';
import { StoreGone } from './follower-store.ts';

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
/** Who stops does not wait longer than this for a store that fails: the next start goes on from the journal. */
const STOP_WITHIN_MS = 3000;
/** Milliseconds asleep before a look at whether it is to stop. */
const NAP_MS = 50;

export interface FollowingOptions extends Omit<FollowerOptions, 'onWarning'> {
  /** what notices call the store */
  storeName: string;
  /** a snapshot after so many commands, or so many milliseconds with at least one command */
  snapshotCommands: number;
  snapshotMs: number;
  /** Whether an error of the store may be gone at the next try, beside a lack of descriptors, memory or room. */
  mayPass(error: unknown): boolean;
}

/**
 * - `following`: it follows, with a store that has just been opened
 * - `failing`, `back`: of store or journal; it is behind in between
 * - `warning`: something that it goes on after
 */
export type FollowerNotice = 'following' | 'failing' | 'back' | 'warning';

/** Where a follower runs: who writes the journal, a clock, and who listens. */
export interface Surroundings {
  /** the last command that is durable */
  durable(): number;
  /** Whether it is to end, once everything durable is in the store. */
  isStopping(): boolean;
  /** milliseconds, never going back */
  now(): number;
  sleep(milliseconds: number): void;
  /** Sleeps until there is something to follow, or for so long; undefined: until it seems worth a look. */
  wait(work: { ready(): boolean }, milliseconds: number | undefined): void;
  /** Told where it stands. @param stored undefined: there are rows yet to write */
  publish(followed: number, stored: number | undefined): void;
  notice(kind: FollowerNotice, message?: string): void;
  /** Told, before each look at the journal, how many commands it is behind. */
  onBehind?(commands: number): void;
}

/** It is to stop, and the store does not take what it is to take. */
class GivenUp extends Error {}

/** Follows until it is to stop and everything durable is in the store, however often the store has to be opened for it. */
export async function followUntilStopped(options: FollowingOptions, around: Surroundings): Promise<void> {
  const patience = new Patience(around);
  try {
    for (let attempt = 0; ; attempt++) {
      let follower: Follower | undefined;
      try {
        follower = await Follower.open({ ...options, onWarning: (message) => around.notice('warning', message) }, around.durable());
        if (attempt > 0) around.notice('back', 'the store is open again');
        around.notice('following');
        attempt = 0;
        await new Following(follower, options, around, patience).run();
        return;
      } catch (error) {
        if (!(error instanceof StoreGone || isShortage(error) || options.mayPass(error))) throw error;
        patience.waitOut(options.storeName, error as Error, attempt);
      } finally {
        await follower?.close();
      }
    }
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error;
    around.notice('warning', `${error.message}; the next start goes on from the journal`);
  }
}

/** One follower at work, with one opening of the store. */
class Following {
  readonly #follower: Follower;
  readonly #options: FollowingOptions;
  readonly #around: Surroundings;
  readonly #patience: Patience;
  #durable = 0;
  /** since when there are rows to write */
  #firstPending = Number.POSITIVE_INFINITY;
  #lastSnapshotTime: number;
  #snapshotFailedAt = Number.NEGATIVE_INFINITY;

  constructor(follower: Follower, options: FollowingOptions, around: Surroundings, patience: Patience) {
    this.#follower = follower;
    this.#options = options;
    this.#around = around;
    this.#patience = patience;
    this.#lastSnapshotTime = around.now();
    this.#publish();
  }

  /** Whether there is something to follow: what it waits for. */
  ready(): boolean {
    return this.#around.durable() > this.#follower.sequence || this.#around.isStopping();
  }

  async run(): Promise<void> {
    const follower = this.#follower;
    const around = this.#around;
    const afterEach = () => this.#flushWhenDue();
    let hasWorked = false;
    for (;;) {
      this.#durable = around.durable();
      around.onBehind?.(this.#durable - follower.sequence);
      const batch = this.#read();
      if (batch !== undefined) {
        await follower.apply(batch, afterEach);
        this.#publish();
      }
      await this.#flushWhenDue();
      if (batch !== undefined) {
        hasWorked = true;
        continue;
      }
      if (around.isStopping() && follower.sequence >= around.durable()) {
        await this.#flush();
        await this.#snapshot();
        return;
      }
      await this.#snapshotWhenDue();
      if (hasWorked) around.sleep(FOLLOW_EVERY_MS);
      else around.wait(this, follower.pendingRows > 0 ? FLUSH_MS : undefined);
      hasWorked = false;
    }
  }

  /** A descriptor that is not to be had, for the next segment say, is asked for again. */
  #read(): Batch | undefined {
    for (let attempt = 0; ; attempt++) {
      try {
        const batch = this.#follower.read(this.#durable);
        if (attempt > 0) this.#around.notice('back', `the follower reads the journal again, at command ${this.#follower.sequence}`);
        return batch;
      } catch (error) {
        if (!isShortage(error)) throw error;
        this.#patience.waitOut('the journal', error as Error, attempt);
      }
    }
  }

  /** Undefined where there is nothing to wait for: this is asked after each command. */
  #flushWhenDue(): Promise<void> | undefined {
    const rows = this.#follower.pendingRows;
    if (rows === 0) return undefined;
    const now = this.#around.now();
    if (this.#firstPending > now) this.#firstPending = now;
    const isBehind = this.#durable - this.#follower.sequence > BEHIND;
    const isDue = isBehind ? rows >= FLUSH_ROWS_BEHIND : now - this.#firstPending >= (rows < FEW_ROWS ? FLUSH_MS : FLUSH_MANY_MS);
    return isDue ? this.#flush() : undefined;
  }

  /** Writes what is pending, however long the store takes to be there again: the journal keeps the rest. */
  async #flush(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#follower.flush();
        if (attempt > 0) this.#around.notice('back', `the store writes again, at command ${this.#follower.sequence}`);
        this.#firstPending = Number.POSITIVE_INFINITY;
        this.#publish();
        return;
      } catch (error) {
        if (error instanceof StoreGone) throw error;
        this.#patience.waitOut(this.#options.storeName, error as Error, attempt);
      }
    }
  }

  #publish(): void {
    this.#around.publish(this.#follower.sequence, this.#follower.stored);
  }

  async #snapshotWhenDue(): Promise<void> {
    const { snapshotCommands, snapshotMs } = this.#options;
    const now = this.#around.now();
    if (now - this.#snapshotFailedAt < RETRY_SNAPSHOT_MS) return;
    const commands = this.#follower.sequence - this.#follower.lastSnapshot;
    if (commands >= snapshotCommands || (commands > 0 && now - this.#lastSnapshotTime >= snapshotMs)) await this.#snapshot();
  }

  async #snapshot(): Promise<void> {
    await this.#flush(); // with its patience
    try {
      if (await this.#follower.snapshot()) this.#lastSnapshotTime = this.#around.now();
    } catch (error) {
      const { sequence } = this.#follower;
      this.#around.notice('warning', `no snapshot at command ${sequence}, tried again later: ${(error as Error).message}`);
      this.#snapshotFailedAt = this.#around.now();
    }
  }
}

/** Waits for what fails, longer each time; when the follower is to stop, not for long. */
class Patience {
  readonly #around: Surroundings;
  #giveUpAt = Number.POSITIVE_INFINITY;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Waits before another try. Throws GivenUp when it is to stop and has waited long enough. */
  waitOut(what: string, error: Error, attempt: number): void {
    const around = this.#around;
    const ms = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
    around.notice('failing', `${what}: ${error.message}; trying again in ${ms} ms`);
    for (const until = around.now() + ms; around.now() < until; ) {
      if (around.isStopping()) this.#giveUpAt = Math.min(this.#giveUpAt, around.now() + STOP_WITHIN_MS);
      if (around.now() > this.#giveUpAt) throw new GivenUp(`the store stays behind: ${error.message}`);
      around.sleep(Math.min(NAP_MS, ms));
    }
  }
}
