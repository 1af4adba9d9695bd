import type { Candle } from '../domain/candle.ts';
import type { Order, OrderList } from '../domain/orders.ts';
import type { Asker } from '../spine/questions.ts';
import type { StoredTrade, VolumePage } from './stored-rows.ts';

/** What the order lane may ask of history. Answers come later, from threads of their own; they may not come at all. */
export interface HistoryReader {
  /** The candles of the last minutes of an instrument, oldest first. */
  minutes(instrument: number, count: number): Promise<Candle[]>;
  /** An instrument's last trade; undefined: there is none. */
  lastTrade(instrument: number): Promise<StoredTrade | undefined>;
  /** The number of an instrument's first trade at or after a time (microseconds). */
  tradeAt(instrument: number, time: number): Promise<number>;
  /** What accounts traded on an instrument in a page of its trades. See StoreReader.volumePage. */
  volumePage(instrument: number, after: number, untilTime: number, rows: number): Promise<VolumePage>;
  /** An account's order of an instrument that is not open any more; undefined: there is none. */
  storedOrder(asker: Asker, account: number, instrument: number, clientId: string): Promise<Order | undefined>;
  /** Ids and client ids of a page of an account's orders, oldest first, from an id and a time (milliseconds) on. */
  clientIds(account: number, instrument: number, from: number, startTime: number, rows: number): Promise<[id: number, clientId: string][]>;
  /** Those of an account's lists that have these numbers, with their orders by leg. */
  listsOf(account: number, numbers: readonly number[]): Promise<OrderList[]>;
  /** A question of a door's own, by its name. */
  ask(asker: Asker, question: string, args: readonly unknown[]): Promise<unknown>;
}
