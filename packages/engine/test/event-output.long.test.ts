import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Around } from './support/around.ts';

it('event output counts 2^32 events without ever being asked', () => {
  const output = new Around(7);
  for (let half = 0; half < 2; half++) for (let i = 0; i < 2 ** 31 - 1; i++) output.claim();
  for (let i = 0; i < 5; i++) output.claim();
  assert.equal(output.position, 7 + 2 ** 32 - 2 + 5);
});
