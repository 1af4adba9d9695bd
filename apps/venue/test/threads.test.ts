/** A thread of the venue dies: every client is answered, and the venue ends. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OuchClient } from './support/ouch-client.ts';
import { anyPorts, Client, temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';
import { WIDE_INSTRUMENTS } from './support/wide-market.ts';

const folder = temporaryDirectory('threads');
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const END_THREAD = fileURLToPath(new URL('./support/end-thread.ts', import.meta.url));
const ORDER = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '59000', quantity: '0.001' };
/** No order, and an answer that says so in words, or the end of the process. */
const NOBODY_KNOWS = -1006;

async function start(name: string, config: object, ...args: string[]): Promise<VenueProcess> {
  const file = path.join(folder, `${name}.json`);
  fs.writeFileSync(file, JSON.stringify(config));
  return await VenueProcess.start(path.join(folder, name), '--demo', '--no-flow', '--config', file, ...args);
}

async function startWith(environment: Record<string, string>, name: string): Promise<VenueProcess> {
  const before = { ...process.env };
  Object.assign(process.env, environment);
  try {
    return await start(name, anyPorts('239.255.92.1'));
  } finally {
    process.env = before;
  }
}

for (const thread of ['engine', 'journal', 'wire']) {
  test(`a venue whose ${thread} thread is dead leaves no request without an answer, says so, and ends with 1`, async () => {
    const venue = await startWith({ NODE_OPTIONS: `--import=${END_THREAD}`, OUTCRY_ENDS: thread }, thread);
    const alice = new Client(venue.url);
    assert.equal((await alice.signed('POST', '/api/v3/order', ORDER)).status, 200);
    const codes: number[] = [];
    let isOver = false;
    const asking = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const answer = await alice.signed('POST', '/api/v3/order', ORDER).catch(() => undefined);
        if (answer === undefined) return; // the process has ended
        codes.push(answer.body.code ?? 0);
      }
    });
    const { ended } = venue;
    venue.child.kill('SIGUSR2');
    assert.equal(await ended, 1, venue.output);
    isOver = true;
    await Promise.all(asking);
    assert.deepEqual(new Set(codes.filter((code) => code !== 0)), new Set([NOBODY_KNOWS]), venue.output);
    assert.match(venue.output, new RegExp(`the ${thread} thread died`));
    const again = await start(thread, anyPorts('239.255.92.1'));
    assert.equal((await new Client(again.url).signed('POST', '/api/v3/order', ORDER)).status, 200);
    await again.close();
  });
}

test('a client that comes in by OUCH as soon as the port opens finds the venue ready: its order is accepted', async () => {
  const free = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => free.once('listening', resolve));
  const { port } = free.address() as net.AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const first = await start('early', { ouch: { port }, instruments: WIDE_INSTRUMENTS.slice(0, 1) });
  await first.close();
  let client: OuchClient | undefined;
  let isStarting = true;
  const coming = (async () => {
    while (client === undefined && isStarting) {
      const attempt = new OuchClient(port);
      await until(
        () => attempt.isClosed || !attempt.socket.connecting,
        () => 'a connection, or none',
      );
      if (!attempt.isClosed) client = attempt;
    }
    client!.login('ALICE', 'alicepass');
    client!.enter(1, 'B', 10, 5_000_000, { symbol: 'ETHUSDT' }); // which this start brings
  })();
  const second = await start('early', { ouch: { port }, instruments: WIDE_INSTRUMENTS.slice(0, 2) });
  isStarting = false;
  await coming;
  await client!.until(() => client!.received.some(({ message }) => message === 'order_accepted' || message === 'rejected'));
  assert.deepEqual(
    client!.received.map(({ message }) => message),
    ['system_event', 'order_accepted'],
  );
  client!.close();
  await second.close();
});
