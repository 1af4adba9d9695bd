/** What a new order's parameters say beyond side, type, price and quantity. */
import { LIST_TYPE, POST_ONLY } from '@outcry/market/command';
import {
  AT_CLOSE,
  AT_OPEN,
  BEST_PRICE,
  DAY,
  GTC,
  GTD,
  LAST_TRADE,
  LIMIT,
  MARKET_TO_LIMIT,
  MIDDLE,
  PEG_MARKET,
  PEG_MID,
  PEG_PRIMARY,
  STOP,
  STP_DECREMENT,
  STP_EXPIRE_BOTH,
  STP_EXPIRE_MAKER,
  STP_EXPIRE_TAKER,
  STP_NONE,
  TAKE_PROFIT,
  TRAIL_BASIS_POINTS,
  TRAIL_TICKS,
} from '@outcry/market/order-terms';
import type { Instrument } from '../../domain/market.ts';
import { displayOf, makeTerms, type StatedTerms } from '../../domain/special-terms.ts';
import type { NewOrder } from '../../spine/commands.ts';
import { ApiError, errors } from '../http/errors.ts';
import type { Parameters } from './parameters.ts';

/** What Binance's parameters, and the venue's own, say about an order beyond side, type, price and quantity. */

export const SELF_TRADE_MODES: Record<string, number> = {
  NONE: STP_NONE,
  EXPIRE_TAKER: STP_EXPIRE_TAKER,
  EXPIRE_MAKER: STP_EXPIRE_MAKER,
  EXPIRE_BOTH: STP_EXPIRE_BOTH,
  DECREMENT: STP_DECREMENT,
};
/** Order types that wait for a price, and whether they have a limit. */
export const TRIGGER_TYPES: Record<string, { trigger: number; isLimit: boolean }> = {
  STOP_LOSS: { trigger: STOP, isLimit: false },
  STOP_LOSS_LIMIT: { trigger: STOP, isLimit: true },
  TAKE_PROFIT: { trigger: TAKE_PROFIT, isLimit: false },
  TAKE_PROFIT_LIMIT: { trigger: TAKE_PROFIT, isLimit: true },
};

export const TYPES = ['LIMIT', 'LIMIT_MAKER', 'MARKET', ...Object.keys(TRIGGER_TYPES)];
export const PEG_PRICES: Record<string, number> = { PRIMARY_PEG: PEG_PRIMARY, MARKET_PEG: PEG_MARKET };
export const FOLLOWED: Record<string, number> = { PRIMARY: PEG_PRIMARY, MARKET: PEG_MARKET, MID: PEG_MID };
export const SOURCES: Record<string, number> = { LAST: LAST_TRADE, BEST: BEST_PRICE, MID: MIDDLE };
/** Times in force that Binance does not have. */
export const MORE_TIMES: Record<string, number> = { GTD, DAY, OPG: AT_OPEN, CLS: AT_CLOSE };

function oneOf(table: Record<string, number>, name: string, sent: Parameters): number | undefined {
  const text = sent[name];
  if (text === undefined) return undefined;
  if (!Object.hasOwn(table, text)) throw errors.illegal(name, Object.keys(table).join(', '));
  return table[text];
}

/** Gives an order the terms that were sent with it, if any. `readPrice` and `readQuantity` throw ApiError. */
export function readSpecialTerms(
  order: NewOrder,
  sent: Parameters,
  readPrice: (name: string) => number,
  readQuantity: (name: string) => number,
): void {
  const { instrument } = order;
  const terms: StatedTerms = {};
  const isSent = (...names: string[]) => names.some((name) => sent[name] !== undefined);
  const trigger = TRIGGER_TYPES[sent.type];
  if (trigger !== undefined) readTrigger(terms, sent, trigger.trigger, readPrice);
  else
    for (const name of ['stopPrice', 'trailingDelta', 'trailingAmount', 'triggerSource']) if (isSent(name)) throw errors.notRequired(name);
  const mode = oneOf(SELF_TRADE_MODES, 'selfTradePreventionMode', sent);
  if (mode !== undefined && mode !== STP_NONE) terms.selfTrade = mode;
  if (isSent('icebergQty')) readDisplay(terms, readQuantity('icebergQty'), order.quantity);
  if (isSent('minQty')) terms.minQuantity = readQuantity('minQty');
  if (sent.allOrNone?.toLowerCase() === 'true') {
    if (isSent('minQty') && terms.minQuantity !== order.quantity) throw errors.notRequired('minQty');
    terms.minQuantity = order.quantity;
  }
  if (sent.hidden?.toLowerCase() === 'true') terms.hidden = true;
  if (sent.slide?.toLowerCase() === 'true') {
    terms.slide = true;
    order.flags |= POST_ONLY;
  }
  readPegs(terms, sent, instrument);
  if (isSent('goodTillDate')) {
    if (order.timeInForce !== GTD) throw errors.notRequired('goodTillDate');
    terms.expiry = Number(sent.goodTillDate) * 1000;
    if (!Number.isSafeInteger(terms.expiry)) throw errors.illegal('goodTillDate', 'milliseconds since 1970');
  } else if (order.timeInForce === GTD) throw errors.missing('goodTillDate');
  if (Object.keys(terms).length > 0) order.terms = makeTerms(terms);
}

