/** Keys and logins: added, rotated, revoked, and never shown where they must not be. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { operations } from '../src/server.ts';
import { Listener } from './support/listener.ts';
import { OuchClient, SoupClient } from './support/ouch-client.ts';
import { anyPorts, Client, temporaryDirectory, VenueProcess } from './support/process.ts';
import { entryStream, fixClient } from './support/signed-in.ts';
import { until } from './support/until.ts';
import { WIDE_INSTRUMENTS } from './support/wide-market.ts';

const SYMBOL = 'BTCUSDT';
const ORDER = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '0.01' };
const HOUR_MS = 3_600_000;

const data = temporaryDirectory('credentials');
let venue: VenueProcess;
let ports: Record<string, number>;
/** All that was secret, to be looked for where it must not be. */
const secrets: string[] = ['alicepass', 'alice-secret', 'bob-secret'];

const token = () => fs.readFileSync(path.join(data, 'admin.token'), 'utf8').trim();

async function admin(method: string, what: string, body?: object, secret = token()): Promise<{ status: number; body: any }> {
  const headers = { 'x-outcry-admin': secret, ...(body !== undefined && { 'content-type': 'application/json' }) };
  const answer = await VenueProcess.fetch(`${venue.url}/outcry/v1/${what}`, { method, headers, body: body && JSON.stringify(body) });
  const said = (await answer.json()) as any;
  for (const name of ['secret', 'password', 'token']) if (said[name] !== undefined) secrets.push(said[name]);
  return { status: answer.status, body: said };
}

async function made(what: string, body: object): Promise<any> {
  const { status, body: answer } = await admin('POST', what, body);
  assert.equal(status, 200, JSON.stringify(answer));
  return answer;
}

const clientOf = ({ key, secret }: { key: string; secret: string }) => new Client(venue.url, key, secret);
const mayRead = async (client: Client) => (await client.signed('GET', '/api/v3/openOrders')).status === 200;
const openOrders = async () => ((await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { openOrders: number }).openOrders;

/** A WebSocket API connection that has signed in with a key. */
async function signedIn({ key, secret }: { key: string; secret: string }): Promise<Listener> {
  const listener = await Listener.open(venue.url, '/ws-api/v3');
  const parameters = { apiKey: key, timestamp: String(Date.now()) };
  const [, signature] = /signature=(\w+)/.exec(new Client(venue.url, key, secret).sign(parameters))!;
  const { status } = await listener.request({ id: 'logon', method: 'session.logon', params: { ...parameters, signature } });
  assert.equal(status, 200);
  return listener;
}

before(async () => {
  const config = path.join(data, 'config.json');
  fs.mkdirSync(data, { recursive: true });
  fs.chmodSync(data, 0o755); // as somebody left it
  fs.writeFileSync(config, JSON.stringify({ ...anyPorts('239.255.91.1'), instruments: WIDE_INSTRUMENTS }));
  venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config, '--log-level', 'info');
  ({ ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: Record<string, number> });
});
after(async () => {
  await venue.close();
  fs.rmSync(data, { recursive: true, force: true });
});

