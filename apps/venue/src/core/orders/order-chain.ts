import { openOrder } from './open-order.ts';

// Orders are found by ids through buckets, each of them a chain threaded through the orders' records.

const { WORDS } = openOrder;

/** Differs from process to process, so that nobody can choose what all falls into one bucket. */
export const SALT = (Math.random() * 0x7fffffff) | 0;

/** Takes an order out of its bucket. @param heads first slot of each bucket @param next word of an order that has the next one */
export function unchain(heads: Int32Array, bucket: number, slot: number, words: Int32Array, next: number): void {
  let before = heads[bucket];
  if (before === slot) {
    heads[bucket] = words[slot * WORDS + next];
    return;
  }
  while (words[before * WORDS + next] !== slot) before = words[before * WORDS + next];
  words[before * WORDS + next] = words[slot * WORDS + next];
}
