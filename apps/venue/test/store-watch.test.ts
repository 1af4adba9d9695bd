import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoreWatch } from '../src/store/store-watch.ts';

describe('who waits for the store', () => {
  it('is answered when the store has the command, in the order of commands, and at once where it has it', async () => {
    let stored = 5;
    const watch = new StoreWatch({ read: () => stored });
    assert.equal(await watch.reached(5, 0), true);
    const order: number[] = [];
    const waiting = [9, 7, 8].map((sequence) => watch.reached(sequence, 60_000).then((isThere) => isThere && order.push(sequence)));
    for (; order.length < 3; stored++) await new Promise((resolve) => setTimeout(resolve, 10));
    await Promise.all(waiting);
    assert.deepEqual(order, [7, 8, 9]);
  });

  it('is told when the time is up, and another waits on', async () => {
    let stored = 0;
    const watch = new StoreWatch({ read: () => stored });
    const patient = watch.reached(1, 60_000);
    assert.equal(await watch.reached(1, 20), false);
    stored = 1;
    assert.equal(await patient, true);
  });
});
