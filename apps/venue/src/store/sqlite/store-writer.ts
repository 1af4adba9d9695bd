/** Writes the engine's events into the SQLite store. */
import fs from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { readText } from '@outcry/engine/event-writer';
import { PreventedLots } from '@outcry/engine/prevented-lots';
import { EVENT, event, IS_MAKER, NEW_AGGREGATE, PREVENTED } from '@outcry/market/event';
import { feeAssetOf, flagsOf, instrumentOf, kindOf, reasonOf, selfTradeOf, sideOf, termsOf } from '@outcry/market/event-reader';
import { BUY } from '@outcry/market/order-terms';
import { f64Of, reserve } from '@outcry/memory/span';
import type { StateHash } from '@outcry/replica/checkpoint';
import { type FollowerStore, StoreGone } from '@outcry/replica/follower-store';
import { endStatus, ORDER_STATUS, statusAfterTrade } from '../../domain/order-status.ts';
import type { Strategy } from '../../domain/orders.ts';
import { readTerms, type SpecialTerms } from '../../domain/special-terms.ts';
import { readStrategy } from '../../domain/strategies.ts';
import type { StoreWriterOptions } from '../store.ts';
import { CandleRows } from './candle-rows.ts';
import { specialText } from './row-shapes.ts';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';
import { CHANGE, ORDER, STATEMENTS } from './statements.ts';
import { available, LOCK_TIMEOUT_MS } from './unavailable.ts';

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
  #prevented: Row[] = [];
  #amendments: Row[] = [];
  readonly #candles = new CandleRows();
  #text = '';
  #aggregates: number[] = [];
  /** of open orders, by slot */
  readonly #ids: Float64Array;
  /** of the next order, 0: it is the number of its command */
  #id = 0;
  #terms: SpecialTerms | undefined;
  #strategy: Strategy | undefined;
  /** lots that open orders lost by self-trade prevention, which clients count with their quantities */
  readonly #preventedLots: PreventedLots;
  #preventedMaker = [0, 0, 0];
  #maker: { account: number; order: number; fee: number; feeAsset: number } | undefined;

  /**
   * Opens or makes the database. Throws what SQLite throws, or an error when it is of another journal.
   */
  constructor(file: string, { journal, orders, unitOf }: StoreWriterOptions) {
    this.#file = file;
    this.#unitOf = unitOf;
    this.#ids = f64Of(reserve((orders + 1) * 8));
    this.#preventedLots = new PreventedLots(orders);
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
    const changed = this.#orders.size + this.#changes.size + this.#balances.size + this.#candles.size;
    return changed + this.#trades.length + this.#lists.length + this.#prevented.length + this.#amendments.length;
  }

  /** The number of the last aggregate trade of an instrument: where counting goes on after a start. */
  setAggregates(instrument: number, aggregates: number): void {
    this.#aggregates[instrument] = aggregates;
  }

  /** The ids of orders that are open, by slot: where a start goes on. */
  setIds(ids: Float64Array): void {
    this.#ids.set(ids);
  }

  setPreventedLots(image: Uint8Array): void {
    this.#preventedLots.restore(image);
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
        this.#amended(i32, f64, at, id);
        break;
      case EVENT.PREVENTED_MATCH:
        this.#addPrevented(i32, f64, at, id);
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
      this.#run('prevented', this.#prevented);
      this.#run('amendment', this.#amendments);
      this.#run('balance', this.#balances.values());
      this.#run('candle', this.#candles.rows());
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
    this.#prevented = [];
    this.#amendments = [];
    this.#candles.clear();
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
      0,
      0,
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
    const change = this.#changeOf(id, time);
    (change[CHANGE.EXECUTED] as number) += lots;
    (change[CHANGE.EXECUTED_AMOUNT] as number) += amount;
    change[CHANGE.UPDATE_TIME] = time;
    if (status !== undefined) change[CHANGE.STATUS] = status;
    if (quantity !== undefined) change[CHANGE.QUANTITY] = quantity;
    if (price !== undefined) change[CHANGE.PRICE] = price;
  }

  /** The change of an order that an earlier batch entered. */
  #changeOf(id: number, time: number): Row {
    let change = this.#changes.get(id);
    if (change === undefined) {
      change = [0, 0, null, time, null, null, 0, null, id];
      this.#changes.set(id, change);
    }
    return change;
  }

  #amended(i32: Int32Array, f64: Float64Array, at: number, id: number): void {
    const [time, lots] = [f64[(at >> 1) + event.F64_TIME], f64[(at >> 1) + event.F64_AMOUNT]];
    const [slot, generation] = [i32[at + event.ORDER_SLOT], i32[at + event.ORDER_GENERATION]];
    const quantity = i32[at + event.QUANTITY];
    this.#change(id, time, 0, 0, undefined, quantity);
    if ((flagsOf(i32, at) & PREVENTED) !== 0) {
      this.#preventedLots.add(slot, generation, lots, 0);
      const order = this.#orders.get(id);
      if (order !== undefined) (order[ORDER.DECREMENTED] as number) += lots;
      else (this.#changeOf(id, time)[CHANGE.DECREMENTED] as number) += lots;
      return;
    }
    const whole = quantity + this.#preventedLots.lots(slot, generation);
    this.#amendments.push([id, f64[(at >> 1) + event.F64_SEQUENCE], whole + lots, whole, time]);
  }

  #addPrevented(i32: Int32Array, f64: Float64Array, at: number, id: number): void {
    const [time, match] = [f64[(at >> 1) + event.F64_TIME], f64[(at >> 1) + event.F64_TRADE]];
    const lots = i32[at + event.QUANTITY];
    const order = this.#orders.get(id);
    if (lots > 0 && order !== undefined) order[ORDER.MATCH] = match;
    else if (lots > 0) this.#changeOf(id, time)[CHANGE.MATCH] = match;
    const party = [i32[at + event.ACCOUNT], id, lots];
    if ((flagsOf(i32, at) & IS_MAKER) !== 0) {
      this.#preventedMaker = party;
      return;
    }
    const [instrument, mode] = [instrumentOf(i32, at), selfTradeOf(i32, at)];
    const terms = [mode, i32[at + event.PRICE], f64[(at >> 1) + event.F64_AMOUNT], i32[at + event.GROUP], time];
    this.#prevented.push([instrument, match, ...terms, ...this.#preventedMaker, ...party]);
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
    this.#candles.add(instrument, time, price, quantity, amount, side === BUY);
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
