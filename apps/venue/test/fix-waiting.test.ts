import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import type { FixField, FixMessage } from '@outcry/wire/fix';
import type { FixClient as Session } from '../src/doors/fix/fix-client.ts';
import { WaitingRequests } from '../src/doors/fix/waiting-requests.ts';
import { FixClient } from './support/fix-client.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

const folder = temporaryDirectory('fix-waiting');
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const OF_ORDER: FixField[] = [
  [55, 'BTCUSDT'],
  [54, 1],
];

test('requests sent right behind the order or the replacement that they name wait for it, and are answered in their order', async () => {
  const config = path.join(folder, 'config.json');
  fs.writeFileSync(config, JSON.stringify({ fix: { port: 0 } }));
  const venue = await VenueProcess.start(path.join(folder, 'data'), '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { fix: number } };
  const alice = await FixClient.logon(ports.fix, 'ALICE');
  const enter = (id: string, price = '50000') => alice.format('D', FixClient.fields(id, 1, '1', price));
  const replace = (id: string, old: string, quantity: string, more: FixField[] = []) =>
    alice.format('G', [[41, old], ...FixClient.fields(id, 1, quantity, '50000', more)]);
  const cancel = (id: string, old: string) => alice.format('F', [[11, id], [41, old], ...OF_ORDER]);
  const status = (id: string) => alice.format('H', [[11, id], ...OF_ORDER]);
  /** Sends all in one piece. Returns what comes back. */
  const answers = async (count: number, ...messages: Buffer[]) => {
    alice.forget();
    alice.socket.write(Buffer.concat(messages));
    const told = () => alice.got.filter(({ type }) => type !== '0');
    await until(
      () => told().length >= count,
      () => `${count} answers, got ${told().map(inWords)}`,
    );
    return told().map(inWords);
  };

  for (let i = 0; i < 20; i++)
    assert.deepEqual(await answers(2, enter(`d${i}`), cancel(`c${i}`, `d${i}`)), [`8 d${i} 0`, `8 c${i} 4`], 'an order and its cancel');
  assert.deepEqual(
    await answers(5, enter('a'), replace('b', 'a', '2'), replace('c', 'b', '3'), status('c'), cancel('x', 'c')),
    ['8 a 0', '8 b 5', '8 c 5', '8 c I', '8 x 4'],
    'a chain',
  );
  assert.deepEqual(
    await answers(4, enter('e', '0'), replace('f', 'e', '2'), cancel('y', 'f'), cancel('z', 'f')),
    ['8 e 8', '9 f 1', '9 y 1', '9 z 1'],
    'what waits for a refused order is refused behind it',
  );
  assert.deepEqual(
    await answers(5, enter('g'), replace('h', 'g', '2'), replace('h', 'g', '2', [[97, 'Y']]), replace('h', 'g', '2'), cancel('w', 'h')),
    ['8 h I', '9 h 6', '8 g 0', '8 h 5', '8 w 4'],
    'a ClOrdID that waits is used',
  );
  alice.forget();
  alice.socket.write(Buffer.concat([enter('left'), replace('left-2', 'left', '2'), cancel('end', 'left-2'), alice.format('5', [])]));
  const rest = new Client(venue.url);
  await alice.take('5');
  const open = async () => (await rest.signed('GET', '/api/v3/openOrders')).body as unknown[];
  for (const deadline = Date.now() + 60_000; (await open()).length > 0 && Date.now() < deadline; );
  assert.deepEqual(await open(), [], 'also when the session has ended');
  alice.socket.destroy();
  await venue.close();
});

test('requests of a client that wait are bounded, and run in the order of arrival', () => {
  const waiting = new WaitingRequests();
  const [alice, bob] = [{} as Session, {} as Session];
  const ran: string[] = [];
  waiting.add(alice, 'a', () => {
    ran.push('1');
    waiting.release('b');
  });
  waiting.add(alice, 'b', () => ran.push('2'));
  waiting.add(bob, 'a', () => ran.push('3'));
  waiting.release('a');
  assert.deepEqual(ran, ['1', '2', '3']);
  for (let i = 0; i < 256; i++)
    assert.equal(
      waiting.add(alice, 'c', () => ran.push('c')),
      true,
    );
  assert.equal(
    waiting.add(alice, 'c', () => ran.push('never')),
    false,
  );
  assert.equal(
    waiting.add(bob, 'c', () => ran.push('bob')),
    true,
    "another client's is its own",
  );
  waiting.release('c');
  assert.equal(ran.length, 3 + 256 + 1);
  assert.equal(
    waiting.add(alice, 'c', () => undefined),
    true,
  );
});

function inWords(message: FixMessage): string {
  return `${message.type} ${message.get(11)} ${message.get(message.type === '9' ? 102 : 150)}`;
}
