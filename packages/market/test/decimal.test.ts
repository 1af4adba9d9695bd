import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { generationOf, MAX_GENERATION, MAX_ORDERS, orderHandle, slotOf } from '../src/command.ts';
import { type DecimalError, formatBigUnits, formatUnits, parseUnits } from '../src/decimal.ts';

function codeOf(text: string, places = 8): string {
  try {
    parseUnits(text, places);
  } catch (error) {
    return (error as DecimalError).code;
  }
  return 'taken';
}

describe('decimals at the edges', () => {
  it('are read exactly', () => {
    assert.equal(parseUnits('12.5', 2), 1250);
    assert.equal(parseUnits('0.00000001', 8), 1);
    assert.equal(parseUnits('007', 0), 7);
    assert.equal(parseUnits('90071992.54740991', 8), Number.MAX_SAFE_INTEGER);
    assert.equal(parseUnits('1.50000', 1), 15);
  });

  it('are refused when they are no plain decimal number', () => {
    for (const text of [
      '',
      ' ',
      '-1',
      '+1',
      '1e5',
      '1E-3',
      'NaN',
      'Infinity',
      '.5',
      '5.',
      '1,5',
      '0x10',
      '1.2.3',
      '１',
      '1 ',
      '9'.repeat(40),
    ]) {
      assert.equal(codeOf(text), 'malformed', `'${text}'`);
    }
  });

  it('are refused when they are finer or larger than whole units can say', () => {
    assert.equal(codeOf('0.000000001'), 'too_precise');
    assert.equal(codeOf('90071992.54740992'), 'out_of_range');
    assert.equal(codeOf('99999999999999999999'), 'out_of_range');
  });

  it('come back as they went in, for any number of places', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), fc.nat({ max: 15 }), (units, places) => {
        assert.equal(parseUnits(formatUnits(units, places), places), units);
        assert.equal(formatBigUnits(BigInt(units), places), formatUnits(units, places));
      }),
    );
  });

  it('are written with their sign and all their places', () => {
    assert.equal(formatUnits(-5, 2), '-0.05');
    assert.equal(formatUnits(0, 8), '0.00000000');
    assert.equal(formatUnits(-12, 0), '-12');
    assert.equal(formatBigUnits(-(2n ** 80n), 4), '-120892581961462917470.6176');
    assert.equal(formatBigUnits(2n ** 60n, 0), '1152921504606846976');
  });
});

it('an order id leads back to its slot and generation, and is a whole number that every client can hold', () => {
  for (const [slot, generation] of [
    [1, 1],
    [MAX_ORDERS, MAX_GENERATION],
  ]) {
    const id = orderHandle(slot, generation);
    assert.ok(Number.isSafeInteger(id));
    assert.deepEqual([slotOf(id), generationOf(id)], [slot, generation]);
  }
});
