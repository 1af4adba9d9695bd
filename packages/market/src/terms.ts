/** Terms of an order beyond price, quantity and time in force, and how their flags are made up. */
import { offsets, record } from '@outcry/memory/record';

/** The terms that are words, from word 1 on, and those that are float64s: two groups, for they are kept around an event's sequence and time. */
export const termFields = {
  words: {
    /** see flags */
    FLAGS: 'i32',
    /** ticks: what triggers the order; of a trailing order what it begins to trail at, 0: at once */
    STOP_PRICE: 'i32',
    /** distance of a trailing trigger */
    TRAIL: 'i32',
    /** lots that an iceberg displays, 0: all */
    DISPLAY: 'i32',
    /** lots, 0: any */
    MIN_QUANTITY: 'i32',
    /** ticks added to the price followed; or levels into the book, from 0 */
    PEG_OFFSET: 'i32',
    /** the session that entered the order, 0: none; its orders can be cancelled together */
    SESSION: 'i32',
  },
  numbers: {
    /** microseconds since 1970, of a GTD order */
    F64_EXPIRY: 'f64',
    /** the order list that the order belongs to, 0: none (events only) */
    F64_LIST: 'f64',
  },
} as const;

/**
 * Terms of an order: a TERMS command ahead of the order's own, and a TERMS event ahead of what tells of the order. Offsets as in
 * command.ts; a command does not use sequence and time.
 */
export const terms = offsets(
  record({ HEAD: 'i32', words: termFields.words, F64_SEQUENCE: 'f64', F64_TIME: 'f64', numbers: termFields.numbers }, { bytes: 64 }),
);

/** How TERMS.FLAGS is made up: where each field begins. */
const SOURCE_SHIFT = 2;
const TRAIL_SHIFT = 4;
const STP_SHIFT = 6;
const PEG_SHIFT = 9;
const LEG_SHIFT = 16;
export const HIDDEN = 1 << 11;
export const SLIDE = 1 << 12;
/** the peg's price is set once, when the order enters the book */
export const PEG_ONCE = 1 << 13;
/** PEG_OFFSET counts levels: with PEG_ONCE only */
export const PEG_LEVELS = 1 << 14;

export interface TermsFlags {
  trigger?: number;
  source?: number;
  trailUnit?: number;
  selfTrade?: number;
  peg?: number;
  hidden?: boolean;
  slide?: boolean;
  pegOnce?: boolean;
  pegLevels?: boolean;
}

export function termsFlags(t: TermsFlags): number {
  const fields = (t.trigger ?? 0) | ((t.source ?? 0) << SOURCE_SHIFT) | ((t.trailUnit ?? 0) << TRAIL_SHIFT);
  const more = ((t.selfTrade ?? 0) << STP_SHIFT) | ((t.peg ?? 0) << PEG_SHIFT);
  const bits = (t.hidden ? HIDDEN : 0) | (t.slide ? SLIDE : 0) | (t.pegOnce ? PEG_ONCE : 0) | (t.pegLevels ? PEG_LEVELS : 0);
  return fields | more | bits;
}

export const triggerOf = (flags: number) => flags & 3;
export const sourceOf = (flags: number) => (flags >>> SOURCE_SHIFT) & 3;
export const trailUnitOf = (flags: number) => (flags >>> TRAIL_SHIFT) & 3;
export const selfTradeOf = (flags: number) => (flags >>> STP_SHIFT) & 7;
export const pegOf = (flags: number) => (flags >>> PEG_SHIFT) & 3;
/** An order's place in its list, from 1; 0: in none. */
export const legOf = (flags: number) => (flags >>> LEG_SHIFT) & 3;
export const withLeg = (flags: number, leg: number) => (flags & 0xffff) | (leg << LEG_SHIFT);
