/** A running follower: when it writes, and what it does while its store or disk fails. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type JournalDisk, RealDisk } from '@outcry/journal/disk';
import { listSnapshots } from '@outcry/journal/snapshot';
import { type FollowerNotice, type FollowingOptions, followUntilStopped, type Surroundings } from '@outcry/replica/following';
import { CountingStore } from './support/counting-store.ts';
import { JOURNAL, LIMITS, type WrittenJournal, writeJournal } from './support/journal.ts';

/** A clock that goes on when somebody sleeps, a journal that grows with it, and all that the follower says. */
class Stage implements Surroundings {
  readonly journal: WrittenJournal;
  readonly store = new CountingStore();
  readonly notices: [kind: FollowerNotice, message: string | undefined, at: number][] = [];
  readonly published: { followed: number; stored: number | undefined; at: number }[] = [];
  time = 0;
  stopAt = 1000;
  /** commands that are durable by the time */
  durableAt = (_time: number): number => this.journal.sequence;

  constructor(t: TestContext, commands: number) {
    this.journal = writeJournal(t, 3, commands);
    this.store.now = () => this.time;
  }

  async run(more: Partial<FollowingOptions> = {}): Promise<void> {
    const { journal, store } = this;
    const where = { directory: journal.directory, journal: JOURNAL, room: LIMITS, unusable: [], keepSnapshots: 2 };
    const often = { snapshotCommands: 1e9, snapshotMs: 1e9, storeName: 'store', mayPass: () => false };
    await followUntilStopped({ ...where, ...often, openStore: () => store.open(), ...more }, this);
  }

  /** The kinds of what was said, with the times. */
  said(kind: FollowerNotice): number[] {
    return this.notices.filter(([each]) => each === kind).map(([, , at]) => at);
  }

  holdsAll(): void {
    assert.equal(this.store.sequence, this.journal.sequence);
    for (let n = 1; n <= this.journal.sequence; n++) assert.equal(this.store.counts.get(n) ?? 0, this.journal.events[n], `command ${n}`);
    assert.equal(this.store.closed, this.store.opened);
  }

  durable(): number {
    return Math.min(this.journal.sequence, this.durableAt(this.time));
  }
  isStopping(): boolean {
    return this.time >= this.stopAt;
  }
  now(): number {
    return this.time;
  }
  sleep(milliseconds: number): void {
    this.time += milliseconds;
  }
  wait(work: { ready(): boolean }, milliseconds = 100): void {
    for (const until = this.time + milliseconds; this.time < until && !work.ready(); ) this.time += 1;
  }
  publish(followed: number, stored: number | undefined): void {
    this.published.push({ followed, stored, at: this.time });
  }
  notice(kind: FollowerNotice, message?: string): void {
    this.notices.push([kind, message, this.time]);
  }
}

