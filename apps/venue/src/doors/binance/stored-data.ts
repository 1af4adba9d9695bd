/** Questions to the store that the Binance doors ask. */
import { formatBigUnits } from '@outcry/market/decimal';
import type { Instrument, Market } from '../../domain/market.ts';
import type { Order } from '../../domain/orders.ts';
import { Positions } from '../../store/positions.ts';
import type { StoreReader } from '../../store/store.ts';
import type { Range, StoredList } from '../../store/stored-rows.ts';
import { aggregateJson, averagePrice, klineJson, myTradesJson, orderJson, publicTradeJson } from './format.ts';

/** What history threads answer, by the name of the question, in Binance's words: made to JSON on their threads. */
export const STORED_DATA = {
  async trades(history: StoreReader, market: Market, instrument: number, range: Range) {
    return (await history.trades(instrument, range)).map((trade) => publicTradeJson(trade, market.instruments[instrument]));
  },

  async aggregates(history: StoreReader, market: Market, instrument: number, range: Range) {
    return (await history.aggregates(instrument, range)).map((trade) => aggregateJson(trade, market.instruments[instrument]));
  },

  async klines(history: StoreReader, market: Market, instrument: number, seconds: number, range: Range) {
    const candles = await history.candles(instrument, seconds, range);
    return candles.map((candle) => klineJson(candle, seconds, market.instruments[instrument]));
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
