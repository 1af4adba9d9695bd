/** The form of an OCO that Binance has deprecated, as its present one. */
import { errors } from '../../http/errors.ts';
import { SIDE_NAMES } from '../format.ts';
import type { Parameters } from '../parameters.ts';
import { strategyId, strategyType } from '../strategy.ts';
import * as s from './schemas.ts';

export const oldOcoParameters = {
  side: s.oneOf(SIDE_NAMES, 'Side'),
  quantity: s.decimal('Quantity of both'),
  price: s.decimal('Price of the limit order'),
  limitClientOrderId: s.optional(s.clientId),
  limitStrategyId: s.optional(strategyId),
  limitStrategyType: s.optional(strategyType),
  limitIcebergQty: s.optional(s.decimal('Quantity of the limit order that is displayed')),
  stopPrice: s.decimal('Price that triggers the stop'),
  trailingDelta: s.optional(s.whole('Distance of a trailing stop in basis points')),
  stopClientOrderId: s.optional(s.clientId),
  stopLimitPrice: s.optional(s.decimal('Price of the stop, when it has a limit')),
  stopLimitTimeInForce: s.optional(s.word('Time in force of a stop with a limit')),
  stopStrategyId: s.optional(strategyId),
  stopStrategyType: s.optional(strategyType),
  stopIcebergQty: s.optional(s.decimal('Quantity of the stop that is displayed')),
};

/** Legs of the OCO that Binance has deprecated, by the side that its limit order is on: what the present one calls their fields. */
const OLD_LEGS: Record<string, string> = {
  limitClientOrderId: 'ClientOrderId',
  price: 'Price',
  limitIcebergQty: 'IcebergQty',
  limitStrategyId: 'StrategyId',
  limitStrategyType: 'StrategyType',
  stopClientOrderId: 'ClientOrderId',
  stopPrice: 'StopPrice',
  trailingDelta: 'TrailingDelta',
  stopLimitPrice: 'Price',
  stopLimitTimeInForce: 'TimeInForce',
  stopIcebergQty: 'IcebergQty',
  stopStrategyId: 'StrategyId',
  stopStrategyType: 'StrategyType',
};
const OF_LIMIT = ['limitClientOrderId', 'price', 'limitIcebergQty', 'limitStrategyId', 'limitStrategyType'];

/**
 * A LIMIT_MAKER, and a stop on the other side of the market, which has a limit when stopLimitPrice is sent.
 * Throws ApiError -1102 when only one of stopLimitPrice and stopLimitTimeInForce is.
 */
export function presentOco(sent: Parameters): Parameters {
  if ((sent.stopLimitPrice === undefined) !== (sent.stopLimitTimeInForce === undefined))
    throw errors.missing(sent.stopLimitPrice === undefined ? 'stopLimitPrice' : 'stopLimitTimeInForce');
  const [limitLeg, stopLeg] = sent.side === 'SELL' ? ['above', 'below'] : ['below', 'above'];
  const present: Parameters = { ...sent };
  for (const [name, field] of Object.entries(OLD_LEGS)) {
    delete present[name];
    if (sent[name] !== undefined) present[(OF_LIMIT.includes(name) ? limitLeg : stopLeg) + field] = sent[name];
  }
  present[`${limitLeg}Type`] = 'LIMIT_MAKER';
  present[`${stopLeg}Type`] = sent.stopLimitPrice === undefined ? 'STOP_LOSS' : 'STOP_LOSS_LIMIT';
  return present;
}
