import type { Candle } from '../domain/candle.ts';
import type { VolumePage } from './sqlite/history.ts';

/** What the order lane may ask of history. Answers come later, from threads of their own; they may not come at all. */
export interface HistoryReader {
  /** The candles of the last minutes of an instrument, oldest first. */
  minutes(instrument: number, count: number): Promise<Candle[]>;
  /** The number of an instrument's first trade at or after a time (microseconds). */
  tradeAt(instrument: number, time: number): Promise<number>;
  /** What accounts traded on an instrument in a page of its trades. See History.volumePage. */
  volumePage(instrument: number, after: number, untilTime: number, rows: number): Promise<VolumePage>;
}
