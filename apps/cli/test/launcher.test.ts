/** The command as it is installed: what starts it, on a Node that is too old as well. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../../venue/test/support/process.ts';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));
const MANIFEST = JSON.parse(fs.readFileSync(path.join(FOLDER, 'package.json'), 'utf8'));
const LAUNCHER = path.join(FOLDER, MANIFEST.bin.outcry);

/** Another Node of this machine. */
function oldNode(): string | undefined {
  for (const folder of ['/usr/bin', '/usr/local/bin', '/opt/node/bin']) {
    const file = path.join(folder, 'node');
    if (!fs.existsSync(file)) continue;
    const major = Number(spawnSync(file, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' }).stdout);
    if (major >= 14 && major < 24) return file;
  }
  return undefined;
}

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(args[0], args.slice(1), { encoding: 'utf8', timeout: 60_000 });
  return { status, stdout, stderr };
}

describe('outcry on a Node that is too old', () => {
  const sentence = /^outcry: this is Node\.js (\d+)\.\d+\.\d+, and outcry needs Node\.js 24 or newer\.\n$/;

  it('says in a sentence which one it needs', (t) => {
    const old = oldNode();
    if (old === undefined) return t.skip('there is no other Node here');
    const { status, stdout, stderr } = run(old, LAUNCHER, 'serve', '--demo');
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, sentence);
  });

  it('or on one that only says that it is', (t) => {
    const folder = temporaryDirectory('launcher');
    t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
    const file = path.join(folder, 'old.cjs');
    fs.writeFileSync(file, "Object.defineProperty(process.versions, 'node', { value: '18.19.1' });");
    const { status, stdout, stderr } = run(process.execPath, '--require', file, LAUNCHER, 'serve', '--demo');
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, sentence);
  });
});

describe('outcry', () => {
  it('is a program of its own, that starts without a word on standard error', () => {
    assert.ok((fs.statSync(LAUNCHER).mode & 0o111) !== 0 || os.platform() === 'win32', 'executable');
    const { status, stdout, stderr } = run(process.execPath, LAUNCHER, '--version');
    assert.deepEqual([status, stdout, stderr], [0, '0.1.0\n', '']);
  });

  it('gives its exit code on', () => {
    const { status, stderr } = run(process.execPath, LAUNCHER, 'dance');
    assert.equal(status, 2);
    assert.match(stderr, /unknown command 'dance'/);
  });

  it('shows warnings, but for those of experiments', (t) => {
    const folder = temporaryDirectory('launcher');
    t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
    const file = path.join(folder, 'warn.cjs');
    const warnings = "['Experimental', 'Other'].forEach((kind) => process.emitWarning(kind + ' news', kind + 'Warning'))";
    fs.writeFileSync(file, `setImmediate(() => { ${warnings} });`);
    const { stderr } = run(process.execPath, '--require', file, LAUNCHER, 'doctor');
    assert.match(stderr, /OtherWarning: Other news/);
    assert.doesNotMatch(stderr, /Experimental news/);
  });
});
