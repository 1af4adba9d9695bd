import type { Span } from '../../src/span.ts';

/** A short program of two threads over one part in shared memory. */
export interface Program<Part> {
  /** makes the memory and brings it into the state that the threads find */
  create(): Span;
  /** attaches one thread: not explored */
  attach(span: Span): Part;
  /** whether reads and writes without Atomics are steps of their own. Default: they run with the operation before them */
  isPlain?: boolean;
  /** what each thread does: returns whole numbers for the check */
  threads: ((part: Part) => number[])[];
  /** looks at the memory and at what the threads returned */
  check(span: Span, results: number[][]): void;
}
