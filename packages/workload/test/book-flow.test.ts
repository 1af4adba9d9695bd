import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlainBook } from '@outcry/book/plain-book';
import type { Side } from '@outcry/market/order-terms';
import { type BookFlow, generateBookFlow, PROFILES } from '@outcry/workload/book-flow';
import { OPERATION } from '@outcry/workload/operation';

function play({ words, count }: BookFlow): PlainBook {
  const book = new PlainBook();
  for (let i = 0; i < count; i++) {
    const [head, id, price, quantity] = words.subarray(i * 4, i * 4 + 4);
    const side = (head >>> 8) as Side;
    const operation = head & 0xff;
    if (operation === OPERATION.LIMIT) book.limit(id, side, price, quantity);
    else if (operation === OPERATION.IMMEDIATE) book.match(id, side, price, quantity);
    else if (operation === OPERATION.MARKET) book.match(id, side, null, quantity);
    else if (operation === OPERATION.CANCEL) book.cancel(id);
    else book.replace(id, price, quantity);
  }
  return book;
}

describe('order flow on a book', () => {
  for (const profile of ['itch', 'move']) {
    it(`of the ${profile} mix fills the book, keeps it filled, and trades`, () => {
      const { resting } = PROFILES[profile];
      const flow = generateBookFlow(profile, 11, 50_000);
      assert.equal(flow.filling, resting);
      const book = play(flow);
      const share = book.orders.size / resting;
      assert.ok(share > 0.3 && share < 1, `${book.orders.size} orders of ${resting}`);
      assert.ok(book.trades.length > 500, `${book.trades.length} trades`);
      assert.ok(book.best(0)! < book.best(1)!);
    });
  }

  it('is the same for the same seed, and another for another', () => {
    const words = (seed: number) => generateBookFlow('move', seed, 2000).words;
    assert.deepEqual(words(1), words(1));
    assert.notDeepEqual(words(1), words(2));
  });

  it('of a mix that nobody knows is refused with the names of those that are', () => {
    assert.throws(() => generateBookFlow('none', 1, 1), /unknown profile 'none': one of itch, deep, move/);
  });
});
