import { headBytes } from '../../src/part.ts';
import { createRing, type RingOptions } from '../../src/ring.ts';
import { bytesOf, type Span } from '../../src/span.ts';

const SHAPE_NUMBERS = 6;

/** Lets an empty ring be as it is after many records that those who hold a {@link Ring} over it now have not seen. */
export function elapse(memory: Span, options: RingOptions, position: number): void {
  const head = headBytes(SHAPE_NUMBERS);
  const then = createRing({ ...options, start: position });
  bytesOf(memory).set(bytesOf(then).subarray(head), head);
}
