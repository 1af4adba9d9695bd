import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TrailingVolumes } from '../src/core/fee-tiers.ts';
import type { HistoryReader } from '../src/store/history-reader.ts';
import { History } from '../src/store/sqlite/history.ts';
import { HistoryStore, type TradeRow } from './support/history-store.ts';

test('what accounts traded in the last days is what their trades since then come to, hour after hour, also when reading failed meanwhile', async () => {
  const hours = fc.array(fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.integer({ min: 1, max: 9 })), { maxLength: 12 }), {
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(hours, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 5 }), async (all, window, failing) => {
      const store = new HistoryStore();
      const history = new History(store.file);
      let asked = 0;
      const reader: Pick<HistoryReader, 'tradeAt' | 'volumePage'> = {
        tradeAt: async (instrument, time) => history.tradeAt(instrument, time),
        volumePage: async (...page) => {
          if ((++asked * 7919) % 11 < failing) throw new Error('the store is locked');
          return history.volumePage(...page);
        },
      };
      const volumes = new TrailingVolumes([0], reader, 5);
      const rows: TradeRow[] = [];
      try {
        for (const [hour, trades] of all.entries()) {
          const fresh = trades.map(([maker, taker, quantity], i) => ({
            instrument: 0,
            id: rows.length + i + 1,
            aggregate: 1,
            price: 10,
            quantity,
            time: hour * 1000 + i,
            side: 0,
            maker,
            makerOrder: 1,
            taker,
            takerOrder: 2,
          }));
          store.trades(fresh);
          rows.push(...fresh);
          const since = (hour - window) * 1000 + 500;
          while (
            !(await volumes.update(since).then(
              () => true,
              () => false,
            ))
          );
          for (const account of [0, 1, 2]) {
            const own = rows
              .filter(({ time }) => time >= since)
              .flatMap(({ maker, taker, quantity }) => [maker, taker].filter((one) => one === account).map(() => quantity * 10));
            assert.equal(volumes.byAccount.get(account) ?? 0n, BigInt(own.reduce((sum, amount) => sum + amount, 0)));
          }
        }
      } finally {
        history.close();
        store.close();
      }
    }),
    { numRuns: 40 },
  );
});
