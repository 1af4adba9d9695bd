/** Faults planted in the engine: comparing it with the reference venue finds each. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FAULTS } from './mutations/faults.ts';

const PACKAGES = fileURLToPath(new URL('../../', import.meta.url));
const NAMES = ['memory', 'market', 'book', 'ledger', 'engine'];
const STREAMS = 4000;
const FOUND = 3;

/** A copy of the packages that the engine is made of, to plant faults in. */
function copyPackages(): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-faults-'));
  fs.mkdirSync(path.join(root, 'node_modules', '@outcry'), { recursive: true });
  for (const name of NAMES) {
    fs.cpSync(path.join(PACKAGES, name), path.join(root, 'packages', name), { recursive: true });
    fs.symlinkSync(path.join('..', '..', 'packages', name), path.join(root, 'node_modules', '@outcry', name));
  }
  for (const dependency of ['fast-check', 'pure-rand']) {
    const real = path.join(PACKAGES, '..', 'node_modules', dependency);
    if (fs.existsSync(real)) fs.symlinkSync(real, path.join(root, 'node_modules', dependency));
  }
  fs.writeFileSync(path.join(root, 'package.json'), '{ "type": "module" }');
  return root;
}

function hunt(root: string, streams: number): Promise<number | null> {
  const script = path.join(root, 'packages', 'engine', 'test', 'mutations', 'hunt.ts');
  const child = spawn(process.execPath, [script, String(streams)], { stdio: 'ignore' });
  // A fault may also hang the engine: that is found too.
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  return new Promise((resolve) =>
    child.once('exit', (code) => {
      clearTimeout(timer);
      resolve(code);
    }),
  );
}

describe(`${FAULTS.length} planted faults are found by comparing the engine with the reference venue`, () => {
  let root = '';
  before(() => {
    root = copyPackages();
  });
  after(() => fs.rmSync(root, { recursive: true, force: true }));

  it('without a fault there is nothing to find', async () => {
    assert.equal(await hunt(root, 300), 0);
  });

  for (const { what, file, from, to } of FAULTS) {
    it(`${path.basename(file)}: ${what}`, async () => {
      const target = path.join(root, 'packages', file);
      const sound = fs.readFileSync(target, 'utf8');
      assert.equal(sound.split(from).length, 2, `the code to change is there once in ${file}: ${from}`);
      fs.writeFileSync(
        target,
        sound.replace(from, () => to),
      );
      try {
        const code = await hunt(root, STREAMS);
        assert.ok(code !== 0, 'nobody noticed');
        assert.ok(code === FOUND || code === null || code === 1, `the hunt ended with ${code}`);
      } finally {
        fs.writeFileSync(target, sound);
      }
    });
  }
});
