import { formatUnits } from '@outcry/market/decimal';
import { BUY, SELL } from '@outcry/market/order-terms';
import { isCall, TRADING_STATE } from '@outcry/market/states';
import type { MarketFeed } from '../../core/feeds/market-feed.ts';
import type { LimitsInForce } from '../../core/rules-in-force.ts';
import { candleInterval } from '../../domain/candle-interval.ts';
import type { Instrument } from '../../domain/market.ts';
import { sessionJson } from '../http/session-json.ts';
import { aggregateJson, bookTickerJson, dayJson, klineJson, levelsJson, publicTradeJson, windowJson } from './format.ts';
import { SELF_TRADE_MODES, TYPES } from './special-order.ts';

/**
 * What publishers answer of market data, by the name of the question. Undefined: they do not have enough of it, history does.
 * The answers go out as JSON, made on the publisher's thread.
 */
export const PUBLIC_DATA = {
  depth(feeds: readonly MarketFeed[], number: number, most: number) {
    const { instrument, depth, updateId } = feeds[number];
    return {
      lastUpdateId: updateId,
      bids: levelsJson(depth.levels(BUY, most), instrument),
      asks: levelsJson(depth.levels(SELL, most), instrument),
    };
  },

  trades(feeds: readonly MarketFeed[], number: number, most: number) {
    const { instrument, trades } = feeds[number];
    if (!hasEnough(feeds[number], trades, trades[0]?.id, most)) return undefined;
    return trades.slice(-most).map((trade) => publicTradeJson(trade, instrument));
  },

  aggregates(feeds: readonly MarketFeed[], number: number, most: number) {
    const { instrument, aggregates } = feeds[number];
    if (!hasEnough(feeds[number], aggregates, aggregates[0]?.firstTrade, most)) return undefined;
    return aggregates.slice(-most).map((trade) => aggregateJson(trade, instrument));
  },

  /** @param zone minutes ahead of UTC @param now milliseconds since 1970 */
  klines(feeds: readonly MarketFeed[], number: number, name: string, zone: number, most: number, now: number) {
    const feed = feeds[number];
    const interval = candleInterval(name, zone)!;
    return feed.latest(interval, most, now)?.map((candle) => klineJson(candle, interval, feed.instrument));
  },

  averagePrice(feeds: readonly MarketFeed[], number: number, now: number) {
    const feed = feeds[number];
    const closeTime = Math.floor(feed.lastTradeTime / 1000);
    return { mins: 5, price: feed.instrument.formatPrice(feed.averagePrice(now)), closeTime };
  },

  day(feeds: readonly MarketFeed[], which: number | number[], now: number, isMini: boolean) {
    return eachOf(feeds, which, (feed) => {
      if (!isMini) return dayJson(feed, now);
      const day = feed.day(now);
      return windowJson(day, feed.lastTradeId - day.trades + 1, feed.instrument, true);
    });
  },

  /** @param openTime at most a day back */
  window(feeds: readonly MarketFeed[], which: number | number[], openTime: number, closeTime: number, isMini: boolean) {
    return eachOf(feeds, which, (feed) => {
      const statistics = feed.statistics(openTime, closeTime);
      return windowJson(statistics, feed.lastTradeId - statistics.trades + 1, feed.instrument, isMini);
    });
  },

  prices(feeds: readonly MarketFeed[], which: number | number[]) {
    return eachOf(feeds, which, ({ instrument, lastPrice }) => ({
      symbol: instrument.symbol,
      price: lastPrice === 0 ? formatUnits(0, 8) : instrument.formatPrice(lastPrice),
    }));
  },

  bookTickers(feeds: readonly MarketFeed[], which: number | number[]) {
    return eachOf(feeds, which, bookTickerJson);
  },

  sessions(feeds: readonly MarketFeed[], which: number | number[]) {
    return eachOf(feeds, which, sessionJson);
  },

  /** exchangeInfo, its limits beside. */
  instruments(feeds: readonly MarketFeed[], which: number[], limits: readonly LimitsInForce[], head: object, hasPermissions: boolean) {
    const permissionSets = hasPermissions ? [['SPOT']] : [];
    return { ...head, symbols: which.map((number, i) => ({ ...symbolJson(feeds[number], limits[i]), permissionSets })) };
  },
} as const;

