// A process of its own: what operations cost the gateway's depth and the engine's book with so many price levels a side.
import fs from 'node:fs';
import { BookMemory } from '@outcry/book/book-memory';
import { OrderBook } from '@outcry/book/order-book';
import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { Depth } from '@outcry/venue/core/feeds/depth';

raiseInliningBudget();

/** Nanoseconds an operation, by its name. */
export interface LevelsRun {
  depth: Record<string, number>;
  book: Record<string, number>;
  correct: boolean;
}

const MIDDLE = 1_000_000_000;
const BATCH = 100;
const ROUNDS = 300;
const WARM_UP = 100;

const [levels, apart] = process.argv.slice(2).map(Number);
if (process.argv[2] === 'load') process.exit(); // a first process fills the compile cache: see runtime.ts

const result: LevelsRun = { depth: {}, book: {}, correct: true };
let number = 0;

/** The n-th level of a side, from the best; the best has no room before it. */
function priceOf(side: Side, n: number): number {
  return side === BUY ? MIDDLE - 1 - n * apart : MIDDLE + n * apart;
}
const anywhere = () => 1 + ((number++ * 104_729) % Math.max(1, levels - 1));

function measure(into: Record<string, number>, name: string, run: (i: number) => void, reset: (i: number) => void = () => undefined): void {
  const times: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const started = performance.now();
    for (let i = 0; i < BATCH; i++) run(i);
    times.push(((performance.now() - started) * 1e6) / BATCH);
    for (let i = 0; i < BATCH; i++) reset(i);
  }
  const sorted = times.slice(WARM_UP).sort((a, b) => a - b);
  const kept = sorted.slice(0, Math.ceil(sorted.length * 0.9));
  into[name] = kept.reduce((sum, ns) => sum + ns, 0) / kept.length;
}

const depth = new Depth();
const collector = depth.addCollector();
for (const side of [BUY, SELL]) for (let n = 0; n < levels; n++) depth.change(side, priceOf(side, n), 5);
measure(result.depth, 'change at the best price', () => depth.change(BUY, priceOf(BUY, 0), 1));
measure(result.depth, 'change at any price', () => depth.change(SELL, priceOf(SELL, anywhere()), 1));
measure(result.depth, 'a level goes and comes', () => {
  const price = priceOf(SELL, anywhere());
  const [, lots] = depth.levels(SELL, 1)[0];
  depth.change(SELL, price, -1e9);
  depth.change(SELL, price, lots);
});
measure(result.depth, 'the best level goes and comes', () => {
  depth.change(BUY, priceOf(BUY, 0), -1e9);
  depth.change(BUY, priceOf(BUY, 0), 5);
});
measure(result.depth, 'best', () => {
  result.correct &&= depth.best(BUY)?.[0] === priceOf(BUY, 0);
});
measure(result.depth, 'the best ten levels', () => {
  result.correct &&= depth.levels(SELL, 10).length === Math.min(10, levels);
});
depth.take(collector);
measure(result.depth, 'change and take, a price', (i) => {
  depth.change(BUY, priceOf(BUY, anywhere()), 1);
  if (i === BATCH - 1) result.correct &&= depth.take(collector)!.bids.length <= BATCH;
});
result.correct &&= depth.levels(BUY, Number.MAX_SAFE_INTEGER).length === levels;

const memory = new BookMemory(1 << 18);
const book = new OrderBook(memory);
for (const side of [BUY, SELL]) for (let n = 0; n < levels; n++) book.rest(memory.orders.take(), side, priceOf(side, n), 5);
const slots = Array.from({ length: BATCH }, () => memory.orders.take());
const rest = (i: number) => book.rest(slots[i], SELL, priceOf(SELL, anywhere()), 5);
measure(result.book, 'rest at any price', rest, (i) => book.remove(slots[i], SELL));
for (let i = 0; i < BATCH; i++) rest(i);
measure(result.book, 'remove from any price', (i) => book.remove(slots[i], SELL), rest);
measure(result.book, 'trade the best level and make it anew', () => {
  book.match(SELL, priceOf(BUY, 0), 5);
  book.rest(memory.orders.take(), BUY, priceOf(BUY, 0), 5);
});
result.correct &&= book.depth(BUY).length === levels;
fs.writeSync(3, JSON.stringify(result));
