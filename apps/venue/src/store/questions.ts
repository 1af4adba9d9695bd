/** The questions that history threads answer. */
import type { Market } from '../domain/market.ts';
import type { OrderList } from '../domain/orders.ts';
import type { StoreReader } from './store.ts';

/** A question to the store, answered on a history thread. */
export type StoreQuestion = (history: StoreReader, market: Market, ...args: never[]) => Promise<unknown>;

/** What the venue itself asks, by the names of the questions. */
export const VENUE_QUESTIONS = {
  /** The candles of the last minutes, oldest first. */
  minutes(history: StoreReader, _market: Market, instrument: number, count: number) {
    return history.candles(instrument, 60, { limit: count });
  },

  /** An instrument's last trade; undefined: there is none. */
  async lastTrade(history: StoreReader, _market: Market, instrument: number) {
    return (await history.trades(instrument, { limit: 1 })).at(-1);
  },

  /** An order that is not open any more; undefined: there is none. */
  storedOrder(history: StoreReader, _market: Market, account: number, instrument: number, clientId: string) {
    return history.orderByClientId(account, instrument, clientId);
  },

  /** Ids and client ids of a page of an account's orders, oldest first, from an id and a time (milliseconds) on. */
  async clientIds(
    history: StoreReader,
    _market: Market,
    account: number,
    instrument: number,
    from: number,
    startTime: number,
    rows: number,
  ) {
    const orders = await history.orders(account, instrument, { from, startTime, limit: rows });
    return orders.map(({ id, clientId }) => [id, clientId]);
  },

  /** Those of an account's lists that have these numbers, with their orders by leg: they were entered in that order. */
  async wholeLists(history: StoreReader, _market: Market, account: number, numbers: readonly number[]): Promise<OrderList[]> {
    const found: OrderList[] = [];
    for (const number of numbers) {
      const list = await history.list(account, number);
      if (list === undefined) continue;
      const orders = (await history.ordersOfList(number)).map(({ id, clientId }) => ({ id, clientId }));
      found.push({ number, account, instrument: list.instrument, type: list.type, clientId: list.clientId, orders });
    }
    return found;
  },

  tradeAt(history: StoreReader, _market: Market, instrument: number, time: number) {
    return history.tradeAt(instrument, time);
  },

  volumePage(history: StoreReader, _market: Market, instrument: number, after: number, untilTime: number, rows: number) {
    return history.volumePage(instrument, after, untilTime, rows);
  },
} as const satisfies Record<string, StoreQuestion>;
