import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reserve } from '@outcry/memory/span';
import { HISTOGRAM_BYTES, Histogram } from '@outcry/telemetry/histogram';
import fc from 'fast-check';

test('percentiles are within 1/64 of the exact ones, and another reader of the memory sees the same', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 10_000_000_000 }), { minLength: 1, maxLength: 300 }), (values) => {
      const span = reserve(HISTOGRAM_BYTES);
      const writer = new Histogram(span);
      for (const value of values) writer.record(value);
      const reader = new Histogram(span);
      const sorted = [...values].sort((a, b) => a - b);
      for (const share of [0.5, 0.9, 0.99, 1]) {
        const exact = sorted[Math.ceil(sorted.length * share) - 1];
        const told = reader.percentile(share);
        assert.ok(told >= exact && told <= exact * (1 + 1 / 64) + 1, `${share}: ${told}, not ${exact}`);
      }
      assert.equal(reader.count, values.length);
      assert.equal(reader.max, sorted.at(-1));
    }),
  );
});