describe('an API key', () => {
  it('that is revoked ends at once: requests, WebSocket sessions with their orders, listen keys and user streams', async () => {
    const key = await made('accounts/alice/keys', {});
    const other = await made('accounts/alice/keys', {});
    const client = clientOf(key);
    assert.ok(await mayRead(client));
    const [session, subscribed, kept] = [await signedIn(key), await signedIn(key), await signedIn(other)];
    await session.request({ id: 1, method: 'session.cancelOnDisconnect', params: { graceMs: 0 } });
    const before = await openOrders();
    await session.request({ id: 2, method: 'order.place', params: { ...ORDER, timestamp: Date.now() } });
    assert.equal(await openOrders(), before + 1);
    await subscribed.request({ id: 1, method: 'userDataStream.subscribe' });
    const opened = await fetch(`${venue.url}/api/v3/userDataStream`, { method: 'POST', headers: { 'x-mbx-apikey': key.key } });
    const { listenKey } = (await opened.json()) as { listenKey: string };
    const stream = await Listener.open(venue.url, `/ws/${listenKey}`);

    assert.equal((await admin('DELETE', `keys/${key.id}`)).status, 200);
    assert.equal((await client.signed('GET', '/api/v3/openOrders')).body.code, -2015);
    for (const listener of [session, subscribed]) assert.equal((await listener.untilClosed()).code, 1008);
    assert.equal((await stream.until(({ e }) => e === 'listenKeyExpired')).listenKey, listenKey);
    await until(async () => (await openOrders()) === before, 'orders of its session are cancelled');
    const place = { ...ORDER, timestamp: Date.now() };
    const { result } = await kept.request({ id: 3, method: 'order.place', params: place });
    assert.equal(result.status, 'NEW', 'the other key of the account trades on');
    await kept.request({ id: 4, method: 'order.cancel', params: { symbol: SYMBOL, orderId: result.orderId, timestamp: Date.now() } });
    assert.equal(stream.messages.length, 1, 'and nothing of it is told to who listened by the revoked one');
    assert.equal((await admin('DELETE', `keys/${key.id}`)).status, 404);
    kept.close();
    stream.close();
  });

  it('that is rotated holds for the overlap, beside another with the same permission and addresses', async () => {
    const old = await made('accounts/alice/keys', { permission: 'READ', addresses: ['127.0.0.0/8', '::ffff:203.0.113.1'] });
    const next = await made(`keys/${old.id}/rotate`, { overlapMs: HOUR_MS });
    assert.notEqual(next.key, old.key);
    assert.ok((await mayRead(clientOf(old))) && (await mayRead(clientOf(next))));
    assert.equal((await clientOf(next).signed('POST', '/api/v3/order', ORDER)).body.code, -2015);
    const { body: accounts } = await admin('GET', 'accounts');
    const { keys } = accounts.find(({ name }: { name: string }) => name === 'alice');
    const [one, other] = [old, next].map(({ id }) => keys.find((key: { id: string }) => key.id === id));
    assert.deepEqual(
      [one.addresses, other.addresses],
      [
        ['127.0.0.0/8', '203.0.113.1'],
        ['127.0.0.0/8', '203.0.113.1'],
      ],
    );
    assert.ok(one.validUntil > Date.now() && other.validUntil === null);
    await made(`keys/${next.id}/rotate`, {});
    assert.equal(await mayRead(clientOf(next)), false, 'without an overlap the old one ends at once');
    assert.equal(await mayRead(clientOf(old)), true);
  });

  it('ends by itself when its time is up, also where it is in use', async () => {
    const key = await made('accounts/alice/keys', {});
    const session = await signedIn(key);
    await made(`keys/${key.id}/expire`, { validUntil: Date.now() + 300 });
    assert.equal((await session.untilClosed()).code, 1008);
    assert.equal(await mayRead(clientOf(key)), false);
    await made(`keys/${key.id}/expire`, { validUntil: null });
    assert.equal(await mayRead(clientOf(key)), true, 'it may be given another end');
    for (const validUntil of [Date.now() - 1, 1.5, '2030', 'never'])
      assert.equal((await admin('POST', `keys/${key.id}/expire`, { validUntil })).status, 400);
    const short = await made('accounts/alice/keys', { validUntil: Date.now() + 200 });
    await until(async () => !(await mayRead(clientOf(short))), 'a key made with an end ends');
  });

  it('that may read sees, and changes nothing: no order, no list, no session', async () => {
    const reader = await made('accounts/alice/keys', { permission: 'READ' });
    const client = clientOf(reader);
    const changing = operations.filter(({ rest, security }) => rest !== undefined && rest.method !== 'GET' && security === 'SIGNED');
    assert.ok(changing.length >= 10);
    for (const { rest, trades } of changing) {
      assert.equal(trades, true, `${rest!.method} ${rest!.path} says that it trades`);
      const { body } = await client.signed(rest!.method, rest!.path, { symbol: SYMBOL });
      assert.equal(body.code, -2015, `${rest!.method} ${rest!.path}`);
    }
    const trader = await signedIn({ key: 'alice', secret: 'alice-secret' });
    const { result } = await trader.request({ id: 1, method: 'session.cancelOnDisconnect', params: { graceMs: 0 } });
    assert.match(result.sessionId, /^[0-9a-f]{32}$/);
    const listener = await signedIn(reader);
    for (const params of [{}, { sessionId: result.sessionId }]) {
      const { error } = await listener.request({ id: `s${Object.keys(params)}`, method: 'session.cancelOnDisconnect', params });
      assert.equal(error.code, -2015);
    }
    const bob = await signedIn({ key: 'bob', secret: 'bob-secret' });
    const wrong: [method: string, params: object, code: number][] = [
      ['session.cancelOnDisconnect', { gracems: 60_000 }, -1104],
      ...['', '0x10', ' 5 ', '1e3', '-1'].map((graceMs): [string, object, number] => ['session.cancelOnDisconnect', { graceMs }, -1100]),
      ['session.status', { verbose: true }, -1104],
      ['userDataStream.unsubscribe', { subscriptionId: '' }, -1100],
      ['userDataStream.unsubscribe', { subscriptionID: 0 }, -1104],
    ];
    for (const [method, params, code] of wrong) {
      const answer = await trader.request({ id: `w${JSON.stringify(params)}`, method, params });
      assert.equal(answer.error.code, code, `${method} ${JSON.stringify(params)}`);
    }
    const { error } = await bob.request({ id: 1, method: 'session.cancelOnDisconnect', params: { sessionId: result.sessionId } });
    assert.equal(error.code, -1125, 'nor is another account’s session to be had by its id');
    for (const each of [trader, listener, bob]) each.close();
  });

  it('is refused with a private key, a weak one, or one of another kind, of which nothing is kept', async () => {
    const { privateKey, publicKey } = crypto.generateKeyPairSync('ed25519');
    const mine = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    secrets.push(mine.split('\n')[1]);
    const refused = await admin('POST', 'accounts/alice/keys', { publicKey: mine });
    assert.equal(refused.status, 400);
    assert.match(refused.body.msg, /this is a private key.*make a new pair/);
    const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' });
    assert.match((await admin('POST', 'accounts/alice/keys', { publicKey: rsa })).body.msg, /Ed25519 only/);
    for (const addresses of [[], ['10.1.2.3/8'], ['localhost'], 'anywhere', [7]])
      assert.equal((await admin('POST', 'accounts/alice/keys', { addresses })).status, 400);
    const { key } = await made('accounts/alice/keys', { publicKey: publicKey.export({ type: 'spki', format: 'pem' }) });
    const query = `timestamp=${Date.now()}`;
    const signature = encodeURIComponent(crypto.sign(null, Buffer.from(query), privateKey).toString('base64'));
    const answer = await fetch(`${venue.url}/api/v3/account?${query}&signature=${signature}`, { headers: { 'x-mbx-apikey': key } });
    assert.equal(answer.status, 200);
  });
});

