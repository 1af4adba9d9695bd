/** A venue is killed at changes of its small files. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Random } from '@outcry/workload/random';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

const KILLER = fileURLToPath(new URL('./support/killer.ts', import.meta.url));
const KILLS = Number(process.env.OUTCRY_KILLS ?? 25);
const SEED = Number(process.env.OUTCRY_SEED ?? Date.now() % 1_000_000);

/** What an administrator was told before the venue was killed. */
class Received {
  readonly keys: { key: string; secret: string }[] = [];
  readonly revoked: { key: string; secret: string }[] = [];
  readonly accounts: string[] = [];
  readonly logins: string[] = [];
}

async function ask(venue: VenueProcess, method: string, what: string, body: object | undefined, token: string): Promise<any> {
  const headers = { 'x-outcry-admin': token, ...(body !== undefined && { 'content-type': 'application/json' }) };
  const answer = await fetch(`${venue.url}/outcry/v1/${what}`, { method, headers, body: body && JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return await answer.json();
}

const tokenOf = (data: string) => fs.readFileSync(path.join(data, 'admin.token'), 'utf8');

/** Administers until the venue is gone, noting what it said yes to. */
async function administer(venue: VenueProcess, received: Received, round: number, rotatesToken: boolean): Promise<void> {
  try {
    for (let n = 0; ; n++) {
      const name = `a-${round}-${n}`;
      const made = await ask(venue, 'POST', 'accounts', { name }, tokenOf(venue.data));
      received.accounts.push(name);
      received.keys.push(made);
      const key = await ask(venue, 'POST', `accounts/${name}/keys`, {}, tokenOf(venue.data));
      await ask(venue, 'DELETE', `keys/${key.id}`, undefined, tokenOf(venue.data));
      received.revoked.push(key);
      const { user } = await ask(
        venue,
        'POST',
        `accounts/${name}/logins`,
        { user: `U${(round * 1000 + n).toString(36).toUpperCase()}` },
        tokenOf(venue.data),
      );
      received.logins.push(user);
      if (rotatesToken) await ask(venue, 'POST', 'admin-token/rotate', {}, tokenOf(venue.data));
    }
  } catch (error) {
    if (venue.isRunning && !/fetch failed|terminated|other side closed/.test(String(error))) throw error;
  }
}

async function check(venue: VenueProcess, received: Received): Promise<void> {
  for (const headers of [{}, { 'x-outcry-admin': '' }] as Record<string, string>[])
    assert.equal((await fetch(`${venue.url}/outcry/v1/accounts`, { headers })).status, 401, 'nobody is an administrator without the token');
  const accounts = await ask(venue, 'GET', 'accounts', undefined, tokenOf(venue.data));
  const byName = new Map<string, any>(accounts.map((account: { name: string }) => [account.name, account]));
  for (const name of ['alice', 'bob', ...received.accounts]) assert.ok(byName.has(name), `account ${name} was acknowledged and is lost`);
  const keys = new Set(accounts.flatMap((account: { keys: { key: string }[] }) => account.keys.map(({ key }) => key)));
  for (const { key } of received.keys) assert.ok(keys.has(key), 'a key was acknowledged and is lost');
  for (const { key } of received.revoked) assert.ok(!keys.has(key), 'a key was revoked and is back');
  const users = new Set(accounts.flatMap((account: { logins: { user: string }[] }) => account.logins.map(({ user }) => user)));
  for (const user of received.logins) assert.ok(users.has(user), `login ${user} was acknowledged and is lost`);
  const last = received.keys.at(-1);
  if (last !== undefined) assert.equal((await new Client(venue.url, last.key, last.secret).signed('GET', '/api/v3/account')).status, 200);
  assert.equal((await new Client(venue.url).signed('GET', '/api/v3/account')).status, 200);
}

/** Starts a venue that is killed at its n-th change of a small file; the venue as far as it came. */
async function startToBeKilled(data: string, at: number, list = false): Promise<VenueProcess | undefined> {
  const kept = { ...process.env };
  const options = `${process.env.NODE_OPTIONS ?? ''} --import ${KILLER}`;
  Object.assign(process.env, {
    NODE_OPTIONS: options,
    OUTCRY_KILL_AT: String(at),
    OUTCRY_KILL_IN: data,
    ...(list && { OUTCRY_KILL_LIST: '1' }),
  });
  try {
    return await VenueProcess.start(data, '--demo', '--no-flow');
  } catch (error) {
    assert.match(String(error), /ended with null/, 'killed, and not ended by itself');
    return undefined;
  } finally {
    for (const name of ['NODE_OPTIONS', 'OUTCRY_KILL_AT', 'OUTCRY_KILL_IN', 'OUTCRY_KILL_LIST']) delete process.env[name];
    Object.assign(process.env, kept);
  }
}

function directoryOf(): string {
  return temporaryDirectory('small-files');
}

it('killed at any change of any small file, in the first start, while it is administered, and at its end: it starts, and has all that was acknowledged', async (t) => {
  const whole = directoryOf();
  const counting = (await startToBeKilled(whole, 0, true))!;
  const listed = () =>
    [...counting.output.matchAll(/small file (\d+): (.*)/g)].map(([, number, what]) => ({ number: Number(number), what }));
  const atStart = listed().length;
  const running = administer(counting, new Received(), 0, true);
  await until(
    () => listed().length > atStart + 5,
    () => counting.output,
  );
  await counting.kill('SIGTERM');
  await running;
  for (const what of ['operator.key', 'admin.token', 'venue.pid', 'memory-peaks.json'])
    assert.ok(
      listed().some((one) => one.what.includes(what)),
      `${what} is among ${listed().map((one) => one.what)}`,
    );
  // Every place of the first start and of one rotation; of the end, those that the whole run had.
  const places = [
    ...Array.from({ length: atStart + 3 }, (_, i) => i + 1),
    ...listed()
      .slice(-6)
      .map(({ number }) => number),
  ];
  t.diagnostic(
    `${places.length} places: ${listed()
      .slice(0, atStart + 3)
      .map(({ what }) => what)
      .join(', ')}`,
  );
  for (const place of places) {
    const data = directoryOf();
    const received = new Received();
    const venue = await startToBeKilled(data, place);
    if (venue !== undefined) {
      const administering = administer(venue, received, place, true);
      await Promise.race([venue.ended, new Promise((resolve) => setTimeout(resolve, 1500))]);
      if (venue.isRunning) await venue.kill('SIGTERM');
      await administering;
    }
    const next = await VenueProcess.start(data, '--demo', '--no-flow');
    t.after(() => next.kill());
    await check(next, received);
    assert.equal(await next.kill('SIGTERM'), 0, next.output);
    fs.rmSync(data, { recursive: true, force: true });
  }
});

it(`after ${KILLS} kills at random moments while it is administered, every account, key, login and revocation is there (OUTCRY_SEED=${SEED})`, async (t) => {
  const data = directoryOf();
  const config = path.join(data, 'config.json');
  fs.writeFileSync(config, JSON.stringify({ segmentBytes: 1024 * 1024, snapshotCommands: 100 }));
  const received = new Received();
  const random = new Random(SEED);
  for (let round = 0; round < KILLS; round++) {
    const venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
    t.after(() => venue.kill());
    await check(venue, received);
    const administering = administer(venue, received, round, false);
    await new Promise((resolve) => setTimeout(resolve, 30 + random.below(400)));
    await venue.kill('SIGKILL');
    await administering;
  }
  const last = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
  await check(last, received);
  assert.ok(received.accounts.length > KILLS, 'too little to prove anything');
  t.diagnostic(
    `${received.accounts.length} accounts, ${received.keys.length + received.revoked.length} keys, ${received.logins.length} logins`,
  );
  await last.close();
});
