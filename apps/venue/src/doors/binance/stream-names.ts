/** Names of the streams of market data. */
import { type CandleInterval, candleInterval, INTERVAL_NAMES } from '../../domain/candle-interval.ts';
import type { Instrument } from '../../domain/market.ts';

/** Time zones that candles are streamed in, by what the stream's name ends with. */
const ZONES = { '': 0, '@+08:00': 480 };

/** The intervals of candles, by the kinds of their streams. */
export const KLINE_STREAMS: ReadonlyMap<string, CandleInterval> = new Map(
  Object.entries(ZONES).flatMap(([end, zone]) =>
    INTERVAL_NAMES.map((name) => [`kline_${name}${end}`, candleInterval(name, zone)!] as const),
  ),
);

const HOUR_MS = 3_600_000;

/** Milliseconds of the windows of statistics, by the kinds of their streams. */
export const WINDOW_STREAMS: ReadonlyMap<string, number> = new Map([
  ['ticker_1h', HOUR_MS],
  ['ticker_4h', 4 * HOUR_MS],
  ['ticker_1d', 24 * HOUR_MS],
]);

/** Kinds of symbols' streams that have a list of their own. */
const LISTED = [...KLINE_STREAMS.keys(), ...WINDOW_STREAMS.keys()].map((kind) => kind.replace('+', '\\+')).join('|');

/** A symbol in lower case, and the kind of its stream. */
export const SYMBOL_STREAM = new RegExp(
  `^([a-z0-9]+)@(trade|aggTrade|bookTicker|ticker|miniTicker|avgPrice|referencePrice|auction|depth(?:5|10|20)?(?:@100ms|@1000ms)?|${LISTED})$`,
);

export const ALL_TICKERS = '!ticker@arr';
export const ALL_MINI_TICKERS = '!miniTicker@arr';
export const ALL_BOOK_TICKERS = '!bookTicker';

/** The stream of all symbols' windows. @param kind see {@link WINDOW_STREAMS} */
export function allWindows(kind: string): string {
  return `!${kind}@arr`;
}

/** Kinds of windows, by the streams of all symbols. */
export const ALL_WINDOWS: ReadonlyMap<string, string> = new Map([...WINDOW_STREAMS.keys()].map((kind) => [allWindows(kind), kind]));

export const ALL_STREAMS = [ALL_TICKERS, ALL_MINI_TICKERS, ALL_BOOK_TICKERS, ...ALL_WINDOWS.keys()];

/** Streams of what happened: a reader hears all from then on, and nothing of before. The others have a value that a newcomer is told. */
export const EVENTS = /@(trade|aggTrade|depth(@\d+ms)?)$/;

const names = new WeakMap<Instrument, Map<string, string>>();

/** A stream's name, made once. */
export function streamOf(instrument: Instrument, kind: string): string {
  let own = names.get(instrument);
  if (own === undefined) {
    own = new Map();
    names.set(instrument, own);
  }
  let name = own.get(kind);
  if (name === undefined) {
    name = `${instrument.symbol.toLowerCase()}@${kind}`;
    own.set(kind, name);
  }
  return name;
}
