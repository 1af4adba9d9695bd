/** Questions to the store that the Binance doors ask. */
import { formatBigUnits } from '@outcry/market/decimal';
import type { Candle } from '../../domain/candle.ts';
import { type CandleInterval, candleInterval } from '../../domain/candle-interval.ts';
import type { Instrument, Market } from '../../domain/market.ts';
import type { Order } from '../../domain/orders.ts';
import { type Statistics, statisticsOf } from '../../domain/statistics.ts';
import { Positions } from '../../store/positions.ts';
import type { StoreReader } from '../../store/store.ts';
import type { Range, StoredList } from '../../store/stored-rows.ts';
import {
  aggregateJson,
  amendmentJson,
  averagePrice,
  klineJson,
  myTradesJson,
  orderJson,
  preventedMatchJson,
  publicTradeJson,
  windowJson,
} from './format.ts';

/** What history threads answer, by the name of the question, in Binance's words: made to JSON on their threads. */
export const STORED_DATA = {
  async trades(history: StoreReader, market: Market, instrument: number, range: Range) {
    return (await history.trades(instrument, range)).map((trade) => publicTradeJson(trade, market.instruments[instrument]));
  },

  async aggregates(history: StoreReader, market: Market, instrument: number, range: Range) {
    return (await history.aggregates(instrument, range)).map((trade) => aggregateJson(trade, market.instruments[instrument]));
  },

  /** @param zone minutes ahead of UTC @param now milliseconds since 1970 */
  async klines(history: StoreReader, market: Market, instrument: number, name: string, zone: number, range: Range, now: number) {
    const interval = candleInterval(name, zone)!;
    const candles = await candlesOf(history, instrument, interval, range, now);
    return candles.map((candle) => klineJson(candle, interval, market.instruments[instrument]));
  },

  /** One entry for a number, a list otherwise. */
  async windows(history: StoreReader, market: Market, which: number | number[], openTime: number, closeTime: number, isMini: boolean) {
    const toJson = async (number: number) => {
      const firstId = await history.tradeAt(number, openTime * 1000);
      return windowJson(await statisticsSince(history, number, openTime, closeTime), firstId, market.instruments[number], isMini);
    };
    return typeof which === 'number' ? await toJson(which) : await Promise.all(which.map(toJson));
  },

  async myTrades(history: StoreReader, market: Market, account: number, instrument: number, range: Range, order?: number) {
    const trades = await history.tradesOf(account, instrument, range, order);
    return trades
      .flatMap((trade) => myTradesJson(trade, account, market.instruments[instrument], market))
      .filter((trade) => order === undefined || trade.orderId === order);
  },

  /** An account's order of an instrument by either id, with both by both; undefined: there is none. */
  async order(history: StoreReader, market: Market, account: number, instrument: number, id: number | undefined, clientId: string) {
    const found = id !== undefined ? await history.order(account, id) : await history.orderByClientId(account, instrument, clientId);
    const isMeant = found?.instrument === instrument && (clientId === '' || found.clientId === clientId);
    return isMeant ? orderJson(found, market) : undefined;
  },

  async orders(history: StoreReader, market: Market, account: number, instrument: number, range: Range) {
    return (await history.orders(account, instrument, range)).map((order) => orderJson(order, market));
  },

  /** Prevented matches of an account's order, from a number on. */
  async preventedMatches(
    history: StoreReader,
    market: Market,
    account: number,
    instrument: number,
    order: number,
    from: number,
    limit: number,
  ) {
    const matches = await history.preventedMatches(account, instrument, order, from, limit);
    return matches.map((match) => preventedMatchJson(match, market.instruments[instrument]));
  },

  /** An account's prevented match by its number, in a list; an empty one: there is none. */
  async preventedMatch(history: StoreReader, market: Market, account: number, instrument: number, id: number) {
    const match = await history.preventedMatch(account, instrument, id);
    return match === undefined ? [] : [preventedMatchJson(match, market.instruments[instrument])];
  },

  /** Amendments of an account's order of an instrument, from an execution on; undefined: there is no such order. */
  async amendments(history: StoreReader, market: Market, account: number, instrument: number, id: number, from: number, limit: number) {
    const order = await history.order(account, id);
    if (order?.instrument !== instrument) return undefined;
    const amendments = await history.amendments(id, from, limit);
    return amendments.map((amendment) => amendmentJson(amendment, order, market.instruments[instrument]));
  },

  /** What the account's trades come to, by instrument, at average cost. */
  async positions(history: StoreReader, market: Market, account: number, instruments: readonly number[]) {
    const all = positionsOf(history);
    const found = [];
    for (const number of instruments) {
      const { lots, cost, realized } = await all.read(history, account, number);
      if (lots !== 0n || realized !== 0n) found.push(positionJson(market.instruments[number], lots, cost, realized));
    }
    return found;
  },
} as const;

