/** Questions to the store that the Binance doors ask. */
import { formatBigUnits } from '@outcry/market/decimal';
import type { Candle } from '../../domain/candle.ts';
import { type CandleInterval, candleInterval } from '../../domain/candle-interval.ts';
import type { Instrument, Market } from '../../domain/market.ts';
import type { Order } from '../../domain/orders.ts';
import { type Statistics, statisticsOf } from '../../domain/statistics.ts';
import { Positions } from '../../store/positions.ts';
import type { History } from '../../store/sqlite/history.ts';
import type { Range } from '../../store/stored-rows.ts';
import { aggregateJson, averagePrice, klineJson, myTradesJson, orderJson, publicTradeJson, windowJson } from './format.ts';

/** What history threads answer, by the name of the question, in Binance's words: made to JSON on their threads. */
export const STORED_DATA = {
  trades(history: History, market: Market, instrument: number, range: Range) {
    return history.trades(instrument, range).map((trade) => publicTradeJson(trade, market.instruments[instrument]));
  },

  aggregates(history: History, market: Market, instrument: number, range: Range) {
    return history.aggregates(instrument, range).map((trade) => aggregateJson(trade, market.instruments[instrument]));
  },

  /** @param zone minutes ahead of UTC */
  klines(history: History, market: Market, instrument: number, name: string, zone: number, range: Range) {
    const interval = candleInterval(name, zone)!;
    return candlesOf(history, instrument, interval, range).map((candle) => klineJson(candle, interval, market.instruments[instrument]));
  },

  /** One entry for a number, a list otherwise. */
  windows(history: History, market: Market, which: number | number[], openTime: number, closeTime: number, isMini: boolean) {
    const toJson = (number: number) => {
      const firstId = history.tradeAt(number, openTime * 1000);
      return windowJson(statisticsSince(history, number, openTime, closeTime), firstId, market.instruments[number], isMini);
    };
    return typeof which === 'number' ? toJson(which) : which.map(toJson);
  },

  myTrades(history: History, market: Market, account: number, instrument: number, range: Range, order?: number) {
    return history
      .tradesOf(account, instrument, range, order)
      .flatMap((trade) => myTradesJson(trade, account, market.instruments[instrument], market))
      .filter((trade) => order === undefined || trade.orderId === order);
  },

  /** An account's order of an instrument by either id, with both by both; undefined: there is none. */
  order(history: History, market: Market, account: number, instrument: number, id: number | undefined, clientId: string) {
    const found = id !== undefined ? history.order(account, id) : history.orderByClientId(account, instrument, clientId);
    const isMeant = found?.instrument === instrument && (clientId === '' || found.clientId === clientId);
    return isMeant ? orderJson(found, market) : undefined;
  },

  orders(history: History, market: Market, account: number, instrument: number, range: Range) {
    return history.orders(account, instrument, range).map((order) => orderJson(order, market));
  },

  /** What the account's trades come to, by instrument, at average cost. */
  positions(history: History, market: Market, account: number, instruments: readonly number[]) {
    const all = positionsOf(history);
    return instruments.flatMap((number) => {
      const { lots, cost, realized } = all.read(history, account, number);
      return lots === 0n && realized === 0n ? [] : [positionJson(market.instruments[number], lots, cost, realized)];
    });
  },
} as const;

/** Questions whose answers are looked into on the order lane: objects, not JSON. */
export const STORED_LISTS = {
  list(history: History, _market: Market, account: number, id: number | undefined, clientId: string) {
    const list = id !== undefined ? history.list(account, id) : history.listByClientId(account, clientId);
    if (list === undefined || (clientId !== '' && list.clientId !== clientId)) return undefined;
    return { list, orders: history.ordersOfList(list.id) };
  },

  lists(history: History, _market: Market, account: number, range: Range) {
    return history.lists(account, range).map((list) => ({ list, orders: history.ordersOfList(list.id) }));
  },

  /** Those of an account's lists that have these numbers. */
  listsOf(history: History, _market: Market, account: number, ids: readonly number[]) {
    return ids.flatMap((id) => {
      const list = history.list(account, id);
      return list === undefined ? [] : [{ list, orders: history.ordersOfList(id) as Order[] }];
    });
  },
} as const;

const QUESTIONS = { ...STORED_DATA, ...STORED_LISTS } as const;

export type StoredQuestion = keyof typeof QUESTIONS;
/** A question whose answer is a JSON text. */
export type JsonQuestion = keyof typeof STORED_DATA;
type Tail<T> = T extends (history: History, market: Market, ...rest: infer Rest) => unknown ? Rest : never;
export type StoredArguments<Q extends StoredQuestion> = Tail<(typeof QUESTIONS)[Q]>;
export type StoredAnswer<Q extends StoredQuestion> = Q extends JsonQuestion
  ? undefined extends ReturnType<(typeof STORED_DATA)[Q]>
    ? string | undefined
    : string
  : ReturnType<(typeof QUESTIONS)[Q]>;

/** Candles of an interval that begin within a range, oldest first: from its start on, else the latest. */
function candlesOf(history: History, instrument: number, interval: CandleInterval, { startTime, endTime, limit }: Range): Candle[] {
  const within: Range = { limit: limit * interval.parts };
  if (startTime !== undefined) {
    const start = interval.start(startTime);
    within.startTime = start < startTime ? interval.next(start) : start;
  }
  if (endTime !== undefined) within.endTime = interval.next(interval.start(endTime)) - 1;
  const candles = interval.merge(history.candles(instrument, interval.base, within));
  return startTime === undefined ? candles.slice(-limit) : candles.slice(0, limit);
}

/** Lengths that a long window is put together of, the shortest first: each up to where the next one begins. */
const PARTS = [60, 3600, 86_400];

/** What was traded since a time that is a whole minute. A few rows, however long it is: minutes to the hour, hours to the day, days. */
function statisticsSince(history: History, instrument: number, openTime: number, closeTime: number): Statistics {
  const candles: Candle[] = [];
  let from = openTime;
  for (const [i, seconds] of PARTS.entries()) {
    const next = PARTS[i + 1];
    const end = next === undefined ? undefined : Math.ceil(from / (next * 1000)) * next * 1000;
    if (end === from) continue;
    candles.push(...history.candles(instrument, seconds, { startTime: from, endTime: (end ?? closeTime + 1) - 1, limit: -1 }));
    from = end ?? from;
  }
  const last = candles.at(-1)?.close ?? history.trades(instrument, { limit: 1 })[0]?.price ?? 0;
  return statisticsOf(candles, last, openTime, closeTime);
}

const positions = new WeakMap<History, Positions>();

/** Positions of a thread's history, as far as they were added up before. */
function positionsOf(history: History): Positions {
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
