import fs from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { POST_ONLY } from '@outcry/market/command';
import type { OrderKind, Side, TimeInForce } from '@outcry/market/order-terms';
import type { AggregateTrade } from '../core/market-feed.ts';
import type { SpecialTerms } from '../core/special-terms.ts';
import type { Order } from '../core/view.ts';
import type { Candle } from './candle.ts';

export interface StoredTrade {
  instrument: number;
  id: number;
  price: number;
  quantity: number;
  amount: number;
  time: number;
  takerSide: Side;
  maker: number;
  makerOrder: number;
  makerFee: number;
  /** -1: what is received */
  makerFeeAsset: number;
  taker: number;
  takerOrder: number;
  takerFee: number;
  takerFeeAsset: number;
}

/** An order list as it was entered. */
export interface StoredList {
  id: number;
  account: number;
  instrument: number;
  /** see LIST_TYPE */
  type: number;
  clientId: string;
  time: number;
}

/** Ranges that clients ask for. Times in milliseconds since 1970, inclusive. */
export interface Range {
  startTime?: number;
  endTime?: number;
  from?: number;
  limit: number;
}

/** The store could not be read: it is locked, broken or not there. */
export class HistoryUnavailable extends Error {}

type Row = Record<string, number | string>;

/** Reads what the follower has written. */
export class History {
  readonly #file: string;
  #database: DatabaseSync | undefined;
  #inode = 0;

  constructor(file: string) {
    this.#file = file;
  }

  order(account: number, id: number): Order | undefined {
    return this.#orders('WHERE id = ? AND account = ?', [id, account])[0];
  }

