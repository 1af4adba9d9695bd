/** Positions at which counters of 31 and 32 bits wrap. */
import fc from 'fast-check';

/** Numbers around which a counter of 31 or 32 bits, or what extends one, goes wrong. */
const BORDERS = [2 ** 30, 2 ** 31, 2 ** 32, 2 ** 32 + 2 ** 31, 2 ** 33];

function near(numbers: number[], by: number): fc.Arbitrary<number> {
  return fc.tuple(fc.constantFrom(...numbers), fc.integer({ min: -by, max: by })).map(([number, offset]) => Math.max(0, number + offset));
}

/** Positions that a count begins from. */
export const starts: fc.Arbitrary<number> = fc.oneof(
  { weight: 4, arbitrary: near([0, ...BORDERS], 12) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 ** 40 }) },
);

/** Records that pass while somebody does not look. */
export const distances: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: fc.nat(100) },
  { weight: 3, arbitrary: near(BORDERS, 3) },
  { weight: 1, arbitrary: fc.nat(2 ** 35) },
);
