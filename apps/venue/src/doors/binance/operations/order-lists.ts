import { LIST_TYPE } from '@outcry/market/command';
import { LIMIT, NO_TRIGGER, TAKE_PROFIT } from '@outcry/market/order-terms';
import { legOf, triggerOf } from '@outcry/market/terms';
import { freshId } from '../../../core/fresh-id.ts';
import { walkOrders } from '../../../core/orders/order-walk.ts';
import { ORDER_STATUS } from '../../../domain/order-status.ts';
import type { Order } from '../../../domain/orders.ts';
import { cancel, type NewOrder, newList } from '../../../spine/commands.ts';
import type { StoredList } from '../../../store/stored-rows.ts';
import * as a from '../../http/answers.ts';
import { ApiError, errors, newOrderError } from '../../http/errors.ts';
import { cancelJson, ms, newOrderJson, SIDE_NAMES } from '../format.ts';
import { RESPONSE_TYPES, readNewOrder } from '../new-order.ts';
import type { BinanceServices } from '../operation.ts';
import { askHistory, type Caller, instrumentOf, JsonPieces, type Operation, weighOrders } from '../operation.ts';
import { optionalInteger, type Parameters } from '../parameters.ts';
import { CONTINGENCIES, PEG_PRICES, SELF_TRADE_MODES, TYPES } from '../special-order.ts';
import { strategyId, strategyType } from '../strategy.ts';
import { checkPair, checkPrices } from './oco-legs.ts';
import { oldOcoParameters, presentOco } from './old-oco.ts';
import * as o from './order-answers.ts';
import { ownRangeOf } from './ranges.ts';
import * as s from './schemas.ts';
import { countOrder, responseType } from './trading.ts';

/** Order lists: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints, "Order lists". */

const MOST_OPEN_LISTS = 1000;
/** Whose lists they are makes no difference to their turns. */
const ANYBODY = -1;
const LISTS_A_TURN = 16;
const WORKING_TYPES = ['LIMIT', 'LIMIT_MAKER'];
const NO_LAST_PRICE = 0;

/** What each order of a list can be told with; the names begin with which one it is (above, working, pendingBelow…). */
const LEG_FIELDS = {
  Type: s.oneOf(TYPES, 'Type'),
  ClientOrderId: s.clientId,
  Price: s.decimal('Price'),
  StopPrice: s.decimal('Price that triggers it'),
  TrailingDelta: s.whole('Distance of a trailing trigger in basis points'),
  TimeInForce: s.word('Time in force'),
  IcebergQty: s.decimal('Quantity that is displayed'),
  PegPriceType: s.oneOf(Object.keys(PEG_PRICES), 'Price taken once from the book'),
  PegOffsetType: s.word('PRICE_LEVEL'),
  PegOffsetValue: s.whole('Levels into the book'),
  StrategyId: strategyId,
  StrategyType: strategyType,
};
const SIDE_FIELDS = { Side: s.oneOf(SIDE_NAMES, 'Side'), Quantity: s.decimal('Quantity') };

/** Parameters of an operation that take a leg's fields, all but its type optional. */
function legParameters(prefix: string, fields: Record<string, (typeof LEG_FIELDS)['Type']>, required: readonly string[]) {
  const entries = Object.entries(fields).map(([name, schema]) => [
    `${prefix}${name}`,
    required.includes(name) ? schema : s.optional(schema),
  ]);
  return Object.fromEntries(entries) as Record<string, (typeof LEG_FIELDS)['Type']>;
}

const common = {
  symbol: s.symbol,
  listClientOrderId: s.optional(s.clientId),
  newOrderRespType: s.optional(s.oneOf(RESPONSE_TYPES, 'Form of the answer')),
  selfTradePreventionMode: s.optional(s.oneOf(Object.keys(SELF_TRADE_MODES), 'Self-trade prevention')),
};

/** One order of a list, out of the parameters that begin with a prefix. Throws ApiError. */
function readLeg(services: BinanceServices, sent: Parameters, caller: Caller, prefix: string, shared: Parameters): NewOrder {
  const leg: Parameters = { symbol: sent.symbol, ...shared };
  for (const field of [...Object.keys(LEG_FIELDS), ...Object.keys(SIDE_FIELDS)]) {
    const value = sent[`${prefix}${field}`];
    if (value !== undefined) leg[field === 'ClientOrderId' ? 'newClientOrderId' : field[0].toLowerCase() + field.slice(1)] = value;
  }
  if (sent.selfTradePreventionMode !== undefined) leg.selfTradePreventionMode = sent.selfTradePreventionMode;
  return readNewOrder(services, leg, caller);
}

