/** All interleavings of longer programs of two threads. */
import assert from 'node:assert/strict';
import os from 'node:os';
import { it } from 'node:test';
import { explore } from './support/explorer.ts';
import { PROGRAMS } from './support/programs.ts';

const skip = os.availableParallelism() < 2 && 'two threads that wait for each other need two cores';

/** Programs with so many steps that every order would take days. */
const BOUNDED: Record<string, number> = {
  'two threads find the pool empty, and it grows': 4,
  'one trims while another wants the last block': 4,
  'a position moves by more than 32 bits hold while another reads it': 4,
  'a position is set back while another reads it': 4,
  'two writers move a position across 2^32': 4,
  'a consumer takes batches while they are published': 4,
  'one that the ring does not wait for looks while it goes round': 4,
};

for (const name of Object.keys(PROGRAMS)) {
  const bound = BOUNDED[name] ?? Number.POSITIVE_INFINITY;
  it(`${name}: every order${name in BOUNDED ? ` of up to ${bound} preemptions` : ''}`, { skip }, async (t) => {
    const orders = await explore(name, bound);
    t.diagnostic(`${orders} orders`);
    assert.ok(orders > 1);
  });
}
