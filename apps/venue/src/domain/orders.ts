/** Orders, lists, trades and balances, as the view and the store have them. */
import type { OrderKind, Side, TimeInForce } from '@outcry/market/order-terms';
import type { SpecialTerms } from './special-terms.ts';

/** What a client calls the strategy that an order is part of. */
export interface Strategy {
  /** -1: not said */
  id: number;
  /** 0: not said */
  type: number;
}

/** An order as its owner sees it. Prices in ticks, quantities in lots, amounts in quote units, times in microseconds since 1970. */
export interface Order {
  id: number;
  account: number;
  instrument: number;
  clientId: string;
  side: Side;
  kind: OrderKind;
  timeInForce: TimeInForce;
  postOnly: boolean;
  price: number;
  quantity: number;
  /** quote amount of a market order by amount, else 0 */
  amount: number;
  left: number;
  executedAmount: number;
  status: number;
  time: number;
  updateTime: number;
  /** in the book, displayed or not */
  resting: boolean;
  /** lots displayed */
  shown: number;
  /** outside the book: for its trigger, its list, a price to follow or the closing auction */
  waiting: boolean;
  terms: SpecialTerms | undefined;
  strategy: Strategy | undefined;
  /** lots that self-trade prevention took off its quantity while it was open */
  decremented: number;
  /** the last match by which self-trade prevention took lots off it or ended it, 0: none */
  preventedMatch: number;
}

/** A trade that self-trade prevention prevented. Quantities are lots. */
export interface PreventedMatch {
  instrument: number;
  /** within its instrument, from 1 */
  id: number;
  /** what applied: see STP_NONE in @outcry/market/order-terms */
  mode: number;
  price: number;
  /** that would have traded */
  quantity: number;
  /** of the accounts, 0: none */
  group: number;
  /** microseconds since 1970 */
  time: number;
  maker: number;
  makerOrder: number;
  /** that the order lost, 0: none */
  makerQuantity: number;
  taker: number;
  takerOrder: number;
  takerQuantity: number;
}

/** Orders whose fate hangs together, as they were entered. */
export interface OrderList {
  number: number;
  account: number;
  instrument: number;
  /** see LIST_TYPE */
  type: number;
  clientId: string;
  /** by leg, those that have ended among them */
  orders: { id: number; clientId: string }[];
}

/** One side of a trade. */
export interface Fill {
  order: Order;
  trade: number;
  price: number;
  quantity: number;
  amount: number;
  fee: number;
  /** asset that the fee is paid in; -1: what is received */
  feeAsset: number;
  isMaker: boolean;
  time: number;
}

export interface Trade {
  instrument: number;
  id: number;
  aggregate: number;
  newAggregate: boolean;
  price: number;
  quantity: number;
  amount: number;
  time: number;
  takerSide: Side;
}

/** Trades of one order at one price. */
export interface AggregateTrade {
  id: number;
  price: number;
  quantity: number;
  firstTrade: number;
  lastTrade: number;
  time: number;
  takerSide: Side;
}

/** Where an auction trades, or would: ticks (0: nowhere), lots, lots bought less lots sold. */
export interface AuctionPrice {
  price: number;
  volume: number;
  surplus: number;
}

export interface Balance {
  available: number;
  held: number;
}
