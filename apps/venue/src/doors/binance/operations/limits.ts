/** Operations that tell the limits of requests, orders and prices. */

import * as a from '../../http/answers.ts';
import { errors } from '../../http/errors.ts';
import type { BinanceServices } from '../operation.ts';
import { type Caller, instrumentOf, type Operation, weigh } from '../operation.ts';
import type { Parameters } from '../parameters.ts';
import { symbolFilters } from '../public-data.ts';
import { chosen, chosenOne, chosenParameters, symbolStatus } from './chosen.ts';
import * as m from './market-answers.ts';
import * as s from './schemas.ts';

/** Limits of orders, as exchangeInfo has them. */
export function orderLimits({ config }: BinanceServices) {
  const { ordersPerTenSeconds, ordersPerDay } = config.rateLimits;
  return [
    { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: ordersPerTenSeconds },
    { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: ordersPerDay },
  ];
}

/** The limits of orders, and how many the account entered in the running intervals. */
function orderCounts(services: BinanceServices, _sent: Parameters, caller: Caller) {
  const counts = services.limiter.ordersOf(caller.account, services.now());
  return orderLimits(services).map((limit, i) => ({ ...limit, count: counts[i] }));
}

function myFilters(services: BinanceServices, sent: Parameters, caller: Caller) {
  const instrument = instrumentOf(services, sent);
  const most = services.rules.maxOpenOrders(caller.account);
  return {
    exchangeFilters: most > 0 ? [{ filterType: 'EXCHANGE_MAX_NUM_ORDERS', maxNumOrders: most }] : [],
    symbolFilters: symbolFilters(instrument, services.rules.limits(instrument)),
    assetFilters: [],
  };
}

const RULES_WEIGHT = 2;
const MOST_RULES_WEIGHT = 40;
/** The one calculation outside the engine. */
const ADMINISTRATOR = 1;

/** Rules of execution: none. What bands refuse, they refuse before it trades. */
function executionRules(services: BinanceServices, sent: Parameters, caller: Caller) {
  if (Object.keys(sent).length > 1) throw errors.badCombination();
  const count = sent.symbols === undefined ? undefined : (JSON.parse(sent.symbols) as string[]).length;
  const weight = sent.symbol === undefined ? Math.min((count ?? MOST_RULES_WEIGHT) * RULES_WEIGHT, MOST_RULES_WEIGHT) : RULES_WEIGHT;
  weigh(services, caller, weight - RULES_WEIGHT);
  const numbers = [chosen(services, sent)].flat();
  return { symbolRules: numbers.map((number) => ({ symbol: services.market.instruments[number].symbol, rules: [] })) };
}

/** The price that bands are measured from: its definition's, until an administrator or an auction sets another. Throws ApiError -2043 where there is none. */
function referencePrice(services: BinanceServices, sent: Parameters) {
  const instrument = instrumentOf(services, sent);
  const reference = services.rules.referencePrice(instrument.number);
  if (reference === 0) throw errors.noReferencePrice();
  return { symbol: instrument.symbol, referencePrice: instrument.formatPrice(reference), timestamp: services.now() };
}

/** What is known of how that price comes about: outside of Binance's one calculation, by administrators, and auctions after them. */
function referenceCalculation(services: BinanceServices, sent: Parameters) {
  const { symbol, number } = chosenOne(services, sent);
  if (services.rules.referencePrice(number) === 0) throw errors.noReferencePrice();
  return { symbol, calculationType: 'EXTERNAL', externalCalculationId: ADMINISTRATOR };
}

export const limitOperations: Operation[] = [
  {
    summary: 'Orders that the account entered in the running intervals',
    rest: { method: 'GET', path: '/api/v3/rateLimit/order' },
    ws: 'account.rateLimits.orders',
    security: 'SIGNED',
    weight: 40,
    parameters: s.parameters({}),
    answer: a.list(m.orderCount),
    run: orderCounts,
  },
  {
    summary: "Filters that the account's orders of an instrument must pass",
    rest: { method: 'GET', path: '/api/v3/myFilters' },
    ws: 'myFilters',
    security: 'SIGNED',
    weight: 40,
    parameters: s.parameters({ symbol: s.symbol }),
    answer: m.ownFilters,
    run: myFilters,
  },
  {
    summary: 'Rules of execution',
    rest: { method: 'GET', path: '/api/v3/executionRules' },
    ws: 'executionRules',
    security: 'NONE',
    weight: RULES_WEIGHT,
    parameters: s.parameters(chosenParameters),
    answer: m.executionRules,
    run: executionRules,
  },
  {
    summary: 'The price that bands are measured from',
    rest: { method: 'GET', path: '/api/v3/referencePrice' },
    ws: 'referencePrice',
    security: 'NONE',
    weight: 2,
    parameters: s.parameters({ symbol: s.symbol }),
    answer: m.referencePrice,
    run: referencePrice,
  },
  {
    summary: 'How the price comes about that bands are measured from',
    rest: { method: 'GET', path: '/api/v3/referencePrice/calculation' },
    ws: 'referencePrice.calculation',
    security: 'NONE',
    weight: 2,
    parameters: s.parameters({ symbol: s.symbol, symbolStatus }),
    answer: m.referenceCalculation,
    run: referenceCalculation,
  },
];
