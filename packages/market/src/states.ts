/** Trading states of instruments, and what an operator allows with instruments and accounts. */

/** States of an instrument. */
export const TRADING_STATE = {
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
  return state >= TRADING_STATE.PRE_OPEN && state <= TRADING_STATE.VOLATILITY_AUCTION;
}

/** What an operator allows with an instrument or an account. */
export const PERMISSION = {
  NORMAL: 0,
  /** open orders may be cancelled or lowered, nothing else */
  CANCEL_ONLY: 1,
  /** nothing */
  SUSPENDED: 2,
} as const;
