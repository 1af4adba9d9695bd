import { BUY, LIMIT } from '@outcry/market/order-terms';
import type { Instrument, Market } from '../core/market.ts';
import type { AggregateTrade, MarketFeed } from '../core/market-feed.ts';
import type { Fill, Order, Trade } from '../core/view.ts';
import type { Candle } from '../store/candle.ts';
import type { StoredTrade } from '../store/history.ts';
import { STATUS_NAMES } from '../store/schema.ts';

/** The venue's records in Binance's words. */

export const TIME_IN_FORCE_NAMES = ['GTC', 'IOC', 'FOK'];
export const SIDE_NAMES = ['BUY', 'SELL'];
const ZERO = '0.00000000';

export function typeName(order: Order): string {
  if (order.kind !== LIMIT) return 'MARKET';
  return order.postOnly ? 'LIMIT_MAKER' : 'LIMIT';
}

export function ms(microseconds: number): number {
  return Math.floor(microseconds / 1000);
}

function executed(order: Order): number {
  return order.quantity - order.left;
}

/** GET order, openOrders, allOrders. */
export function orderJson(order: Order, market: Market) {
  const instrument = market.instruments[order.instrument];
  return {
    symbol: instrument.symbol,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: order.clientId,
    ...orderTerms(order, instrument),
    time: ms(order.time),
    updateTime: ms(order.updateTime),
    isWorking: true,
    workingTime: ms(order.time),
    origQuoteOrderQty: instrument.quote.format(order.amount),
    selfTradePreventionMode: 'NONE',
  };
}

function orderTerms(order: Order, instrument: Instrument) {
  return {
    price: order.kind === LIMIT ? instrument.formatPrice(order.price) : ZERO,
    origQty: instrument.formatQuantity(order.quantity),
    executedQty: instrument.formatQuantity(executed(order)),
    cummulativeQuoteQty: instrument.quote.format(order.executedAmount),
    status: STATUS_NAMES[order.status],
    timeInForce: TIME_IN_FORCE_NAMES[order.kind === LIMIT ? order.timeInForce : 0],
    type: typeName(order),
    side: SIDE_NAMES[order.side],
    stopPrice: ZERO,
    icebergQty: ZERO,
  };
}

/** The answer to a new order, as ACK, RESULT or FULL. */
export function newOrderJson(order: Order, fills: readonly Fill[], responseType: string, market: Market) {
  const instrument = market.instruments[order.instrument];
  const ack = {
    symbol: instrument.symbol,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: order.clientId,
    transactTime: ms(order.updateTime),
  };
  if (responseType === 'ACK') return ack;
  const { stopPrice: _stop, icebergQty: _iceberg, ...terms } = orderTerms(order, instrument);
  const result = {
    ...ack,
    ...terms,
    origQuoteOrderQty: instrument.quote.format(order.amount),
    workingTime: ms(order.time),
    selfTradePreventionMode: 'NONE',
  };
  if (responseType === 'RESULT') return result;
  return { ...result, fills: fills.map((fill) => fillJson(fill, instrument)) };
}

function fillJson(fill: Fill, instrument: Instrument) {
  const received = fill.order.side === BUY ? instrument.base : instrument.quote;
  return {
    price: instrument.formatPrice(fill.price),
    qty: instrument.formatQuantity(fill.quantity),
    commission: received.format(fill.fee),
    commissionAsset: received.name,
    tradeId: fill.trade,
  };
}

/** The answer to a cancel. */
export function cancelJson(order: Order, cancelClientId: string, market: Market) {
  const instrument = market.instruments[order.instrument];
  const { stopPrice: _stop, icebergQty: _iceberg, ...terms } = orderTerms(order, instrument);
  return {
    symbol: instrument.symbol,
    origClientOrderId: order.clientId,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: cancelClientId,
    transactTime: ms(order.updateTime),
    ...terms,
    origQuoteOrderQty: instrument.quote.format(order.amount),
    selfTradePreventionMode: 'NONE',
  };
}

export function publicTradeJson(trade: Trade | StoredTrade, instrument: Instrument) {
  return {
    id: trade.id,
    price: instrument.formatPrice(trade.price),
    qty: instrument.formatQuantity(trade.quantity),
    quoteQty: instrument.quote.format(trade.amount),
    time: ms(trade.time),
    isBuyerMaker: trade.takerSide !== BUY,
    isBestMatch: true,
  };
}

