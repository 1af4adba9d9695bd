/** Who is told what durable events bring about. */
import type { Side } from '@outcry/market/order-terms';
import type { AuctionPrice, Fill, Order, OrderList, PreventedMatch, Trade } from '../../domain/orders.ts';

/** What the public may know, told in the engine's order and only once it is durable. */
export interface MarketListener {
  /** The trade is one object, filled anew for each: it is only valid during the call. */
  onTrade(trade: Readonly<Trade>): void;
  onState(instrument: number, state: number, reference: number): void;
  /** An auction traded, or its indicative price changed. */
  onAuction(instrument: number, auction: AuctionPrice, isDone: boolean): void;
  /** Liquidity joined (lots above 0) or left a price. */
  onDepth(instrument: number, side: Side, price: number, lots: number): void;
  /** After a start: where an instrument's numbers stand. @param time of the last command, microseconds since 1970 */
  onInstrument(instrument: number, lastPrice: number, lastTrade: number, time: number): void;
}

/** What an account's owner may know, told likewise. Orders are copies; they are made only of accounts that are followed. */
export interface OrderListener {
  follows(account: number): boolean;
  onAccepted(order: Order): void;
  /** What was left of an order that traded at once is on the book. */
  onRested(order: Order): void;
  onFill(fill: Fill): void;
  /** Self-trade prevention prevented a trade: what follows from it comes next. The match is one object, as above. */
  onPrevented(match: Readonly<PreventedMatch>): void;
  /** @param wasPending it waited for the working order of its list @param match that ended it, for the reason SELF_TRADE */
  onEnded(order: Order, reason: number, wasPending: boolean, match?: Readonly<PreventedMatch>): void;
  /** A waiting order enters the book, or begins to wait for its trigger. */
  onTriggered(order: Order): void;
  /** @param match that took lots off it, undefined: its owner did */
  onAmended(order: Order, match?: Readonly<PreventedMatch>): void;
  /** A list was entered: its orders have been told of. @param time microseconds since 1970 */
  onListEntered(list: OrderList, time: number): void;
  /** The last order of a list has ended, and was told of. */
  onListDone(list: OrderList, time: number): void;
}

/** A listener of some of it. */
export type OrderFollower = Pick<OrderListener, 'follows'> & Partial<OrderListener>;

/** What happens to accounts, whoever follows them. Times in microseconds since 1970. */
export interface AccountListener {
  onBalance(account: number, asset: number): void;
  /** A deposit (units above 0) or withdrawal. */
  onTransfer(account: number, asset: number, units: number, time: number): void;
}

/** All of it, what gateways keep in the journal, and refusals. */
export interface ViewListener extends MarketListener, OrderListener, AccountListener {
  /** @param value undefined: it was removed */
  onRecord(name: string, value: Uint8Array | undefined): void;
  onRejected(reason: number, flags: number): void;
}
