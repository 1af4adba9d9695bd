/** The follower: a second engine that reads the journal, and what it writes. */
import { Engine } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { imageOf, preventedLotsOf } from '@outcry/engine/image';
import { instrument as instrumentRecord } from '@outcry/engine/instruments';
import { type EngineLimits, LIMIT_NAMES } from '@outcry/engine/limits';
import { type JournalDisk, realDisk } from '@outcry/journal/disk';
import { JournalMismatch } from '@outcry/journal/format';
import { type Batch, JournalReader } from '@outcry/journal/journal-reader';
import { listSnapshots, writeSnapshot } from '@outcry/journal/snapshot';
import { command } from '@outcry/market/command';
import { event, REPLAY_VERSION } from '@outcry/market/event';
import { CHECKPOINT_EVERY, type StateHash } from './checkpoint.ts';
import { type FollowerStore, type OpenStore, StoreGone } from './follower-store.ts';
import { checkVersion, type FoundSnapshot, findSnapshots, unfit } from './inspection.ts';
import { restore } from './recovery.ts';

export interface FollowerOptions {
  /** where segments and snapshots lie */
  directory: string;
  /** the journal's number, what memory is reserved for, and snapshots not to start from: see Recovery */
  journal: number;
  room: EngineLimits;
  unusable: readonly string[];
  /** snapshots that are kept: the newest ones */
  keepSnapshots: number;
  openStore: OpenStore;
  /** for snapshots */
  disk?: JournalDisk;
  /** The hash of the engine that is followed after a command, where it is known; told where the follower's is another. */
  expectedHash?(sequence: number): StateHash | undefined;
  onDivergence?(sequence: number): void;
  /** Told of snapshots that could not be used. */
  onWarning?(message: string): void;
}

