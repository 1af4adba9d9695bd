/** Letters and codes of OUCH 5.0, and what they mean to the venue. */
import { BUY, SELL } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { codeOf } from '@outcry/wire/layout';

/** Letters of OUCH, as their codes. */
export const BUY_LETTER = codeOf('B');
export const SELL_LETTER = codeOf('S');
export const LIVE = codeOf('L');
export const NO_SWEEP = codeOf('N');
export const CONTINUOUS = codeOf('N');
export const VISIBLE = codeOf('Y');
export const ADDED = codeOf('A');
export const REMOVED = codeOf('R');

/** Letters that a field may have, as a table by code: 1 where it is one of them. */
export function lettersOf(text: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const each of text) table[codeOf(each)] = 1;
  return table;
}

const SELLS = lettersOf('STE');

/** BUY or SELL, -1 for what is no side. Short sales are sales. */
export function sideOf(code: number): number {
  if (code === BUY_LETTER) return BUY;
  return SELLS[code] === 1 ? SELL : -1;
}

/** Why an order was cancelled (OUCH 5.0, appendix B). */
export function cancelLetter(reason: number): number {
  return CANCEL_LETTERS[reason] ?? codeOf('Z');
}
const CANCEL_LETTERS: Record<number, number> = {
  [REASON.BY_REQUEST]: codeOf('U'),
  [REASON.REPLACED]: codeOf('U'),
  [REASON.NO_LIQUIDITY]: codeOf('I'),
  [REASON.EXPIRED]: codeOf('T'),
  [REASON.SELF_TRADE]: codeOf('Q'),
  [REASON.MASS_CANCEL]: codeOf('S'),
  [REASON.CIRCUIT_BREAKER]: codeOf('H'),
  [REASON.NOT_TRADING]: codeOf('E'),
  [REASON.PRICE_OUT_OF_BAND]: codeOf('K'),
};

/** Why an order was refused (OUCH 5.0, appendix C). */
export const REJECT = {
  DESTINATION_CLOSED: 0x0002,
  INVALID_DISPLAY: 0x0003,
  INVALID_MAX_FLOOR: 0x0004,
  INVALID_PEG: 0x0005,
  FAT_FINGER: 0x0006,
  HALTED: 0x0007,
  ISO_NOT_ALLOWED: 0x0008,
  INVALID_SIDE: 0x0009,
  PROCESSING_ERROR: 0x000a,
  FIRM_NOT_AUTHORIZED: 0x000c,
  INVALID_MIN_QUANTITY: 0x000d,
  OTHER: 0x000f,
  INVALID_QUANTITY: 0x0013,
  INVALID_CROSS: 0x0014,
  REPLACE_NOT_ALLOWED: 0x0015,
  ROUTING_NOT_ALLOWED: 0x0016,
  INVALID_SYMBOL: 0x0017,
  INVALID_PRICE: 0x001d,
  SHARES_EXCEED: 0x001e,
  NOTIONAL_EXCEEDS: 0x001f,
} as const;

export function rejectCode(reason: number): number {
  return REJECT_CODES[reason] ?? REJECT.OTHER;
}
const REJECT_CODES: Record<number, number> = {
  [REASON.INVALID_PRICE]: REJECT.INVALID_PRICE,
  [REASON.PRICE_OUT_OF_BAND]: REJECT.INVALID_PRICE,
  [REASON.PRICE_TOO_FAR]: REJECT.FAT_FINGER,
  [REASON.INVALID_QUANTITY]: REJECT.INVALID_QUANTITY,
  [REASON.NOTIONAL_TOO_SMALL]: REJECT.INVALID_QUANTITY,
  [REASON.QUANTITY_TOO_LARGE]: REJECT.SHARES_EXCEED,
  [REASON.TOO_MANY_PARTS]: REJECT.INVALID_MAX_FLOOR,
  [REASON.NOTIONAL_TOO_LARGE]: REJECT.NOTIONAL_EXCEEDS,
  [REASON.OVERFLOW]: REJECT.NOTIONAL_EXCEEDS,
  [REASON.INSUFFICIENT_BALANCE]: REJECT.NOTIONAL_EXCEEDS,
  [REASON.UNKNOWN_INSTRUMENT]: REJECT.INVALID_SYMBOL,
  [REASON.UNKNOWN_ORDER]: REJECT.REPLACE_NOT_ALLOWED,
  [REASON.NOT_TRADING]: REJECT.HALTED,
  [REASON.NOT_IN_AUCTION]: REJECT.INVALID_CROSS,
  [REASON.ACCOUNT_RESTRICTED]: REJECT.FIRM_NOT_AUTHORIZED,
  [REASON.OUT_OF_ORDERS]: REJECT.PROCESSING_ERROR,
};
