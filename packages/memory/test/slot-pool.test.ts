import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createSlotPool, SlotPool, slotPoolStatistics } from '../src/slot-pool.ts';
import { MOST_COUNTED } from '../src/statistics.ts';

describe('slot pool', () => {
  it('hands out every slot once, then says that it is exhausted', () => {
    const pool = new SlotPool(8, 5);
    const slots = Array.from({ length: 5 }, () => pool.take());
    assert.deepEqual(new Set(slots).size, 5);
    assert.ok(!slots.includes(0));
    assert.equal(pool.full, true);
    assert.equal(pool.take(), 0);
    pool.give(slots[2]);
    assert.equal(pool.full, false);
    assert.equal(pool.take(), slots[2]);
  });

  it('never hands out a slot that is in use, for any order of takes and gives', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 30 }), { maxLength: 300, size: 'max' }), (picks) => {
        const pool = new SlotPool(8, 10);
        const inUse: number[] = [];
        for (const pick of picks) {
          if (pick % 2 === 0 || inUse.length === 0) {
            const slot = pool.take();
            assert.equal(slot === 0, inUse.length === 10);
            assert.ok(!inUse.includes(slot));
            if (slot !== 0) inUse.push(slot);
          } else pool.give(inUse.splice(pick % inUse.length, 1)[0]);
          assert.equal(pool.inUse, inUse.length);
        }
      }),
    );
  });

  it('comes back from a copy of its used bytes, free slots and all', () => {
    const pool = new SlotPool(8, 100);
    const [first, second] = [pool.take(), pool.take()];
    pool.i32[second * 8 + 1] = 42;
    pool.give(first);
    const copy = new SlotPool(8, 100);
    copy.restore(Uint8Array.from(pool.used()));
    assert.equal(copy.i32[second * 8 + 1], 42);
    assert.equal(copy.take(), first);
    assert.equal(copy.inUse, 2);
  });

  it('is empty after a reset', () => {
    const pool = new SlotPool(8, 3);
    for (let i = 0; i < 3; i++) pool.take();
    pool.reset();
    assert.equal(pool.inUse, 0);
    assert.deepEqual([pool.take(), pool.take(), pool.take(), pool.take()], [1, 2, 3, 0]);
  });

  it('refuses shapes that it cannot hold and images that do not fit', () => {
    for (const [ints, capacity] of [
      [3, 10],
      [2, 10],
      [6, 10],
      [8, 0],
      [8, 1.5],
      [8, 2 ** 31],
    ]) {
      assert.throws(() => new SlotPool(ints, capacity), RangeError);
    }
    const pool = new SlotPool(8, 2);
    assert.throws(() => pool.restore(new Uint8Array(10_000)), /does not fit/);
    assert.throws(() => pool.restore(new Uint8Array(15)), /does not fit/);
  });

  it('tells other threads how it stands', () => {
    const pool = new SlotPool(8, 3);
    for (let i = 0; i < 4; i++) pool.take();
    pool.give(2);
    pool.take();
    const { inUse, peak, takes, fresh, failures, capacity } = slotPoolStatistics('orders', pool.span);
    assert.deepEqual(
      { inUse, peak, takes, fresh, failures, capacity },
      { inUse: 3, peak: 3, takes: 4, fresh: 3, failures: 1, capacity: 3 },
    );
  });

  it('counts failures up to a bound, and never below zero', () => {
    const pool = new SlotPool(8, 1);
    pool.take();
    pool.take();
    const counter = pool.i32.subarray(0, 8).indexOf(1, 3); // of the failure just counted
    assert.equal(slotPoolStatistics('orders', pool.span).failures, 1);
    pool.i32[counter] = MOST_COUNTED - 1;
    for (let i = 0; i < 3; i++) assert.equal(pool.take(), 0);
    assert.equal(slotPoolStatistics('orders', pool.span).failures, MOST_COUNTED);
  });

  it('guarded, names a slot given twice and a slot that it never handed out', () => {
    const pool = createSlotPool(8, 3, true);
    const slot = pool.take();
    pool.give(slot);
    assert.throws(() => pool.give(slot), { fault: 'double free' });
    assert.throws(() => pool.give(3), { fault: 'foreign pointer' });
    assert.throws(() => pool.give(-1), { fault: 'foreign pointer' });
    const copy = createSlotPool(8, 3, true);
    copy.restore(Uint8Array.from(pool.used()));
    assert.throws(() => copy.give(slot), { fault: 'double free' });
    copy.give(copy.take());
  });
});
