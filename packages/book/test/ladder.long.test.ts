import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SlotPool } from '@outcry/memory/slot-pool';
import fc from 'fast-check';
import { Ladder, NO_KEY } from '../src/ladder.ts';

it('a ladder answers like a sorted set over millions of random keys', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(1000, 100_000, 2_000_000_000), (seed, spread) => {
      const pool = new SlotPool(8, 5000);
      const ladder = new Ladder(pool);
      const keys = new Map<number, number>();
      let state = seed >>> 0 || 1;
      const random = (n: number) => {
        state ^= state << 13;
        state >>>= 0;
        state ^= state >>> 17;
        state ^= state << 5;
        state >>>= 0;
        return state % n;
      };
      let center = random(NO_KEY - 1);
      for (let i = 0; i < 20_000; i++) {
        if (i % 1000 === 0) center = random(NO_KEY - 1);
        const key = 1 + ((center + random(spread)) % (NO_KEY - 2));
        if (random(2) === 0 || keys.size === 0) {
          const level = ladder.open(key);
          assert.equal(keys.get(key) ?? level, level);
          keys.set(key, level);
        } else {
          const [gone, level] = [...keys.entries()][random(Math.min(keys.size, 50))];
          assert.equal(ladder.find(gone), level);
          ladder.close(level);
          keys.delete(gone);
        }
        if (keys.size > 4000) {
          for (const [k, level] of [...keys].slice(0, 3000)) {
            ladder.close(level);
            keys.delete(k);
          }
        }
        if (i % 500 === 0) {
          const sorted = [...keys.keys()].sort((a, b) => a - b);
          assert.equal(ladder.bestKey, sorted[0] ?? NO_KEY);
          const walked: number[] = [];
          for (let level = ladder.best; level !== 0; level = ladder.after(level)) walked.push(pool.i32[level * 8]);
          assert.deepEqual(walked, sorted);
        }
      }
    }),
    { numRuns: 40 },
  );
});
