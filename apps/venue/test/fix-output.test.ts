/** What a FIX session sends, while its line is slow or broken. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Duplex } from 'node:stream';
import { after, test } from 'node:test';
import { type FixField, FixFramer, type FixMessage, fixTime, formatFix, parseFix } from '@outcry/wire/fix';
import { FixPieces } from '@outcry/wire/fix-format';
import { FixSession } from '@outcry/wire/fix-session';
import fc from 'fast-check';
import { Slices, Turns } from '../src/core/fairness/slices.ts';
import { Throttle } from '../src/core/fairness/throttle.ts';
import type { FixClient } from '../src/doors/fix/fix-client.ts';
import { FixConnection } from '../src/doors/fix/fix-connection.ts';
import { FileFixStore } from '../src/doors/fix/fix-store.ts';

import { endAfterTests } from './support/left-open.ts';
import { until } from './support/until.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-fix-output-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** A socket whose other side reads when the test says so. */
class FakeSocket extends Duplex {
  readonly remoteAddress = '127.0.0.1';
  readonly taken: Buffer[] = [];
  /** the most that ever waited */
  most = 0;
  #reading: (() => void) | undefined;

  setNoDelay(): void {}
  override _read(): void {}
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.most = Math.max(this.most, this.writableLength);
    this.taken.push(chunk);
    this.#reading = done;
  }

  /** The other side reads what was given to it. Returns whether there was something. */
  readAll(): boolean {
    const done = this.#reading;
    this.#reading = undefined;
    done?.();
    return done !== undefined;
  }
}

/** A session of the venue on a fake socket, as the door has it. */
class Side {
  readonly socket = new FakeSocket();
  readonly store = new FileFixStore(folder, `side-${count++}`);
  readonly connection: FixConnection;
  readonly session: FixSession;
  now = Date.UTC(2026, 10, 27);
  isEnded = false;
  #next = 1;

  constructor() {
    const turns = new Turns<FixConnection>(new Slices(2), (connection) => connection.step());
    this.connection = new FixConnection(this.socket as unknown as net.Socket, {
      onText: (_, text) => (this.session.isLoggedOn ? this.session.receive(text) : this.session.accept(parseFix(text))),
      onWork: (connection) => turns.add(connection),
      onClose: () => this.session.disconnected(),
    });
    const flush = () => {
      this.store.flush();
      this.connection.flush();
    };
    this.session = new FixSession({
      beginString: 'FIX.4.4',
      sender: 'OUTCRY',
      target: 'ALICE',
      store: this.store,
      send: (bytes) => {
        this.connection.send(bytes);
        setImmediate(flush);
      },
      isOpen: () => this.connection.isOpen,
      disconnect: () => {
        this.isEnded = true;
        flush();
        this.connection.end();
      },
      onMessage: () => undefined,
      onWork: () => turns.add(this.connection),
      now: () => this.now,
    });
    this.connection.throttle = new Throttle(0);
    this.connection.client = { connection: this.connection, session: this.session } as FixClient;
  }

  receive(type: string, fields: FixField[]): void {
    const head: FixField[] = [
      [35, type],
      [49, 'ALICE'],
      [56, 'OUTCRY'],
      [34, this.#next++],
      [52, fixTime(this.now)],
    ];
    if (!this.socket.destroyed) this.socket.push(formatFix('FIX.4.4', [...head, ...fields]));
  }

  /** Turns until nothing moves any more, the other side reading all. */
  async runUntilIdle(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.socket.readAll() || (this.session.hasWork && !this.socket.destroyed) ? 0 : quiet + 1;
    }
  }

  messages(): FixMessage[] {
    const framer = new FixFramer(1 << 24);
    const found: FixMessage[] = [];
    for (const piece of this.socket.taken) {
      framer.push(piece);
      for (let text = framer.next(); text !== undefined; text = framer.next()) found.push(parseFix(text));
    }
    assert.deepEqual([framer.garbled, framer.buffered], [0, 0], 'whole messages, and nothing else');
    assert.ok(found.every(({ badReason }) => badReason < 0));
    return found;
  }
}

const isGapFill = (message: FixMessage) => message.type === '4';

/** Checks numbers as the other side would, and returns which were sent again. */
function check(messages: readonly FixMessage[]): Set<number> {
  const first = new Map<number, FixMessage>();
  const again = new Set<number>();
  let next = 1;
  for (const message of messages) {
    const number = message.number(34);
    if (message.get(43) !== 'Y') {
      assert.equal(number, next, 'what is new comes in order, without a gap');
      first.set(number, message);
      next++;
      continue;
    }
    assert.ok(number < next, 'nothing comes again before it came');
    const end = isGapFill(message) ? message.number(36) : number + 1;
    assert.ok(end <= next);
    for (let covered = number; covered < end; covered++) {
      const original = first.get(covered)!;
      const isReport = original.type === '8';
      assert.equal(isGapFill(message), !isReport, `number ${covered} of type ${original.type}`);
      again.add(covered);
      if (!isReport) continue;
      assert.equal(message.get(17), original.get(17));
      assert.ok(message.get(122)! <= original.get(52)!, 'when it was written; one that was late went out after that');
    }
  }
  return again;
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('report' as const), size: fc.constantFrom(10, 10_000, 60_000) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('take' as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('turn' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('test' as const, 'beat' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('market' as const), size: fc.constantFrom(100, 200_000) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('again' as const), begin: fc.nat(30), length: fc.nat(30) }) },
);

