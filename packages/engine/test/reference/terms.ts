import {
  AT_CLOSE,
  AT_OPEN,
  DAY,
  FOK,
  GTC,
  GTD,
  IOC,
  LIMIT,
  MARKET,
  MARKET_BY_AMOUNT,
  MARKET_TO_LIMIT,
  STP_DECREMENT,
} from '@outcry/market/order-terms';
import type { Order } from './records.ts';

/** docs/rules.md, "Terms that go together": each line of the table is a line here. */
export function termsGoTogether(o: Order): boolean {
  const t = o.terms;
  const stays = [GTC, GTD, DAY].includes(o.timeInForce);
  const atAuction = o.timeInForce === AT_OPEN || o.timeInForce === AT_CLOSE;
  const follows = t.peg !== 0 && !t.pegOnce;
  const isLimit = o.kind === LIMIT;
  const hasOther = t.trigger !== 0 || o.postOnly || t.slide || t.hidden || t.display > 0 || t.minQuantity > 0 || t.peg !== 0;
  if (t.trigger === 0 && (t.source !== 0 || t.stopPrice !== 0 || t.trailUnit !== 0 || t.trail !== 0)) return false;
  if (t.trailUnit === 0 ? t.trail !== 0 : t.trail < 1) return false;
  if (t.trailUnit === 2 && t.trail >= 10_000) return false;
  if (t.peg === 0 && (t.pegOnce || t.pegLevels || t.pegOffset !== 0)) return false;
  if (t.pegLevels && (!t.pegOnce || t.peg === 3 || t.pegOffset < 0)) return false;
  if ((o.timeInForce === GTD) !== t.expiry > 0) return false;
  if (atAuction) return (isLimit || o.kind === MARKET) && !hasOther;
  if (o.kind === MARKET_TO_LIMIT) return stays && o.price === 0 && !hasOther;
  if ((o.postOnly || t.slide) && !(isLimit && stays && t.minQuantity === 0 && !follows)) return false;
  if (t.slide && !o.postOnly) return false;
  if (t.display > 0 && !(isLimit && stays && !t.hidden && t.minQuantity === 0 && !follows && t.display < o.quantity)) return false;
  if (t.hidden && !(isLimit && stays)) return false;
  if (t.minQuantity > 0 && !(isLimit && o.timeInForce !== FOK && t.minQuantity <= o.quantity)) return false;
  if (follows && !(isLimit && stays && t.trigger === 0)) return false;
  if (t.pegOnce && !(isLimit && o.price === 0)) return false;
  if (t.trigger !== 0 && !(isLimit || o.kind === MARKET)) return false;
  if (o.kind === MARKET_BY_AMOUNT && (t.selfTrade === STP_DECREMENT || o.timeInForce === FOK)) return false;
  if (!isLimit && t.trigger === 0) return [GTC, IOC, FOK].includes(o.timeInForce);
  return true;
}
