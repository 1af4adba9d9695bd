/** What operations on market data, limits and instruments answer. */
import { Type } from 'typebox';
import * as a from '../../http/answers.ts';
import { SELF_TRADE_MODES, TYPES } from '../special-order.ts';

export const serverTime = a.object({ serverTime: a.time });

const limit = {
  rateLimitType: a.oneOf(['REQUEST_WEIGHT', 'ORDERS']),
  interval: a.oneOf(['SECOND', 'MINUTE', 'DAY']),
  intervalNum: a.count,
  limit: a.count,
};
export const orderCount = a.object({ ...limit, count: a.count });

const lot = { minQty: a.quantity, maxQty: a.quantity, stepSize: a.quantity };
const multiplier = a.amount('Times the average price');
const filter = a.either(
  a.object({ filterType: a.always('PRICE_FILTER'), minPrice: a.price, maxPrice: a.price, tickSize: a.price }),
  a.object({ filterType: a.oneOf(['LOT_SIZE', 'MARKET_LOT_SIZE']), ...lot }),
  a.object({ filterType: a.always('ICEBERG_PARTS'), limit: a.count }),
  a.object({
    filterType: a.always('NOTIONAL'),
    minNotional: a.money,
    applyMinToMarket: a.flag,
    maxNotional: a.money,
    applyMaxToMarket: a.flag,
    avgPriceMins: a.count,
  }),
  a.object({
    filterType: a.always('PERCENT_PRICE_BY_SIDE'),
    bidMultiplierUp: multiplier,
    bidMultiplierDown: multiplier,
    askMultiplierUp: multiplier,
    askMultiplierDown: multiplier,
    avgPriceMins: a.count,
  }),
  a.object({ filterType: a.always('MAX_NUM_ALGO_ORDERS'), maxNumAlgoOrders: a.count }),
  a.object({ filterType: a.always('MAX_NUM_ICEBERG_ORDERS'), maxNumIcebergOrders: a.count }),
  a.object({ filterType: a.always('MAX_NUM_ORDER_LISTS'), maxNumOrderLists: a.count }),
);
const ofAccount = a.object({ filterType: a.always('EXCHANGE_MAX_NUM_ORDERS'), maxNumOrders: a.count });
const noFilters = a.none('None');

const instrument = a.object({
  symbol: a.symbol,
  status: a.oneOf(['TRADING', 'HALT', 'BREAK', 'AUCTION_MATCH']),
  baseAsset: a.asset,
  baseAssetPrecision: a.count,
  quoteAsset: a.asset,
  quotePrecision: a.count,
  quoteAssetPrecision: a.count,
  baseCommissionPrecision: a.count,
  quoteCommissionPrecision: a.count,
  orderTypes: a.list(a.oneOf(TYPES)),
  icebergAllowed: a.flag,
  ocoAllowed: a.flag,
  otoAllowed: a.flag,
  quoteOrderQtyMarketAllowed: a.flag,
  allowTrailingStop: a.flag,
  pegInstructionsAllowed: a.flag,
  cancelReplaceAllowed: a.flag,
  amendAllowed: a.flag,
  isSpotTradingAllowed: a.flag,
  isMarginTradingAllowed: a.flag,
  filters: a.list(filter),
  permissions: a.list(a.always('SPOT')),
  permissionSets: a.list(a.list(a.always('SPOT'))),
  defaultSelfTradePreventionMode: a.always('NONE'),
  allowedSelfTradePreventionModes: a.list(a.oneOf(Object.keys(SELF_TRADE_MODES))),
});
const exchange = { timezone: a.always('UTC'), serverTime: a.time, rateLimits: a.list(a.object(limit)), exchangeFilters: noFilters };
export const exchangeInfo = a.object({ ...exchange, symbols: a.list(instrument) });
/** Of a market that the venue does not have. */
export const noInstruments = a.object({ ...exchange, assets: a.none('None'), symbols: a.none('None') });

export const ownFilters = a.object({ exchangeFilters: a.list(ofAccount), symbolFilters: a.list(filter), assetFilters: noFilters });
export const executionRules = a.object({ symbolRules: a.list(a.object({ symbol: a.symbol, rules: a.none('None') })) });
export const referencePrice = a.object({ symbol: a.symbol, referencePrice: a.price, timestamp: a.time });
export const referenceCalculation = a.object({
  symbol: a.symbol,
  calculationType: a.always('EXTERNAL'),
  externalCalculationId: a.id('Who says it: the administrator'),
});

const levels = a.list(a.places('Price and quantity', a.price, a.quantity));
export const depth = a.object({ lastUpdateId: a.id('Number of the last change that is in it'), bids: levels, asks: levels });

export const trade = a.object({
  id: a.id('Number of the trade'),
  price: a.price,
  qty: a.quantity,
  quoteQty: a.money,
  time: a.time,
  isBuyerMaker: a.flag,
  isBestMatch: a.flag,
});

export const aggregate = a.object({
  a: a.id('Number of the first of them'),
  p: a.price,
  q: a.quantity,
  f: a.id('First trade'),
  l: a.id('Last trade'),
  T: a.time,
  m: Type.Boolean({ description: 'Whether the buyer was the maker' }),
  M: a.flag,
});

export const candle = a.places(
  'Open time, open, high, low, close, quantity, close time, amount, trades, taken by buyers: quantity and amount, unused',
  a.time,
  ...[a.price, a.price, a.price, a.price, a.quantity],
  a.time,
  a.money,
  a.count,
  ...[a.quantity, a.money, a.always('0')],
);

export const averagePrice = a.object({ mins: a.count, price: a.price, closeTime: a.time });
export const lastPrice = a.object({ symbol: a.symbol, price: a.price });

const best = { bidPrice: a.price, bidQty: a.quantity, askPrice: a.price, askQty: a.quantity };
export const bookTicker = a.object({ symbol: a.symbol, ...best });

const short = {
  symbol: a.symbol,
  openPrice: a.price,
  highPrice: a.price,
  lowPrice: a.price,
  lastPrice: a.price,
  volume: a.quantity,
  quoteVolume: a.money,
  openTime: a.time,
  closeTime: a.time,
  firstId: a.idOrNone('First trade'),
  lastId: a.idOrNone('Last trade'),
  count: a.count,
};
const full = { ...short, priceChange: a.change('In the quote asset'), priceChangePercent: a.change('Percent'), weightedAvgPrice: a.price };
/** By type: FULL or MINI. */
export const windowTicker = a.oneOrList(a.either(a.object(full), a.object(short)));
export const dayTicker = a.oneOrList(
  a.either(a.object({ ...full, prevClosePrice: a.price, lastQty: a.quantity, ...best }), a.object(short)),
);

export const systemStatus = a.object({ status: a.always(0), msg: a.always('normal') });
