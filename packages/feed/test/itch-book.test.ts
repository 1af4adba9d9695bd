/** Books from ITCH messages against a plain list of orders. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUY, ItchBook, SELL } from '@outcry/feed/itch-book';
import { itch } from '@outcry/wire/itch';
import { ItchDay } from '@outcry/workload/itch-day';
import fc from 'fast-check';

interface PlainOrder {
  reference: number;
  locate: number;
  side: number;
  price: number;
  shares: number;
}

/** The same book, as simply as can be: all orders in one list, in the order of time. */
class PlainBook {
  orders: PlainOrder[] = [];

  apply(view: DataView): void {
    const m = itch.of(view.getUint8(0))!.read(view, 0) as Record<string, never>;
    const found = this.orders.find(({ reference }) => reference === m.reference);
    switch (String.fromCharCode(view.getUint8(0))) {
      case 'A':
      case 'F':
        this.orders.push({ reference: m.reference, locate: m.locate, side: m.side === 'B' ? BUY : SELL, price: m.price, shares: m.shares });
        break;
      case 'E':
      case 'C':
      case 'X':
        if (found !== undefined) found.shares -= m.shares;
        break;
      case 'D':
        if (found !== undefined) found.shares = 0;
        break;
      case 'U':
        if (found !== undefined) {
          this.orders.push({ ...found, reference: m.newReference, shares: m.shares, price: m.price });
          found.shares = 0;
        }
    }
    this.orders = this.orders.filter(({ shares }) => shares > 0);
  }

  queue(locate: number, side: number): { reference: number; price: number; shares: number }[] {
    return this.orders
      .filter((order) => order.locate === locate && order.side === side)
      .sort((a, b) => (side === BUY ? b.price - a.price : a.price - b.price))
      .map(({ reference, price, shares }) => ({ reference, price, shares }));
  }
}

test('after every message of a generated day the book is that of a plain list of orders, in price-time order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 4 }), (seed, instruments) => {
      const book = new ItchBook();
      const plain = new PlainBook();
      let count = 0;
      new ItchDay({ seed, instruments, messages: 1500 }, (view, bytes) => {
        assert.equal(itch.check(view, 0, bytes), bytes);
        book.apply(view, 0);
        plain.apply(view);
        if (count++ % 50 !== 0) return;
        for (let locate = 1; locate <= instruments; locate++) {
          for (const side of [BUY, SELL]) {
            const queue = plain.queue(locate, side);
            assert.deepEqual([...book.queue(locate, side)], queue);
            const prices = [...new Set(queue.map(({ price }) => price))];
            assert.deepEqual(
              book.depth(locate, side).map(({ price }) => price),
              prices,
            );
            assert.deepEqual(
              book.depth(locate, side).map(({ shares, orders }) => [shares, orders]),
              prices.map((price) => {
                const there = queue.filter((order) => order.price === price);
                return [there.reduce((sum, { shares }) => sum + shares, 0), there.length];
              }),
            );
          }
        }
        assert.equal(book.orderCount, plain.orders.length);
      }).run();
      assert.equal(book.unknown, 0);
      assert.equal(book.orderCount, 0);
    }),
    { numRuns: 15 },
  );
});

test('messages for orders that are not there are counted, and change nothing', () => {
  const book = new ItchBook();
  const view = new DataView(new ArrayBuffer(64));
  for (const type of ['E', 'C', 'X', 'D', 'U']) {
    view.setUint8(0, type.charCodeAt(0));
    view.setUint32(15, 77);
    book.apply(view, 0);
  }
  assert.equal(book.unknown, 5);
  assert.equal(book.orderCount, 0);
});
