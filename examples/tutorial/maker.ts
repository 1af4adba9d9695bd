// A bot that makes a market: it quotes both sides around 8.00 and replaces each quote that trades (docs/tutorial.md).
import { call, listen, type Order } from './client.ts';

const SYMBOL = 'COFFEEEUR';
const QUOTES = { BUY: '7.95', SELL: '8.05' } as const;

async function quote(side: 'BUY' | 'SELL'): Promise<void> {
  const order = await call<Order>('POST', 'order', { symbol: SYMBOL, side, type: 'LIMIT_MAKER', price: QUOTES[side], quantity: '10' });
  console.log(`${side} 10 at ${QUOTES[side]} rests as order ${order.orderId}`);
}

await listen((event) => {
  if (event.e !== 'executionReport' || event.x !== 'TRADE') return;
  console.log(`${event.S} order ${event.i}: ${event.l} traded at ${event.L}, ${event.X}`);
  if (event.X === 'FILLED') void quote(event.S as 'BUY' | 'SELL');
});
await quote('BUY');
await quote('SELL');
