import assert from 'node:assert/strict';
import crypto, { type KeyObject } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { OperatorKey } from '../src/core/accounts/operator-key.ts';
import { publicKeyText, readPublicKey } from '../src/domain/public-key.ts';
import { isSecret } from '../src/domain/secrets.ts';
import { temporaryDirectory } from './support/process.ts';

function directoryOf(): string {
  return temporaryDirectory('secrets');
}

describe('the operator’s key', () => {
  it('is made at the first start, for its owner’s eyes only, and is the same at the next', () => {
    const data = directoryOf();
    const made = OperatorKey.open(data, undefined, undefined);
    assert.equal(fs.statSync(path.join(data, 'operator.key')).mode & 0o777, 0o600);
    const again = OperatorKey.open(data, undefined, made.fingerprint);
    assert.equal(again.open(made.seal('secret', 'key'), 'key'), 'secret');
  });

  it('that is missing, cut, or another’s stops the start, and says what to do', () => {
    const data = directoryOf();
    const file = path.join(data, 'operator.key');
    const { fingerprint } = OperatorKey.open(data, undefined, undefined);
    const good = fs.readFileSync(file, 'utf8');
    for (const text of ['', 'ab', good.slice(0, 40), `${good}${good}`, good.replace(/./, 'x')]) {
      fs.writeFileSync(file, text);
      assert.throws(() => OperatorKey.open(data, undefined, fingerprint), /is no operator's key.*put the key back from a copy/s);
      assert.throws(() => OperatorKey.open(data, undefined, undefined), /is no operator's key.*remove it, and start again/s);
    }
    fs.writeFileSync(file, crypto.randomBytes(32).toString('hex'));
    assert.throws(
      () => OperatorKey.open(data, undefined, fingerprint),
      /is not the key that this journal's secrets are sealed with: put the key back/,
    );
    fs.rmSync(file);
    assert.throws(() => OperatorKey.open(data, undefined, fingerprint), /there is no .*operator\.key: put the key back/);
    assert.equal(fs.existsSync(file), false, 'and none is made in its place');
    assert.throws(() => OperatorKey.open(data, path.join(data, 'elsewhere'), undefined), /make it with 'openssl rand -hex 32/);
    fs.writeFileSync(path.join(data, 'elsewhere'), good);
    assert.equal(OperatorKey.open(data, path.join(data, 'elsewhere'), fingerprint).fingerprint, fingerprint);
  });

  it('opens what it sealed, for whom it was sealed, and nothing that was changed', () => {
    const key = OperatorKey.open(directoryOf(), undefined, undefined);
    const other = OperatorKey.open(directoryOf(), undefined, undefined);
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.nat(), fc.nat(254), (secret, place, change) => {
        const sealed = key.seal(secret, 'key-1');
        assert.equal(key.open(sealed, 'key-1'), secret);
        assert.throws(() => key.open(sealed, 'key-2'));
        assert.throws(() => other.open(sealed, 'key-1'));
        const bytes = Buffer.from(sealed, 'base64');
        bytes[place % bytes.length] ^= change + 1;
        assert.throws(() => key.open(bytes.toString('base64'), 'key-1'));
      }),
    );
    assert.throws(() => key.open('', 'key-1'));
  });

  it('lets a password be compared, and nothing be tried without it', () => {
    const key = OperatorKey.open(directoryOf(), undefined, undefined);
    const other = OperatorKey.open(directoryOf(), undefined, undefined);
    const kept = key.keep('password');
    assert.notDeepEqual(kept, key.keep('password'), 'each with its own salt');
    assert.ok(isSecret(key.check(kept), 'password'));
    for (const wrong of ['', 'Password', 'password\0', 'passwor']) assert.equal(isSecret(key.check(kept), wrong), false);
    assert.equal(isSecret(other.check(kept), 'password'), false);
  });
});

describe('a public key', () => {
  const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string;
  const spki = (point: Buffer) =>
    `-----BEGIN PUBLIC KEY-----\n${Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), point]).toString('base64')}\n-----END PUBLIC KEY-----\n`;

  it('of Ed25519 is taken, as OpenSSL, Windows and people write it', () => {
    const text = pem(crypto.generateKeyPairSync('ed25519').publicKey);
    for (const written of [text, text.replaceAll('\n', '\r\n'), `\n  ${text.trim()}  \n`])
      assert.equal(publicKeyText(readPublicKey(written)), text);
  });

  it('that is a private one is refused, whatever it is wrapped in', () => {
    const { privateKey, publicKey } = crypto.generateKeyPairSync('ed25519');
    const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }) as string;
    const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }) as string;
    for (const text of [pkcs8, encrypted, rsa, pem(publicKey) + pkcs8, pkcs8 + pem(publicKey)])
      assert.throws(() => readPublicKey(text), /this is a private key/);
    const der = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
    assert.throws(() => readPublicKey(`-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----\n`), /cannot be read/);
    assert.throws(() => readPublicKey(der), /not one public key/);
  });

  it('of another kind, or that anybody could sign for, is refused', () => {
    const pairs = [
      crypto.generateKeyPairSync('rsa', { modulusLength: 1024 }),
      crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }),
      crypto.generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
      crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      crypto.generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
      crypto.generateKeyPairSync('x25519'),
      crypto.generateKeyPairSync('ed448'),
    ];
    for (const { publicKey } of pairs) assert.throws(() => readPublicKey(pem(publicKey)), /are not taken: Ed25519 only/);
    for (const point of ['00'.repeat(32), `01${'00'.repeat(31)}`, `${'00'.repeat(31)}80`, `ec${'ff'.repeat(31)}`, `ee${'ff'.repeat(30)}7f`])
      assert.throws(() => readPublicKey(spki(Buffer.from(point, 'hex'))), /small order/, point);
    for (const text of [
      '',
      'nonsense',
      '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----',
      `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(9000)}\n-----END PUBLIC KEY-----`,
    ])
      assert.throws(() => readPublicKey(text), /not one public key|cannot be read/);
    assert.throws(() => readPublicKey(pem(pairs[3].publicKey).repeat(2)), /not one public key/);
  });
});
