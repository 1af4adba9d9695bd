/** Operations that enter, replace, amend and cancel an order, or look one up. */
import { LIMIT } from '@outcry/market/order-terms';
import { freshId } from '../../../core/fresh-id.ts';
import type { Instrument } from '../../../domain/market.ts';
import type { Order } from '../../../domain/orders.ts';
import { amend, cancel, massCancel, newOrder } from '../../../spine/commands.ts';
import * as a from '../../http/answers.ts';
import { ApiError, cancelError, errors, newOrderError } from '../../http/errors.ts';
import { cancelJson, listNumber, ms, newOrderJson, orderJson, SIDE_NAMES, selfTradeName } from '../format.ts';
import { newOrderParameters, ownOrderParameters, RESPONSE_TYPES, readNewOrder, readQuantity } from '../new-order.ts';
import type { BinanceServices } from '../operation.ts';
import { type Caller, instrumentOf, type Operation, readHistory } from '../operation.ts';
import { optionalInteger, type Parameters } from '../parameters.ts';
import { preventedLots } from '../prevented.ts';
import { cancelAll, openOrders } from './open-orders.ts';
import * as o from './order-answers.ts';
import { ownRangeOf } from './ranges.ts';
import * as s from './schemas.ts';

const PPM = 1_000_000;

export function responseType(sent: Parameters, otherwise: string): string {
  const type = sent.newOrderRespType ?? otherwise;
  if (!RESPONSE_TYPES.includes(type)) throw errors.illegal('newOrderRespType', RESPONSE_TYPES.join(', '));
  return type;
}

/** The open order that a request means by either id, as any door may have told it; undefined: there is none. */
export async function openOrder(
  services: BinanceServices,
  sent: Parameters,
  caller: Caller,
  instrument: Instrument,
  idName = 'orderId',
  clientName = 'origClientOrderId',
) {
  if (sent[idName] === undefined && sent[clientName] === undefined) throw errors.missingOneOf(clientName, idName);
  const { gateway } = services;
  await gateway.caughtUp();
  const { view } = gateway;
  const order =
    sent[idName] !== undefined ? view.orders.get(Number(sent[idName])) : view.orders.findByClientId(caller.account, sent[clientName]);
  if (order === undefined || order.account !== caller.account || order.instrument !== instrument.number) return undefined;
  if (sent[clientName] !== undefined && order.clientId !== sent[clientName]) return undefined;
  return order;
}

export function countOrder(services: BinanceServices, caller: Caller): void {
  caller.orderCounts?.(...services.limiter.countOrder(caller.account, services.now()));
}

async function placeOrder(services: BinanceServices, sent: Parameters, caller: Caller, own = false) {
  const order = readNewOrder(services, sent, caller, own);
  const answer = responseType(sent, order.kind === LIMIT && order.flags !== 0 ? 'ACK' : 'FULL');
  countOrder(services, caller);
  const outcome = await services.gateway.submit(newOrder(order));
  if (outcome.reason !== 0) throw newOrderError(outcome.reason);
  return newOrderJson(outcome.order!, outcome.fills, answer, services.market, outcome.prevented);
}

function testOrder(services: BinanceServices, sent: Parameters, caller: Caller) {
  const order = readNewOrder(services, sent, caller);
  responseType(sent, 'ACK');
  if (sent.computeCommissionRates?.toLowerCase() !== 'true') return {};
  return commissionRates(services, caller, order.instrument);
}

/** What the account would be charged now. */
function commissionRates({ rules }: BinanceServices, { account }: Caller, instrument: Instrument) {
  const rate = (ppm: number) => (ppm / PPM).toFixed(8);
  const { maker, taker } = rules.fees(account, instrument.number);
  const none = { maker: rate(0), taker: rate(0), buyer: rate(0), seller: rate(0) };
  return {
    standardCommission: { maker: rate(maker), taker: rate(taker), buyer: rate(0), seller: rate(0) },
    specialCommission: none,
    taxCommission: none,
    discount: { enabledForAccount: false, enabledForSymbol: false, discountAsset: '', discount: rate(0) },
  };
}

async function findOrder(services: BinanceServices, sent: Parameters, caller: Caller) {
  const instrument = instrumentOf(services, sent);
  const order = await openOrder(services, sent, caller, instrument);
  if (order !== undefined) return orderJson(order, services.market);
  const id = optionalInteger(sent, 'orderId');
  const found = await readHistory(services, caller, 'order', caller.account, instrument.number, id, sent.origClientOrderId ?? '');
  if (found === undefined) throw errors.noSuchOrder();
  return found;
}

