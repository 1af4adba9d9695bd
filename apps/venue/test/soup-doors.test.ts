/** SoupBinTCP ports: logins, places, silence, invalid packets. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { NOT_AUTHORIZED, SOUP } from '@outcry/wire/soup';
import fc from 'fast-check';
import type { SignedIn } from '../src/core/accounts/log-ins.ts';
import { Throttle } from '../src/core/fairness/throttle.ts';
import { DEFAULTS } from '../src/domain/config.ts';
import { SequencedLog } from '../src/doors/soup/sequenced-log.ts';
import { SessionFiles } from '../src/doors/soup/session-files.ts';
import { SessionIds } from '../src/doors/soup/session-ids.ts';
import type { Entry, Refusal, SoupApplication, SoupConnection, SoupPort } from '../src/doors/soup/soup-connection.ts';
import { SoupServer } from '../src/doors/soup/soup-server.ts';
import { type Client, Turns } from '../src/doors/soup/turns.ts';
import { endAfterTests } from './support/left-open.ts';
import { loginOf } from './support/logins.ts';
import { SoupClient } from './support/ouch-client.ts';
import { until } from './support/until.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-doors-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** An application that lets everybody in whose password is `pass`, and counts what they send. */
class Counting implements SoupApplication<CountingPort> {
  readonly mostBytes = 255;
  readonly ports = new Map<string, CountingPort>();
  readonly perSecond: number;
  readonly gone: string[] = [];
  /** the password that is used now */
  by = '';
  isBlockedNow = false;

  constructor(perSecond = 0) {
    this.perSecond = perSecond;
  }

  open(user: string, password: string): Entry<CountingPort> | Refusal {
    if (password !== 'pass') return { code: NOT_AUTHORIZED, why: 'wrong' };
    const port = this.ports.get(user) ?? new CountingPort(this.perSecond);
    this.ports.set(user, port);
    return { port, login: { ...loginOf(user, 1, 0), by: this.by } };
  }
  onMessage(port: CountingPort): undefined {
    port.messages++;
  }
  isBlocked(): boolean {
    return this.isBlockedNow;
  }
  afterPiece(): void {}
  onGone(port: CountingPort, { user }: SignedIn): void {
    this.gone.push(`${user} after ${port.messages}`);
  }
}

class CountingPort implements SoupPort {
  readonly session = 'SESSION';
  readonly log = new SequencedLog(path.join(folder, `${++count}.soup`));
  readonly throttle: Throttle;
  connection: SoupConnection | undefined;
  messages = 0;
  constructor(perSecond: number) {
    this.throttle = new Throttle(perSecond);
  }
}

class Plain extends SoupClient {
  constructor(port: number) {
    super(port, () => ({}));
  }
  static async in(port: number, user: string, password = 'pass'): Promise<Plain> {
    const client = new Plain(port);
    client.login(user, password);
    await client.until(() => client.packets.length > 0);
    return client;
  }
}

async function listen(application: Counting, more: Partial<typeof DEFAULTS.connections> = {}): Promise<SoupServer<CountingPort>> {
  const connections = { ...DEFAULTS.connections, ...more };
  const server = await SoupServer.listen(application, { host: '127.0.0.1', port: 0, connections, turns: new Turns() });
  endAfterTests(() => server.close(0));
  return server;
}

