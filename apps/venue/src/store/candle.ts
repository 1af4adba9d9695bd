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

export interface Print {
  price: number;
  quantity: number;
  amount: number;
  /** whether the taker bought */
  takerBuys: boolean;
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

export function addPrint(candle: Candle, print: Print): void {
  candle.high = Math.max(candle.high, print.price);
  candle.low = Math.min(candle.low, print.price);
  candle.close = print.price;
  candle.quantity += print.quantity;
  candle.amount += print.amount;
  candle.trades++;
  if (!print.takerBuys) return;
  candle.takerBuyQuantity += print.quantity;
  candle.takerBuyAmount += print.amount;
}

/** Start of the span that a time falls into, in milliseconds. */
export function spanStart(timeMs: number, seconds: number): number {
  return Math.floor(timeMs / (seconds * 1000)) * seconds * 1000;
}
