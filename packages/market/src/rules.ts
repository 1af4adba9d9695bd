/** States of an instrument. */
export const STATE = {
  CONTINUOUS: 0,
  PRE_OPEN: 1,
  OPENING_AUCTION: 2,
  CLOSING_AUCTION: 3,
  VOLATILITY_AUCTION: 4,
  HALTED: 5,
  CLOSED: 6,
} as const;

/** Whether orders are collected and not matched. */
export function isCall(state: number): boolean {
  return state >= STATE.PRE_OPEN && state <= STATE.VOLATILITY_AUCTION;
}

/** What an operator allows with an instrument or an account. */
export const STATUS = {
  NORMAL: 0,
  /** open orders may be cancelled or lowered, nothing else */
  CANCEL_ONLY: 1,
  /** nothing */
  SUSPENDED: 2,
} as const;

/** Rules of an instrument that a command can set. Values are whole; 0 switches a limit off. */
export const INSTRUMENT_RULE = {
  /** see STATUS */
  STATUS: 0,
  /** ticks */
  REFERENCE_PRICE: 1,
  /** shares in parts per million */
  STATIC_BAND: 2,
  DYNAMIC_BAND: 3,
  MAX_DISTANCE: 4,
  /** microseconds */
  VOLATILITY_AUCTION: 5,
  /** lots */
  MAX_QUANTITY: 6,
  /** units of the quote asset */
  MAX_NOTIONAL: 7,
  /** how a displayed price is shared out: 0 to 100, see docs/rules.md; FIFO 100 is price-time */
  TOP_SHARE: 8,
  FIFO_SHARE: 9,
  /** lots */
  MIN_ALLOCATION: 10,
  /** parts per million; the maker's may be below 0 */
  MAKER_FEE: 11,
  TAKER_FEE: 12,
  /** 1 + the instrument whose price changes fees into its base asset */
  FEE_INSTRUMENT: 13,
  /** what is left of a fee that is paid in that asset: parts per million */
  FEE_SHARE: 14,
} as const;

/** Rules of an account that a command can set; 0 switches one off. */
export const ACCOUNT_RULE = {
  /** see STATUS */
  STATUS: 0,
  /** accounts of the same group are one for self-trade prevention */
  GROUP: 1,
  /** 1 + the account that this is a sub-account of */
  PARENT: 2,
  /** a tier that was defined */
  FEE_TIER: 3,
  /** 1: fees in the instrument's third asset */
  THIRD_ASSET_FEES: 4,
  MAX_OPEN_ORDERS: 5,
  /** a second */
  MAX_MESSAGES: 6,
  /** messages a day: MESSAGES_FREE + ORDER_TO_TRADE x trades */
  ORDER_TO_TRADE: 7,
  MESSAGES_FREE: 8,
  /** units of ASSET that the account may have and buy */
  MAX_POSITION: 9,
} as const;

/** Parts per million that make a whole. */
export const WHOLE = 1_000_000;

/** floor(a x b / c), exactly, for whole a, b, c up to 2^53 - 1, c above 0, with a result below 2^53. */
export function mulDiv(a: number, b: number, c: number): number {
  const product = a * b;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / c);
  return Number((BigInt(a) * BigInt(b)) / BigInt(c));
}
