/** Operations on public market data. */
import { candleInterval, INTERVAL_NAMES, zoneMinutes } from '../../../domain/candle-interval.ts';
import * as a from '../../http/answers.ts';
import { errors } from '../../http/errors.ts';
import { session } from '../../http/session-json.ts';
import type { BinanceServices } from '../operation.ts';
import { askPublisher, type Caller, instrumentOf, knowingAll, type Operation, readHistory, weigh } from '../operation.ts';
import { optionalInteger, type Parameters } from '../parameters.ts';
import type { PublicArguments, PublicQuestion } from '../public-data.ts';
import { chosen, chosenOne, symbolStatus } from './chosen.ts';
import { orderLimits } from './limits.ts';
import * as m from './market-answers.ts';
import { candleRangeOf, limitOf, rangeOf } from './ranges.ts';
import * as s from './schemas.ts';

const USUAL_LEVELS = 100;
const MOST_LEVELS = 5000;

/** What a publisher has of market data, as JSON. Throws ApiError. */
export async function ask<Q extends PublicQuestion>(services: BinanceServices, caller: Caller, question: Q, ...args: PublicArguments<Q>) {
  const answer = await askPublisher(services, caller, question, args);
  if (answer === undefined) throw new Error(`a publisher does not know '${question}'`);
  return answer;
}

async function klines(services: BinanceServices, sent: Parameters, caller: Caller) {
  const { number } = instrumentOf(services, sent);
  const { interval } = sent;
  const zone = zoneOf(sent);
  if (candleInterval(interval, zone) === undefined) throw errors.invalidInterval();
  const range = candleRangeOf(sent);
  const isLatest = range.startTime === undefined && range.endTime === undefined;
  const latest = isLatest
    ? await askPublisher(services, caller, 'klines', [number, interval, zone, range.limit, services.now()])
    : undefined;
  if (latest !== undefined) return latest;
  return await readHistory(
    services,
    isLatest ? knowingAll(services, caller) : caller,
    'klines',
    number,
    interval,
    zone,
    range,
    services.now(),
  );
}

/** Minutes ahead of UTC. Throws ApiError -1100. */
export function zoneOf(sent: Parameters): number {
  const zone = zoneMinutes(sent.timeZone ?? '0');
  if (zone === undefined) throw errors.illegal('timeZone', 'hours, or hours and minutes, from -12:00 to 14:00');
  return zone;
}

/** Numbers of the instruments that exchangeInfo means: whoever trades here has the permission SPOT. Throws as {@link chosen}, and -1128. */
function permitted(services: BinanceServices, sent: Parameters): number[] {
  const { symbol, symbols, permissions, symbolStatus: status } = sent;
  const isNamed = symbol !== undefined || symbols !== undefined;
  if (isNamed && (permissions !== undefined || status !== undefined)) throw errors.badCombination();
  const isMeant = permissions === undefined || permissions === 'SPOT' || permissions.includes('"SPOT"');
  return isMeant ? [chosen(services, sent)].flat() : [];
}

