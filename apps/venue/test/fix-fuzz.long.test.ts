/** Random FIX clients beside an honest one, for a while. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FixField } from '@outcry/wire/fix';
import { Random } from '@outcry/workload/random';
import { FixClient } from './support/fix-client.ts';
import { VenueProcess } from './support/process.ts';
import { WIDE_INSTRUMENTS } from './support/wide-market.ts';

/** How long, in seconds; an hour by hand: OUTCRY_FUZZ_SECONDS=3600 */
const SECONDS = Number(process.env.OUTCRY_FUZZ_SECONDS ?? 60);
const SEED = Number(process.env.OUTCRY_SEED ?? Date.now() % 1_000_000);
const TAGS = [
  1, 11, 15, 18, 21, 37, 38, 40, 41, 43, 44, 48, 54, 55, 59, 60, 97, 99, 110, 122, 126, 210, 262, 263, 264, 267, 269, 146, 530, 7, 16, 36,
  123,
];
const VALUES = [
  '1',
  '2',
  '7',
  '0',
  'Y',
  'N',
  'BTCUSDT',
  'ETHUSDT',
  '50000',
  '0.001',
  '-1',
  'x',
  '999999999',
  '20261127-00:00:00.000',
  '6 1',
];
const TYPES = [...'0123458ADFGHVWXYjqrx', 'AE', '??'];

test(`a login that sends anything, and reads as it likes, gets whole messages in order, and an honest one is served beside it (seed ${SEED})`, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-fix-fuzz-'));
  const config = path.join(folder, 'config.json');
  fs.writeFileSync(config, JSON.stringify({ fix: { port: 0 }, instruments: WIDE_INSTRUMENTS }));
  const venue = await VenueProcess.start(path.join(folder, 'data'), '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { fix: number } };
  const source = new Random(SEED);
  const random = (n: number) => source.below(n);
  const pick = <T>(from: readonly T[]) => source.pick(from);
  const alice = await FixClient.logon(ports.fix, 'ALICE');
  const end = performance.now() + SECONDS * 1000;
  let [orders, messages, sessions] = [0, 0, 0];
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${venue.child.pid}/status`, 'utf8'))?.[1]);
  let afterFive = 0;
  while (performance.now() < end) {
    const bob = await FixClient.logon(ports.fix, 'BOB', pick(['FIX.4.4', 'FIXT.1.1']));
    sessions++;
    const until = Math.min(end, performance.now() + 3000);
    while (performance.now() < until && !bob.isClosed) {
      for (let i = random(60); i > 0; i--) {
        const kind = random(10);
        const fields: FixField[] = Array.from({ length: random(10) }, () => [pick(TAGS), pick(VALUES)]);
        if (kind < 4) bob.order(`b${messages}`, 1 + random(2), pick(['0.001', '0.002']), pick(['49000', '50000', '51000']));
        else if (kind < 6) bob.send(pick(TYPES.filter((type) => !'45A'.includes(type))), fields);
        else if (kind === 6)
          bob.send('2', [
            [7, 1 + random(100)],
            [16, 0],
          ]);
        else if (kind === 7)
          bob.send('V', [
            [262, `md${messages}`],
            [263, random(3)],
            [264, random(3)],
            [267, 2],
            [269, 0],
            [269, 1],
            [146, 1],
            [55, 'BTCUSDT'],
          ]);
        else if (kind === 8 && random(50) === 0) bob.send(pick(['4', '5', 'A']), fields);
        else if (kind === 9 && random(20) === 0) bob.socket.write(Buffer.from(Array.from({ length: random(200) }, () => random(256))));
        messages++;
      }
      if (random(4) === 0) bob.socket.pause();
      if (random(3) === 0) bob.socket.resume();
      await sleep(random(8));
    }
    bob.socket.resume();
    await sleep(200);
    checkOrder(bob);
    if (random(3) === 0) bob.send('5', []);
    else bob.socket.destroy();
    alice.order(`a${++orders}`, 1, '0.001', '40000');
    const report = await alice.take('8');
    assert.deepEqual([report.get(11), report.get(150)], [`a${orders}`, '0']);
    alice.forget();
    if (sessions === 5) afterFive = resident();
  }
  assert.ok(venue.isRunning);
  assert.ok(messages > 1000);
  console.log(`${messages} messages in ${sessions} sessions; ${afterFive} kB resident after five, ${resident()} kB at the end`);
  alice.socket.destroy();
  await venue.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** What came to it, as its session would see it. */
function checkOrder(client: FixClient): void {
  assert.equal(client.garbled, 0);
  let next = 1;
  for (const message of client.got) {
    const number = message.number(34);
    if (message.get(43) === 'Y') assert.ok(number < next, `${number} again, before it came`);
    else {
      assert.equal(number, next, `${message.type} ${message.get(58)}`);
      next++;
    }
  }
}