/** A stored trade from one account's side; two entries when it traded with itself. */
export function myTradesJson(trade: StoredTrade, account: number, instrument: Instrument) {
  const side = (isMaker: boolean) => {
    const isBuyer = (trade.takerSide === BUY) !== isMaker;
    const received = isBuyer ? instrument.base : instrument.quote;
    return {
      symbol: instrument.symbol,
      id: trade.id,
      orderId: isMaker ? trade.makerOrder : trade.takerOrder,
      orderListId: -1,
      price: instrument.formatPrice(trade.price),
      qty: instrument.formatQuantity(trade.quantity),
      quoteQty: instrument.quote.format(trade.amount),
      commission: received.format(isMaker ? trade.makerFee : trade.takerFee),
      commissionAsset: received.name,
      time: ms(trade.time),
      isBuyer,
      isMaker,
      isBestMatch: true,
    };
  };
  return [...(trade.maker === account ? [side(true)] : []), ...(trade.taker === account ? [side(false)] : [])];
}

export function aggregateJson(trade: AggregateTrade, instrument: Instrument) {
  return {
    a: trade.id,
    p: instrument.formatPrice(trade.price),
    q: instrument.formatQuantity(trade.quantity),
    f: trade.firstTrade,
    l: trade.lastTrade,
    T: ms(trade.time),
    m: trade.takerSide !== BUY,
    M: true,
  };
}

/** A candle as klines have it: an array. */
export function klineJson(candle: Candle, seconds: number, instrument: Instrument) {
  return [
    candle.openTime,
    instrument.formatPrice(candle.open),
    instrument.formatPrice(candle.high),
    instrument.formatPrice(candle.low),
    instrument.formatPrice(candle.close),
    instrument.formatQuantity(candle.quantity),
    candle.openTime + seconds * 1000 - 1,
    instrument.quote.format(candle.amount),
    candle.trades,
    instrument.formatQuantity(candle.takerBuyQuantity),
    instrument.quote.format(candle.takerBuyAmount),
    '0',
  ];
}

export function levelsJson(levels: readonly [price: number, lots: number][], instrument: Instrument): [string, string][] {
  return levels.map(([price, lots]) => [instrument.formatPrice(price), instrument.formatQuantity(lots)]);
}

/** The average price of some lots that cost an amount, in the instrument's price places, rounded down. */
export function averagePrice(amount: number, lots: number, instrument: Instrument): string {
  return lots === 0 ? ZERO : instrument.formatPrice(Number(BigInt(amount) / (BigInt(lots) * BigInt(instrument.unit))));
}

/** The change from one price to another, in percent with three places. */
export function percentChange(from: number, to: number): string {
  if (from === 0) return '0.000';
  const thousandths = Math.round(((to - from) * 100_000) / from);
  const sign = thousandths < 0 ? '-' : '';
  const digits = String(Math.abs(thousandths)).padStart(4, '0');
  return `${sign}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

export function signedPrice(ticks: number, instrument: Instrument): string {
  return ticks < 0 ? `-${instrument.formatPrice(-ticks)}` : instrument.formatPrice(ticks);
}

/** ticker/24hr. */
export function dayJson(feed: MarketFeed, nowMs: number) {
  const { instrument } = feed;
  const day = feed.day(nowMs);
  const bid = feed.depth.best(0);
  const ask = feed.depth.best(1);
  return {
    symbol: instrument.symbol,
    priceChange: signedPrice(day.last - day.open, instrument),
    priceChangePercent: percentChange(day.open, day.last),
    weightedAvgPrice: averagePrice(day.amount, day.quantity, instrument),
    prevClosePrice: instrument.formatPrice(day.open),
    lastPrice: instrument.formatPrice(day.last),
    lastQty: instrument.formatQuantity(feed.lastQuantity),
    bidPrice: bid ? instrument.formatPrice(bid[0]) : ZERO,
    bidQty: bid ? instrument.formatQuantity(bid[1]) : ZERO,
    askPrice: ask ? instrument.formatPrice(ask[0]) : ZERO,
    askQty: ask ? instrument.formatQuantity(ask[1]) : ZERO,
    openPrice: instrument.formatPrice(day.open),
    highPrice: instrument.formatPrice(day.high),
    lowPrice: instrument.formatPrice(day.low),
    volume: instrument.formatQuantity(day.quantity),
    quoteVolume: instrument.quote.format(day.amount),
    openTime: day.openTime,
    closeTime: day.closeTime,
    firstId: day.trades === 0 ? -1 : feed.lastTradeId - day.trades + 1,
    lastId: day.trades === 0 ? -1 : feed.lastTradeId,
    count: day.trades,
  };
}

export function bookTickerJson(feed: MarketFeed) {
  const { instrument } = feed;
  const bid = feed.depth.best(0);
  const ask = feed.depth.best(1);
  return {
    symbol: instrument.symbol,
    bidPrice: bid ? instrument.formatPrice(bid[0]) : ZERO,
    bidQty: bid ? instrument.formatQuantity(bid[1]) : ZERO,
    askPrice: ask ? instrument.formatPrice(ask[0]) : ZERO,
    askQty: ask ? instrument.formatQuantity(ask[1]) : ZERO,
  };
}