const klineParameters = s.parameters({
  symbol: s.symbol,
  interval: s.word(`Length of a candle: ${INTERVAL_NAMES.join(', ')}`),
  ...s.range,
  timeZone: s.optional(s.zone),
  limit: s.limit,
});
export const marketDataOperations: Operation[] = [
  {
    summary: 'Test connectivity',
    rest: { method: 'GET', path: '/api/v3/ping' },
    ws: 'ping',
    security: 'NONE',
    weight: 1,
    parameters: s.parameters({}),
    answer: a.nothing,
    run: () => ({}),
  },
  {
    summary: 'Server time',
    rest: { method: 'GET', path: '/api/v3/time' },
    ws: 'time',
    security: 'NONE',
    weight: 1,
    parameters: s.parameters({}),
    answer: m.serverTime,
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
      permissions: s.optional(s.permissions),
      showPermissionSets: s.optional(s.flag),
      symbolStatus,
    }),
    answer: m.exchangeInfo,
    run: (services, sent, caller) => {
      const { weightPerMinute } = services.config.rateLimits;
      const head = {
        timezone: 'UTC',
        serverTime: services.now(),
        rateLimits: [
          { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: weightPerMinute },
          ...orderLimits(services),
        ],
        exchangeFilters: [],
      };
      const numbers = permitted(services, sent);
      const limits = numbers.map((number) => services.rules.limits(services.market.instruments[number]));
      return ask(services, caller, 'instruments', numbers, limits, head, sent.showPermissionSets?.toLowerCase() !== 'false');
    },
  },
  {
    summary: 'Trading state and auction of instruments',
    rest: { method: 'GET', path: '/outcry/v1/sessions' },
    ws: 'outcry.sessions',
    security: 'NONE',
    weight: 2,
    parameters: s.parameters({ symbol: s.optional(s.symbol) }),
    answer: a.oneOrList(session),
    run: (services, sent, caller) => ask(services, caller, 'sessions', chosen(services, sent)),
  },
  {
    summary: 'Order book by price level',
    rest: { method: 'GET', path: '/api/v3/depth' },
    ws: 'depth',
    security: 'NONE',
    weight: 5,
    parameters: s.parameters({ symbol: s.symbol, limit: s.limit, symbolStatus }),
    answer: m.depth,
    run: (services, sent, caller) => {
      const levels = limitOf(sent, USUAL_LEVELS, MOST_LEVELS);
      weigh(services, caller, levels <= 100 ? 0 : levels <= 500 ? 20 : levels <= 1000 ? 45 : 245);
      return ask(services, caller, 'depth', chosenOne(services, sent).number, levels);
    },
  },
  {
    summary: 'Latest trades',
    rest: { method: 'GET', path: '/api/v3/trades' },
    ws: 'trades.recent',
    security: 'NONE',
    weight: 25,
    parameters: s.parameters({ symbol: s.symbol, limit: s.limit }),
    answer: a.list(m.trade),
    run: async (services, sent, caller) => {
      const { number } = instrumentOf(services, sent);
      const limit = limitOf(sent);
      const latest = await askPublisher(services, caller, 'trades', [number, limit]);
      return latest ?? (await readHistory(services, knowingAll(services, caller), 'trades', number, { limit }));
    },
  },
  {
    summary: 'Trades from a trade id on',
    rest: { method: 'GET', path: '/api/v3/historicalTrades' },
    ws: 'trades.historical',
    security: 'NONE',
    weight: 25,
    parameters: s.parameters({ symbol: s.symbol, limit: s.limit, fromId: s.optional(s.whole('First trade id')) }),
    answer: a.list(m.trade),
    run: (services, sent, caller) => {
      const range = { from: optionalInteger(sent, 'fromId'), limit: limitOf(sent) };
      return readHistory(services, caller, 'trades', instrumentOf(services, sent).number, range);
    },
  },
  {
    summary: 'Block trades: none, all trades are of the book',
    rest: { method: 'GET', path: '/api/v3/historicalBlockTrades' },
    ws: 'blockTrades.historical',
    security: 'NONE',
    weight: 25,
    parameters: s.parameters({ symbol: s.symbol, fromId: s.whole('First block trade id'), limit: s.limit }),
    answer: a.none('None'),
    run: (services, sent) => {
      instrumentOf(services, sent);
      limitOf(sent);
      return [];
    },
  },
  {
    summary: 'Trades of one order at one price, put together',
    rest: { method: 'GET', path: '/api/v3/aggTrades' },
    ws: 'trades.aggregate',
    security: 'NONE',
    weight: 4,
    parameters: s.parameters({ symbol: s.symbol, fromId: s.optional(s.whole('First aggregate trade id')), ...s.range, limit: s.limit }),
    answer: a.list(m.aggregate),
    run: async (services, sent, caller) => {
      const { number } = instrumentOf(services, sent);
      const range = rangeOf(sent);
      const isLatest = range.from === undefined && range.startTime === undefined && range.endTime === undefined;
      const latest = isLatest ? await askPublisher(services, caller, 'aggregates', [number, range.limit]) : undefined;
      if (latest !== undefined) return latest;
      return await readHistory(services, isLatest ? knowingAll(services, caller) : caller, 'aggregates', number, range);
    },
  },
  {
    summary: 'Candles',
    rest: { method: 'GET', path: '/api/v3/klines' },
    ws: 'klines',
    security: 'NONE',
    weight: 2,
    parameters: klineParameters,
    answer: a.list(m.candle),
    run: klines,
  },
  {
    summary: 'Candles, for charts',
    rest: { method: 'GET', path: '/api/v3/uiKlines' },
    ws: 'uiKlines',
    security: 'NONE',
    weight: 2,
    parameters: klineParameters,
    answer: a.list(m.candle),
    run: klines,
  },
  {
    summary: 'Average price of the last 5 minutes',
    rest: { method: 'GET', path: '/api/v3/avgPrice' },
    ws: 'avgPrice',
    security: 'NONE',
    weight: 2,
    parameters: s.parameters({ symbol: s.symbol }),
    answer: m.averagePrice,
    run: (services, sent, caller) => ask(services, caller, 'averagePrice', instrumentOf(services, sent).number, services.now()),
  },
];
