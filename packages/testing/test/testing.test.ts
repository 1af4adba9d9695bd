/** A venue in a process of its own, as tests of clients start it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startTestVenue, type TestVenue } from '@outcry/testing';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

async function get(venue: TestVenue, route: string): Promise<any> {
  const answer = await fetch(venue.url + route);
  assert.equal(answer.status, 200);
  return await answer.json();
}

/** Where these venues keep what they store, and nobody else does. */
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-testing-test-'));
process.env.TMPDIR = temporary;
after(() => fs.rmSync(temporary, { recursive: true, force: true }));
const directories = () => fs.readdirSync(temporary).length;

describe('a test venue', () => {
  let venue: TestVenue;
  before(async () => {
    venue = await startTestVenue({ scenario: 'gap-up', seed: 7 });
  });
  after(() => venue.close());

  it('stands until it is stepped, and does what its scenario says', async () => {
    const price = async () => Number((await get(venue, '/api/v3/ticker/bookTicker?symbol=BTCUSDT')).bidPrice);
    assert.partialDeepStrictEqual(await venue.clock.state(), { scenario: 'gap-up', seed: 7, timeMs: 0, paused: true });
    await venue.clock.step(9000);
    assert.ok((await price()) < 61_000);
    await venue.clock.step(2000);
    assert.ok((await price()) > 62_000);
    await venue.clock.resume(100);
    assert.equal((await venue.clock.state()).speed, 100);
    assert.equal((await venue.clock.pause()).paused, true);
  });

  it('plays the same again after a reset, also one that is written down in the test', async () => {
    const played = async () => {
      await venue.clock.step(1000);
      const trades = await get(venue, '/api/v3/trades?symbol=BTCUSDT&limit=5');
      return trades.map(({ price, qty }: any) => [price, qty]);
    };
    await venue.reset({ scenario: 'everyday', seed: 3 });
    const first = await played();
    await venue.reset();
    assert.deepEqual(await played(), first);
    await venue.reset({ scenario: { market: { orders: 0 }, book: [{ side: 'SELL', value: 100, distance: '1%' }] } });
    const depth = await get(venue, '/api/v3/depth?symbol=BTCUSDT');
    assert.deepEqual([depth.bids.length, depth.asks.length], [0, 1]);
    await assert.rejects(venue.reset({ scenario: 'whael' }), /unknown scenario "whael"; did you mean whale\?/);
  });

  it('goes wrong on request', async () => {
    const { id } = await venue.faults.add({ kind: 'overloaded', times: 1 });
    assert.equal((await fetch(`${venue.url}/api/v3/time`)).status, 503);
    assert.equal((await fetch(`${venue.url}/api/v3/time`)).status, 200);
    await venue.faults.add({ kind: 'latency', ms: 1 });
    assert.deepEqual(
      (await venue.faults.list()).map((fault) => fault.id),
      [id + 1],
    );
    await venue.faults.remove();
    assert.deepEqual(await venue.faults.list(), []);
    await assert.rejects(venue.faults.add({ kind: 'latency' }), /ms is missing/);
  });
});

it('says what is wrong with its options', async () => {
  await assert.rejects(startTestVenue({ scenario: 'whael' }), /did not start: unknown scenario "whael"; did you mean whale\?/);
  await assert.rejects(startTestVenue({ seed: -1 }), /seed: -1 is not a whole number/);
  await assert.rejects(startTestVenue({ speed: 1 } as object), /speed: unknown option; known: scenario, /);
});

it('leaves no directory and no process, whether it is closed, its starter ends, or it is killed by a signal', async () => {
  const before = directories();
  {
    await using venue = await startTestVenue({ running: true });
    assert.equal((await venue.clock.state()).paused, false);
  }
  const program = `import { startTestVenue } from '@outcry/testing'; console.log((await startTestVenue()).url);`;
  const cwd = path.dirname(MAIN);
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 0, 'a program that forgets to close it ends');
  const gone = async (url: string) => {
    const deadline = Date.now() + 30_000;
    while (
      await fetch(url).then(
        () => Date.now() < deadline,
        () => false,
      )
    )
      await new Promise((resolve) => setTimeout(resolve, 50));
    await assert.rejects(fetch(url));
  };
  await gone(stdout.trim());
  const child = spawn(process.execPath, [MAIN, '{}'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const line = await new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))));
  assert.deepEqual(JSON.parse(line).accounts.bob, { key: 'bob', secret: 'bob-secret' });
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  const deadline = Date.now() + 30_000;
  while (directories() > before && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(directories() <= before);
});
