/** The configuration as an operator gives it: in a file, in the environment, on the command line. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '@outcry/venue/domain/config';
import { OUTCRY, temporaryDirectory, VenueProcess } from '../../venue/test/support/process.ts';
import { until } from '../../venue/test/support/until.ts';

const directory = temporaryDirectory('config');
after(() => fs.rmSync(directory, { recursive: true, force: true }));

const MARKET = { assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS };

function write(name: string, config: unknown): string {
  const file = path.join(directory, name);
  fs.writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  return file;
}

function outcry(args: string[], environment: Record<string, string> = {}): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [OUTCRY, ...args], { encoding: 'utf8', env: { ...process.env, ...environment } });
}

describe('outcry serve with a wrong configuration', () => {
  it('tells all that is wrong, where it stands, and ends with 2 before it touches the data directory', () => {
    const data = path.join(directory, 'untouched');
    const file = write('wrong.json', { ...MARKET, prot: 8080, durability: 'sync', fix: {} });
    const { status, stdout, stderr } = outcry(['serve', '--config', file, '--data', data, '--port', '70000', '--set', 'limits.order=5'], {
      OUTCRY_CONFIG_HISTORY_MS: '-1',
      OUTCRY_CONFIG_HOTS: '::1',
    });
    assert.equal(status, 2);
    assert.equal(stdout, '');
    for (const message of [
      /wrong\.json: prot: there is no such key \(its value: 8080\); did you mean port\?/,
      /wrong\.json: durability: "sync" is not one of fsync, os/,
      /wrong\.json: fix\.port is missing/,
      /--port: port: 70000 is not a whole number from 0 to 65535/,
      /--set limits\.order: there is no such key; did you mean limits\.orders\?/,
      /OUTCRY_CONFIG_HISTORY_MS: historyMs: -1 is not a whole number from 1/,
      /OUTCRY_CONFIG_HOTS: there is no such key; did you mean OUTCRY_CONFIG_HOST\?/,
    ])
      assert.match(stderr, message);
    assert.ok(!/ {4}at /.test(stderr), 'no stack trace for people');
    assert.ok(!fs.existsSync(data));
  });

  for (const [args, message] of [
    [['--data', path.join(directory, 'nothing')], /nothing to trade: give assets and instruments in --config, or use --demo/],
    [['--demo', '--host', '0.0.0.0'], /--demo has public passwords and listens on loopback only/],
    [['--config', path.join(directory, 'missing.json')], /missing\.json/],
    [['--config', write('half.json', '{')], /half\.json: /],
    [['--config', write('list.json', [])], /list\.json: must be a JSON object/],
    [['--demo', '--set', 'port'], /--set "port": must be KEY=VALUE/],
  ] as [string[], RegExp][]) {
    it(`says ${message.source}`, () => {
      const { status, stdout, stderr } = outcry(['serve', ...args]);
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.ok(!/ {4}at /.test(stderr), 'no stack trace for people');
    });
  }
});

describe('outcry config', () => {
  it('check says that nothing is wrong, or all that is', () => {
    const good = outcry(['config', 'check', write('good.json', MARKET)]);
    assert.deepEqual([good.status, good.stderr], [0, '']);
    assert.match(good.stdout, /^Nothing is wrong: 3 assets, 2 instruments, data in \//);
    const bad = outcry(['config', 'check', write('bad.json', { ...MARKET, durability: 'sync', ouch: { prot: 1 } })]);
    assert.deepEqual([bad.status, bad.stdout], [2, '']);
    assert.match(bad.stderr, /durability: "sync".*\n.*ouch\.prot: .*\n.*ouch\.port is missing/);
  });

  it('check warns of fees that are rounded up to a large part of what is bought, and the venue does at its start', async () => {
    const sword = { ...DEMO_INSTRUMENTS[0], symbol: 'SWORDUSDT', base: 'SWORD', tick: '0.01', lot: '1', takerFeePpm: 20_000 };
    const config = (scale: number, takerFeePpm: number) => ({
      assets: [...DEMO_ASSETS, { name: 'SWORD', scale }],
      instruments: [{ ...sword, takerFeePpm, makerFeePpm: 0 }],
    });
    const warned = outcry(['config', 'check', write('sword.json', config(0, 20_000))]);
    const warning =
      /SWORDUSDT: a buyer of one lot \(1 SWORD\) pays 100 % of it, as the fee of 2 % is rounded up to a whole unit of SWORD: /;
    assert.equal(warned.status, 0, warned.stderr);
    assert.match(warned.stdout, warning);
    for (const [scale, fee] of [
      [0, 0],
      [2, 20_000],
      [4, 100],
    ])
      assert.doesNotMatch(outcry(['config', 'check', write('sword.json', config(scale, fee))]).stdout, /Warning/);
    const venue = await VenueProcess.start(path.join(directory, 'sword'), '--config', write('sword.json', config(0, 20_000)));
    await until(
      () => warning.test(venue.output),
      () => `a warning in ${venue.output}`,
    );
    await venue.close();
  });

  it('print says what takes effect and where it comes from, and hides what is a secret', () => {
    const secret = 'ab'.repeat(32);
    const file = write('printed.json', { ...MARKET, limits: { orders: 500 }, operatorKeyFile: secret });
    const args = ['config', 'print', file, '--demo', '--set', 'publishers=2'];
    const { status, stdout } = outcry([...args, '--json'], { OUTCRY_CONFIG_PORT: '9000' });
    assert.equal(status, 0);
    const values = new Map((JSON.parse(stdout) as { key: string; value: unknown; from: string }[]).map((one) => [one.key, one]));
    const said = (...keys: string[]) => keys.map((key) => [values.get(key)?.value, values.get(key)?.from]);
    assert.deepEqual(said('port', 'ouch.port', 'limits.orders', 'limits.assets', 'publishers', 'instruments'), [
      [9000, 'environment'],
      [9001, 'demo'],
      [500, 'file'],
      [64, 'default'],
      [2, 'option'],
      [DEMO_INSTRUMENTS, 'file'],
    ]);
    const table = outcry(args).stdout;
    assert.match(table, /limits\.orders +│ 500 +│ file/);
    assert.match(table, /instruments\[1\]\.symbol +│ "ETHUSDT" +│ file/);
    assert.match(table, /operatorKeyFile +│ \(hidden: a secret\)/);
    assert.ok(!table.includes(secret) && !stdout.includes(secret));
  });

  it('schema is what the package holds', () => {
    const published = fs.readFileSync(new URL('../../venue/config.schema.json', import.meta.url), 'utf8');
    assert.deepEqual(JSON.parse(outcry(['config', 'schema']).stdout), JSON.parse(published));
  });
});

it('a definition whose keys are in another order is the same; one that is changed or gone is told of, and its venue starts with it again', async () => {
  const data = path.join(directory, 'definitions');
  const reversed = (entries: readonly object[]) => entries.map((entry) => Object.fromEntries(Object.entries(entry).reverse()));
  const start = (config: object) => VenueProcess.start(data, '--config', write('market.json', config));
  const [bitcoin, ether] = DEMO_INSTRUMENTS;
  await (await start(MARKET)).close();
  await (await start({ instruments: reversed(DEMO_INSTRUMENTS), assets: reversed(DEMO_ASSETS) })).close();
  const check = (config: object) => outcry(['config', 'check', write('market.json', config), '--data', data]);
  assert.match(check(MARKET).stdout, /^Nothing is wrong: .* data in .*, which has the same market\.\n$/);
  for (const [instruments, message] of [
    [[bitcoin], /instruments\[1\] \(ETHUSDT\) of the data directory is not defined any more: .*cannot be changed or removed/],
    [
      [bitcoin, { ...ether, tick: '0.1' }],
      /instruments\[1\]\.tick: "0\.1", and "0\.01" in the data directory: .*cannot be changed or removed/,
    ],
  ] as [object[], RegExp][]) {
    const { status, stderr } = outcry([
      'serve',
      '--port',
      '0',
      '--data',
      data,
      '--config',
      write('market.json', { ...MARKET, instruments }),
    ]);
    assert.equal(status, 1);
    assert.match(stderr, message);
    assert.ok(!/ {4}at /.test(stderr), stderr);
    const checked = check({ ...MARKET, instruments });
    assert.deepEqual([checked.status, checked.stdout], [2, '']);
    assert.match(checked.stderr, message);
  }
  const running = await start(MARKET);
  assert.equal(check(MARKET).status, 0, 'while a venue runs on it');
  await running.close();
});
