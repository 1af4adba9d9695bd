import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { History } from '../src/store/sqlite/history.ts';
import type { Range } from '../src/store/stored-rows.ts';
import { HistoryStore, type ListRow, type OrderRow, type TradeRow } from './support/history-store.ts';

/** What clients ask of history, against the same questions answered by looking at every row. */

const START = 1_700_000_000_000;
const range = fc.record(
  {
    from: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
    startTime: fc.option(fc.integer({ min: START - 5, max: START + 300 }), { nil: undefined }),
    endTime: fc.option(fc.integer({ min: START - 5, max: START + 300 }), { nil: undefined }),
    limit: fc.integer({ min: 1, max: 30 }),
  },
  { requiredKeys: ['limit'] },
) as fc.Arbitrary<Range>;

/** Times rise by these, in microseconds: often not at all. */
const steps = fc.array(fc.constantFrom(0, 0, 1, 999, 1000, 20_000), { minLength: 1, maxLength: 60 });

/** Those of a range: the first of them when it has a start, else the last. */
function pick<T extends { time: number }>(rows: readonly T[], { from, startTime, endTime, limit }: Range, number: (row: T) => number): T[] {
  const within = rows.filter(
    (row) =>
      (from === undefined || number(row) >= from) &&
      (startTime === undefined || row.time >= startTime * 1000) &&
      (endTime === undefined || row.time < (endTime + 1) * 1000),
  );
  return from === undefined && startTime === undefined ? within.slice(-limit) : within.slice(0, limit);
}

function tradesOf(gaps: readonly number[], seeds: readonly number[]): TradeRow[] {
  let time = START * 1000;
  let aggregate = 0;
  const ids = [0, 0];
  return gaps.map((gap, i) => {
    const seed = seeds[i % seeds.length];
    const instrument = seed % 2;
    if (gap > 0 || instrument === 0) aggregate++;
    time += gap;
    const [maker, taker] = [(seed >> 1) % 3, (seed >> 3) % 3];
    return {
      instrument,
      id: ++ids[instrument],
      aggregate,
      price: 100 + (seed % 7),
      quantity: 1 + (seed % 5),
      time,
      side: seed & 1,
      maker,
      makerOrder: 100 + maker * 10 + (seed % 3),
      taker,
      takerOrder: 200 + taker * 10 + (seed % 3),
    };
  });
}

test('trades, aggregate trades and the trades of an account come as if every row had been looked at', async () => {
  const seeds = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, seeds, range, fc.integer({ min: 0, max: 2 }), async (gaps, numbers, asked, account) => {
      const store = new HistoryStore();
      const history = new History(store.file);
      try {
        const all = tradesOf(gaps, numbers);
        store.trades(all);
        const own = all.filter(({ instrument }) => instrument === 1);
        assert.deepEqual(
          (await history.trades(1, asked)).map(({ id }) => id),
          pick(own, asked, ({ id }) => id).map(({ id }) => id),
        );
        const mine = own.filter(({ maker, taker }) => maker === account || taker === account);
        assert.deepEqual(
          (await history.tradesOf(account, 1, asked)).map(({ id }) => id),
          pick(mine, asked, ({ id }) => id).map(({ id }) => id),
        );
        assert.deepEqual(
          (await history.tradesOf(account, 1, { from: 4, limit: 1000 })).map(({ id }) => id),
          mine.filter(({ id }) => id > 3).map(({ id }) => id),
        );
        const aggregates = Object.values(Object.groupBy(own, ({ aggregate }) => aggregate)).map((rows) => ({
          id: rows![0].aggregate,
          quantity: rows!.reduce((sum, { quantity }) => sum + quantity, 0),
          firstTrade: rows![0].id,
          lastTrade: rows!.at(-1)!.id,
          time: rows![0].time,
        }));
        assert.deepEqual(
          (await history.aggregates(1, asked)).map(({ takerSide: _, price: __, ...rest }) => rest),
          pick(aggregates, asked, ({ id }) => id),
        );
      } finally {
        await history.close();
        store.close();
      }
    }),
    { numRuns: 60 },
  );
});

test('orders and lists of an account come as if every row had been looked at', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      range,
      fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 60 }),
      async (gaps, asked, owners) => {
        const store = new HistoryStore();
        const history = new History(store.file);
        try {
          let time = START * 1000;
          const rows = gaps.map((gap, i) => {
            time += gap;
            return { time, owner: owners[i % owners.length], place: i };
          });
          const orders: OrderRow[] = rows.map(({ time: at, owner, place }) => ({
            id: place * 3 + (place > 20 ? 2 ** 32 : 1), // with gaps, and beyond 32 bits
            account: owner,
            instrument: 0,
            clientId: place % 4 === 0 ? '' : `c${place % 3}`,
            time: at,
            updateTime: at,
            list: 0,
          }));
          const lists: ListRow[] = rows.map(({ time: at, owner, place }) => ({
            id: place,
            account: owner,
            instrument: 0,
            clientId: `l${place % 3}`,
            time: at,
          }));
          store.orders(orders);
          store.lists(lists);
          const mine = orders.filter(({ account }) => account === 1);
          for (const from of [undefined, asked.from, mine[3]?.id, mine.at(-1)?.id])
            assert.deepEqual(
              (await history.orders(1, 0, { ...asked, from })).map(({ id }) => id),
              pick(mine, { ...asked, from }, ({ id }) => id).map(({ id }) => id),
            );
          assert.deepEqual(
            (await history.lists(1, asked)).map(({ id }) => id),
            pick(
              lists.filter(({ account }) => account === 1),
              asked,
              ({ id }) => id,
            ).map(({ id }) => id),
          );
          for (const name of ['c0', 'c1', 'l0', 'nobody']) {
            assert.equal((await history.orderByClientId(1, 0, name))?.id, mine.findLast(({ clientId }) => clientId === name)?.id);
            assert.equal(
              (await history.listByClientId(1, name))?.id,
              lists.findLast(({ account, clientId }) => account === 1 && clientId === name)?.id,
            );
          }
        } finally {
          await history.close();
          store.close();
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('the trades of one order are found by the time that it was open', async () => {
  const store = new HistoryStore();
  const history = new History(store.file);
  const rows = tradesOf(
    Array.from({ length: 60 }, () => 1000),
    Array.from({ length: 60 }, (_, i) => i * 37 + 1),
  );
  store.trades(rows);
  const own = rows.filter(({ instrument }) => instrument === 1);
  const order = (id: number, account: number) => {
    const its = rows.filter(({ makerOrder, takerOrder }) => makerOrder === id || takerOrder === id);
    store.orders([{ id, account, instrument: 1, clientId: '', time: its[0].time, updateTime: its.at(-1)!.time, list: 0 }]);
    return its.filter(({ instrument }) => instrument === 1).map((row) => row.id);
  };
  for (const [id, account] of [
    [own[1].makerOrder, own[1].maker],
    [own[3].takerOrder, own[3].taker],
  ]) {
    const expected = order(id, account);
    assert.ok(expected.length > 0);
    const found = await history.tradesOf(account, 1, { from: 0, limit: 1000 }, id);
    assert.deepEqual(
      found.map((trade) => trade.id),
      expected,
    );
    assert.deepEqual(await history.tradesOf(account + 1, 1, { limit: 1000 }, id), [], 'nobody else’s');
  }
  await history.close();
  store.close();
});
