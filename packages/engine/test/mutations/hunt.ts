import fc from 'fast-check';
import { Both } from '../support/both.ts';
import { step } from '../support/streams.ts';

/** Looks for a stream that tells this engine from the reference venue. Exits with 0 when it finds none, with 3 when it does. */

const result = fc.check(
  fc.property(fc.array(step, { minLength: 20, maxLength: 150, size: 'max' }), (steps) => {
    const both = new Both();
    for (const one of steps) both.play(one);
  }),
  { numRuns: Number(process.argv[2]), seed: 20_261_121, endOnFailure: true },
);
process.exit(result.failed ? 3 : 0);
