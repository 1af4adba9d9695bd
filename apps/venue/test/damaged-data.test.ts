/** Data directories that were damaged, taken away, or are in use: what a start says and does. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Head } from '@outcry/journal/format';
import { REPLAY_VERSION } from '@outcry/market/event';
import { directories, place, startWith, statusOf } from './support/faults.ts';
import { Client, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

describe('a damaged data directory', () => {
  async function stopped(
    t: TestContext,
    signal: NodeJS.Signals,
    isStored = false,
  ): Promise<{ data: string; journal: string; orders: number }> {
    const venue = await startWith(t, {});
    const alice = new Client(venue.url);
    for (let i = 0; i < 40; i++) await place(alice);
    if (isStored) await until(async () => (await statusOf(alice)).storeLag === 0, 'the store');
    await venue.kill(signal);
    const [name] = fs.readdirSync(path.join(venue.data, 'journal')).filter((file) => file.endsWith('.log'));
    return { data: venue.data, journal: path.join(venue.data, 'journal', name), orders: 40 };
  }

  function change(file: string, at: number, bytes: (old: Buffer) => Buffer): void {
    const content = fs.readFileSync(file);
    const changed = bytes(content.subarray(at, at + 200));
    changed.copy(content, at);
    fs.writeFileSync(file, content);
  }

  /** Where the journal's last batch ends. */
  function endOf(file: string): number {
    const content = fs.readFileSync(file);
    let end = content.length;
    while (end > 0 && content[end - 1] === 0) end--;
    return Math.ceil(end / 64) * 64;
  }

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`refuses to start on a byte flipped in the middle of the journal, and says where (after ${signal})`, async (t) => {
      const { data, journal } = await stopped(t, signal);
      change(journal, 2000, (old) => Buffer.from([old[0] ^ 4]));
      const failure = await VenueProcess.start(data, '--demo', '--no-flow').then(
        () => assert.fail('it started'),
        (error: Error) => error.message,
      );
      assert.match(failure, /ended with 1/);
      assert.match(failure, /journal-0000000000000001\.log is damaged at byte 1\d\d\d: a broken batch, yet a good one follows at byte/);
    });
  }

  it('recovers from a torn tail, and says what it cut', async (t) => {
    const { data, journal, orders } = await stopped(t, 'SIGKILL');
    const end = endOf(journal);
    const torn = new Head();
    torn.prepareBatches(REPLAY_VERSION, true);
    torn.writeBatch(1e6, 40, 1, 1, 1); // its commands never reached the disk
    change(journal, end, () => torn.bytes);
    const again = await startWith(t, {}, data);
    assert.match(again.output, /cut 2624 bytes of a batch that was never acknowledged off the end of the journal \(torn: .*cut-\d{16}-/);
    const [kept] = fs.readdirSync(path.dirname(journal)).filter((name) => name.startsWith('cut-'));
    assert.deepEqual(fs.readFileSync(path.join(path.dirname(journal), kept)).subarray(0, 64), torn.bytes);
    const alice = new Client(again.url);
    assert.equal((await alice.signed('GET', '/api/v3/openOrders')).body.length, orders);
    assert.equal((await place(alice)).status, 200);
  });

  it('does not start on a last batch that rotted, whoever knows of it, until an operator gives it up', async (t) => {
    const { data, journal, orders } = await stopped(t, 'SIGKILL', true);
    change(journal, endOf(journal) - 20, (old) => Buffer.from([old[0] ^ 1]));
    const args = ['--demo', '--no-flow'];
    const message = (...more: string[]) =>
      VenueProcess.start(data, ...args, ...more).then(
        () => assert.fail('it started'),
        (error: Error) => error.message,
      );
    const refusal = await message();
    assert.match(refusal, /the journal ends at command \d+, but .* knows command \d+: .* is rotten: all of its commands are there/);
    assert.equal(await message(), refusal, 'nothing was changed');
    const [, keeps] = /--accept-journal-loss (\d+)/.exec(refusal)!;
    assert.match(await message('--accept-journal-loss', String(Number(keeps) - 1)), new RegExp(`--accept-journal-loss ${keeps}'`));
    const venue = await VenueProcess.start(data, ...args, '--accept-journal-loss', keeps);
    assert.match(venue.output, /cut \d+ bytes that an operator gave up off the end of the journal/);
    assert.match(venue.output, /the store knew commands that are given up: it is kept as .*store\.sqlite\.cut-/);
    const alice = new Client(venue.url);
    const { body } = await alice.signed('GET', '/api/v3/openOrders');
    assert.equal(body.length, orders - 1);
    await until(async () => (await statusOf(alice)).storeLag === 0, 'the store');
    assert.equal((await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' })).body.length, orders - 1);
    assert.equal(await venue.kill('SIGTERM'), 0);
    assert.match(await message('--accept-journal-loss', keeps), /no acknowledged command is missing/);
    const again = await startWith(t, {}, data);
    assert.equal((await new Client(again.url).signed('GET', '/api/v3/openOrders')).body.length, orders - 1);
  });

  it('passes over a broken snapshot, and says so', async (t) => {
    const { data, orders } = await stopped(t, 'SIGTERM');
    const directory = path.join(data, 'journal');
    const [name] = fs.readdirSync(directory).filter((file) => file.endsWith('.img'));
    change(path.join(directory, name), 70, (old) => Buffer.from([old[0] ^ 1]));
    const again = await startWith(t, {}, data);
    assert.match(again.output, new RegExp(`${name} has a broken head`));
    assert.equal((await new Client(again.url).signed('GET', '/api/v3/openOrders')).body.length, orders);
  });

  it('ends the venue at once when it is taken away, with a word on why', async (t) => {
    const venue = await startWith(t, {});
    fs.renameSync(venue.data, `${venue.data}-away`);
    directories.add(`${venue.data}-away`);
    assert.equal(await venue.ended, 1);
    assert.match(venue.output, /was removed or given to another venue: ended at once/);
    assert.ok(!venue.output.includes('    at '), venue.output);
  });

  it('is not shared by two venues', async (t) => {
    const venue = await startWith(t, {});
    await assert.rejects(VenueProcess.start(venue.data, '--demo'), /is in use by process \d+; stop it, or choose another directory/);
  });
});
