/** A book by level, whose changes several readers take at their own pace. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createLevelPool } from '@outcry/book/level-sums';
import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import fc from 'fast-check';
import { Depth } from '../src/core/feeds/depth.ts';

/** One more than have a mark of their own. */
const COLLECTORS = 32;

/** Near prices, and some all over the range. */
const price = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 50_000, max: 50_030 }) },
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 48_000, max: 52_000 }),
  fc.integer({ min: 0x7ffffff0, max: 0x7ffffffe }),
);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ side: fc.constantFrom(BUY, SELL), price, lots: fc.integer({ min: -3, max: 3 }) }) },
  fc.record({ collector: fc.nat({ max: COLLECTORS - 1 }) }),
);

type Level = [price: number, lots: number];

it('what is taken of a depth is what changed since, and its levels are the sums of all changes, whatever the prices and whoever takes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), fc.integer({ min: 1, max: 12 }), (steps, limit) => {
      const depth = new Depth(createLevelPool(2000));
      const plain = [new Map<number, number>(), new Map<number, number>()];
      const collectors = Array.from({ length: COLLECTORS }, () => ({
        number: depth.addCollector(),
        first: 0,
        seen: [new Set<number>(), new Set<number>()],
      }));
      const levels = (side: Side): Level[] =>
        [...plain[side]].filter(([, lots]) => lots > 0).sort(([a], [b]) => (side === BUY ? b - a : a - b));
      for (const one of steps) {
        if ('collector' in one) {
          const collector = collectors[one.collector];
          const changed = (side: Side): Level[] =>
            [...collector.seen[side]].sort((a, b) => (side === BUY ? b - a : a - b)).map((at) => [at, plain[side].get(at) ?? 0]);
          const expected =
            collector.first === 0
              ? undefined
              : { firstUpdateId: collector.first, lastUpdateId: depth.updateId, bids: changed(BUY), asks: changed(SELL) };
          assert.deepEqual(depth.take(collector.number), expected);
          collector.first = 0;
          for (const side of [BUY, SELL]) collector.seen[side].clear();
          continue;
        }
        depth.change(one.side, one.price, one.lots);
        plain[one.side].set(one.price, Math.max(0, (plain[one.side].get(one.price) ?? 0) + one.lots));
        for (const collector of collectors) {
          if (collector.first === 0) collector.first = depth.updateId;
          collector.seen[one.side].add(one.price);
        }
        for (const side of [BUY, SELL]) {
          assert.deepEqual(depth.best(side), levels(side)[0]);
          assert.deepEqual(depth.levels(side, limit), levels(side).slice(0, limit));
        }
      }
    }),
    { numRuns: 200 },
  );
});

it('a price that comes and goes a million times between two takes is one change', () => {
  const depth = new Depth(createLevelPool(10));
  const collector = depth.addCollector();
  depth.change(BUY, 50_000, 1);
  for (let i = 0; i < 1_000_000; i++) for (const lots of [1, -1]) depth.change(SELL, 2_000_000_000, lots);
  assert.deepEqual(depth.take(collector), { firstUpdateId: 2, lastUpdateId: 2_000_002, bids: [[50_000, 1]], asks: [[2_000_000_000, 0]] });
});

it('sums of lots beyond 2^31 are exact', () => {
  const depth = new Depth();
  for (let i = 0; i < 5; i++) depth.change(BUY, 7, 0x7fffffff);
  assert.deepEqual(depth.best(BUY), [7, 5 * 0x7fffffff]);
});