describe('a SoupBinTCP door', () => {
  it('lets clients in while more silent sockets are open than it has places for', async () => {
    const application = new Counting();
    const server = await listen(application, { most: 50, perAddress: 50, unsigned: 20 });
    const alice = await Plain.in(server.port, 'ALICE');
    const silent = Array.from({ length: 200 }, () => net.connect(server.port, '127.0.0.1').on('error', () => undefined));
    endAfterTests(() => silent.map((socket) => socket.destroy()));
    await until(
      () => silent.filter((socket) => !socket.connecting).length === 200,
      () => 'the silent ones',
    );
    for (let i = 0; i < 10; i++) assert.equal((await Plain.in(server.port, `USER${i}`)).packets[0].type, 'A');
    alice.packet(SOUP.UNSEQUENCED, new Uint8Array(10));
    await until(
      () => application.ports.get('ALICE')!.messages === 1,
      () => 'the message of one who is logged in',
    );
    await until(
      () => silent.filter((socket) => socket.closed).length >= 30, // others, which the system has not handed over, are not known yet
      () => 'the end of those that have no place',
    );
    for (const socket of silent) socket.destroy();
    await server.close(0);
  });

  it('closes a connection that does not log in in time, whatever bytes it sends', async () => {
    const server = await listen(new Counting(), { loginMs: 300 });
    const began = performance.now();
    const slow = new Plain(server.port);
    const bytes = Uint8Array.of(0, 47, SOUP.LOGIN_REQUEST, ...new Uint8Array(45).fill(0x20));
    let sent = 0;
    const drip = setInterval(() => sent < 40 && slow.socket.write(bytes.subarray(sent, ++sent)), 20).unref();
    await slow.until(() => slow.isClosed);
    clearInterval(drip);
    assert.ok(sent > 1, 'it was sending');
    assert.ok(performance.now() - began >= 250);
    assert.match(slow.packets.at(-1)?.text ?? '', /no login in time/);
    await server.close(0);
  });

  it('takes a client that comes back for the one that was there: its port is never without one, and gone once it leaves', async () => {
    const application = new Counting();
    const server = await listen(application);
    const first = await Plain.in(server.port, 'ALICE');
    const second = await Plain.in(server.port, 'ALICE');
    await first.until(() => first.isClosed);
    assert.match(first.packets.at(-1)!.text, /logged in from elsewhere/);
    second.packet(SOUP.UNSEQUENCED, new Uint8Array(10));
    await until(
      () => application.ports.get('ALICE')!.messages === 1,
      () => 'a message of the one that is there',
    );
    assert.deepEqual(application.gone, []);
    second.close();
    await until(
      () => application.gone.length > 0,
      () => 'the end of it',
    );
    assert.deepEqual(application.gone, ['ALICE after 1']);
  });

  it('ends what signed in with a password that holds no more, though a login with another one was refused meanwhile', async () => {
    const application = new Counting();
    const server = await listen(application);
    application.by = 'old';
    const alice = await Plain.in(server.port, 'ALICE');
    application.by = 'new';
    const refused = new Plain(server.port);
    refused.login('ALICE', 'pass', 1, 'YESTERDAY');
    await refused.until(() => refused.isClosed);
    assert.equal(refused.packets[0].type, 'J');
    server.endRevoked(({ by }) => by === 'new');
    await alice.until(() => alice.isClosed);
    assert.match(alice.packets.at(-1)!.text, /revoked/);
  });

  it('reads a session that sends too fast at the rate that it may have, over all of its connections, and others at theirs', async () => {
    const application = new Counting(1000);
    const server = await listen(application);
    const fast = await Plain.in(server.port, 'FAST');
    const began = performance.now();
    for (let i = 0; i < 1000; i++) fast.packet(SOUP.UNSEQUENCED, new Uint8Array(10));
    const slow = await Plain.in(server.port, 'SLOW');
    slow.packet(SOUP.UNSEQUENCED, new Uint8Array(10));
    await until(
      () => application.ports.get('SLOW')!.messages === 1,
      () => 'the slow one',
    );
    assert.ok(application.ports.get('FAST')!.messages < 1000);
    const port = application.ports.get('FAST')!;
    await until(
      () => port.messages >= 500,
      () => 'half',
    );
    fast.close();
    const again = await Plain.in(server.port, 'FAST');
    for (let i = 0; i < 500; i++) again.packet(SOUP.UNSEQUENCED, new Uint8Array(10));
    const before = port.messages;
    await until(
      () => port.messages >= before + 400,
      () => 'the rest',
    );
    // A tenth of a second's worth may come at once; what is over that takes its time.
    assert.ok(performance.now() - began >= port.messages - 110, `${port.messages} in ${performance.now() - began} ms`);
    await server.close(0);
  });

  it('waits with a client whose messages can have no outcome now, and goes on afterwards', async () => {
    const application = new Counting();
    const server = await listen(application);
    const client = await Plain.in(server.port, 'WAITS');
    application.isBlockedNow = true;
    for (let i = 0; i < 100; i++) client.packet(SOUP.UNSEQUENCED, new Uint8Array(10));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(application.ports.get('WAITS')!.messages, 0);
    application.isBlockedNow = false;
    await until(
      () => application.ports.get('WAITS')!.messages === 100,
      () => 'the messages',
    );
    await server.close(0);
  });
});

