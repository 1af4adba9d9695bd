import fs from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { readText } from '@outcry/engine/event-writer';
import { EVENT, event, IS_MAKER, NEW_AGGREGATE } from '@outcry/market/event';
import { feeAssetOf, flagsOf, instrumentOf, kindOf, reasonOf, sideOf, termsOf } from '@outcry/market/event-reader';
import { BUY } from '@outcry/market/order-terms';
import { f64Of, reserve } from '@outcry/memory/span';
import type { StateHash } from '@outcry/replica/checkpoint';
import { type FollowerStore, StoreGone } from '@outcry/replica/follower-store';
import { addPrint, CANDLE_SECONDS, type Candle, newCandle, spanStart } from '../../domain/candle.ts';
import { BASE, BASE_BITS } from '../../domain/exact.ts';
import { endStatus, ORDER_STATUS, statusAfterTrade } from '../../domain/order-status.ts';
import type { Strategy } from '../../domain/orders.ts';
import { readTerms, type SpecialTerms } from '../../domain/special-terms.ts';
import { readStrategy } from '../../domain/strategies.ts';
import type { StoreWriterOptions } from '../store.ts';
import { specialText } from './row-shapes.ts';
import { CANDLE_SUMS, SCHEMA, SCHEMA_VERSION } from './schema.ts';
import { available, LOCK_TIMEOUT_MS } from './unavailable.ts';

/** Adds to a sum of a candle, as addExact does. */
const addSum = (name: string) => `${name} = (${name} + excluded.${name}) & ${BASE - 1},
    ${name}_high = ${name}_high + excluded.${name}_high + ((${name} + excluded.${name}) >> ${BASE_BITS})`;

