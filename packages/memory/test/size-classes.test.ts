import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openPool } from '../src/guarded-pool.ts';
import { NONE } from '../src/pool.ts';
import { createPreset, openPreset, PRESETS, type Preset } from '../src/presets.ts';
import { createSizeClasses, SIZE_CLASSES, SizeClasses } from '../src/size-classes.ts';

describe('size classes', () => {
  it('serve a request with a block of the smallest class that it fits', () => {
    const classes = new SizeClasses(createSizeClasses({ capacity: 40 }));
    for (const [bytes, wanted] of [
      [1, 64],
      [64, 64],
      [65, 128],
      [4096, 4096],
    ]) {
      using buffer = classes.lease(bytes);
      assert.equal(buffer.bytes.length, bytes);
      const used = classes.statistics().filter(({ inUse }) => inUse > 0);
      assert.deepEqual(
        used.map(({ blockBytes }) => blockBytes),
        [wanted],
      );
    }
    assert.ok(classes.statistics().every(({ inUse }) => inUse === 0));
    assert.equal(SIZE_CLASSES.length, classes.pools.length);
  });

  it('go on to a larger class when theirs is exhausted, and to memory of their own beyond all', () => {
    const classes = new SizeClasses(createSizeClasses({ capacity: 1 }));
    const held = SIZE_CLASSES.map(() => classes.lease(50));
    assert.ok(held.every(({ handle }) => handle !== NONE));
    const [beyond, large] = [classes.lease(50), classes.lease(100_000)];
    assert.deepEqual([beyond.handle, large.handle, large.bytes.length], [NONE, NONE, 100_000]);
    assert.deepEqual([classes.fallbacks, classes.fallbackBytes], [2, 100_050]);
  });
});

describe('presets', () => {
  for (const preset of Object.keys(PRESETS) as Preset[]) {
    it(`${preset}: all of them can be had at once, warm`, () => {
      const pool = openPool(createPreset(preset, { members: 2, guarded: false }));
      const { capacity } = PRESETS[preset];
      assert.equal(pool.statistics(preset).fresh, capacity, 'each was used once');
      for (let i = 0; i < capacity; i++) assert.notEqual(pool.take(), NONE);
      assert.equal(pool.take(), NONE);
    });
  }

  it('can be changed', () => {
    assert.equal(openPreset('trades', { capacity: 77 }).shape.capacity, 77);
  });
});