describe('a turn of the thread', () => {
  /** Has input without end, or so much. */
  class Greedy implements Client {
    turn = 0;
    taken = 0;
    left: number;
    done = 0;
    most = 0;
    constructor(left: number) {
      this.left = left;
    }
    get isReady(): boolean {
      return this.left > 0;
    }
    work(most: number): number {
      const taken = Math.min(most, this.left);
      this.left -= taken;
      this.done += taken;
      this.most = Math.max(this.most, taken);
      return taken;
    }
  }

  it('is shared: however much some have sent, whoever sent little has its turn in one of the next few', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 50 }), async (hogs, little) => {
        const turns = new Turns();
        const greedy = Array.from({ length: hogs }, () => new Greedy(Number.POSITIVE_INFINITY));
        for (const client of greedy) turns.enter(client);
        const honest = new Greedy(little);
        turns.enter(honest);
        let waited = 0;
        for (; honest.isReady; waited++) await new Promise((resolve) => setImmediate(resolve));
        for (const client of greedy) client.left = 0;
        assert.ok(waited <= Math.ceil((hogs + 1) / 8) + 1, `${waited} turns behind ${hogs}`);
        for (const client of greedy) assert.ok(client.most <= 1024 && client.done <= 1024 * (waited + 1));
      }),
      { numRuns: 50 },
    );
  });

  it('takes in all that was sent, by whomever', async () => {
    const turns = new Turns();
    const clients = Array.from({ length: 100 }, (_, i) => new Greedy(i * 100));
    for (const client of clients) turns.enter(client);
    await until(
      () => clients.every(({ left }) => left === 0),
      () => 'the end',
    );
    for (const [i, client] of clients.entries()) assert.equal(client.done, i * 100);
  });
});

describe("a session's name", () => {
  it('is ten letters, and never comes twice: in one moment, over starts, when the clock steps back, when the file is damaged', () => {
    const file = path.join(folder, 'session');
    const names = new Set<string>();
    let now = Date.UTC(2026, 10, 27);
    for (let start = 0; start < 50; start++) {
      const ids = new SessionIds(file, () => now);
      for (let i = 0; i < 3; i++) {
        const name = ids.next();
        assert.match(name, /^[0-9A-Z]{10}$/);
        assert.ok(!names.has(name));
        names.add(name);
      }
      if (start === 20) now -= 86_400_000;
    }
    assert.deepEqual([...names], [...names].sort(), 'later ones are greater');
    fs.writeFileSync(file, '');
    now = Date.UTC(2026, 10, 28);
    assert.ok(!names.has(new SessionIds(file, () => now).next()));
  });
});

describe("a session's files", () => {
  it('go when it is over, as soon as the last reader has', async () => {
    const files = new SessionFiles(path.join(folder, 'session-files'));
    const logs = ['A', 'B', 'C'].map((name) => files.open(name));
    for (const log of logs) {
      for (let i = 0; i < 20_000; i++) log.claim(50);
      log.complete();
    }
    logs[1].retain();
    await until(
      () => fs.readdirSync(files.directory).length === 3,
      () => 'the files',
    );
    files.end();
    await until(
      () => fs.readdirSync(files.directory).length === 1,
      () => 'all but the one that is read',
    );
    logs[1].release();
    await until(
      () => !fs.existsSync(files.directory),
      () => 'the directory',
    );
  });
});
