/** ccxt's binance class trades on the demo venue. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import ccxt from 'ccxt';
import { ccxtAt } from './clients/ccxt.ts';
import { temporaryDirectory, VenueProcess } from './support/process.ts';

const client = (url: string, name: string) => ccxtAt<'rest'>({ url, key: name, secret: `${name}-secret` }, ccxt.binance);

describe('ccxt trades on the demo venue', () => {
  const data = temporaryDirectory('ccxt');
  let venue: VenueProcess;
  before(async () => {
    venue = await VenueProcess.start(data, '--demo');
    await new Promise((resolve) => setTimeout(resolve, 2000)); // let the market come to life
  });
  after(async () => {
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });

  it('reads markets, order book, ticker, trades and candles', async () => {
    const exchange = client(venue.url, 'alice');
    const markets = await exchange.loadMarkets();
    assert.deepEqual(Object.keys(markets).sort(), ['BTC/USDT', 'ETH/USDT']);
    for (const name of ['BTC', 'ETH', 'USDT']) assert.equal((exchange.currencies[name].info as any).coin, name);
    assert.equal(markets['BTC/USDT']!.precision.price, 0.01);
    assert.equal(markets['BTC/USDT']!.precision.amount, 0.00001);
    const book = await exchange.fetchOrderBook('BTC/USDT');
    assert.ok(book.bids.length > 5 && book.asks.length > 5);
    assert.ok(book.bids[0][0]! < book.asks[0][0]!);
    const ticker = await exchange.fetchTicker('BTC/USDT');
    assert.ok(ticker.last! > 50_000 && ticker.last! < 70_000);
    assert.ok((await exchange.fetchTickers(['BTC/USDT', 'ETH/USDT']))['ETH/USDT'].bid! > 0);
    assert.ok((await exchange.fetchTrades('BTC/USDT')).length > 0);
    const candles = await exchange.fetchOHLCV('BTC/USDT', '1m');
    assert.ok(candles.at(-1)![5]! > 0);
    assert.ok((await exchange.fetchTime())! > 0);
  });

  it('places, fetches, edits and cancels orders, and lists its trades', async () => {
    const exchange = client(venue.url, 'alice');
    const before = await exchange.fetchBalance();
    assert.equal(before['USDT'].total, 1_000_000);
    const order = await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 50_000);
    assert.equal(order.status, 'open');
    assert.equal((await exchange.fetchBalance())['USDT'].used, 500);
    assert.equal((await exchange.fetchOrder(order.id!, 'BTC/USDT')).remaining, 0.01);
    assert.deepEqual(
      (await exchange.fetchOpenOrders('BTC/USDT')).map((o) => o.id),
      [order.id],
    );
    const edited = await exchange.editOrder(order.id!, 'BTC/USDT', 'limit', 'buy', 0.02, 50_001);
    assert.notEqual(edited.id, order.id);
    await exchange.cancelOrder(edited.id!, 'BTC/USDT');
    assert.equal((await exchange.fetchOrder(edited.id!, 'BTC/USDT')).status, 'canceled');
    await assert.rejects(exchange.cancelOrder(edited.id!, 'BTC/USDT'), ccxt.OrderNotFound);

    const bought = await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.001);
    assert.equal(bought.status, 'closed');
    assert.equal(bought.filled, 0.001);
    const trades = await exchange.fetchMyTrades('BTC/USDT');
    assert.equal(trades.at(-1)!.order, bought.id);
    assert.ok(trades.at(-1)!.fee!.cost! > 0);
    assert.equal(trades.at(-1)!.fee!.currency, 'BTC');
    assert.ok((await exchange.fetchOrders('BTC/USDT')).length >= 3);

    await exchange.createOrder('ETH/USDT', 'limit', 'sell', 0.5, 3500);
    await exchange.createOrder('ETH/USDT', 'limit', 'sell', 0.5, 3501);
    await exchange.cancelAllOrders('ETH/USDT');
    assert.deepEqual(await exchange.fetchOpenOrders('ETH/USDT'), []);
  });

  it('understands the errors', async () => {
    const exchange = client(venue.url, 'bob');
    await assert.rejects(exchange.createOrder('BTC/USDT', 'limit', 'buy', 1000, 60_000), ccxt.InsufficientFunds);
    await assert.rejects(exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 70_000, { postOnly: true }), ccxt.OrderImmediatelyFillable);
    await assert.rejects(exchange.fetchOrder('123456789', 'BTC/USDT'), ccxt.OrderNotFound);
    const stranger = client(venue.url, 'mallory');
    await assert.rejects(stranger.fetchBalance(), ccxt.AuthenticationError);
  });

  it('watches the order book, trades, its orders and its balance', async () => {
    const exchange = ccxtAt<'pro'>({ url: venue.url, key: 'bob', secret: 'bob-secret' }, ccxt.pro.binance);
    await exchange.loadHttpProxyAgent();
    try {
      const book = await exchange.watchOrderBook('BTC/USDT');
      assert.ok(book.bids.length > 0 && book.asks.length > 0);
      const firstNonce = book.nonce;
      for (let i = 0; i < 3; i++) await exchange.watchOrderBook('BTC/USDT');
      assert.ok(exchange.orderbooks['BTC/USDT']!.nonce! > firstNonce!);
      assert.ok((await exchange.watchTrades('BTC/USDT')).length > 0);
      const balance = exchange.watchBalance();
      const orders = exchange.watchOrders('BTC/USDT');
      await new Promise((resolve) => setTimeout(resolve, 500));
      const placed = await exchange.createOrderWs('BTC/USDT', 'limit', 'buy', 0.01, 45_000);
      assert.equal((await orders)[0].id, placed.id);
      assert.equal((await balance)['USDT'].used, 450);
      const next = exchange.watchOrders('BTC/USDT');
      await exchange.cancelOrderWs(placed.id!, 'BTC/USDT');
      assert.equal((await next).at(-1)!.status, 'canceled');
    } finally {
      await exchange.close();
    }
  });
});
