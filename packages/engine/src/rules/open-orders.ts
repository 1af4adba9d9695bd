import { BUY } from '@outcry/market/order-terms';
import type { Engine } from '../engine.ts';
import { instrument as instrumentRecord } from '../instruments.ts';

/** Units of an asset that an account's open orders buy. Looks at every one of them. */
export function openBuysOf(engine: Engine, account: number, asset: number): number {
  const { byAccount } = engine.details;
  let units = 0;
  byAccount.each(account, (slot) => {
    units += unitsBoughtBy(engine, slot, asset);
  });
  if (Number.isSafeInteger(units)) return units;
  // What has to be rounded is added up in an order that every engine has.
  return byAccount.of(account).reduce((sum, slot) => sum + unitsBoughtBy(engine, slot, asset), 0);
}

function unitsBoughtBy({ instruments, specials, ruleBook }: Engine, slot: number, asset: number): number {
  const { instrument, side } = ruleBook.facts.whose(slot);
  const base = instruments.i32[instrument * instrumentRecord.WORDS + instrumentRecord.BASE];
  if (side !== BUY || base !== asset) return 0;
  const lot = instruments.f64[instrument * instrumentRecord.F64_WORDS + instrumentRecord.F64_LOT];
  return ruleBook.facts.leftOf(slot, specials.of(slot)) * lot;
}
