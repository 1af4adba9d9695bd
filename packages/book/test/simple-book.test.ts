import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUY, MAX_PRICE, SELL, type Side } from '@outcry/market/order-terms';
import fc from 'fast-check';
import { PlainBook } from '../src/plain-book.ts';
import { SimpleBook } from '../src/simple-book.ts';

type Step = { do: 'enter' | 'market' | 'cancel' | 'reduce'; id: number; side: Side; price: number; quantity: number };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('enter' as const, 'enter' as const, 'market' as const, 'cancel' as const, 'reduce' as const),
  id: fc.nat(30),
  side: fc.constantFrom(BUY, SELL),
  price: fc.oneof(fc.integer({ min: 95, max: 105 }), fc.constantFrom(1, 1_000_000, MAX_PRICE)),
  quantity: fc.integer({ min: 1, max: 20 }),
});

test('a simple book trades and rests as a plain one does, by its user’s own ids, and tells all of it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const plain = new PlainBook();
      const trades: object[] = [];
      const resting = new Map<string, number>();
      const book = new SimpleBook<string>(
        {
          added: (id, _side, _price, quantity) => void resting.set(id, quantity),
          matched: (maker, taker, _side, price, quantity, left) => {
            trades.push({ maker: Number(maker), taker: Number(taker), price, quantity });
            assert.equal(resting.get(maker)! - quantity, left);
            if (left === 0) resting.delete(maker);
            else resting.set(maker, left);
          },
          cancelled: (id, quantity, left) => {
            assert.equal(resting.get(id)! - quantity, left);
            if (left === 0) resting.delete(id);
            else resting.set(id, left);
          },
        },
        64,
      );
      for (const { do: what, id, side, price, quantity } of steps) {
        const rests = plain.orders.get(id);
        if (what === 'enter' && rests !== undefined) assert.throws(() => book.enter(`${id}`, side, price, quantity), /rests already/);
        else if (what === 'enter') {
          plain.limit(id, side, price, quantity);
          assert.equal(book.enter(`${id}`, side, price, quantity), plain.orders.get(id)?.quantity ?? 0);
        } else if (what === 'market') assert.equal(book.enterMarket('99', side, quantity), plain.match(99, side, null, quantity));
        else if (what === 'cancel') assert.equal(book.cancel(`${id}`), plain.cancel(id));
        else {
          const lower = rests !== undefined && quantity < rests.quantity;
          assert.equal(book.reduce(`${id}`, quantity), lower);
          if (lower) rests.quantity = quantity;
        }
      }
      assert.deepEqual(trades, plain.trades);
      assert.deepEqual(new Map([...plain.orders.values()].map((order) => [`${order.id}`, order.quantity])), resting);
      assert.equal(book.size, plain.orders.size);
      for (const side of [BUY, SELL]) assert.equal(book.best(side), plain.best(side) ?? 0);
      for (const [id, quantity] of resting) assert.equal(book.quantityOf(id), quantity);
    }),
    { numRuns: 300 },
  );
});

test('a simple book refuses what is no price or quantity, and an order more than it holds, and nothing has happened then', () => {
  const told: string[] = [];
  const book = new SimpleBook({ added: (id) => void told.push(`added ${id}`), matched: (id) => void told.push(`matched ${id}`) }, 2);
  book.enter(1, BUY, 100, 5);
  for (const price of [0, 1.5, -1, MAX_PRICE + 1, Number.NaN]) assert.throws(() => book.enter(2, SELL, price, 5), /price/);
  for (const quantity of [0, 1.5, -1, 2 ** 31, Number.NaN]) {
    assert.throws(() => book.enter(2, SELL, 100, quantity), /quantity/);
    assert.throws(() => book.enterMarket(2, SELL, quantity), /quantity/);
  }
  assert.throws(() => book.reduce(1, 1.5), /quantity/);
  book.enter(2, BUY, 99, 5);
  assert.throws(() => book.enter(3, SELL, 100, 5), /no more than 2 orders/);
  assert.deepEqual(told, ['added 1', 'added 2']);
  assert.equal(book.enterMarket(3, SELL, 7), 0);
  assert.equal(book.enter(3, SELL, 100, 5), 5, 'there is room again');
});
