/** Filters of symbols, of the exchange and of assets. */
import type { Fact } from './fact.ts';

const DOORS = 'filters-doors.test.ts: an order has the same verdict at every door, in its words, on both sides of each limit';
const COUNTS = 'open-counts.test.ts: an account has no more triggered orders, icebergs and lists than the instrument allows, by any door';
const BY_SYMBOL = 'the rule is of each symbol: nothing counts an account’s over all of them';
const RULES = 'binance-reports.test.ts: the rules that an administrator sets refuse orders by the names of filters';

export const filters: Fact[] = [
  { name: 'PRICE_FILTER', test: DOORS },
  { name: 'PERCENT_PRICE', test: RULES },
  { name: 'PERCENT_PRICE_BY_SIDE', test: DOORS },
  { name: 'LOT_SIZE', test: DOORS },
  { name: 'MIN_NOTIONAL', not: 'NOTIONAL says the same' },
  { name: 'NOTIONAL', test: DOORS },
  { name: 'ICEBERG_PARTS', test: DOORS },
  { name: 'MARKET_LOT_SIZE', test: 'ccxt.test.ts: reads markets, order book, ticker, trades and candles' },
  { name: 'MAX_NUM_ORDERS', not: 'EXCHANGE_MAX_NUM_ORDERS limits all: a count by symbol would be kept for every plain order' },
  { name: 'MAX_NUM_ALGO_ORDERS', test: COUNTS },
  { name: 'MAX_NUM_ICEBERG_ORDERS', test: COUNTS },
  { name: 'MAX_POSITION', test: RULES },
  { name: 'TRAILING_DELTA', test: 'bad-input.test.ts: a limit order with ' },
  { name: 'MAX_NUM_ORDER_AMENDS', not: 'a plain order has no place for how often it was amended' },
  { name: 'MAX_NUM_ORDER_LISTS', test: COUNTS },
  { name: 'EXCHANGE_MAX_NUM_ORDERS', test: 'rules.test.ts: a halted market, limits of an account, and the kill switch' },
  { name: 'EXCHANGE_MAX_NUM_ALGO_ORDERS', not: BY_SYMBOL },
  { name: 'EXCHANGE_MAX_NUM_ICEBERG_ORDERS', not: BY_SYMBOL },
  { name: 'EXCHANGE_MAX_NUM_ORDER_LISTS', not: BY_SYMBOL },
  { name: 'MAX_ASSET', not: 'limits of an order are of its symbol (LOT_SIZE, NOTIONAL): assets have no rules' },
];
