/** Two venues in one process, as a product with two markets has them. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { it, type TestContext } from 'node:test';
import { type RunningVenue, startVenue } from '../src/index.ts';
import { Client, temporaryDirectory } from './support/process.ts';

const MARKET = {
  assets: [
    { name: 'USD', scale: 2 },
    { name: 'GOLD', scale: 3 },
  ],
  instruments: [
    {
      symbol: 'GOLDUSD',
      base: 'GOLD',
      quote: 'USD',
      tick: '0.1',
      lot: '0.1',
      minNotional: '1',
      makerFeePpm: 0,
      takerFeePpm: 0,
      referencePrice: '100',
    },
  ],
};
const ORDER = { symbol: 'GOLDUSD', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1', price: '100', newClientOrderId: 'mine' };

async function start(t: TestContext): Promise<{ venue: RunningVenue; client: Client; key: string; secret: string }> {
  const data = temporaryDirectory('two');
  const venue = await startVenue({ ...MARKET, data, port: 0 });
  t.after(async () => {
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });
  const { key, secret } = (await venue.openAccount('trader'))!;
  await venue.deposit('trader', 'USD', '1000.00');
  return { venue, key, secret, client: new Client(venue.url, key, secret) };
}

it('two venues in one process know nothing of each other: keys, orders, balances, what an account has seen', async (t) => {
  const one = await start(t);
  const other = await start(t);
  // Many commands at one: an account of the other with the same number is not told to wait until its store has as many.
  for (let i = 0; i < 20; i++) {
    const placed = await one.client.signed('POST', '/api/v3/order', { ...ORDER, newClientOrderId: `o${i}` });
    assert.equal(placed.status, 200, JSON.stringify(placed.body));
    await one.client.signed('DELETE', '/api/v3/order', { symbol: 'GOLDUSD', orderId: placed.body.orderId });
  }
  assert.equal((await one.client.signed('GET', '/api/v3/allOrders', { symbol: 'GOLDUSD' })).body.length, 20);
  const all = await other.client.signed('GET', '/api/v3/allOrders', { symbol: 'GOLDUSD' });
  assert.deepEqual([all.status, all.body], [200, []]);

  assert.equal((await other.client.signed('POST', '/api/v3/order', ORDER)).status, 200);
  const free = async ({ client }: { client: Client }) => (await client.signed('GET', '/api/v3/account')).body.balances[0].free;
  assert.deepEqual([await free(one), await free(other)], ['1000.00000000', '900.00000000']);
  const stranger = new Client(one.venue.url, other.key, other.secret);
  assert.equal((await stranger.signed('GET', '/api/v3/account')).body.code, -2015);

  await one.venue.close();
  assert.equal((await other.client.signed('GET', '/api/v3/openOrders', { symbol: 'GOLDUSD' })).body[0].clientOrderId, 'mine');
});
