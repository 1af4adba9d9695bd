/** Why an order ended, or a command was refused. Small integers in events; names at the edges. */
export const REASON = {
  NONE: 0,
  BY_REQUEST: 1,
  REPLACED: 2,
  /** IOC, FOK or market: nothing left to trade with. */
  NO_LIQUIDITY: 3,
  INSUFFICIENT_BALANCE: 4,
  UNKNOWN_INSTRUMENT: 5,
  UNKNOWN_ACCOUNT: 6,
  UNKNOWN_ORDER: 7,
  UNKNOWN_ASSET: 8,
  INVALID_PRICE: 9,
  INVALID_QUANTITY: 10,
  INVALID_TERMS: 11,
  WOULD_TAKE: 12,
  DUPLICATE_CLIENT_ID: 13,
  /** Price x quantity passes 2^53 - 1 units. */
  OVERFLOW: 14,
  OUT_OF_ORDERS: 15,
  AMOUNT_TOO_SMALL: 16,
  NOT_LOWER: 17,
  /** A definition that contradicts an earlier one or the limits. */
  INVALID_DEFINITION: 18,
  INVALID_AMOUNT: 19,
  ACCOUNT_RESTRICTED: 20,
  NOT_TRADING: 21,
  /** An order that cannot rest, while an instrument collects orders. */
  NOT_IN_AUCTION: 22,
  TOO_MANY_MESSAGES: 23,
  ORDER_TO_TRADE: 24,
  TOO_MANY_OPEN_ORDERS: 25,
  POSITION_LIMIT: 26,
  QUANTITY_TOO_LARGE: 27,
  NOTIONAL_TOO_LARGE: 28,
  PRICE_OUT_OF_BAND: 29,
  PRICE_TOO_FAR: 30,
  /** There is no price to follow or to watch. */
  NO_REFERENCE: 31,
  WOULD_TRIGGER: 32,
  INVALID_EXPIRY: 33,
  TOO_MANY_PEGS: 34,
  /** Its time is up. */
  EXPIRED: 35,
  SELF_TRADE: 36,
  /** Another order of its list decided it. */
  LIST_DONE: 37,
  MASS_CANCEL: 38,
  CIRCUIT_BREAKER: 39,
  REFERENCE_REUSED: 40,
  /** Refused by a door, before the engine: see the venue's filters. */
  NOTIONAL_TOO_SMALL: 41,
  /** An iceberg that would show itself more often than the instrument allows. Refused by a door likewise. */
  TOO_MANY_PARTS: 42,
  /** Of an account's open orders on an instrument: with triggers, icebergs, lists. */
  TOO_MANY_ALGO_ORDERS: 43,
  TOO_MANY_ICEBERGS: 44,
  TOO_MANY_LISTS: 45,
} as const;

export const REASON_NAMES: Record<number, string> = Object.fromEntries(
  Object.entries(REASON).map(([name, code]) => [code, name.toLowerCase()]),
);
