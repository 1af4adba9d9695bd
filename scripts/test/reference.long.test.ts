/** The reference that is made out of the packages' doc comments. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { ROOT } from '../packages.ts';

it('is made of every package: no export is without a description, and no link leads nowhere', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-reference-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'reference', '--', '--', '--out', folder], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr);
  const named = fs.readdirSync(path.join(folder, 'modules')).join(' ');
  for (const name of ['memory', 'market', 'book', 'ledger', 'engine', 'journal', 'wire', 'feed', 'telemetry', 'venue'])
    assert.match(named, new RegExp(name), `${name} is in the reference`);
});
