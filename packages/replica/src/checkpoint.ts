/** Where engines that apply the same commands compare their states. */

/** An engine's rolling hash over all of its events. */
export type StateHash = readonly [low: number, high: number];

/** Every so many commands, a power of two, an engine's hash is noted for others to compare with their own. */
export const CHECKPOINT_EVERY = 1024;
