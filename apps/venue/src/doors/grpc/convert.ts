/** Between the contract's messages and the venue's terms. */
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { POST_ONLY } from '@outcry/market/command';
import { DecimalError } from '@outcry/market/decimal';
import {
  AT_CLOSE,
  AT_OPEN,
  BUY,
  DAY,
  FOK,
  GTC,
  GTD,
  IOC,
  LIMIT,
  MARKET,
  MARKET_TO_LIMIT,
  NO_PEG,
  type OrderKind,
  SELL,
  type Side,
  STOP,
  TAKE_PROFIT,
  type TimeInForce as Time,
} from '@outcry/market/order-terms';
import { HIDDEN, pegOf, triggerOf } from '@outcry/market/terms';
import { textFault } from '@outcry/market/text';
import { freshId } from '../../core/fresh-id.ts';
import type { Services } from '../../core/services.ts';
import type { Instrument } from '../../domain/market.ts';
import { ORDER_STATUS } from '../../domain/order-status.ts';
import type { Fill as ViewFill, Order as ViewOrder } from '../../domain/orders.ts';
import type { NewOrder } from '../../spine/commands.ts';
import * as pb from './generated/outcry/v1/venue_pb.js';

const MOST_ID_BYTES = 36;
/** Letters that an answer repeats of what was sent. */
const MOST_SHOWN = 48;
const TIMES: Record<number, Time> = {
  [pb.TimeInForce.GTC]: GTC,
  [pb.TimeInForce.IOC]: IOC,
  [pb.TimeInForce.FOK]: FOK,
  [pb.TimeInForce.DAY]: DAY,
};
const TOLD_TIMES: Record<number, pb.TimeInForce> = {
  [GTC]: pb.TimeInForce.GTC,
  [IOC]: pb.TimeInForce.IOC,
  [FOK]: pb.TimeInForce.FOK,
  [DAY]: pb.TimeInForce.DAY,
  [GTD]: pb.TimeInForce.GTD,
  [AT_OPEN]: pb.TimeInForce.AT_OPEN,
  [AT_CLOSE]: pb.TimeInForce.AT_CLOSE,
};
const SIDES: Record<number, Side> = { [pb.Side.BUY]: BUY, [pb.Side.SELL]: SELL };
const KINDS: Record<number, OrderKind> = { [pb.OrderType.LIMIT]: LIMIT, [pb.OrderType.MARKET]: MARKET };
const STATUSES: Record<number, pb.OrderStatus> = {
  [ORDER_STATUS.NEW]: pb.OrderStatus.NEW,
  [ORDER_STATUS.PENDING_NEW]: pb.OrderStatus.NEW,
  [ORDER_STATUS.PARTIALLY_FILLED]: pb.OrderStatus.PARTIALLY_FILLED,
  [ORDER_STATUS.FILLED]: pb.OrderStatus.FILLED,
  [ORDER_STATUS.CANCELED]: pb.OrderStatus.CANCELLED,
  [ORDER_STATUS.EXPIRED]: pb.OrderStatus.EXPIRED,
  [ORDER_STATUS.EXPIRED_IN_MATCH]: pb.OrderStatus.EXPIRED,
};

const invalid = (why: string) => new ConnectError(why, Code.InvalidArgument);

/** Throws ConnectError, not_found. */
export function instrumentOf(services: Services, symbol: string): Instrument {
  const instrument = services.market.find(symbol);
  if (instrument === undefined) throw new ConnectError(`no symbol '${symbol.slice(0, MOST_SHOWN)}'`, Code.NotFound);
  return instrument;
}

/** A new order out of a request. Throws ConnectError, invalid_argument: also for a value that the contract does not have. */
export function readOrder(services: Services, account: number, request: pb.PlaceOrderRequest): NewOrder {
  const instrument = instrumentOf(services, request.symbol);
  const kind = meant('type', KINDS, request.type);
  const isLimit = kind === LIMIT;
  const timeInForce =
    request.timeInForce === pb.TimeInForce.UNSPECIFIED ? (isLimit ? GTC : IOC) : meant('time_in_force', TIMES, request.timeInForce);
  const stays = timeInForce === GTC || timeInForce === DAY;
  if (!isLimit && (request.price !== '' || request.postOnly)) throw invalid('a market order has no price and takes');
  if (!isLimit && stays) throw invalid('a market order does not rest: time_in_force is IOC or FOK');
  if (request.postOnly && !stays) throw invalid('a post_only order rests: time_in_force is GTC or DAY');
  checkClientOrderId(request.clientOrderId);
  return {
    account,
    instrument,
    side: meant('side', SIDES, request.side),
    kind,
    timeInForce,
    flags: request.postOnly ? POST_ONLY : 0,
    price: isLimit ? decimal('price', () => instrument.parsePrice(request.price)) : 0,
    quantity: decimal('quantity', () => instrument.parseQuantity(request.quantity)),
    amount: 0,
    clientId: request.clientOrderId || freshId(),
  };
}

