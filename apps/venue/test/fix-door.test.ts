/** The FIX door without a venue: logons, the daily roll, limits. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { FixField, FixMessage } from '@outcry/wire/fix';
import type { Login } from '../src/core/accounts/accounts.ts';
import { FixClient } from './support/fix-client.ts';
import { FixDoor } from './support/fix-door.ts';
import { loginOf } from './support/logins.ts';
import { until } from './support/until.ts';

const BEFORE_ROLL = Date.UTC(2026, 10, 27, 16, 59, 45);
const TO_ROLL_MS = 15_000;
/** For what is much work: on a machine that others use too. */
const MOST_MS = 120_000;

async function open(connections = {}, now?: number): Promise<{ door: FixDoor; port: number }> {
  const door = new FixDoor(connections, now);
  return { door, port: await door.listen() };
}

/** A client with the door's clock. */
function logon(door: FixDoor, port: number, user: string, next = 1, more: FixField[] = []): FixClient {
  const client = new FixClient(port, user);
  client.now = () => door.now;
  client.next = next;
  client.send('A', [[98, 0], [108, 30], [554, `${user.toLowerCase()}pass`], ...more]);
  return client;
}

async function closed(client: FixClient): Promise<void> {
  await until(
    () => client.isClosed,
    () => `the end of a connection; got ${client.got.map(({ type }) => type)}`,
  );
}

/** Asks for reports, and for the last of them. */
async function reports(client: FixClient, id: string, count: number, text = ''): Promise<void> {
  let looked = client.got.length;
  client.send('D', [
    [11, id],
    [38, count],
    [58, text],
  ]);
  const hasLast = () => {
    while (looked < client.got.length) if (client.got[looked++].get(17) === `${id}-${count - 1}`) return true;
    return false;
  };
  await until(hasLast, () => `${count} reports of ${id}, got ${client.got.length}`, MOST_MS);
}

test('a Logon that is refused never touches the session that is connected, and one that is accepted takes its place', async () => {
  const { door, port } = await open();
  const alice = logon(door, port, 'ALICE');
  await alice.take('A');
  await reports(alice, 'first', 1);
  const bad: [string, () => FixClient][] = [
    ['a wrong password', () => logon(door, port, 'ALICE', 3, [[554, 'wrong']])],
    ['a number that is too low', () => logon(door, port, 'ALICE', 1)],
    ['a field twice', () => logon(door, port, 'ALICE', 3, [[98, 0]])],
    ['a reset with another number', () => logon(door, port, 'ALICE', 9, [[141, 'Y']])],
    ['a reset that is none', () => logon(door, port, 'ALICE', 3, [[141, 'X']])],
    [
      'no number',
      () => {
        const client = new FixClient(port, 'ALICE');
        client.now = () => door.now;
        client.next = 0;
        client.send('A', [
          [98, 0],
          [108, 30],
          [554, 'alicepass'],
        ]);
        return client;
      },
    ],
    ...[0, 3601, -1, 'x'].map((interval): [string, () => FixClient] => [
      `a heartbeat of ${interval}`,
      () => {
        const client = new FixClient(port, 'ALICE');
        client.now = () => door.now;
        client.next = 3;
        client.send('A', [
          [98, 0],
          [108, interval],
          [554, 'alicepass'],
        ]);
        return client;
      },
    ]),
    [
      'another time',
      () => {
        const client = new FixClient(port, 'ALICE');
        client.now = () => door.now - 600_000;
        client.send('A', [
          [98, 0],
          [108, 30],
          [554, 'alicepass'],
        ]);
        return client;
      },
    ],
  ];
  for (const [what, begin] of bad) {
    const other = begin();
    await closed(other);
    assert.equal(other.got.length, 0, `${what}: the numbers are the other connection's`);
    await reports(alice, what, 1);
  }
  assert.deepEqual(door.ended, []);
  const numbers = alice.got.map((message) => message.number(34));
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => i + 1),
    'no number is missing',
  );
  const again = logon(door, port, 'ALICE', alice.next);
  await again.take('A');
  await closed(alice);
  await reports(again, 'again', 1);
  assert.deepEqual(door.ended, ['ALICE moved'], 'its orders stay');
  again.socket.destroy();
  door.remove();
});

