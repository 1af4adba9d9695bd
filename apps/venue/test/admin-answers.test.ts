/** What administrators are answered is what /openapi.json promises, of each of their operations. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AnswerSchemas } from './support/answer-schemas.ts';
import { temporaryDirectory, VenueProcess } from './support/process.ts';

const publicKey = String(crypto.generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
const validUntil = Date.now() + 86_400_000;

/** In an order in which each finds what it needs: operation, body, and what stands in the places of its path. */
const CALLS: [method: 'GET' | 'POST' | 'DELETE', path: string, body?: object, places?: Record<string, string>][] = [
  ['GET', '/outcry/v1/status'],
  ['GET', '/outcry/v1/memory'],
  ['POST', '/outcry/v1/accounts', { name: 'carol' }],
  ['POST', '/outcry/v1/accounts/{name}/fund', { asset: 'USDT', amount: '1000' }, { name: 'carol' }],
  ['POST', '/outcry/v1/accounts/{name}/fund', { asset: 'USDT', amount: '-1' }, { name: 'carol' }],
  ['POST', '/outcry/v1/accounts/{name}/keys', {}, { name: 'carol' }],
  ['POST', '/outcry/v1/keys/{key}/rotate', { overlapMs: 1000 }, { key: 'MADE' }],
  ['POST', '/outcry/v1/keys/{key}/expire', { validUntil }, { key: 'MADE' }],
  ['POST', '/outcry/v1/keys/{key}/expire', { validUntil: null }, { key: 'MADE' }],
  ['POST', '/outcry/v1/accounts/{name}/keys', { publicKey, permission: 'READ', addresses: ['127.0.0.1'], validUntil }, { name: 'carol' }],
  ['GET', '/outcry/v1/accounts'],
  ['DELETE', '/outcry/v1/keys/{key}', undefined, { key: 'MADE' }],
  ['POST', '/outcry/v1/accounts/{name}/logins', { user: 'CAROL' }, { name: 'carol' }],
  ['POST', '/outcry/v1/logins/{user}/rotate', { overlapMs: 0 }, { user: 'CAROL' }],
  ['POST', '/outcry/v1/logins/{user}/expire', { validUntil }, { user: 'CAROL' }],
  ['DELETE', '/outcry/v1/logins/{user}', undefined, { user: 'CAROL' }],
  ['GET', '/outcry/v1/accounts'],
  ['POST', '/outcry/v1/instruments/{symbol}/state', { state: 'HALTED' }, { symbol: 'ETHUSDT' }],
  ['POST', '/outcry/v1/instruments/{symbol}/state', { state: 'CONTINUOUS', referencePrice: '3000' }, { symbol: 'ETHUSDT' }],
  ['POST', '/outcry/v1/instruments/{symbol}/rules', { REFERENCE_PRICE: '3000' }, { symbol: 'ETHUSDT' }],
  ['GET', '/outcry/v1/instruments/{symbol}/rules', undefined, { symbol: 'ETHUSDT' }],
  ['POST', '/outcry/v1/accounts/{name}/rules', { PARENT: 'alice', MAX_POSITION: { BTC: '10' } }, { name: 'carol' }],
  ['POST', '/outcry/v1/accounts/{name}/transfer', { to: 'alice', asset: 'USDT', amount: '5' }, { name: 'carol' }],
  ['POST', '/outcry/v1/fee-tiers/{tier}', { makerFeePpm: -100, takerFeePpm: 900 }, { tier: '1' }],
  ['DELETE', '/outcry/v1/orders', { account: 'carol' }],
  ['POST', '/outcry/v1/accounts/{name}/kill', {}, { name: 'carol' }],
  ['DELETE', '/outcry/v1/latencies'],
  ['POST', '/outcry/v1/admin-token/rotate', { overlapMs: 60_000 }],
];

describe('what administrators are answered', () => {
  const data = temporaryDirectory('admin-answers');
  let venue: VenueProcess;
  let schemas: AnswerSchemas;
  before(async () => {
    venue = await VenueProcess.start(data, '--demo', '--no-flow');
    schemas = await AnswerSchemas.of(venue.url);
  });
  after(async () => {
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });

  it('is as documented', async () => {
    const token = fs.readFileSync(path.join(data, 'admin.token'), 'utf8').trim();
    let made = '';
    for (const [method, route, body, places = {}] of CALLS) {
      const target = route.replace(/\{(\w+)\}/g, (_, place) => places[place].replace('MADE', made));
      const headers = { 'x-outcry-admin': token, ...(body !== undefined && { 'content-type': 'application/json' }) };
      const answer = await fetch(venue.url + target, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
      const got = (await answer.json()) as any;
      assert.equal(answer.status, 200, `${method} ${target}: ${JSON.stringify(got)}`);
      schemas.check({ method, path: route }, got);
      made = typeof got.key === 'string' ? got.key : made;
    }
    const refused = await fetch(`${venue.url}/outcry/v1/accounts`);
    assert.equal(refused.status, 401);
    schemas.check({ method: 'GET', path: '/outcry/v1/accounts' }, await refused.json(), 'default');
  });

  it('is documented of every operation at this port, and each of theirs has been called', () => {
    const own = (name: string) => name.includes(' /outcry/v1/') && !name.includes('/demo/');
    const called = new Set(CALLS.map(([method, route]) => `${method} ${route}`));
    const trading = ['order', 'openOrders', 'positions', 'sessions'].map((name) => `/outcry/v1/${name}`);
    const names = schemas.names
      .filter(({ path: route }) => !trading.includes(route))
      .map(({ method, path: route }) => `${method} ${route}`);
    assert.deepEqual(names.filter(own).sort(), [...called].sort());
    for (const name of schemas.names) {
      assert.notEqual(schemas.errorsOf(name, 'a text'), '', `${name.method} ${name.path}: no answer is a text`);
      assert.notEqual(schemas.errorsOf(name, {}, 'default'), '', `${name.method} ${name.path}: a refusal has a code`);
    }
  });
});
