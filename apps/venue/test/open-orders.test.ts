/** Open orders outside the heap against a plain map. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { orderHandle } from '@outcry/market/command';
import { LIMIT, type OrderKind, type Side, type TimeInForce } from '@outcry/market/order-terms';
import fc from 'fast-check';
import { OpenOrders } from '../src/core/orders/open-orders.ts';
import { ORDER_STATUS } from '../src/domain/order-status.ts';
import type { Order } from '../src/domain/orders.ts';
import { makeTerms } from '../src/domain/special-terms.ts';

const SLOTS = 12;

/** An order and where the engine has it. */
interface Placed {
  slot: number;
  generation: number;
  order: Order;
}

function order(slot: number, generation: number, account: number): Order {
  return {
    id: generation % 3 === 0 ? 2 ** 40 + generation * 16 : generation * 16, // many in one bucket, and of different rounds
    account,
    instrument: 70_000 % (slot + 1),
    clientId: generation % 3 === 0 ? '' : `häuser-${slot % 5}-${'x'.repeat(slot)}`,
    side: (slot & 1) as Side,
    kind: (slot % 3) as OrderKind,
    timeInForce: (generation % 3) as TimeInForce,
    postOnly: slot % 2 === 0,
    price: 2_000_000_000,
    quantity: 2_147_483_647,
    amount: Number.MAX_SAFE_INTEGER,
    left: generation,
    executedAmount: 9_007_199_254_000_000,
    status: slot % 5,
    time: 1_763_000_000_000_123,
    updateTime: 1_763_000_000_000_456,
    resting: generation % 2 === 0,
    shown: generation,
    waiting: generation % 3 === 0,
    terms:
      generation % 4 === 0 ? { ...makeTerms({ stopPrice: slot, display: 0, expiry: 2 ** 52, session: 5 }), list: generation } : undefined,
    strategy: generation % 5 === 0 ? { id: generation, type: slot } : undefined,
    decremented: 0,
    preventedMatch: 0,
  };
}

const CHANGES = ['rest', 'trigger', 'show', 'trade', 'amend', 'decrement', 'end', 'remove'] as const;

/** Does to an order in place, and to its plain copy, what an event would. */
function happen(orders: OpenOrders, { slot, generation, order: plain }: Placed, change: (typeof CHANGES)[number]): void {
  assert.equal(orders.openSlot(slot, generation), slot);
  switch (change) {
    case 'rest':
      assert.equal(orders.rest(slot, 77, plain.postOnly), plain.postOnly ? 0 : plain.left);
      Object.assign(plain, { price: 77, shown: plain.postOnly ? 0 : plain.left, resting: true, waiting: false });
      break;
    case 'trigger':
      orders.trigger(slot, 88, !plain.waiting, 5);
      Object.assign(plain, { waiting: !plain.waiting, updateTime: 5, ...(plain.kind === LIMIT && { price: 88 }) });
      if (plain.status === ORDER_STATUS.PENDING_NEW) plain.status = ORDER_STATUS.NEW;
      break;
    case 'show':
      assert.equal(orders.show(slot, 3, plain.waiting), 3 - plain.shown);
      Object.assign(plain, { shown: 3, resting: plain.waiting, waiting: !plain.waiting });
      break;
    case 'trade': {
      const left = Math.max(0, plain.left - 2);
      assert.equal(orders.trade(slot, 2, 10, left, 6), Math.min(2, plain.shown));
      plain.executedAmount += 10;
      const buysMore = plain.amount - plain.executedAmount >= 5; // a lot, so it is not filled with its last one: it is to end
      const status = left === 0 && !buysMore ? ORDER_STATUS.FILLED : ORDER_STATUS.PARTIALLY_FILLED;
      Object.assign(plain, { left, shown: plain.shown - Math.min(2, plain.shown), updateTime: 6, status });
      if (left === 0) plain.resting = false;
      break;
    }
    case 'amend': {
      const less = Math.min(plain.shown, 1);
      assert.equal(orders.amend(slot, plain.quantity - 1, plain.left - 1, 7), less);
      Object.assign(plain, { quantity: plain.quantity - 1, left: plain.left - 1, shown: plain.shown - less, updateTime: 7 });
      break;
    }
    case 'decrement':
      orders.decrement(slot, 2, plain.preventedMatch + 3);
      Object.assign(plain, { decremented: plain.decremented + 2, preventedMatch: plain.preventedMatch + 3 });
      break;
    case 'end':
      assert.equal(orders.end(slot, ORDER_STATUS.EXPIRED, 8), plain.shown);
      Object.assign(plain, { shown: 0, resting: false, status: ORDER_STATUS.EXPIRED, updateTime: 8 });
  }
}

