/**
 * Sums of whole units that may pass 2^53 - 1, in two numbers: of every trade of a day, say. Adding allocates nothing, and both are whole
 * numbers that a database, a record and a message between threads can hold.
 */
export interface Exact {
  /** how often {@link BASE} fits in it */
  high: number;
  /** the rest, below {@link BASE} */
  low: number;
}

/** Half of what a number holds exactly, so that two rests can be added before the carry. SQLite's part of it: schema.ts. */
export const BASE_BITS = 52;
export const BASE = 2 ** BASE_BITS;

export function exact(high = 0, low = 0): Exact {
  return { high, low };
}

/** Adds whole units, 0 to 2^53 - 1. */
export function addUnits(sum: Exact, units: number): void {
  let low = units;
  if (low >= BASE) {
    low -= BASE;
    sum.high++;
  }
  addRest(sum, low);
}

export function addExact(sum: Exact, more: Readonly<Exact>): void {
  sum.high += more.high;
  addRest(sum, more.low);
}

export function clear(sum: Exact): void {
  sum.high = sum.low = 0;
}

export function toBigInt({ high, low }: Readonly<Exact>): bigint {
  return high === 0 ? BigInt(low) : (BigInt(high) << BigInt(BASE_BITS)) + BigInt(low);
}

function addRest(sum: Exact, low: number): void {
  sum.low += low;
  if (sum.low < BASE) return;
  sum.low -= BASE;
  sum.high++;
}
