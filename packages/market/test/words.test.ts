import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { command, wordOfPiece } from '../src/command.ts';
import * as head from '../src/command-head.ts';
import { event } from '../src/event.ts';
import * as reader from '../src/event-reader.ts';
import type { OrderKind, Side, TimeInForce } from '../src/order-terms.ts';
import * as order from '../src/order-word.ts';
import { terms } from '../src/terms.ts';

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
        i32[at + event.INSTRUMENT_WORD] = instrument | (upper << 16);
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

describe('what several kinds of a record hold in its words', () => {
  const stamp = [event.F64_SEQUENCE, event.F64_TIME].flatMap((double) => [2 * double, 2 * double + 1]);
  const isWithin = (words: readonly number[]) => words.every((word) => word > event.HEAD && word < event.WORDS);

  it("leaves an event's sequence and time alone: its text, its terms", () => {
    const textWords = command.TEXT_BYTES / 4;
    const text = Array.from({ length: textWords }, (_, i) =>
      i < event.TEXT_WORDS ? event.TEXT + i : event.MORE_TEXT + i - event.TEXT_WORDS,
    );
    const { FLAGS, STOP_PRICE, TRAIL, DISPLAY, MIN_QUANTITY, PEG_OFFSET, SESSION, F64_EXPIRY, F64_LIST } = terms;
    const doubles = [F64_EXPIRY, F64_LIST].flatMap((double) => [2 * double, 2 * double + 1]);
    for (const words of [text, [FLAGS, STOP_PRICE, TRAIL, DISPLAY, MIN_QUANTITY, PEG_OFFSET, SESSION, ...doubles]]) {
      assert.ok(isWithin(words), `${words}`);
      assert.equal(new Set([...words, ...stamp]).size, words.length + stamp.length, `${words}`);
    }
  });

  it("leaves a command's time alone: a piece of a gateway's record", () => {
    const time = [2 * command.F64_TIME, 2 * command.F64_TIME + 1];
    const words = Array.from({ length: command.PIECE_WORDS }, (_, i) => wordOfPiece(i));
    assert.ok(isWithin(words), `${words}`);
    assert.equal(new Set([...words, ...time]).size, words.length + time.length, `${words}`);
  });
});
