/** Operations on prices and statistics of instruments. */
import { candleInterval } from '../../../domain/candle-interval.ts';
import * as a from '../../http/answers.ts';
import { errors } from '../../http/errors.ts';
import type { BinanceServices } from '../operation.ts';
import { type Caller, knowingAll, type Operation, readHistory, weigh } from '../operation.ts';
import type { Parameters } from '../parameters.ts';
import { chosen, chosenParameters } from './chosen.ts';
import * as m from './market-answers.ts';
import { ask, zoneOf } from './market-data.ts';
import * as s from './schemas.ts';

const TICKER_TYPES = ['FULL', 'MINI'];
/** Symbols that a request of a window's statistics may name, and what it weighs. */
const MOST_SYMBOLS = 100;
const SYMBOL_WEIGHT = 4;
const MOST_WEIGHT = 200;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WINDOW = /^(?:([1-9]|[1-5]\d)m|([1-9]|1\d|2[0-3])h|([1-7])d)$/;

const type = s.optional(s.oneOf(TICKER_TYPES, 'Whether all is told, or the shorter form'));

/** Throws ApiError -1139. */
function isMini(sent: Parameters): boolean {
  if (sent.type !== undefined && !TICKER_TYPES.includes(sent.type)) throw errors.invalidTickerType();
  return sent.type === 'MINI';
}

/** Counts what a request weighs beyond its operation's weight. @param all weight when all instruments are asked for */
function weighSymbols(services: BinanceServices, caller: Caller, sent: Parameters, all: number, some: (count: number) => number): void {
  if (sent.symbol !== undefined) return;
  weigh(services, caller, sent.symbols === undefined ? all : some(JSON.parse(sent.symbols).length));
}

/** What a window's request means; counts its weight. Throws ApiError -1101, -1102. */
function windowOf(services: BinanceServices, sent: Parameters, caller: Caller): number | number[] {
  if (sent.symbol === undefined && sent.symbols === undefined) throw errors.missingOneOf('symbol', 'symbols');
  const count = sent.symbols === undefined ? 1 : (JSON.parse(sent.symbols) as string[]).length;
  if (count > MOST_SYMBOLS) throw errors.tooMany(`at most ${MOST_SYMBOLS} symbols may be named`);
  weigh(services, caller, Math.min(count * SYMBOL_WEIGHT, MOST_WEIGHT) - SYMBOL_WEIGHT);
  return chosen(services, sent);
}

function tradingDay(services: BinanceServices, sent: Parameters, caller: Caller) {
  const which = windowOf(services, sent, caller);
  const day = candleInterval('1d', zoneOf(sent))!;
  const openTime = day.start(services.now());
  return ask(services, caller, 'window', which, openTime, day.next(openTime) - 1, isMini(sent));
}

/** Milliseconds of a window: minutes, hours or days, a day when it is not sent. Throws ApiError -1100. */
function windowMs(text = '1d'): number {
  const match = WINDOW.exec(text);
  if (match === null) throw errors.illegal('windowSize', '1m to 59m, 1h to 23h, 1d to 7d');
  const [, minutes = 0, hours = 0, days = 0] = match;
  return (Number(minutes) + Number(hours) * 60 + Number(days) * 1440) * MINUTE_MS;
}

/** Publishers keep the minutes of a day; history has the longer windows. */
async function rollingWindow(services: BinanceServices, sent: Parameters, caller: Caller) {
  const which = windowOf(services, sent, caller);
  const length = windowMs(sent.windowSize);
  const closeTime = services.now();
  const openTime = Math.floor((closeTime - length) / MINUTE_MS) * MINUTE_MS;
  if (length <= DAY_MS) return await ask(services, caller, 'window', which, openTime, closeTime, isMini(sent));
  return await readHistory(services, knowingAll(services, caller), 'windows', which, openTime, closeTime, isMini(sent));
}

export const tickerOperations: Operation[] = [
  {
    summary: 'Statistics of the last 24 hours',
    rest: { method: 'GET', path: '/api/v3/ticker/24hr' },
    ws: 'ticker.24hr',
    security: 'NONE',
    weight: 2,
    parameters: s.parameters({ ...chosenParameters, type }),
    answer: m.dayTicker,
    run: (services, sent, caller) => {
      weighSymbols(services, caller, sent, 78, (count) => (count <= 20 ? 0 : count <= 100 ? 38 : 78));
      return ask(services, caller, 'day', chosen(services, sent), services.now(), isMini(sent));
    },
  },
  {
    summary: 'Statistics of a trading day, in a time zone',
    rest: { method: 'GET', path: '/api/v3/ticker/tradingDay' },
    ws: 'ticker.tradingDay',
    security: 'NONE',
    weight: SYMBOL_WEIGHT,
    parameters: s.parameters({ ...chosenParameters, timeZone: s.optional(s.zone), type }),
    answer: m.windowTicker,
    run: tradingDay,
  },
  {
    summary: 'Statistics of the last minutes, hours or days',
    rest: { method: 'GET', path: '/api/v3/ticker' },
    ws: 'ticker',
    security: 'NONE',
    weight: SYMBOL_WEIGHT,
    parameters: s.parameters({ ...chosenParameters, windowSize: s.optional(s.word('1m to 59m, 1h to 23h, 1d to 7d')), type }),
    answer: m.windowTicker,
    run: rollingWindow,
  },
  {
    summary: 'Latest price',
    rest: { method: 'GET', path: '/api/v3/ticker/price' },
    ws: 'ticker.price',
    security: 'NONE',
    weight: 2,
    parameters: s.parameters(chosenParameters),
    answer: a.oneOrList(m.lastPrice),
    run: (services, sent, caller) => {
      weighSymbols(services, caller, sent, 2, () => 2);
      return ask(services, caller, 'prices', chosen(services, sent));
    },
  },
  {
    summary: 'Best bid and ask',
    rest: { method: 'GET', path: '/api/v3/ticker/bookTicker' },
    ws: 'ticker.book',
    security: 'NONE',
    weight: 2,
    parameters: s.parameters(chosenParameters),
    answer: a.oneOrList(m.bookTicker),
    run: (services, sent, caller) => {
      weighSymbols(services, caller, sent, 2, () => 2);
      return ask(services, caller, 'bookTickers', chosen(services, sent));
    },
  },
];
