/** The engine's state as byte ranges, for snapshots. */
import { order as orderRecord } from '@outcry/book/records';
import type { Side } from '@outcry/market/order-terms';
import { bytesOf } from '@outcry/memory/span';
import type { Engine } from './engine.ts';
import { WHERE } from './rules/special-orders.ts';

/** Where some of an image's byte ranges are: the order is that of imageOf and restoreImage. */
export const IMAGE_PART = {
  ORDERS: 6,
  DETAILS: 7,
  TEXTS: 8,
  SPECIALS: 13,
  LISTS: 14,
  REFERENCES: 15,
  REGISTRY: 17,
  LIMITS: 18,
  MASS_CANCELS: 19,
  PREVENTED_LOTS: 20,
  STRATEGIES: 21,
} as const;
/** Byte ranges of an image. */
export const IMAGE_PARTS = IMAGE_PART.STRATEGIES + 1;

/** An engine's whole state as byte ranges, in a fixed order. They are views: copy or write them before the engine goes on. */
export function imageOf(engine: Engine): Uint8Array[] {
  if (engine.midCommand) throw new Error('an engine between a text and its command has no image');
  const { orders } = engine.memory;
  engine.ruleBook.triggers.flush();
  return [
    engine.writer.used(),
    ...engine.instruments.used(),
    ...engine.ledger.used(),
    orders.used(),
    ...engine.details.used(orders.top),
    ...engine.accounts.used(engine.ledger.accounts),
    bytesOf(engine.settlement.tiers),
    engine.specials.pool.used(),
    engine.ruleBook.lists.pool.used(),
    ...engine.references.used(),
    engine.registry.used(),
    engine.limits.used(),
    engine.ruleBook.massCancels.used(),
    preventedLotsOf(engine),
    engine.strategies.used(),
  ];
}

/** Puts a fresh engine into the state of an image, and rebuilds what follows from it: books, triggers, indexes. */
export function restoreImage(engine: Engine, parts: readonly Uint8Array[]): void {
  const [writer, instruments, rules, head, totals, balances, orders, details, texts, ids, accounts, positions, tiers, specials, lists] =
    parts;
  engine.writer.restore(writer);
  engine.instruments.restore([instruments, rules]);
  engine.ledger.restore([head, totals, balances]);
  engine.memory.orders.restore(orders);
  engine.details.restore([details, texts, ids]);
  engine.accounts.restore([accounts, positions]);
  bytesOf(engine.settlement.tiers).set(tiers);
  engine.specials.restore(specials);
  engine.ruleBook.lists.pool.restore(lists);
  engine.references.restore(parts.slice(IMAGE_PART.REFERENCES, IMAGE_PART.REGISTRY));
  engine.registry.restore(parts[IMAGE_PART.REGISTRY]);
  engine.limits.restore(parts[IMAGE_PART.LIMITS]);
  engine.ruleBook.massCancels.restore(parts[IMAGE_PART.MASS_CANCELS]);
  engine.preventedLots.restore(parts[IMAGE_PART.PREVENTED_LOTS]);
  engine.ruleBook.lists.recount();
  engine.strategies.restore(parts[IMAGE_PART.STRATEGIES]);
  rebuild(engine);
  engine.ruleBook.triggers.restore();
  engine.ruleBook.cascade.setDue();
}

/** What open orders have lost by self-trade prevention, as PreventedLots restores it. */
export function preventedLotsOf(engine: Engine): Uint8Array {
  return engine.preventedLots.used((slot) => (isOpen(engine, slot) ? generationOf(engine, slot) : 0));
}

function isOpen({ memory }: Engine, slot: number): boolean {
  return memory.orders.i32[slot * orderRecord.WORDS + orderRecord.QUANTITY] !== 0;
}

function generationOf({ memory }: Engine, slot: number): number {
  return memory.orders.i32[slot * orderRecord.WORDS + orderRecord.ID];
}

function rebuild(engine: Engine): void {
  const { specials, instruments } = engine;
  const orders = engine.memory.orders.i32;
  for (let slot = 1; slot < engine.memory.orders.top; slot++) {
    const at = slot * orderRecord.WORDS;
    if (!isOpen(engine, slot)) continue;
    engine.details.index(slot, orders[at + orderRecord.ACCOUNT]);
    const terms = orders[at + orderRecord.TERMS];
    const side = ((terms >>> 16) & 1) as Side;
    const record = specials.of(slot);
    const where = record === 0 ? WHERE.DISPLAYED : specials.whereOf(record);
    if (where === WHERE.DISPLAYED) instruments.books[terms & 0xffff].adopt(slot, side);
    else if (where === WHERE.HIDDEN) instruments.hiddenBook(terms & 0xffff).adopt(slot, side);
  }
}
