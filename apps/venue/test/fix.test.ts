import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { FixField } from '@outcry/wire/fix';
import { FixClient as Client } from './support/fix-client.ts';
import { VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-fix-'));
const config = path.join(folder, 'config.json');
fs.writeFileSync(config, JSON.stringify({ fix: { port: 0 } }));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
let count = 0;

async function start(data = path.join(folder, `data-${count++}`)) {
  const venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { fix: number } };
  return { venue, port: ports.fix, data };
}

const [ID, ORIGINAL, TYPE, STATUS, LEAVES, CUM, AVG] = [11, 41, 150, 39, 151, 14, 6];

for (const version of ['FIX.4.4', 'FIXT.1.1']) {
  test(`${version}: orders are entered, traded, replaced, cancelled and asked about`, async () => {
    const { venue, port } = await start();
    const alice = await Client.logon(port, 'ALICE', version);
    const bob = await Client.logon(port, 'BOB', version);
    alice.order('a1', 1, '1.5', '50000');
    assert.deepEqual(await alice.report(ID, TYPE, STATUS, LEAVES, CUM, 38, 44), ['a1', '0', '0', '1.5', '0', '1.5', '50000']);
    bob.order('b1', 2, '0.5', '49000');
    assert.deepEqual(await alice.report(ID, TYPE, STATUS, LEAVES, CUM, AVG, 31, 32), ['a1', 'F', '1', '1', '0.5', '50000', '50000', '0.5']);
    assert.deepEqual(await bob.report(ID, TYPE, STATUS), ['b1', '0', '0']);
    assert.deepEqual(await bob.report(ID, TYPE, STATUS, LEAVES, AVG), ['b1', 'F', '2', '0', '50000']);
    alice.send('G', [
      [11, 'a2'],
      [41, 'a1'],
      [55, 'BTCUSDT'],
      [54, 1],
      [38, '1'],
      [40, 2],
      [44, '51000'],
      [59, 1],
    ]);
    assert.deepEqual(await alice.report(ID, ORIGINAL, TYPE, STATUS, 38, LEAVES, CUM), ['a2', 'a1', '5', '1', '1', '0.5', '0.5']);
    bob.order('b2', 2, '0.2', '51000');
    assert.deepEqual(await alice.report(ID, TYPE, LEAVES, CUM, AVG), ['a2', 'F', '0.3', '0.7', '50285.71428571']);
    alice.send('H', [
      [11, 'a2'],
      [55, 'BTCUSDT'],
      [54, 1],
    ]);
    assert.deepEqual(await alice.report(ID, TYPE, STATUS, LEAVES), ['a2', 'I', '1', '0.3']);
    alice.send('F', [
      [11, 'a3'],
      [41, 'a2'],
      [55, 'BTCUSDT'],
      [54, 1],
    ]);
    assert.deepEqual(await alice.report(ID, ORIGINAL, TYPE, STATUS, LEAVES, CUM), ['a3', 'a2', '4', '4', '0', '0.7']);
    alice.send('F', [
      [11, 'a4'],
      [41, 'a2'],
      [55, 'BTCUSDT'],
      [54, 1],
    ]);
    const late = await alice.take('9');
    assert.deepEqual(
      [ID, ORIGINAL, 434, 102].map((tag) => late.get(tag)),
      ['a4', 'a2', '1', '1'],
    );
    for (const id of ['m1', 'm2', 'm3']) alice.order(id, 1, '0.1', '40000');
    for (let i = 0; i < 3; i++) await alice.report(ID);
    alice.send('q', [
      [11, 'all'],
      [530, 7],
    ]);
    const mass = await alice.take('r');
    assert.deepEqual(
      [ID, 531, 533].map((tag) => mass.get(tag)),
      ['all', '7', '3'],
    );
    alice.send('5', []);
    await alice.take('5');
    await until(
      () => alice.isClosed,
      () => 'the end',
    );
    bob.socket.destroy();
    await venue.close();
  });
}

test('stops, icebergs, post-only, times in force; what cannot be done is refused with its reason', async () => {
  const { venue, port } = await start();
  const alice = await Client.logon(port, 'ALICE');
  alice.order('taken', 1, '1', '50000');
  await alice.report(ID);
  const cases: [FixField[], string, RegExp][] = [
    [[[38, '0.000001']], '13', /multiple|places|precise/],
    [[[44, '50000.001']], '99', /multiple|places|precise/],
    [[[55, 'NOTHING']], '1', /no symbol/],
    [[[54, '7']], '11', /Side/],
    [[[40, 'P']], '11', /OrdType/],
    [[[59, '9']], '11', /TimeInForce/],
    [[[38, '30']], '3', /balance/],
    [[[11, 'taken']], '6', /in use/],
  ];
  for (const [i, [changed, code, text]] of cases.entries()) {
    const fields = new Map<number, string | number>([
      [11, `bad${i}`],
      [55, 'BTCUSDT'],
      [54, 1],
      [38, '1'],
      [40, 2],
      [44, '50000'],
      [59, 1],
    ]);
    for (const [tag, value] of changed) fields.set(tag, value!);
    alice.send('D', [...fields]);
    const report = await alice.take('8');
    assert.deepEqual([report.get(TYPE), report.get(STATUS), report.get(103)], ['8', '8', code], String(changed));
    assert.match(report.get(58) ?? '', text, String(changed));
  }
  alice.send('D', [
    [11, 'no price'],
    [55, 'BTCUSDT'],
    [54, 1],
    [38, '1'],
    [40, 2],
  ]);
  const missing = await alice.take('3');
  assert.deepEqual([missing.get(371), missing.get(373)], ['44', '1']);
  alice.send('AE', [[571, 'x']]);
  assert.equal((await alice.take('j')).get(380), '3');
  alice.send('????', []);
  assert.equal((await alice.take('3')).get(373), '11');
  alice.socket.destroy();
  await venue.close();
});

