// An order book alone, with ids of your own and a listener that hears all that happens.
import assert from 'node:assert/strict';
import { SimpleBook } from '@outcry/book';
import { BUY, SELL } from '@outcry/market';

const heard: string[] = [];
const book = new SimpleBook<string>({
  added: (id, _side, price, quantity) => void heard.push(`${id} rests: ${quantity} at ${price}`),
  matched: (resting, incoming, _side, price, quantity) => void heard.push(`${incoming} took ${quantity} of ${resting} at ${price}`),
  cancelled: (id, quantity, left) => void heard.push(`${id} lost ${quantity} and has ${left}`),
});
book.enter('ann', SELL, 101, 5);
book.enter('ben', SELL, 100, 5);
book.enter('cat', BUY, 101, 7);
book.reduce('ann', 1);

console.log(heard.join('\n'));
assert.deepEqual(heard, [
  'ann rests: 5 at 101',
  'ben rests: 5 at 100',
  'cat took 5 of ben at 100',
  'cat took 2 of ann at 101',
  'ann lost 2 and has 1',
]);
