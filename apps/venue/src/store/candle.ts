/** Open, high, low, close of a span of time, with what was traded in it. Prices in ticks, quantities in lots, amounts in quote units. */
export interface Candle {
  /** start of the span, milliseconds since 1970 */
  openTime: number;
  open: number;
  high: number;
  low: number;
  close: number;
  quantity: number;
  amount: number;
  trades: number;
  takerBuyQuantity: number;
  takerBuyAmount: number;
}

export function newCandle(openTime: number, price: number): Candle {
  return {
    openTime,
    open: price,
    high: price,
    low: price,
    close: price,
    quantity: 0,
    amount: 0,
    trades: 0,
    takerBuyQuantity: 0,
    takerBuyAmount: 0,
  };
}

/** Begins another span in the same object. */
export function restartCandle(candle: Candle, openTime: number, price: number): void {
  candle.openTime = openTime;
  candle.open = candle.high = candle.low = candle.close = price;
  candle.quantity = candle.amount = candle.trades = candle.takerBuyQuantity = candle.takerBuyAmount = 0;
}

export function addPrint(candle: Candle, price: number, quantity: number, amount: number, takerBuys: boolean): void {
  if (price > candle.high) candle.high = price;
  if (price < candle.low) candle.low = price;
  candle.close = price;
  candle.quantity += quantity;
  candle.amount += amount;
  candle.trades++;
  if (!takerBuys) return;
  candle.takerBuyQuantity += quantity;
  candle.takerBuyAmount += amount;
}

/** Adds what was traded in a later, shorter span within it. */
export function addCandle(candle: Candle, later: Candle): void {
  candle.high = Math.max(candle.high, later.high);
  candle.low = Math.min(candle.low, later.low);
  candle.close = later.close;
  candle.quantity += later.quantity;
  candle.amount += later.amount;
  candle.trades += later.trades;
  candle.takerBuyQuantity += later.takerBuyQuantity;
  candle.takerBuyAmount += later.takerBuyAmount;
}

/** Start of the span that a time falls into, in milliseconds. */
export function spanStart(timeMs: number, seconds: number): number {
  return Math.floor(timeMs / (seconds * 1000)) * seconds * 1000;
}
