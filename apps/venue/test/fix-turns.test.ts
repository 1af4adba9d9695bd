import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, it } from 'node:test';
import { FixClient } from './support/fix-client.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';
import { WIDE_INSTRUMENTS } from './support/wide-market.ts';

const folder = temporaryDirectory('fix-turns');
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const ORDERS = 2000;

it('a session whose orders another door cancels is told of each in order, and of the last ones too when the venue stops', async () => {
  const config = path.join(folder, 'config.json');
  fs.writeFileSync(config, JSON.stringify({ fix: { port: 0 }, instruments: WIDE_INSTRUMENTS, connections: { messagesPerSecond: 0 } }));
  const start = async () => {
    const venue = await VenueProcess.start(path.join(folder, 'data'), '--demo', '--no-flow', '--config', config);
    const { ports } = (await (await VenueProcess.fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { fix: number } };
    return { venue, port: ports.fix };
  };
  const first = await start();
  const alice = await FixClient.logon(first.port, 'ALICE');
  const orders = Array.from({ length: ORDERS }, (_, i) => alice.format('D', FixClient.fields(`o${i}`, 1, '0.00001', '1000')));
  alice.socket.write(Buffer.concat(orders));
  const reports = (client: FixClient, execution: string) =>
    client.got.filter((message) => message.type === '8' && message.get(150) === execution);
  await until(
    () => reports(alice, '0').length === ORDERS,
    () => `${reports(alice, '0').length} orders`,
  );
  const next = alice.got.at(-1)!.number(34) + 1;
  alice.socket.destroy(); // they are kept for it
  const { status } = await new Client(first.venue.url).signed('DELETE', '/api/v3/openOrders', { symbol: 'BTCUSDT' });
  assert.equal(status, 200);
  assert.equal(await first.venue.kill('SIGTERM'), 0, first.venue.output);

  const second = await start();
  const again = await FixClient.logon(second.port, 'ALICE', 'FIX.4.4', [], alice.next);
  again.send('2', [
    [7, next],
    [16, 0],
  ]);
  await until(
    () => reports(again, '4').length === ORDERS,
    () => `${reports(again, '4').length} reports`,
  );
  const cancelled = reports(again, '4');
  assert.deepEqual(
    cancelled.map((message) => message.get(11)),
    Array.from({ length: ORDERS }, (_, i) => `o${i}`),
  );
  assert.deepEqual(
    cancelled.map((message) => message.number(34)),
    Array.from({ length: ORDERS }, (_, i) => next + i),
    'each under the next number',
  );
  again.socket.destroy();
  await second.venue.close();
});
