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
  MIDDLE,
  NO_PEG,
  PEG_MID,
  STP_DECREMENT,
  TAKE_PROFIT,
  TRAIL_BASIS_POINTS,
} from '@outcry/market/order-terms';
import { PEG_LEVELS } from '@outcry/market/terms';
import type { Entry } from './entry.ts';

const MOST_LEVELS = 1000;
const BASIS_POINTS = 10_000;

/** Whether an order's terms go together: docs/rules.md, "Terms that go together". Says nothing of prices. */
export function areTermsValid(e: Entry): boolean {
  return (
    e.kind <= MARKET_TO_LIMIT && e.timeInForce <= AT_CLOSE && isTriggerValid(e) && isPegValid(e) && isExpiryStated(e) && isKindValid(e)
  );
}

function isTriggerValid(e: Entry): boolean {
  if (e.selfTrade > STP_DECREMENT || e.display < 0 || e.minQuantity < 0 || e.session < 0) return false;
  if (!e.hasTrigger) return e.source === 0 && !e.trails && e.stopPrice === 0 && e.trail === 0;
  if (e.trigger > TAKE_PROFIT || e.source > MIDDLE || e.trailUnit > TRAIL_BASIS_POINTS) return false;
  if (!e.trails) return e.trail === 0;
  return e.trail >= 1 && (e.trailUnit !== TRAIL_BASIS_POINTS || e.trail < BASIS_POINTS);
}

function isPegValid(e: Entry): boolean {
  const inLevels = (e.flags & PEG_LEVELS) !== 0;
  if (e.peg === NO_PEG) return !e.pegsOnce && !inLevels && e.pegOffset === 0;
  return !inLevels || (e.pegsOnce && e.peg !== PEG_MID && e.pegOffset >= 0 && e.pegOffset <= MOST_LEVELS);
}

function isExpiryStated(e: Entry): boolean {
  return (e.timeInForce === GTD) === e.expiry > 0;
}

function isKindValid(e: Entry): boolean {
  const stays = e.timeInForce === GTC || e.timeInForce === GTD || e.timeInForce === DAY;
  const isPlain = !e.hasTrigger && !e.slides && !e.postOnly && !e.hidden && e.display === 0 && e.minQuantity === 0 && e.peg === NO_PEG;
  if (e.timeInForce === AT_OPEN || e.timeInForce === AT_CLOSE) return isPlain && (e.kind === LIMIT || e.kind === MARKET);
  if (e.kind === MARKET_TO_LIMIT) return isPlain && stays && e.price === 0;
  if (e.kind !== LIMIT) {
    const isBare = !e.slides && !e.postOnly && !e.hidden && e.display === 0 && e.minQuantity === 0 && e.peg === NO_PEG;
    const waits = e.hasTrigger && e.kind === MARKET;
    const isTimed = waits ? stays || e.timeInForce === IOC || e.timeInForce === FOK : e.timeInForce <= FOK;
    const isOfAmount = e.kind === MARKET_BY_AMOUNT;
    return isBare && isTimed && !(isOfAmount && (e.hasTrigger || e.timeInForce === FOK || e.selfTrade === STP_DECREMENT));
  }
  if ((e.postOnly || e.slides) && (!stays || e.minQuantity > 0 || e.follows)) return false;
  if (e.slides && !e.postOnly) return false;
  if (e.display > 0 && (!stays || e.hidden || e.minQuantity > 0 || e.follows || e.display >= e.quantity)) return false;
  if (e.hidden && !stays) return false;
  if (e.minQuantity > 0 && (e.timeInForce === FOK || e.minQuantity > e.quantity)) return false;
  if (e.follows && (!stays || e.hasTrigger)) return false;
  return !e.pegsOnce || e.price === 0;
}
