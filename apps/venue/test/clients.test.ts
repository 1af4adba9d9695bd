/** Clients that people trade with, as they are installed, on a demo venue: each is told the venue's address and a key, and nothing else. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { binance } from './clients/binance.ts';
import { binanceApiNode } from './clients/binance-api-node.ts';
import { binanceConnector } from './clients/binance-connector.ts';
import { binanceSpot } from './clients/binance-spot.ts';
import { ccxtPro, ccxtRest } from './clients/ccxt.ts';
import { nodeBinanceApi } from './clients/node-binance-api.ts';
import { type ClientKind, type Stream, type TradingClient, versionOf } from './clients/trading-client.ts';
import { temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

const CLIENTS: ClientKind[] = [ccxtRest, ccxtPro, binanceSpot, binanceConnector, binance, binanceApiNode, nodeBinanceApi];
const STREAMS: Stream[] = ['trade', 'depth', 'kline', 'ticker'];
const isPrice = (price: number) => price > 2000 && price < 4500;

const data = temporaryDirectory('clients');
let venue: VenueProcess;
before(async () => {
  venue = await VenueProcess.start(data, '--demo', '--set', 'hostNames=["api.binance.com"]'); // one client has a method that names no other
  // The market has come to life when it has traded.
  while (((await (await fetch(`${venue.url}/api/v3/trades?symbol=ETHUSDT`)).json()) as unknown[]).length === 0);
});
after(async () => {
  await venue.close();
  fs.rmSync(data, { recursive: true, force: true });
});

/** A further key of alice's, as an administrator creates it. */
async function ed25519Key(): Promise<{ key: string; secret: string }> {
  const pair = crypto.generateKeyPairSync('ed25519');
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' });
  const token = fs.readFileSync(path.join(data, 'admin.token'), 'utf8').trim();
  const headers = { 'x-outcry-admin': token, 'content-type': 'application/json' };
  const answer = await fetch(`${venue.url}/outcry/v1/accounts/alice/keys`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ publicKey }),
  });
  const { key } = (await answer.json()) as any;
  return { key: key.key ?? key, secret: String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })) };
}

async function fails(client: TradingClient, asked: Promise<unknown>, code: number): Promise<void> {
  const error = await asked.then(
    (answer) => assert.fail(`not refused: ${JSON.stringify(answer)}`),
    (error) => error,
  );
  const failure = client.failure(error);
  assert.deepEqual(failure, { isOwnType: true, code }, `${JSON.stringify(failure)} of ${error}`);
}

