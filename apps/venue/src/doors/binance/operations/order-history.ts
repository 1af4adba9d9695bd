/** Operations on what happened to an order: matches that self-trade prevention prevented, and amendments. */
import * as a from '../../http/answers.ts';
import { errors } from '../../http/errors.ts';
import { type BinanceServices, type Caller, instrumentOf, type Operation, readHistory, weigh } from '../operation.ts';
import { integer, optionalInteger, type Parameters } from '../parameters.ts';
import * as o from './order-answers.ts';
import { limitOf } from './ranges.ts';
import * as s from './schemas.ts';

const WEIGHT_BY_MATCH = 2;
const WEIGHT_BY_ORDER = 20;

async function myPreventedMatches(services: BinanceServices, sent: Parameters, caller: Caller) {
  const instrument = instrumentOf(services, sent);
  const [match, order] = [optionalInteger(sent, 'preventedMatchId'), optionalInteger(sent, 'orderId')];
  if (match !== undefined) {
    if (['orderId', 'fromPreventedMatchId', 'limit'].some((name) => sent[name] !== undefined)) throw errors.badCombination();
    return await readHistory(services, caller, 'preventedMatch', caller.account, instrument.number, match);
  }
  if (order === undefined || (sent.limit !== undefined && sent.fromPreventedMatchId === undefined)) throw errors.badCombination();
  weigh(services, caller, WEIGHT_BY_ORDER - WEIGHT_BY_MATCH);
  const from = integer(sent, 'fromPreventedMatchId', 0, 0, Number.MAX_SAFE_INTEGER);
  return await readHistory(services, caller, 'preventedMatches', caller.account, instrument.number, order, from, limitOf(sent));
}

async function amendments(services: BinanceServices, sent: Parameters, caller: Caller) {
  const instrument = instrumentOf(services, sent);
  const from = integer(sent, 'fromExecutionId', 0, 0, Number.MAX_SAFE_INTEGER);
  const { account } = caller;
  const found = await readHistory(services, caller, 'amendments', account, instrument.number, Number(sent.orderId), from, limitOf(sent));
  if (found === undefined) throw errors.noSuchOrder();
  return found;
}

export const orderHistoryOperations: Operation[] = [
  {
    summary: 'Matches that self-trade prevention prevented, of an order or by their number',
    rest: { method: 'GET', path: '/api/v3/myPreventedMatches' },
    ws: 'myPreventedMatches',
    security: 'SIGNED',
    weight: WEIGHT_BY_MATCH,
    parameters: s.parameters({
      symbol: s.symbol,
      preventedMatchId: s.optional(s.whole('Number of a match within its instrument')),
      orderId: s.optional(s.whole('Only of this order')),
      fromPreventedMatchId: s.optional(s.whole('First number, with `orderId`')),
      limit: s.limit,
    }),
    answer: a.list(o.preventedMatch),
    run: myPreventedMatches,
  },
  {
    summary: 'Amendments of an order',
    rest: { method: 'GET', path: '/api/v3/order/amendments' },
    ws: 'order.amendments',
    security: 'SIGNED',
    weight: 4,
    parameters: s.parameters({
      symbol: s.symbol,
      orderId: s.whole('Order id'),
      fromExecutionId: s.optional(s.whole('First execution id')),
      limit: s.limit,
    }),
    answer: a.list(o.amendment),
    run: amendments,
  },
];
