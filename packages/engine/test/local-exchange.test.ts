import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalExchange } from '../src/local-exchange.ts';

function start() {
  const exchange = new LocalExchange({
    assets: { BTC: 8, USDT: 2, SWORD: 0, GOLD: 0 },
    instruments: [
      { symbol: 'BTCUSDT', base: 'BTC', quote: 'USDT', tick: '0.5', lot: '0.02', makerFeePpm: 1000, takerFeePpm: 2000 },
      { symbol: 'SWORDGOLD', base: 'SWORD', quote: 'GOLD', tick: '1', lot: '1' },
    ],
    limits: { accounts: 10, orders: 100 },
  });
  const [alice, bob] = [exchange.openAccount(), exchange.openAccount()];
  exchange.deposit(alice, 'USDT', '100000');
  exchange.deposit(bob, 'BTC', '1.5');
  return { exchange, alice, bob };
}

test('orders rest, trade and are cancelled, in decimal strings, and balances follow to the unit', () => {
  const { exchange, alice, bob } = start();
  const bid = exchange.order({ account: alice, symbol: 'BTCUSDT', side: 'buy', price: '50000.5', quantity: '0.5' });
  assert.equal(bid.status, 'resting');
  assert.deepEqual(exchange.balance(alice, 'USDT'), { available: '74999.75', held: '25000.25' });
  assert.deepEqual(exchange.depth('BTCUSDT', 'buy'), [['50000.5', '0.50']]);
  const sold = exchange.order({ account: bob, symbol: 'BTCUSDT', side: 'sell', quantity: '0.20' });
  assert.deepEqual(sold, {
    status: 'filled',
    order: sold.order,
    left: '0.00',
    trades: [{ price: '50000.5', quantity: '0.20', order: bid.order, account: alice }],
  });
  assert.deepEqual(exchange.balance(alice, 'BTC'), { available: '0.19980000', held: '0.00000000' }, 'less the maker’s fee');
  assert.deepEqual(exchange.balance(bob, 'USDT'), { available: '9980.09', held: '0.00' }, 'less the taker’s, rounded up');
  assert.equal(exchange.cancel(bid.order), '0.30');
  assert.equal(exchange.cancel(bid.order), undefined);
  assert.deepEqual(exchange.balance(alice, 'USDT'), { available: '89999.90', held: '0.00' });
  assert.deepEqual(exchange.depth('BTCUSDT', 'buy'), []);
});

test('what cannot be is an answer with its reason, and what is no amount or has no name throws', () => {
  const { exchange, alice, bob } = start();
  const ask = { account: bob, symbol: 'BTCUSDT', side: 'sell', price: '10', quantity: '1' } as const;
  assert.equal(exchange.order({ ...ask, quantity: '2' }).reason, 'insufficient_balance');
  const resting = exchange.order(ask);
  const bid = { account: alice, symbol: 'BTCUSDT', side: 'buy', price: '10', quantity: '2' } as const;
  assert.deepEqual(exchange.order({ ...bid, postOnly: true }), {
    status: 'refused',
    order: 0,
    reason: 'would_take',
    left: '0.00',
    trades: [],
  });
  assert.equal(exchange.order({ ...bid, timeInForce: 'FOK' }).trades.length, 0);
  const part = exchange.order({ ...bid, timeInForce: 'IOC' });
  assert.deepEqual([part.status, part.left, part.reason, part.trades.length], ['ended', '1.00', 'no_liquidity', 1]);
  assert.equal(exchange.cancel(resting.order), undefined, 'it is filled');
  assert.throws(() => exchange.order({ ...bid, price: '10.3' }), /multiple of the step, 0.5/);
  assert.throws(() => exchange.order({ ...bid, price: '0' }), /out of range: 0.5 to/);
  assert.throws(() => exchange.order({ ...bid, quantity: '-1' }), /plain decimal/);
  assert.throws(() => exchange.order({ ...bid, symbol: 'ETHUSDT' }), /no instrument ETHUSDT/);
  assert.throws(() => exchange.deposit(alice, 'ETH', '1'), /no asset ETH/);
  assert.throws(() => exchange.withdraw(alice, 'USDT', '1000000'), /insufficient_balance/);
  assert.equal(exchange.order({ ...bid, account: 9 }).reason, 'unknown_account');
});

test('what comes whole is traded whole', () => {
  const { exchange, alice, bob } = start();
  exchange.deposit(alice, 'GOLD', '10');
  exchange.deposit(bob, 'SWORD', '1');
  exchange.order({ account: bob, symbol: 'SWORDGOLD', side: 'sell', price: '7', quantity: '1' });
  exchange.order({ account: alice, symbol: 'SWORDGOLD', side: 'buy', price: '9', quantity: '1' });
  assert.deepEqual(exchange.balance(alice, 'SWORD'), { available: '1', held: '0' });
  assert.deepEqual(exchange.balance(alice, 'GOLD'), { available: '3', held: '0' });
});