for (const kind of CLIENTS) {
  describe(`${kind.name ?? kind.package} ${versionOf(kind.package)}`, () => {
    let client: TradingClient;
    before(async () => {
      client = await kind.open({ url: venue.url, key: 'alice', secret: 'alice-secret' });
    });
    after(() => client.close());

    it('reads instruments, the time, the book, trades, candles and the ticker', async () => {
      assert.deepEqual((await client.markets()).sort(), ['BTCUSDT', 'ETHUSDT']);
      assert.ok(Math.abs((await client.serverTime()) - Date.now()) < 60_000);
      const { bid, ask } = await client.touch();
      assert.ok(isPrice(bid) && isPrice(ask) && bid < ask, `${bid} ${ask}`);
      const prices = await client.prices();
      assert.ok(prices.length > 0 && prices.every(isPrice), `${prices}`);
      const volumes = await client.volumes();
      assert.ok(volumes.some((volume) => volume > 0) && volumes.every((volume) => volume >= 0), `${volumes}`);
      assert.ok(isPrice(await client.lastPrice()));
    });

    it('enters, finds and cancels orders, and finds its trades and what they cost', async () => {
      const before = await client.free('USDT');
      const resting = await client.limit('BUY', 0.5, 1500);
      assert.equal(await client.free('USDT'), before - 750);
      assert.equal(await client.status(resting), 'NEW');
      await client.cancel(resting);
      assert.equal(await client.status(resting), 'CANCELED');
      assert.equal(await client.free('USDT'), before);

      const bought = await client.market('BUY', 0.01);
      assert.equal(await client.status(bought), 'FILLED');
      assert.equal((await client.tradedOrders()).at(-1), bought);
      assert.ok((await client.free('USDT')) < before);

      const open = [await client.limit('SELL', 0.01, 4400), await client.stop(0.01, 1490, 1500)];
      assert.deepEqual((await client.openOrders()).sort(), [...open].sort());
      assert.equal(await client.status(open[1]), 'NEW');
      await client.cancelAll();
      assert.deepEqual(await client.openOrders(), []);
    });

    it('enters and cancels an order list', async (test) => {
      const { lists } = client;
      if (lists === undefined) return test.skip('it has none');
      const list = await lists.place(0.01, 4400, 1500);
      assert.equal((await client.openOrders()).length, 2);
      if (lists.open !== undefined) assert.deepEqual(await lists.open(), [list]);
      await lists.cancel(list);
      assert.deepEqual(await client.openOrders(), []);
    });

    it('enters, finds and cancels an order over the WebSocket API', async (test) => {
      const { socket } = client;
      if (socket === undefined) return test.skip('it does not offer that');
      const order = await socket.limit('BUY', 0.01, 1500);
      assert.equal(await socket.status(order), 'NEW');
      await socket.cancel(order);
      assert.equal(await client.status(order), 'CANCELED');
    });

    it('watches trades, the book, candles and the ticker', async (test) => {
      if (kind === ccxtRest) return test.skip('ccxt.pro does');
      for (const stream of STREAMS) {
        const price = await client.watch(stream);
        // Changes of the book are also far from the market.
        assert.ok(stream === 'depth' ? price > 0 : isPrice(price), `${stream}: ${price}`);
      }
    });

    it('is told of its own orders, and of its fills', async (test) => {
      if (kind === ccxtRest) return test.skip('ccxt.pro does');
      for (const [way, open] of Object.entries(client.reports)) {
        const reports = await open();
        const resting = await client.limit('BUY', 0.01, 1500);
        const bought = await client.market('BUY', 0.01);
        await client.cancel(resting);
        const isTold = (orderId: string, status: string) => reports.seen.some((seen) => seen.orderId === orderId && seen.status === status);
        const wanted = () => isTold(resting, 'NEW') && isTold(bought, 'FILLED') && isTold(resting, 'CANCELED');
        await until(wanted, () => `${way}: ${JSON.stringify(reports.seen)}, of ${resting} and ${bought}`, 10_000);
        await reports.close();
      }
    });

    it("has the venue's refusals as errors of its own, with Binance's codes", async () => {
      await fails(client, client.limit('BUY', 8000, 1500), -2010); // more money than it has
      await fails(client, client.limit('BUY', 0.001, 1500), -1013); // worth less than the filter NOTIONAL asks for
      await fails(client, client.cancel('123456789'), -2011);
      await fails(client, client.status('123456789'), -2013);
      const forger = await kind.open({ url: venue.url, key: 'alice', secret: 'of-somebody-else' });
      await fails(forger, forger.free('USDT'), -1022);
      await forger.close();
      const stranger = await kind.open({ url: venue.url, key: 'mallory', secret: 'mallory-secret' });
      await fails(stranger, stranger.free('USDT'), -2015);
      await stranger.close();
    });

    it('trades and follows its account with an Ed25519 key', async () => {
      const signed = await kind.open({ url: venue.url, ...(await ed25519Key()) });
      const order = await signed.limit('BUY', 0.01, 1500);
      assert.equal(await client.status(order), 'NEW');
      await signed.cancel(order);
      if (signed.socket !== undefined) await signed.socket.cancel(await signed.socket.limit('BUY', 0.01, 1500));
      for (const [way, open] of Object.entries(signed.reports)) {
        const reports = await open();
        const bought = await client.market('BUY', 0.01);
        const isTold = () => reports.seen.some(({ orderId, status }) => orderId === bought && status === 'FILLED');
        await until(isTold, () => `${way}: ${JSON.stringify(reports.seen)}, of ${bought}`, 10_000);
        await reports.close();
      }
      await signed.close();
    });

    it('is answered what else it asks for', async () => {
      await client.more?.();
    });
  });
}
