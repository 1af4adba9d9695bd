/** An order's status, as clients see it. */
import { REASON } from '@outcry/market/reason';

export const ORDER_STATUS = {
  NEW: 0,
  PARTIALLY_FILLED: 1,
  FILLED: 2,
  CANCELED: 3,
  EXPIRED: 4,
  /** ended by self-trade prevention */
  EXPIRED_IN_MATCH: 5,
  /** waits for its list's working order */
  PENDING_NEW: 6,
} as const;

export const ORDER_STATUS_NAMES = ['NEW', 'PARTIALLY_FILLED', 'FILLED', 'CANCELED', 'EXPIRED', 'EXPIRED_IN_MATCH', 'PENDING_NEW'];

const BY_USER: number[] = [REASON.BY_REQUEST, REASON.REPLACED, REASON.MASS_CANCEL];

/** The status of an order that ended for a reason. */
export function endStatus(reason: number): number {
  if (reason === REASON.SELF_TRADE) return ORDER_STATUS.EXPIRED_IN_MATCH;
  return BY_USER.includes(reason) ? ORDER_STATUS.CANCELED : ORDER_STATUS.EXPIRED;
}

/**
 * The status of an order after a trade. An order by an amount of the quote asset ends with its last lot, and is only filled if what is left
 * of the amount would not have bought (or brought) one lot more at the price of that: else the book had no more.
 * @param left lots @param amountLeft quote units of an order by amount, below 0 for others @param lotWorth quote units of a lot
 */
export function statusAfterTrade(left: number, amountLeft: number, lotWorth: number): number {
  if (left > 0) return ORDER_STATUS.PARTIALLY_FILLED;
  return amountLeft >= lotWorth ? ORDER_STATUS.EXPIRED : ORDER_STATUS.FILLED;
}
