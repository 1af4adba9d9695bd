import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Urgency } from '../src/spine/urgency.ts';

it('a follower that falls behind takes more and more of the machine, and gives it back when it has caught up', () => {
  const asked: number[] = [];
  const levels = [0, 1000, 50_000].map((behind, level) => ({
    behind,
    set: () => {
      asked.push(level);
      return { done: true, detail: '' };
    },
  }));
  const urgency = new Urgency(true, levels);
  for (const behind of [0, 999, 1000, 900, 101, 99, 60_000, 60_000, 60_000, 4999, 0, 0]) urgency.look(behind);
  assert.deepEqual(asked, [0, 1, 0, 1, 2, 1, 0]);
});

it('a follower that may not take it back gives way only a little', () => {
  const urgency = new Urgency(false);
  urgency.look(1e9);
  assert.equal(urgency.level, 0);
});
