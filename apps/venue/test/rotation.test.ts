/** Secrets that are rotated while files cannot be written. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { Accounts } from '../src/core/accounts/accounts.ts';
import { AdminToken, adminTokenFile } from '../src/core/accounts/admin-token.ts';
import { OperatorKey } from '../src/core/accounts/operator-key.ts';
import { Registry } from '../src/core/accounts/registry.ts';
import type { CommandFields } from '../src/spine/commands.ts';
import { temporaryDirectory } from './support/process.ts';

const folder = temporaryDirectory('rotation');
after(() => fs.rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** A journal that may refuse changes: those with a number, counted from the last call of `refuse`. */
class Journal {
  readonly registry = new Registry([], (fields) => this.#submit(fields));
  changes = 0;
  #refused: readonly number[] = [];

  refuse(...changes: number[]): void {
    this.changes = 0;
    this.#refused = changes;
  }

  async #submit({ record }: CommandFields): Promise<{ reason: number }> {
    if (this.#refused.includes(++this.changes)) throw new Error('the journal is full');
    this.registry.apply(record!.name, record!.value);
    return { reason: 0 };
  }
}

describe('the admin token', () => {
  async function open() {
    const data = path.join(folder, String(count++));
    fs.mkdirSync(data);
    const journal = new Journal();
    const operatorKey = OperatorKey.open(data, undefined, undefined);
    const start = () => AdminToken.open(data, journal.registry, operatorKey);
    const inFile = () => fs.readFileSync(adminTokenFile(data), 'utf8');
    return { journal, start, inFile, token: await start() };
  }

  /** Lets the next rename fail, or the sync of a directory behind it. @param then what else, from then on */
  function failOnce(t: TestContext, call: 'renameSync' | 'openSync', then = () => {}): void {
    const real = fs[call] as (...args: unknown[]) => unknown;
    const mock = t.mock.method(fs, call, (...args: unknown[]) => {
      if (call === 'openSync' && !fs.statSync(args[0] as string, { throwIfNoEntry: false })?.isDirectory()) return real(...args);
      mock.mock.restore();
      then();
      throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    });
  }

  it('in the file holds, and no other, whatever step of a rotation fails, and so it is after the next rotation and the next start', async (t) => {
    const failures: [string, number[], ('renameSync' | 'openSync')?][] = [
      ['the journal takes nothing', [1]],
      ['the file is not replaced', [], 'renameSync'],
      ['nor taken back by the journal', [2], 'renameSync'],
      ['its directory is not synced', [], 'openSync'],
    ];
    for (const [what, refused, call] of failures) {
      const { journal, start, inFile, token } = await open();
      const old = inFile();
      journal.refuse(...refused);
      if (call !== undefined) failOnce(t, call);
      await assert.rejects(token.rotate(0), what);
      journal.refuse();
      assert.ok(token.is(inFile()), `${what}: it holds`);
      assert.ok((await start()).is(inFile()), `${what}: it holds after a start`);
      const next = await token.rotate(0);
      assert.deepEqual([inFile(), token.is(next), token.is(old)], [next, true, false], `${what}: the next rotation`);
    }
  });

  it('in the file holds however often a rotation fails whose token the journal does not take back', async (t) => {
    const { journal, inFile, token } = await open();
    const old = inFile();
    for (let round = 0; round < 3; round++) {
      journal.refuse();
      failOnce(t, 'renameSync', () => journal.refuse(1, 2, 3));
      await assert.rejects(token.rotate(0), /EIO/);
      assert.deepEqual([inFile(), token.is(old)], [old, true]);
    }
  });

  it('before the last one ends when it should also where the journal does not take its end', async () => {
    const { journal, start, inFile, token } = await open();
    const old = inFile();
    journal.refuse(2);
    const next = await token.rotate(0);
    assert.deepEqual([inFile(), token.is(next), token.is(old)], [next, true, false]);
    const later = await start();
    assert.deepEqual([later.is(next), later.is(old)], [true, false], 'after a start');
  });
});

describe('an API key', () => {
  it('of a rotation that the journal takes only half of is gone, and the old one stays', async () => {
    const data = path.join(folder, String(count++));
    fs.mkdirSync(data);
    const journal = new Journal();
    const accounts = new Accounts(journal.registry, OperatorKey.open(data, undefined, undefined));
    await accounts.create('alice', async () => undefined);
    const { id, key } = await accounts.addKey('alice');
    for (const overlapMs of [0, 60_000]) {
      journal.refuse(2);
      await assert.rejects(accounts.rotateKey(id, overlapMs));
      assert.deepEqual(
        accounts.all[0].keys.map((one) => one.key),
        [key],
      );
    }
    journal.refuse();
    const made = await accounts.rotateKey(id, 0);
    assert.deepEqual(
      accounts.all[0].keys.map((one) => one.id),
      [made.id],
    );
  });
});
