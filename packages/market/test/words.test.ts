import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as head from '../src/command-head.ts';
import { event } from '../src/event.ts';
import * as reader from '../src/event-reader.ts';
import type { OrderKind, Side, TimeInForce } from '../src/order-terms.ts';
import * as order from '../src/order-word.ts';

const instrument = fc.nat(0xffff);
const side = fc.constantFrom<Side>(0, 1);
const kind = fc.integer({ min: 0, max: 3 }).map((each) => each as OrderKind);
const timeInForce = fc.integer({ min: 0, max: 6 }).map((each) => each as TimeInForce);
const byte = fc.nat(0xff);

describe('fields that share a word', () => {
  it('of an order are read as they were written, whatever its keeper has above them', () => {
    fc.assert(
      fc.property(instrument, side, kind, timeInForce, fc.boolean(), fc.nat(0x7f), (instrument, side, kind, time, isPostOnly, kept) => {
        const word = order.orderWord(instrument, side, order.packTerms(kind, time, isPostOnly)) | (kept << order.KEEPER_SHIFT);
        const terms = order.termsOf(word);
        assert.deepEqual(
          [order.instrumentOf(word), order.sideOf(word), order.orderKindOf(terms), order.timeInForceOf(terms), order.isPostOnly(terms)],
          [instrument, side, kind, time, isPostOnly],
        );
        assert.equal(word >>> order.KEEPER_SHIFT, kept);
      }),
    );
  });

  it('of a command are read as they were written', () => {
    fc.assert(
      fc.property(byte, side, kind, timeInForce, byte, (what, side, kind, time, flags) => {
        const word = head.commandHead(what, side, kind, time, flags);
        assert.deepEqual(
          [head.kindOf(word), head.sideOf(word), head.orderKindOf(word), head.timeInForceOf(word), head.flagsOf(word)],
          [what, side, kind, time, flags],
        );
      }),
    );
  });

  it('of an event are read as they were written, wherever it lies', () => {
    fc.assert(
      fc.property(fc.nat(3), byte, side, byte, instrument, fc.nat(0xffff), (place, kind, side, flags, instrument, upper) => {
        const i32 = new Int32Array(4 * event.WORDS).fill(-1);
        const at = place * event.WORDS;
        i32[at + event.HEAD] = kind | (side << 8) | (flags << 16);
        i32[at + event.PLACE] = instrument | (upper << 16);
        assert.deepEqual(
          [reader.kindOf(i32, at), reader.sideOf(i32, at), reader.flagsOf(i32, at), reader.instrumentOf(i32, at)],
          [kind, side, flags, instrument],
        );
        for (const read of [reader.reasonOf, reader.termsOf, reader.stateOf]) assert.equal(read(i32, at), upper);
        assert.equal(reader.feeAssetOf(i32, at), upper - 1);
      }),
    );
  });
});
