import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SECTOR } from '@outcry/journal/format';
import type { Stored } from '@outcry/replica/evidence';
import type { FollowerStore } from '@outcry/replica/follower-store';
import type { SimulatedStore } from '@outcry/simulator/simulated-store';
import { SqliteStore } from '@outcry/venue/store/sqlite/sqlite-store';
import type { Random } from '@outcry/workload/random';

const TABLES = ['orders', 'lists', 'trades', 'prevented_matches', 'amendments', 'balances', 'candles'];

/** The venue's database in a simulation: a crash takes sectors of what SQLite did not sync. */
export class SimulatedDatabase implements SimulatedStore {
  readonly #file: string;

  constructor(directory: string) {
    this.#file = path.join(directory, 'store.sqlite');
  }

  async open(journal: number, orders: number, unitOf: (instrument: number) => number): Promise<FollowerStore> {
    return await new SqliteStore(this.#file).writer({ journal, orders, unitOf });
  }

  async stored(): Promise<Stored | undefined> {
    return await new SqliteStore(this.#file).stored();
  }

  /** Of SQLite's log since the last checkpoint, any sectors may be missing. */
  async crash(random: Random, close: () => Promise<void>): Promise<void> {
    const parts = ['', '-wal'].map((part) => this.#file + part).filter((file) => fs.existsSync(file));
    const contents = parts.map((file) => fs.readFileSync(file));
    await close(); // which tidies up, as no crash does
    for (const part of ['', '-wal', '-shm']) fs.rmSync(this.#file + part, { force: true });
    parts.forEach((file, i) => void fs.writeFileSync(file, file.endsWith('-wal') ? tear(contents[i], random) : contents[i]));
  }

  rows(): Record<string, unknown[]> {
    const database = new DatabaseSync(this.#file, { readOnly: true });
    const rows = Object.fromEntries(TABLES.map((name) => [name, database.prepare(`SELECT * FROM ${name} ORDER BY 1, 2, 3`).all()]));
    database.close();
    return rows;
  }
}

function tear(bytes: Buffer, random: Random): Buffer {
  const fate = random.below(3);
  if (fate === 0) return bytes;
  const sectors = Math.ceil(bytes.length / SECTOR);
  const from = random.below(sectors + 1) * SECTOR;
  if (fate === 1) return bytes.subarray(0, from);
  return Buffer.from(bytes).fill(0, from, Math.min(bytes.length, from + random.between(1, 8) * SECTOR));
}