test('a client that was away is told what happened, and a venue that was killed goes on with the numbers', async () => {
  const { venue, port, data } = await start();
  const alice = await Client.logon(port, 'ALICE');
  const bob = await Client.logon(port, 'BOB');
  alice.order('a1', 1, '1', '50000');
  await alice.report(ID);
  alice.socket.destroy();
  await until(
    () => alice.isClosed,
    () => 'the end',
  );
  bob.order('b1', 2, '0.4', '50000');
  await bob.report(ID);
  await bob.report(ID);
  const again = new Client(port, 'ALICE');
  again.next = 3;
  again.send('A', [
    [98, 0],
    [108, 30],
    [554, 'alicepass'],
  ]);
  const logon = await again.take('A');
  assert.equal(logon.get(34), '4', 'the trade was number 3');
  again.send('2', [
    [7, 3],
    [16, 0],
  ]);
  const trade = await again.take('8');
  assert.deepEqual([trade.get(43), trade.get(34), trade.get(TYPE), trade.get(CUM)], ['Y', '3', 'F', '0.4']);
  await venue.kill('SIGKILL');
  const second = await start(data);
  const third = new Client(second.port, 'ALICE');
  third.next = 5;
  third.send('A', [
    [98, 0],
    [108, 30],
    [554, 'alicepass'],
  ]);
  assert.equal((await third.take('A')).get(34), '5');
  third.send('H', [
    [11, 'a1'],
    [55, 'BTCUSDT'],
    [54, 1],
  ]);
  assert.deepEqual(await third.report(ID, TYPE, STATUS, LEAVES), ['a1', 'I', '1', '0.6']);
  third.send('F', [
    [11, 'c'],
    [41, 'a1'],
    [55, 'BTCUSDT'],
    [54, 1],
  ]);
  assert.deepEqual(await third.report(ID, TYPE), ['c', '4']);
  third.socket.destroy();
  await second.venue.close();
});

test('market data: a snapshot, then changes and trades; the list of securities', async () => {
  const { venue, port } = await start();
  const alice = await Client.logon(port, 'ALICE');
  alice.order('a1', 1, '1', '50000');
  await alice.report(ID);
  alice.send('x', [
    [320, 'list'],
    [559, 4],
  ]);
  const list = await alice.take('y');
  assert.deepEqual([list.get(320), list.get(146), list.all(55).join()], ['list', '2', 'BTCUSDT,ETHUSDT']);
  alice.send('V', [
    [262, 'md'],
    [263, 1],
    [264, 0],
    [267, 3],
    [269, 0],
    [269, 1],
    [269, 2],
    [146, 1],
    [55, 'BTCUSDT'],
  ]);
  const snapshot = await alice.take('W');
  assert.deepEqual([snapshot.get(268), snapshot.get(269), Number(snapshot.get(270)), Number(snapshot.get(271))], ['1', '0', 50_000, 1]);
  const bob = await Client.logon(port, 'BOB');
  bob.order('b1', 2, '0.25', '50000');
  const seen = new Map<string, number>();
  await until(
    () => {
      for (const message of alice.got.filter(({ type }) => type === 'X'))
        for (const [i, type] of message.all(269).entries()) seen.set(`${message.all(279)[i]}${type}`, Number(message.all(271)[i]));
      return seen.size >= 2;
    },
    () => JSON.stringify([...seen]),
  );
  assert.deepEqual([...seen].sort(), [
    ['02', 0.25],
    ['10', 0.75],
  ]);
  alice.send('V', [
    [262, 'bad'],
    [263, 1],
    [264, 0],
    [267, 1],
    [269, 0],
    [146, 1],
    [55, 'NOTHING'],
  ]);
  assert.equal((await alice.take('Y')).get(281), '0');
  for (const client of [alice, bob]) client.socket.destroy();
  await venue.close();
});

test('strangers, wrong passwords and noise get no answer; what is garbled is passed over; the others trade on', async () => {
  const { venue, port } = await start();
  const alice = await Client.logon(port, 'ALICE');
  for (const send of [
    (c: Client) =>
      c.send('A', [
        [98, 0],
        [108, 30],
        [554, 'wrong'],
      ]),
    (c: Client) => c.send('D', [[11, 'x']]),
    (c: Client) => c.socket.write(Buffer.concat(Array.from({ length: 300 }, () => Buffer.from('8=FIX.4.4\x019=5\x01garbage')))),
  ]) {
    const stranger = new Client(port, 'BOB');
    send(stranger);
    await until(
      () => stranger.isClosed,
      () => 'the end of a stranger',
    );
    assert.equal(stranger.got.length, 0);
  }
  alice.socket.write('8=FIX.4.4\x019=20\x0135=D\x0111=nonsense\x0110=000\x01');
  alice.order('good', 1, '1', '50000');
  assert.deepEqual(await alice.report(ID, TYPE), ['good', '0']);
  alice.socket.destroy();
  await venue.close();
});
