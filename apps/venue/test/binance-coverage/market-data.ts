/** General and market data: operations of REST and the WebSocket API, with their documented parameters and answer fields. */
import type { OperationFact } from './fact.ts';

const NO_MEAN = 'an administrator sets reference prices: none is a mean';

export const marketData: OperationFact[] = [
  {
    rest: 'GET /api/v3/ping',
    ws: 'ping',
    parameters: '',
    answer: '',
  },
  {
    rest: 'GET /api/v3/time',
    ws: 'time',
    parameters: '',
    answer: 'serverTime',
  },
  {
    rest: 'GET /api/v3/exchangeInfo',
    ws: 'exchangeInfo',
    parameters: 'symbol symbols permissions showPermissionSets symbolStatus',
    answer: 'timezone serverTime rateLimits exchangeFilters symbols',
  },
  {
    rest: 'GET /api/v3/executionRules',
    ws: 'executionRules',
    parameters: 'symbol symbols symbolStatus',
    answer: 'symbolRules',
  },
  {
    rest: 'GET /api/v3/depth',
    ws: 'depth',
    parameters: 'symbol limit symbolStatus',
    answer: 'lastUpdateId bids asks',
  },
  {
    rest: 'GET /api/v3/trades',
    ws: 'trades.recent',
    parameters: 'symbol limit',
    answer: 'id price qty quoteQty time isBuyerMaker isBestMatch',
  },
  {
    rest: 'GET /api/v3/historicalTrades',
    ws: 'trades.historical',
    parameters: 'symbol limit fromId',
    answer: 'id price qty quoteQty time isBuyerMaker isBestMatch',
  },
  {
    rest: 'GET /api/v3/historicalBlockTrades',
    ws: 'blockTrades.historical',
    parameters: 'symbol fromId limit',
    answer: 'id price qty quoteQty time isBuyerMaker',
    empty: 'all trades are of the book',
  },
  {
    rest: 'GET /api/v3/aggTrades',
    ws: 'trades.aggregate',
    parameters: 'symbol fromId startTime endTime limit',
    answer: 'a p q f l T m M',
  },
  {
    rest: 'GET /api/v3/klines',
    ws: 'klines',
    parameters: 'symbol interval startTime endTime timeZone limit',
    answer: '',
  },
  {
    rest: 'GET /api/v3/uiKlines',
    ws: 'uiKlines',
    parameters: 'symbol interval startTime endTime timeZone limit',
    answer: '',
  },
  {
    rest: 'GET /api/v3/avgPrice',
    ws: 'avgPrice',
    parameters: 'symbol',
    answer: 'mins price closeTime',
  },
  {
    rest: 'GET /api/v3/ticker/24hr',
    ws: 'ticker.24hr',
    parameters: 'symbol symbols type symbolStatus',
    answer:
      'symbol priceChange priceChangePercent weightedAvgPrice prevClosePrice lastPrice lastQty bidPrice bidQty askPrice askQty openPrice highPrice lowPrice volume quoteVolume openTime closeTime firstId lastId count',
  },
  {
    rest: 'GET /api/v3/ticker/tradingDay',
    ws: 'ticker.tradingDay',
    parameters: 'symbol symbols timeZone type symbolStatus',
    answer:
      'symbol priceChange priceChangePercent weightedAvgPrice openPrice highPrice lowPrice lastPrice volume quoteVolume openTime closeTime firstId lastId count',
  },
  {
    rest: 'GET /api/v3/ticker/price',
    ws: 'ticker.price',
    parameters: 'symbol symbols symbolStatus',
    answer: 'symbol price',
  },
  {
    rest: 'GET /api/v3/ticker/bookTicker',
    ws: 'ticker.book',
    parameters: 'symbol symbols symbolStatus',
    answer: 'symbol bidPrice bidQty askPrice askQty',
  },
  {
    rest: 'GET /api/v3/ticker',
    ws: 'ticker',
    parameters: 'symbol symbols windowSize type symbolStatus',
    answer:
      'symbol priceChange priceChangePercent weightedAvgPrice openPrice highPrice lowPrice lastPrice volume quoteVolume openTime closeTime firstId lastId count',
  },
  {
    rest: 'GET /api/v3/referencePrice',
    ws: 'referencePrice',
    parameters: 'symbol',
    answer: 'symbol referencePrice timestamp',
  },
  {
    rest: 'GET /api/v3/referencePrice/calculation',
    ws: 'referencePrice.calculation',
    parameters: 'symbol symbolStatus',
    answer: 'symbol calculationType bucketCount bucketWidthMs externalCalculationId',
    without: { bucketCount: NO_MEAN, bucketWidthMs: NO_MEAN },
  },
];
