/** A SoupBinTCP stream is whole packets in order, however slowly it is read. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import type net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { SELL } from '@outcry/market/order-terms';
import * as wire from '@outcry/wire/itch';
import { viewOf } from '@outcry/wire/layout';
import { writeLogin } from '@outcry/wire/soup';
import fc from 'fast-check';
import { LogIns } from '../src/core/accounts/log-ins.ts';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';
import { BookSnapshot } from '../src/doors/itch/book-snapshot.ts';
import { Glimpse } from '../src/doors/itch/glimpse.ts';
import type { ItchPublisher } from '../src/doors/itch/itch-publisher.ts';
import { ShownOrders } from '../src/doors/itch/shown-orders.ts';
import { SequencedLog } from '../src/doors/soup/sequenced-log.ts';
import { SessionFiles } from '../src/doors/soup/session-files.ts';
import { type SoupApplication, SoupConnection, type SoupPort } from '../src/doors/soup/soup-connection.ts';
import { Turns } from '../src/doors/soup/turns.ts';
import { loginOf } from './support/logins.ts';
import { SlowSocket } from './support/slow-socket.ts';
import { packetsOf, type SoupPacket, sequencedOf } from './support/soup-stream.ts';
import { until } from './support/until.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-soup-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const PASSWORD = 'passpass';
const login = loginOf('ALICE', 1, 0, [PASSWORD]);
const place = { stays: () => undefined, leave: () => undefined };
let count = 0;

/** A client of an application, logged in, whose other side reads when it is told to. */
class Reader<Port extends SoupPort> {
  readonly socket = new SlowSocket();
  readonly connection: SoupConnection<Port>;
  /** the number that it asked for */
  readonly from: number;

  constructor(application: SoupApplication<Port>, from = 1) {
    this.from = from;
    const options = { turns: new Turns(), loginMs: 60_000 };
    this.connection = new SoupConnection(this.socket as unknown as net.Socket, application, place, options);
    const bytes = new Uint8Array(64);
    const request = { user: login.user, password: PASSWORD, session: '', sequence: from };
    this.socket.send(bytes.subarray(0, writeLogin(viewOf(bytes), 0, request)));
  }

  get packets(): SoupPacket[] {
    return packetsOf(this.socket.received);
  }

  /** Reads until something holds. */
  async readUntil(holds: () => boolean, what: () => string): Promise<void> {
    await until(() => {
      this.socket.receive(Number.POSITIVE_INFINITY);
      return holds();
    }, what);
  }
}

/** What a session's port is when only its stream matters. */
class PlainPort implements SoupPort {
  readonly session = 'SESSION';
  readonly log: SequencedLog;
  readonly throttle = undefined;
  connection: SoupConnection | undefined;
  constructor(log: SequencedLog) {
    this.log = log;
  }
}

function applicationOf(port: PlainPort): SoupApplication<PlainPort> {
  return {
    mostBytes: 64,
    open: () => ({ port, login: { ...login, by: '' } }),
    onMessage: () => undefined,
    isBlocked: () => false,
    afterPiece: () => undefined,
    onGone: () => undefined,
  };
}

/** Each message is its number and a pattern, so that any other bytes in its place are seen. */
function payloadOf(number: number, bytes: number): Buffer {
  const payload = Buffer.alloc(Math.max(4, bytes), number & 0xff);
  payload.writeUInt32BE(number);
  return payload;
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('say'), n: fc.integer({ min: 1, max: 40 }), bytes: fc.integer({ min: 4, max: 300 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('say'), n: fc.integer({ min: 1, max: 60 }), bytes: fc.integer({ min: 4, max: 60_000 }) }),
  },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('read'), n: fc.integer({ min: 1, max: 30 }), bytes: fc.constant(0) }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('tick'), n: fc.constant(1), bytes: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('turn'), n: fc.integer({ min: 1, max: 5 }), bytes: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('rest'), n: fc.constant(1), bytes: fc.constant(0) }) },
);
const ending = fc.constantFrom('none', 'none', 'session', 'kick', 'other');

