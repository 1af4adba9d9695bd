import { order as orderRecord } from '@outcry/book/records';
import { BUY } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import type { Engine } from '../engine.ts';
import { instrument as instrumentRecord } from '../instruments.ts';
import { special } from './special-orders.ts';

const { WORDS, QUANTITY: LEFT, ACCOUNT, TERMS } = orderRecord;
const ANY = -1;

/** What a look over all open orders sees of one. */
interface Seen {
  slot: number;
  account: number;
  instrument: number;
  side: number;
}

/** Calls `visit` with every open order. Takes O(order slots in use): for rare commands. */
function eachOpen(engine: Engine, visit: (order: Seen) => void): void {
  const { i32 } = engine.memory.orders;
  for (let slot = 1; slot < engine.memory.orders.top; slot++) {
    const at = slot * WORDS;
    if (i32[at + LEFT] === 0) continue;
    const terms = i32[at + TERMS];
    visit({ slot, account: i32[at + ACCOUNT], instrument: terms & 0xffff, side: (terms >>> 16) & 1 });
  }
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
  eachOpen(engine, (order) => {
    const isMeant =
      (account === ANY || order.account === account) &&
      (instrument === ANY || order.instrument === instrument) &&
      (side === ANY || order.side === side) &&
      (session === ANY || sessionOf(order.slot) === session);
    if (isMeant) engine.rules.ending.end(order.slot, REASON.MASS_CANCEL);
  });
  return REASON.NONE;
}

/** Counts an account's open orders anew and marks them as the rule book's: its rules changed, and counting may have begun just now. */
export function recount(engine: Engine, account: number): void {
  let count = 0;
  eachOpen(engine, (order) => {
    if (order.account !== account) return;
    engine.specials.mark(order.slot);
    count++;
  });
  engine.accounts.setOpenOrders(account, count);
}

/** Sets the most that an account may have of an asset. */
export function limitPosition(engine: Engine, account: number, asset: number, most: number): void {
  let openBuys = 0;
  eachOpen(engine, ({ slot, account: owner, instrument, side }) => {
    const base = engine.instruments.i32[instrument * instrumentRecord.WORDS + instrumentRecord.BASE];
    if (owner !== account || side !== BUY || base !== asset) return;
    const lot = engine.instruments.f64[instrument * instrumentRecord.F64_WORDS + instrumentRecord.F64_LOT];
    openBuys += engine.rules.facts.leftOf(slot, engine.specials.of(slot)) * lot;
  });
  engine.accounts.limitPosition(account, asset, most, openBuys);
}
