/** The order book of one instrument: priority, trades, cancels. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BUY, MAX_PRICE, SELL, type Side } from '@outcry/market/order-terms';
import fc from 'fast-check';
import { BookMemory } from '../src/book-memory.ts';
import { OrderBook } from '../src/order-book.ts';
import { PlainBook } from '../src/plain-book.ts';
import { order, trade } from '../src/records.ts';

/** A book that is spoken to by order ids, as tests like it. */
class Desk {
  readonly memory = new BookMemory(2000, 8);
  readonly book = new OrderBook(this.memory);
  readonly trades: { maker: number; taker: number; price: number; quantity: number }[] = [];
  readonly #slots = new Map<number, number>();
  readonly #sides = new Map<number, Side>();

  match(id: number, side: Side, price: number, quantity: number): number {
    let left = quantity;
    do {
      left = this.book.match(side, price, left);
      for (let i = 0; i < this.memory.tradeCount; i++) {
        const at = i * trade.WORDS;
        const maker = this.memory.orders.i32[this.memory.trades[at + trade.MAKER] * order.WORDS + order.ID];
        this.trades.push({
          maker,
          taker: id,
          price: this.memory.trades[at + trade.PRICE],
          quantity: this.memory.trades[at + trade.QUANTITY],
        });
        if (this.memory.trades[at + trade.MAKER_LEFT] === 0) this.#slots.delete(maker);
      }
    } while (left > 0 && this.memory.tradeCount === this.memory.tradeCapacity);
    return left;
  }

  limit(id: number, side: Side, price: number, quantity: number): void {
    const left = this.match(id, side, price, quantity);
    if (left === 0) return;
    const slot = this.memory.orders.take();
    this.memory.orders.i32[slot * order.WORDS + order.ID] = id;
    this.book.rest(slot, side, price, left);
    this.#slots.set(id, slot);
    this.#sides.set(id, side);
  }

  cancel(id: number): boolean {
    const slot = this.#slots.get(id);
    if (slot === undefined) return false;
    this.book.remove(slot, this.#sides.get(id)!);
    this.memory.orders.give(slot);
    this.#slots.delete(id);
    return true;
  }

  reduce(id: number, quantity: number): void {
    this.book.reduce(this.#slots.get(id)!, this.#sides.get(id)!, quantity);
  }

  left(id: number): number {
    return this.memory.orders.i32[this.#slots.get(id)! * order.WORDS + order.QUANTITY];
  }

  get resting(): number[] {
    return [...this.#slots.keys()].sort((a, b) => a - b);
  }
}

describe('order book', () => {
  it('trades at the price of the resting order', () => {
    const desk = new Desk();
    desk.limit(1, SELL, 100, 5);
    desk.limit(2, BUY, 105, 5);
    assert.deepEqual(desk.trades, [{ maker: 1, taker: 2, price: 100, quantity: 5 }]);
    assert.equal(desk.book.bestBid, 0);
    assert.equal(desk.book.bestAsk, 0);
  });

  it('fills the best price first, then the oldest order at a price', () => {
    const desk = new Desk();
    desk.limit(1, SELL, 101, 1);
    desk.limit(2, SELL, 100, 1);
    desk.limit(3, SELL, 100, 1);
    desk.match(4, BUY, 101, 3);
    assert.deepEqual(
      desk.trades.map((t) => t.maker),
      [2, 3, 1],
    );
  });

  it('leaves what is left of a partly filled order at the front of its queue', () => {
    const desk = new Desk();
    desk.limit(1, BUY, 100, 10);
    desk.limit(2, BUY, 100, 10);
    desk.match(3, SELL, 100, 4);
    desk.match(4, SELL, 100, 7);
    assert.deepEqual(
      desk.trades.map((t) => [t.maker, t.quantity]),
      [
        [1, 4],
        [1, 6],
        [2, 1],
      ],
    );
  });

  it('keeps the place of an order whose quantity is lowered', () => {
    const desk = new Desk();
    desk.limit(1, SELL, 100, 10);
    desk.limit(2, SELL, 100, 10);
    desk.reduce(1, 3);
    assert.equal(desk.book.available(BUY, 100, 1000), 13);
    desk.match(3, BUY, 100, 5);
    assert.deepEqual(
      desk.trades.map((t) => [t.maker, t.quantity]),
      [
        [1, 3],
        [2, 2],
      ],
    );
  });

  it('holds orders at 1 tick and at the highest price in one book', () => {
    const desk = new Desk();
    desk.limit(1, BUY, 1, 7);
    desk.limit(2, SELL, MAX_PRICE, 9);
    assert.equal(desk.book.bestBid, 1);
    assert.equal(desk.book.bestAsk, MAX_PRICE);
    desk.match(3, SELL, 1, 7);
    desk.match(4, BUY, MAX_PRICE, 9);
    assert.deepEqual(
      desk.trades.map((t) => [t.maker, t.price]),
      [
        [1, 1],
        [2, MAX_PRICE],
      ],
    );
  });

  it('knows what a market order would cost and how much an amount buys', () => {
    const desk = new Desk();
    desk.limit(1, SELL, 100, 5);
    desk.limit(2, SELL, 200, 5);
    assert.equal(desk.book.cost(BUY, 7), 5 * 100 + 2 * 200);
    assert.equal(desk.book.cost(BUY, 100), 5 * 100 + 5 * 200);
    assert.equal(desk.book.lotsFor(BUY, 500 + 399), 6);
    assert.equal(desk.book.lotsFor(BUY, 99), 0);
    assert.equal(desk.book.lotsFor(SELL, 1000), 0);
  });

  it('brings its window to where the market has gone, also when each far order is cancelled before the next', () => {
    const desk = new Desk();
    desk.limit(1, BUY, 100, 1);
    desk.limit(2, BUY, 1_000_000, 1);
    desk.limit(3, BUY, 1_000_002, 1);
    for (let id = 4; id < 3000; id++) {
      desk.limit(id, BUY, 1_000_001, 1);
      desk.cancel(id);
    }
    desk.limit(3000, BUY, 1_000_001, 1);
    assert.equal(desk.memory.farLevels.inUse, 1, 'only the level at 100 is far now');
  });

  it('gives the pool back every order and level when all are cancelled', () => {
    const desk = new Desk();
    for (let id = 1; id <= 500; id++) desk.limit(id, id % 2 === 0 ? BUY : SELL, id % 2 === 0 ? id * 1000 : 1_000_000 + id * 5000, id);
    for (let id = 1; id <= 500; id++) desk.cancel(id);
    assert.equal(desk.memory.orders.inUse, 0);
    assert.equal(desk.memory.farLevels.inUse, 0);
    assert.deepEqual([desk.book.depth(BUY), desk.book.depth(SELL)], [[], []]);
  });
});

type Step =
  | { kind: 'limit'; side: Side; price: number; quantity: number }
  | { kind: 'match'; side: Side; price: number; quantity: number }
  | { kind: 'cancel' | 'reduce'; pick: number };

/** Prices that crowd around a middle, wander far off, and sit at the ends of the range. */
const price = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 99_950, max: 100_050 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 400_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 2, MAX_PRICE, MAX_PRICE - 1, 2_000_000_000) },
);
const side = fc.constantFrom<Side>(BUY, SELL);
const quantity = fc.integer({ min: 1, max: 50 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('limit' as const), side, price, quantity }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('match' as const), side, price, quantity }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'reduce' as const), pick: fc.nat() }) },
);

