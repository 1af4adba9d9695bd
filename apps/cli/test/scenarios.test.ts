/** Scenarios of the demo, on the command line. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { SCENARIOS } from '@outcry/venue/demo/scenarios';
import { OUTCRY, temporaryDirectory, VenueProcess } from '../../venue/test/support/process.ts';

const directory = temporaryDirectory('scenarios');
after(() => fs.rmSync(directory, { recursive: true, force: true }));

function write(name: string, scenario: unknown): string {
  const file = path.join(directory, name);
  fs.writeFileSync(file, JSON.stringify(scenario));
  return file;
}

function outcry(...args: string[]) {
  return spawnSync(process.execPath, [OUTCRY, ...args], { encoding: 'utf8' });
}

describe('outcry scenarios', () => {
  it('lists all that ship, as does the help of serve', () => {
    const { stdout } = outcry('scenarios');
    const help = outcry('serve', '--help').stdout.replace(/\s+/g, ' ');
    for (const [name, { description }] of Object.entries(SCENARIOS)) {
      assert.ok(stdout.includes(name) && stdout.includes(description!), name);
      assert.ok(help.includes(name), name);
    }
  });

  it('prints one as JSON that is a scenario file', () => {
    const { status, stdout } = outcry('scenarios', 'flash-crash');
    assert.equal(status, 0);
    const file = write('copy.json', JSON.parse(stdout));
    assert.deepEqual(JSON.parse(outcry('scenarios', file).stdout), SCENARIOS['flash-crash']);
  });

  it('has a schema that knows every key and action', () => {
    const { properties } = JSON.parse(outcry('scenarios', '--schema').stdout);
    assert.deepEqual(Object.keys(properties).sort(), ['$schema', 'book', 'description', 'loopMs', 'market', 'steps']);
    assert.equal(properties.steps.items.anyOf.length, 7);
  });
});

describe('outcry serve with a scenario', () => {
  const data = path.join(directory, 'untouched');
  for (const [args, message] of [
    [['--demo', '--scenario', 'flsh-crash'], /unknown scenario "flsh-crash"; did you mean flash-crash\?/],
    [
      ['--demo', '--scenario', write('bad.json', { steps: [{ at: 0, do: 'halt', symbol: 'X' }] })],
      /bad\.json: steps\[0\]\.symbol: there is no instrument "X"/,
    ],
    [['--scenario', 'whale', '--config', write('market.json', {})], /nothing to trade|needs --demo/],
    [['--demo', '--no-flow', '--seed', '4'], /--seed is about the demo's order flow/],
    [['--demo', '--seed', 'x'], /a whole number from 0/],
  ] as [string[], RegExp][]) {
    it(`says ${message.source}, and touches nothing`, () => {
      const { status, stderr } = outcry('serve', '--data', data, ...args);
      assert.equal(status, 2);
      assert.match(stderr, message);
      assert.ok(!fs.existsSync(data));
    });
  }

  it('plays it from a file, from its start on', async () => {
    const file = write('bid.json', { market: { orders: 0, takersPerMinute: 0 }, book: [{ side: 'BUY', value: 100, distance: '50%' }] });
    const venue = await VenueProcess.start(path.join(directory, 'data'), '--demo', '--scenario', file, '--seed', '3', '--paused');
    const depth = (await (await fetch(`${venue.url}/api/v3/depth?symbol=BTCUSDT`)).json()) as { bids: string[][] };
    assert.deepEqual(depth.bids, [['30000.00000000', '0.00166000']]);
    const clock = await (await fetch(`${venue.url}/outcry/v1/demo/clock`)).json();
    assert.partialDeepStrictEqual(clock, { scenario: file, seed: 3, paused: true, timeMs: 0 });
    await venue.close();
  });
});
