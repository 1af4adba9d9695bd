import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SCHEMA } from '../../src/store/sqlite/schema.ts';
import { temporaryDirectory } from './process.ts';

export interface TradeRow {
  instrument: number;
  id: number;
  aggregate: number;
  price: number;
  quantity: number;
  time: number;
  side: number;
  maker: number;
  makerOrder: number;
  taker: number;
  takerOrder: number;
}

export interface OrderRow {
  id: number;
  account: number;
  instrument: number;
  clientId: string;
  time: number;
  updateTime: number;
  list: number;
}

export interface ListRow {
  id: number;
  account: number;
  instrument: number;
  clientId: string;
  time: number;
}

/** A store with the venue's tables, filled by hand. */
export class HistoryStore {
  readonly folder = temporaryDirectory('history');
  readonly file = path.join(this.folder, 'store.sqlite');
  readonly database = new DatabaseSync(this.file);

  constructor() {
    this.database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;');
    this.database.exec(SCHEMA);
  }

  trades(rows: readonly TradeRow[]): void {
    const insert = this.database.prepare('INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, -1, ?, ?, 0, -1)');
    this.database.exec('BEGIN');
    for (const { instrument, id, aggregate, price, quantity, time, side, maker, makerOrder, taker, takerOrder } of rows)
      insert.run(instrument, id, aggregate, price, quantity, price * quantity, time, side, maker, makerOrder, taker, takerOrder);
    this.database.exec('COMMIT');
  }

  orders(rows: readonly OrderRow[]): void {
    const insert = this.database.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, 0, 0, 1, 1, 0, 0, 0, 0, ?, ?, NULL, ?, 0, 0)');
    for (const { id, account, instrument, clientId, time, updateTime, list } of rows)
      insert.run(id, account, instrument, clientId, time, updateTime, list);
  }

  lists(rows: readonly ListRow[]): void {
    const insert = this.database.prepare('INSERT INTO lists VALUES (?, ?, ?, 1, ?, ?)');
    for (const { id, account, instrument, clientId, time } of rows) insert.run(id, account, instrument, clientId, time);
  }

  close(): void {
    this.database.close();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
