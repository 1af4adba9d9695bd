/** Reads a new order out of Binance's parameters. */
import { POST_ONLY } from '@outcry/market/command';
import { DecimalError } from '@outcry/market/decimal';
import { GTC, IOC, LIMIT, MARKET, MARKET_BY_AMOUNT, type OrderKind, type Side, type TimeInForce } from '@outcry/market/order-terms';
import { freshId } from '../../core/fresh-id.ts';
import type { Instrument } from '../../domain/market.ts';
import { makeTerms } from '../../domain/special-terms.ts';
import type { NewOrder } from '../../spine/commands.ts';
import { ApiError, errors, newOrderError } from '../http/errors.ts';
import { SIDE_NAMES, TIME_IN_FORCE_NAMES } from './format.ts';
import type { BinanceServices } from './operation.ts';
import { type Caller, instrumentOf } from './operation.ts';
import * as s from './operations/schemas.ts';
import type { Parameters } from './parameters.ts';
import {
  checkIceberg,
  FOLLOWED,
  limitKind,
  MORE_TIMES,
  PEG_PRICES,
  readSpecialTerms,
  SELF_TRADE_MODES,
  SOURCES,
  TRIGGER_TYPES,
  TYPES,
  timeInForceOf,
} from './special-order.ts';
import { readStrategy, strategyId, strategyType } from './strategy.ts';

const OWN_TYPES = [...TYPES, 'MARKET_TO_LIMIT'];
export const RESPONSE_TYPES = ['ACK', 'RESULT', 'FULL'];

export const newOrderParameters = {
  symbol: s.symbol,
  side: s.oneOf(SIDE_NAMES, 'Side'),
  type: s.oneOf(TYPES, 'Type'),
  timeInForce: s.optional(s.oneOf(TIME_IN_FORCE_NAMES, 'Time in force, for LIMIT')),
  quantity: s.optional(s.decimal('Quantity in the base asset')),
  quoteOrderQty: s.optional(s.decimal('Amount in the quote asset, for MARKET')),
  price: s.optional(s.decimal('Price, for LIMIT and LIMIT_MAKER')),
  newClientOrderId: s.optional(s.clientId),
  newOrderRespType: s.optional(s.oneOf(RESPONSE_TYPES, 'Form of the answer')),
  selfTradePreventionMode: s.optional(s.oneOf(Object.keys(SELF_TRADE_MODES), 'What happens when it meets an order of the same group')),
  stopPrice: s.optional(s.decimal('Price that triggers it; with a trailing trigger the price at which trailing begins')),
  trailingDelta: s.optional(s.whole('Distance of a trailing trigger in basis points')),
  icebergQty: s.optional(s.decimal('Quantity that is displayed')),
  strategyId: s.optional(strategyId),
  strategyType: s.optional(strategyType),
  pegPriceType: s.optional(s.oneOf(Object.keys(PEG_PRICES), 'Price taken once from the book')),
  pegOffsetType: s.optional(s.word('PRICE_LEVEL')),
  pegOffsetValue: s.optional(s.whole('Levels into the book')),
};

/** With what Binance does not have: /outcry/v1/order. */
export const ownOrderParameters = {
  ...newOrderParameters,
  type: s.oneOf(OWN_TYPES, 'Type'),
  timeInForce: s.optional(s.oneOf([...TIME_IN_FORCE_NAMES, ...Object.keys(MORE_TIMES)], 'Time in force')),
  goodTillDate: s.optional(s.whole('With GTD: milliseconds since 1970')),
  hidden: s.optional(s.flag),
  minQty: s.optional(s.decimal('Quantity that must trade with one order')),
  allOrNone: s.optional(s.flag),
  slide: s.optional(s.flag),
  trailingAmount: s.optional(s.decimal('Distance of a trailing trigger as a price')),
  triggerSource: s.optional(s.oneOf(Object.keys(SOURCES), 'Price watched')),
  pegFollow: s.optional(s.oneOf(Object.keys(FOLLOWED), 'Best price that its price follows, up to `price`')),
  pegOffset: s.optional(s.signedDecimal('Added to the price followed')),
};

/** A new order out of checked parameters, with all filters passed. Throws ApiError. */
export function readNewOrder(services: BinanceServices, sent: Parameters, caller: Caller, own = false): NewOrder {
  const instrument = instrumentOf(services, sent);
  const side = SIDE_NAMES.indexOf(sent.side) as Side | -1;
  if (side < 0) throw new ApiError(-1117, 'Invalid side.');
  if (!(own ? OWN_TYPES : TYPES).includes(sent.type)) throw new ApiError(-1116, 'Invalid orderType.');
  const order: NewOrder = {
    account: caller.account,
    instrument,
    side: side as Side,
    kind: LIMIT,
    timeInForce: GTC,
    flags: 0,
    price: 0,
    quantity: 0,
    amount: 0,
    clientId: sent.newClientOrderId ?? freshId(),
    strategy: readStrategy(sent),
  };
  const isTriggeredMarket = TRIGGER_TYPES[sent.type]?.isLimit === false;
  if (sent.type === 'MARKET') readMarketTerms(order, sent, instrument, own);
  else if (isTriggeredMarket) readTriggeredMarketTerms(order, sent, instrument, own);
  else readLimitTerms(order, sent, instrument, own);
  const readPrice = (name: string) => filtered(name, sent[name], 'PRICE_FILTER', (text) => instrument.parsePrice(text));
  const readLots = (name: string) => filtered(name, sent[name], 'LOT_SIZE', (text) => instrument.parseQuantity(text));
  readSpecialTerms(order, sent, readPrice, readLots);
  checkIceberg(order, sent);
  if (caller.session !== undefined) order.terms = { ...(order.terms ?? makeTerms({})), session: caller.session };
  const refusal = services.filters.refusal(order);
  if (refusal !== 0) throw newOrderError(refusal);
  return order;
}

