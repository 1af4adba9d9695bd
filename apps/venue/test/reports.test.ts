import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import fc from 'fast-check';
import { tierOf } from '../src/core/fee-tiers.ts';
import { positionOf } from '../src/store/positions.ts';
import type { StoredTrade } from '../src/store/stored-rows.ts';

const ME = 3;
function trade(side: Side, quantity: number, price: number, asMaker = false): StoredTrade {
  const takerSide = asMaker ? ((1 - side) as Side) : side;
  const parties = asMaker ? { maker: ME, taker: 9 } : { maker: 9, taker: ME };
  return { quantity, amount: quantity * price, takerSide, ...parties } as StoredTrade;
}

describe('positions at average cost', () => {
  it('buys add to the cost, sales take their share of it and realize the rest', () => {
    const bought = [trade(BUY, 10, 100), trade(BUY, 10, 200, true)];
    assert.deepEqual(positionOf(bought, ME), { lots: 20n, cost: 3000n, realized: 0n });
    assert.deepEqual(positionOf([...bought, trade(SELL, 5, 300)], ME), { lots: 15n, cost: 2250n, realized: 750n });
  });

  it('a sale beyond what there is opens the other side', () => {
    assert.deepEqual(positionOf([trade(BUY, 4, 100), trade(SELL, 10, 150)], ME), { lots: -6n, cost: 900n, realized: 200n });
    assert.deepEqual(positionOf([trade(SELL, 6, 150), trade(BUY, 6, 100)], ME), { lots: 0n, cost: 0n, realized: 300n });
  });

  it('gains are what was paid and received, when everything is closed', () => {
    const one = fc.record({
      side: fc.constantFrom<Side>(BUY, SELL),
      quantity: fc.integer({ min: 1, max: 9 }),
      price: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), fc.integer({ min: 1, max: 50 }), (list, last) => {
        const trades = list.map(({ side, quantity, price }) => trade(side, quantity, price));
        const { lots } = positionOf(trades, ME);
        if (lots !== 0n) trades.push(trade(lots > 0n ? SELL : BUY, Math.abs(Number(lots)), last));
        const cash = trades.reduce((sum, t) => sum + BigInt(t.takerSide === BUY ? -t.amount : t.amount), 0n);
        assert.deepEqual(positionOf(trades, ME), { lots: 0n, cost: 0n, realized: cash });
      }),
    );
  });
});

it('a volume reaches the highest tier whose step it is not below', () => {
  assert.deepEqual(
    [0, 99, 100, 999, 1000, 5000].map((volume) => tierOf(volume, [100, 1000])),
    [0, 0, 1, 1, 2, 2],
  );
});
