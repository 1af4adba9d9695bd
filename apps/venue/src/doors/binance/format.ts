import { BUY, LIMIT, STOP, TAKE_PROFIT, TRAIL_BASIS_POINTS, TRAIL_TICKS } from '@outcry/market/order-terms';
import { HIDDEN, pegOf, selfTradeOf, trailUnitOf, triggerOf } from '@outcry/market/terms';
import type { MarketFeed } from '../../core/feeds/market-feed.ts';
import type { MarketState } from '../../core/feeds/market-state.ts';
import type { Candle } from '../../domain/candle.ts';
import type { CandleInterval } from '../../domain/candle-interval.ts';
import { toBigInt } from '../../domain/exact.ts';
import type { Instrument, Market } from '../../domain/market.ts';
import { ORDER_STATUS_NAMES } from '../../domain/order-status.ts';
import type { AggregateTrade, Fill, Order, PreventedMatch, Trade } from '../../domain/orders.ts';
import type { Statistics } from '../../domain/statistics.ts';
import type { StoredAmendment, StoredTrade } from '../../store/stored-rows.ts';
import { lossesJson, matchesOfOrder, originalLots, preventedJson, tradeGroup } from './prevented.ts';
import { SELF_TRADE_MODES } from './special-order.ts';
import { strategyJson } from './strategy.ts';

/** The venue's records in Binance's words. */

export const TIME_IN_FORCE_NAMES = ['GTC', 'IOC', 'FOK'];
export const ALL_TIMES = [...TIME_IN_FORCE_NAMES, 'GTD', 'DAY', 'OPG', 'CLS'];
const SELF_TRADE_NAMES = Object.keys(SELF_TRADE_MODES);
export const PEG_NAMES = ['', 'PRIMARY_PEG', 'MARKET_PEG', 'MID_PEG'];
export const SIDE_NAMES = ['BUY', 'SELL'];
const ZERO = '0.00000000';

export function typeName(order: Order): string {
  const trigger = triggerOf(order.terms?.flags ?? 0);
  const isLimit = order.kind === LIMIT;
  if (trigger === STOP) return isLimit ? 'STOP_LOSS_LIMIT' : 'STOP_LOSS';
  if (trigger === TAKE_PROFIT) return isLimit ? 'TAKE_PROFIT_LIMIT' : 'TAKE_PROFIT';
  if (!isLimit) return 'MARKET';
  return order.postOnly ? 'LIMIT_MAKER' : 'LIMIT';
}

export function timeInForceName(order: Order): string {
  return ALL_TIMES[order.kind === LIMIT || order.terms !== undefined ? order.timeInForce : 0];
}

export function selfTradeName(order: Order): string {
  return SELF_TRADE_NAMES[selfTradeOf(order.terms?.flags ?? 0)];
}

/** Stop price and displayed quantity; zero where there is none. */
export function stopPrice(order: Order, instrument: Instrument): string {
  return order.terms === undefined || order.terms.stopPrice === 0 ? ZERO : instrument.formatPrice(order.terms.stopPrice);
}
export function icebergQuantity(order: Order, instrument: Instrument): string {
  return order.terms === undefined || order.terms.display === 0 ? ZERO : instrument.formatQuantity(order.terms.display);
}

/** What only orders with such terms have. */
function specialJson(order: Order, instrument: Instrument) {
  const { terms } = order;
  if (terms === undefined) return {};
  const unit = trailUnitOf(terms.flags);
  const peg = pegOf(terms.flags);
  return {
    ...(unit === TRAIL_BASIS_POINTS && { trailingDelta: terms.trail }),
    ...(unit === TRAIL_TICKS && { trailingAmount: instrument.formatPrice(terms.trail) }),
    ...(peg !== 0 && { pegPriceType: PEG_NAMES[peg], peggedPrice: instrument.formatPrice(order.price) }),
    ...(terms.minQuantity > 0 && { minQty: instrument.formatQuantity(terms.minQuantity) }),
    ...((terms.flags & HIDDEN) !== 0 && { hidden: true }),
    ...(terms.expiry > 0 && { goodTillDate: ms(terms.expiry) }),
  };
}

export function listNumber(order: Order): number {
  return order.terms === undefined || order.terms.list === 0 ? -1 : order.terms.list;
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
    orderListId: listNumber(order),
    clientOrderId: order.clientId,
    ...orderTerms(order, instrument),
    time: ms(order.time),
    updateTime: ms(order.updateTime),
    isWorking: !order.waiting,
    workingTime: order.waiting ? -1 : ms(order.time),
    origQuoteOrderQty: instrument.quote.format(order.amount),
    selfTradePreventionMode: selfTradeName(order),
    ...specialJson(order, instrument),
    ...preventedJson(order, instrument),
  };
}