test('at the roll sessions are logged out, numbers begin at 1, and what was kept is gone; old numbers are refused', async () => {
  const { door, port } = await open({}, BEFORE_ROLL);
  const alice = logon(door, port, 'ALICE');
  const bob = logon(door, port, 'BOB');
  await alice.take('A');
  await bob.take('A');
  await reports(alice, 'first', 5);
  await reports(bob, 'first', 5);
  bob.socket.destroy();
  await until(
    () => door.ended.includes('BOB ended'),
    () => 'the end of Bob',
  );
  const before = door.day.name;
  door.now += TO_ROLL_MS;
  door.day.look();
  assert.notEqual(door.day.name, before);
  const logout = await alice.take('5');
  assert.match(logout.get(58)!, /session day/);
  alice.send('5', []);
  await closed(alice);
  const old = logon(door, port, 'ALICE', alice.next);
  const refused = await old.take('5');
  assert.match(refused.get(58)!, /MsgSeqNum too high, expecting 1 but received 4: a session day began/);
  await closed(old);
  for (const user of ['ALICE', 'BOB']) {
    const client = logon(door, port, user);
    const answer = await client.take('A');
    assert.equal(answer.number(34), user === 'ALICE' ? 2 : 1, 'the refusal was number 1');
    client.send('2', [
      [7, 1],
      [16, 0],
    ]);
    await client.take('4');
    assert.ok(!client.got.some((message) => message.get(17) !== undefined), 'nothing of the day before');
    client.socket.destroy();
  }
  await until(
    () => !fs.existsSync(path.join(door.data, 'fix', before)),
    () => `the files of ${before} go`,
  );
  door.remove();
});

test('a client that does not answer at the roll is disconnected, and the day begins all the same', async () => {
  const { door, port } = await open({}, BEFORE_ROLL);
  const alice = logon(door, port, 'ALICE');
  await alice.take('A');
  door.now += TO_ROLL_MS;
  door.day.look();
  await closed(alice);
  const again = logon(door, port, 'ALICE');
  assert.equal((await again.take('A')).number(34), 1);
  again.socket.destroy();
  door.remove();
});

test('an eager reader is sent everything again, however much it is, while others are served; one that does not read waits in the files', async () => {
  const { door, port } = await open();
  const alice = logon(door, port, 'ALICE');
  const bob = logon(door, port, 'BOB');
  await alice.take('A');
  await bob.take('A');
  const text = 'x'.repeat(120);
  for (let i = 0; i < 110; i++) await reports(alice, `r${i}`, 1000, text);
  const from = alice.got.length;
  for (let i = 0; i < 3; i++)
    alice.send('2', [
      [7, 1],
      [16, 0],
    ]);
  let worst = 0;
  let turns = 0;
  const isDone = () => alice.got.length >= from + 110_000;
  while (!isDone()) {
    assert.equal(alice.isClosed, false, door.warnings.join());
    const began = performance.now();
    await reports(bob, `b${turns++}`, 1);
    worst = Math.max(worst, performance.now() - began);
  }
  assert.ok(turns > 50, `Bob had ${turns} answers meanwhile, the slowest after ${worst} ms`);
  const again = alice.got.slice(from, from + 110_000).filter((message: FixMessage) => message.get(43) === 'Y' && message.type === '8');
  assert.ok(again.length > 109_000);
  alice.socket.pause();
  for (let i = 0; i < 5; i++)
    alice.send('2', [
      [7, 1],
      [16, 0],
    ]);
  for (let i = 0; i < 20; i++) await reports(bob, `quiet${i}`, 1);
  const client = door.clients.get('ALICE')!;
  await until(
    () => client.connection?.isOpen === false,
    () => 'a line that takes no more: megabytes, which the system holds for a reader',
    MOST_MS,
  );
  assert.ok(client.session.hasWork);
  alice.socket.destroy();
  bob.socket.destroy();
  door.remove();
});