/** States that an order may be cancelled in only, as cancelRestrictions names them; undefined: in any. Throws ApiError -1145. */
export function restrictionOf({ cancelRestrictions: restriction }: Parameters): string | undefined {
  if (restriction !== undefined && !['ONLY_NEW', 'ONLY_PARTIALLY_FILLED'].includes(restriction)) {
    throw new ApiError(-1145, "'cancelRestrictions' value has to be either 'ONLY_NEW' or 'ONLY_PARTIALLY_FILLED'.");
  }
  return restriction;
}

export function isRestricted(order: Order, restriction: string | undefined): boolean {
  return restriction !== undefined && restriction !== (order.left === order.quantity ? 'ONLY_NEW' : 'ONLY_PARTIALLY_FILLED');
}

export const restricted = () => new ApiError(-2011, 'Order was not canceled due to cancel restrictions.');

async function cancelOrder(services: BinanceServices, sent: Parameters, caller: Caller) {
  const instrument = instrumentOf(services, sent);
  const restriction = restrictionOf(sent);
  const order = await openOrder(services, sent, caller, instrument);
  if (order === undefined) throw cancelError(0);
  if (isRestricted(order, restriction)) throw restricted();
  const outcome = await services.gateway.submit(cancel(caller.account, instrument.number, order.id));
  if (outcome.cancelReason !== 0) throw cancelError(outcome.cancelReason);
  return cancelJson(outcome.changed!, sent.newClientOrderId ?? freshId(), services.market);
}

async function amendOrder(services: BinanceServices, sent: Parameters, caller: Caller) {
  const instrument = instrumentOf(services, sent);
  const order = await openOrder(services, sent, caller, instrument);
  if (order === undefined) throw cancelError(0);
  const quantity = readQuantity(sent.newQty, instrument);
  if (sent.newClientOrderId !== undefined && sent.newClientOrderId !== order.clientId) throw errors.notRequired('newClientOrderId');
  // The engine counts without what self-trade prevention took off.
  const outcome = await services.gateway.submit(amend(caller.account, instrument.number, order.id, quantity - order.decremented));
  if (outcome.cancelReason !== 0) throw cancelError(outcome.cancelReason);
  const changed = outcome.changed!;
  const { orderId, clientOrderId, price, origQty, executedQty, status, timeInForce, type, side, workingTime } = orderJson(
    changed,
    services.market,
  );
  const ids = { symbol: instrument.symbol, orderId, orderListId: listNumber(changed), origClientOrderId: clientOrderId, clientOrderId };
  return {
    transactTime: ms(changed.updateTime),
    executionId: outcome.sequence,
    amendedOrder: {
      ...ids,
      price,
      qty: origQty,
      executedQty,
      preventedQty: instrument.formatQuantity(preventedLots(changed)),
      quoteOrderQty: instrument.quote.format(changed.amount),
      cumulativeQuoteQty: instrument.quote.format(changed.executedAmount),
      status,
      timeInForce,
      type,
      side,
      workingTime,
      selfTradePreventionMode: selfTradeName(changed),
    },
  };
}

async function allOrders(services: BinanceServices, sent: Parameters, caller: Caller) {
  const instrument = instrumentOf(services, sent);
  return await readHistory(services, caller, 'orders', caller.account, instrument.number, ownRangeOf(sent, 'orderId'));
}

const which = { symbol: s.symbol, orderId: s.optional(s.whole('Order id')), origClientOrderId: s.optional(s.clientId) };

/** Cancels what an account has, of an instrument, a side, or altogether, as one step. */
async function cancelMass(services: BinanceServices, sent: Parameters, caller: Caller) {
  const instrument = sent.symbol === undefined ? -1 : instrumentOf(services, sent).number;
  const side = sent.side === undefined ? -1 : SIDE_NAMES.indexOf(sent.side);
  if (sent.side !== undefined && side < 0) throw new ApiError(-1117, 'Invalid side.');
  const outcome = await services.gateway.submit(massCancel(caller.account, instrument, side));
  if (outcome.reason !== 0) throw cancelError(outcome.reason);
  return { cancelled: outcome.endedCount };
}

