import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createPool, openPool } from '../src/guarded-pool.ts';
import { NONE, Pool } from '../src/pool.ts';
import { overheadOf } from '../src/pool-layout.ts';
import { reserve } from '../src/span.ts';

const MAGAZINES = [0, 2, 64];

function take(pool: Pool, count: number): number[] {
  return Array.from({ length: count }, () => pool.take());
}

describe('pool', () => {
  for (const magazine of MAGAZINES) {
    it(`hands out every block once, then says that it is exhausted and counts it (magazine of ${magazine})`, () => {
      const pool = openPool(createPool({ blockBytes: 64, capacity: 100, magazine }));
      const handles = take(pool, 100);
      assert.ok(!handles.includes(NONE));
      assert.equal(new Set(handles.map((handle) => pool.wordOf(handle))).size, 100);
      assert.equal(pool.take(), NONE);
      assert.equal(pool.statistics('x').failures, 1);
      assert.equal(pool.give(handles[7]), true);
      assert.equal(pool.wordOf(handles[8]) !== pool.wordOf(handles[9]), true);
      assert.notEqual(pool.take(), NONE);
    });

    it(`agrees with a plain model, for any order of takes and gives by two threads' members (magazine of ${magazine})`, () => {
      fc.assert(
        fc.property(fc.array(fc.nat({ max: 400 }), { maxLength: 300, size: 'max' }), (picks) => {
          const span = createPool({ blockBytes: 16, capacity: 70, initial: 32, step: 32, magazine, members: 2, guarded: true });
          const members = [openPool(span), openPool(span)];
          const inUse = new Map<number, number>();
          for (const pick of picks) {
            const pool = members[pick & 1];
            if ((pick & 6) !== 0) {
              const handle = pool.take();
              if (handle === NONE) continue;
              assert.ok(!inUse.has(handle), 'handed out twice');
              inUse.set(handle, pick);
              pool.i32[pool.wordOf(handle)] = pick;
            } else if (inUse.size > 0) {
              const handle = [...inUse.keys()][pick % inUse.size];
              assert.equal(pool.i32[pool.wordOf(handle)], inUse.get(handle), 'somebody else wrote into a block in use');
              assert.ok(pool.holds(handle));
              assert.ok(pool.give(handle));
              assert.ok(!pool.holds(handle));
              inUse.delete(handle);
            }
          }
          const { inUse: counted, takes } = members[1].statistics('x');
          assert.equal(counted, inUse.size);
          assert.ok(takes >= inUse.size);
          for (const pool of members) pool.flush();
          const left = take(members[0], 71).filter((handle) => handle !== NONE);
          assert.equal(left.length, 70 - inUse.size, 'a free block cannot be found');
        }),
        { numRuns: 60 },
      );
    });
  }

  it('refuses and counts a handle given twice, a stale one and a made-up one, and stays whole', () => {
    const pool = new Pool(createPool({ blockBytes: 64, capacity: 40, guarded: false }));
    const handle = pool.take();
    assert.equal(pool.give(handle), true);
    for (const wrong of [handle, 0, -1, 77, 2 ** 30, handle + (1 << 20), 39 | (5 << 20)])
      assert.equal(pool.give(wrong), false, String(wrong));
    const again = take(pool, 40);
    assert.equal(new Set(again).size, 40);
    assert.equal(pool.give(handle), false, 'the block is in use again, under another handle');
    assert.equal(pool.statistics('x').refused, 8);
  });

  it('takes back a block that another member took', () => {
    const span = createPool({ blockBytes: 64, capacity: 64, guarded: false });
    const [a, b] = [new Pool(span), new Pool(span)];
    const handle = a.take();
    assert.equal(b.give(handle), true);
    assert.equal(a.give(handle), false);
    assert.equal(a.statistics('x').inUse, 0);
  });

  it('grows in steps up to its capacity, and gives them back when they are free', () => {
    const pool = new Pool(createPool({ blockBytes: 4096, capacity: 256, initial: 32, step: 64, guarded: false }));
    assert.equal(pool.statistics('x').committed, 32);
    const handles = take(pool, 256);
    assert.ok(!handles.includes(NONE));
    assert.equal(pool.statistics('x').committed, 256);
    for (const handle of handles) pool.bytes(handle).fill(1);
    assert.equal(pool.trim(), 0, 'nothing is free');
    for (const handle of handles.slice(40)) pool.give(handle);
    const before = residentBytes();
    const returned = pool.trim();
    assert.ok(returned >= 2 * 64 * 4096, `only ${returned} bytes came back`);
    if (before > 0) assert.ok(residentBytes() < before - returned / 2, 'the system did not get the pages');
    assert.equal(pool.statistics('x').committed, 96, 'blocks 0 to 39 are in use: the first two steps stay');
    for (const handle of handles.slice(0, 40))
      assert.ok(
        pool.bytes(handle).every((byte) => byte === 1),
        'a block in use was lost',
      );
    assert.ok(!take(pool, 216).includes(NONE), 'it grows again');
    const odd = new Pool(createPool({ blockBytes: 64, capacity: 1000, initial: 32, step: 96, guarded: false }));
    for (const handle of take(odd, 1000)) odd.give(handle);
    odd.trim();
    assert.equal(odd.statistics('x').committed, 32, 'also when the last step is no whole one');
  });

  it('gives a leased block back at the end of the scope, also when it is left by an error', () => {
    const pool = openPool(createPool({ blockBytes: 64, capacity: 2 }));
    {
      using block = pool.lease();
      assert.equal(block?.bytes.length, 64);
      assert.equal(pool.statistics('x').inUse, 1);
    }
    assert.throws(() => {
      using _block = pool.lease();
      throw new Error('out');
    });
    assert.equal(pool.statistics('x').inUse, 0);
    const all = take(pool, 2);
    assert.equal(pool.lease(), undefined);
    for (const handle of all) pool.give(handle);
  });

  it('is empty after a reset, and old handles are stale; others must have left', () => {
    const span = createPool({ blockBytes: 64, capacity: 50, guarded: false });
    const [pool, other] = [new Pool(span), new Pool(span)];
    const handles = take(pool, 20);
    assert.throws(() => pool.reset(), /1 other members/);
    other.leave();
    pool.reset();
    assert.equal(pool.statistics('x').inUse, 0);
    assert.ok(handles.every((handle) => !pool.holds(handle) && !pool.give(handle)));
    assert.ok(!take(pool, 50).includes(NONE));
  });

  it('puts magazines back when asked to', () => {
    const span = createPool({ blockBytes: 64, capacity: 256, members: 2, guarded: false });
    const [a, b] = [new Pool(span), new Pool(span)];
    a.give(a.take());
    assert.ok(take(b, 256).includes(NONE), 'some are in the magazine of another');
    a.poll();
    assert.notEqual(b.take(), NONE);
  });

  it('counts what it does', () => {
    const pool = new Pool(createPool({ blockBytes: 64, capacity: 1000, members: 1, guarded: false }));
    pool.warmUp();
    for (let round = 0; round < 50; round++) for (const handle of take(pool, 20)) pool.give(handle);
    const { takes, inUse, magazineHits, peak, fresh, capacity } = pool.statistics('x');
    assert.deepEqual({ takes, inUse, fresh, capacity }, { takes: 2000, inUse: 0, fresh: 1000, capacity: 1000 });
    assert.ok(peak >= 1000 - 16 && peak <= 1000);
    assert.ok(magazineHits > 1700, `${magazineHits} hits`);
  });

  it('takes less than 5 % beside blocks of 64 bytes, and less than 2 % beside blocks of 2 KiB', () => {
    for (const [blockBytes, most] of [
      [64, 0.05],
      [2048, 0.02],
      [4096, 0.02],
    ]) {
      const pool = new Pool(createPool({ blockBytes, capacity: 10_000, guarded: false }));
      assert.ok(overheadOf(pool.shape) / (blockBytes * 10_000) < most);
    }
  });

  it('refuses shapes that it cannot have, memory that is no pool, and one member too many', () => {
    for (const wrong of [
      { blockBytes: 0 },
      { capacity: 0 },
      { capacity: 2 ** 20 + 1 },
      { members: 64 },
      { magazine: 65 },
      { initial: 0 },
    ]) {
      assert.throws(() => createPool({ blockBytes: 64, capacity: 10, ...wrong }), RangeError);
    }
    assert.throws(() => new Pool(reserve(4096)), /no POOL here/);
    const span = createPool({ blockBytes: 64, capacity: 10, members: 1 });
    openPool(span);
    assert.throws(() => openPool(span), /has 1 members already/);
  });
});

function residentBytes(): number {
  return process.platform === 'linux' ? process.memoryUsage.rss() : 0;
}
