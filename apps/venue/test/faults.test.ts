import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { Agent, request } from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it, type TestContext } from 'node:test';
import { Head } from '@outcry/journal/format';
import { REPLAY_VERSION } from '@outcry/market/event';
import { Arena } from '@outcry/memory/arena';
import { SharedMap } from '@outcry/memory/shared-map';
import pino from 'pino';
import { fragileDisk, smallDisk } from '../../../packages/journal/test/support/small-disk.ts';
import { balanceValue, touchValue } from '../src/core/orders/shared-state.ts';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS } from '../src/domain/config.ts';
import { startVenue } from '../src/venue.ts';
import { anyPorts, Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const ORDER = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '59000', quantity: '0.001' };

/** Removed when no venue uses them any more: a test may start several on one. */
const directories = new Set<string>();
after(() => {
  for (const directory of directories) fs.rmSync(directory, { recursive: true, force: true });
});

async function startWith(t: TestContext, config: object, data = temporaryDirectory('fault')): Promise<VenueProcess> {
  const file = path.join(data, 'config.json');
  fs.writeFileSync(file, JSON.stringify(config));
  const venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', file);
  t.after(async () => {
    if (venue.isRunning) await venue.checkMemory();
    await venue.kill();
  });
  if (data.includes('outcry-fault-')) directories.add(data);
  return venue;
}

async function place(client: Client): Promise<{ status: number; code: number; id: number }> {
  const { status, body } = await client.signed('POST', '/api/v3/order', ORDER);
  return { status, code: body.code ?? 0, id: body.orderId ?? 0 };
}

async function statusOf(client: Client): Promise<Record<string, any>> {
  return (await client.public('/outcry/v1/status')).body;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`waited in vain for ${what}`);
}

describe('a full disk', () => {
  it('at the start is named: the disk of the data directory', async (t) => {
    const disk = smallDisk(1024 * 1024);
    if (typeof disk === 'string') return t.skip(disk);
    t.after(() => disk.remove());
    const fd = fs.openSync(path.join(disk.directory, 'filler'), 'w');
    assert.throws(() => {
      for (;;) fs.writeSync(fd, Buffer.alloc(4096));
    }, /ENOSPC/);
    fs.closeSync(fd);
    const start = VenueProcess.start(disk.directory, '--demo', '--no-flow');
    await assert.rejects(start, new RegExp(`the disk of the data directory ${disk.directory} is full: free some space, and start again`));
  });

  it('refuses orders with -1001 until there is room, loses nothing acknowledged, and goes on', async (t) => {
    const disk = smallDisk(16 * 1024 * 1024);
    if (typeof disk === 'string') return t.skip(disk);
    t.after(() => disk.remove());
    const config = { segmentBytes: 256 * 1024 };
    const venue = await startWith(t, config, disk.directory);
    const alice = new Client(venue.url);
    const filler = path.join(disk.directory, 'filler');
    const fd = fs.openSync(filler, 'w');
    assert.throws(() => {
      for (;;) fs.writeSync(fd, Buffer.alloc(64 * 1024));
    }, /ENOSPC/);
    fs.closeSync(fd);
    const acknowledged = new Set<number>();
    let refused = 0;
    for (let i = 0; i < 600 && refused < 20; i++) {
      for (const { status, code, id } of await Promise.all(Array.from({ length: 50 }, () => place(alice)))) {
        if (status === 200) acknowledged.add(id);
        else {
          assert.equal(status, 503);
          assert.ok([-1001, -1006].includes(code), String(code));
          if (code === -1001) refused++;
        }
      }
    }
    assert.ok(refused >= 20, 'the disk was never full');
    assert.equal((await statusOf(alice)).journal, 'full');
    assert.equal((await alice.public('/api/v3/depth?symbol=BTCUSDT')).status, 200, 'reading goes on');
    fs.rmSync(filler);
    await until('room', async () => (await place(alice)).status === 200);
    assert.equal((await statusOf(alice)).journal, 'ok');
    await until('the store', async () => (await statusOf(alice)).storeLag === 0);
    await venue.kill('SIGKILL');
    const again = await startWith(t, config, disk.directory);
    const { body: openOrders } = await new Client(again.url).signed('GET', '/api/v3/openOrders');
    const there = new Set(openOrders.map(({ orderId }: { orderId: number }) => orderId));
    for (const id of acknowledged) assert.ok(there.has(id), `order ${id} was acknowledged and is lost`);
    assert.equal(await again.kill('SIGTERM'), 0);
  });
});

