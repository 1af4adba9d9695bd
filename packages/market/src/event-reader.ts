/** Reads fields of events. */
import { event } from './event.ts';
import type { Side } from './order-terms.ts';

/**
 * Reads the fields of an event that share a word with others. `i32` is the memory that holds the event, `at` the offset of its first word.
 *
 * V8 inlines these where the code is hot, also over the border of a module: each is a few bytes of bytecode.
 */
const { HEAD, INSTRUMENT_WORD } = event;

/** See EVENT. */
export function kindOf(i32: Int32Array, at: number): number {
  return i32[at + HEAD] & 0xff;
}
export function sideOf(i32: Int32Array, at: number): Side {
  return ((i32[at + HEAD] >>> 8) & 1) as Side;
}
export function flagsOf(i32: Int32Array, at: number): number {
  return (i32[at + HEAD] >>> 16) & 0xff;
}
export function instrumentOf(i32: Int32Array, at: number): number {
  return i32[at + INSTRUMENT_WORD] & 0xffff;
}

// What the upper half of an event's instrument word says depends on the event's kind.

/** REJECTED, CANCELLED: see REASON. */
export function reasonOf(i32: Int32Array, at: number): number {
  return i32[at + INSTRUMENT_WORD] >>> 16;
}
/** ACCEPTED, OPEN_ORDER: an order's terms, see order-word.ts. */
export function termsOf(i32: Int32Array, at: number): number {
  return i32[at + INSTRUMENT_WORD] >>> 16;
}
/** STATE: see TRADING_STATE in states.ts. */
export function stateOf(i32: Int32Array, at: number): number {
  return i32[at + INSTRUMENT_WORD] >>> 16;
}
/** FILL: the asset that the fee is in, -1: the one received. */
export function feeAssetOf(i32: Int32Array, at: number): number {
  return (i32[at + INSTRUMENT_WORD] >>> 16) - 1;
}
/** PREVENTED_MATCH: what applied, see STP_NONE in order-terms.ts. */
export function selfTradeOf(i32: Int32Array, at: number): number {
  return i32[at + INSTRUMENT_WORD] >>> 16;
}
