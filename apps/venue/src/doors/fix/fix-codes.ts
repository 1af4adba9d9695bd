/** Codes of FIX 4.4 that reports and refusals carry. */
import { LIMIT, MARKET_TO_LIMIT, NO_PEG, NO_TRIGGER, TAKE_PROFIT } from '@outcry/market/order-terms';
import { REASON, REASON_NAMES } from '@outcry/market/reason';
import { pegOf, triggerOf } from '@outcry/market/terms';
import { ORDER_STATUS } from '../../domain/order-status.ts';
import type { Order, PreventedMatch } from '../../domain/orders.ts';

/** OrdStatus (39) and ExecType (150), FIX 4.4. */
export const NEW = '0';
export const PARTIALLY_FILLED = '1';
export const FILLED = '2';
export const CANCELED = '4';
export const REPLACED = '5';
export const PENDING_CANCEL = '6';
export const REJECTED = '8';
export const PENDING_NEW = 'A';
export const EXPIRED = 'C';
export const RESTATED = 'D';
export const PENDING_REPLACE = 'E';
export const TRADE = 'F';
export const ORDER_STATUS_REPORT = 'I';

/** OrdRejReason (103). */
export function ordRejReason(reason: number): number {
  return ORD_REJ[reason] ?? 99;
}
const ORD_REJ: Record<number, number> = {
  [REASON.UNKNOWN_INSTRUMENT]: 1,
  [REASON.UNKNOWN_ORDER]: 5,
  [REASON.UNKNOWN_ACCOUNT]: 15,
  [REASON.UNKNOWN_ASSET]: 11,
  [REASON.NOT_TRADING]: 2,
  [REASON.QUANTITY_TOO_LARGE]: 3,
  [REASON.NOTIONAL_TOO_LARGE]: 3,
  [REASON.OVERFLOW]: 3,
  [REASON.INSUFFICIENT_BALANCE]: 3,
  [REASON.DUPLICATE_CLIENT_ID]: 6,
  [REASON.INVALID_TERMS]: 11,
  [REASON.INVALID_QUANTITY]: 13,
  [REASON.NOTIONAL_TOO_SMALL]: 13,
  [REASON.TOO_MANY_PARTS]: 13,
};

/** CxlRejReason (102): too late, unknown order, a ClOrdID that was used, or something else. */
export function cxlRejReason(reason: number): number {
  return CXL_REJ[reason] ?? 99;
}
const CXL_REJ: Record<number, number> = { [REASON.NONE]: 0, [REASON.UNKNOWN_ORDER]: 1, [REASON.DUPLICATE_CLIENT_ID]: 6 };
/** OrdRejReason of what was entered under a session day before this one. */
export const STALE = 8;

/** A reason in words. */
export function inWords(reason: number): string {
  return (REASON_NAMES[reason] ?? 'refused').replaceAll('_', ' ');
}

/** Why an order got smaller or ended: a prevented match, and with which order. */
export function preventedInWords(order: Order, { id, makerOrder, takerOrder }: PreventedMatch): string {
  return `${inWords(REASON.SELF_TRADE)}: match ${id} with order ${order.id === makerOrder ? takerOrder : makerOrder}`;
}

/** Amount over quantity as a decimal with eight places at most, rounded down: exact integers in, no floating point. */
export function averagePrice(quoteUnits: number, baseUnits: number, quoteScale: number, baseScale: number): string {
  if (baseUnits === 0) return '0';
  const PLACES = 8n;
  const numerator = BigInt(quoteUnits) * 10n ** (PLACES + BigInt(baseScale));
  const price = numerator / (BigInt(baseUnits) * 10n ** BigInt(quoteScale));
  const digits = price.toString().padStart(Number(PLACES) + 1, '0');
  return `${digits.slice(0, -Number(PLACES))}.${digits.slice(-Number(PLACES))}`.replace(/\.?0+$/, '');
}

/** OrdStatus of an order, with what the orders before it in its chain traded. */
export function ordStatus({ status, left, quantity }: Order, baseLots = 0): string {
  if (status === ORDER_STATUS.CANCELED) return CANCELED;
  if (status === ORDER_STATUS.EXPIRED || status === ORDER_STATUS.EXPIRED_IN_MATCH) return EXPIRED;
  if (left === 0) return FILLED;
  return baseLots + quantity - left > 0 ? PARTIALLY_FILLED : NEW;
}

/** OrdType of an order, of whatever door: a stop stays one when it has fired. FIX has no code for a limit order if touched: it is a stop limit. */
export function ordType({ kind, terms }: Order): string {
  const trigger = triggerOf(terms?.flags ?? 0);
  if (trigger !== NO_TRIGGER && kind === LIMIT) return '4';
  if (trigger !== NO_TRIGGER) return trigger === TAKE_PROFIT ? 'J' : '3';
  if (pegOf(terms?.flags ?? 0) !== NO_PEG) return 'P';
  if (kind === MARKET_TO_LIMIT) return 'K';
  return kind === LIMIT ? '2' : '1';
}
