import type { Side } from '@outcry/market/order-terms';

// What a store holds, and which of it a question asks for.

export interface StoredTrade {
  instrument: number;
  id: number;
  aggregate: number;
  price: number;
  quantity: number;
  amount: number;
  time: number;
  takerSide: Side;
  maker: number;
  makerOrder: number;
  makerFee: number;
  /** -1: what is received */
  makerFeeAsset: number;
  taker: number;
  takerOrder: number;
  takerFee: number;
  takerFeeAsset: number;
}

/** An order list as it was entered. */
export interface StoredList {
  id: number;
  account: number;
  instrument: number;
  /** see LIST_TYPE */
  type: number;
  clientId: string;
  time: number;
}

/** A change of an order's quantity that its owner asked for. Quantities are lots, with those that self-trade prevention took off. */
export interface StoredAmendment {
  /** number of the command */
  sequence: number;
  quantity: number;
  newQuantity: number;
  /** microseconds since 1970 */
  time: number;
}

/** Ranges that clients ask for. Times in milliseconds since 1970, inclusive. */
export interface Range {
  startTime?: number;
  endTime?: number;
  from?: number;
  /** trades: numbers below this */
  before?: number;
  limit: number;
}

/** A page of what accounts traded. */
export interface VolumePage {
  volumes: [account: number, quoteUnits: bigint][];
  /** the last trade that is in it */
  last: number;
  /** whether there are no more */
  isEnd: boolean;
}