export const tradingOperations: Operation[] = [
  {
    summary: "Place an order with the venue's own terms as well",
    rest: { method: 'POST', path: '/outcry/v1/order' },
    ws: 'outcry.order.place',
    security: 'SIGNED',
    trades: true,
    weight: 1,
    parameters: s.parameters(ownOrderParameters),
    answer: o.newOrder,
    run: (services, sent, caller) => placeOrder(services, sent, caller, true),
  },
  {
    summary: 'Cancel all open orders, of an instrument or a side if named, as one step',
    rest: { method: 'DELETE', path: '/outcry/v1/openOrders' },
    ws: 'outcry.openOrders.cancelAll',
    security: 'SIGNED',
    trades: true,
    weight: 1,
    parameters: s.parameters({ symbol: s.optional(s.symbol), side: s.optional(s.oneOf(SIDE_NAMES, 'Side')) }),
    answer: o.endedCount,
    run: cancelMass,
  },
  {
    summary: 'Place an order',
    rest: { method: 'POST', path: '/api/v3/order' },
    ws: 'order.place',
    security: 'SIGNED',
    trades: true,
    weight: 1,
    parameters: s.parameters(newOrderParameters),
    answer: o.newOrder,
    run: (services, sent, caller) => placeOrder(services, sent, caller),
  },
  {
    summary: 'Check an order without placing it',
    rest: { method: 'POST', path: '/api/v3/order/test' },
    ws: 'order.test',
    security: 'SIGNED',
    trades: true,
    weight: 1,
    parameters: s.parameters({ ...newOrderParameters, computeCommissionRates: s.optional(s.flag) }),
    answer: o.tested,
    run: testOrder,
  },
  {
    summary: 'One order',
    rest: { method: 'GET', path: '/api/v3/order' },
    ws: 'order.status',
    security: 'SIGNED',
    weight: 4,
    parameters: s.parameters(which),
    answer: o.order,
    run: findOrder,
  },
  {
    summary: 'Cancel an order',
    rest: { method: 'DELETE', path: '/api/v3/order' },
    ws: 'order.cancel',
    security: 'SIGNED',
    trades: true,
    weight: 1,
    parameters: s.parameters({
      ...which,
      newClientOrderId: s.optional(s.clientId),
      cancelRestrictions: s.optional(s.oneOf(['ONLY_NEW', 'ONLY_PARTIALLY_FILLED'], 'Only if the order is in this state')),
    }),
    answer: o.cancelled,
    run: cancelOrder,
  },
  {
    summary: "Lower an order's quantity; it keeps its priority",
    rest: { method: 'PUT', path: '/api/v3/order/amend/keepPriority' },
    ws: 'order.amend.keepPriority',
    security: 'SIGNED',
    trades: true,
    weight: 4,
    parameters: s.parameters({ ...which, newQty: s.decimal('New quantity'), newClientOrderId: s.optional(s.clientId) }),
    answer: o.amended,
    run: amendOrder,
  },
  {
    summary: 'Open orders',
    rest: { method: 'GET', path: '/api/v3/openOrders' },
    ws: 'openOrders.status',
    security: 'SIGNED',
    weight: 6,
    parameters: s.parameters({ symbol: s.optional(s.symbol) }),
    answer: a.list(o.order),
    run: openOrders,
  },
  {
    summary: "Cancel an instrument's open orders",
    rest: { method: 'DELETE', path: '/api/v3/openOrders' },
    ws: 'openOrders.cancelAll',
    security: 'SIGNED',
    trades: true,
    weight: 1,
    parameters: s.parameters({ symbol: s.symbol }),
    answer: a.list(o.cancelled),
    run: cancelAll,
  },
  {
    summary: 'All orders, open or done',
    rest: { method: 'GET', path: '/api/v3/allOrders' },
    ws: 'allOrders',
    security: 'SIGNED',
    weight: 20,
    parameters: s.parameters({ symbol: s.symbol, orderId: s.optional(s.whole('First order id')), ...s.range, limit: s.limit }),
    answer: a.list(o.order),
    run: allOrders,
  },
  {
    summary: 'Commission rates',
    rest: { method: 'GET', path: '/api/v3/account/commission' },
    ws: 'account.commission',
    security: 'SIGNED',
    weight: 20,
    parameters: s.parameters({ symbol: s.symbol }),
    answer: o.commissionRates,
    run: (services, sent, caller) => ({ symbol: sent.symbol, ...commissionRates(services, caller, instrumentOf(services, sent)) }),
  },
];
