// A venue inside your own web application: accounts are opened when users sign up, and their browsers and bots trade on the venue.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startVenue } from '@outcry/venue';
import Fastify from 'fastify';

const data = fs.mkdtempSync(path.join(os.tmpdir(), 'venue-example-'));
const venue = await startVenue({
  data,
  port: 0, // any free one
  assets: [
    { name: 'BTC', scale: 8 },
    { name: 'USDT', scale: 8 },
  ],
  instruments: [
    {
      symbol: 'BTCUSDT',
      base: 'BTC',
      quote: 'USDT',
      tick: '0.01',
      lot: '0.00001',
      minNotional: '5',
      makerFeePpm: 1000,
      takerFeePpm: 1000,
      referencePrice: '40000',
    },
  ],
  limits: { orders: 10_000, accounts: 1000, assets: 8, instruments: 8 },
});

const app = Fastify();
app.post<{ Params: { name: string } }>('/sign-up/:name', async ({ params: { name } }) => {
  const key = await venue.openAccount(name);
  await venue.deposit(name, 'USDT', '10000', `welcome-${name}`);
  return { ...key, trade: venue.url };
});
const address = await app.listen({ port: 0 });

// What a user's program does, with Binance's API as it is:
const signUp = await fetch(`${address}/sign-up/carol`, { method: 'POST' });
const { key, secret, trade } = (await signUp.json()) as { key: string; secret: string; trade: string };
const order = `symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&price=40000&quantity=0.1&timestamp=${Date.now()}`;
const signature = createHmac('sha256', secret).update(order).digest('hex');
const placed = await fetch(`${trade}/api/v3/order?${order}&signature=${signature}`, { method: 'POST', headers: { 'X-MBX-APIKEY': key } });
const answer = (await placed.json()) as { status: string };
console.log('carol signed up, was given 10,000 USDT, and bids for 0.1 BTC:', answer);

await app.close();
await venue.close();
fs.rmSync(data, { recursive: true });
assert.equal(answer.status, 'NEW');
