import { order as orderRecord } from '@outcry/book/records';
import type { Side } from '@outcry/market/order-terms';
import type { Engine } from './engine.ts';
import { details as detailsRecord } from './order-details.ts';

/** An engine's whole state as byte ranges, in a fixed order. They are views: copy or write them before the engine goes on. */
export function imageOf(engine: Engine): Uint8Array[] {
  if (engine.midCommand) throw new Error('an engine between a text and its command has no image');
  const { orders } = engine.memory;
  return [engine.writer.used(), engine.instruments.used(), ...engine.ledger.used(), orders.used(), ...engine.details.used(orders.top)];
}

/** Puts a fresh engine into the state of an image, and rebuilds what follows from it: the books' levels and the client id index. */
export function restoreImage(engine: Engine, parts: readonly Uint8Array[]): void {
  const [writer, instruments, head, totals, balances, orders, details, texts] = parts;
  engine.writer.restore(writer);
  engine.instruments.restore(instruments);
  engine.ledger.restore([head, totals, balances]);
  engine.memory.orders.restore(orders);
  engine.details.restore([details, texts]);
  rebuildIndexes(engine);
}

function rebuildIndexes(engine: Engine): void {
  const orders = engine.memory.orders.i32;
  const details = engine.details.i32;
  for (let slot = 1; slot < engine.memory.orders.top; slot++) {
    const at = slot * orderRecord.WORDS;
    if (orders[at + orderRecord.QUANTITY] === 0) continue;
    const client = slot * detailsRecord.WORDS;
    if ((details[client + detailsRecord.CLIENT_LOW] | details[client + detailsRecord.CLIENT_HIGH]) !== 0) {
      engine.details.index(slot, orders[at + orderRecord.ACCOUNT]);
    }
    const terms = orders[at + orderRecord.TERMS];
    engine.instruments.books[terms & 0xffff].adopt(slot, ((terms >>> 16) & 1) as Side);
  }
}
