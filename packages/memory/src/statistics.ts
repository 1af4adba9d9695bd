/** Counts that pools keep, and what follows from them. */

/** How a pool stands. Counts are since the pool was made; read while others work, each is right by itself. */
export interface PoolStatistics {
  readonly name: string;
  readonly blockBytes: number;
  /** blocks at most, and those that can be handed out before the pool grows */
  readonly capacity: number;
  readonly committed: number;
  readonly inUse: number;
  /** most blocks in use at a time */
  readonly peak: number;
  readonly takes: number;
  /** blocks taken that were never in use before: the others were reused */
  readonly fresh: number;
  /** takes that found the pool exhausted */
  readonly failures: number;
  /** gives that named no block in use: a double free or a foreign handle */
  readonly refused: number;
  /** takes that a thread's magazine served */
  readonly magazineHits: number;
  /** share of free blocks that lie between used ones, so that their pages cannot be given back: 0 to 1 */
  readonly fragmentation: number;
  /** memory that the blocks take, and what describes them */
  readonly bytes: number;
  readonly overheadBytes: number;
}

/** Failures and refusals beyond these are not counted: so far below 2^31 that threads which count at once do not pass that. */
export const MOST_COUNTED = 2 ** 31 - 2 ** 16;

/** Adds one to a counter in shared memory, up to MOST_COUNTED. */
export function countOne(words: Int32Array, index: number): void {
  if (Atomics.load(words, index) < MOST_COUNTED) Atomics.add(words, index, 1);
}

/** Share of takes that got a block which had been in use before: 0 to 1. */
export function reuse({ takes, fresh }: PoolStatistics): number {
  return takes === 0 ? 0 : 1 - Math.min(fresh, takes) / takes;
}
