import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPool, GuardedPool } from '../src/guarded-pool.ts';
import { headBytes } from '../src/part.ts';
import { createEpochs, createHazards, Epochs, Hazards } from '../src/reclamation.ts';
import { i32Of, reserve, within } from '../src/span.ts';

function pool(): GuardedPool {
  return new GuardedPool(createPool({ blockBytes: 64, capacity: 40, guarded: true }));
}

describe('epochs', () => {
  it('keep an unlinked block while a reader that could have seen it is inside, and no longer', () => {
    const blocks = pool();
    const span = createEpochs(2);
    const [writer, reader, late] = [new Epochs(span), new Epochs(span), new Epochs(span)];
    const handle = blocks.take();
    reader.enter(0);
    writer.retire(handle);
    late.enter(1); // it came after the block was unlinked: it cannot hold it
    assert.equal(writer.collect(blocks), 0);
    assert.ok(blocks.holds(handle));
    reader.exit(0);
    assert.equal(writer.collect(blocks), 1);
    assert.ok(!blocks.holds(handle));
    assert.equal(writer.waiting, 0);
  });

  for (const border of [2 ** 31, 2 ** 32]) {
    it(`keep what a reader holds, and nothing longer, when they have counted ${border} retired blocks`, () => {
      const blocks = pool();
      const span = createEpochs(1);
      i32Of(within(span, headBytes(1), 4))[0] = (border - 3) | 0;
      const [writer, reader] = [new Epochs(span), new Epochs(span)];
      for (let turn = 0; turn < 8; turn++) {
        reader.enter(0);
        const held = blocks.take();
        writer.retire(held);
        const later = blocks.take();
        writer.retire(later);
        assert.equal(writer.collect(blocks), 0);
        assert.ok(blocks.holds(held) && blocks.holds(later));
        reader.exit(0);
        assert.equal(writer.collect(blocks), 2);
      }
    });
  }

  it('give back at once what no reader is inside for, oldest first', () => {
    const blocks = pool();
    const writer = new Epochs(createEpochs(1));
    const handles = [blocks.take(), blocks.take()];
    for (const handle of handles) writer.retire(handle);
    assert.equal(writer.waiting, 2);
    assert.equal(writer.collect(blocks), 2);
  });
});

describe('hazard slots', () => {
  it('keep the block that a reader holds, and no other', () => {
    const blocks = pool();
    const span = createHazards(2, 2);
    const [writer, reader] = [new Hazards(span), new Hazards(span)];
    const published = i32Of(reserve(64));
    const [held, other] = [blocks.take(), blocks.take()];
    published[0] = held;
    assert.equal(reader.acquire(1, 0, published, 0), held);
    Atomics.store(published, 0, 0);
    writer.retire(held);
    writer.retire(other);
    assert.equal(writer.collect(blocks), 1);
    assert.ok(blocks.holds(held) && !blocks.holds(other));
    assert.equal(writer.waiting, 1);
    reader.release(1, 0);
    assert.equal(writer.collect(blocks), 1);
    assert.equal(reader.acquire(1, 0, published, 0), 0);
  });

  it('refuse more slots than they have', () => {
    const hazards = new Hazards(createHazards(1, 2));
    assert.throws(() => hazards.release(0, 2), /there are 2/);
    assert.throws(() => createHazards(1, 17), RangeError);
  });
});