export type PublicQuestion = keyof typeof PUBLIC_DATA;
type Tail<T> = T extends (feeds: readonly MarketFeed[], ...rest: infer Rest) => unknown ? Rest : never;
export type PublicArguments<Q extends PublicQuestion> = Tail<(typeof PUBLIC_DATA)[Q]>;

/** Whether a list of latest trades has all that was asked for: so many, or everything since the first trade of all. */
function hasEnough({ lastPrice }: MarketFeed, list: readonly unknown[], firstTrade: number | undefined, most: number): boolean {
  return list.length >= most || firstTrade === 1 || (list.length === 0 && lastPrice === 0);
}

/** One entry for a number, a list otherwise. */
function eachOf<T>(feeds: readonly MarketFeed[], which: number | number[], toJson: (feed: MarketFeed) => T): T | T[] {
  return typeof which === 'number' ? toJson(feeds[which]) : which.map((number) => toJson(feeds[number]));
}

/** Filters that orders of an instrument must pass. */
export function symbolFilters(instrument: Instrument, limits: LimitsInForce) {
  const { maxQuantity, maxNotional } = limits;
  const { definition } = instrument;
  const { percentPrice } = definition;
  const lot = {
    minQty: instrument.formatQuantity(1),
    maxQty: instrument.formatQuantity(maxQuantity),
    stepSize: instrument.formatQuantity(1),
  };
  return [
    {
      filterType: 'PRICE_FILTER',
      minPrice: instrument.formatPrice(1),
      maxPrice: instrument.formatPrice(0x7ffffffe),
      tickSize: instrument.formatPrice(1),
    },
    { filterType: 'LOT_SIZE', ...lot },
    { filterType: 'MARKET_LOT_SIZE', ...lot },
    { filterType: 'ICEBERG_PARTS', limit: instrument.icebergParts },
    {
      filterType: 'NOTIONAL',
      minNotional: instrument.quote.format(instrument.minNotional),
      applyMinToMarket: true,
      maxNotional: instrument.quote.format(maxNotional),
      applyMaxToMarket: false,
      avgPriceMins: 5,
    },
    {
      filterType: 'PERCENT_PRICE_BY_SIDE',
      bidMultiplierUp: percentPrice.bidUp,
      bidMultiplierDown: percentPrice.bidDown,
      askMultiplierUp: percentPrice.askUp,
      askMultiplierDown: percentPrice.askDown,
      avgPriceMins: 5,
    },
    ...countFilters(limits),
  ];
}

/** Limits of an account's open orders that an administrator has set. */
function countFilters({ maxAlgoOrders, maxIcebergOrders, maxOrderLists }: LimitsInForce) {
  return [
    ...(maxAlgoOrders > 0 ? [{ filterType: 'MAX_NUM_ALGO_ORDERS', maxNumAlgoOrders: maxAlgoOrders }] : []),
    ...(maxIcebergOrders > 0 ? [{ filterType: 'MAX_NUM_ICEBERG_ORDERS', maxNumIcebergOrders: maxIcebergOrders }] : []),
    ...(maxOrderLists > 0 ? [{ filterType: 'MAX_NUM_ORDER_LISTS', maxNumOrderLists: maxOrderLists }] : []),
  ];
}

/** An instrument's status in Binance's words. */
export function statusOf(state: number, isOpen: boolean): string {
  if (!isOpen || state === TRADING_STATE.HALTED) return 'HALT';
  if (state === TRADING_STATE.CONTINUOUS) return 'TRADING';
  return isCall(state) ? 'AUCTION_MATCH' : 'BREAK';
}

function symbolJson({ instrument, state }: MarketFeed, limits: LimitsInForce) {
  return {
    symbol: instrument.symbol,
    status: statusOf(state, limits.isOpen),
    baseAsset: instrument.base.name,
    baseAssetPrecision: 8,
    quoteAsset: instrument.quote.name,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: TYPES,
    icebergAllowed: true,
    ocoAllowed: true,
    otoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: true,
    pegInstructionsAllowed: true,
    cancelReplaceAllowed: true,
    amendAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: symbolFilters(instrument, limits),
    permissions: [],
    defaultSelfTradePreventionMode: 'NONE',
    allowedSelfTradePreventionModes: Object.keys(SELF_TRADE_MODES),
  };
}