function orderTerms(order: Order, instrument: Instrument) {
  return {
    price: order.kind === LIMIT ? instrument.formatPrice(order.price) : ZERO,
    origQty: instrument.formatQuantity(originalLots(order)),
    executedQty: instrument.formatQuantity(executed(order)),
    cummulativeQuoteQty: instrument.quote.format(order.executedAmount),
    status: ORDER_STATUS_NAMES[order.status],
    timeInForce: timeInForceName(order),
    type: typeName(order),
    side: SIDE_NAMES[order.side],
    stopPrice: stopPrice(order, instrument),
    icebergQty: icebergQuantity(order, instrument),
    ...strategyJson(order),
  };
}

/** The answer to a new order, as ACK, RESULT or FULL. @param prevented matches that self-trade prevention kept it from */
export function newOrderJson(
  order: Order,
  fills: readonly Fill[],
  responseType: string,
  market: Market,
  prevented: readonly PreventedMatch[] = [],
) {
  const instrument = market.instruments[order.instrument];
  const ack = {
    symbol: instrument.symbol,
    orderId: order.id,
    orderListId: listNumber(order),
    clientOrderId: order.clientId,
    transactTime: ms(order.updateTime),
  };
  if (responseType === 'ACK') return ack;
  const result = {
    ...ack,
    ...shownTerms(order, instrument),
    origQuoteOrderQty: instrument.quote.format(order.amount),
    workingTime: order.waiting ? -1 : ms(order.time),
    selfTradePreventionMode: selfTradeName(order),
    ...specialJson(order, instrument),
    ...preventedJson(order, instrument),
  };
  if (responseType === 'RESULT') return result;
  return { ...result, fills: fills.map((fill) => fillJson(fill, instrument, market)), ...matchesOfOrder(prevented, instrument) };
}

/** Terms, without those that the order does not have. */
function shownTerms(order: Order, instrument: Instrument) {
  const { stopPrice: stop, icebergQty: iceberg, ...terms } = orderTerms(order, instrument);
  return { ...terms, ...(stop !== ZERO && { stopPrice: stop }), ...(iceberg !== ZERO && { icebergQty: iceberg }) };
}

function fillJson(fill: Fill, instrument: Instrument, market: Market) {
  return {
    price: instrument.formatPrice(fill.price),
    qty: instrument.formatQuantity(fill.quantity),
    ...feeJson(fill.fee, fill.feeAsset, fill.order.side === BUY, instrument, market),
    tradeId: fill.trade,
  };
}

/** A fee (below zero: a rebate) and the asset that it was paid in. @param feeAsset -1: what was received */
export function feeJson(units: number, feeAsset: number, isBuyer: boolean, instrument: Instrument, market: Market) {
  const received = isBuyer ? instrument.base : instrument.quote;
  const asset = feeAsset < 0 ? received : market.assets[feeAsset];
  return { commission: units < 0 ? `-${asset.format(-units)}` : asset.format(units), commissionAsset: asset.name };
}

/** The answer to a cancel. */
export function cancelJson(order: Order, cancelClientId: string, market: Market) {
  const instrument = market.instruments[order.instrument];
  return {
    symbol: instrument.symbol,
    origClientOrderId: order.clientId,
    orderId: order.id,
    orderListId: listNumber(order),
    clientOrderId: cancelClientId,
    transactTime: ms(order.updateTime),
    ...shownTerms(order, instrument),
    origQuoteOrderQty: instrument.quote.format(order.amount),
    selfTradePreventionMode: selfTradeName(order),
    ...preventedJson(order, instrument),
  };
}

/** An entry of myPreventedMatches. */
export function preventedMatchJson(match: PreventedMatch, instrument: Instrument) {
  return {
    symbol: instrument.symbol,
    preventedMatchId: match.id,
    takerOrderId: match.takerOrder,
    makerSymbol: instrument.symbol,
    makerOrderId: match.makerOrder,
    tradeGroupId: tradeGroup(match.group),
    selfTradePreventionMode: SELF_TRADE_NAMES[match.mode],
    price: instrument.formatPrice(match.price),
    ...lossesJson(match, instrument),
    transactTime: ms(match.time),
  };
}