describe('a file system that turns read-only', () => {
  it('ends all acknowledging with -1006, and does not keep the venue from ending', async (t) => {
    const disk = fragileDisk(64 * 1024 * 1024);
    if (typeof disk === 'string') return t.skip(disk);
    t.after(() => disk.remove());
    const venue = await startWith(t, { segmentBytes: 1024 * 1024 }, disk.directory);
    const alice = new Client(venue.url);
    for (let i = 0; i < 20; i++) assert.equal((await place(alice)).status, 200);
    disk.turnReadOnly();
    await until('the journal to fail', async () => (await place(alice)).code === -1006);
    assert.equal((await statusOf(alice)).journal, 'failed');
    assert.equal(await venue.kill('SIGTERM'), 0, venue.output);
    assert.match(venue.output, /journal: .*EROFS/);
    assert.ok(!venue.output.includes('ended without'), venue.output);
  });
});

describe('file descriptors that idle connections use up', () => {
  it('leave the journal enough for every segment; store and snapshots catch up when there are more', async (t) => {
    const venue = await startWith(t, {
      segmentBytes: 64 * 1024,
      snapshotCommands: 300,
      connections: { most: 100_000, perAddress: 100_000, unsigned: 100_000 },
    });
    const pid = venue.child.pid!;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const order = () => postOrder(agent, venue.url);
    assert.equal(await order(), 200);
    const segments = () => fs.readdirSync(path.join(venue.data, 'journal')).filter((name) => name.endsWith('.log')).length;
    const limit = fs.readdirSync(`/proc/${pid}/fd`).length + 30;
    const limited = spawnSync('prlimit', [`--pid=${pid}`, `--nofile=${limit}:${limit}`], { encoding: 'utf8' });
    if (limited.status !== 0) return t.skip(`no prlimit: ${limited.stderr ?? limited.error?.message}`);
    const idle = Array.from({ length: 200 }, () => net.connect(Number(new URL(venue.url).port), '127.0.0.1').on('error', () => undefined));
    t.after(() => idle.forEach((socket) => void socket.destroy()));
    await until('no descriptor is left', async () => fs.readdirSync(`/proc/${pid}/fd`).length >= limit);
    const before = segments();
    for (let n = 0; n < 5000 && segments() < before + 4; n++) assert.equal(await order(), 200, 'every order is taken');
    assert.ok(segments() >= before + 4, 'segments were opened');
    for (const socket of idle) socket.destroy();
    const alice = new Client(venue.url);
    await until('store and journal', async () => {
      const { journal, storeLag } = await statusOf(alice);
      return journal === 'ok' && storeLag === 0;
    });
    const taken = () => fs.readdirSync(path.join(venue.data, 'journal')).some((name) => name.endsWith('.img'));
    await until('a snapshot', async () => taken());
  });

  function postOrder(agent: Agent, url: string): Promise<number> {
    const query = new Client(url).sign(ORDER);
    const headers = { 'X-MBX-APIKEY': 'alice' };
    return new Promise((resolve, reject) => {
      const sent = request(`${url}/api/v3/order?${query}`, { method: 'POST', agent, headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      sent.on('error', reject).end();
    });
  }
});

describe('a failed fsync', () => {
  it('ends all acknowledging with -1006, says so, and loses nothing acknowledged before', async (t) => {
    const data = temporaryDirectory('fault');
    t.after(() => fs.rmSync(data, { recursive: true, force: true }));
    const log = pino({ level: 'silent' });
    const config = { ...DEFAULTS, assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS, port: 0, data };
    const venue = await startVenue(config, { log, failSyncAt: 60 });
    await startDemo(venue, { flow: false }, log);
    const alice = new Client(venue.url);
    const acknowledged: number[] = [];
    let failed = 0;
    for (let i = 0; i < 100 && failed < 5; i++) {
      const { status, code, id } = await place(alice);
      if (status === 200) {
        assert.equal(failed, 0, 'an order was acknowledged after the failure');
        acknowledged.push(id);
      } else {
        assert.deepEqual([status, code], [503, -1006]);
        failed++;
      }
    }
    assert.ok(acknowledged.length > 5 && failed === 5);
    assert.equal((await statusOf(alice)).journal, 'failed');
    assert.equal((await alice.signed('DELETE', '/api/v3/openOrders', { symbol: 'BTCUSDT' })).body.code, -1006);
    assert.equal((await alice.public('/api/v3/ticker/price')).status, 200);
    await venue.close();
    const again = await startVenue(config, { log });
    const { body } = await new Client(again.url).signed('GET', '/api/v3/openOrders');
    const there = new Set(body.map(({ orderId }: { orderId: number }) => orderId));
    for (const id of acknowledged) assert.ok(there.has(id));
    await again.close();
  });
});

describe('a thread that the venue cannot be without', () => {
  for (const name of ['engine', 'journal', 'wire']) {
    it(`ends the venue when it dies: ${name}. Who waits is answered, nobody is acknowledged anything, and nothing acknowledged is lost`, async (t) => {
      const data = temporaryDirectory('fault');
      t.after(() => fs.rmSync(data, { recursive: true, force: true }));
      const log = pino({ level: 'silent' });
      const ports = { ouch: { port: 0 }, port: 0, data };
      const config = { ...DEFAULTS, assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS, ...ports };
      const fatal: string[] = [];
      const venue = await startVenue(config, { log, onFatal: (why) => fatal.push(why) });
      t.after(() => venue.close());
      await startDemo(venue, { flow: false }, log);
      const alice = new Client(venue.url);
      const acknowledged = await place(alice);
      assert.equal(acknowledged.status, 200);
      const ending = venue.threads[name].terminate();
      const answers = [];
      for (let i = 0; i < 20 || fatal.length === 0; i++) answers.push(await place(alice));
      await ending;
      assert.equal(fatal.length, 1);
      assert.match(fatal[0], new RegExp(`the ${name} thread died`));
      const { status, code } = await place(alice);
      assert.deepEqual([status, code], [503, -1006]);
      assert.equal((await statusOf(alice)).journal, 'failed');
      assert.ok(venue.services.gateway.inFlight === 0);
      const { ouch } = venue.services.ports;
      const client = net.connect(Number(ouch), '127.0.0.1');
      const refused = new Promise<string>((resolve) => client.once('error', (error) => resolve(String(error))));
      t.after(() => client.destroy());
      assert.match(await refused, /ECONNREFUSED/);
      await venue.close();
      const again = await startVenue(config, { log });
      t.after(() => again.close());
      const { body } = await new Client(again.url).signed('GET', '/api/v3/openOrders');
      const there = new Set(body.map(({ orderId }: { orderId: number }) => orderId));
      for (const { id } of [acknowledged, ...answers.filter((answer) => answer.status === 200)]) assert.ok(there.has(id));
    });
  }
});

describe('a store that is locked or gone', () => {
  it('does not stop trading; its lag shows, and every row is there once when it is back', async (t) => {
    const venue = await startWith(t, { readWaitMs: 100 });
    const alice = new Client(venue.url);
    const file = path.join(venue.data, 'store.sqlite');
    await place(alice);
    await until('the store', async () => (await statusOf(alice)).storeLag === 0);
    const intruder = new DatabaseSync(file);
    intruder.exec('BEGIN IMMEDIATE');
    for (let i = 0; i < 200; i++) assert.equal((await place(alice)).status, 200);
    await until('the store to fail', async () => (await statusOf(alice)).store === 'failing');
    assert.ok((await statusOf(alice)).storeLag >= 100);
    const { status, body } = await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' });
    assert.deepEqual([status, body.code], [503, -1007]);
    assert.match(body.msg, /The store is \d+ commands behind/);
    intruder.exec('ROLLBACK');
    intruder.close();
    await until('the store to catch up', async () => (await statusOf(alice)).storeLag === 0);
    assert.equal((await statusOf(alice)).store, 'ok');
    const { body: all } = await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' });
    assert.equal(new Set(all.map(({ orderId }: { orderId: number }) => orderId)).size, 201);
    assert.match(venue.output, /database is locked; trying again/);
  });

  it('does not count as failing any more once it is open again, though nothing is traded', async (t) => {
    const first = await startWith(t, {});
    await place(new Client(first.url));
    await until('the store', async () => (await statusOf(new Client(first.url))).storeLag === 0);
    await first.kill('SIGTERM');
    const file = path.join(first.data, 'store.sqlite');
    const intruder = new DatabaseSync(file);
    intruder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const venue = await startWith(t, { readWaitMs: 10 }, first.data);
    const alice = new Client(venue.url);
    await until('the store to fail', async () => (await statusOf(alice)).store === 'failing');
    intruder.exec('ROLLBACK');
    intruder.close();
    await until('the store to be open', async () => (await statusOf(alice)).store === 'ok');
  });

  it('may lie elsewhere, and is refused by a venue that it is not of', async (t) => {
    const elsewhere = temporaryDirectory('fault-store');
    directories.add(elsewhere);
    const storeFile = path.join(elsewhere, 'own.sqlite');
    const venue = await startWith(t, { storeFile });
    const alice = new Client(venue.url);
    await place(alice);
    await until('the store', async () => (await statusOf(alice)).storeLag === 0);
    assert.equal((await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' })).body.length, 1);
    assert.ok(fs.existsSync(storeFile) && !fs.existsSync(path.join(venue.data, 'store.sqlite')));
    await venue.kill('SIGTERM');
    await assert.rejects(
      startWith(t, { storeFile }),
      /the journal is missing, but own\.sqlite knows command \d+.*give this venue its own storeFile/s,
    );
    const again = await startWith(t, { storeFile }, venue.data);
    assert.equal((await new Client(again.url).signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' })).body.length, 1);
  });

  it('is built anew from the journal when its file was removed', async (t) => {
    const venue = await startWith(t, {});
    const alice = new Client(venue.url);
    for (let i = 0; i < 50; i++) await place(alice);
    for (const name of ['store.sqlite', 'store.sqlite-wal', 'store.sqlite-shm']) fs.rmSync(path.join(venue.data, name), { force: true });
    for (let i = 0; i < 50; i++) assert.equal((await place(alice)).status, 200);
    await until('all orders', async () => {
      const { status, body } = await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' });
      return status === 200 && body.length === 100;
    });
    const database = new DatabaseSync(path.join(venue.data, 'store.sqlite'), { readOnly: true });
    assert.equal(database.prepare('SELECT count(*) AS n FROM orders').get()!.n, 100);
    database.close();
    assert.equal((await statusOf(alice)).stateCheck, 'equal');
  });
});

describe('a damaged data directory', () => {
  async function stopped(
    t: TestContext,
    signal: NodeJS.Signals,
    isStored = false,
  ): Promise<{ data: string; journal: string; orders: number }> {
    const venue = await startWith(t, {});
    const alice = new Client(venue.url);
    for (let i = 0; i < 40; i++) await place(alice);
    if (isStored) await until('the store', async () => (await statusOf(alice)).storeLag === 0);
    await venue.kill(signal);
    const [name] = fs.readdirSync(path.join(venue.data, 'journal')).filter((file) => file.endsWith('.log'));
    return { data: venue.data, journal: path.join(venue.data, 'journal', name), orders: 40 };
  }

  function change(file: string, at: number, bytes: (old: Buffer) => Buffer): void {
    const content = fs.readFileSync(file);
    const changed = bytes(content.subarray(at, at + 200));
    changed.copy(content, at);
    fs.writeFileSync(file, content);
  }

  /** Where the journal's last batch ends. */
  function endOf(file: string): number {
    const content = fs.readFileSync(file);
    let end = content.length;
    while (end > 0 && content[end - 1] === 0) end--;
    return Math.ceil(end / 64) * 64;
  }

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`refuses to start on a byte flipped in the middle of the journal, and says where (after ${signal})`, async (t) => {
      const { data, journal } = await stopped(t, signal);
      change(journal, 2000, (old) => Buffer.from([old[0] ^ 4]));
      const failure = await VenueProcess.start(data, '--demo', '--no-flow').then(
        () => assert.fail('it started'),
        (error: Error) => error.message,
      );
      assert.match(failure, /ended with 1/);
      assert.match(failure, /journal-0000000000000001\.log is damaged at byte 1\d\d\d: a broken batch, yet a good one follows at byte/);
    });
  }

  it('recovers from a torn tail, and says what it cut', async (t) => {
    const { data, journal, orders } = await stopped(t, 'SIGKILL');
    const end = endOf(journal);
    const torn = new Head();
    torn.prepareBatches(REPLAY_VERSION, true);
    torn.writeBatch(1e6, 40, 1, 1, 1); // its commands never reached the disk
    change(journal, end, () => torn.bytes);
    const again = await startWith(t, {}, data);
    assert.match(again.output, /cut 2624 bytes of a batch that was never acknowledged off the end of the journal \(torn: .*cut-\d{16}-/);
    const [kept] = fs.readdirSync(path.dirname(journal)).filter((name) => name.startsWith('cut-'));
    assert.deepEqual(fs.readFileSync(path.join(path.dirname(journal), kept)).subarray(0, 64), torn.bytes);
    const alice = new Client(again.url);
    assert.equal((await alice.signed('GET', '/api/v3/openOrders')).body.length, orders);
    assert.equal((await place(alice)).status, 200);
  });

  it('does not start on a last batch that rotted, whoever knows of it, until an operator gives it up', async (t) => {
    const { data, journal, orders } = await stopped(t, 'SIGKILL', true);
    change(journal, endOf(journal) - 20, (old) => Buffer.from([old[0] ^ 1]));
    const args = ['--demo', '--no-flow'];
    const message = (...more: string[]) =>
      VenueProcess.start(data, ...args, ...more).then(
        () => assert.fail('it started'),
        (error: Error) => error.message,
      );
    const refusal = await message();
    assert.match(refusal, /the journal ends at command \d+, but .* knows command \d+: .* is rotten: all of its commands are there/);
    assert.equal(await message(), refusal, 'nothing was changed');
    const [, keeps] = /--accept-journal-loss (\d+)/.exec(refusal)!;
    assert.match(await message('--accept-journal-loss', String(Number(keeps) - 1)), new RegExp(`--accept-journal-loss ${keeps}'`));
    const venue = await VenueProcess.start(data, ...args, '--accept-journal-loss', keeps);
    assert.match(venue.output, /cut \d+ bytes that an operator gave up off the end of the journal/);
    assert.match(venue.output, /the store knew commands that are given up: it is kept as .*store\.sqlite\.cut-/);
    const alice = new Client(venue.url);
    const { body } = await alice.signed('GET', '/api/v3/openOrders');
    assert.equal(body.length, orders - 1);
    await until('the store', async () => (await statusOf(alice)).storeLag === 0);
    assert.equal((await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' })).body.length, orders - 1);
    assert.equal(await venue.kill('SIGTERM'), 0);
    assert.match(await message('--accept-journal-loss', keeps), /no acknowledged command is missing/);
    const again = await startWith(t, {}, data);
    assert.equal((await new Client(again.url).signed('GET', '/api/v3/openOrders')).body.length, orders - 1);
  });

  it('passes over a broken snapshot, and says so', async (t) => {
    const { data, orders } = await stopped(t, 'SIGTERM');
    const directory = path.join(data, 'journal');
    const [name] = fs.readdirSync(directory).filter((file) => file.endsWith('.img'));
    change(path.join(directory, name), 70, (old) => Buffer.from([old[0] ^ 1]));
    const again = await startWith(t, {}, data);
    assert.match(again.output, new RegExp(`${name} has a broken head`));
    assert.equal((await new Client(again.url).signed('GET', '/api/v3/openOrders')).body.length, orders);
  });

  it('ends the venue at once when it is taken away, with a word on why', async (t) => {
    const venue = await startWith(t, {});
    fs.renameSync(venue.data, `${venue.data}-away`);
    directories.add(`${venue.data}-away`);
    assert.equal(await venue.ended, 1);
    assert.match(venue.output, /was removed or given to another venue: ended at once/);
    assert.ok(!venue.output.includes('    at '), venue.output);
  });

  it('is not shared by two venues', async (t) => {
    const venue = await startWith(t, {});
    await assert.rejects(VenueProcess.start(venue.data, '--demo'), /is in use by process \d+; stop it, or choose another directory/);
  });
});

it('a port that is taken is named, whichever it is, and the data directory is free again', async (t) => {
  const venue = await startWith(t, {});
  const { ports } = await statusOf(new Client(venue.url));
  const data = temporaryDirectory('fault');
  t.after(() => fs.rmSync(data, { recursive: true, force: true }));
  const { port } = new URL(venue.url);
  const file = path.join(data, 'config.json');
  const any = anyPorts('239.255.74.1');
  const taken: [number, object][] = [
    [Number(port), any],
    [ports.ouch, { ...any, ouch: { port: ports.ouch } }],
    [ports.fix, { ...any, fix: { port: ports.fix } }],
    [ports.grpc, { ...any, grpc: { port: ports.grpc } }],
    [ports.itchRequests, { ...any, itch: { ...any.itch, requestPort: ports.itchRequests } }],
  ];
  for (const [number, config] of taken) {
    fs.writeFileSync(file, JSON.stringify(config));
    const args = ['--demo', '--no-flow', '--config', file, ...(number === Number(port) ? ['--port', port] : [])];
    const failure = await VenueProcess.start(data, ...args).then(
      () => assert.fail('it started'),
      (error: Error) => error.message,
    );
    assert.match(failure, new RegExp(`ended with 1.*port ${number} on 127\\.0\\.0\\.1 is taken: choose another with --port`, 's'));
    assert.ok(!failure.includes('    at '), failure);
  }
  const again = await VenueProcess.start(data, '--demo', '--no-flow');
  assert.equal(await again.kill('SIGTERM'), 0);
});

describe('limits', () => {
  it('answers 429 with the time to wait beyond the request weight and the orders allowed', async (t) => {
    const venue = await startWith(t, { rateLimits: { weightPerMinute: 300, ordersPerTenSeconds: 10, ordersPerDay: 1000 } });
    const alice = new Client(venue.url);
    // Windows of ten seconds and of a minute may end meanwhile, and more than once on a slow machine.
    let { code } = await place(alice);
    for (let i = 0; i < 200 && code === 0; i++) ({ code } = await place(alice));
    assert.equal(code, -1015, 'no order was one too many');
    let last = await alice.public('/api/v3/ping');
    for (let i = 0, used = 0; i < 2000 && last.status === 200; i++) {
      last = await alice.public('/api/v3/ping');
      const counted = Number(last.headers.get('x-mbx-used-weight-1m') ?? 0);
      if (last.status === 200) assert.ok(counted > used || counted === 1, `${counted} after ${used}`);
      used = counted;
    }
    assert.deepEqual([last.status, last.body.code], [429, -1003]);
    assert.ok(Number(last.headers.get('retry-after')) >= 1);
  });

  it('refuses an order when the venue holds as many as it can, and takes it after a cancel', async (t) => {
    const venue = await startWith(t, { limits: { orders: 5 } });
    const alice = new Client(venue.url);
    const placed = [];
    for (let i = 0; i < 6; i++) placed.push(await place(alice));
    assert.deepEqual(
      placed.map(({ code }) => code),
      [0, 0, 0, 0, 0, -2010],
    );
    await alice.signed('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', orderId: placed[0].id });
    assert.equal((await place(alice)).code, 0);
  });

  it('that change between two starts change nothing of what was acknowledged, and hold from then on', async (t) => {
    const venue = await startWith(t, { limits: { orders: 5 } });
    const alice = new Client(venue.url);
    const placed = [];
    for (let i = 0; i < 6; i++) placed.push((await place(alice)).code);
    assert.deepEqual(placed, [0, 0, 0, 0, 0, -2010]);
    await venue.kill();
    for (const limits of [{ orders: 4 }, { accounts: 1 }, { assets: 2 }, { instruments: 1 }]) {
      const [name, [value]] = [Object.keys(limits)[0], Object.values(limits)];
      await assert.rejects(
        startWith(t, { limits: { orders: 5, ...limits } }, venue.data),
        new RegExp(
          `limits\\.${name}(?: cannot be ${value}: \\d+ ${name} are in use|: ${value} is less than the \\d+ ${name} that are defined)`,
        ),
      );
    }
    for (const orders of [7, 6]) {
      const again = await startWith(t, { limits: { orders } }, venue.data);
      const client = new Client(again.url);
      const { body } = await client.signed('GET', '/api/v3/openOrders');
      assert.equal(body.length, orders === 7 ? 5 : 6, 'none more, none less');
      const codes = [(await place(client)).code, (await place(client)).code, (await place(client)).code];
      assert.deepEqual(codes, orders === 7 ? [0, 0, -2010] : [-2010, -2010, -2010]);
      if (orders === 7) await client.signed('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', orderId: body[0].orderId });
      await until('the follower', async () => (await statusOf(client)).storeLag === 0);
      assert.equal((await statusOf(client)).stateCheck, 'equal');
      await again.kill();
    }
  });

  it('refuses new orders when memory pressure is critical, with the reason, while cancels pass', async (t) => {
    const venue = await startWith(t, { limits: { orders: 40 } });
    const alice = new Client(venue.url);
    const pressure = async () => (await alice.public('/outcry/v1/memory')).body;
    const placed = [];
    for (let i = 0; i < 36; i++) placed.push(await place(alice));
    assert.ok(placed.every(({ code }) => code === 0));
    await until('critical pressure', async () => (await pressure()).level === 'critical');
    const { body } = await alice.signed('POST', '/api/v3/order', ORDER);
    assert.deepEqual(body, { code: -2010, msg: 'The venue holds as many open orders as it can; cancel some or try again later.' });
    assert.match((await pressure()).recommendations.join(), /orders is 90% full: raise limits\.orders \(now 40\)/);
    for (const { id } of placed.slice(0, 10)) {
      assert.equal((await alice.signed('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', orderId: id })).status, 200);
    }
    assert.equal((await place(alice)).code, 0);
    await until('less pressure', async () => (await pressure()).level !== 'critical');
    assert.match(venue.output, /memory pressure critical \(orders \d+ of 40\); new orders are refused/);
    await venue.checkMemory();
  });

  it('shows balances and best prices in a file that another process maps', async (t) => {
    const file = path.join(temporaryDirectory('fault'), 'state');
    t.after(() => fs.rmSync(path.dirname(file), { recursive: true, force: true }));
    const venue = await startWith(t, { sharedStateFile: file });
    const alice = new Client(venue.url);
    assert.equal((await place(alice)).code, 0);
    const arena = Arena.attach({ file });
    const [balances, touches] = [new SharedMap(arena.find('balances')), new SharedMap(arena.find('touches'))];
    const { body: account } = await alice.signed('GET', '/api/v3/account');
    const usdt = account.balances.find(({ asset }: { asset: string }) => asset === 'USDT');
    assert.ok(balances.get(0, 0));
    assert.equal(balances.value.f64[balanceValue.F64_AVAILABLE], Math.round(Number(usdt.free) * 1e8));
    assert.equal(balances.value.f64[balanceValue.F64_HELD], Math.round(Number(usdt.locked) * 1e8));
    const { body: ticker } = await alice.public('/api/v3/ticker/bookTicker?symbol=BTCUSDT');
    assert.ok(touches.get(0, 0));
    const side = ORDER.side === 'BUY' ? 0 : 1;
    assert.equal(touches.value.f64[touchValue.F64_PRICE + side] / 100, Number(side === 0 ? ticker.bidPrice : ticker.askPrice));
    assert.equal(touches.value.f64[touchValue.F64_LOTS + side] / 1e5, Number(side === 0 ? ticker.bidQty : ticker.askQty));
    arena.close();
  });

  it('answers -1008 or acknowledges, and nothing else, when more comes than the rings hold', async (t) => {
    const venue = await startWith(t, { commandSlots: 16, eventSlots: 64 });
    const alice = new Client(venue.url);
    const answers = (await Promise.all(Array.from({ length: 400 }, () => place(alice)))).map(({ code }) => code);
    assert.deepEqual([...new Set(answers)].sort(), answers.includes(-1008) ? [-1008, 0] : [0]);
    const { body } = await alice.signed('GET', '/api/v3/openOrders');
    assert.equal(body.length, answers.filter((code) => code === 0).length);
  });
});
