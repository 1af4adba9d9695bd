import { BUY } from '@outcry/market/order-terms';
import type { Engine } from '../engine.ts';
import { instrument as instrumentRecord } from '../instruments.ts';

/** Counts an account's open orders anew and marks them as the rule book's: its rules changed, and counting may have begun just now. */
export function recount(engine: Engine, account: number): void {
  const slots = engine.details.byAccount.of(account);
  for (const slot of slots) engine.specials.mark(slot);
  engine.accounts.setOpenOrders(account, slots.length);
}

/** Sets the most that an account may have of an asset. */
export function limitPosition(engine: Engine, account: number, asset: number, most: number): void {
  const { instruments, specials, rules } = engine;
  let openBuys = 0;
  for (const slot of engine.details.byAccount.of(account)) {
    const { instrument, side } = rules.facts.whose(slot);
    const base = instruments.i32[instrument * instrumentRecord.WORDS + instrumentRecord.BASE];
    if (side !== BUY || base !== asset) continue;
    const lot = instruments.f64[instrument * instrumentRecord.F64_WORDS + instrumentRecord.F64_LOT];
    openBuys += rules.facts.leftOf(slot, specials.of(slot)) * lot;
  }
  engine.accounts.limitPosition(account, asset, most, openBuys);
}