async function placeList(services: BinanceServices, sent: Parameters, caller: Caller, type: number, orders: NewOrder[]) {
  const answer = responseType(sent, 'RESULT');
  for (const _ of orders) countOrder(services, caller);
  const clientId = sent.listClientOrderId ?? freshId();
  const outcome = await services.gateway.submit(newList(type, clientId, orders));
  if (outcome.reason !== 0) throw newOrderError(outcome.reason);
  const { symbol } = orders[0].instrument;
  return {
    orderListId: outcome.list,
    contingencyType: CONTINGENCIES[type],
    ...stateOf(outcome.legs),
    listClientOrderId: clientId,
    transactionTime: ms(outcome.legs[0].time),
    symbol,
    orders: outcome.legs.map((order) => ({ symbol, orderId: order.id, clientOrderId: order.clientId })),
    orderReports: outcome.legs.map((order) => {
      const fills = outcome.fills.filter((fill) => fill.order.id === order.id);
      return newOrderJson(order, fills, answer === 'FULL' ? 'RESULT' : answer, services.market);
    }),
  };
}

function stateOf(orders: readonly Order[]) {
  const isOpen = orders.some(
    ({ status }) => status === ORDER_STATUS.NEW || status === ORDER_STATUS.PARTIALLY_FILLED || status === ORDER_STATUS.PENDING_NEW,
  );
  return isOpen
    ? { listStatusType: 'EXEC_STARTED', listOrderStatus: 'EXECUTING' }
    : { listStatusType: 'ALL_DONE', listOrderStatus: 'ALL_DONE' };
}

/**
 * Ticks by which an order of a pair is compared with the market: its trigger, or its limit where it has none or takes a profit with one;
 * undefined: that depends on the market.
 */
function watchedPrice({ kind, terms, price }: NewOrder): number | undefined {
  const trigger = triggerOf(terms?.flags ?? 0);
  const isByLimit = trigger === NO_TRIGGER || (trigger === TAKE_PROFIT && kind === LIMIT);
  return (isByLimit ? price : terms!.stopPrice) || undefined;
}

/** The working order of an OTO. Throws ApiError. */
function readWorking(services: BinanceServices, sent: Parameters, caller: Caller): NewOrder {
  if (!WORKING_TYPES.includes(sent.workingType)) throw new ApiError(-1116, 'Invalid orderType.');
  return readLeg(services, sent, caller, 'working', {});
}

function placeOco(services: BinanceServices, sent: Parameters, caller: Caller) {
  const shared = { side: sent.side, quantity: sent.quantity };
  checkPair(sent, sent.side, ['above', 'below']);
  const legs = ['above', 'below'].map((prefix) => readLeg(services, sent, caller, prefix, shared));
  const [above, below] = legs.map(watchedPrice);
  checkPrices(above, below, services.feeds[legs[0].instrument.number].lastPrice);
  return placeList(services, sent, caller, LIST_TYPE.OCO, legs);
}

function placeOldOco(services: BinanceServices, sent: Parameters, caller: Caller) {
  return placeOco(services, presentOco(sent), caller);
}

function placeOto(services: BinanceServices, sent: Parameters, caller: Caller) {
  const legs = [readWorking(services, sent, caller), readLeg(services, sent, caller, 'pending', {})];
  return placeList(services, sent, caller, LIST_TYPE.OTO, legs);
}

function placeOtoco(services: BinanceServices, sent: Parameters, caller: Caller) {
  const shared = { side: sent.pendingSide, quantity: sent.pendingQuantity };
  checkPair(sent, sent.pendingSide, ['pendingAbove', 'pendingBelow']);
  const pair = ['pendingAbove', 'pendingBelow'].map((prefix) => readLeg(services, sent, caller, prefix, shared));
  const [above, below] = pair.map(watchedPrice);
  checkPrices(above, below, NO_LAST_PRICE); // where the market is then, is looked at when they enter
  return placeList(services, sent, caller, LIST_TYPE.OTOCO, [readWorking(services, sent, caller), ...pair]);
}

