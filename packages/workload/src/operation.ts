import type { Side } from '@outcry/market/order-terms';

/**
 * An operation on a book, as files and streams of the book benchmarks hold it: 16 bytes, four words. Offsets in words.
 *
 * V8 inlines the readers where the code is hot, also over the border of a module: each is a few bytes of bytecode.
 */
export const operation = {
  WORDS: 4,
  BYTES: 16,
  /** operation u8, side u8, symbol u16 */
  HEAD: 0,
  /** u32 */
  ID: 1,
  /** ticks */
  PRICE: 2,
  /** lots */
  QUANTITY: 3,
} as const;

export const OPERATION = { LIMIT: 0, IMMEDIATE: 1, MARKET: 2, CANCEL: 3, REPLACE: 4 } as const;

export function operationHead(kind: number, side: Side): number {
  return kind | (side << 8);
}
/** See OPERATION. */
export function kindOf(head: number): number {
  return head & 0xff;
}
/** The side as it was written: a file may hold any byte here. */
export function sideByteOf(head: number): number {
  return (head >>> 8) & 0xff;
}
export function sideOf(head: number): Side {
  return ((head >>> 8) & 1) as Side;
}
export function symbolOf(head: number): number {
  return head >>> 16;
}
