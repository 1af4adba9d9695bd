// Buys at the market, sells most of it again, and shows each fill and what is left in the account (docs/tutorial.md).
import { call, type Order } from './client.ts';

for (const [side, quantity] of [
  ['BUY', '10'],
  ['SELL', '9.9'], // the fee of the purchase came out of the coffee: 9.99 are left, and a lot is 0.1
]) {
  const order = await call<Order>('POST', 'order', { symbol: 'COFFEEEUR', side, type: 'MARKET', quantity, newOrderRespType: 'FULL' });
  for (const { price, qty, commission, commissionAsset } of order.fills ?? [])
    console.log(`${side} ${qty} at ${price}, fee ${commission} ${commissionAsset}`);
}
const { balances } = await call<{ balances: { asset: string; free: string; locked: string }[] }>('GET', 'account');
for (const { asset, free, locked } of balances) console.log(`${asset} ${free} available, ${locked} held`);
