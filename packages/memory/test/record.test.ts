import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertFits, offsets, record, several, union } from '../src/record.ts';

describe('a record', () => {
  it('has each field at a multiple of its size, and says where', () => {
    const { bytes, words, fields } = record({ symbol: 8, price: 'f64', lots: 'i32', side: 'u8', account: 'u16' }, { align: 64 });
    assert.deepEqual([bytes, words], [64, 16]);
    const placed = Object.entries(fields).map(([name, { offset, index }]) => [name, offset, index]);
    assert.deepEqual(placed, [
      ['symbol', 0, 0],
      ['price', 8, 1],
      ['lots', 16, 4],
      ['side', 20, 20],
      ['account', 22, 11],
    ]);
  });

  it('gives one place to all names of a union, and what follows a place behind the longest', () => {
    const { fields } = record({
      HEAD: 'i32',
      body: union({ TEXT: several('i32', 5), order: { ACCOUNT: 'i32', price: union({ PRICE: 'i32', ASSET: 'i32' }), F64_AMOUNT: 'f64' } }),
      NEXT: 'i32',
    });
    const { TEXT, ACCOUNT, PRICE, ASSET, F64_AMOUNT, NEXT } = fields;
    assert.deepEqual(
      [TEXT, ACCOUNT, PRICE, ASSET, F64_AMOUNT, NEXT].map(({ offset }) => offset),
      [4, 4, 8, 8, 16, 24],
    );
    assert.deepEqual([TEXT.count, TEXT.bytes, PRICE.count], [5, 20, 1]);
  });

  it('begins a union where each of its alternatives may begin', () => {
    const { fields } = record({ HEAD: 'i32', value: union({ LOW: 'i32', F64_VALUE: 'f64' }) });
    assert.deepEqual([fields.LOW.offset, fields.F64_VALUE.offset], [8, 8]);
  });

  it('refuses fields that do not fit its size, names that are used twice, types that do not exist', () => {
    assert.throws(() => record({ A: 'f64', B: 'i32' }, { bytes: 8 }), /a record of 8 bytes: its fields take 12/);
    assert.throws(() => record({ A: 'i32', more: { A: 'i32' } }), /field 'A' is in a record twice/);
    assert.throws(() => record({ A: 'i33' as 'i32' }), /field 'A' of type 'i33': must be one of u8/);
    assert.throws(() => several('f64', 0), /0 elements in a row/);
  });
});

describe('the offsets of a record', () => {
  it('are words, and float64s where the name says so', () => {
    const order = offsets(record({ HEAD: 'i32', PRICE: 'i32', F64_TIME: 'f64', LINKS: several('i32', 2) }, { bytes: 32 }));
    assert.deepEqual(order, { BYTES: 32, WORDS: 8, SHIFT: 3, F64_WORDS: 4, F64_SHIFT: 2, HEAD: 0, PRICE: 1, F64_TIME: 1, LINKS: 4 });
  });

  it('are refused where a name and a type disagree, and where neighbours could not be addressed by a shift', () => {
    assert.throws(() => offsets(record({ TIME: 'f64' })), /field 'TIME' of type 'f64'/);
    assert.throws(() => offsets(record({ F64_PRICE: 'i32' })), /field 'F64_PRICE' of type 'i32'/);
    assert.throws(() => offsets(record({ A: 'i32' }, { bytes: 24 })), /a record of 24 bytes: must be a power of two/);
  });
});

describe('a table of numbers for places in a row', () => {
  it('is refused when one has no place', () => {
    const { fields } = record({ RULE: several('f64', 2) });
    assertFits('rule', { FIRST: 0, SECOND: 1 }, fields.RULE);
    assert.throws(() => assertFits('rule', { THIRD: 2 }, fields.RULE), /rule THIRD is number 2: its record has places 0 to 1/);
    assert.throws(() => assertFits('rule', { NONE: -1 }, fields.RULE), RangeError);
  });
});
