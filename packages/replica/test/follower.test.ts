/** The follower, stopped anywhere: its store has every row once. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { listSnapshots } from '@outcry/journal/snapshot';
import { CHECKPOINT_EVERY } from '@outcry/replica/checkpoint';
import { Follower, type FollowerOptions } from '@outcry/replica/follower';
import { StoreGone } from '@outcry/replica/follower-store';
import { CountingStore } from './support/counting-store.ts';
import { JOURNAL, LIMITS, type WrittenJournal, writeJournal } from './support/journal.ts';

const COMMANDS = 3000;

function follow(
  journal: WrittenJournal,
  store: CountingStore,
  more: Partial<FollowerOptions> = {},
  durable = journal.sequence,
): Promise<Follower> {
  const { directory } = journal;
  const options = { directory, journal: JOURNAL, room: LIMITS, unusable: [], keepSnapshots: 2, openStore: () => store.open(), ...more };
  return Follower.open(options, durable);
}

/** Applies whole batches while they end before a command. */
async function goTo(follower: Follower, durable: number): Promise<void> {
  for (let batch = follower.read(durable); batch !== undefined; batch = follower.read(durable)) await follower.apply(batch);
}

function holdsEveryRowOnce(journal: WrittenJournal, store: CountingStore): void {
  for (let n = 1; n <= store.sequence; n++) assert.equal(store.counts.get(n) ?? 0, journal.events[n], `events of command ${n}`);
}

function written(t: TestContext, seed = 1): { journal: WrittenJournal; store: CountingStore } {
  return { journal: writeJournal(t, seed, COMMANDS), store: new CountingStore() };
}

describe('a follower', () => {
  it('writes the rows of every command once, whatever flushes and snapshots it is stopped between', async (t) => {
    const { journal, store } = written(t);
    let turns = 0;
    while (store.sequence < journal.sequence) {
      const follower = await follow(journal, store);
      for (let n = 0; n < 1 + (turns % 7); n++) {
        const batch = follower.read(journal.sequence);
        if (batch !== undefined) await follower.apply(batch);
        if (n === 3) await follower.flush();
      }
      if (turns % 3 === 0) await follower.snapshot();
      if (turns % 2 === 0) await follower.flush(); // otherwise what is pending is lost, and made again
      await follower.close();
      turns++;
    }
    assert.ok(turns > 10, `${turns} starts`);
    assert.equal(store.closed, turns);
    holdsEveryRowOnce(journal, store);
    assert.equal(listSnapshots(journal.directory).length, 2, 'as many snapshots are kept as were asked for');
  });

  it('begins with the newest snapshot that its store has reached, and not with one beyond it', async (t) => {
    const { journal, store } = written(t);
    const first = await follow(journal, store);
    await goTo(first, 1000);
    assert.ok(await first.snapshot());
    const reached = first.sequence;
    assert.equal(store.sequence, reached, 'the store is written before a snapshot is taken');
    await goTo(first, 2000);
    assert.ok(await first.snapshot());
    await first.close();
    assert.equal((await follow(journal, store)).lastSnapshot, first.sequence);
    store.sequence = reached;
    store.hash = journal.hashes[reached];
    const second = await follow(journal, store);
    assert.deepEqual([second.sequence, second.lastSnapshot], [reached, reached]);
    await second.close();
  });

  it('takes no snapshot twice of the same state', async (t) => {
    const { journal, store } = written(t);
    const follower = await follow(journal, store);
    await goTo(follower, 500);
    assert.equal(await follower.snapshot(), true);
    assert.equal(await follower.snapshot(), false);
    await follower.close();
  });

  it('empties a store whose rows are of other commands, wherever it begins', async (t) => {
    for (const withSnapshot of [false, true]) {
      const { journal, store } = written(t, 2);
      const first = await follow(journal, store);
      await goTo(first, 800);
      await first.flush();
      if (withSnapshot) await first.snapshot();
      await first.close();
      store.hash = [1, 2];
      await assert.rejects(async () => {
        const second = await follow(journal, store);
        try {
          await goTo(second, journal.sequence);
        } finally {
          await second.close();
        }
      }, StoreGone);
      assert.equal(store.sequence, 0);
      assert.equal(store.closed, store.opened);
    }
  });

  it('refuses a store that is ahead of the journal, and closes it', async (t) => {
    const { journal, store } = written(t);
    store.sequence = journal.sequence + 1;
    await assert.rejects(follow(journal, store), /the store holds command \d+, the journal ends at \d+: they do not belong together/);
    assert.equal(store.closed, 1);
  });

  it('says where its state is another than that of the engine it follows, and only there', async (t) => {
    const { journal, store } = written(t);
    const diverged: number[] = [];
    const looked: number[] = [];
    const follower = await follow(journal, store, {
      expectedHash: (sequence) => {
        looked.push(sequence);
        return sequence === 2 * CHECKPOINT_EVERY ? [0, 0] : journal.hashes[sequence];
      },
      onDivergence: (sequence) => void diverged.push(sequence),
    });
    await goTo(follower, journal.sequence);
    await follower.close();
    assert.deepEqual(looked, [CHECKPOINT_EVERY, 2 * CHECKPOINT_EVERY]);
    assert.deepEqual(diverged, [2 * CHECKPOINT_EVERY]);
  });

  it('passes over a snapshot that is broken, and says so', async (t) => {
    const { journal, store } = written(t);
    const first = await follow(journal, store);
    await goTo(first, 500);
    await first.snapshot();
    await goTo(first, 900);
    await first.snapshot();
    await first.close();
    const [newest, older] = listSnapshots(journal.directory);
    const bytes = fs.readFileSync(newest.path);
    bytes[bytes.length - 1] ^= 1;
    fs.writeFileSync(newest.path, bytes);
    const warnings: string[] = [];
    const second = await follow(journal, store, { onWarning: (message) => void warnings.push(message) });
    assert.equal(second.sequence, older.sequence);
    assert.equal(warnings.length, 1);
    await goTo(second, journal.sequence);
    await second.flush();
    await second.close();
    holdsEveryRowOnce(journal, store);
  });
});
