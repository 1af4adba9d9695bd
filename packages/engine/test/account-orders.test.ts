import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { AccountOrders, openOrdersOf } from '../src/account-orders.ts';
import { details } from '../src/detail-record.ts';

const ORDERS = 300;
const ACCOUNTS = 4;

it('each account has the orders that it opened and that have not ended, whatever the order in which they come and go', () => {
  const step = fc.record({ slot: fc.integer({ min: 1, max: ORDERS }), account: fc.nat({ max: ACCOUNTS - 1 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 2000, size: 'max' }), (steps) => {
      const lists = new AccountOrders(ORDERS, ACCOUNTS, new Int32Array((ORDERS + 1) * details.WORDS));
      const owners = new Int32Array(lists.owners.buffer, lists.owners.byteOffset, lists.owners.byteLength / 4);
      const plain = new Map<number, number>();
      const check = () => {
        for (let account = 0; account < ACCOUNTS; account++) {
          const own = [...plain].filter(([, of]) => of === account).map(([slot]) => slot);
          assert.deepEqual(
            lists.of(account),
            own.sort((a, b) => a - b),
          );
          assert.equal(openOrdersOf(owners, account), own.length);
        }
      };
      for (const [n, { slot, account }] of steps.entries()) {
        const of = plain.get(slot);
        if (of === undefined) {
          lists.add(account, slot);
          plain.set(slot, account);
        } else {
          lists.remove(of, slot);
          plain.delete(slot);
        }
        if (n % 50 === 0) check();
      }
      check();
      for (const [slot, account] of plain) lists.remove(account, slot);
      plain.clear();
      check();
      assert.ok(lists.chunksInUse <= ACCOUNTS, 'what is not used is given back');
      lists.clear();
      check();
    }),
    { numRuns: 100 },
  );
});
