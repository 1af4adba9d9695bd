import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { event } from '@outcry/market/event';
import { f64Of, i32Of, reserve } from '@outcry/memory/span';
import fc from 'fast-check';
import { Around, CAPACITY } from './support/around.ts';

const borders = fc.constantFrom(0, 2 ** 31, 2 ** 32, 2 ** 32 + 2 ** 31, 2 ** 33);
const starts = fc.tuple(borders, fc.integer({ min: -20, max: 20 })).map(([border, offset]) => Math.max(0, border + offset));
const turns = fc.array(fc.record({ claims: fc.nat(30), isAsked: fc.boolean() }), { maxLength: 30 });

describe('event output', () => {
  it('counts every event, each in its slot, from wherever it begins and however seldom it is asked', () => {
    fc.assert(
      fc.property(starts, turns, (start, todo) => {
        const output = new Around(start);
        let model = BigInt(start);
        for (const { claims, isAsked } of todo) {
          for (let i = 0; i < claims; i++) {
            assert.equal(output.claim(), Number(model % BigInt(CAPACITY)) * event.WORDS);
            model++;
          }
          if (isAsked) assert.equal(output.position, Number(model));
        }
        assert.equal(output.position, Number(model));
      }),
    );
  });

  it('goes on in other memory from another position', () => {
    const output = new Around(2 ** 32 - 1);
    for (let i = 0; i < 5; i++) output.claim();
    const span = reserve(2 * CAPACITY * event.BYTES);
    output.moveTo(i32Of(span), f64Of(span), 2 ** 31 - 1);
    assert.equal(output.position, 2 ** 31 - 1);
    output.claim();
    assert.equal(output.position, 2 ** 31);
  });
});