/**
 * The same engine once more, behind a journal: it applies what is durable, writes the rows of it to a store, takes snapshots, and compares
 * its state with that of the engine it follows. When each of these happens is for its owner to say: see followUntilStopped.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #disk: JournalDisk;
  readonly #events: LocalEvents;
  readonly #engine: Engine;
  readonly #store: FollowerStore;
  readonly #reader: JournalReader;
  /** what the store held when it was opened: events up to there are in it */
  readonly #storedBefore: number;
  /** the last command that the store was told of */
  #stored: number;
  #lastSnapshot: number;
  /** the journal mark of the batch that the snapshot at its beginning is of: the first batch must follow it */
  #place: number | undefined;

  /**
   * Begins with the newest snapshot that the store has reached. Rejects with what the store does, and with StoreGone where its rows are not
   * the journal's: it has been emptied then. @param durable the last command that is durable
   */
  static async open(options: FollowerOptions, durable: number): Promise<Follower> {
    const later: { engine?: Engine } = {};
    const store = await options.openStore((instrument) => ofInstrument(later.engine!, instrument, instrumentRecord.F64_UNIT));
    try {
      const stored = store.sequence;
      if (stored > durable)
        throw new Error(`the store holds command ${stored}, the journal ends at ${durable}: they do not belong together`);
      const events = new LocalEvents();
      const { engine, snapshot } = begin(options, events, stored);
      later.engine = engine;
      const follower = new Follower(options, store, events, engine, snapshot);
      if (engine.sequence === stored) await follower.#compareStore();
      follower.#handOver();
      return follower;
    } catch (error) {
      await store.close(); // another is opened for the next try: descriptors may be what is short
      throw error;
    }
  }

  private constructor(
    options: FollowerOptions,
    store: FollowerStore,
    events: LocalEvents,
    engine: Engine,
    snapshot: FoundSnapshot | undefined,
  ) {
    this.#options = options;
    this.#disk = options.disk ?? realDisk;
    this.#store = store;
    this.#storedBefore = this.#stored = store.sequence;
    this.#events = events;
    this.#engine = engine;
    this.#place = snapshot?.head.batch;
    this.#lastSnapshot = engine.sequence;
    this.#reader = new JournalReader(options.directory, engine.sequence + 1);
  }

  /** The last command applied. */
  get sequence(): number {
    return this.#engine.sequence;
  }

  /** The last command whose rows are all in the store; undefined where it has rows yet to write. */
  get stored(): number | undefined {
    // Commands that leave no rows, refusals for one, are in the store as soon as all before them are.
    return this.#store.pendingRows === 0 ? Math.max(this.#storedBefore, this.#engine.sequence) : undefined;
  }

  get pendingRows(): number {
    return this.#store.pendingRows;
  }

  /** The command of the last snapshot: the one that it began with, or took. */
  get lastSnapshot(): number {
    return this.#lastSnapshot;
  }

  /** The next batch that is durable, for {@link apply}; undefined: there is none. Nothing is lost where this throws: ask again. */
  read(durable: number): Batch | undefined {
    return this.#reader.read(durable);
  }

  /** Applies a batch. @param afterEach called after each command; what it begins, a flush say, is waited for */
  async apply(batch: Batch, afterEach?: () => Promise<void> | undefined): Promise<void> {
    checkVersion(batch);
    if (this.#place !== undefined && batch.previous !== this.#place) {
      throw new JournalMismatch(`the snapshot of command ${this.#lastSnapshot} is of another life of this journal`, 'Remove it.');
    }
    this.#place = undefined;
    for (let i = 0; i < batch.count; i++) {
      this.#engine.apply(batch.i32, batch.f64, batch.at + i * command.WORDS);
      if (this.#engine.sequence === this.#storedBefore) await this.#compareStore();
      this.#handEvents();
      if (this.#engine.sequence % CHECKPOINT_EVERY === 0) this.#compare();
      const begun = afterEach?.();
      if (begun !== undefined) await begun;
    }
  }

  /** Writes what is pending to the store. Rejects with what it does. */
  async flush(): Promise<void> {
    const { sequence, hash } = this.#engine;
    if (sequence <= this.#stored) return;
    await this.#store.flush(sequence, hash);
    this.#stored = sequence;
  }

  /** Takes a snapshot, where there can be one. Resolves with whether it was taken. Rejects with what store and disk throw. */
  async snapshot(): Promise<boolean> {
    const { sequence, midCommand, room } = this.#engine;
    if (sequence === this.#lastSnapshot || midCommand) return false;
    await this.flush(); // a snapshot never runs ahead of the store: the store's next writer starts from one
    const { directory, journal, keepSnapshots } = this.#options;
    const head = {
      sequence,
      journal,
      batch: this.#reader.journalMark,
      version: REPLAY_VERSION,
      room: LIMIT_NAMES.map((name) => room[name]),
    };
    writeSnapshot(directory, head, imageOf(this.#engine), this.#disk);
    for (const old of listSnapshots(directory).slice(keepSnapshots)) this.#disk.remove(old.path);
    this.#lastSnapshot = sequence;
    return true;
  }

  async close(): Promise<void> {
    this.#reader.close();
    await this.#store.close();
  }

  /** Hands what the last command caused to the store, unless it has it. */
  #handEvents(): void {
    const events = this.#events;
    const { sequence } = this.#engine;
    if (sequence > this.#storedBefore) {
      for (let e = 0; e < events.count; e++) this.#store.add(events.i32, events.f64, e * event.WORDS);
    } else if (sequence === this.#storedBefore) this.#handOver();
    events.clear();
  }

  /** Rows of commands up to here are in the store already: it goes on from what the engine has. */
  #handOver(): void {
    const { details, memory, instruments } = this.#engine;
    this.#store.setIds(details.ids.subarray(0, memory.orders.top));
    this.#store.setPreventedLots(preventedLotsOf(this.#engine));
    for (let i = 0; i < instruments.books.length; i++) {
      this.#store.setAggregates(i, ofInstrument(this.#engine, i, instrumentRecord.F64_AGGREGATES));
    }
  }

  /** The store's rows are of what the journal holds up to there, or they are given up: the journal has them all. */
  async #compareStore(): Promise<void> {
    const { hash } = this.#store;
    if (hash === undefined || isEqual(hash, this.#engine.hash)) return;
    await this.#store.empty();
    throw new StoreGone(`the store does not match the journal up to command ${this.#storedBefore}: it is built anew`);
  }

  /** Compares its state with that of the engine it follows. */
  #compare(): void {
    const { sequence, hash } = this.#engine;
    const expected = this.#options.expectedHash?.(sequence);
    if (expected === undefined || isEqual(expected, hash)) return;
    this.#options.onDivergence?.(sequence);
  }
}

function isEqual(a: StateHash, b: StateHash): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function ofInstrument({ instruments }: Engine, instrument: number, field: number): number {
  return instruments.f64[instrument * instrumentRecord.F64_WORDS + field];
}

/** An engine to follow with: of the newest snapshot that the store has reached. */
function begin(options: FollowerOptions, events: LocalEvents, stored: number): { engine: Engine; snapshot: FoundSnapshot | undefined } {
  for (const snapshot of findSnapshots(options.directory, [])) {
    if (snapshot.sequence > stored || options.unusable.includes(snapshot.path) || unfit(snapshot, options.journal) !== undefined) continue;
    const engine = new Engine(events, options.room);
    const why = restore(engine, snapshot);
    if (why === undefined) return { engine, snapshot };
    options.onWarning?.(why);
  }
  return { engine: new Engine(events, options.room), snapshot: undefined };
}
