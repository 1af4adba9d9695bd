import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPool, GuardedPool } from '../src/guarded-pool.ts';

function guarded(): GuardedPool {
  return new GuardedPool(createPool({ blockBytes: 64, capacity: 40, guarded: true }));
}

describe('guarded pool', () => {
  it('names a double free, and where the first was', () => {
    const pool = guarded();
    const handle = pool.take();
    pool.give(handle);
    assert.throws(() => pool.give(handle), { fault: 'double free', message: /given already, at .*guarded-pool\.test\.ts/ });
  });

  it('names a foreign pointer', () => {
    const pool = guarded();
    pool.take();
    for (const handle of [0, -5, 39 | (9 << 20), 41 | (1 << 20), 1.5]) assert.throws(() => pool.give(handle), { fault: 'foreign pointer' });
  });

  it('names an overrun at the next give, and where the block was taken', () => {
    const pool = guarded();
    const handle = pool.take();
    pool.i32[pool.wordOf(handle) + 16] = 1; // one word behind its 64 bytes
    assert.match(pool.inspect()[0].message, /overrun: something wrote behind the end of block \d+, taken at .*guarded-pool\.test\.ts/);
    assert.throws(() => pool.give(handle), { fault: 'overrun' });
  });

  it('names an overrun that hit the guards of the block behind', () => {
    const pool = guarded();
    const handles = [pool.take(), pool.take()].sort();
    pool.i32.fill(7, pool.wordOf(handles[0]), pool.wordOf(handles[1]));
    assert.throws(() => pool.give(handles[1]), { fault: 'overrun' });
  });

  it('names a use after free when the block is taken again, with the places it was taken and given', () => {
    const pool = guarded();
    const handle = pool.take();
    const at = pool.wordOf(handle);
    pool.give(handle);
    pool.i32[at + 3] = 1;
    assert.match(
      pool.inspect()[0].message,
      /use after free: block \d+ was written to at byte 12 after it was given; taken at .*, given at/,
    );
    assert.throws(() => pool.take(), { fault: 'use after free' });
  });

  it('names a stale handle that is used', () => {
    const pool = guarded();
    const handle = pool.take();
    pool.give(handle);
    assert.throws(() => pool.wordOf(handle), { fault: 'use after free' });
  });

  it('finds a leak by its age, with the place it was taken', () => {
    const pool = guarded();
    const kept = pool.take();
    for (let i = 0; i < 100; i++) pool.give(pool.take());
    assert.deepEqual(pool.oldBlocks(60_000), []);
    const [leak, ...others] = pool.oldBlocks(-1);
    assert.equal(leak.handle, kept);
    assert.match(leak.site, /guarded-pool\.test\.ts/);
    assert.equal(others.length, 0);
  });

  it('finds nothing wrong where nothing is', () => {
    const pool = guarded();
    for (let round = 0; round < 50; round++) {
      const handles = Array.from({ length: 40 }, () => pool.take());
      for (const handle of handles) pool.bytes(handle).fill(round);
      assert.deepEqual(pool.inspect(), []);
      for (const handle of handles) pool.give(handle);
    }
    assert.deepEqual(pool.inspect(), []);
  });
});