test('a client that sends 64 MB at once is read in turns, and others are served between them', async () => {
  const { door, port } = await open({ messagesPerSecond: 0 });
  const alice = logon(door, port, 'ALICE');
  const bob = logon(door, port, 'BOB');
  await alice.take('A');
  await bob.take('A');
  const flood: Buffer[] = [];
  const message = 'x'.repeat(600);
  for (let i = 0; i < 100_000; i++)
    flood.push(
      alice.format('D', [
        [11, `f${i}`],
        [58, message],
      ]),
    );
  alice.socket.write(Buffer.concat(flood));
  let turns = 0;
  while (door.taken.filter((id) => id.startsWith('f')).length < 100_000) {
    assert.equal(alice.isClosed, false, door.warnings.join());
    await reports(bob, `b${turns++}`, 1);
  }
  assert.ok(turns > 20, `${turns} answers meanwhile`);
  alice.socket.destroy();
  bob.socket.destroy();
  door.remove();
});

test('a session that sends too fast is read at the rate that it may have', async () => {
  const { door, port } = await open({ messagesPerSecond: 1000 });
  const alice = logon(door, port, 'ALICE');
  await alice.take('A');
  const began = performance.now();
  const flood = Array.from({ length: 1000 }, (_, i) => alice.format('D', [[11, `f${i}`]]));
  alice.socket.write(Buffer.concat(flood));
  await until(
    () => door.taken.length === 1000,
    () => `1,000 messages, taken ${door.taken.length}`,
  );
  assert.ok(performance.now() - began > 800, 'a tenth of a second at once, the rest at 1,000/s');
  alice.socket.destroy();
  door.remove();
});

test('connections that do not log on give way or end in time, whatever they send, and never keep out one that does', async () => {
  const { door, port } = await open({ unsigned: 8, loginMs: 1500 });
  const alice = logon(door, port, 'ALICE');
  await alice.take('A');
  const silent = Array.from({ length: 60 }, () => new FixClient(port, 'BOB'));
  const dripping = setInterval(() => {
    for (const client of silent) if (!client.socket.destroyed) client.socket.write('8');
  }, 20).unref();
  const bob = logon(door, port, 'BOB');
  await bob.take('A');
  await until(
    () => silent.every((client) => client.isClosed),
    () => 'the end of all of them',
  );
  clearInterval(dripping);
  await reports(alice, 'still', 1);
  await reports(bob, 'here', 1);
  alice.socket.destroy();
  bob.socket.destroy();
  door.remove();
});

test('a peer that is silent is asked, and then disconnected, though it reads nothing any more', async () => {
  const { door, port } = await open();
  const alice = logon(door, port, 'ALICE');
  await alice.take('A');
  alice.socket.pause();
  door.now += 37_000;
  await new Promise((resolve) => setTimeout(resolve, 600)); // a few ticks
  door.now += 40_000;
  await until(
    () => door.ended.includes('ALICE ended'),
    () => 'the end of the session',
  );
  alice.socket.resume();
  await closed(alice);
  assert.deepEqual(
    alice.got.map(({ type }) => type),
    ['A', '1'],
  );
  door.remove();
});

test('a login that is no more is logged out', async () => {
  const { door, port } = await open();
  const alice = logon(door, port, 'ALICE');
  await alice.take('A');
  for (const listener of door.onLogins) listener(door.logins.slice(1));
  assert.match((await alice.take('5')).get(58)!, /login was revoked/);
  await closed(alice);
  door.remove();
});