it('open orders outside the heap are what a plain map holds, for any adds, changes and removals', () => {
  const step = fc.record({ slot: fc.integer({ min: 1, max: SLOTS }), account: fc.nat({ max: 2 }), change: fc.constantFrom(...CHANGES) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const orders = new OpenOrders(SLOTS, 3);
      const plain = new Map<number, Placed>();
      let generation = 1;
      for (const { slot, account, change } of steps) {
        const held = [...plain.values()].find((placed) => placed.slot === slot);
        if (held === undefined) {
          const made = { slot, generation: generation++, order: order(slot, generation, account) };
          orders.add(slot, made.generation, made.order);
          plain.set(made.order.id, made);
        } else if (change !== 'remove') {
          happen(orders, held, change);
        } else {
          orders.remove(slot);
          plain.delete(held.order.id);
          assert.equal(orders.get(held.order.id), undefined);
          assert.equal(orders.handleOf(held.order.id), 0);
        }
        assert.equal(orders.size, plain.size);
        assert.equal(
          orders.hasSpecial,
          [...plain.values()].some(({ order: { terms } }) => terms !== undefined),
        );
        for (const { slot: at, generation: use, order: known } of plain.values()) {
          assert.deepEqual(orders.get(known.id), known);
          assert.equal(orders.handleOf(known.id), orderHandle(at, use));
          assert.deepEqual(orders.findByClientId(known.account, known.clientId), known.clientId === '' ? undefined : known);
        }
        for (const owner of [0, 1, 2]) {
          const own = [...plain.values()].map((placed) => placed.order).filter((known) => known.account === owner);
          assert.deepEqual([...orders.of(owner)], own, 'oldest first');
          assert.equal(orders.countOf(owner), own.length);
        }
      }
    }),
    { numRuns: 50 },
  );
});

it('an id that is none, or of another order in the same slot, finds nothing', () => {
  const orders = new OpenOrders(SLOTS, 1);
  const [past, now] = [order(3, 4, 0), order(3, 5, 0)];
  orders.add(3, 4, past);
  orders.remove(3);
  orders.add(3, 5, now);
  assert.deepEqual(orders.get(now.id), now);
  for (const id of [Number.NaN, -1, 0, 1.5, 2 ** 60, past.id, now.id + 2 ** 32, now.id + 16, 3]) {
    assert.equal(orders.get(id), undefined);
    assert.equal(orders.handleOf(id), 0);
  }
  assert.equal(orders.findByClientId(0, 'other'), undefined);
  assert.deepEqual([...orders.of(77)], []);
});

it('orders that a start tells of in any order are listed oldest first once they are sorted, and so are those that come after', () => {
  const places = fc.uniqueArray(fc.integer({ min: 1, max: SLOTS }), { minLength: 1, maxLength: SLOTS });
  fc.assert(
    fc.property(places, fc.array(fc.integer({ min: 0, max: 2 }), { minLength: SLOTS, maxLength: SLOTS }), (slots, owners) => {
      const orders = new OpenOrders(SLOTS, 3);
      const received = slots.map((slot) => ({ ...order(slot, 1, owners[slot - 1]), id: 2 ** 33 + slot * 1000 }));
      for (const [i, each] of received.slice(0, -1).entries()) orders.add(slots[i], 1, each);
      orders.sortByAge();
      const last = { ...received.at(-1)!, id: 2 ** 34 };
      orders.add(slots.at(-1)!, 1, last);
      const all = [...received.slice(0, -1), last].sort((a, b) => a.id - b.id);
      for (const owner of [0, 1, 2]) {
        const own = all.filter(({ account }) => account === owner);
        assert.deepEqual([...orders.of(owner)], own);
        assert.equal(orders.countOf(owner), own.length);
        const slotOf = (id: number) => slots.find((slot) => orders.copy(slot).id === id) ?? 0;
        for (const [i, each] of own.entries()) assert.equal(orders.first(owner, each), slotOf(own[i + 1]?.id), 'a page goes on after it');
      }
      for (const slot of slots) orders.remove(slot);
      assert.deepEqual([orders.size, ...[0, 1, 2].map((owner) => orders.countOf(owner))], [0, 0, 0, 0]);
    }),
  );
});
