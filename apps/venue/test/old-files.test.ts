import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import pino from 'pino';
import { Accounts } from '../src/core/accounts/accounts.ts';
import { LogIns } from '../src/core/accounts/log-ins.ts';
import { importOldFiles } from '../src/core/accounts/old-files.ts';
import { OperatorKey } from '../src/core/accounts/operator-key.ts';
import { Registry } from '../src/core/accounts/registry.ts';
import { temporaryDirectory } from './support/process.ts';

const { publicKey, privateKey } = crypto.generateKeyPairSync('ed25519');
const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
const ACCOUNTS = [
  {
    number: 0,
    name: 'alice',
    keys: [
      { key: 'alice', secret: 'alice-secret' },
      { key: 'signs', publicKey: pem, permission: 'READ', addresses: ['::ffff:10.0.0.1'] },
      { key: 'wrong', publicKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) },
    ],
    logins: [{ user: 'ALICE', password: 'alicepass', number: 7, account: 0, cancelOnDisconnect: true }],
  },
  { number: 1, name: 'bob', keys: [] },
];

function sceneOf() {
  const data = temporaryDirectory('old-files');
  const write = (name: string, text: string) => fs.writeFileSync(path.join(data, name), text);
  const registry: Registry = new Registry([], ({ record }) => {
    registry.apply(record!.name, record!.value);
    return Promise.resolve({ reason: 0 });
  });
  const operatorKey = OperatorKey.open(data, undefined, undefined);
  const take = () => importOldFiles(data, true, registry, operatorKey, pino({ level: 'silent' }));
  return { data, write, registry, operatorKey, take };
}

it('what an earlier version kept in files is in the journal after a start, as it was, and the files with their secrets are gone', async () => {
  const { data, write, registry, operatorKey, take } = sceneOf();
  write('accounts.json', JSON.stringify(ACCOUNTS));
  write('store.owner', '4711');
  write('definitions.json', JSON.stringify({ assets: [{ name: 'USDT', scale: 8 }], instruments: [] }));
  write('demo-funded', '');
  await take();
  write('accounts.json', JSON.stringify(ACCOUNTS)); // a start that ended in between does it again
  await take();
  assert.deepEqual(fs.readdirSync(data), ['operator.key']);
  assert.deepEqual(registry.get('store.owner'), { owner: 4711 });
  assert.deepEqual(registry.get('asset/0'), { name: 'USDT', scale: 8 });
  const accounts = new Accounts(registry, operatorKey);
  assert.deepEqual(
    accounts.all.map(({ name, keys }) => [name, keys.length]),
    [
      ['alice', 2],
      ['bob', 0],
    ],
  );
  assert.equal(accounts.byKey('alice')!.key.verifier.export().toString(), 'alice-secret');
  const { permission, addresses } = accounts.byKey('signs')!.key;
  assert.deepEqual([permission, addresses!.entries], ['READ', ['10.0.0.1']]);
  const login = new LogIns(accounts.logins).check('ALICE', 'alicepass', '10.0.0.1')!;
  assert.deepEqual([login.number, login.account, login.cancelOnDisconnect], [7, 0, true]);
  accounts.close();
});

it('one that was cut stops the start, and says what to do', async () => {
  const { write, take } = sceneOf();
  for (const [name, text] of [
    ['accounts.json', ''],
    ['store.owner', ''],
    ['definitions.json', '{"assets":['],
  ]) {
    write(name, text);
    await assert.rejects(
      take(),
      new RegExp(`${name.replace('.', '\\.')} of an earlier version cannot be read .*put it back from a copy, or remove it`),
    );
    write(name, name === 'store.owner' ? '1' : name === 'accounts.json' ? '[]' : '{"assets":[],"instruments":[]}');
    await take();
  }
});
