/** The lock of a data directory, over processes, containers and deaths. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemCalls } from '@outcry/memory/libc';
import { holderOf, lockDirectory } from '../src/spine/lock.ts';
import { temporaryDirectory } from './support/process.ts';
import { until } from './support/until.ts';

const LOCKER = fileURLToPath(new URL('./support/locker.ts', import.meta.url));
const KERNEL = systemCalls();
/** As a container has them: process numbers that begin at 1. */
const OWN_NUMBERS = ['unshare', '--pid', '--fork', '--mount-proc', process.execPath];
const unshared = spawnSync(OWN_NUMBERS[0], [...OWN_NUMBERS.slice(1, -1), 'true'], { encoding: 'utf8' });
const NO_NAMESPACE = unshared.status === 0 ? false : `no process numbers of their own: ${unshared.stderr ?? unshared.error}`;
const NO_KERNEL = KERNEL.done ? false : `no system calls: ${KERNEL.detail}`;

class Locker {
  readonly child: ChildProcess;
  said = '';

  constructor(directory: string, [command, ...args]: string[] = [process.execPath]) {
    this.child = spawn(command, [...args, LOCKER, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout!.on('data', (chunk) => {
      this.said += chunk;
    });
  }

  async answer(): Promise<string> {
    await until(
      () => this.said.includes('\n'),
      () => 'a word of the other process',
    );
    return this.said.trim();
  }

  async end(how: 'release' | 'kill' = 'release'): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.exitCode !== null) return;
    if (how === 'kill') this.child.kill('SIGKILL');
    else this.child.stdin!.end();
    await ended;
  }
}

function directoryOf(): string {
  return temporaryDirectory('lock');
}

describe('a data directory', { skip: NO_KERNEL }, () => {
  it('is one process’s, until that releases it or dies, however it dies', async () => {
    const directory = directoryOf();
    for (const how of ['release', 'kill', 'release'] as const) {
      const first = new Locker(directory);
      assert.equal(await first.answer(), 'held');
      assert.equal(holderOf(directory), first.child.pid);
      const second = new Locker(directory);
      assert.match(await second.answer(), new RegExp(`${directory} is in use by process ${first.child.pid}`));
      await first.end(how);
      assert.equal(holderOf(directory), undefined);
    }
  });

  it('is kept from a process of another container, though both be number 1', { skip: NO_NAMESPACE }, async () => {
    const directory = directoryOf();
    const first = new Locker(directory, OWN_NUMBERS);
    assert.equal(await first.answer(), 'held');
    assert.equal(fs.readFileSync(path.join(directory, 'venue.pid'), 'utf8'), '1');
    for (const command of [OWN_NUMBERS, [process.execPath]]) {
      const second = new Locker(directory, command);
      assert.match(await second.answer(), /is in use by process 1/);
      await second.end();
    }
    assert.equal(holderOf(directory), 1);
    await first.end();
    const next = new Locker(directory, OWN_NUMBERS);
    assert.equal(await next.answer(), 'held', 'and free again when that is gone');
    await next.end();
  });

  it('is the same by every name, and a copy is another', async (t) => {
    const directory = directoryOf();
    const [link, copy] = [`${directory}-link`, `${directory}-copy`];
    t.after(() => [link, copy].map((each) => fs.rmSync(each, { recursive: true, force: true })));
    const first = new Locker(directory);
    assert.equal(await first.answer(), 'held');
    fs.symlinkSync(directory, link);
    fs.cpSync(directory, copy, { recursive: true });
    assert.match(await new Locker(link).answer(), /is in use/);
    const other = new Locker(copy);
    assert.equal(await other.answer(), 'held');
    await Promise.all([first.end(), other.end()]);
  });

  it('is not taken twice by one process either', () => {
    const directory = directoryOf();
    const lock = lockDirectory(directory);
    assert.throws(() => lockDirectory(directory), /is in use/);
    lock.release();
    lockDirectory(directory).release();
  });

  it('is no longer held once it is removed, replaced, or its lock is made anew', (t) => {
    for (const harm of [
      (directory: string) => fs.rmSync(directory, { recursive: true }),
      (directory: string) => fs.rmSync(path.join(directory, 'venue.lock')),
      (directory: string) => fs.renameSync(directory, `${directory}-moved`),
      (directory: string) => {
        fs.renameSync(directory, `${directory}-moved`);
        fs.cpSync(`${directory}-moved`, directory, { recursive: true });
      },
    ]) {
      const directory = directoryOf();
      t.after(() => fs.rmSync(`${directory}-moved`, { recursive: true, force: true }));
      const lock = lockDirectory(directory);
      assert.equal(lock.isHeld(), true);
      harm(directory);
      assert.equal(lock.isHeld(), false);
      lock.release();
    }
  });

  it('is held though nobody may read the process number, and whatever it says', () => {
    const directory = directoryOf();
    const lock = lockDirectory(directory);
    for (const text of ['', '0', '1', 'nonsense', '99999999']) {
      fs.writeFileSync(path.join(directory, 'venue.pid'), text);
      assert.equal(lock.isHeld(), true);
      assert.throws(() => lockDirectory(directory), /is in use/);
    }
    lock.release();
  });
});

it('is locked by a process number where the kernel cannot be asked, and the venue is told what that is worth', async () => {
  const directory = directoryOf();
  const elsewhere = [process.execPath, '--import', 'data:text/javascript,Object.defineProperty(process,"platform",{value:"another"})'];
  const first = new Locker(directory, elsewhere);
  assert.match(await first.answer(), /^held by number only: not offered on another/);
  assert.match(await new Locker(directory, elsewhere).answer(), /is in use by process/);
  await first.end('kill');
  const second = new Locker(directory, elsewhere);
  assert.match(await second.answer(), /^held by number only/);
  await second.end();
});
