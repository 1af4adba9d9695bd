/** All interleavings of short programs of two threads, up to a number of preemptions. */
import assert from 'node:assert/strict';
import os from 'node:os';
import { describe, it } from 'node:test';
import { explore } from './support/explorer.ts';
import { PROGRAMS } from './support/programs.ts';

const skip = os.availableParallelism() < 2 && 'two threads that wait for each other need two cores';

/** Interruptions of a thread by the other. Without a bound: interleavings.long.test.ts. */
const PREEMPTIONS = 3;

describe('whatever the order of atomic operations', () => {
  for (const name of Object.keys(PROGRAMS)) {
    it(`${name}: nothing is lost, and nothing is got twice`, { skip }, async (t) => {
      const orders = await explore(name, PREEMPTIONS);
      t.diagnostic(`${orders} orders with up to ${PREEMPTIONS} preemptions`);
      assert.ok(orders > 1);
    });
  }
});
