import type { Market } from '../domain/market.ts';
import type { History } from './sqlite/history.ts';

/** A question to the store, answered on a history thread. */
export type StoreQuestion = (history: History, market: Market, ...args: never[]) => unknown;

/** What the venue itself asks, by the names of the questions. */
export const VENUE_QUESTIONS = {
  /** The candles of the last minutes, oldest first. */
  minutes(history: History, _market: Market, instrument: number, count: number) {
    return history.candles(instrument, 60, { limit: count });
  },

  /** An order that is not open any more; undefined: there is none. */
  storedOrder(history: History, _market: Market, account: number, instrument: number, clientId: string) {
    return history.orderByClientId(account, instrument, clientId);
  },

  tradeAt(history: History, _market: Market, instrument: number, time: number) {
    return history.tradeAt(instrument, time);
  },

  volumePage(history: History, _market: Market, instrument: number, after: number, untilTime: number, rows: number) {
    return history.volumePage(instrument, after, untilTime, rows);
  },
} as const satisfies Record<string, StoreQuestion>;
