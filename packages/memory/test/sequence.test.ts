import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MOST_AHEAD, Sequence, sequenceBytes } from '../src/sequence.ts';
import { reserve } from '../src/span.ts';
import { distances, starts } from './support/distances.ts';

function sequenceAt(position: number): () => Sequence {
  const span = reserve(sequenceBytes(2));
  new Sequence(span, 1).begin(position);
  return () => new Sequence(span, 1);
}

describe('sequence', () => {
  it('is read right by whoever looks seldom, often, or for the first time, however far it moved', () => {
    const moves = fc.array(fc.record({ by: distances, readers: fc.subarray([0, 1, 2, 3]) }), { maxLength: 30 });
    fc.assert(
      fc.property(starts, moves, (start, steps) => {
        const attach = sequenceAt(start);
        const writer = attach();
        const readers = [0, 1, 2, 3].map(attach);
        let model = BigInt(start);
        for (const { by, readers: awake } of steps) {
          model += BigInt(by);
          writer.publish(Number(model));
          assert.equal(writer.known, Number(model));
          for (const reader of awake) assert.equal(readers[reader].read(), Number(model));
          assert.equal(attach().read(), Number(model));
        }
        for (const reader of readers) assert.equal(reader.read(), Number(model));
      }),
    );
  });

  it('is moved on by one of several writers at a time, however long the others have not looked', () => {
    const moves = fc.array(fc.record({ writer: fc.nat(2), by: fc.integer({ min: 1, max: MOST_AHEAD }), idle: distances }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(starts, moves, (start, steps) => {
        const attach = sequenceAt(start);
        const writers = [0, 1, 2].map(attach);
        let model = start;
        for (const { writer, by, idle } of steps) {
          const from = writers[writer].read();
          assert.equal(from, model);
          const other = attach();
          assert.equal(writers[writer].tryAdvance(by), from);
          assert.equal(other.tryAdvance(by), -1, 'another was faster');
          model += by;
          assert.equal(attach().read(), model);
          const busy = attach(); // another keeps it moving
          for (const end = model + idle; model < end; model = busy.read()) busy.tryAdvance(Math.min(end - model, MOST_AHEAD));
        }
      }),
    );
  });

  it('is set back right: a store that was lost begins anew', () => {
    fc.assert(
      fc.property(starts, starts, (from, to) => {
        const attach = sequenceAt(from);
        const [writer, reader] = [attach(), attach()];
        writer.publish(to);
        assert.equal(reader.read(), to);
        assert.equal(attach().read(), to);
      }),
    );
  });

  it('holds the largest whole number', () => {
    const attach = sequenceAt(Number.MAX_SAFE_INTEGER - 1);
    const [writer, reader] = [attach(), attach()];
    writer.publish(Number.MAX_SAFE_INTEGER);
    assert.equal(reader.read(), Number.MAX_SAFE_INTEGER);
  });
});
