/** Handles and states of a pool's blocks. */

/**
 * How blocks and their states are written down. A handle is the block's index in its low 20 bits and its generation, from 1, above
 * them: 30 bits. A state has 16: the member that holds the block in the low 6 (0: nobody), the generation above.
 */
export const INDEX_BITS = 20;
export const INDEX = 2 ** INDEX_BITS - 1;
export const OWNER_BITS = 6;
export const OWNER = 2 ** OWNER_BITS - 1;

// What is exported is loaded from memory at each use, here too: what the hot path uses is not.
const GENERATION = 1 << INDEX_BITS;
const ALL = 2 ** 30 - 1;
const TO_STATE = INDEX_BITS - OWNER_BITS;
const STATE_GENERATION = 0xffff & ~OWNER;

/** The highest handle. */
export const HANDLE = ALL;

/** The state of a block that was never used. */
export const UNUSED = 1 << OWNER_BITS;

/** The state of a handle's block while nobody holds it; or the member that does. */
export function stateOf(handle: number): number {
  return (handle >>> TO_STATE) & STATE_GENERATION;
}

/** The handle of the block with an index, by its state. */
export function handleOf(state: number, index: number): number {
  return ((state >>> OWNER_BITS) << INDEX_BITS) | index;
}

/** The handle of a block's next use. */
export function nextUse(handle: number): number {
  const next = (handle + GENERATION) & ALL;
  return next < GENERATION ? next + 2 * GENERATION : next; // generation 1 is that of blocks never used
}