function playBoth(steps: Step[]): void {
  const desk = new Desk();
  const plain = new PlainBook();
  steps.forEach((s, i) => {
    const id = i + 1;
    const resting = [...plain.orders.keys()].sort((a, b) => a - b);
    if (s.kind === 'limit') {
      desk.limit(id, s.side, s.price, s.quantity);
      plain.limit(id, s.side, s.price, s.quantity);
    } else if (s.kind === 'match') {
      assert.equal(desk.match(id, s.side, s.price, s.quantity), plain.match(id, s.side, s.price, s.quantity));
    } else if (resting.length > 0) {
      const picked = resting[s.pick % resting.length];
      const left = plain.orders.get(picked)!.quantity;
      if (s.kind === 'cancel') assert.equal(desk.cancel(picked), plain.cancel(picked));
      else if (left > 1) {
        desk.reduce(picked, left - 1);
        plain.reduce(picked, left - 1);
      }
    }
    assert.equal(desk.book.bestBid || null, plain.best(BUY));
    assert.equal(desk.book.bestAsk || null, plain.best(SELL));
  });
  assert.deepEqual(desk.trades, plain.trades);
  assert.deepEqual(
    desk.resting,
    [...plain.orders.keys()].sort((a, b) => a - b),
  );
  for (const [id, resting] of plain.orders) assert.equal(desk.left(id), resting.quantity);
  for (const owner of [BUY, SELL]) {
    assert.deepEqual(desk.book.depth(owner), plain.levels(owner));
    const all = plain.levels(owner).reduce((sum, [, lots]) => sum + lots, 0);
    assert.equal(desk.book.available((1 - owner) as Side, owner === BUY ? 1 : MAX_PRICE, Number.MAX_SAFE_INTEGER), all);
  }
}

describe('order book against the plain model', () => {
  it('gives the same trades, best prices and remainders for any stream', () => {
    fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 300, size: 'max' }), playBoth), { numRuns: 300 });
  });

  it('stays right while the market walks through the whole price range', () => {
    const steps: Step[] = [];
    for (let i = 0; i < 6000; i++) {
      const middle = 1000 + i * 900;
      steps.push({ kind: 'limit', side: i % 2 === 0 ? BUY : SELL, price: i % 2 === 0 ? middle - 5 : middle + 5, quantity: 1 + (i % 7) });
      if (i % 3 === 0) steps.push({ kind: 'cancel', pick: i });
      if (i % 11 === 0) steps.push({ kind: 'match', side: i % 2 === 0 ? SELL : BUY, price: i % 2 === 0 ? 1 : MAX_PRICE, quantity: 20 });
    }
    playBoth(steps.slice(0, 1900));
  });
});
