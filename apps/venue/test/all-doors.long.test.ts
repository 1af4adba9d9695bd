/** Random clients at every door of one venue, for a while. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Random } from '@outcry/workload/random';
import { fixDoor } from './all-doors/fix-door.ts';
import { grpcDoor } from './all-doors/grpc-door.ts';
import { glimpseDoor, ouchDoor } from './all-doors/soup-door.ts';
import type { Door, Doors } from './all-doors/visit.ts';
import { sleep } from './all-doors/visit.ts';
import { restDoor, streamDoor } from './all-doors/web-door.ts';
import { anyPorts, temporaryDirectory, VenueProcess } from './support/process.ts';
import { WIDE_INSTRUMENTS } from './support/wide-market.ts';

/** How long, in seconds; an hour by hand: OUTCRY_FUZZ_SECONDS=3600 */
const SECONDS = Number(process.env.OUTCRY_FUZZ_SECONDS ?? 300);
const SEED = Number(process.env.OUTCRY_SEED ?? Math.floor(Math.random() * 0x7fffffff));
/** A file that says how far it is: a run that was ended goes on from there, until the seconds are full. */
const PROGRESS = process.env.OUTCRY_FUZZ_PROGRESS;

/** Doors to visit, all by default: OUTCRY_FUZZ_DOORS=fix,rest */
const ONLY = process.env.OUTCRY_FUZZ_DOORS?.split(',');
const DOORS: readonly Door[] = [ouchDoor, ouchDoor, glimpseDoor, fixDoor, fixDoor, restDoor, streamDoor, streamDoor, grpcDoor].filter(
  ({ name }) => ONLY?.includes(name) ?? true,
);
const LOGINS = 6;
const AT_ONCE = 16;
const SAVE_EVERY_MS = 5000;
/** Share of the time after which memory is taken to have reached its size. */
const WARM = 0.4;

interface Progress {
  seed: number;
  seconds: number;
  visits: Record<string, number>;
  corrupt: string[];
  /** MiB resident, once every while */
  memory: number[];
}

function begin(): Progress {
  if (PROGRESS !== undefined && fs.existsSync(PROGRESS)) return JSON.parse(fs.readFileSync(PROGRESS, 'utf8')) as Progress;
  return { seed: SEED, seconds: 0, visits: {}, corrupt: [], memory: [] };
}

async function openDoors(venue: VenueProcess): Promise<Doors> {
  const headers = {
    'x-outcry-admin': fs.readFileSync(path.join(venue.data, 'admin.token'), 'utf8').trim(),
    'content-type': 'application/json',
  };
  const post = async (what: string, body: object) => {
    const answer = await fetch(`${venue.url}/outcry/v1/${what}`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.clone().text());
    return (await answer.json()) as Record<string, string>;
  };
  const logins: Doors['logins'] = [];
  for (let i = 0; i < LOGINS; i++) {
    await post('accounts', { name: `fuzz-${i}` });
    for (const [asset, amount] of Object.entries({ USDT: '1000000', BTC: '100', ETH: '1000' }))
      await post(`accounts/fuzz-${i}/fund`, { asset, amount });
    const { user, password } = await post(`accounts/fuzz-${i}/logins`, { user: `FUZZ${i}` });
    logins.push({ user, password });
  }
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: Record<string, number> };
  return { url: venue.url, ports, logins, key: 'alice', secret: 'alice-secret' };
}

const residentMiB = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

test(`clients that send anything and read when they like crash nothing, and each reads a whole stream (seed ${SEED})`, async (t) => {
  const folder = temporaryDirectory('all-doors');
  const config = path.join(folder, 'config.json');
  fs.writeFileSync(config, JSON.stringify({ ...anyPorts('239.255.76.1'), instruments: WIDE_INSTRUMENTS }));
  const venue = await VenueProcess.start(path.join(folder, 'data'), '--demo', '--config', config);
  t.after(() => venue.child.kill('SIGKILL'));
  const doors = await openDoors(venue);
  const progress = begin();
  const before = progress.seconds;
  const started = performance.now();
  const elapsed = () => before + (performance.now() - started) / 1000;
  const visitAgain = async (place: number) => {
    const random = new Random(progress.seed + place * 7919 + Math.floor(before));
    while (elapsed() < SECONDS && venue.isRunning) {
      const door = random.pick(DOORS);
      try {
        await door.visit(random, doors);
      } catch (error) {
        progress.corrupt.push(`${door.name}: ${(error as Error).message}`);
      }
      progress.visits[door.name] = (progress.visits[door.name] ?? 0) + 1;
    }
  };
  const note = async () => {
    while (elapsed() < SECONDS && venue.isRunning) {
      await sleep(Math.min(SAVE_EVERY_MS, SECONDS * 20));
      progress.seconds = elapsed();
      if (venue.isRunning) progress.memory.push(Math.round(residentMiB(venue.child.pid!)));
      if (PROGRESS !== undefined) fs.writeFileSync(PROGRESS, JSON.stringify(progress));
    }
  };
  await Promise.all([note(), ...Array.from({ length: AT_ONCE }, (_, place) => visitAgain(place))]);
  console.log(
    `${Math.round(progress.seconds)} s, seed ${progress.seed}: ${JSON.stringify(progress.visits)}, MiB ${progress.memory.filter((_, i) => i % 6 === 0).join(' ')}`,
  );
  assert.ok(venue.isRunning, `the venue ended: ${venue.output.slice(-2000)}`);
  assert.deepEqual(progress.corrupt.slice(0, 5), []);
  assert.equal((await fetch(`${venue.url}/api/v3/time`)).status, 200);
  assert.ok(DOORS.every(({ name }) => progress.visits[name] > 0));
  checkMemory(progress.memory);
  assert.equal(await venue.kill('SIGTERM'), 0, venue.output.slice(-2000));
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Memory no longer grows once it has reached its size: the last third is at most a tenth above the third before, by medians. */
function checkMemory(samples: readonly number[]): void {
  const warm = samples.slice(Math.floor(samples.length * WARM));
  if (warm.length < 6) return;
  const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];
  const half = warm.length >> 1;
  const [first, second] = [median(warm.slice(0, half)), median(warm.slice(half))];
  assert.ok(second <= first * 1.1 + 32, `memory grows: ${first} MiB, then ${second} MiB (${samples.join(' ')})`);
}
