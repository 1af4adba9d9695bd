/** Queries of SQLite: conditions, rows one by one, and a file that may be replaced. */
import fs from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { StoreUnavailable } from '../store.ts';
import { LOCK_TIMEOUT_MS } from './unavailable.ts';

export type Row = Record<string, number | string>;

/** Conditions of a query, with their values. */
export class Where {
  readonly #conditions: string[] = [];
  readonly values: SQLInputValue[] = [];

  and(condition: string, ...values: SQLInputValue[]): this {
    this.#conditions.push(condition);
    this.values.push(...values);
    return this;
  }

  toString(): string {
    return `WHERE ${this.#conditions.join(' AND ')}`;
  }
}

/** Rows of a database that a question reads one by one. The database at a path may be removed and built anew: the next question finds it. */
export class Rows {
  readonly #file: string;
  readonly #check: () => void;
  #database: DatabaseSync | undefined;
  #inode = 0;
  /** a question failed: the next one opens the database anew */
  #isBroken = false;

  /** @param check is called between rows; what it throws ends the question */
  constructor(file: string, check: () => void) {
    this.#file = file;
    this.#check = check;
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  first(sql: string, values: SQLInputValue[]): Row | undefined {
    for (const row of this.of(sql, values)) return row;
    return undefined;
  }

  /** Reads the database as it is at one moment, whatever is written meanwhile. */
  async atOnce<T>(read: () => Promise<T>): Promise<T> {
    const database = this.#current();
    try {
      database.exec('BEGIN');
    } catch (error) {
      throw this.#unavailable(error);
    }
    try {
      return await read();
    } finally {
      if (database.isOpen && database.isTransaction) database.exec('ROLLBACK');
    }
  }

  /** Rows one by one; between them a look at whether to go on. */
  *of(sql: string, values: SQLInputValue[]): Generator<Row> {
    let rows: NodeJS.Iterator<Record<string, unknown>>;
    try {
      rows = this.#current()
        .prepare(sql)
        .iterate(...values) as typeof rows;
    } catch (error) {
      throw this.#unavailable(error);
    }
    try {
      for (;;) {
        this.#check();
        const next = this.#next(rows);
        if (next.done) return;
        yield next.value as Row;
      }
    } finally {
      rows.return?.();
    }
  }

  #next(rows: NodeJS.Iterator<Record<string, unknown>>): IteratorResult<unknown, unknown> {
    try {
      return rows.next();
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  #unavailable(error: unknown): StoreUnavailable {
    this.#isBroken = true;
    return new StoreUnavailable((error as Error).message, { cause: error });
  }

  /** The database that is at the path now: it may have been removed and built anew. */
  #current(): DatabaseSync {
    const { ino } = fs.statSync(this.#file);
    if (this.#database !== undefined && ino === this.#inode && !this.#isBroken) return this.#database;
    this.close();
    this.#database = new DatabaseSync(this.#file, { readOnly: true, timeout: LOCK_TIMEOUT_MS });
    this.#inode = ino;
    this.#isBroken = false;
    return this.#database;
  }
}
