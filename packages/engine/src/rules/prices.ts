/** Compares prices of a side. */
import { BUY, MAX_PRICE, MIN_PRICE, type Side } from '@outcry/market/order-terms';
import { mulDiv, WHOLE } from '@outcry/market/rules';

/** Whether a price is within a limit, as the incoming side sees it. */
export function reached(side: Side, limit: number, price: number): boolean {
  return side === BUY ? price <= limit : price >= limit;
}

/** The better of two prices of a side, 0 being none. */
export function nearer(side: Side, a: number, b: number): number {
  if (a === 0) return b;
  if (b === 0) return a;
  return side === BUY ? Math.max(a, b) : Math.min(a, b);
}

/** The last price that a side may trade at within a share, in parts per million, of a reference: the highest one to buy, the lowest to sell. */
export function bandEnd(side: Side, reference: number, share: number): number {
  if (side === BUY) return Math.min(MAX_PRICE, mulDiv(reference, WHOLE + share, WHOLE));
  return Math.max(MIN_PRICE, reference - mulDiv(reference, share, WHOLE));
}

/** The far end of all prices, for an order without a limit. */
export function noLimit(side: Side): number {
  return side === BUY ? MAX_PRICE : MIN_PRICE;
}
