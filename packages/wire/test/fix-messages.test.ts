/** FIX messages: framed and parsed, whatever the bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FixFramer, formatFix, parseFix, parseFixTime } from '@outcry/wire/fix';
import fc from 'fast-check';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

test('messages are framed however the stream is cut, and garbled ones are passed over', () => {
  const body = (n: number) =>
    formatFix('FIX.4.4', [
      [35, 'D'],
      [11, `order ${n}`],
      [58, 'x'.repeat(n)],
    ]).toString('latin1');
  const garbled = [
    body(3).replace('10=', '10=9'),
    body(4).replace('order 4', 'order 5'),
    '8=FIX.4.4\x019=abc\x01',
    'noise 8=F',
    '8=FIX.4.4\x0135=D\x01',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(40).map(body), fc.constantFrom(...garbled)), { maxLength: 12 }),
      fc.integer({ min: 1, max: 90 }),
      (pieces, cut) => {
        const stream = Buffer.from(`${pieces.join('')}8=FIX`, 'latin1');
        const framer = new FixFramer(1000);
        const found: string[] = [];
        for (let at = 0; at < stream.length; at += cut) {
          framer.push(stream.subarray(at, at + cut));
          for (let text = framer.next(); text !== undefined; text = framer.next()) found.push(text);
        }
        assert.deepEqual(
          found,
          pieces.filter((piece) => !garbled.includes(piece)),
        );
      },
    ),
  );
});

test('random bytes at the framer and the parser end in nothing or in messages, never in an exception', () => {
  const bytes = fc.array(fc.constantFrom(...'8=FIX.4\x019103=5'.split(''), '\xff'), { maxLength: 200 });
  fc.assert(
    fc.property(bytes, (letters) => {
      const framer = new FixFramer(100);
      framer.push(Buffer.from(letters.join(''), 'latin1'));
      for (let i = 0; framer.next() !== undefined; i++) assert.ok(i < 50);
      parseFix(letters.join(''));
    }),
    { numRuns: 3000 },
  );
  assert.equal(parseFixTime('20260102-03:04:05.678'), NOW);
  assert.ok(Number.isNaN(parseFixTime('2026-01-02')));
  for (const none of ['20990231-00:00:00', '20270229-00:00:00', '20990431-00:00:00', '20990101-24:00:00', '20991301-00:00:00'])
    assert.ok(Number.isNaN(parseFixTime(none)), none);
});

test('a leap second is between the second before it and the next day, and only the last second of a day is one', () => {
  const last = Date.UTC(2028, 11, 31, 23, 59, 59, 999);
  for (const leap of ['20281231-23:59:60', '20281231-23:59:60.000', '20281231-23:59:60.999']) assert.equal(parseFixTime(leap), last);
  const order = ['20281231-23:59:59.998', '20281231-23:59:60.001', '20281231-23:59:60.900', '20290101-00:00:00.000'].map(parseFixTime);
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
  for (const none of ['20281231-23:59:61', '20281231-12:00:60', '20281231-22:59:60', '20281231-23:58:60.000', '20281231-23:60:00'])
    assert.ok(Number.isNaN(parseFixTime(none)), none);
});
