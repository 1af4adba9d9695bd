import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { History } from '../src/store/sqlite/history.ts';
import type { Range } from '../src/store/stored-rows.ts';
import { HistoryStore } from './support/history-store.ts';

/** No question's cost grows with a table: SQLite's own plan of each statement, for every combination of parameters. */

const store = new HistoryStore();
after(() => store.close());
store.trades(
  Array.from({ length: 50 }, (_, i) => ({
    instrument: 0,
    id: i + 1,
    aggregate: i + 1,
    price: 1,
    quantity: 1,
    time: i,
    side: 0,
    maker: 0,
    makerOrder: 1,
    taker: 1,
    takerOrder: 2,
  })),
);
store.orders([{ id: 1, account: 0, instrument: 0, clientId: 'a', time: 1, updateTime: 40, list: 1 }]);
store.lists([{ id: 1, account: 0, instrument: 0, clientId: 'a', time: 1 }]);

/** What a question asks SQLite. */
async function statementsOf(ask: (history: History) => Promise<unknown>): Promise<string[]> {
  const history = new History(store.file);
  const statements = new Set<string>();
  const { prototype } = store.database.constructor as { prototype: { prepare(sql: string): unknown } };
  const prepare = prototype.prepare;
  prototype.prepare = function (this: unknown, sql: string) {
    statements.add(sql);
    return prepare.call(this, sql);
  };
  try {
    await ask(history);
  } finally {
    prototype.prepare = prepare;
    await history.close();
  }
  return [...statements];
}

function ranges(names: readonly (keyof Range)[]): Range[] {
  return Array.from({ length: 2 ** names.length }, (_, bits) => ({
    ...Object.fromEntries(names.flatMap((name, i) => ((bits >> i) & 1 ? [[name, 10]] : []))),
    limit: 500,
  })) as Range[];
}

const all = ['from', 'startTime', 'endTime'] as const;
const QUESTIONS: Record<string, ((history: History) => Promise<unknown>)[]> = {
  'trades and historicalTrades': ranges(all).map((range) => (history) => history.trades(0, range)),
  aggTrades: ranges(all).map((range) => (history) => history.aggregates(0, range)),
  klines: ranges(['startTime', 'endTime']).map((range) => (history) => history.candles(0, 60, range)),
  myTrades: ranges(all).flatMap((range) => [undefined, 1, 99].map((order) => (history: History) => history.tradesOf(0, 0, range, order))),
  allOrders: ranges(all).map((range) => (history) => history.orders(0, 0, range)),
  order: [
    (history) => history.order(0, 1),
    (history) => history.orderByClientId(0, 0, 'a'),
    (history) => history.orderByClientId(0, 0, 'none'),
  ],
  allOrderList: ranges(all).map((range) => (history) => history.lists(0, range)),
  'orderList and openOrderList': [
    (history) => history.list(0, 1),
    (history) => history.listByClientId(0, 'a'),
    (history) => history.ordersOfList(1),
  ],
  myPreventedMatches: [
    (history) => history.preventedMatch(0, 0, 1),
    (history) => history.preventedMatches(0, 0, 1, 0, 500),
    (history) => history.preventedMatches(0, 0, 1, 7, 500),
  ],
  'order/amendments': [(history) => history.amendments(1, 0, 500)],
  positions: [(history) => history.tradesOf(0, 0, { from: 1, limit: 2000 })],
  'fee tiers': [(history) => history.volumePage(0, 0, 1e15, 100), (history) => history.tradeAt(0, 20)],
};

describe('the plan of every question to history', () => {
  for (const [name, questions] of Object.entries(QUESTIONS)) {
    it(`${name}: an index is searched, no table is scanned, nothing is sorted`, async () => {
      const statements = new Set<string>();
      for (const question of questions) for (const statement of await statementsOf(question)) statements.add(statement);
      assert.ok(statements.size > 0);
      for (const sql of statements) {
        const plan = store.database
          .prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all(...Array.from({ length: sql.split('?').length - 1 }, () => 1))
          .map(({ detail }) => String(detail));
        // What a statement asks of a column is looked up in the index, not tested row by row: but of the one row that an id names.
        const columns = [...sql.matchAll(/(\w+) (?:=|>=|<=|<|>) \?/g)].map(([, column]) => column);
        const isOne = columns.includes('id') && plan.some((step) => step.includes('(rowid=?)'));
        for (const column of isOne ? [] : columns)
          assert.ok(
            plan.some((step) => new RegExp(`[( ]${column === 'id' ? '(id|rowid)' : column}[=<>]`).test(step)),
            `${column} is not in the index: ${sql}\n${plan.join('\n')}`,
          );
        for (const step of plan) assert.match(step, /^SEARCH |^(SCALAR SUBQUERY|CO-ROUTINE)/, `${sql}\n${plan.join('\n')}`);
      }
    });
  }
});

describe('an order asked for by a client order id that was used ten thousand times', () => {
  it('is the latest of its instrument, and costs one row', async (t) => {
    const much = new HistoryStore();
    t.after(() => much.close());
    much.database.exec('BEGIN');
    for (let n = 1; n <= 10_000; n++) {
      much.orders([{ id: n, account: 0, instrument: n % 2, clientId: 'again', time: n, updateTime: n, list: 0 }]);
    }
    much.database.exec('COMMIT');
    let looks = 0;
    const history = new History(much.file, () => void looks++);
    t.after(() => history.close());
    assert.equal((await history.orderByClientId(0, 1, 'again'))?.time, 9999);
    assert.ok(looks <= 2, `${looks} rows`);
  });
});

describe('a question of which many rows must be looked at', () => {
  it('is ended between rows, at the look at which it shall not go on', async () => {
    let looks = 0;
    const history = new History(store.file, () => {
      if (++looks === 20) throw new Error('enough');
    });
    await assert.rejects(history.tradesOf(0, 0, { from: 1, limit: 2000 }), /enough/);
    assert.equal(looks, 20);
    looks = 100;
    assert.equal((await history.trades(0, { limit: 5 })).length, 5, 'and the next one is answered');
    await history.close();
  });
});
