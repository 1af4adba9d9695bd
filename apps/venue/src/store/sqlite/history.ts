import type { SQLInputValue } from 'node:sqlite';
import type { Side } from '@outcry/market/order-terms';
import type { Candle } from '../../domain/candle.ts';
import type { AggregateTrade, Order, PreventedMatch } from '../../domain/orders.ts';
import type { StoreReader } from '../store.ts';
import type { Range, StoredAmendment, StoredList, StoredTrade, VolumePage } from '../stored-rows.ts';
import { LIST_COLUMNS, PREVENTED_COLUMNS, TRADE_COLUMNS, toCandle, toOrder } from './row-shapes.ts';
import { Rows, Where } from './rows.ts';

/**
 * Reads what the follower has written. No question's cost grows with its table: each follows an index, row by row, and looks between
 * rows whether it shall go on. Times become numbers of trades and orders first, which ascend with them, by bisection.
 */
export class History implements StoreReader {
  readonly #rows: Rows;

  /** @param check is called between rows; what it throws ends the question */
  constructor(file: string, check: () => void = () => undefined) {
    this.#rows = new Rows(file, check);
  }

  async order(account: number, id: number): Promise<Order | undefined> {
    return this.#order(account, id);
  }

  #order(account: number, id: number): Order | undefined {
    return this.#orders('WHERE id = ? AND account = ?', [id, account], 1)[0];
  }

  /** The latest that an account entered under a client's id. */
  async orderByClientId(account: number, instrument: number, clientId: string): Promise<Order | undefined> {
    const where = new Where().and('account = ?', account).and('instrument = ?', instrument);
    where.and(`client_id = ? AND client_id <> ''`, clientId);
    return this.#orders(`${where} ORDER BY id DESC LIMIT 1`, where.values, 1)[0];
  }

  /** An account's orders, oldest first: from an id on, or within a time range, else the latest. */
  async orders(account: number, instrument: number, range: Range): Promise<Order[]> {
    const where = new Where().and('account = ?', account).and('instrument = ?', instrument);
    if (range.from !== undefined) where.and('id >= ?', range.from);
    const at = (time: number) =>
      this.#firstAt(
        time,
        'SELECT id AS place, time FROM orders WHERE account = ? AND instrument = ? AND id >= ? ORDER BY id LIMIT 1',
        [account, instrument],
        'SELECT max(id) AS place FROM orders WHERE account = ? AND instrument = ?',
      );
    if (range.startTime !== undefined) where.and('id >= ?', at(range.startTime * 1000));
    if (range.endTime !== undefined) where.and('id < ?', at((range.endTime + 1) * 1000));
    const latest = isLatest(range);
    const found = this.#orders(`${where} ORDER BY id ${latest ? 'DESC' : 'ASC'} LIMIT ?`, [...where.values, range.limit], range.limit);
    return latest ? found.reverse() : found;
  }

  async atOnce<T>(read: () => Promise<T>): Promise<T> {
    return await this.#rows.atOnce(read);
  }

  /** Trades of an instrument, oldest first. */
  async trades(instrument: number, range: Range): Promise<StoredTrade[]> {
    const where = this.#tradesWithin(new Where().and('instrument = ?', instrument), instrument, range);
    const latest = isLatest(range);
    const sql = `SELECT ${TRADE_COLUMNS} FROM trades ${where} ORDER BY id ${latest ? 'DESC' : 'ASC'} LIMIT ?`;
    const found = [...this.#rows.of(sql, [...where.values, range.limit])] as unknown as StoredTrade[];
    return latest ? found.reverse() : found;
  }

  /** Trades of one order at one price, put together, oldest first. */
  async aggregates(instrument: number, range: Range): Promise<AggregateTrade[]> {
    const where = this.#tradesWithin(new Where().and('instrument = ?', instrument), instrument, { ...range, from: undefined });
    if (range.from !== undefined) {
      const sql = 'SELECT id FROM trades WHERE instrument = ? AND aggregate >= ? ORDER BY aggregate, id LIMIT 1';
      const first = this.#rows.first(sql, [instrument, range.from])?.id;
      if (first === undefined) return [];
      where.and('id >= ?', first);
    }
    const latest = isLatest(range);
    const found: AggregateTrade[] = [];
    const sql = `SELECT aggregate, id, price, quantity, time, taker_side AS takerSide FROM trades ${where} ORDER BY id ${latest ? 'DESC' : 'ASC'}`;
    for (const row of this.#rows.of(sql, where.values) as Iterable<Record<string, number>>) {
      const last = found.at(-1);
      if (last?.id === row.aggregate) {
        last.quantity += row.quantity;
        last.firstTrade = Math.min(last.firstTrade, row.id);
        last.lastTrade = Math.max(last.lastTrade, row.id);
        continue;
      }
      if (found.length === range.limit) break;
      const { aggregate: id, price, quantity, time, takerSide } = row;
      found.push({ id, price, quantity, firstTrade: row.id, lastTrade: row.id, time, takerSide: takerSide as Side });
    }
    return latest ? found.reverse() : found;
  }

  /** An account's trades, oldest first. @param orderId only those of this order */
  async tradesOf(account: number, instrument: number, range: Range, orderId?: number): Promise<StoredTrade[]> {
    let within = range;
    if (orderId !== undefined) {
      const order = this.#order(account, orderId);
      if (order === undefined || order.instrument !== instrument) return [];
      const first = this.#tradeAt(instrument, order.time);
      const end = this.#tradeAt(instrument, order.updateTime + 1);
      within = { ...range, from: Math.max(range.from ?? 0, first), before: end };
    }
    const latest = isLatest(range);
    const found: StoredTrade[] = [];
    for (const trade of this.#tradesByAccount(account, instrument, within, latest)) {
      if (orderId !== undefined && trade.makerOrder !== orderId && trade.takerOrder !== orderId) continue;
      if (found.push(trade) >= range.limit) break;
    }
    return latest ? found.reverse() : found;
  }

  /** Both indices of an account's trades in step: each trade once, also one with itself. */
  *#tradesByAccount(account: number, instrument: number, range: Range, latest: boolean): Generator<StoredTrade> {
    const cursors = ['maker', 'taker'].map((party) => {
      const where = new Where().and(`${party} = ?`, account).and('instrument = ?', instrument);
      this.#tradesWithin(where, instrument, range);
      // Left to itself, SQLite reads the instrument's trades and tests each: its index orders them already.
      const index = `trades INDEXED BY trades_of_${party}`;
      const sql = `SELECT ${TRADE_COLUMNS} FROM ${index} ${where} ORDER BY id ${latest ? 'DESC' : 'ASC'}`;
      return this.#rows.of(sql, where.values)[Symbol.iterator]() as Iterator<unknown> as Iterator<StoredTrade>;
    });
    try {
      const heads = cursors.map((cursor) => cursor.next());
      while (heads.some(({ done }) => !done)) {
        const [made, taken] = heads;
        const isMade = taken.done || (!made.done && (latest ? made.value.id >= taken.value.id : made.value.id <= taken.value.id));
        const trade = isMade ? made.value : taken.value;
        for (const [i, head] of heads.entries()) if (!head.done && head.value.id === trade.id) heads[i] = cursors[i].next();
        yield trade;
      }
    } finally {
      for (const cursor of cursors) cursor.return?.();
    }
  }

  async preventedMatch(account: number, instrument: number, id: number): Promise<PreventedMatch | undefined> {
    const sql = `SELECT ${PREVENTED_COLUMNS} FROM prevented_matches WHERE instrument = ? AND id = ?`;
    const match = this.#rows.first(sql, [instrument, id]) as unknown as PreventedMatch | undefined;
    return match?.maker === account || match?.taker === account ? match : undefined;
  }

  async preventedMatches(account: number, instrument: number, order: number, from: number, limit: number): Promise<PreventedMatch[]> {
    if (this.#order(account, order) === undefined) return [];
    const of = (party: string) => {
      const table = `prevented_matches INDEXED BY prevented_of_${party}`;
      const sql = `SELECT ${PREVENTED_COLUMNS} FROM ${table} WHERE ${party}_order = ? AND instrument = ? AND id >= ? ORDER BY id LIMIT ?`;
      return [...this.#rows.of(sql, [order, instrument, from, limit])] as unknown as PreventedMatch[];
    };
    return [...of('maker'), ...of('taker')].sort((a, b) => a.id - b.id).slice(0, limit);
  }

  async amendments(order: number, from: number, limit: number): Promise<StoredAmendment[]> {
    const columns = 'sequence, quantity, new_quantity AS newQuantity, time';
    const sql = `SELECT ${columns} FROM amendments WHERE order_id = ? AND sequence >= ? ORDER BY sequence LIMIT ?`;
    return [...this.#rows.of(sql, [order, from, limit])] as unknown as StoredAmendment[];
  }

  async candles(instrument: number, seconds: number, range: Range): Promise<Candle[]> {
    const where = new Where().and('instrument = ?', instrument).and('seconds = ?', seconds);
    const latest = range.startTime === undefined;
    if (range.startTime !== undefined) where.and('open_time >= ?', range.startTime * 1000);
    if (range.endTime !== undefined) where.and('open_time <= ?', range.endTime * 1000);
    const sql = `SELECT * FROM candles ${where} ORDER BY open_time ${latest ? 'DESC' : 'ASC'} LIMIT ?`;
    const candles: Candle[] = [];
    for (const row of this.#rows.of(sql, [...where.values, range.limit])) candles.push(toCandle(row as Record<string, number>));
    return latest ? candles.reverse() : candles;
  }

  /**
   * What each account traded on an instrument in a page of its trades, in quote units; a trade with itself counts twice.
   * @param after the trade before the first @param untilTime trades from this time on (microseconds) are not in it
   */
  async volumePage(instrument: number, after: number, untilTime: number, rows: number): Promise<VolumePage> {
    const volumes = new Map<number, bigint>();
    const add = (account: number, amount: number) => volumes.set(account, (volumes.get(account) ?? 0n) + BigInt(amount));
    const sql = 'SELECT id, time, amount, maker, taker FROM trades WHERE instrument = ? AND id > ? ORDER BY id LIMIT ?';
    let [last, count] = [after, 0];
    for (const { id, time, amount, maker, taker } of this.#rows.of(sql, [instrument, after, rows]) as Iterable<Record<string, number>>) {
      if (time >= untilTime) break;
      add(maker, amount);
      add(taker, amount);
      last = id;
      count++;
    }
    return { volumes: [...volumes], last, isEnd: count < rows };
  }

  async list(account: number, id: number): Promise<StoredList | undefined> {
    return this.#lists(new Where().and('id = ?', id).and('account = ?', account), 'DESC', 1)[0];
  }

  async listByClientId(account: number, clientId: string): Promise<StoredList | undefined> {
    return this.#lists(new Where().and('account = ?', account).and('client_id = ?', clientId), 'DESC', 1)[0];
  }

  /** An account's lists, oldest first: from a number on, or within a time range, else the latest. */
  async lists(account: number, range: Range): Promise<StoredList[]> {
    const where = new Where().and('account = ?', account);
    if (range.from !== undefined) where.and('id >= ?', range.from);
    const at = (time: number) =>
      this.#firstAt(
        time,
        'SELECT id AS place, time FROM lists WHERE account = ? AND id >= ? ORDER BY id LIMIT 1',
        [account],
        'SELECT max(id) AS place FROM lists WHERE account = ?',
      );
    if (range.startTime !== undefined) where.and('id >= ?', at(range.startTime * 1000));
    if (range.endTime !== undefined) where.and('id < ?', at((range.endTime + 1) * 1000));
    const latest = isLatest(range);
    const found = this.#lists(where, latest ? 'DESC' : 'ASC', range.limit);
    return latest ? found.reverse() : found;
  }

  async ordersOfList(id: number): Promise<Order[]> {
    return this.#orders('WHERE list = ? AND list <> 0 ORDER BY id', [id], -1);
  }

  async close(): Promise<void> {
    this.#rows.close();
  }

  /** Of a range, what trade numbers it means. */
  #tradesWithin(where: Where, instrument: number, range: Range): Where {
    if (range.from !== undefined) where.and('id >= ?', range.from);
    if (range.startTime !== undefined) where.and('id >= ?', this.#tradeAt(instrument, range.startTime * 1000));
    if (range.endTime !== undefined) where.and('id < ?', this.#tradeAt(instrument, (range.endTime + 1) * 1000));
    if (range.before !== undefined) where.and('id < ?', range.before);
    return where;
  }

  async tradeAt(instrument: number, time: number): Promise<number> {
    return this.#tradeAt(instrument, time);
  }

  #tradeAt(instrument: number, time: number): number {
    const at = 'SELECT id AS place, time FROM trades WHERE instrument = ? AND id >= ? ORDER BY id LIMIT 1';
    return this.#firstAt(time, at, [instrument], 'SELECT max(id) AS place FROM trades WHERE instrument = ?');
  }

  /**
   * The first place in an order, at or after a time, where places ascend with time; one past the last when there is none.
   * @param from the first row at or after a place @param last the last place
   */
  #firstAt(time: number, from: string, values: SQLInputValue[], last: string): number {
    let low = 0;
    let high = Number(this.#rows.first(last, values)?.place ?? -1) + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#rows.first(from, [...values, middle]);
      if (row === undefined || Number(row.time) >= time) high = middle;
      else low = Number(row.place) + 1;
    }
    return low;
  }

  #lists(where: Where, order: 'ASC' | 'DESC', limit: number): StoredList[] {
    const sql = `SELECT ${LIST_COLUMNS} FROM lists ${where} ORDER BY id ${order} LIMIT ?`;
    return [...this.#rows.of(sql, [...where.values, limit])] as unknown as StoredList[];
  }

  #orders(rest: string, values: SQLInputValue[], most: number): Order[] {
    const orders: Order[] = [];
    for (const row of this.#rows.of(`SELECT * FROM orders ${rest}`, values)) {
      orders.push(toOrder(row));
      if (orders.length === most) break;
    }
    return orders;
  }
}

/** Whether a range has no start: then the latest rows are wanted. */
function isLatest({ from, startTime }: Range): boolean {
  return from === undefined && startTime === undefined;
}
