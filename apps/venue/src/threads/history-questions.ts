import type { Market } from '../domain/market.ts';
import { STORED_DATA, STORED_LISTS } from '../doors/binance/stored-data.ts';
import type { History } from '../store/sqlite/history.ts';

/** What the venue itself asks. */
const OWN = {
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
} as const;

/** All questions to history threads; the answers of those in STORED_DATA are JSON texts. */
export const QUESTIONS = { ...STORED_DATA, ...STORED_LISTS, ...OWN } as const;

export type Question = keyof typeof QUESTIONS;
type Tail<T> = T extends (history: History, market: Market, ...rest: infer Rest) => unknown ? Rest : never;
export type Arguments<Q extends Question> = Tail<(typeof QUESTIONS)[Q]>;
export type Answer<Q extends Question> = Q extends keyof typeof STORED_DATA
  ? undefined extends ReturnType<(typeof STORED_DATA)[Q]>
    ? string | undefined
    : string
  : ReturnType<(typeof QUESTIONS)[Q]>;

/** Whether a question's answer is made to JSON where it is answered. */
export function isJson(question: Question): boolean {
  return Object.hasOwn(STORED_DATA, question);
}
