/** The terms of an order, as small integers: they travel in commands, events and records. */

export type Side = 0 | 1;
export const BUY: Side = 0;
export const SELL: Side = 1;

/** Lowest and highest price in ticks, and highest quantity of one order in lots. All fit a 32-bit word. */
export const MIN_PRICE = 1;
export const MAX_PRICE = 0x7ffffffe;
export const MAX_QUANTITY = 0x7fffffff;

export type OrderKind = 0 | 1 | 2 | 3;
export const LIMIT: OrderKind = 0;
/** A market order for a quantity in lots. */
export const MARKET: OrderKind = 1;
/** A market order for an amount of the quote asset (buy: to spend at most, sell: to receive at most). */
export const MARKET_BY_AMOUNT: OrderKind = 2;
/** Becomes a limit order at the best price of the other side. */
export const MARKET_TO_LIMIT: OrderKind = 3;

export type TimeInForce = 0 | 1 | 2 | 3 | 4 | 5 | 6;
/** Good till cancelled: the remainder rests. */
export const GTC: TimeInForce = 0;
/** Immediate or cancel: the remainder vanishes. */
export const IOC: TimeInForce = 1;
/** Fill or kill: all at once, or nothing. */
export const FOK: TimeInForce = 2;
/** Good till a time. */
export const GTD: TimeInForce = 3;
/** Until the instrument closes. */
export const DAY: TimeInForce = 4;
/** For the opening auction only. */
export const AT_OPEN: TimeInForce = 5;
/** For the closing auction only. */
export const AT_CLOSE: TimeInForce = 6;

/** What makes an order wait outside the book. */
export const NO_TRIGGER = 0;
/** The price watched goes against the order: a buy waits for a rise. */
export const STOP = 1;
/** The price watched goes for the order: a buy waits for a fall. */
export const TAKE_PROFIT = 2;

/** The price that a trigger watches. */
export const LAST_TRADE = 0;
/** Buyers: best ask; sellers: best bid. */
export const BEST_PRICE = 1;
export const MIDDLE = 2;

/** What a trailing trigger's distance is in; 0: it does not trail. */
export const TRAIL_TICKS = 1;
export const TRAIL_BASIS_POINTS = 2;

/** What happens when an incoming order meets one of its own group. */
export const STP_NONE = 0;
export const STP_EXPIRE_TAKER = 1;
export const STP_EXPIRE_MAKER = 2;
export const STP_EXPIRE_BOTH = 3;
export const STP_DECREMENT = 4;

/** The price that a pegged order follows: its own side's best, the other side's, or the middle. */
export const NO_PEG = 0;
export const PEG_PRIMARY = 1;
export const PEG_MARKET = 2;
export const PEG_MID = 3;
