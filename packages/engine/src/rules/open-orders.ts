import { order as orderRecord } from '@outcry/book/records';
import { BUY } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import type { Engine } from '../engine.ts';
import { instrument as instrumentRecord } from '../instruments.ts';
import { special } from './special-orders.ts';

const { WORDS, QUANTITY: LEFT, TERMS } = orderRecord;
const ANY = -1;

/** Slots of open orders: of an account, or (ANY) of all, which takes O(order slots in use). Allocates, so that they may end meanwhile. */
function openSlots(engine: Engine, account: number): number[] {
  if (account !== ANY) return engine.details.byAccount.of(account);
  const { i32 } = engine.memory.orders;
  const slots: number[] = [];
  for (let slot = 1; slot < engine.memory.orders.top; slot++) if (i32[slot * WORDS + LEFT] !== 0) slots.push(slot);
  return slots;
}

/** Cancels open orders; -1 stands for any. Returns a reason when what is meant does not exist. */
export function massCancel(engine: Engine, account: number, instrument: number, side: number, session: number): number {
  if (account !== ANY && !engine.ledger.hasAccount(account)) return REASON.UNKNOWN_ACCOUNT;
  if (instrument !== ANY && !engine.instruments.has(instrument)) return REASON.UNKNOWN_INSTRUMENT;
  if (side < ANY || side > 1 || session < ANY) return REASON.INVALID_TERMS;
  const sessionOf = (slot: number) => {
    const record = engine.specials.of(slot);
    return record === 0 ? 0 : engine.specials.i32[record * special.WORDS + special.SESSION];
  };
  const { i32 } = engine.memory.orders;
  for (const slot of openSlots(engine, account)) {
    const terms = i32[slot * WORDS + TERMS];
    const isMeant =
      i32[slot * WORDS + LEFT] !== 0 && // it may have ended with another of its list
      (instrument === ANY || (terms & 0xffff) === instrument) &&
      (side === ANY || ((terms >>> 16) & 1) === side) &&
      (session === ANY || sessionOf(slot) === session);
    if (isMeant) engine.rules.ending.end(slot, REASON.MASS_CANCEL);
  }
  return REASON.NONE;
}

/** Counts an account's open orders anew and marks them as the rule book's: its rules changed, and counting may have begun just now. */
export function recount(engine: Engine, account: number): void {
  const slots = openSlots(engine, account);
  for (const slot of slots) engine.specials.mark(slot);
  engine.accounts.setOpenOrders(account, slots.length);
}

/** Sets the most that an account may have of an asset. */
export function limitPosition(engine: Engine, account: number, asset: number, most: number): void {
  const { instruments, specials, rules } = engine;
  let openBuys = 0;
  for (const slot of openSlots(engine, account)) {
    const { instrument, side } = rules.facts.whose(slot);
    const base = instruments.i32[instrument * instrumentRecord.WORDS + instrumentRecord.BASE];
    if (side !== BUY || base !== asset) continue;
    const lot = instruments.f64[instrument * instrumentRecord.F64_WORDS + instrumentRecord.F64_LOT];
    openBuys += rules.facts.leftOf(slot, specials.of(slot)) * lot;
  }
  engine.accounts.limitPosition(account, asset, most, openBuys);
}