test('numbers go on after a restart, and after a power cut that took the end of the files', async () => {
  const { door, port } = await open();
  const alice = logon(door, port, 'ALICE');
  await alice.take('A');
  await reports(alice, 'first', 5000);
  alice.socket.destroy();
  await until(
    () => door.ended.length === 1,
    () => 'the end',
  );
  door.restart();
  const again = logon(door, await door.listen(), 'ALICE', 3);
  assert.equal((await again.take('A')).number(34), 5002);
  again.socket.destroy();
  await until(
    () => door.ended.length === 2,
    () => 'the end',
  );
  door.close();
  const files = path.join(door.data, 'fix', door.day.name, 'ALICE-FIX.4.4');
  const [segment] = fs.readdirSync(files).filter((name) => name.endsWith('.fix'));
  fs.truncateSync(path.join(files, segment), 3000);
  fs.appendFileSync(path.join(files, segment), Buffer.alloc(5000)); // a file system may give zeros
  const state = fs.readFileSync(path.join(files, 'received'));
  state.write('00000000-0000-0000-0000-000000000000', 8, 'latin1'); // of a boot before this one
  state.writeDoubleLE(2, 0);
  fs.writeFileSync(path.join(files, 'received'), state);
  door.restart();
  const third = logon(door, await door.listen(), 'ALICE', 4);
  assert.ok((await third.take('A')).number(34) > 5002, 'no number is used twice');
  const asked = await third.take('2');
  assert.equal(asked.get(7), '2', 'what was received and lost is asked for again');
  third.send('2', [
    [7, 5000],
    [16, 0],
  ]);
  const filled = await third.take('4');
  assert.ok(filled.number(36) > 5002);
  third.socket.destroy();
  door.remove();
});

test('a login that connects over and over sends no more than one that stays', async () => {
  const { door, port } = await open({ messagesPerSecond: 1000 });
  const began = performance.now();
  for (let round = 0; round < 10; round++) {
    const alice = logon(door, port, 'ALICE', 1, [[141, 'Y']]);
    await alice.take('A');
    alice.socket.write(Buffer.concat(Array.from({ length: 100 }, (_, i) => alice.format('D', [[11, `r${round}-${i}`]]))));
    await until(
      () => door.taken.length === (round + 1) * 100,
      () => `${door.taken.length} messages`,
    );
    alice.socket.destroy();
  }
  assert.ok(performance.now() - began > 800, 'a tenth of a second at once, the rest at 1,000/s');
});

test("after a rotation the old password's connection ends, though a Logon with the new one was refused meanwhile", async () => {
  const { door, port } = await open();
  const both = loginOf('ALICE', 1, 0, ['alicepass'], ['newer-pass']);
  const tell = (login: Login) => {
    for (const listener of door.onLogins) listener([login]);
  };
  tell(both);
  const alice = logon(door, port, 'ALICE');
  await alice.take('A');
  const other = new FixClient(port, 'ALICE');
  other.now = () => door.now;
  other.send('A', [
    [98, 0],
    [108, 30],
    [554, 'newer-pass'],
  ]); // its number is too low
  await closed(other);
  await reports(alice, 'still', 1);
  tell({ ...both, passwords: both.passwords.slice(1) });
  assert.match((await alice.take('5')).get(58)!, /login was revoked/);
});

test('a message with thousands of fields is rejected, and the session goes on', async () => {
  const { door, port } = await open();
  const alice = logon(door, port, 'ALICE');
  await alice.take('A');
  const many = Array.from({ length: 5000 }, (_, i): FixField => [20_000 + i, 'x']);
  alice.send('D', [[11, 'many'], [38, 1], ...many]);
  const rejected = await alice.take('3');
  assert.deepEqual([rejected.get(45), rejected.get(373), rejected.get(58)], ['2', '99', 'it has too many fields']);
  await reports(alice, 'next', 1, 'x'.repeat(60_000));
  assert.deepEqual(door.taken, ['next']);
});
