// A prediction market: a share of YES pays 1 dollar if it happens, one of NO if it does not. Prices are from 0.01 to 0.99, and who wants
// shares gets a pair of both for a dollar.
import assert from 'node:assert/strict';
import { LocalExchange } from '@outcry/engine';

const market = new LocalExchange({
  assets: { YES: 0, NO: 0, USD: 2 },
  instruments: [
    { symbol: 'YES', base: 'YES', quote: 'USD', tick: '0.01', lot: '1' },
    { symbol: 'NO', base: 'NO', quote: 'USD', tick: '0.01', lot: '1' },
  ],
});
const [maker, optimist] = [market.openAccount(), market.openAccount()];
market.deposit(maker, 'USD', '1000');
market.deposit(optimist, 'USD', '50');

function mintPairs(account: number, count: number): void {
  market.withdraw(account, 'USD', `${count}`);
  market.deposit(account, 'YES', `${count}`);
  market.deposit(account, 'NO', `${count}`);
}

/** After the event every share of the outcome is paid a dollar, the others nothing. */
function settle(outcome: 'YES' | 'NO', accounts: number[]): void {
  for (const account of accounts) {
    const { available } = market.balance(account, outcome);
    if (available === '0') continue;
    market.withdraw(account, outcome, available);
    market.deposit(account, 'USD', available);
  }
}

mintPairs(maker, 100);
market.order({ account: maker, symbol: 'YES', side: 'sell', price: '0.62', quantity: '100' });
const bought = market.order({ account: optimist, symbol: 'YES', side: 'buy', price: '0.65', quantity: '40' });
console.log('the optimist has', market.balance(optimist, 'YES').available, 'shares for', bought.trades);
const offered = market.order({ account: optimist, symbol: 'YES', side: 'sell', price: '0.99', quantity: '1' });
assert.throws(() => market.order({ account: optimist, symbol: 'YES', side: 'buy', price: '0.625', quantity: '1' }), /decimal places/);

market.cancel(offered.order);
settle('YES', [optimist]);
console.log('it happened: the optimist has', market.balance(optimist, 'USD').available, 'dollars');
assert.equal(market.balance(optimist, 'USD').available, '65.20', '50 - 40 x 0.62 + 40');