describe('whatever is written to a connection, and however slowly it is read', () => {
  it("the stream is whole packets, and the sequenced ones are the session's: in order, none lost or doubled", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), fc.nat(), ending, fc.nat(60), async (steps, from, end, endAt) => {
        const log = new SequencedLog(path.join(folder, `${++count}.soup`));
        const port = new PlainPort(log);
        const expected: Buffer[] = [];
        const say = (n: number, bytes: number) => {
          for (let i = 0; i < n; i++) {
            const payload = payloadOf(expected.length + 1, bytes);
            expected.push(payload);
            const at = log.claim(payload.length);
            payload.copy(new Uint8Array(log.view.buffer, log.view.byteOffset, log.view.byteLength), at);
          }
          log.flush();
        };
        say(from % 50, 40);
        const reader = new Reader(applicationOf(port), 1 + (from % (expected.length + 1)));
        const now = performance.now();
        const doEnd = () => {
          if (end === 'session') {
            log.complete();
            reader.connection.endSession();
          } else if (end === 'kick') reader.connection.end('kicked');
          else if (end === 'other') new Reader(applicationOf(port));
        };
        const isOver = () => end !== 'none' && hasEnded;
        let hasEnded = false;
        for (const [i, { does, n, bytes }] of [...steps, { does: 'turn', n: 1, bytes: 0 }].entries()) {
          if (does === 'say' && !(end === 'session' && hasEnded)) say(n, bytes);
          else if (does === 'read') reader.socket.receive(n);
          else if (does === 'tick') reader.connection.tick(now);
          else if (does === 'rest') {
            log.rest(now);
            log.rest(now + 1e6);
          } else for (let turn = 0; turn < n; turn++) await new Promise((resolve) => setImmediate(resolve));
          if (i === endAt || (i === steps.length && !hasEnded)) {
            if (reader.connection.port === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
            doEnd();
            hasEnded = true;
          }
        }
        const wanted = () => expected.length - reader.from + 1;
        if (end === 'none' || end === 'session')
          await reader.readUntil(
            () => sequencedOf(reader.packets).length >= wanted(),
            () => `${sequencedOf(reader.packets).length} of ${wanted()}`,
          );
        if (isOver())
          await reader.readUntil(
            () => reader.socket.writableFinished,
            () => 'the end',
          );
        const { packets } = reader;
        assert.equal(packets[0].type, 'A');
        const received = sequencedOf(packets);
        for (const [i, payload] of received.entries())
          assert.ok(payload.equals(expected[reader.from - 1 + i]), `message ${reader.from + i}`);
        if (end === 'session') {
          assert.equal(received.length, wanted());
          assert.deepEqual(
            packets.slice(-2).map(({ type, payload }) => type + payload),
            ['Z', '+end of session'],
          );
        }
        if (end === 'kick') assert.equal(String(packets.at(-1)!.payload), 'kicked');
        if (end === 'other') assert.equal(String(packets.at(-1)!.payload), 'logged in from elsewhere');
      }),
      { numRuns: 150 },
    );
  });

  it('nothing waits for a client that does not read but a megabyte and its heartbeats are not added to', async () => {
    const log = new SequencedLog(path.join(folder, `${++count}.soup`));
    const reader = new Reader(applicationOf(new PlainPort(log)));
    await until(
      () => reader.connection.port !== undefined,
      () => 'the login',
    );
    for (let i = 0; i < 100_000; i++) {
      log.claim(300);
      log.flush();
      if (i % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(reader.socket.writableLength < 1.5 * 1024 * 1024, `${reader.socket.writableLength} bytes`);
    const before = reader.socket.writableLength;
    for (let i = 0; i < 100; i++) reader.connection.tick(performance.now());
    assert.equal(reader.socket.writableLength, before);
    reader.connection.abandon();
  });
});

