/** Candles: what one sums up, and how prints and other candles are added. */
import { addExact, addUnits, clear, type Exact, exact } from './exact.ts';

/** Lengths of candles, in seconds, by the names that clients use. */
export const CANDLE_SECONDS: Record<string, number> = { '1s': 1, '1m': 60, '5m': 300, '15m': 900, '1h': 3600, '1d': 86_400 };

/** Open, high, low, close of a span of time, with what was traded in it. Prices in ticks, quantities in lots, amounts in quote units. */
export interface Candle {
  /** start of the span, milliseconds since 1970 */
  openTime: number;
  open: number;
  high: number;
  low: number;
  close: number;
  readonly quantity: Exact;
  readonly amount: Exact;
  trades: number;
  readonly takerBuyQuantity: Exact;
  readonly takerBuyAmount: Exact;
}

export function newCandle(openTime: number, price: number): Candle {
  return {
    openTime,
    open: price,
    high: price,
    low: price,
    close: price,
    quantity: exact(),
    amount: exact(),
    trades: 0,
    takerBuyQuantity: exact(),
    takerBuyAmount: exact(),
  };
}

/** Begins another span in the same object. */
export function restartCandle(candle: Candle, openTime: number, price: number): void {
  candle.openTime = openTime;
  candle.open = candle.high = candle.low = candle.close = price;
  candle.trades = 0;
  clear(candle.quantity);
  clear(candle.amount);
  clear(candle.takerBuyQuantity);
  clear(candle.takerBuyAmount);
}

export function addPrint(candle: Candle, price: number, quantity: number, amount: number, takerBuys: boolean): void {
  if (price > candle.high) candle.high = price;
  if (price < candle.low) candle.low = price;
  candle.close = price;
  candle.trades++;
  addUnits(candle.quantity, quantity);
  addUnits(candle.amount, amount);
  if (!takerBuys) return;
  addUnits(candle.takerBuyQuantity, quantity);
  addUnits(candle.takerBuyAmount, amount);
}

/** Adds what was traded in a later, shorter span within it. */
export function addCandle(candle: Candle, later: Readonly<Candle>): void {
  candle.high = Math.max(candle.high, later.high);
  candle.low = Math.min(candle.low, later.low);
  candle.close = later.close;
  candle.trades += later.trades;
  addExact(candle.quantity, later.quantity);
  addExact(candle.amount, later.amount);
  addExact(candle.takerBuyQuantity, later.takerBuyQuantity);
  addExact(candle.takerBuyAmount, later.takerBuyAmount);
}

/** Start of the span that a time falls into, in milliseconds. */
export function spanStart(timeMs: number, seconds: number): number {
  return Math.floor(timeMs / (seconds * 1000)) * seconds * 1000;
}
