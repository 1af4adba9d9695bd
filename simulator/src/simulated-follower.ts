import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Engine, type EngineLimits } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { imageOf } from '@outcry/engine/image';
import { instrument } from '@outcry/engine/instruments';
import { LIMIT_NAMES } from '@outcry/engine/limits';
import type { JournalDisk } from '@outcry/journal/disk';
import { SECTOR } from '@outcry/journal/format';
import { JournalReader } from '@outcry/journal/journal-reader';
import { listSnapshots, writeSnapshot } from '@outcry/journal/snapshot';
import { command } from '@outcry/market/command';
import { event, REPLAY_VERSION } from '@outcry/market/event';
import { findSnapshots, unfit } from '@outcry/venue/spine/inspection';
import { type Recovery, restore } from '@outcry/venue/spine/recovery';
import { StoreWriter } from '@outcry/venue/store/sqlite/store-writer';
import type { Random } from '@outcry/workload/random';

const KEPT_SNAPSHOTS = 2;

/** The venue's follower, turn by turn: the same engine behind the journal, the real store, and snapshots. */
export class SimulatedFollower {
  readonly file: string;
  readonly #directory: string;
  readonly #journal: number;
  readonly #events = new LocalEvents(1024);
  readonly #engine: Engine;
  readonly #store: StoreWriter;
  readonly #stored: number;
  readonly #reader: JournalReader;

  constructor(file: string, directory: string, { journal, room, unusable }: Recovery) {
    this.file = file;
    this.#directory = directory;
    this.#journal = journal;
    this.#store = new StoreWriter(file, journal, room.orders, (number) => unitOf(this.#engine, number));
    this.#stored = this.#store.sequence;
    this.#engine = this.#begin(room, unusable);
    this.#handOver();
    this.#reader = new JournalReader(directory, this.#engine.sequence + 1);
  }

  get sequence(): number {
    return this.#engine.sequence;
  }

  /** Takes in the next batch. Returns whether there was one. */
  follow(durable: number): boolean {
    const batch = this.#reader.read(durable);
    if (batch === undefined) return false;
    for (let i = 0; i < batch.count; i++) {
      this.#engine.apply(batch.i32, batch.f64, batch.at + i * command.WORDS);
      if (this.#engine.sequence > this.#stored) {
        for (let e = 0; e < this.#events.count; e++) this.#store.add(this.#events.i32, this.#events.f64, e * event.WORDS);
      } else if (this.#engine.sequence === this.#stored) this.#check();
      this.#events.clear();
    }
    return true;
  }

  flush(): void {
    if (this.#engine.sequence > this.#stored) this.#store.flush(this.#engine.sequence, this.#engine.hash);
  }

  /** Takes a snapshot, where there can be one. Returns whether it was taken. Throws what the disk throws. */
  snapshot(disk: JournalDisk): boolean {
    const { sequence, midCommand, room } = this.#engine;
    if (midCommand || sequence === 0 || sequence < this.#stored) return false;
    this.flush();
    const head = {
      sequence,
      journal: this.#journal,
      batch: this.#reader.mark,
      version: REPLAY_VERSION,
      room: LIMIT_NAMES.map((name) => room[name]),
    };
    writeSnapshot(this.#directory, head, imageOf(this.#engine), disk);
    for (const old of listSnapshots(this.#directory).slice(KEPT_SNAPSHOTS)) disk.remove(old.path);
    return true;
  }

  /** What the store holds, table by table. */
  rows(): Record<string, unknown[]> {
    this.flush();
    const database = new DatabaseSync(this.file, { readOnly: true });
    const tables = ['orders', 'lists', 'trades', 'balances', 'candles'];
    const rows = Object.fromEntries(tables.map((name) => [name, database.prepare(`SELECT * FROM ${name} ORDER BY 1, 2, 3`).all()]));
    database.close();
    return rows;
  }

  close(): void {
    this.#reader.close();
    this.#store.close();
  }

  /** The power goes: of what SQLite did not sync, its log since the last checkpoint, any sectors may be missing. */
  crash(random: Random): void {
    const parts = ['', '-wal'].map((part) => this.file + part).filter((file) => fs.existsSync(file));
    const contents = parts.map((file) => fs.readFileSync(file));
    this.close(); // which tidies up, as no crash does
    for (const part of ['', '-wal', '-shm']) fs.rmSync(this.file + part, { force: true });
    parts.forEach((file, i) => void fs.writeFileSync(file, file.endsWith('-wal') ? tear(contents[i], random) : contents[i]));
  }

  #begin(room: EngineLimits, unusable: readonly string[]): Engine {
    for (const snapshot of findSnapshots(this.#directory, [])) {
      if (snapshot.sequence > this.#stored || unusable.includes(snapshot.path) || unfit(snapshot, this.#journal) !== undefined) continue;
      const engine = new Engine(this.#events, room);
      if (restore(engine, snapshot) === undefined) return engine;
    }
    return new Engine(this.#events, room);
  }

  #check(): void {
    if (!this.#store.isOf(this.#engine.hash)) throw new Error(`the store's rows up to ${this.#stored} are not of what the journal holds`);
    this.#handOver();
  }

  /** Rows up to here are in the store: it goes on from what the engine has. */
  #handOver(): void {
    this.#store.setIds(this.#engine.details.ids.subarray(0, this.#engine.memory.orders.top));
    const { books, f64 } = this.#engine.instruments;
    for (let i = 0; i < books.length; i++) this.#store.setAggregates(i, f64[i * instrument.F64_WORDS + instrument.F64_AGGREGATES]);
  }
}

function unitOf(engine: Engine, number: number): number {
  return engine.instruments.f64[number * instrument.F64_WORDS + instrument.F64_UNIT];
}

function tear(bytes: Buffer, random: Random): Buffer {
  const fate = random.below(3);
  if (fate === 0) return bytes;
  const sectors = Math.ceil(bytes.length / SECTOR);
  const from = random.below(sectors + 1) * SECTOR;
  if (fate === 1) return bytes.subarray(0, from);
  return Buffer.from(bytes).fill(0, from, Math.min(bytes.length, from + random.between(1, 8) * SECTOR));
}

/** The rows of a store that is built of some commands at once. */
export function rowsOf(parent: string, commands: readonly Uint8Array[], room: EngineLimits): Record<string, unknown[]> {
  const file = path.join(fs.mkdtempSync(path.join(parent, 'rows-')), 'store.sqlite');
  const events = new LocalEvents(1024);
  const engine = new Engine(events, room);
  const store = new StoreWriter(file, 1, room.orders, (number) => unitOf(engine, number));
  for (const record of commands) {
    const bytes = Uint8Array.from(record);
    engine.apply(new Int32Array(bytes.buffer), new Float64Array(bytes.buffer), 0);
    for (let e = 0; e < events.count; e++) store.add(events.i32, events.f64, e * event.WORDS);
    events.clear();
  }
  store.flush(engine.sequence, engine.hash);
  store.close();
  const database = new DatabaseSync(file, { readOnly: true });
  const tables = ['orders', 'lists', 'trades', 'balances', 'candles'];
  const rows = Object.fromEntries(tables.map((name) => [name, database.prepare(`SELECT * FROM ${name} ORDER BY 1, 2, 3`).all()]));
  database.close();
  fs.rmSync(path.dirname(file), { recursive: true });
  return rows;
}
