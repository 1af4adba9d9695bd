/** The terms of an order, as small integers: they travel in commands, events and records. */

export type Side = 0 | 1;
export const BUY: Side = 0;
export const SELL: Side = 1;

/** Lowest and highest price in ticks, and highest quantity of one order in lots. All fit a 32-bit word. */
export const MIN_PRICE = 1;
export const MAX_PRICE = 0x7ffffffe;
export const MAX_QUANTITY = 0x7fffffff;

export type OrderKind = 0 | 1 | 2;
export const LIMIT: OrderKind = 0;
/** A market order for a quantity in lots. */
export const MARKET: OrderKind = 1;
/** A market order for an amount of the quote asset (buy: to spend at most, sell: to receive at most). */
export const MARKET_BY_AMOUNT: OrderKind = 2;

export type TimeInForce = 0 | 1 | 2;
/** Good till cancelled: the remainder rests. */
export const GTC: TimeInForce = 0;
/** Immediate or cancel: the remainder vanishes. */
export const IOC: TimeInForce = 1;
/** Fill or kill: all at once, or nothing. */
export const FOK: TimeInForce = 2;
