/** The store in an SQLite file. */
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Stored } from '@outcry/replica/evidence';
import type { FollowerStore } from '@outcry/replica/follower-store';
import type { Store, StoreReader, StoreWriterOptions } from '../store.ts';
import { History } from './history.ts';
import { StoreWriter } from './store-writer.ts';
import { available } from './unavailable.ts';

/** SQLite's files of a database: the log, what it shares between processes, and the database, in the order in which they are moved. */
const PARTS = ['-wal', '-shm', ''];
const LOCK_TIMEOUT_MS = 250;

export class SqliteStore implements Store {
  readonly name: string;
  readonly files: readonly string[];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    this.name = path.basename(file);
    this.files = PARTS.map((part) => file + part);
  }

  async stored(): Promise<Stored | undefined> {
    const file = this.#file;
    if (!fs.existsSync(file)) return undefined;
    return available(() => {
      const database = new DatabaseSync(file, { readOnly: true, timeout: LOCK_TIMEOUT_MS });
      try {
        const isThere = database.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'meta'`).get() !== undefined;
        if (!isThere) return undefined;
        const rows = database.prepare('SELECT name, value FROM meta').all();
        const { owner, sequence } = Object.fromEntries(rows.map(({ name, value }) => [String(name), Number(value)]));
        return owner === undefined ? undefined : { file, journal: owner, sequence: sequence ?? 0 };
      } finally {
        database.close();
      }
    });
  }

  /** Renames it. */
  async setAside(now = new Date()): Promise<string> {
    const aside = `${this.#file}.cut-${now.toISOString().replaceAll(/[-:.]/g, '')}`;
    for (const part of PARTS) if (fs.existsSync(this.#file + part)) fs.renameSync(this.#file + part, aside + part);
    return aside;
  }

  async writer(options: StoreWriterOptions): Promise<FollowerStore> {
    return available(() => new StoreWriter(this.#file, options));
  }

  async reader(check?: () => void): Promise<StoreReader> {
    return new History(this.#file, check);
  }
}

export async function openStore(at: string): Promise<SqliteStore> {
  return new SqliteStore(at);
}
