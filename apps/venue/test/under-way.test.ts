import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AccountOrders } from '@outcry/engine/account-orders';
import { details } from '@outcry/engine/detail-record';
import { REASON } from '@outcry/market/reason';
import { createSlotPool } from '@outcry/memory/slot-pool';
import fc from 'fast-check';
import { Admission } from '../src/core/orders/admission.ts';
import { createVenueMemory, ENGINE_GATE, type EnginePools, JOURNAL_GATE, Shared } from '../src/spine/shared.ts';

const ACCOUNTS = 3;
const OF_ONE = 5;
const SLOTS = 64;

it('an account has at most its orders, and none is refused that it has room for, however a door collects, sends and is applied', () => {
  const step = fc.record({ what: fc.constantFrom('enter', 'send', 'drop', 'apply'), account: fc.nat(ACCOUNTS - 1) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const shared = new Shared(createVenueMemory(7, { commandSlots: SLOTS, eventSlots: SLOTS, wait: 'park' }));
      const orders = new AccountOrders(1000, ACCOUNTS, new Int32Array(1001 << details.SHIFT));
      const pools = { orders: createSlotPool(8, 1000).span, owners: orders.owners } as EnginePools;
      const admission = new Admission(shared, pools, { orders: 1000, perAccount: OF_ONE });
      const { commands, begun } = shared;
      const [openCounts, underWay] = [new Array<number>(ACCOUNTS).fill(0), new Array<number>(ACCOUNTS).fill(0)];
      let collected: number[] = [];
      const sent: number[] = [];
      let slot = 0;
      for (const { what, account } of steps) {
        if (what === 'enter') {
          const has = openCounts[account] + underWay[account];
          assert.equal(admission.refusal(account, 1, collected.length), has < OF_ONE ? REASON.NONE : REASON.TOO_MANY_OPEN_ORDERS);
          if (has >= OF_ONE) continue;
          collected.push(account);
          admission.enter(account, 1, collected.length);
          underWay[account]++;
        } else if (what === 'send' && collected.length > 0) {
          const first = commands.claim(collected.length);
          assert.ok(first >= 0);
          admission.sentFrom(first);
          commands.publish(first, collected.length);
          sent.push(...collected);
          collected = [];
        } else if (what === 'drop') {
          for (const one of collected) underWay[one]--;
          admission.drop();
          collected = [];
        } else if (what === 'apply') {
          const applied = sent.splice(0, 1 + account);
          const end = commands.gate(ENGINE_GATE) + applied.length;
          begun.publish(end);
          for (const one of applied) {
            orders.add(one, ++slot);
            openCounts[one]++;
            underWay[one]--;
          }
          for (const gate of [ENGINE_GATE, JOURNAL_GATE]) commands.release(gate, end);
        }
      }
    }),
  );
});
