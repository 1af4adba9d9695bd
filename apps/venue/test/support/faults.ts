/** A demo venue that a test hurts, and what one client sees of it. */
import fs from 'node:fs';
import path from 'node:path';
import { after, type TestContext } from 'node:test';
import { type Client, temporaryDirectory, VenueProcess } from './process.ts';

export const ORDER = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '59000', quantity: '0.001' };

/** Removed when no venue uses them any more: a test may start several on one. */
export const directories = new Set<string>();
after(() => {
  for (const directory of directories) fs.rmSync(directory, { recursive: true, force: true });
});

export async function startWith(t: TestContext, config: object, data = temporaryDirectory('fault')): Promise<VenueProcess> {
  const file = path.join(data, 'config.json');
  fs.writeFileSync(file, JSON.stringify(config));
  const venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', file);
  t.after(async () => {
    if (venue.isRunning) await venue.checkMemory();
    await venue.kill();
  });
  if (data.includes('outcry-fault-')) directories.add(data);
  return venue;
}

export async function place(client: Client): Promise<{ status: number; code: number; id: number }> {
  const { status, body } = await client.signed('POST', '/api/v3/order', ORDER);
  return { status, code: body.code ?? 0, id: body.orderId ?? 0 };
}

export async function statusOf(client: Client): Promise<Record<string, any>> {
  return (await client.public('/outcry/v1/status')).body;
}