function readLimitTerms(order: NewOrder, sent: Parameters, instrument: Instrument, own: boolean): void {
  if (sent.quoteOrderQty !== undefined) throw errors.notRequired('quoteOrderQty');
  order.kind = limitKind(sent.type) as OrderKind;
  if (sent.type === 'LIMIT_MAKER') {
    order.flags = POST_ONLY;
    if (sent.timeInForce !== undefined && sent.timeInForce !== 'GTC' && !own) throw errors.notRequired('timeInForce');
    if (sent.timeInForce !== undefined) readTimeInForce(order, sent, own);
  } else {
    if (sent.timeInForce === undefined) throw errors.missing('timeInForce');
    readTimeInForce(order, sent, own);
  }
  if (sent.quantity === undefined) throw errors.missing('quantity');
  order.quantity = readQuantity(sent.quantity, instrument);
  const priceFollows = sent.pegPriceType !== undefined || order.kind !== LIMIT;
  if (priceFollows) {
    if (sent.price !== undefined) throw errors.notRequired('price');
    return;
  }
  if (sent.price === undefined) throw errors.missing('price');
  order.price = filtered('price', sent.price, 'PRICE_FILTER', (text) => instrument.parsePrice(text));
}

function readTimeInForce(order: NewOrder, sent: Parameters, own: boolean): void {
  const timeInForce = timeInForceOf(sent.timeInForce, TIME_IN_FORCE_NAMES, own);
  if (timeInForce === undefined) throw new ApiError(-1115, 'Invalid timeInForce.');
  order.timeInForce = timeInForce as TimeInForce;
}

/** STOP_LOSS and TAKE_PROFIT: market orders that wait. */
function readTriggeredMarketTerms(order: NewOrder, sent: Parameters, instrument: Instrument, own: boolean): void {
  for (const name of ['price', 'quoteOrderQty']) if (sent[name] !== undefined) throw errors.notRequired(name);
  if (sent.timeInForce !== undefined) {
    if (!own) throw errors.notRequired('timeInForce');
    readTimeInForce(order, sent, own);
  }
  if (sent.quantity === undefined) throw errors.missing('quantity');
  order.kind = MARKET;
  order.quantity = readQuantity(sent.quantity, instrument);
}

function readMarketTerms(order: NewOrder, sent: Parameters, instrument: Instrument, own: boolean): void {
  if (sent.price !== undefined) throw errors.notRequired('price');
  const forAuction = own && (sent.timeInForce === 'OPG' || sent.timeInForce === 'CLS');
  if (sent.timeInForce !== undefined && !forAuction) throw errors.notRequired('timeInForce');
  order.timeInForce = IOC;
  if (forAuction) readTimeInForce(order, sent, own);
  if (sent.quantity !== undefined && sent.quoteOrderQty !== undefined) throw errors.notRequired('quoteOrderQty');
  if (sent.quantity !== undefined) {
    order.kind = MARKET;
    order.quantity = readQuantity(sent.quantity, instrument);
    return;
  }
  if (sent.quoteOrderQty === undefined) throw errors.missingOneOf('quantity', 'quoteOrderQty');
  order.kind = MARKET_BY_AMOUNT;
  order.amount = filtered('quoteOrderQty', sent.quoteOrderQty, 'NOTIONAL', (text) => instrument.quote.parse(text));
  if (order.amount === 0) throw errors.filter('NOTIONAL');
}

export function readQuantity(text: string, instrument: Instrument): number {
  const quantity = filtered('quantity', text, 'LOT_SIZE', (digits) => instrument.parseQuantity(digits));
  if (quantity > instrument.maxQuantity) throw errors.filter('LOT_SIZE');
  return quantity;
}

/** Nine decimal places or more: no asset of Binance has them. */
const TOO_PRECISE = /\.\d{9}/;

/** Turns what is wrong with a number into Binance's words: beyond 8 places it has too much precision, else it fails a filter. */
function filtered(name: string, text: string, filter: string, read: (text: string) => number): number {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    if (TOO_PRECISE.test(text)) throw errors.tooPrecise(name);
    if (error.code === 'malformed') throw errors.illegal(name, '^([0-9]{1,20})(\\.[0-9]{1,20})?$');
    throw errors.filter(filter);
  }
}