/** A list that an account entered, by its number or its client's id. Throws ApiError -2018. */
async function findList(services: BinanceServices, sent: Parameters, caller: Caller, clientName: string) {
  if (sent.orderListId === undefined && sent[clientName] === undefined) throw errors.missingOneOf('orderListId', clientName);
  const id = optionalInteger(sent, 'orderListId');
  const found = await askHistory(services, caller, 'list', caller.account, id, sent[clientName] ?? '');
  if (found === undefined) throw new ApiError(-2018, 'Order list does not exist.');
  return { ...found, orders: latest(services, found.orders) };
}

/** Orders of a list in the order of its legs, as they are now where they are open. */
function latest(services: BinanceServices, orders: readonly Order[]): Order[] {
  const leg = (order: Order) => legOf(order.terms?.flags ?? 0);
  return orders.map((order) => services.gateway.view.orders.get(order.id) ?? order).sort((a, b) => leg(a) - leg(b));
}

function listJson(list: StoredList, orders: readonly Order[], services: BinanceServices) {
  const { symbol } = services.market.instruments[list.instrument];
  return {
    orderListId: list.id,
    contingencyType: CONTINGENCIES[list.type],
    ...stateOf(orders),
    listClientOrderId: list.clientId,
    transactionTime: ms(list.time),
    symbol,
    orders: orders.map((order) => ({ symbol, orderId: order.id, clientOrderId: order.clientId })),
  };
}

async function cancelList(services: BinanceServices, sent: Parameters, caller: Caller) {
  const instrument = instrumentOf(services, sent);
  const { list, orders } = await findList(services, sent, caller, 'listClientOrderId');
  if (list.instrument !== instrument.number) throw new ApiError(-2011, 'Unknown order list sent.');
  // The first one to be cancelled takes the others with it.
  const ended: Order[] = [];
  for (const { id } of orders) {
    if (services.gateway.view.orders.get(id) === undefined) continue;
    const outcome = await services.gateway.submit(cancel(caller.account, instrument.number, id));
    ended.push(...outcome.ended);
  }
  if (ended.length === 0) throw new ApiError(-2011, 'Unknown order list sent.');
  const now = orders.map((order) => ended.find(({ id }) => id === order.id) ?? order);
  const clientId = sent.newClientOrderId ?? freshId();
  return { ...listJson(list, now, services), orderReports: ended.map((order) => cancelJson(order, clientId, services.market)) };
}

async function queryList(services: BinanceServices, sent: Parameters, caller: Caller) {
  const { list, orders } = await findList(services, sent, caller, 'origClientOrderId');
  return listJson(list, orders, services);
}

async function allLists(services: BinanceServices, sent: Parameters, caller: Caller) {
  const found = await askHistory(services, caller, 'lists', caller.account, ownRangeOf(sent));
  return JsonPieces.list(listsJson(services, found), found.length);
}

/** Lists as they are now, some a turn. */
async function* listsJson(
  services: BinanceServices,
  found: readonly { list: StoredList; orders: Order[] }[],
  onlyOpen = false,
): AsyncGenerator<object[]> {
  for (let i = 0; i < found.length; i += LISTS_A_TURN) {
    await services.slices.wait(ANYBODY);
    const some = found.slice(i, i + LISTS_A_TURN).map(({ list, orders }) => listJson(list, latest(services, orders), services));
    yield some.filter(({ listOrderStatus }) => !onlyOpen || listOrderStatus === 'EXECUTING');
  }
}

/** The lists that open orders belong to. */
async function openLists(services: BinanceServices, _sent: Parameters, caller: Caller) {
  const { orders } = services.gateway.view;
  weighOrders(services, caller, orders.countOf(caller.account));
  let ids = new Set<number>();
  for await (const slice of walkOrders(orders, services.slices, caller.account, (slot) => orders.hasTerms(slot))) {
    for (const { terms } of slice) if (terms !== undefined && terms.list > 0) ids.add(terms.list);
    if (ids.size > 2 * MOST_OPEN_LISTS) ids = new Set(latestOf(ids));
  }
  const found = await askHistory(services, caller, 'listsOf', caller.account, latestOf(ids));
  return JsonPieces.list(listsJson(services, found, true), found.length);
}

