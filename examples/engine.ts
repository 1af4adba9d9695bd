// An exchange with accounts inside your program: balances are checked before an order, held while it is open, and settled by a trade.
import assert from 'node:assert/strict';
import { LocalExchange } from '@outcry/engine';

const exchange = new LocalExchange({
  assets: { BTC: 8, USDT: 2 },
  instruments: [{ symbol: 'BTCUSDT', base: 'BTC', quote: 'USDT', tick: '0.01', lot: '1', makerFeePpm: 1000, takerFeePpm: 2000 }],
});
const [alice, bob] = [exchange.openAccount(), exchange.openAccount()];
exchange.deposit(alice, 'USDT', '100000');
exchange.deposit(bob, 'BTC', '2');

const bid = exchange.order({ account: alice, symbol: 'BTCUSDT', side: 'buy', price: '40000', quantity: '2' });
console.log('alice bids, and', exchange.balance(alice, 'USDT').held, 'USDT are held');
const sale = exchange.order({ account: bob, symbol: 'BTCUSDT', side: 'sell', quantity: '1' });
console.log('bob sells at the market:', sale.trades);
console.log('alice takes back what is left of her bid:', exchange.cancel(bid.order));

assert.deepEqual(exchange.balance(alice, 'USDT'), { available: '60000.00', held: '0.00' });
assert.deepEqual(exchange.balance(alice, 'BTC'), { available: '0.99900000', held: '0.00000000' });
assert.deepEqual(exchange.balance(bob, 'USDT'), { available: '39920.00', held: '0.00' });
assert.equal(exchange.order({ account: bob, symbol: 'BTCUSDT', side: 'sell', quantity: '2' }).reason, 'insufficient_balance');