  orderByClientId(account: number, instrument: number, clientId: string): Order | undefined {
    return this.#orders('WHERE account = ? AND instrument = ? AND client_id = ? ORDER BY sequence DESC LIMIT 1', [
      account,
      instrument,
      clientId,
    ])[0];
  }

  /** An account's orders, oldest first: from an order on, or within a time range, else the latest. */
  orders(account: number, instrument: number, range: Range): Order[] {
    const where = ['account = ?', 'instrument = ?'];
    const values: SQLInputValue[] = [account, instrument];
    if (range.from !== undefined) {
      where.push('sequence >= coalesce((SELECT sequence FROM orders WHERE id = ?), 9e15)');
      values.push(range.from);
    }
    const latest = addTimes(where, values, range) && range.from === undefined;
    values.push(range.limit);
    const found = this.#orders(`WHERE ${where.join(' AND ')} ORDER BY sequence ${latest ? 'DESC' : 'ASC'} LIMIT ?`, values);
    return latest ? found.reverse() : found;
  }

  /** An account's trades, oldest first. */
  tradesOf(account: number, instrument: number, range: Range, orderId?: number): StoredTrade[] {
    const where = ['instrument = ?', '(maker = ? OR taker = ?)'];
    const values: SQLInputValue[] = [instrument, account, account];
    if (orderId !== undefined) {
      where.push('(maker_order = ? OR taker_order = ?)');
      values.push(orderId, orderId);
    }
    return this.#trades(where, values, range);
  }

  trades(instrument: number, range: Range): StoredTrade[] {
    return this.#trades(['instrument = ?'], [instrument], range);
  }

  aggregates(instrument: number, range: Range): AggregateTrade[] {
    const where = ['instrument = ?'];
    const values: SQLInputValue[] = [instrument];
    if (range.from !== undefined) {
      where.push('aggregate >= ?');
      values.push(range.from);
    }
    const latest = addTimes(where, values, range) && range.from === undefined;
    values.push(range.limit);
    const rows = this.#all(
      `SELECT aggregate AS id, max(price) AS price, sum(quantity) AS quantity, min(id) AS firstTrade, max(id) AS lastTrade,
        min(time) AS time, max(taker_side) AS takerSide FROM trades WHERE ${where.join(' AND ')}
        GROUP BY aggregate ORDER BY aggregate ${latest ? 'DESC' : 'ASC'} LIMIT ?`,
      values,
    ) as unknown as AggregateTrade[];
    return latest ? rows.reverse() : rows;
  }

  candles(instrument: number, seconds: number, range: Range): Candle[] {
    const where = ['instrument = ?', 'seconds = ?'];
    const values: SQLInputValue[] = [instrument, seconds];
    const latest = range.startTime === undefined;
    if (range.startTime !== undefined) {
      where.push('open_time >= ?');
      values.push(range.startTime * 1000);
    }
    if (range.endTime !== undefined) {
      where.push('open_time <= ?');
      values.push(range.endTime * 1000);
    }
    values.push(range.limit);
    const rows = this.#all(
      `SELECT open_time / 1000 AS openTime, open, high, low, close, quantity, amount, trades,
        taker_buy_quantity AS takerBuyQuantity, taker_buy_amount AS takerBuyAmount
        FROM candles WHERE ${where.join(' AND ')} ORDER BY open_time ${latest ? 'DESC' : 'ASC'} LIMIT ?`,
      values,
    ) as unknown as Candle[];
    return latest ? rows.reverse() : rows;
  }

  /** What each account traded on some instruments since a time (microseconds), in quote units. A trade with itself counts twice. */
  volumes(instruments: readonly number[], since: number): Map<number, number> {
    const which = instruments.map(() => '?').join(', ');
    const of = (party: string) =>
      `SELECT ${party} AS account, sum(amount) AS volume FROM trades WHERE time >= ? AND instrument IN (${which}) GROUP BY ${party}`;
    const rows = this.#all(`SELECT account, sum(volume) AS volume FROM (${of('maker')} UNION ALL ${of('taker')}) GROUP BY account`, [
      since,
      ...instruments,
      since,
      ...instruments,
    ]);
    return new Map(rows.map(({ account, volume }) => [Number(account), Number(volume)]));
  }

  /** All trades of an account on an instrument, oldest first. */
  allTradesOf(account: number, instrument: number): StoredTrade[] {
    return this.#trades(['(maker = ? OR taker = ?)', 'instrument = ?'], [account, account, instrument], { from: 0, limit: -1 });
  }

  list(account: number, id: number): StoredList | undefined {
    return this.#lists('account = ? AND id = ?', [account, id], 1)[0];
  }

  listByClientId(account: number, clientId: string): StoredList | undefined {
    return this.#lists('account = ? AND client_id = ?', [account, clientId], 1)[0];
  }

  /** An account's lists, latest last. */
  lists(account: number, range: Range): StoredList[] {
    const where = ['account = ?'];
    const values: SQLInputValue[] = [account];
    if (range.from !== undefined) {
      where.push('id >= ?');
      values.push(range.from);
    }
    addTimes(where, values, range);
    return this.#lists(where.join(' AND '), values, range.limit).reverse();
  }

  ordersOfList(id: number): Order[] {
    return this.#orders('WHERE list = ? ORDER BY sequence, rowid', [id]);
  }

  #lists(where: string, values: SQLInputValue[], limit: number): StoredList[] {
    const columns = 'id, account, instrument, type, client_id AS clientId, time';
    return this.#all(`SELECT ${columns} FROM lists WHERE ${where} ORDER BY id DESC LIMIT ?`, [...values, limit]) as unknown as StoredList[];
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #trades(where: string[], values: SQLInputValue[], range: Range): StoredTrade[] {
    if (range.from !== undefined) {
      where.push('id >= ?');
      values.push(range.from);
    }
    const latest = addTimes(where, values, range) && range.from === undefined;
    values.push(range.limit);
    const rows = this.#all(
      `SELECT instrument, id, price, quantity, amount, time, taker_side AS takerSide, maker, maker_order AS makerOrder, maker_fee AS makerFee,
        maker_fee_asset AS makerFeeAsset, taker_fee_asset AS takerFeeAsset,
        taker, taker_order AS takerOrder, taker_fee AS takerFee
        FROM trades WHERE ${where.join(' AND ')} ORDER BY id ${latest ? 'DESC' : 'ASC'} LIMIT ?`,
      values,
    ) as unknown as StoredTrade[];
    return latest ? rows.reverse() : rows;
  }

  #orders(rest: string, values: SQLInputValue[]): Order[] {
    return this.#all(`SELECT * FROM orders ${rest}`, values).map(toOrder);
  }

  #all(sql: string, values: SQLInputValue[]): Row[] {
    try {
      return this.#current()
        .prepare(sql)
        .all(...values) as Row[];
    } catch (error) {
      this.close();
      throw new HistoryUnavailable((error as Error).message);
    }
  }

  /** The database that is at the path now: it may have been removed and built anew. */
  #current(): DatabaseSync {
    const { ino } = fs.statSync(this.#file);
    if (this.#database !== undefined && ino === this.#inode) return this.#database;
    this.close();
    this.#database = new DatabaseSync(this.#file, { readOnly: true, timeout: 250 });
    this.#inode = ino;
    return this.#database;
  }
}

/** Adds a time range's conditions. Returns whether it has no start: then the latest rows are wanted. */
function addTimes(where: string[], values: SQLInputValue[], range: Range): boolean {
  if (range.startTime !== undefined) {
    where.push('time >= ?');
    values.push(range.startTime * 1000);
  }
  if (range.endTime !== undefined) {
    where.push('time <= ?');
    values.push(range.endTime * 1000 + 999);
  }
  return range.startTime === undefined;
}

function toOrder(row: Row): Order {
  const terms = Number(row.terms);
  return {
    id: Number(row.id),
    account: Number(row.account),
    instrument: Number(row.instrument),
    clientId: String(row.client_id),
    side: Number(row.side) as Side,
    kind: (terms & 7) as OrderKind,
    timeInForce: ((terms >>> 3) & 0xf) as TimeInForce,
    postOnly: ((terms >>> 7) & POST_ONLY) !== 0,
    price: Number(row.price),
    quantity: Number(row.quantity),
    amount: Number(row.amount),
    left: Number(row.quantity) - Number(row.executed),
    executedAmount: Number(row.executed_amount),
    status: Number(row.status),
    time: Number(row.time),
    updateTime: Number(row.update_time),
    resting: Number(row.status) < 2,
    shown: 0,
    waiting: false,
    terms: row.special === null ? undefined : (JSON.parse(String(row.special)) as SpecialTerms),
  };
}
