/** An order's kind, side and terms in one word. */
import type { OrderKind, Side, TimeInForce } from './order-terms.ts';

/**
 * An order's word: what an order is, in 32 bits, wherever one is kept. Instrument u16, side u1, then its terms: kind u3, time in force u4,
 * post-only u1. The seven bits above are for the keeper's own use.
 *
 * An ACCEPTED event carries the terms in the upper half of its place, and the store keeps them as a number of their own.
 *
 * V8 inlines these where the code is hot, also over the border of a module: each is a few bytes of bytecode.
 */
const INSTRUMENT = 0xffff;
const SIDE_SHIFT = 16;
const TERMS_SHIFT = 17;
const KIND = 0x7;
const TIME_IN_FORCE_SHIFT = 3;
const TIME_IN_FORCE = 0xf;
const POST_ONLY_SHIFT = 7;
const TERMS = 0xff;

/** The keeper's bits of an order's word begin here. */
export const KEEPER_SHIFT = 25;

export function orderWord(instrument: number, side: Side, terms: number): number {
  return instrument | (side << SIDE_SHIFT) | (terms << TERMS_SHIFT);
}

export function instrumentOf(word: number): number {
  return word & INSTRUMENT;
}
export function sideOf(word: number): Side {
  return ((word >>> SIDE_SHIFT) & 1) as Side;
}
export function termsOf(word: number): number {
  return (word >>> TERMS_SHIFT) & TERMS;
}

export function packTerms(kind: OrderKind, timeInForce: TimeInForce, isPostOnly: boolean): number {
  return kind | (timeInForce << TIME_IN_FORCE_SHIFT) | (isPostOnly ? 1 << POST_ONLY_SHIFT : 0);
}

export function orderKindOf(terms: number): OrderKind {
  return (terms & KIND) as OrderKind;
}
export function timeInForceOf(terms: number): TimeInForce {
  return ((terms >>> TIME_IN_FORCE_SHIFT) & TIME_IN_FORCE) as TimeInForce;
}
export function isPostOnly(terms: number): boolean {
  return ((terms >>> POST_ONLY_SHIFT) & 1) !== 0;
}