/** An entry of order/amendments. An order keeps its client order id. */
export function amendmentJson({ sequence, quantity, newQuantity, time }: StoredAmendment, order: Order, instrument: Instrument) {
  return {
    symbol: instrument.symbol,
    orderId: order.id,
    executionId: sequence,
    origClientOrderId: order.clientId,
    newClientOrderId: order.clientId,
    origQty: instrument.formatQuantity(quantity),
    newQty: instrument.formatQuantity(newQuantity),
    time: ms(time),
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
export function myTradesJson(trade: StoredTrade, account: number, instrument: Instrument, market: Market) {
  const side = (isMaker: boolean) => {
    const isBuyer = (trade.takerSide === BUY) !== isMaker;
    const [fee, feeAsset] = isMaker ? [trade.makerFee, trade.makerFeeAsset] : [trade.takerFee, trade.takerFeeAsset];
    return {
      symbol: instrument.symbol,
      id: trade.id,
      orderId: isMaker ? trade.makerOrder : trade.takerOrder,
      orderListId: -1,
      price: instrument.formatPrice(trade.price),
      qty: instrument.formatQuantity(trade.quantity),
      quoteQty: instrument.quote.format(trade.amount),
      ...feeJson(fee, feeAsset, isBuyer, instrument, market),
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
export function klineJson(candle: Candle, interval: CandleInterval, instrument: Instrument) {
  return [
    candle.openTime,
    instrument.formatPrice(candle.open),
    instrument.formatPrice(candle.high),
    instrument.formatPrice(candle.low),
    instrument.formatPrice(candle.close),
    instrument.formatQuantity(toBigInt(candle.quantity)),
    interval.next(candle.openTime) - 1,
    instrument.quote.format(toBigInt(candle.amount)),
    candle.trades,
    instrument.formatQuantity(toBigInt(candle.takerBuyQuantity)),
    instrument.quote.format(toBigInt(candle.takerBuyAmount)),
    '0',
  ];
}

export function levelsJson(levels: readonly [price: number, lots: number][], instrument: Instrument): [string, string][] {
  return levels.map(([price, lots]) => [instrument.formatPrice(price), instrument.formatQuantity(lots)]);
}

/** The average price of some lots that cost an amount, in the instrument's price places, rounded down. */
export function averagePrice(amount: bigint, lots: bigint, instrument: Instrument): string {
  return lots === 0n ? ZERO : instrument.formatPrice(Number(amount / (lots * BigInt(instrument.unit))));
}

/** The change from one price to another, in percent with three places. */
function percentChange(from: number, to: number): string {
  if (from === 0) return '0.000';
  const thousandths = Math.round(((to - from) * 100_000) / from);
  const sign = thousandths < 0 ? '-' : '';
  const digits = String(Math.abs(thousandths)).padStart(4, '0');
  return `${sign}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

function signedPrice(ticks: number, instrument: Instrument): string {
  return ticks < 0 ? `-${instrument.formatPrice(-ticks)}` : instrument.formatPrice(ticks);
}

/** What tickers of a window say, and of its shorter form. @param firstId number of its first trade, where it has one */
export function windowJson(window: Statistics, firstId: number, instrument: Instrument, isMini: boolean) {
  const { open, last, amount, quantity, trades } = window;
  return {
    symbol: instrument.symbol,
    ...(!isMini && {
      priceChange: signedPrice(last - open, instrument),
      priceChangePercent: percentChange(open, last),
      weightedAvgPrice: averagePrice(amount, quantity, instrument),
    }),
    openPrice: instrument.formatPrice(open),
    highPrice: instrument.formatPrice(window.high),
    lowPrice: instrument.formatPrice(window.low),
    lastPrice: instrument.formatPrice(last),
    volume: instrument.formatQuantity(quantity),
    quoteVolume: instrument.quote.format(amount),
    openTime: window.openTime,
    closeTime: window.closeTime,
    firstId: trades === 0 ? -1 : firstId,
    lastId: trades === 0 ? -1 : firstId + trades - 1,
    count: trades,
  };
}

/** ticker/24hr. */
export function dayJson(feed: MarketFeed, nowMs: number) {
  const { instrument } = feed;
  const day = feed.day(nowMs);
  const { symbol, priceChange, priceChangePercent, weightedAvgPrice, ...window } = windowJson(
    day,
    feed.lastTradeId - day.trades + 1,
    instrument,
    false,
  );
  const { symbol: _, ...best } = bookTickerJson(feed);
  return {
    symbol,
    priceChange: priceChange!,
    priceChangePercent: priceChangePercent!,
    weightedAvgPrice: weightedAvgPrice!,
    prevClosePrice: window.openPrice,
    lastQty: instrument.formatQuantity(feed.lastQuantity),
    ...best,
    ...window,
  };
}

export function bookTickerJson(feed: MarketState) {
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