function latestOf(ids: ReadonlySet<number>): number[] {
  return [...ids].sort((a, b) => a - b).slice(-MOST_OPEN_LISTS);
}

const { StopPrice: _stopPrice, TrailingDelta: _trailingDelta, ...WORKING_FIELDS } = { ...LEG_FIELDS, ...SIDE_FIELDS };
const working = legParameters('working', WORKING_FIELDS, ['Type', 'Side', 'Quantity']);
const signed = { security: 'SIGNED' as const, trades: true, weight: 1 };

export const orderListOperations: Operation[] = [
  {
    summary: 'Place two orders of which one cancels the other',
    rest: { method: 'POST', path: '/api/v3/orderList/oco' },
    ws: 'orderList.place.oco',
    ...signed,
    parameters: s.parameters({
      ...common,
      side: s.oneOf(SIDE_NAMES, 'Side'),
      quantity: s.decimal('Quantity of both'),
      ...legParameters('above', LEG_FIELDS, ['Type']),
      ...legParameters('below', LEG_FIELDS, ['Type']),
    }),
    answer: o.newList,
    run: placeOco,
  },
  {
    summary: 'The same in the form that Binance has deprecated',
    rest: { method: 'POST', path: '/api/v3/order/oco' },
    ws: 'orderList.place',
    ...signed,
    parameters: s.parameters({
      ...common,
      ...oldOcoParameters,
    }),
    answer: o.newList,
    run: placeOldOco,
  },
  {
    summary: 'Place an order, and one that enters when it has traded in full',
    rest: { method: 'POST', path: '/api/v3/orderList/oto' },
    ws: 'orderList.place.oto',
    ...signed,
    parameters: s.parameters({
      ...common,
      ...working,
      ...legParameters('pending', { ...LEG_FIELDS, ...SIDE_FIELDS }, ['Type', 'Side', 'Quantity']),
    }),
    answer: o.newList,
    run: placeOto,
  },
  {
    summary: 'Place an order, and a pair that enters when it has traded in full',
    rest: { method: 'POST', path: '/api/v3/orderList/otoco' },
    ws: 'orderList.place.otoco',
    ...signed,
    parameters: s.parameters({
      ...common,
      ...working,
      pendingSide: s.oneOf(SIDE_NAMES, 'Side of the pair'),
      pendingQuantity: s.decimal('Quantity of each of the pair'),
      ...legParameters('pendingAbove', LEG_FIELDS, ['Type']),
      ...legParameters('pendingBelow', LEG_FIELDS, ['Type']),
    }),
    answer: o.newList,
    run: placeOtoco,
  },
  {
    summary: 'Cancel an order list',
    rest: { method: 'DELETE', path: '/api/v3/orderList' },
    ws: 'orderList.cancel',
    ...signed,
    parameters: s.parameters({
      symbol: s.symbol,
      orderListId: s.optional(s.whole('Number of the list')),
      listClientOrderId: s.optional(s.clientId),
      newClientOrderId: s.optional(s.clientId),
    }),
    answer: o.cancelledList,
    run: cancelList,
  },
  {
    summary: 'An order list',
    rest: { method: 'GET', path: '/api/v3/orderList' },
    ws: 'orderList.status',
    security: 'SIGNED',
    weight: 4,
    parameters: s.parameters({ orderListId: s.optional(s.whole('Number of the list')), origClientOrderId: s.optional(s.clientId) }),
    answer: o.orderList,
    run: queryList,
  },
  {
    summary: 'All order lists',
    rest: { method: 'GET', path: '/api/v3/allOrderList' },
    ws: 'allOrderLists',
    security: 'SIGNED',
    weight: 20,
    parameters: s.parameters({ fromId: s.optional(s.whole('First number')), ...s.range, limit: s.limit }),
    answer: a.list(o.orderList),
    run: allLists,
  },
  {
    summary: 'Open order lists, of the latest thousand',
    rest: { method: 'GET', path: '/api/v3/openOrderList' },
    ws: 'openOrderLists.status',
    security: 'SIGNED',
    weight: 6,
    parameters: s.parameters({}),
    answer: a.list(o.orderList),
    run: openLists,
  },
];
