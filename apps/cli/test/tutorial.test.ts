/** The tutorial's market and programs, as docs/tutorial.md has a reader run them. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OUTCRY, temporaryDirectory, VenueProcess } from '../../venue/test/support/process.ts';
import { until } from '../../venue/test/support/until.ts';

const TUTORIAL = fileURLToPath(new URL('../../../examples/tutorial/', import.meta.url));

describe('the tutorial', () => {
  const data = temporaryDirectory('tutorial');
  let venue: VenueProcess;
  before(async () => {
    venue = await VenueProcess.start(data, '--config', path.join(TUTORIAL, 'coffee.json'));
  });
  after(async () => {
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });

  function account(...args: string[]): string {
    return execFileSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', OUTCRY, 'account', ...args, '--data', data, '--url', venue.url, '--json'],
      {
        encoding: 'utf8',
      },
    );
  }

  /** The environment of a program of an account that was just opened. */
  function traderOf(name: string): NodeJS.ProcessEnv {
    const { key, secret } = JSON.parse(account('create', name));
    return { ...process.env, VENUE: venue.url, KEY: key, SECRET: secret };
  }

  it('ends with a maker that quotes anew what a taker bought, and both accounts as the page says', async () => {
    const maker = traderOf('maker');
    const taker = traderOf('taker');
    account('fund', 'maker', 'COFFEE', '1000');
    account('fund', 'maker', 'EUR', '10000');
    account('fund', 'taker', 'EUR', '500');
    const bot = spawn(process.execPath, [path.join(TUTORIAL, 'maker.ts')], { env: maker, stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    bot.stdout.on('data', (text) => {
      told += text;
    });
    try {
      await until(
        () => /SELL 10 at 8.05 rests/.test(told),
        () => `the maker quotes both sides: ${told}`,
      );
      const seen = execFileSync(process.execPath, [path.join(TUTORIAL, 'taker.ts')], { env: taker, encoding: 'utf8' });
      assert.match(seen, /^BUY 10\.0+ at 8\.050+, fee 0\.010+ COFFEE\nSELL 9\.90+ at 7\.950+, fee 0\.078710+ EUR\n/);
      assert.match(seen, /COFFEE 0\.090+ available, 0\.0+ held\n/);
      await until(
        () => told.match(/SELL 10 at 8.05 rests/g)?.length === 2,
        () => `the maker quotes again: ${told}`,
      );
      assert.match(told, /BUY order \d+: 9\.90+ traded at 7\.950+, PARTIALLY_FILLED/);
    } finally {
      bot.kill();
    }
  });
});