describe('a signature in base64', () => {
  it('is as good with its plus as it is, as some clients send it, where a query has a space for it', async () => {
    const { privateKey, publicKey } = crypto.generateKeyPairSync('ed25519');
    const { key } = await made('accounts/alice/keys', { publicKey: publicKey.export({ type: 'spki', format: 'pem' }) });
    const headers = { 'x-mbx-apikey': key };
    for (let recvWindow = 5000, seen = 0; seen < 2; recvWindow++) {
      const query = `recvWindow=${recvWindow}&timestamp=${Date.now()}`;
      const signature = crypto.sign(null, Buffer.from(query), privateKey).toString('base64');
      if (!signature.includes('+')) continue;
      seen++;
      assert.equal((await fetch(`${venue.url}/api/v3/account?${query}&signature=${signature}`, { headers })).status, 200);
      const another = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
      assert.equal((await fetch(`${venue.url}/api/v3/account?${query}&signature=${another}`, { headers })).status, 400);
    }
  });

  it('does not matter where none is needed', async () => {
    const query = `timestamp=${Date.now()}&recvWindow=5000.5&signature=${encodeURIComponent('a/b+c==')}`;
    for (const path of ['/sapi/v1/system/status', '/sapi/v1/margin/allPairs', '/sapi/v1/margin/isolated/allPairs'])
      assert.equal((await fetch(`${venue.url}${path}?${query}`)).status, 200, path);
  });
});

