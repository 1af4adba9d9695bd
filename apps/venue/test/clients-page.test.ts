/** docs/clients.md and the README: their examples run as they are written, and the table names the versions that the tests run. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { versionOf } from './clients/trading-client.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGE = fs.readFileSync(`${ROOT}docs/clients.md`, 'utf8');
const ADDRESS = '127.0.0.1:8080';
const run = promisify(execFile);

const README = fs.readFileSync(`${ROOT}README.md`, 'utf8');
const sections = PAGE.split(/^## /m).slice(1);
const exampleOf = (section: string) => /```js\n([\s\S]*?)```/.exec(section)![1];

describe('the page about clients', () => {
  const data = temporaryDirectory('clients-page');
  let venue: VenueProcess;
  before(async () => {
    venue = await VenueProcess.start(data, '--demo', '--no-flow');
  });
  after(async () => {
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });

  for (const section of [...sections, `the README\n${README}`]) {
    const [name] = section.split('\n');
    it(`has an example of ${name} that enters an order`, async () => {
      const alice = new Client(venue.url, 'alice');
      const openOrders = async () => (await alice.signed('GET', '/api/v3/openOrders')).body.length as number;
      const before = await openOrders();
      const example = exampleOf(section);
      assert.ok(example.includes(ADDRESS));
      await run(process.execPath, ['--input-type=module', '--eval', example.replaceAll(ADDRESS, new URL(venue.url).host)], { cwd: ROOT });
      assert.equal(await openOrders(), before + 1);
    });
  }

  for (const section of sections) {
    const [name] = section.split('\n');
    it(`has the version of ${name}`, () => {
      const line = PAGE.split('\n').find((text) => text.startsWith(`| [${name}]`));
      assert.equal(line?.split('|')[2].trim(), versionOf(name));
    });
  }
});