describe('a snapshot of GLIMPSE', () => {
  const market = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS);
  const SLOTS = 20_000;

  it('is whole however slowly it is read, with heartbeats between, and is that of one moment for all who share it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: SLOTS }),
        fc.array(fc.nat(40), { minLength: 10, maxLength: 40 }),
        async (orders, reads) => {
          const shown = new ShownOrders(SLOTS);
          for (let slot = 1; slot <= orders; slot++) {
            shown.name(slot, 1, slot & 1, SELL);
            shown.show(slot, slot, 1000 + slot);
          }
          let snapshots = 0;
          const publisher = {
            snapshot: () => new BookSnapshot(100 + ++snapshots, market.instruments, [0, 0], shown, 0),
          } as unknown as ItchPublisher;
          const files = new SessionFiles(path.join(folder, `glimpse-${++count}`));
          const glimpse = new Glimpse({
            publisher,
            logins: new LogIns([login]),
            files,
            throttle: () => undefined,
            session: () => 'SESSION',
          });
          const readers = [new Reader(glimpse), new Reader(glimpse)];
          await until(
            () => readers.every(({ connection }) => connection.port !== undefined),
            () => 'the logins',
          );
          readers.push(new Reader(glimpse));
          const now = performance.now();
          for (const n of reads) {
            for (const reader of readers) {
              reader.connection.tick(now);
              if (n % 3 === 0) reader.socket.receive(n);
            }
            await new Promise((resolve) => setImmediate(resolve));
          }
          const isWhole = (reader: (typeof readers)[0]) => sequencedOf(reader.packets).at(-1)?.[0] === wire.endOfSnapshot.type;
          for (const reader of readers)
            await reader.readUntil(
              () => isWhole(reader),
              () => 'the end of the snapshot',
            );
          const streams = readers.map((reader) => Buffer.concat(sequencedOf(reader.packets)));
          assert.ok(streams[0].equals(streams[1]), 'who asked at once shares a snapshot');
          for (const reader of readers) {
            const adds = sequencedOf(reader.packets).filter((payload) => payload[0] === wire.addOrder.type);
            assert.equal(adds.length, orders);
            for (const [i, payload] of adds.entries())
              assert.equal(wire.addOrder.fields.shares.get(viewOf(payload), wire.addOrder.at.shares), i + 1);
          }
          assert.ok(snapshots <= 2);
          for (const reader of readers) reader.connection.endSession();
          for (const reader of readers)
            await reader.readUntil(
              () => reader.socket.writableFinished,
              () => 'the end',
            );
          for (const reader of readers)
            assert.deepEqual(
              reader.packets.slice(-2).map(({ type }) => type),
              ['Z', '+'],
            );
          await until(
            () => fs.readdirSync(files.directory).length === 0,
            () => 'the end of the files',
          );
        },
      ),
      { numRuns: 20 },
    );
  });

  it('is not refused as a wrong password while others are under way', async () => {
    const shown = new ShownOrders(10);
    const publisher = { snapshot: () => new BookSnapshot(1, market.instruments, [0, 0], shown, 0) } as unknown as ItchPublisher;
    const files = new SessionFiles(path.join(folder, `glimpse-${++count}`));
    const glimpse = new Glimpse({ publisher, logins: new LogIns([login]), files, throttle: () => undefined, session: () => 'SESSION' });
    // None of them reads anything: no snapshot is over.
    const readers = Array.from({ length: 30 }, () => new Reader(glimpse));
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const reader of readers) reader.socket.receive(Number.POSITIVE_INFINITY);
    const answers = readers.map(({ packets }) => packets[0]).filter((packet) => packet !== undefined);
    for (const { type, payload } of answers) assert.ok(type === 'A' || String(payload) === 'S', `${type} ${payload}`);
    for (const reader of readers) reader.connection.abandon();
  });
});