/** What a value of an enum means in a request. Throws ConnectError: it is unspecified, or of other doors' orders. */
function meant<T>(name: string, meanings: Record<number, T>, value: number): T {
  const meaning = meanings[value];
  if (meaning === undefined) throw invalid(value === 0 ? `${name} is missing` : `${name} ${value} is none of an order that is placed here`);
  return meaning;
}

/** Throws ConnectError, invalid_argument. */
function checkClientOrderId(id: string): void {
  const fault = id === '' ? undefined : textFault(id, MOST_ID_BYTES);
  if (fault !== undefined) throw invalid(`client_order_id ${fault}`);
}

/** An order's id as a number. Throws ConnectError, invalid_argument: above 2^53 - 1 it would be rounded to another order's. */
export function readOrderId(id: bigint): number {
  if (id > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid(`order_id ${id} is above 2^53 - 1`);
  return Number(id);
}

function decimal(name: string, parse: () => number): number {
  try {
    return parse();
  } catch (error) {
    if (error instanceof DecimalError) throw invalid(`${name}: ${error.message}`);
    throw error;
  }
}

export function orderMessage(services: Services, order: ViewOrder): pb.Order {
  const instrument = services.market.instruments[order.instrument];
  const { terms } = order;
  const price = (ticks: number) => (ticks > 0 ? instrument.formatPrice(ticks) : '');
  const quantity = (lots: number) => (lots > 0 ? instrument.formatQuantity(lots) : '');
  return create(pb.OrderSchema, {
    orderId: BigInt(order.id),
    clientOrderId: order.clientId,
    symbol: instrument.symbol,
    side: order.side === BUY ? pb.Side.BUY : pb.Side.SELL,
    type: typeOf(order),
    timeInForce: TOLD_TIMES[order.timeInForce],
    price: order.kind === LIMIT ? instrument.formatPrice(order.price) : order.kind === MARKET_TO_LIMIT ? price(order.price) : '',
    quantity: instrument.formatQuantity(order.quantity),
    left: instrument.formatQuantity(order.left),
    executed: instrument.formatQuantity(order.quantity - order.left),
    status: STATUSES[order.status],
    time: BigInt(order.time),
    updateTime: BigInt(order.updateTime),
    waiting: order.waiting,
    postOnly: order.postOnly,
    ...(terms !== undefined && {
      triggerPrice: price(terms.stopPrice),
      displayQuantity: quantity(terms.display),
      hidden: (terms.flags & HIDDEN) !== 0,
      minQuantity: quantity(terms.minQuantity),
      expireTime: BigInt(terms.expiry),
    }),
  });
}

/** As it was entered: a stop stays one when it has fired. */
function typeOf({ kind, terms }: ViewOrder): pb.OrderType {
  const trigger = triggerOf(terms?.flags ?? 0);
  const isLimit = kind === LIMIT;
  if (trigger === STOP) return isLimit ? pb.OrderType.STOP_LIMIT : pb.OrderType.STOP;
  if (trigger === TAKE_PROFIT) return isLimit ? pb.OrderType.TAKE_PROFIT_LIMIT : pb.OrderType.TAKE_PROFIT;
  if (pegOf(terms?.flags ?? 0) !== NO_PEG) return pb.OrderType.PEGGED;
  if (kind === MARKET_TO_LIMIT) return pb.OrderType.MARKET_TO_LIMIT;
  return isLimit ? pb.OrderType.LIMIT : pb.OrderType.MARKET;
}

export function fillMessage(services: Services, { order, trade, price, quantity, fee, feeAsset, isMaker }: ViewFill): pb.Fill {
  const instrument = services.market.instruments[order.instrument];
  const received = order.side === BUY ? instrument.base : instrument.quote;
  const asset = feeAsset < 0 ? received : services.market.assets[feeAsset];
  return create(pb.FillSchema, {
    tradeId: BigInt(trade),
    price: instrument.formatPrice(price),
    quantity: instrument.formatQuantity(quantity),
    fee: asset.format(fee),
    feeAsset: asset.name,
    isMaker,
  });
}
