/** What was traded in a window of time, summed from candles. */
import type { Candle } from './candle.ts';
import { addExact, exact, toBigInt } from './exact.ts';

/** Prices in ticks, `quantity` in lots, `amount` in quote units, times in milliseconds since 1970. */
export interface Statistics {
  open: number;
  high: number;
  low: number;
  last: number;
  quantity: bigint;
  amount: bigint;
  trades: number;
  openTime: number;
  closeTime: number;
}

/** @param candles of the window, oldest first @param last price of the last trade: the only price of a window without trades */
export function statisticsOf(candles: readonly Candle[], last: number, openTime: number, closeTime: number): Statistics {
  const [quantity, amount] = [exact(), exact()];
  let [high, low, trades] = [last, last, 0];
  for (const candle of candles) {
    high = Math.max(high, candle.high);
    low = Math.min(low, candle.low);
    trades += candle.trades;
    addExact(quantity, candle.quantity);
    addExact(amount, candle.amount);
  }
  const sums = { quantity: toBigInt(quantity), amount: toBigInt(amount), trades };
  return { open: candles[0]?.open ?? last, high, low, last, ...sums, openTime, closeTime };
}
