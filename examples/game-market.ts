// A game's market: swords and potions for gold, nothing in fractions.
import assert from 'node:assert/strict';
import { LocalExchange } from '@outcry/engine';

const bazaar = new LocalExchange({
  assets: { SWORD: 0, POTION: 0, GOLD: 0 },
  instruments: [
    { symbol: 'SWORD', base: 'SWORD', quote: 'GOLD', tick: '1', lot: '1' },
    { symbol: 'POTION', base: 'POTION', quote: 'GOLD', tick: '1', lot: '1' },
  ],
});
const [smith, knight] = [bazaar.openAccount(), bazaar.openAccount()];
bazaar.deposit(smith, 'SWORD', '3');
bazaar.deposit(knight, 'GOLD', '500');

bazaar.order({ account: smith, symbol: 'SWORD', side: 'sell', price: '120', quantity: '1' });
bazaar.order({ account: smith, symbol: 'SWORD', side: 'sell', price: '150', quantity: '2' });
console.log('swords for sale:', bazaar.depth('SWORD', 'sell'));
const bought = bazaar.order({ account: knight, symbol: 'SWORD', side: 'buy', price: '150', quantity: '2' });
console.log('the knight pays', bought.trades.map(({ price }) => price).join(' and '), 'gold');

assert.deepEqual(bazaar.balance(knight, 'SWORD'), { available: '2', held: '0' });
assert.deepEqual(bazaar.balance(knight, 'GOLD'), { available: '230', held: '0' });
assert.deepEqual(bazaar.balance(smith, 'GOLD'), { available: '270', held: '0' });
assert.throws(() => bazaar.order({ account: knight, symbol: 'SWORD', side: 'buy', price: '150', quantity: '0.5' }), /decimal places/);
