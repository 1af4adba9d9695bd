/** The words of a command's head: packed and read. */
import type { OrderKind, Side, TimeInForce } from './order-terms.ts';

/**
 * A command's head: kind u8, side u8, order kind u4, time in force u4, flags u8. And its instrument word: instrument u16, partition u16.
 * They are read as words, not as a record's: a command's head also travels before there is a record.
 *
 * V8 inlines these where the code is hot, also over the border of a module: each is a few bytes of bytecode.
 */
const SIDE_SHIFT = 8;
const ORDER_KIND_SHIFT = 16;
const TIME_IN_FORCE_SHIFT = 20;
const FLAGS_SHIFT = 24;

export function commandHead(kind: number, side: Side = 0, orderKind: OrderKind = 0, timeInForce: TimeInForce = 0, flags = 0): number {
  return kind | (side << SIDE_SHIFT) | (orderKind << ORDER_KIND_SHIFT) | (timeInForce << TIME_IN_FORCE_SHIFT) | (flags << FLAGS_SHIFT);
}

/** See COMMAND. */
export function kindOf(head: number): number {
  return head & 0xff;
}
export function sideOf(head: number): Side {
  return ((head >>> SIDE_SHIFT) & 1) as Side;
}
export function orderKindOf(head: number): OrderKind {
  return ((head >>> ORDER_KIND_SHIFT) & 0xf) as OrderKind;
}
export function timeInForceOf(head: number): TimeInForce {
  return ((head >>> TIME_IN_FORCE_SHIFT) & 0xf) as TimeInForce;
}
export function flagsOf(head: number): number {
  return head >>> FLAGS_SHIFT;
}

/** Of a command's instrument word. */
export function instrumentOf(word: number): number {
  return word & 0xffff;
}