describe('a session of cancelOnDisconnect', () => {
  const place = async (listener: Listener, id: string) =>
    (await listener.request({ id, method: 'order.place', params: { ...ORDER, timestamp: Date.now() } })).result;
  const openSession = async (listener: Listener, params: object) =>
    (await listener.request({ id: `c${Math.random()}`, method: 'session.cancelOnDisconnect', params })).result;
  const isOpen = async (orderId: number) =>
    (await new Client(venue.url).signed('GET', '/api/v3/openOrders')).body.some((order: { orderId: number }) => order.orderId === orderId);
  const alice = { key: 'alice', secret: 'alice-secret' };

  it('is the client’s that is back: what becomes of its old connection cancels nothing', async () => {
    const old = await signedIn(alice);
    const { sessionId } = await openSession(old, { graceMs: 0 });
    const { orderId } = await place(old, 'o');
    const back = await signedIn(alice);
    assert.equal((await openSession(back, { graceMs: 0, sessionId })).sessionId, sessionId);
    assert.match((await old.untilClosed()).reason, /another connection goes on with its session/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(await isOpen(orderId));
    back.close();
    await until(async () => !(await isOpen(orderId)), 'cancelled when the one that owns it is gone');
  });

  it('stays when it is asked for again, with all orders since the first time', async () => {
    const listener = await signedIn(alice);
    const first = await openSession(listener, { graceMs: 60_000 });
    const { orderId } = await place(listener, 'first');
    const again = await openSession(listener, { graceMs: 0 });
    assert.equal(again.sessionId, first.sessionId);
    const second = await place(listener, 'second');
    listener.close();
    await until(async () => !(await isOpen(orderId)) && !(await isOpen(second.orderId)), 'both are cancelled, after the newer time');
  });

  it('is not another account’s that signs in on the same connection', async () => {
    const listener = await signedIn(alice);
    await openSession(listener, { graceMs: 0 });
    const parameters = { apiKey: 'bob', timestamp: String(Date.now()) };
    const [, signature] = /signature=(\w+)/.exec(new Client(venue.url, 'bob').sign(parameters))!;
    await listener.request({ id: 'bob', method: 'session.logon', params: { ...parameters, signature } });
    const { orderId } = await place(listener, 'b');
    const bob = new Client(venue.url, 'bob');
    listener.close();
    await listener.untilClosed();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { body } = await bob.signed('DELETE', '/api/v3/order', { symbol: SYMBOL, orderId });
    assert.equal(body.status, 'CANCELED', 'it was open until he cancelled it');
  });
});

describe('a login', () => {
  it('that is revoked ends at once at every door, and its name stays its account’s', async () => {
    const { user, password, number } = await made('accounts/alice/logins', { user: 'DOOR' });
    const ouch = await OuchClient.open(ports.ouch, user, password);
    assert.equal(ouch.packets[0].type, 'A');
    const fix = await fixClient(ports.fix, user, password);
    const stream = entryStream(ports.grpc, user, password);
    const bystander = await OuchClient.open(ports.ouch, 'ALICE', 'alicepass');
    await new Promise((resolve) => setTimeout(resolve, 200)); // the stream's call is there

    assert.equal((await admin('DELETE', `logins/${user}`)).status, 200);
    await ouch.until(() => ouch.isClosed);
    assert.match(ouch.packets.at(-1)!.text, /the login was revoked/);
    await until(
      () => fix.isClosed && stream.error !== undefined,
      () => `FIX closed: ${fix.isClosed}, gRPC: ${stream.error}`,
    );
    assert.deepEqual([fix.got.at(-1)!.type, fix.got.at(-1)!.get(58)], ['5', 'the login was revoked']);
    assert.equal(stream.error!.code, grpc.status.UNAUTHENTICATED);
    assert.equal((await OuchClient.open(ports.ouch, user, password)).packets[0].type, 'J');
    assert.equal((await fixClient(ports.fix, user, password)).got.length, 0);
    bystander.enter(1, 'B', 1, 500_000_000);
    await bystander.next('order_accepted');
    bystander.cancel(1);
    await bystander.next('order_canceled');
    assert.equal((await admin('POST', 'accounts/bob/logins', { user })).status, 409);
    const again = await made('accounts/alice/logins', { user });
    assert.equal(again.number, number);
    assert.equal((await OuchClient.open(ports.ouch, user, again.password)).packets[0].type, 'A');
    bystander.close();
    stream.close();
  });

  it('that is rotated lets both passwords in for the overlap, and ends the connections of the old one after it', async () => {
    const { user, password } = await made('accounts/alice/logins', { user: 'TURN' });
    const old = await fixClient(ports.fix, user, password);
    const { password: next } = await made(`logins/${user}/rotate`, { overlapMs: 1500 });
    const ouch = await OuchClient.open(ports.ouch, user, next);
    assert.equal(ouch.packets[0].type, 'A');
    assert.equal(old.isClosed, false);
    await until(
      () => old.isClosed,
      () => 'the old one’s end',
    );
    assert.equal((await OuchClient.open(ports.ouch, user, password)).packets[0].type, 'J');
    assert.equal(ouch.isClosed, false);
    ouch.close();
  });

  it('ends when its time is up, GLIMPSE too; a password that is too short or too long is not taken', async () => {
    const { user, password } = await made('accounts/alice/logins', { user: 'ENDS' });
    const ouch = await OuchClient.open(ports.ouch, user, password);
    await made(`logins/${user}/expire`, { validUntil: Date.now() + 300 });
    await ouch.until(() => ouch.isClosed);
    class Plain extends SoupClient {
      constructor() {
        super(ports.glimpse, () => ({}));
      }
    }
    const glimpse = new Plain();
    glimpse.login(user, password);
    await glimpse.until(() => glimpse.packets.length > 0);
    assert.equal(glimpse.packets[0].type, 'J');
    for (const given of ['short', '', 'longer-than', 'elevenchars', 'with space', 7])
      assert.equal((await admin('POST', 'accounts/alice/logins', { user: 'PASS', password: given })).status, 400, String(given));
  });
});

describe('an administrator', () => {
  it('is nobody without the token, nor by an empty, short or cut one, whatever the file holds', async () => {
    const good = token();
    const file = path.join(data, 'admin.token');
    for (const held of ['', good.slice(0, 10), 'x'.repeat(64)]) {
      fs.writeFileSync(file, held);
      for (const sent of ['', held, good.slice(0, 63), `${good}0`, '0'])
        assert.equal((await admin('GET', 'accounts', undefined, sent)).status, 401);
      assert.equal((await fetch(`${venue.url}/outcry/v1/accounts`)).status, 401);
      assert.equal((await admin('GET', 'accounts', undefined, good)).status, 200);
    }
    fs.writeFileSync(file, good);
  });

  it('may make another token; the old one holds for the overlap and no longer', async () => {
    const old = token();
    const { token: next } = await made('admin-token/rotate', { overlapMs: 1000 });
    assert.equal(token(), next);
    assert.equal((await admin('GET', 'accounts', undefined, old)).status, 200);
    await until(async () => (await admin('GET', 'accounts', undefined, old)).status === 401, 'the old token ends');
    await made('admin-token/rotate', {});
    assert.equal((await admin('GET', 'accounts', undefined, next)).status, 401);
    assert.equal((await admin('GET', 'accounts')).status, 200);
  });

  it('keeps the token in the file when another cannot be written: nothing changes', async () => {
    const old = token();
    const inTheWay = path.join(data, 'admin.token.tmp');
    for (const overlapMs of [0, 60_000]) {
      fs.mkdirSync(inTheWay);
      assert.equal((await admin('POST', 'admin-token/rotate', { overlapMs })).status, 500);
      assert.equal(token(), old);
      assert.equal((await admin('GET', 'accounts', undefined, old)).status, 200);
      fs.rmdirSync(inTheWay);
    }
    const all = await Promise.all([0, 0, 0].map(() => admin('POST', 'admin-token/rotate', { overlapMs: 1000 }, old)));
    assert.ok(all.some(({ status }) => status === 200));
    assert.equal((await admin('GET', 'accounts')).status, 200, 'after several at once the file holds one that is in force');
  });

  it('by a key’s secret is one until that is revoked', async () => {
    const boss = await made('accounts/alice/keys', { permission: 'ADMIN' });
    assert.equal((await admin('GET', 'accounts', undefined, boss.secret)).status, 200);
    await admin('DELETE', `keys/${boss.key}`);
    assert.equal((await admin('GET', 'accounts', undefined, boss.secret)).status, 401);
  });

  it('sees keys and logins without their secrets, and each change is a line of the log', async () => {
    const { body } = await admin('GET', 'accounts');
    const listed = JSON.stringify(body);
    for (const secret of secrets) assert.equal(listed.includes(secret), false);
    const { id } = await made('accounts/bob/keys', { permission: 'READ' });
    await admin('DELETE', `keys/${id}`);
    const lines = () => venue.output.split('\n').filter((line) => line.includes('"audit"') && line.includes(id));
    await until(async () => lines().length === 2, 'the log’s lines');
    const received = lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      received.map(({ audit, by, key, from, status }) => [audit, by, key, from, status]),
      [
        ['POST /outcry/v1/accounts/:name/keys', 'admin token', id, '127.0.0.1', 200],
        ['DELETE /outcry/v1/keys/:key', 'admin token', id, '127.0.0.1', 200],
      ],
    );
    const rotated = venue.output.split('\n').find((line) => line.includes('/logins/:user/rotate'));
    assert.equal(JSON.parse(rotated!).user, 'TURN');
  });
});

describe('on the disk and in the log', () => {
  it('no secret is in the clear, except the admin token in its own file', async () => {
    assert.ok(secrets.length > 20);
    const current = token();
    for (const file of allFiles(data)) {
      const bytes = fs.readFileSync(file);
      for (const secret of secrets) {
        if (secret === current && path.basename(file) === 'admin.token') continue;
        assert.equal(bytes.includes(secret), false, `${file} holds ${secret}`);
      }
    }
    for (const secret of secrets) if (!/^(alice|bob)/.test(secret)) assert.equal(venue.output.includes(secret), false);
  });

  it('everything is its owner’s alone', () => {
    assert.equal(fs.statSync(data).mode & 0o777, 0o700);
    for (const file of allFiles(data)) {
      if (path.basename(file) === 'config.json') continue; // the test's
      assert.equal(fs.statSync(file).mode & 0o077, 0, file);
    }
  });
});

function allFiles(directory: string): string[] {
  return fs
    .readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
