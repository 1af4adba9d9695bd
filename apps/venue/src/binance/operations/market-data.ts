import { formatUnits } from '@outcry/market/decimal';
import { BUY, SELL } from '@outcry/market/order-terms';
import { isCall, STATE } from '@outcry/market/rules';
import type { Instrument } from '../../core/market.ts';
import type { MarketFeed } from '../../core/market-feed.ts';
import { CANDLE_SECONDS } from '../../store/schema.ts';
import { errors } from '../errors.ts';
import { aggregateJson, bookTickerJson, dayJson, klineJson, levelsJson, publicTradeJson, sessionJson } from '../format.ts';
import { TYPES } from '../new-order.ts';
import { instrumentOf, type Operation, readHistory, type Services } from '../operation.ts';
import { integer, optionalInteger, type Parameters } from '../parameters.ts';
import { SELF_TRADE_MODES } from '../special-order.ts';
import * as s from './schemas.ts';

const MOST_ROWS = 1000;
const MOST_LEVELS = 5000;

function filters(instrument: Instrument) {
  const { definition } = instrument;
  const { percentPrice } = definition;
  const lot = {
    minQty: instrument.formatQuantity(1),
    maxQty: instrument.formatQuantity(instrument.maxQuantity),
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
    {
      filterType: 'NOTIONAL',
      minNotional: instrument.quote.format(instrument.minNotional),
      applyMinToMarket: true,
      maxNotional: instrument.quote.format(instrument.maxNotional),
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
  ];
}

function symbolJson({ instrument, state }: MarketFeed) {
  return {
    symbol: instrument.symbol,
    status: state === STATE.CONTINUOUS ? 'TRADING' : isCall(state) ? 'AUCTION_MATCH' : state === STATE.HALTED ? 'HALT' : 'BREAK',
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
    filters: filters(instrument),
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'NONE',
    allowedSelfTradePreventionModes: Object.keys(SELF_TRADE_MODES),
  };
}

/** The feeds that `symbol` or `symbols` names; all of them when neither was sent. */
function chosen(services: Services, sent: Parameters): MarketFeed[] {
  if (sent.symbol !== undefined && sent.symbols !== undefined) throw errors.tooMany("'symbol' and 'symbols' exclude each other");
  if (sent.symbol !== undefined) return [services.feeds[instrumentOf(services, sent).number]];
  if (sent.symbols === undefined) return [...services.feeds];
  return (JSON.parse(sent.symbols) as string[]).map((symbol) => services.feeds[instrumentOf(services, { symbol }).number]);
}

/** One entry for `symbol`, a list otherwise. */
function oneOrAll<T>(services: Services, sent: Parameters, toJson: (feed: MarketFeed) => T): T | T[] {
  const all = chosen(services, sent).map(toJson);
  return sent.symbol !== undefined ? all[0] : all;
}

async function klines(services: Services, sent: Parameters) {
  const instrument = instrumentOf(services, sent);
  const seconds = Object.hasOwn(CANDLE_SECONDS, sent.interval) ? CANDLE_SECONDS[sent.interval] : undefined;
  if (seconds === undefined) throw errors.invalidInterval();
  const range = {
    startTime: optionalInteger(sent, 'startTime'),
    endTime: optionalInteger(sent, 'endTime'),
    limit: integer(sent, 'limit', 500, 1, MOST_ROWS),
  };
  if (range.startTime === undefined && range.endTime === undefined) {
    return services.feeds[instrument.number]
      .candles(seconds)
      .slice(-range.limit)
      .map((candle) => klineJson(candle, seconds, instrument));
  }
  const candles = await readHistory(services, -1, (history) => history.candles(instrument.number, seconds, range));
  return candles.map((candle) => klineJson(candle, seconds, instrument));
}

const klineParameters = s.parameters({
  symbol: s.symbol,
  interval: s.word(`Length of a candle: ${Object.keys(CANDLE_SECONDS).join(', ')}`),
  ...s.range,
  timeZone: s.optional(s.whole('Only 0 (UTC)')),
  limit: s.limit,
});
const tickerParameters = s.parameters({
  symbol: s.optional(s.symbol),
  symbols: s.optional(s.symbolList),
  type: s.optional(s.word('FULL or MINI')),
  symbolStatus: s.optional(s.word('TRADING')),
});

export const marketDataOperations: Operation[] = [
  {
    summary: 'Test connectivity',
    rest: { method: 'GET', path: '/api/v3/ping' },
    ws: 'ping',
    security: 'NONE',
    weight: 1,
    parameters: s.parameters({}),
    run: () => ({}),
  },
  {
    summary: 'Server time',
    rest: { method: 'GET', path: '/api/v3/time' },
    ws: 'time',
    security: 'NONE',
    weight: 1,
    parameters: s.parameters({}),
    run: (services) => ({ serverTime: services.now() }),
  },
  {
    summary: 'Instruments, their filters, and rate limits',
    rest: { method: 'GET', path: '/api/v3/exchangeInfo' },
    ws: 'exchangeInfo',
    security: 'NONE',
    weight: 20,
    parameters: s.parameters({
      symbol: s.optional(s.symbol),
      symbols: s.optional(s.symbolList),
      permissions: s.optional({ ...s.symbol, pattern: '^["A-Z,\\[\\]]{1,80}$' } as typeof s.symbol),
      showPermissionSets: s.optional(s.flag),
      symbolStatus: s.optional(s.word('TRADING')),
    }),
    run: (services, sent) => {
      const { weightPerMinute, ordersPerTenSeconds, ordersPerDay } = services.config.rateLimits;
      return {
        timezone: 'UTC',
        serverTime: services.now(),
        rateLimits: [
          { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: weightPerMinute },
          { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: ordersPerTenSeconds },
          { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: ordersPerDay },
        ],
        exchangeFilters: [],
        symbols: chosen(services, sent).map((feed) => symbolJson(feed)),
      };
    },
  },
  {
    summary: 'Trading state and auction of instruments',
    rest: { method: 'GET', path: '/outcry/v1/sessions' },
    ws: 'outcry.sessions',
    security: 'NONE',
    weight: 2,
    parameters: s.parameters({ symbol: s.optional(s.symbol) }),
    run: (services, sent) => oneOrAll(services, sent, sessionJson),
  },
  {
    summary: 'Order book by price level',
    rest: { method: 'GET', path: '/api/v3/depth' },
    ws: 'depth',
    security: 'NONE',
    weight: 5,
    parameters: s.parameters({ symbol: s.symbol, limit: s.limit }),
    run: (services, sent) => {
      const instrument = instrumentOf(services, sent);
      const { depth } = services.feeds[instrument.number];
      const most = integer(sent, 'limit', 100, 1, MOST_LEVELS);
      return {
        lastUpdateId: depth.updateId,
        bids: levelsJson(depth.levels(BUY, most), instrument),
        asks: levelsJson(depth.levels(SELL, most), instrument),
      };
    },
  },
  {
    summary: 'Latest trades',
    rest: { method: 'GET', path: '/api/v3/trades' },
    ws: 'trades.recent',
    security: 'NONE',
    weight: 25,
    parameters: s.parameters({ symbol: s.symbol, limit: s.limit }),
    run: (services, sent) => {
      const instrument = instrumentOf(services, sent);
      const { trades } = services.feeds[instrument.number];
      return trades.slice(-integer(sent, 'limit', 500, 1, MOST_ROWS)).map((trade) => publicTradeJson(trade, instrument));
    },
  },
  {
    summary: 'Trades from a trade id on',
    rest: { method: 'GET', path: '/api/v3/historicalTrades' },
    ws: 'trades.historical',
    security: 'NONE',
    weight: 25,
    parameters: s.parameters({ symbol: s.symbol, limit: s.limit, fromId: s.optional(s.whole('First trade id')) }),
    run: async (services, sent) => {
      const instrument = instrumentOf(services, sent);
      const range = { from: optionalInteger(sent, 'fromId'), limit: integer(sent, 'limit', 500, 1, MOST_ROWS) };
      const trades = await readHistory(services, -1, (history) => history.trades(instrument.number, range));
      return trades.map((trade) => publicTradeJson(trade, instrument));
    },
  },
  {
    summary: 'Trades of one order at one price, put together',
    rest: { method: 'GET', path: '/api/v3/aggTrades' },
    ws: 'trades.aggregate',
    security: 'NONE',
    weight: 4,
    parameters: s.parameters({ symbol: s.symbol, fromId: s.optional(s.whole('First aggregate trade id')), ...s.range, limit: s.limit }),
    run: async (services, sent) => {
      const instrument = instrumentOf(services, sent);
      const range = {
        from: optionalInteger(sent, 'fromId'),
        startTime: optionalInteger(sent, 'startTime'),
        endTime: optionalInteger(sent, 'endTime'),
        limit: integer(sent, 'limit', 500, 1, MOST_ROWS),
      };
      const isLatest = range.from === undefined && range.startTime === undefined && range.endTime === undefined;
      const trades = isLatest
        ? services.feeds[instrument.number].aggregates.slice(-range.limit)
        : await readHistory(services, -1, (history) => history.aggregates(instrument.number, range));
      return trades.map((trade) => aggregateJson(trade, instrument));
    },
  },
  {
    summary: 'Candles',
    rest: { method: 'GET', path: '/api/v3/klines' },
    ws: 'klines',
    security: 'NONE',
    weight: 2,
    parameters: klineParameters,
    run: klines,
  },
  {
    summary: 'Candles, for charts',
    rest: { method: 'GET', path: '/api/v3/uiKlines' },
    ws: 'uiKlines',
    security: 'NONE',
    weight: 2,
    parameters: klineParameters,
    run: klines,
  },
  {
    summary: 'Average price of the last 5 minutes',
    rest: { method: 'GET', path: '/api/v3/avgPrice' },
    ws: 'avgPrice',
    security: 'NONE',
    weight: 2,
    parameters: s.parameters({ symbol: s.symbol }),
    run: (services, sent) => {
      const instrument = instrumentOf(services, sent);
      const feed = services.feeds[instrument.number];
      const closeTime = Math.floor(feed.lastTradeTime / 1000);
      return { mins: 5, price: instrument.formatPrice(feed.averagePrice(services.now())), closeTime };
    },
  },
  {
    summary: 'Statistics of the last 24 hours',
    rest: { method: 'GET', path: '/api/v3/ticker/24hr' },
    ws: 'ticker.24hr',
    security: 'NONE',
    weight: 2,
    parameters: tickerParameters,
    run: (services, sent) => {
      const now = services.now();
      return oneOrAll(services, sent, (feed) => {
        const full = dayJson(feed, now);
        if (sent.type !== 'MINI') return full;
        const { priceChange, priceChangePercent, weightedAvgPrice, prevClosePrice, lastQty, bidPrice, bidQty, askPrice, askQty, ...mini } =
          full;
        return mini;
      });
    },
  },
  {
    summary: 'Latest price',
    rest: { method: 'GET', path: '/api/v3/ticker/price' },
    ws: 'ticker.price',
    security: 'NONE',
    weight: 2,
    parameters: tickerParameters,
    run: (services, sent) =>
      oneOrAll(services, sent, ({ instrument, lastPrice }) => ({
        symbol: instrument.symbol,
        price: lastPrice === 0 ? formatUnits(0, 8) : instrument.formatPrice(lastPrice),
      })),
  },
  {
    summary: 'Best bid and ask',
    rest: { method: 'GET', path: '/api/v3/ticker/bookTicker' },
    ws: 'ticker.book',
    security: 'NONE',
    weight: 2,
    parameters: tickerParameters,
    run: (services, sent) => oneOrAll(services, sent, bookTickerJson),
  },
];
