/** Filters of symbols, of the exchange and of assets. */
import type { Fact } from './fact.ts';

const DOORS = 'filters-doors.test.ts: an order has the same verdict at every door, in its words, on both sides of each limit';
const ONE_LIMIT = 'the venue limits open orders of an account altogether (MAX_OPEN_ORDERS)';
const RULES = 'binance-reports.test.ts: the rules that an administrator sets refuse orders by the names of filters';
const NONE = 'the venue has no such limit';

export const filters: Fact[] = [
  { name: 'PRICE_FILTER', test: DOORS },
  { name: 'PERCENT_PRICE', test: RULES },
  { name: 'PERCENT_PRICE_BY_SIDE', test: DOORS },
  { name: 'LOT_SIZE', test: DOORS },
  { name: 'MIN_NOTIONAL', not: 'NOTIONAL says the same' },
  { name: 'NOTIONAL', test: DOORS },
  { name: 'ICEBERG_PARTS', test: DOORS },
  { name: 'MARKET_LOT_SIZE', test: 'ccxt.test.ts: reads markets, order book, ticker, trades and candles' },
  { name: 'MAX_NUM_ORDERS', test: 'rules.test.ts: a halted market, limits of an account, and the kill switch' },
  { name: 'MAX_NUM_ALGO_ORDERS', not: ONE_LIMIT },
  { name: 'MAX_NUM_ICEBERG_ORDERS', not: ONE_LIMIT },
  { name: 'MAX_POSITION', test: RULES },
  { name: 'TRAILING_DELTA', test: 'bad-input.test.ts: a limit order with ' },
  { name: 'MAX_NUM_ORDER_AMENDS', not: NONE },
  { name: 'MAX_NUM_ORDER_LISTS', not: ONE_LIMIT },
  { name: 'EXCHANGE_MAX_NUM_ORDERS', not: ONE_LIMIT },
  { name: 'EXCHANGE_MAX_NUM_ALGO_ORDERS', not: ONE_LIMIT },
  { name: 'EXCHANGE_MAX_NUM_ICEBERG_ORDERS', not: ONE_LIMIT },
  { name: 'EXCHANGE_MAX_NUM_ORDER_LISTS', not: ONE_LIMIT },
  { name: 'MAX_ASSET', not: NONE },
];
