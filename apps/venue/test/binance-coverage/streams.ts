/** Streams of market data, and the lengths of their candles. */
import type { Fact } from './fact.ts';

interface StreamFact extends Fact {
  /** an address of it */
  example: string;
}

const DOCUMENTED_FORM = 'streams.test.ts: bring trades, aggregate trades, candles, tickers and partial books, in their documented form';
const WINDOWS = 'binance-tickers.test.ts: streams of windows and average prices tell what changed, in their documented form';

export const streams: StreamFact[] = [
  {
    name: '<symbol>@referencePrice',
    example: 'ethusdt@referencePrice',
    test: 'binance-reports.test.ts: a reference price is told as it is set, by stream and on request',
  },
  { name: '<symbol>@aggTrade', example: 'ethusdt@aggTrade', test: DOCUMENTED_FORM },
  { name: '<symbol>@trade', example: 'ethusdt@trade', test: DOCUMENTED_FORM },
  { name: '<symbol>@blockTrade', example: 'ethusdt@blockTrade', not: 'no block trades: all trades are of the book' },
  { name: '<symbol>@kline_<interval>', example: 'ethusdt@kline_1m', test: DOCUMENTED_FORM },
  {
    name: '<symbol>@kline_<interval>@+08:00',
    example: 'ethusdt@kline_1m@+08:00',
    test: 'binance-candles.test.ts: streams of candles in the time zone of UTC+8 begin their days there',
  },
  { name: '<symbol>@miniTicker', example: 'ethusdt@miniTicker', test: DOCUMENTED_FORM },
  {
    name: '!miniTicker@arr',
    example: '!miniTicker@arr',
    test: 'lanes.test.ts: tell a newcomer what a stream’s value is now, though nothing changes and others have been told',
  },
  { name: '<symbol>@ticker', example: 'ethusdt@ticker', test: DOCUMENTED_FORM },
  { name: '<symbol>@ticker_<window>', example: 'ethusdt@ticker_4h', test: WINDOWS },
  { name: '!ticker_<window>@arr', example: '!ticker_1h@arr', test: WINDOWS },
  { name: '<symbol>@bookTicker', example: 'ethusdt@bookTicker', test: DOCUMENTED_FORM },
  { name: '<symbol>@avgPrice', example: 'ethusdt@avgPrice', test: WINDOWS },
  { name: '<symbol>@depth<levels>', example: 'ethusdt@depth10@100ms', test: DOCUMENTED_FORM },
  {
    name: '<symbol>@depth',
    example: 'ethusdt@depth@100ms',
    test: 'streams.test.ts: tell every change of the book: a copy kept from a snapshot and diffs is the book, update for update',
  },
];

/** Streams of the venue that the pages do not have (any more). */
export const moreStreams: Record<string, string> = {
  '!ticker@arr': 'withdrawn by Binance; clients still read it',
  '!bookTicker': 'withdrawn by Binance; clients still read it',
  'ethusdt@auction': "the venue's own",
};

const CANDLES = 'binance-candles.test.ts: candles of every interval are the sums of what was traded in it, in any time zone';

export const intervals: Fact[] = [
  { name: '1s', test: CANDLES },
  { name: '1m', test: CANDLES },
  { name: '3m', test: CANDLES },
  { name: '5m', test: CANDLES },
  { name: '15m', test: CANDLES },
  { name: '30m', test: CANDLES },
  { name: '1h', test: CANDLES },
  { name: '2h', test: CANDLES },
  { name: '4h', test: CANDLES },
  { name: '6h', test: CANDLES },
  { name: '8h', test: CANDLES },
  { name: '12h', test: CANDLES },
  { name: '1d', test: CANDLES },
  { name: '3d', test: CANDLES },
  { name: '1w', test: CANDLES },
  { name: '1M', test: CANDLES },
];
