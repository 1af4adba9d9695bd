import fc from 'fast-check';
import { headBytes } from '../../src/part.ts';
import { createRing, type RingOptions } from '../../src/ring.ts';
import { bytesOf, type Span } from '../../src/span.ts';

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

const SHAPE_NUMBERS = 6;

/** Lets an empty ring be as it is after many records that those who hold a {@link Ring} over it now have not seen. */
export function elapse(memory: Span, options: RingOptions, position: number): void {
  const head = headBytes(SHAPE_NUMBERS);
  const then = createRing({ ...options, start: position });
  bytesOf(memory).set(bytesOf(then).subarray(head), head);
}
