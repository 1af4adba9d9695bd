/** Marsaglia's xorshift32: numbers in [0, 1) that depend on the seed alone. */
export function randomFrom(seed: number): () => number {
  let state = (Math.imul(seed, 2654435761) + 12345) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}