function readDisplay(terms: StatedTerms, stated: number, quantity: number): void {
  const display = displayOf(stated, quantity);
  if (display < 0) throw new ApiError(-2010, 'IcebergQty exceeds QTY.');
  if (display > 0) terms.display = display;
}

function readTrigger(terms: StatedTerms, sent: Parameters, trigger: number, readPrice: (name: string) => number): void {
  terms.trigger = trigger;
  const source = oneOf(SOURCES, 'triggerSource', sent);
  if (source !== undefined) terms.source = source;
  if (sent.stopPrice !== undefined) terms.stopPrice = readPrice('stopPrice');
  if (sent.trailingDelta !== undefined && sent.trailingAmount !== undefined) throw errors.notRequired('trailingAmount');
  if (sent.trailingDelta !== undefined) {
    terms.trailUnit = TRAIL_BASIS_POINTS;
    terms.trail = Number(sent.trailingDelta);
    if (terms.trail < 1 || terms.trail > 2000) throw errors.filter('TRAILING_DELTA');
  } else if (sent.trailingAmount !== undefined) {
    terms.trailUnit = TRAIL_TICKS;
    terms.trail = readPrice('trailingAmount');
  } else if (sent.stopPrice === undefined) throw errors.missingOneOf('stopPrice', 'trailingDelta');
}

function readPegs(terms: StatedTerms, sent: Parameters, instrument: Instrument): void {
  const once = oneOf(PEG_PRICES, 'pegPriceType', sent);
  const follow = oneOf(FOLLOWED, 'pegFollow', sent);
  if (once !== undefined && follow !== undefined) throw errors.notRequired('pegFollow');
  if (once !== undefined) {
    Object.assign(terms, { peg: once, pegOnce: true });
    if (sent.pegOffsetType !== undefined && sent.pegOffsetType !== 'PRICE_LEVEL') throw errors.illegal('pegOffsetType', 'PRICE_LEVEL');
    if ((sent.pegOffsetType === undefined) !== (sent.pegOffsetValue === undefined)) throw errors.missing('pegOffsetValue');
    if (sent.pegOffsetValue !== undefined) Object.assign(terms, { pegLevels: true, pegOffset: Number(sent.pegOffsetValue) });
    if ((terms.pegOffset ?? 0) > 100) throw errors.illegal('pegOffsetValue', '0 to 100');
  } else for (const name of ['pegOffsetType', 'pegOffsetValue']) if (sent[name] !== undefined) throw errors.notRequired(name);
  if (follow === undefined) {
    if (sent.pegOffset !== undefined) throw errors.notRequired('pegOffset');
    return;
  }
  terms.peg = follow;
  if (sent.pegOffset !== undefined) {
    const isBelow = sent.pegOffset.startsWith('-');
    try {
      const offset = isZero(sent.pegOffset) ? 0 : instrument.parsePrice(isBelow ? sent.pegOffset.slice(1) : sent.pegOffset);
      terms.pegOffset = isBelow ? -offset : offset;
    } catch {
      throw errors.filter('PRICE_FILTER');
    }
  }
}

function isZero(text: string): boolean {
  return /^-?[0.]+$/.test(text);
}

/** The kind of order that a type is, LIMIT unless it is a market order of some sort. */
export function limitKind(type: string): number {
  return type === 'MARKET_TO_LIMIT' ? MARKET_TO_LIMIT : LIMIT;
}

/** Time in force by its name; undefined: it has none, or one that is not known. */
export function timeInForceOf(name: string, binance: readonly string[], own: boolean): number | undefined {
  const known = binance.indexOf(name);
  if (known >= 0) return known;
  return own && Object.hasOwn(MORE_TIMES, name) ? MORE_TIMES[name] : undefined;
}

export const CONTINGENCIES: Record<number, string> = { [LIST_TYPE.OCO]: 'OCO', [LIST_TYPE.OTO]: 'OTO', [LIST_TYPE.OTOCO]: 'OTO' };

/** Binance refuses icebergs that are not good till cancelled. */
export function checkIceberg(order: NewOrder, sent: Parameters): void {
  if (sent.icebergQty !== undefined && order.timeInForce !== GTC && order.timeInForce < GTD) {
    throw new ApiError(-1013, 'Invalid timeInForce for iceberg orders.');
  }
}
