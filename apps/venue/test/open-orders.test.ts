import assert from 'node:assert/strict';
import { it } from 'node:test';
import { orderId } from '@outcry/market/command';
import type { OrderKind, Side, TimeInForce } from '@outcry/market/order-terms';
import fc from 'fast-check';
import { OpenOrders } from '../src/core/open-orders.ts';
import type { Order } from '../src/core/view.ts';

const SLOTS = 12;

function order(slot: number, generation: number, account: number): Order {
  return {
    id: orderId(slot, generation),
    account,
    instrument: 70_000 % (slot + 1),
    clientId: generation % 3 === 0 ? '' : `häuser-${slot}`,
    side: (slot & 1) as Side,
    kind: (slot % 3) as OrderKind,
    timeInForce: (generation % 3) as TimeInForce,
    postOnly: slot % 2 === 0,
    price: 2_000_000_000,
    quantity: 2_147_483_647,
    amount: Number.MAX_SAFE_INTEGER,
    left: generation,
    executedAmount: 9_007_199_254_740_990,
    status: slot % 5,
    time: 1_763_000_000_000_123,
    updateTime: 1_763_000_000_000_456,
    resting: generation % 2 === 0,
    shown: generation,
    waiting: generation % 3 === 0,
    terms: undefined,
  };
}

it('open orders outside the heap are what a plain map holds, for any adds, changes and removals', () => {
  const step = fc.record({ slot: fc.integer({ min: 1, max: SLOTS }), account: fc.nat({ max: 2 }), change: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const orders = new OpenOrders(SLOTS, 3);
      const plain = new Map<number, Order>();
      let generation = 1;
      for (const { slot, account, change } of steps) {
        const open = [...plain.values()].find(({ id }) => id % 0x1000000 === slot);
        if (open === undefined) {
          const made = order(slot, generation++, account);
          orders.add(made);
          plain.set(made.id, made);
        } else if (change) {
          Object.assign(open, { left: open.left + 1, executedAmount: 5, updateTime: 6, quantity: 7, status: 1, resting: !open.resting });
          orders.update(open);
        } else {
          orders.remove(open);
          plain.delete(open.id);
          assert.equal(orders.get(open.id), undefined);
        }
        assert.equal(orders.size, plain.size);
        for (const known of plain.values()) {
          assert.deepEqual(orders.get(known.id), known);
          assert.deepEqual(orders.findByClientId(known.account, known.clientId), known.clientId === '' ? undefined : known);
        }
        for (const owner of [0, 1, 2]) {
          const own = [...plain.values()].filter((known) => known.account === owner);
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
  orders.add(order(3, 5, 0));
  for (const id of [Number.NaN, -1, 0, 1.5, 2 ** 60, orderId(3, 4), orderId(4, 5), orderId(SLOTS + 1, 5)])
    assert.equal(orders.get(id), undefined);
  assert.equal(orders.findByClientId(0, 'other'), undefined);
  assert.deepEqual([...orders.of(77)], []);
});
