/** Book snapshots for GLIMPSE, written bit by bit while the book changes. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SELL } from '@outcry/market/order-terms';
import * as wire from '@outcry/wire/itch';
import fc from 'fast-check';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';
import { BookSnapshot } from '../src/doors/itch/book-snapshot.ts';
import { ShownOrders } from '../src/doors/itch/shown-orders.ts';

const SLOTS = 30;
/** The second is finer than ITCH's prices are: the feed does not offer it. */
const [btc, eth] = DEMO_INSTRUMENTS;
const market = new Market(DEMO_ASSETS, [btc, { ...eth, symbol: 'FINEUSDT', tick: '0.00001', lot: '0.001' }, eth]);
const add = new wire.addOrder.View();

interface Shown {
  slot: number;
  id: number;
  lots: number;
}

it('a snapshot written bit by bit is the book of the moment that it was taken at, oldest order first, whatever happens meanwhile', () => {
  const step = fc.record({ slot: fc.integer({ min: 1, max: SLOTS }), lots: fc.integer({ min: 1, max: 5 }) });
  const steps = fc.array(step, { maxLength: 120, size: 'max' });
  fc.assert(
    fc.property(steps, steps, fc.integer({ min: 1, max: 7 }), (before, after, slice) => {
      const orders = new ShownOrders(SLOTS);
      let plain: Shown[] = [];
      let id = 2 ** 40;
      const happen = ({ slot, lots }: { slot: number; lots: number }) => {
        const known = plain.find((order) => order.slot === slot);
        if (known === undefined) {
          orders.name(slot, ++id, (slot & 1) * 2, SELL);
          orders.show(slot, lots, 100 + slot);
          plain.push({ slot, id, lots });
          return;
        }
        orders.take(slot, Math.min(lots, known.lots));
        known.lots -= Math.min(lots, known.lots);
        plain = plain.filter((order) => order.lots > 0);
      };
      before.forEach(happen);
      // One snapshot after the other, while orders come and go.
      for (let round = 0, at = 0; round < 3; round++) {
        const expected = plain.map((order) => [order.id, order.lots, 100 + order.slot, order.slot % 2 === 0 ? 'BTCUSDT' : 'ETHUSDT']);
        const snapshot = new BookSnapshot(77, market.instruments, [0, 0, 0], orders, 1_763_000_000_000_000);
        const received: (number | string)[][] = [];
        const types: string[] = [];
        const take = (view: DataView) => {
          types.push(String.fromCharCode(view.getUint8(0)));
          if (view.getUint8(0) !== wire.addOrder.type) return;
          add.wrap(view, 0);
          received.push([add.reference, add.shares, add.price / market.instruments[add.locate - 1].wireTick, add.stock]);
        };
        while (snapshot.write(slice, take)) {
          for (let i = 0; i < 3 && at < after.length; i++) happen(after[at++]);
        }
        assert.deepEqual(received, expected);
        assert.deepEqual(types.slice(0, 4), ['R', 'H', 'R', 'H']);
        assert.ok(types.slice(4).every((type) => type === 'A'));
        assert.deepEqual(
          [...orders.all()],
          plain.map(({ slot }) => slot),
        );
      }
    }),
  );
});
