import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pino from 'pino';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Unanswered } from '../src/spine/questions.ts';
import { HistoryReaders } from '../src/store/history-readers.ts';
import { sqliteAt } from '../src/store/store.ts';
import { HistoryStore } from './support/history-store.ts';

const TRADES = 150_000;
const log = pino({ level: 'silent' });
const store = new HistoryStore();
const openReaders: HistoryReaders[] = [];

before(() => {
  // Account 1 bought from account 2 in every trade: adding them up takes a while.
  store.database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${TRADES})
    INSERT INTO trades SELECT 0, i, i, 100, 1, 100, i * 1000, 0, 2, i, 0, -1, 1, i, 0, -1 FROM n`);
});
after(async () => {
  for (const readers of openReaders) await readers.close();
  store.close();
});

function start(deadlineMs: number, lastId = 0): HistoryReaders {
  const readers = new HistoryReaders({
    store: sqliteAt(store.file),
    assets: DEMO_ASSETS,
    instruments: DEMO_INSTRUMENTS,
    readers: 1,
    deadlineMs,
    lastId,
    log,
  });
  openReaders.push(readers);
  return readers;
}

const codeOf = (error: unknown) => (error instanceof Unanswered ? error.code : String(error));

describe('questions to history', () => {
  it('that take too long are ended, and asked again go on where they were, until there is an answer', async () => {
    const whole = start(600_000);
    await whole.ask({ who: 'warm-up' }, 'minutes', [0, 1]);
    const started = performance.now();
    const expected = await whole.ask({ who: 'me' }, 'positions', [1, [0]]);
    const hurried = start(Math.max(20, (performance.now() - started) / 4));
    await hurried.ask({ who: 'warm-up' }, 'minutes', [0, 1]).catch(() => undefined); // until its thread runs
    let late = 0;
    for (;;) {
      const answer = await hurried.ask({ who: 'me' }, 'positions', [1, [0]]).catch((error: unknown) => {
        assert.equal(codeOf(error), 'late');
        late++;
      });
      if (answer === undefined) continue;
      assert.equal(answer, expected);
      break;
    }
    assert.ok(late > 0, 'the first one was too late');
    assert.equal(hurried.status().open, 0);
  });

  it('of one who goes away are not worked on any longer, after 2 billion questions too', async () => {
    for (const lastId of [0, 2 ** 31 - 3, -2]) await oneGoesAway(start(600_000, lastId));
  });

  async function oneGoesAway(readers: HistoryReaders): Promise<void> {
    await readers.ask({ who: 'warm-up' }, 'minutes', [0, 1]);
    const started = performance.now();
    await readers.ask({ who: 'a' }, 'positions', [1, [0]]);
    const wholeMs = performance.now() - started;
    let leave = () => {};
    const going = Array.from({ length: 8 }, () => {
      const asker = {
        who: 'b',
        onGone: (listener: () => void) => {
          const before = leave;
          leave = () => {
            before();
            listener();
          };
        },
      };
      return readers.ask(asker, 'myTrades', [1, 0, { from: 0, limit: TRADES }, undefined]).then(() => 'answered', codeOf);
    });
    const again = performance.now();
    leave();
    await readers.ask({ who: 'c' }, 'minutes', [0, 1]);
    assert.ok(performance.now() - again < wholeMs, 'another one is answered before one of them could be');
    assert.deepEqual(new Set(await Promise.all(going)), new Set(['gone']));
  }

  it('of one who asks much wait for each other, and not another’s for them', async () => {
    const readers = start(600_000);
    const answered: string[] = [];
    const ask = (who: string, name: string) =>
      readers.ask({ who }, 'myTrades', [1, 0, { from: 0, limit: 5000 }, undefined]).then(() => answered.push(name));
    const many = Array.from({ length: 20 }, (_, i) => ask('greedy', `greedy ${i}`));
    await ask('modest', 'modest');
    assert.ok(answered.length <= 3, answered.join());
    await Promise.all(many);
  });

  it('are bounded for each who asks', async () => {
    const readers = start(600_000);
    const asked = Array.from({ length: 40 }, () => readers.ask({ who: 'greedy' }, 'minutes', [0, 1]).then(() => 'answered', codeOf));
    const outcomes = await Promise.all(asked);
    assert.deepEqual([outcomes.filter((one) => one === 'answered').length, outcomes.filter((one) => one === 'queued').length], [32, 8]);
    await readers.ask({ who: 'greedy' }, 'minutes', [0, 1]);
  });

  it('of a store that is not there fail, and are answered when it is', async () => {
    const readers = new HistoryReaders({
      store: sqliteAt(`${store.file}.missing`),
      assets: DEMO_ASSETS,
      instruments: DEMO_INSTRUMENTS,
      readers: 1,
      deadlineMs: 600_000,
      log,
    });
    openReaders.push(readers);
    assert.equal(await readers.ask({ who: 'me' }, 'trades', [0, { limit: 1 }]).then(() => 'answered', codeOf), 'unavailable');
    store.database.exec(`VACUUM INTO '${store.file}.missing'`);
    assert.match(await readers.ask<string>({ who: 'me' }, 'trades', [0, { limit: 1 }]), new RegExp(`"id":${TRADES},`));
  });
});
