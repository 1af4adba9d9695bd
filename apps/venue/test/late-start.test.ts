/** A start that cannot come to its end: it says why, with the file, and is over. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endLongAfterTests } from './support/left-open.ts';
import { OUTCRY, temporaryDirectory, VenueProcess } from './support/process.ts';

const folder = temporaryDirectory('late-start');
const whole = path.join(folder, 'whole');
const VENUE = fileURLToPath(new URL('../src/venue.ts', import.meta.url));
const CONFIG = fileURLToPath(new URL('../src/domain/config.ts', import.meta.url));
const IN_TIME_MS = 60_000;

after(() => fs.rmSync(folder, { recursive: true, force: true }));
before(async () => {
  await (await VenueProcess.start(whole, '--demo', '--no-flow')).close();
});

/** Runs a program to its end. Kills it, and says so, when it has none. */
async function run(...args: string[]): Promise<{ code: number | null; signal: string | null; output: string }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: IN_TIME_MS, killSignal: 'SIGKILL' });
  endLongAfterTests(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  return await new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, output })));
}

const serve = (data: string) => run(OUTCRY, 'serve', '--data', data, '--port', '0', '--demo', '--no-flow');

function copy(name: string): string {
  const data = path.join(folder, name.replaceAll('/', '-'));
  fs.cpSync(whole, data, { recursive: true });
  return data;
}

/** Files of a data directory as a venue leaves it, without those of the store, which comes and goes with two of its files. */
function filesOf(data: string): string[] {
  const names = fs.readdirSync(data, { recursive: true }) as string[];
  return names.filter((name) => fs.statSync(path.join(data, name)).isFile() && !/^(soup|glimpse)\/|^store\.sqlite/.test(name)).sort();
}

test('a start where one of its files is a directory, or a pipe, ends with 1 and names it', async () => {
  const files = filesOf(whole);
  const store = ['store.sqlite', 'store.sqlite-wal', 'store.sqlite-shm'];
  const known = ['operator.key', 'venue.lock', 'journal/durable.mark'];
  const pipes = [...known, ...store];
  for (const name of [...known, 'admin.token', 'soup.session']) assert.ok(files.includes(name), `${name} of ${files}`);
  for (const [i, name] of [...files, ...store, 'venue.pid', 'accounts.json', 'journal/durable.mark.tmp'].entries()) {
    const data = copy(`${i}`);
    const file = path.join(data, name);
    const makers = [() => fs.mkdirSync(file), ...(pipes.includes(name) ? [() => execFileSync('mkfifo', [file])] : [])];
    for (const make of makers) {
      fs.rmSync(file, { recursive: true, force: true });
      make();
      const { code, signal, output } = await serve(data);
      assert.deepEqual([code, signal], [1, null], `${name}: ${output}`);
      assert.ok(output.includes(file), `${name}: ${output}`);
    }
    fs.rmSync(data, { recursive: true });
  }
});

test('a start that fails when its threads run leaves none, in a program too', async () => {
  const program = `
    import pino from ${JSON.stringify(import.meta.resolve('pino'))};
    import { startVenue } from ${JSON.stringify(VENUE)};
    import * as c from ${JSON.stringify(CONFIG)};
    const config = { ...c.DEFAULTS, data: process.argv[2], port: 0, assets: c.DEMO_ASSETS, instruments: c.DEMO_INSTRUMENTS };
    await startVenue(config, { log: pino({ level: 'silent' }), failSyncAt: 1 }).then(
      () => console.log('it started'),
      (error) => console.log('refused: ' + error.message),
    );`;
  const data = copy('threads');
  const file = path.join(folder, 'program.mjs');
  fs.writeFileSync(file, program);
  const { code, signal, output } = await run(file, data);
  assert.deepEqual([code, signal], [0, null], output);
  assert.match(output, /^refused: .*durable\.mark: EIO/m);
});

test("an operator's key that others could read is closed to them, and the log says that they could", async () => {
  const data = copy('open');
  const key = path.join(data, 'operator.key');
  fs.chmodSync(key, 0o644);
  const venue = await VenueProcess.start(data, '--demo', '--no-flow');
  assert.equal(fs.statSync(key).mode & 0o777, 0o600);
  assert.match(venue.output, /operator\.key was open to others/);
  await venue.close();
});
