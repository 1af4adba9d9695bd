import fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Stored } from '@outcry/replica/evidence';

/** Undefined where there is no store, or none that says it. Throws what SQLite throws. */
export function readStored(file: string): Stored | undefined {
  if (!fs.existsSync(file)) return undefined;
  const database = new DatabaseSync(file, { readOnly: true, timeout: 250 });
  try {
    const isThere = database.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'meta'`).get() !== undefined;
    if (!isThere) return undefined;
    const rows = database.prepare('SELECT name, value FROM meta').all();
    const { owner, sequence } = Object.fromEntries(rows.map(({ name, value }) => [String(name), Number(value)]));
    return owner === undefined ? undefined : { file, journal: owner, sequence: sequence ?? 0 };
  } finally {
    database.close();
  }
}

/** Renames a store, so that another is built from the journal. Returns its new name. */
export function setAside(file: string, now = new Date()): string {
  const aside = `${file}.cut-${now.toISOString().replaceAll(/[-:.]/g, '')}`;
  for (const part of ['-wal', '-shm', '']) if (fs.existsSync(file + part)) fs.renameSync(file + part, aside + part);
  return aside;
}