/** Questions whose answers are looked into on the order lane: objects, not JSON. */
export const STORED_LISTS = {
  async list(history: StoreReader, _market: Market, account: number, id: number | undefined, clientId: string) {
    const list = id !== undefined ? await history.list(account, id) : await history.listByClientId(account, clientId);
    if (list === undefined || (clientId !== '' && list.clientId !== clientId)) return undefined;
    return await withOrders(history, list);
  },

  async lists(history: StoreReader, _market: Market, account: number, range: Range) {
    return await Promise.all((await history.lists(account, range)).map((list) => withOrders(history, list)));
  },

  /** Those of an account's lists that have these numbers. */
  async listsOf(history: StoreReader, _market: Market, account: number, ids: readonly number[]) {
    const lists = await Promise.all(ids.map((id) => history.list(account, id)));
    return await Promise.all(lists.flatMap((list) => (list === undefined ? [] : [withOrders(history, list)])));
  },
} as const;

async function withOrders(history: StoreReader, list: StoredList): Promise<{ list: StoredList; orders: Order[] }> {
  return { list, orders: await history.ordersOfList(list.id) };
}

const QUESTIONS = { ...STORED_DATA, ...STORED_LISTS } as const;

export type StoredQuestion = keyof typeof QUESTIONS;
/** A question whose answer is a JSON text. */
export type JsonQuestion = keyof typeof STORED_DATA;
type Tail<T> = T extends (history: StoreReader, market: Market, ...rest: infer Rest) => unknown ? Rest : never;
export type StoredArguments<Q extends StoredQuestion> = Tail<(typeof QUESTIONS)[Q]>;
export type StoredAnswer<Q extends StoredQuestion> = Q extends JsonQuestion
  ? undefined extends Awaited<ReturnType<(typeof STORED_DATA)[Q]>>
    ? string | undefined
    : string
  : Awaited<ReturnType<(typeof QUESTIONS)[Q]>>;

/** Candles of an interval that begin within a range, without a hole, oldest first: from its start on, else the latest. */
async function candlesOf(
  history: StoreReader,
  instrument: number,
  interval: CandleInterval,
  { startTime, endTime, limit }: Range,
  now: number,
): Promise<Candle[]> {
  const kept = (range: Range) => history.candles(instrument, interval.base, range);
  const last = interval.start(Math.min(endTime ?? now, now));
  let from = startTime === undefined ? interval.step(last, 1 - limit) : interval.start(startTime);
  if (startTime !== undefined && from < startTime) from = interval.next(from);
  const [before] = await kept({ endTime: from - 1, limit: 1 });
  if (before === undefined) {
    const [first] = await kept({ startTime: from, limit: 1 });
    if (first === undefined) return [];
    from = interval.start(first.openTime);
  }
  const to = Math.min(last, interval.step(from, limit - 1));
  const traded = interval.merge(await kept({ startTime: from, endTime: interval.next(to) - 1, limit: limit * interval.parts }));
  return interval.fill(traded, from, to, before?.close);
}

/** Lengths that a long window is put together of, the shortest first: each up to where the next one begins. */
const PARTS = [60, 3600, 86_400];

/** What was traded since a time that is a whole minute. A few rows, however long it is: minutes to the hour, hours to the day, days. */
async function statisticsSince(history: StoreReader, instrument: number, openTime: number, closeTime: number): Promise<Statistics> {
  const candles: Candle[] = [];
  let from = openTime;
  for (const [i, seconds] of PARTS.entries()) {
    const next = PARTS[i + 1];
    const end = next === undefined ? undefined : Math.ceil(from / (next * 1000)) * next * 1000;
    if (end === from) continue;
    candles.push(...(await history.candles(instrument, seconds, { startTime: from, endTime: (end ?? closeTime + 1) - 1, limit: -1 })));
    from = end ?? from;
  }
  const last = candles.at(-1)?.close ?? (await history.trades(instrument, { limit: 1 }))[0]?.price ?? 0;
  return statisticsOf(candles, last, openTime, closeTime);
}

const positions = new WeakMap<StoreReader, Positions>();

/** Positions of a thread's history, as far as they were added up before. */
function positionsOf(history: StoreReader): Positions {
  let all = positions.get(history);
  if (all === undefined) {
    all = new Positions();
    positions.set(history, all);
  }
  return all;
}

function positionJson(instrument: Instrument, lots: bigint, cost: bigint, realized: bigint) {
  const size = lots < 0n ? -lots : lots;
  const amount = (units: bigint) => formatBigUnits(units, instrument.quote.scale);
  return {
    symbol: instrument.symbol,
    positionQty: `${lots < 0n ? '-' : ''}${formatBigUnits(size * BigInt(instrument.lotUnits), instrument.base.scale)}`,
    averageCost: size === 0n ? null : averagePrice(cost, size, instrument),
    cost: amount(cost),
    realizedProfit: amount(realized),
  };
}
