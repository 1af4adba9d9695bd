/** Failing disks, threads and stores under a running venue. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { Agent, request } from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import pino from 'pino';
import { fragileDisk, smallDisk } from '../../../packages/journal/test/support/small-disk.ts';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS } from '../src/domain/config.ts';
import { startVenue } from '../src/venue.ts';
import { directories, ORDER, place, startWith, statusOf } from './support/faults.ts';
import { anyPorts, Client, temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

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
    await until(async () => (await place(alice)).status === 200, 'room');
    assert.equal((await statusOf(alice)).journal, 'ok');
    await until(async () => (await statusOf(alice)).storeLag === 0, 'the store');
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
    await until(async () => (await place(alice)).code === -1006, 'the journal to fail');
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
    await until(async () => fs.readdirSync(`/proc/${pid}/fd`).length >= limit, 'no descriptor is left');
    const before = segments();
    for (let n = 0; n < 5000 && segments() < before + 4; n++) assert.equal(await order(), 200, 'every order is taken');
    assert.ok(segments() >= before + 4, 'segments were opened');
    for (const socket of idle) socket.destroy();
    const alice = new Client(venue.url);
    await until(async () => {
      const { journal, storeLag } = await statusOf(alice);
      return journal === 'ok' && storeLag === 0;
    }, 'store and journal');
    const taken = () => fs.readdirSync(path.join(venue.data, 'journal')).some((name) => name.endsWith('.img'));
    await until(async () => taken(), 'a snapshot');
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
  it('ends all acknowledging with -1006, says so, and loses nothing acknowledged before', async () => {
    const data = temporaryDirectory('fault');
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
    await until(async () => (await statusOf(alice)).storeLag === 0, 'the store');
    const intruder = new DatabaseSync(file);
    intruder.exec('BEGIN IMMEDIATE');
    for (let i = 0; i < 200; i++) assert.equal((await place(alice)).status, 200);
    await until(async () => (await statusOf(alice)).store === 'failing', 'the store to fail');
    assert.ok((await statusOf(alice)).storeLag >= 100);
    const { status, body } = await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' });
    assert.deepEqual([status, body.code], [503, -1007]);
    assert.match(body.msg, /The store is \d+ commands behind/);
    intruder.exec('ROLLBACK');
    intruder.close();
    await until(async () => (await statusOf(alice)).storeLag === 0, 'the store to catch up');
    assert.equal((await statusOf(alice)).store, 'ok');
    const { body: all } = await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' });
    assert.equal(new Set(all.map(({ orderId }: { orderId: number }) => orderId)).size, 201);
    assert.match(venue.output, /database is locked; trying again/);
  });

  it('does not count as failing any more once it is open again, though nothing is traded', async (t) => {
    const first = await startWith(t, {});
    await place(new Client(first.url));
    await until(async () => (await statusOf(new Client(first.url))).storeLag === 0, 'the store');
    await first.kill('SIGTERM');
    const file = path.join(first.data, 'store.sqlite');
    const intruder = new DatabaseSync(file);
    intruder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const venue = await startWith(t, { readWaitMs: 10 }, first.data);
    const alice = new Client(venue.url);
    await until(async () => (await statusOf(alice)).store === 'failing', 'the store to fail');
    intruder.exec('ROLLBACK');
    intruder.close();
    await until(async () => (await statusOf(alice)).store === 'ok', 'the store to be open');
  });

  it('may lie elsewhere, and is refused by a venue that it is not of', async (t) => {
    const elsewhere = temporaryDirectory('fault-store');
    directories.add(elsewhere);
    const storeFile = path.join(elsewhere, 'own.sqlite');
    const venue = await startWith(t, { storeFile });
    const alice = new Client(venue.url);
    await place(alice);
    await until(async () => (await statusOf(alice)).storeLag === 0, 'the store');
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
    await until(async () => {
      const { status, body } = await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' });
      return status === 200 && body.length === 100;
    }, 'all orders');
    const database = new DatabaseSync(path.join(venue.data, 'store.sqlite'), { readOnly: true });
    assert.equal(database.prepare('SELECT count(*) AS n FROM orders').get()!.n, 100);
    database.close();
    assert.equal((await statusOf(alice)).stateCheck, 'equal');
  });
});

it('a port that is taken is named, whichever it is, and the data directory is free again', async (t) => {
  const venue = await startWith(t, {});
  const { ports } = await statusOf(new Client(venue.url));
  const data = temporaryDirectory('fault');
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