test('what a session sends is whole messages in order, however slowly they are read and whatever is asked for meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }), fc.boolean(), async (steps, hasLogout) => {
      const side = new Side();
      side.receive('A', [
        [98, 0],
        [108, 30],
      ]);
      await side.runUntilIdle();
      let execution = 0;
      for (const one of steps) {
        if (one.what === 'report')
          side.session.send('8', [
            [17, `e${++execution}`],
            [58, 'x'.repeat(one.size)],
          ]);
        else if (one.what === 'take') side.socket.readAll();
        else if (one.what === 'turn') await new Promise((resolve) => setImmediate(resolve));
        else if (one.what === 'test') side.receive('1', [[112, 'ping']]);
        else if (one.what === 'market') {
          const pieces = new FixPieces();
          pieces.add([[58, 'm'.repeat(one.size)]]);
          if (side.session.isClear) side.session.send('W', [[262, 'md']], pieces);
        } else if (one.what === 'beat') {
          side.now += 31_000;
          side.receive('0', []);
          await new Promise((resolve) => setImmediate(resolve));
          side.session.tick();
        } else if (one.what === 'again') {
          const begin = 1 + (one.begin % (side.store.nextOut - 1));
          const end = one.length % 5 === 0 ? 0 : begin + one.length;
          side.receive('2', [
            [7, begin],
            [16, end],
          ]);
        }
      }
      if (hasLogout) side.receive('5', []);
      await side.runUntilIdle();
      if (!hasLogout) {
        side.receive('2', [
          [7, 1],
          [16, 0],
        ]);
        await side.runUntilIdle();
      }
      const messages = side.messages();
      const again = check(messages);
      if (hasLogout) assert.deepEqual([messages.at(-1)?.type, side.isEnded], ['5', true]);
      else {
        const reports = messages.filter((message) => message.type === '8' && message.get(43) === undefined);
        assert.equal(reports.length, execution, 'every report');
        assert.equal(again.size, messages.filter((message) => message.get(43) === undefined).length, 'all of it again');
      }
      assert.ok(side.socket.most <= 256 * 1024 + 200_400, `${side.socket.most} bytes waited`);
      side.store.close();
      side.socket.destroy();
    }),
    { numRuns: 150 },
  );
});

test('ten thousand requests for everything while one is served cost one more time, and what is new comes behind them', async () => {
  const side = new Side();
  side.receive('A', [
    [98, 0],
    [108, 30],
  ]);
  await side.runUntilIdle();
  for (let i = 1; i <= 3000; i++) side.session.send('8', [[17, `e${i}`]]);
  await side.runUntilIdle();
  const everything: FixField[] = [
    [7, 1],
    [16, 0],
  ];
  for (let i = 0; i < 200; i++) side.receive('2', everything);
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(side.session.hasWork, 'one is under way');
  side.session.send('8', [[17, 'new']]);
  await side.runUntilIdle();
  const messages = side.messages();
  check(messages);
  const times = messages.filter((message) => message.get(17) === 'e1').length;
  assert.ok(times >= 2 && times <= 3, `e1 was sent ${times} times`);
  assert.equal(
    messages.findLastIndex((message) => message.get(17) === 'e3000') < messages.findIndex((message) => message.get(17) === 'new'),
    true,
  );
  side.socket.destroy();
});

test('what is late has the time at which it is sent, and a gap fill stands for a run of numbers of any length', async () => {
  const side = new Side();
  side.receive('A', [
    [98, 0],
    [108, 3600],
  ]);
  await side.runUntilIdle();
  for (let i = 0; i < 6; i++)
    side.session.send('8', [
      [17, `e${i}`],
      [58, 'x'.repeat(60_000)],
    ]);
  for (let i = 0; i < 500; i++) side.session.send('0', []);
  side.now += 600_000;
  await side.runUntilIdle();
  const messages = side.messages();
  assert.equal(messages.length, 507);
  assert.equal(messages.at(-1)?.get(52), fixTime(side.now), 'a receiver takes no message that is older than two minutes');
  side.receive('2', [
    [7, 1],
    [16, 0],
  ]);
  await side.runUntilIdle();
  const again = side.messages().slice(507);
  assert.deepEqual(again.map((message) => [message.type, message.number(34), message.get(36)]).at(-1), ['4', 8, '508']);
  assert.equal(again.length, 8, 'the logon, six reports, the heartbeats');
  side.socket.destroy();
});

test('a client that reads a whole book slowly is not cut while it reads, and is when it stops', async () => {
  const stalledMs = 1500;
  const server = net.createServer().listen(0, '127.0.0.1');
  endAfterTests(() => server.close());
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  await new Promise((resolve) => server.once('listening', resolve));
  const reader = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const socket = await accepted;
  endAfterTests(() => [reader, socket].map((one) => one.destroy()));
  const connection = new FixConnection(socket, { onText: () => undefined, onWork: () => undefined, onClose: () => undefined }, stalledMs);
  connection.send(Buffer.alloc(64 * 1024 * 1024)); // one write, most of which the system does not take at once
  connection.flush();
  let read = 0;
  const began = performance.now();
  while (performance.now() - began < 3 * stalledMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    read += reader.read()?.length ?? 0; // what its buffer holds: 64 KiB
    assert.equal(connection.isStalled(), false, `after ${read} bytes`);
  }
  assert.ok(read < 64 * 1024 * 1024, 'it had something to read all the time');
  await until(
    () => connection.isStalled(),
    () => 'the end of one that reads nothing',
  );
});
