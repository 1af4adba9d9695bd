/** A ClOrdID enters once in a day, over kills and lost files. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { type FixField, fixTime } from '@outcry/wire/fix';
import { FixClient } from './support/fix-client.ts';
import { Client, VenueProcess } from './support/process.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-fix-once-'));
const config = path.join(folder, 'config.json');
fs.writeFileSync(config, JSON.stringify({ fix: { port: 0 } }));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

async function start(data: string) {
  const venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { fix: number } };
  return { venue, port: ports.fix };
}

const AGAIN: FixField[] = [[97, 'Y']];
const duplicate = (): FixField[] => [
  [43, 'Y'],
  [122, fixTime(Date.now() - 1)],
];
const TAGS = [11, 150, 39, 14, 103];

/** What Alice has bought, as her account says. */
async function bought(venue: VenueProcess): Promise<number> {
  const { body } = await new Client(venue.url).signed('GET', '/api/v3/account');
  const { free, locked } = body.balances.find(({ asset }: { asset: string }) => asset === 'BTC');
  return Math.round((Number(free) + Number(locked) - 100) * 10) / 10;
}

/** Sends an order with an id again, in every way, and checks the answers: nothing is bought. */
async function sendAgain(alice: FixClient, id: string, status: string, traded: string, reason = '-'): Promise<void> {
  alice.order(id, 1, '0.1', '60000');
  assert.deepEqual(await alice.report(...TAGS), [id, '8', '8', '0', '6'], 'a duplicate');
  for (const more of [AGAIN, duplicate()]) {
    alice.order(id, 1, '0.1', '60000', more);
    assert.deepEqual(await alice.report(...TAGS), [id, 'I', status, traded, reason], 'its state');
  }
}

test('a ClOrdID enters once in a day: again as PossResend or PossDup it is answered with the state, otherwise refused; over kills and lost session files', async () => {
  const data = path.join(folder, 'data');
  const first = await start(data);
  const alice = await FixClient.logon(first.port, 'ALICE');
  const bob = await FixClient.logon(first.port, 'BOB');
  bob.order('sell', 2, '5', '60000');
  await bob.report(11);
  alice.order('new', 1, '0.1', '60000', AGAIN);
  assert.deepEqual(await alice.report(11, 150), ['new', '0'], 'a possible resend of what never came is an order');
  assert.deepEqual(await alice.report(...TAGS), ['new', 'F', '2', '0.1', '-']);
  await sendAgain(alice, 'new', '2', '0.1');
  alice.order('open', 1, '0.2', '50000');
  await alice.report(11);
  await sendAgain(alice, 'open', '0', '0');
  alice.order('gone', 1, '0.2', '50000');
  await alice.report(11);
  const ofOrder: FixField[] = [
    [55, 'BTCUSDT'],
    [54, 1],
  ];
  alice.send('F', [[11, 'cancel'], [41, 'gone'], ...ofOrder]);
  assert.deepEqual(await alice.report(11, 150), ['cancel', '4']);
  await sendAgain(alice, 'gone', '4', '0');
  alice.order('refused', 1, '9999', '60000');
  assert.deepEqual(await alice.report(11, 150), ['refused', '8']);
  await sendAgain(alice, 'refused', '8', '0', '5');
  // Cancel and replace requests likewise.
  const change: FixField[] = [[38, '0.3'], [40, 2], [44, '50000'], [59, 1], ...ofOrder];
  alice.send('G', [[11, 'changed'], [41, 'open'], ...change]);
  assert.deepEqual(await alice.report(11, 150, 38), ['changed', '5', '0.3']);
  alice.send('G', [[11, 'changed'], [41, 'changed'], ...change]);
  const refusal = await alice.take('9');
  assert.deepEqual([refusal.get(11), refusal.get(102), refusal.get(434)], ['changed', '6', '2']);
  alice.send('G', [[11, 'changed'], [41, 'open'], ...change, ...AGAIN]);
  assert.deepEqual(await alice.report(11, 150, 39), ['changed', 'I', '0']);
  alice.send('F', [[11, 'cancel'], [41, 'changed'], ...ofOrder]);
  assert.deepEqual((await alice.take('9')).get(102), '6');
  alice.send('F', [[11, 'cancel'], [41, 'gone'], ...ofOrder, ...AGAIN]);
  assert.deepEqual(await alice.report(11, 150, 39), ['gone', 'I', '4']);
  alice.order('all', 1, '0.1', '40000');
  await alice.report(11);
  alice.send('q', [
    [11, 'mass'],
    [530, 7],
  ]);
  assert.equal((await alice.take('r')).get(533), '2');
  alice.order('after', 1, '0.1', '40000');
  await alice.report(11);
  alice.send('q', [[11, 'mass'], [530, 7], ...AGAIN]);
  assert.equal((await alice.take('r')).get(531), '0', 'what was entered after the first one stays');
  assert.equal(await bought(first.venue), 0.1);

  await first.venue.kill('SIGKILL');
  const second = await start(data);
  const back = await FixClient.logon(second.port, 'ALICE', 'FIX.4.4', [], alice.next);
  await sendAgain(back, 'new', '2', '0.1');
  await sendAgain(back, 'after', '0', '0');
  await sendAgain(back, 'gone', '4', '0');
  await sendAgain(back, 'changed', '4', '0');
  assert.equal(await bought(second.venue), 0.1);

  // A power cut: the session's files are as they were, and the client is asked for what it sent since.
  await second.venue.kill('SIGKILL');
  const [day] = fs.readdirSync(path.join(data, 'fix'));
  fs.rmSync(path.join(data, 'fix', day), { recursive: true });
  const third = await start(data);
  const last = await FixClient.logon(third.port, 'ALICE');
  await sendAgain(last, 'new', '2', '0.1');
  last.next = 2;
  last.order('new', 1, '0.1', '60000', duplicate());
  last.next = 5;
  last.order('new', 1, '0.1', '60000', duplicate());
  assert.deepEqual(await last.report(...TAGS), ['new', 'I', '2', '0.1', '-']);
  last.order('stale', 1, '0.1', '60000', [
    [43, 'Y'],
    [122, fixTime(Date.now() - 86_400_000)],
  ]);
  assert.deepEqual(await last.report(...TAGS), ['stale', '8', '8', '0', '8'], 'of a day before');
  last.send('H', [
    [11, 'new'],
    [55, 'BTCUSDT'],
    [54, 1],
  ]);
  assert.deepEqual(await last.report(...TAGS), ['new', 'I', '2', '0.1', '-']);
  assert.equal(await bought(third.venue), 0.1);
  for (const client of [alice, bob, back, last]) client.socket.destroy();
  await third.venue.close();
});