const STATEMENTS = {
  order: `INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  change: `UPDATE orders SET executed = executed + ?, executed_amount = executed_amount + ?, status = coalesce(?, status),
    update_time = ?, quantity = coalesce(?, quantity), price = coalesce(?, price) WHERE id = ?`,
  list: `INSERT OR REPLACE INTO lists VALUES (?, ?, ?, ?, ?, ?)`,
  trade: `INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  balance: `INSERT INTO balances VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET available = excluded.available, held = excluded.held`,
  candle: `INSERT INTO candles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    high = max(high, excluded.high), low = min(low, excluded.low), close = excluded.close, trades = trades + excluded.trades,
    ${CANDLE_SUMS.map(addSum).join(', ')}`,
  meta: `INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
} as const;

/** Places of an order's row, by column. */
const ORDER = { PRICE: 6, QUANTITY: 7, AMOUNT: 8, EXECUTED: 9, EXECUTED_AMOUNT: 10, STATUS: 11, UPDATE_TIME: 13 } as const;
/** Places of a change's row: what is added, what it is set to (null: it stays), and of which order. */
const CHANGE = { EXECUTED: 0, EXECUTED_AMOUNT: 1, STATUS: 2, UPDATE_TIME: 3, QUANTITY: 4, PRICE: 5 } as const;

/**
 * Pages of the database in memory, in KiB, and pages of its log before they are moved into it: pages that are written again and again
 * are moved once, and the disk is asked less often to sync beside the journal.
 */
const CACHE_KIB = 65_536;
const CHECKPOINT_PAGES = 16_384;
/** Balances are kept by account and asset: more assets than an engine can have. */
const ASSETS = 2 ** 20;

type StatementName = keyof typeof STATEMENTS;
type Row = SQLInputValue[];

interface OpenCandle {
  readonly instrument: number;
  readonly seconds: number;
  readonly candle: Candle;
}

const LENGTHS = Object.values(CANDLE_SECONDS);

/**
 * Turns an engine's events into rows and writes them in batches. A batch is one transaction that also records the last command
 * it includes, so that after any end the next writer knows where to go on: no row is lost, none doubled.
 *
 * What happens to a row within a batch happens in memory: an order that comes and goes is one row written, a balance that changes a
 * thousand times too.
 */
export class StoreWriter implements FollowerStore {
  readonly sequence: number;
  readonly hash: StateHash | undefined;
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #inode: number;
  readonly #statements: Record<StatementName, StatementSync>;
  /** quote units per tick and lot, by instrument */
  readonly #unitOf: (instrument: number) => number;
  /** orders that the batch enters, and changes of others, by id; the rest in order */
  #orders = new Map<number, Row>();
  #changes = new Map<number, Row>();
  #balances = new Map<number, Row>();
  #trades: Row[] = [];
  #lists: Row[] = [];
  /** the batch's, in the order in which they began; and the current ones by instrument and length */
  #candles: OpenCandle[] = [];
  #current: (OpenCandle | undefined)[] = [];
  #text = '';
  #aggregates: number[] = [];
  /** of open orders, by slot */
  readonly #ids: Float64Array;
  /** of the next order, 0: it is the number of its command */
  #id = 0;
  #terms: SpecialTerms | undefined;
  #strategy: Strategy | undefined;
  #maker: { account: number; order: number; fee: number; feeAsset: number } | undefined;

  /**
   * Opens or makes the database. Throws what SQLite throws, or an error when it is of another journal.
   */
  constructor(file: string, { journal, orders, unitOf }: StoreWriterOptions) {
    this.#file = file;
    this.#unitOf = unitOf;
    this.#ids = f64Of(reserve((orders + 1) * 8));
    this.#database = new DatabaseSync(file, { timeout: LOCK_TIMEOUT_MS });
    try {
      this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -${CACHE_KIB};`);
      this.#database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      dropOtherVersion(this.#database);
      this.#database.exec(SCHEMA);
      this.#claim(journal);
    } catch (error) {
      this.#database.close();
      throw error;
    }
    this.#inode = fs.statSync(file).ino;
    this.sequence = this.#meta('sequence') ?? 0;
    const [low, high] = [this.#meta('hash_low'), this.#meta('hash_high')];
    this.hash = low === undefined || high === undefined ? undefined : [low, high];
    this.#statements = Object.fromEntries(Object.entries(STATEMENTS).map(([name, sql]) => [name, this.#database.prepare(sql)])) as Record<
      StatementName,
      StatementSync
    >;
  }

  #claim(owner: number): void {
    const found = this.#database.prepare(`SELECT value FROM meta WHERE name = 'owner'`).get();
    if (found === undefined) this.#database.prepare(`INSERT INTO meta VALUES ('owner', ?)`).run(owner);
    else if (Number(found.value) !== owner) throw new Error(`${this.#file} is the store of another venue: give each its own storeFile`);
  }

  async empty(): Promise<void> {
    available(() => dropTables(this.#database));
  }

  #meta(name: string): number | undefined {
    const row = this.#database.prepare('SELECT value FROM meta WHERE name = ?').get(name);
    return row === undefined ? undefined : Number(row.value);
  }

  get pendingRows(): number {
    return this.#orders.size + this.#changes.size + this.#balances.size + this.#trades.length + this.#lists.length + this.#candles.length;
  }

  /** The number of the last aggregate trade of an instrument: where counting goes on after a start. */
  setAggregates(instrument: number, aggregates: number): void {
    this.#aggregates[instrument] = aggregates;
  }

  /** The ids of orders that are open, by slot: where a start goes on. */
  setIds(ids: Float64Array): void {
    this.#ids.set(ids);
  }

  /** Takes in one event. */
  add(i32: Int32Array, f64: Float64Array, at: number): void {
    const time = f64[(at >> 1) + event.F64_TIME];
    const slot = i32[at + event.ORDER_SLOT];
    const id = this.#ids[slot];
    switch (kindOf(i32, at)) {
      case EVENT.TEXT:
        this.#text = readText(i32, at);
        break;
      case EVENT.TERMS:
        this.#terms = readTerms(i32, f64, at);
        break;
      case EVENT.STRATEGY:
        this.#strategy = readStrategy(i32, f64, at);
        break;
      case EVENT.LIST: {
        const number = f64[(at >> 1) + event.F64_LIST];
        const instrument = instrumentOf(i32, at);
        this.#lists.push([number, i32[at + event.ACCOUNT], instrument, i32[at + event.LIST_TYPE], this.#text, time]);
        this.#text = '';
        break;
      }
      case EVENT.TRIGGERED:
        this.#change(id, time, 0, 0, undefined, undefined, i32[at + event.PRICE]);
        break;
      case EVENT.ORDER_ID:
        this.#id = f64[(at >> 1) + event.F64_ORDER_ID];
        break;
      case EVENT.ACCEPTED:
        this.#ids[slot] = this.#id === 0 ? f64[(at >> 1) + event.F64_SEQUENCE] : this.#id;
        this.#id = 0;
        this.#addOrder(i32, f64, at, this.#ids[slot]);
        break;
      case EVENT.FILL:
        this.#addFill(i32, f64, at, id);
        break;
      case EVENT.CANCELLED:
        this.#change(id, time, 0, 0, endStatus(reasonOf(i32, at)));
        break;
      case EVENT.AMENDED:
        this.#change(id, time, 0, 0, undefined, i32[at + event.QUANTITY]);
        break;
      case EVENT.BALANCE:
        this.#addBalance(i32, f64, at);
    }
  }

  /** Writes everything taken in as one transaction. Rejects with StoreUnavailable or StoreGone; the rows are kept for another try. */
  async flush(sequence: number, hash: StateHash): Promise<void> {
    available(() => this.#flush(sequence, hash));
  }

  #flush(sequence: number, hash: StateHash): void {
    this.#checkFile();
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      this.#run('list', this.#lists);
      this.#run('order', this.#orders.values());
      this.#run('change', this.#changes.values());
      this.#run('trade', this.#trades);
      this.#run('balance', this.#balances.values());
      for (const { instrument, seconds, candle: c } of this.#candles) {
        const values = [c.openTime * 1000, c.open, c.high, c.low, c.close, c.trades];
        const sums = [c.quantity, c.amount, c.takerBuyQuantity, c.takerBuyAmount].flatMap(({ high, low }) => [low, high]);
        this.#statements.candle.run(instrument, seconds, ...values, ...sums);
      }
      this.#statements.meta.run('sequence', sequence);
      this.#statements.meta.run('hash_low', hash[0]);
      this.#statements.meta.run('hash_high', hash[1]);
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#orders.clear();
    this.#changes.clear();
    this.#balances.clear();
    this.#trades = [];
    this.#lists = [];
    this.#candles = [];
    this.#current = [];
  }

  #run(name: StatementName, rows: Iterable<Row>): void {
    const statement = this.#statements[name];
    for (const row of rows) statement.run(...row);
  }

  /** Throws StoreGone when the file at the path is not the one that was opened. */
  #checkFile(): void {
    const stat = fs.statSync(this.#file, { throwIfNoEntry: false });
    if (stat?.ino !== this.#inode) throw new StoreGone(`${this.#file} was removed or replaced`);
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #addOrder(i32: Int32Array, f64: Float64Array, at: number, id: number): void {
    const time = f64[(at >> 1) + event.F64_TIME];
    this.#orders.set(id, [
      id,
      i32[at + event.ACCOUNT],
      instrumentOf(i32, at),
      this.#text,
      sideOf(i32, at),
      termsOf(i32, at),
      i32[at + event.PRICE],
      i32[at + event.QUANTITY],
      f64[(at >> 1) + event.F64_AMOUNT],
      0,
      0,
      ORDER_STATUS.NEW,
      time,
      time,
      specialText(this.#terms, this.#strategy),
      this.#terms?.list ?? 0,
    ]);
    this.#text = '';
    this.#terms = undefined;
    this.#strategy = undefined;
  }

  /** Something happened to an order: lots and quote units that it traded, and what is another now (undefined: it stays). */
  #change(id: number, time: number, lots: number, amount: number, status?: number, quantity?: number, price?: number): void {
    const order = this.#orders.get(id);
    if (order !== undefined) {
      (order[ORDER.EXECUTED] as number) += lots;
      (order[ORDER.EXECUTED_AMOUNT] as number) += amount;
      order[ORDER.UPDATE_TIME] = time;
      if (status !== undefined) order[ORDER.STATUS] = status;
      if (quantity !== undefined) order[ORDER.QUANTITY] = quantity;
      if (price !== undefined) order[ORDER.PRICE] = price;
      return;
    }
    let change = this.#changes.get(id);
    if (change === undefined) {
      change = [0, 0, null, time, null, null, id];
      this.#changes.set(id, change);
    }
    (change[CHANGE.EXECUTED] as number) += lots;
    (change[CHANGE.EXECUTED_AMOUNT] as number) += amount;
    change[CHANGE.UPDATE_TIME] = time;
    if (status !== undefined) change[CHANGE.STATUS] = status;
    if (quantity !== undefined) change[CHANGE.QUANTITY] = quantity;
    if (price !== undefined) change[CHANGE.PRICE] = price;
  }

  /** The last one of an account and asset stands. */
  #addBalance(i32: Int32Array, f64: Float64Array, at: number): void {
    const [account, asset] = [i32[at + event.ACCOUNT], i32[at + event.ASSET]];
    const [available, held] = [f64[(at >> 1) + event.F64_AVAILABLE], f64[(at >> 1) + event.F64_HELD]];
    const key = account * ASSETS + asset;
    const row = this.#balances.get(key);
    if (row === undefined) this.#balances.set(key, [account, asset, available, held]);
    else [row[2], row[3]] = [available, held];
  }

  #addFill(i32: Int32Array, f64: Float64Array, at: number, id: number): void {
    const instrument = instrumentOf(i32, at);
    const price = i32[at + event.PRICE];
    const quantity = i32[at + event.QUANTITY];
    const amount = price * quantity * this.#unitOf(instrument);
    const time = f64[(at >> 1) + event.F64_TIME];
    const fee = f64[(at >> 1) + event.F64_AMOUNT];
    const feeAsset = feeAssetOf(i32, at);
    const account = i32[at + event.ACCOUNT];
    const flags = flagsOf(i32, at);
    this.#change(id, time, quantity, amount);
    const order = this.#orders.get(id); // one by amount is entered by the same command
    const amountLeft = order === undefined ? -1 : (order[ORDER.AMOUNT] as number) - (order[ORDER.EXECUTED_AMOUNT] as number);
    this.#change(id, time, 0, 0, statusAfterTrade(i32[at + event.REMAINING], amountLeft, amount / quantity));
    if ((flags & IS_MAKER) !== 0) {
      this.#maker = { account, order: id, fee, feeAsset };
      return;
    }
    const maker = this.#maker!;
    const side = sideOf(i32, at);
    if ((flags & NEW_AGGREGATE) !== 0) this.#aggregates[instrument] = (this.#aggregates[instrument] ?? 0) + 1;
    const trade = f64[(at >> 1) + event.F64_TRADE];
    const parties = [maker.account, maker.order, maker.fee, maker.feeAsset, account, id, fee, feeAsset];
    this.#trades.push([instrument, trade, this.#aggregates[instrument], price, quantity, amount, time, side, ...parties]);
    for (let length = 0; length < LENGTHS.length; length++) {
      const start = spanStart(time / 1000, LENGTHS[length]);
      const place = instrument * LENGTHS.length + length;
      let openCandle = this.#current[place];
      if (openCandle === undefined || openCandle.candle.openTime !== start) {
        openCandle = { instrument, seconds: LENGTHS[length], candle: newCandle(start, price) };
        this.#current[place] = openCandle;
        this.#candles.push(openCandle);
      }
      addPrint(openCandle.candle, price, quantity, amount, side === BUY);
    }
  }
}

/** A store of another version is emptied: the journal has all of it. */
function dropOtherVersion(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version === SCHEMA_VERSION) return;
  dropTables(database);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

function dropTables(database: DatabaseSync): void {
  const tables = database.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`).all();
  for (const { name } of tables) database.exec(`DROP TABLE "${name}"`);
}
