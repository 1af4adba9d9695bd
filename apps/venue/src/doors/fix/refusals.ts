/** What requests are refused with, from the engine's reasons and from fields that say what cannot be done. */
import * as codes from './fix-codes.ts';
import type { Refusal } from './fix-reports.ts';
import { BadField } from './order-reader.ts';

/** Too many requests of a client wait already. */
export const ON_ITS_WAY: Refusal = {
  code: 99,
  text: 'the order is on its way, and too many requests wait for orders: send it again under a new ClOrdID',
};
export const TOO_MANY_IDS: Refusal = { code: 99, text: 'the account has used too many ClOrdIDs today' };
export const USED_BEFORE = 'ClOrdID is in use, or was used before';
export const OF_ANOTHER_DAY = 'it is from before this session day';
export const NOT_KNOWN: Refusal = { code: 99, text: 'the outcome of the order is not known' };

export function refusalOf(reason: number, text = codes.inWords(reason)): Refusal {
  return { code: codes.ordRejReason(reason), text };
}

export function cancelRefusalOf(reason: number, text = codes.inWords(reason)): Refusal {
  return { code: codes.cxlRejReason(reason), text };
}

/** A field that is missing is the session's to answer; one that says what cannot be done the order's. */
export function refusalIn(error: unknown): Refusal {
  if (!(error instanceof BadField)) throw error;
  return refusalOf(error.reason, error.message);
}

export function cancelRefusalIn(error: unknown): Refusal {
  if (!(error instanceof BadField)) throw error;
  return cancelRefusalOf(error.reason, error.message);
}
