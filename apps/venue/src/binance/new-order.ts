import { POST_ONLY } from '@outcry/market/command';
import { DecimalError } from '@outcry/market/decimal';
import { BUY, GTC, IOC, LIMIT, MARKET, MARKET_BY_AMOUNT, type Side, type TimeInForce } from '@outcry/market/order-terms';
import type { NewOrder } from '../core/commands.ts';
import { freshId } from '../core/fresh-id.ts';
import type { Instrument } from '../core/market.ts';
import { ApiError, errors } from './errors.ts';
import { SIDE_NAMES, TIME_IN_FORCE_NAMES } from './format.ts';
import { type Caller, instrumentOf, type Services } from './operation.ts';
import * as s from './operations/schemas.ts';
import type { Parameters } from './parameters.ts';

const TYPES = ['LIMIT', 'LIMIT_MAKER', 'MARKET'];
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
  selfTradePreventionMode: s.optional(s.oneOf(['NONE'], 'Only NONE')),
  strategyId: s.optional(s.whole('Not used')),
  strategyType: s.optional(s.whole('Not used')),
  computeCommissionRates: s.optional(s.flag),
};

/** A new order out of checked parameters, with all filters passed. Throws ApiError. */
export function readNewOrder(services: Services, sent: Parameters, caller: Caller): NewOrder {
  const instrument = instrumentOf(services, sent);
  const side = SIDE_NAMES.indexOf(sent.side) as Side | -1;
  if (side < 0) throw new ApiError(-1117, 'Invalid side.');
  if (!TYPES.includes(sent.type)) throw new ApiError(-1116, 'Invalid orderType.');
  if (sent.selfTradePreventionMode !== undefined && sent.selfTradePreventionMode !== 'NONE') {
    throw new ApiError(-2010, 'This symbol does not allow the specified self-trade prevention mode.');
  }
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
  };
  if (sent.type === 'MARKET') readMarketTerms(order, sent, instrument);
  else readLimitTerms(order, sent, instrument);
  checkFilters(services, order);
  return order;
}

function readLimitTerms(order: NewOrder, sent: Parameters, instrument: Instrument): void {
  if (sent.quoteOrderQty !== undefined) throw errors.notRequired('quoteOrderQty');
  if (sent.type === 'LIMIT_MAKER') {
    if (sent.timeInForce !== undefined && sent.timeInForce !== 'GTC') throw errors.notRequired('timeInForce');
    order.flags = POST_ONLY;
  } else {
    if (sent.timeInForce === undefined) throw errors.missing('timeInForce');
    order.timeInForce = TIME_IN_FORCE_NAMES.indexOf(sent.timeInForce) as TimeInForce;
    if (order.timeInForce < 0) throw new ApiError(-1115, 'Invalid timeInForce.');
  }
  if (sent.quantity === undefined) throw errors.missing('quantity');
  if (sent.price === undefined) throw errors.missing('price');
  order.quantity = readQuantity(sent.quantity, instrument);
  order.price = filtered('price', 'PRICE_FILTER', () => instrument.parsePrice(sent.price));
}

function readMarketTerms(order: NewOrder, sent: Parameters, instrument: Instrument): void {
  for (const name of ['price', 'timeInForce']) if (sent[name] !== undefined) throw errors.notRequired(name);
  order.timeInForce = IOC;
  if (sent.quantity !== undefined && sent.quoteOrderQty !== undefined) throw errors.notRequired('quoteOrderQty');
  if (sent.quantity !== undefined) {
    order.kind = MARKET;
    order.quantity = readQuantity(sent.quantity, instrument);
    return;
  }
  if (sent.quoteOrderQty === undefined) throw errors.missingOneOf('quantity', 'quoteOrderQty');
  order.kind = MARKET_BY_AMOUNT;
  order.amount = filtered('quoteOrderQty', 'NOTIONAL', () => instrument.quote.parse(sent.quoteOrderQty));
  if (order.amount === 0) throw errors.filter('NOTIONAL');
}

export function readQuantity(text: string, instrument: Instrument): number {
  const quantity = filtered('quantity', 'LOT_SIZE', () => instrument.parseQuantity(text));
  if (quantity > instrument.maxQuantity) throw errors.filter('LOT_SIZE');
  return quantity;
}

/** Turns what is wrong with a number into Binance's words: beyond 8 places it has too much precision, else it fails a filter. */
function filtered(name: string, filter: string, read: () => number): number {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    if (error.code === 'malformed') throw errors.illegal(name, '^([0-9]{1,20})(\\.[0-9]{1,20})?$');
    throw errors.filter(filter);
  }
}

/** NOTIONAL and PERCENT_PRICE_BY_SIDE; what a market order is worth is reckoned with the average price. */
function checkFilters(services: Services, order: NewOrder): void {
  const { instrument } = order;
  const average = services.feeds[instrument.number].averagePrice(services.now());
  const price = order.kind === LIMIT ? order.price : average;
  const notional =
    order.kind === MARKET_BY_AMOUNT ? BigInt(order.amount) : BigInt(price) * BigInt(order.quantity) * BigInt(instrument.unit);
  if (notional < BigInt(instrument.minNotional)) throw errors.filter('NOTIONAL');
  if (order.kind !== LIMIT) return;
  if (notional > BigInt(instrument.maxNotional)) throw errors.filter('NOTIONAL');
  const { bidUp, bidDown, askUp, askDown } = instrument.bands;
  const [up, down] = order.side === BUY ? [bidUp, bidDown] : [askUp, askDown];
  const scaled = BigInt(price) * 1_000_000n;
  if (scaled > BigInt(average) * BigInt(up) || scaled < BigInt(average) * BigInt(down)) throw errors.filter('PERCENT_PRICE_BY_SIDE');
}