describe('a running follower', () => {
  it('shows rows in the store within milliseconds, and ends when it is stopped with all of them there', async (t) => {
    const stage = new Stage(t, 400);
    stage.durableAt = (time) => (time < 100 ? 0 : time < 300 ? 200 : 400);
    await stage.run();
    stage.holdsAll();
    assert.deepEqual(stage.said('following'), [0]);
    const shown = stage.published.find(({ stored }) => stored !== undefined && stored > 100)!;
    assert.ok(shown.at >= 100 && shown.at <= 100 + 200 + 10, `shown ${shown.at - 100} ms after it was durable`);
    const last = stage.published.at(-1)!;
    assert.deepEqual([last.followed, last.stored], [stage.journal.sequence, stage.journal.sequence]);
    assert.ok(stage.time >= stage.stopAt && stage.time < stage.stopAt + 200);
  });

  it('writes a batch of few rows sooner than one of many', async (t) => {
    const stage = new Stage(t, 3000);
    const [few, many] = [500, 2000];
    stage.durableAt = (time) => (time < few ? 0 : time < many ? 45 : 450);
    stage.stopAt = 2150; // before the many are due
    await stage.run();
    const [first] = stage.store.flushes;
    assert.ok(first.at >= few + 10 && first.at < few + 30 && first.rows < 100, `${first.rows} rows were written at ${first.at}`);
    const late = stage.store.flushes.find(({ rows }) => rows > 100)!;
    assert.ok(late.at >= stage.stopAt, `a batch of ${late.rows} rows was written at ${late.at}`);
  });

  it('tries a store that fails again, longer and longer, and says when it is back', async (t) => {
    const stage = new Stage(t, 300);
    stage.stopAt = 60_000;
    stage.store.failing = 6;
    await stage.run();
    stage.holdsAll();
    const failing = stage.said('failing');
    const gaps = failing.slice(1).map((at, i) => at - failing[i]);
    assert.deepEqual(gaps, [10, 50, 250, 1000, 5000]);
    assert.equal(stage.said('back').length, 1);
    assert.equal(stage.store.opened, 1);
  });

  it('gives a failing store up three seconds after it is to stop, and says so', async (t) => {
    const stage = new Stage(t, 300);
    stage.stopAt = 10_000;
    stage.store.failing = 1e9;
    await stage.run();
    assert.ok(stage.time > 13_000 && stage.time < 13_200, `${stage.time}`);
    assert.match(stage.notices.at(-1)![1]!, /the store stays behind: locked; the next start goes on from the journal/);
    assert.equal(stage.store.closed, stage.store.opened);
  });

  it('opens another store where the one it had was replaced, and every row is there once', async (t) => {
    const stage = new Stage(t, 2000);
    stage.durableAt = (time) => time * 4;
    stage.stopAt = 3000;
    let flushes = 0;
    const { store } = stage;
    const push = store.flushes.push.bind(store.flushes);
    store.flushes.push = (...entries) => {
      store.isGone = ++flushes === 3;
      return push(...entries);
    };
    await stage.run();
    assert.equal(store.opened, 2);
    assert.equal(stage.said('following').length, 2);
    stage.holdsAll();
  });

  it('goes on after errors that pass, and ends with one that does not', async (t) => {
    for (const mayPass of [true, false]) {
      const stage = new Stage(t, 100);
      let tries = 0;
      const openStore = async () => {
        if (tries++ < 3) throw Object.assign(new Error('busy'), { code: 'BUSY' });
        return stage.store.open();
      };
      const run = () => stage.run({ openStore, mayPass: (error) => mayPass && (error as { code?: string }).code === 'BUSY' });
      if (!mayPass) await assert.rejects(run, /busy/);
      else {
        await run();
        assert.deepEqual(stage.said('failing').length, 3);
        stage.holdsAll();
      }
    }
  });

  it('takes a snapshot after so many commands, after so long with any, and at the end', async (t) => {
    const stage = new Stage(t, 3000);
    stage.durableAt = (time) => (time < 500 ? 1200 : time < 2000 ? 1300 : 3000);
    stage.stopAt = 4000;
    const taken: number[] = [];
    const disk = new NotingDisk(() => void taken.push(stage.time));
    await stage.run({ snapshotCommands: 1000, snapshotMs: 1000, disk });
    assert.equal(taken.length, 3, taken.join());
    assert.ok(taken[0] < 100 && taken[1] >= 1000 && taken[1] < 1300 && taken[2] >= 2000 && taken[2] < 2200, taken.join());
    assert.equal(listSnapshots(stage.journal.directory)[0].sequence, stage.journal.sequence);
  });

  it('trades on without a snapshot that fails, says so, and tries again in five seconds', async (t) => {
    const stage = new Stage(t, 1500);
    stage.stopAt = 12_000;
    let failures = 0;
    const disk = new NotingDisk(() => {
      if (failures++ < 2) throw Object.assign(new Error('no room'), { code: 'ENOSPC' });
    });
    await stage.run({ snapshotCommands: 500, disk });
    const warned = stage.said('warning');
    assert.equal(warned.length, 2);
    assert.ok(warned[1] - warned[0] >= 5000 && warned[1] - warned[0] < 5200, warned.join());
    assert.equal(listSnapshots(stage.journal.directory).length, 1);
    stage.holdsAll();
  });
});

/** A disk on which the beginning of each snapshot is noted, or fails. */
class NotingDisk extends RealDisk implements JournalDisk {
  readonly #onCreate: () => void;
  constructor(onCreate: () => void) {
    super();
    this.#onCreate = onCreate;
  }
  override create(file: string, mode: number): number {
    this.#onCreate();
    return super.create(file, mode);
  }
}
