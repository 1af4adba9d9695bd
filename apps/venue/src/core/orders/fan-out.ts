/** What the view takes in, told to all listeners, and noted for the command that is being answered. */
import { OF_CANCEL } from '@outcry/market/event';
import type { Side } from '@outcry/market/order-terms';
import { ORDER_STATUS } from '../../domain/order-status.ts';
import type { AuctionPrice, Fill, Order, OrderList, PreventedMatch, Trade } from '../../domain/orders.ts';
import type { AccountListener, MarketListener, OrderFollower, ViewListener } from './listeners.ts';
import type { Outcome, Pending } from './outcome.ts';
import type { SharedState } from './shared-state.ts';

/** More than a command that is not a mass cancel ends, with what expires before it. */
const MOST_ENDED = 2048;

export class FanOut implements ViewListener {
  readonly market: Partial<MarketListener>[] = [];
  readonly orders: OrderFollower[] = [];
  readonly accounts: Partial<AccountListener>[] = [];
  onRecord: ViewListener['onRecord'] = () => {};
  readonly #state: SharedState;
  #current: Outcome | undefined;
  /** of the current command: see Pending */
  #meant = 0;
  #account = -1;

  constructor(state: SharedState) {
    this.#state = state;
  }

  /** What comes is of a command that somebody waits for, or of none. */
  noteFor(command: Pending | undefined): void {
    this.#current = command?.outcome;
    if (command === undefined) return;
    this.#meant = command.meant;
    this.#account = command.account;
  }

  /** Whether anybody follows an account: whoever waits for an answer wants all that the command brings about. */
  follows(account: number): boolean {
    if (this.#current !== undefined) return true;
    for (const listener of this.orders) if (listener.follows(account)) return true;
    return false;
  }

  onAccepted(order: Order): void {
    if (this.#current !== undefined) {
      this.#current.order ??= order;
      this.#current.list = order.terms?.list ?? 0;
      if (this.#current.list !== 0) this.#current.legs.push(order);
    }
    for (const listener of this.orders) listener.onAccepted?.(order);
  }

  onRested(order: Order): void {
    this.#note(order);
    for (const listener of this.orders) listener.onRested?.(order);
  }

  onFill(fill: Fill): void {
    this.#note(fill.order);
    if (this.#current?.order?.id === fill.order.id) this.#current.fills.push(fill);
    for (const listener of this.orders) listener.onFill?.(fill);
  }

  onPrevented(match: PreventedMatch): void {
    if (this.#current?.order?.id === match.takerOrder) this.#current.prevented.push({ ...match });
    for (const listener of this.orders) listener.onPrevented?.(match);
  }

  onEnded(order: Order, reason: number, wasPending: boolean, match?: PreventedMatch): void {
    // Orders of others may end with it too: their time was up.
    if (this.#current !== undefined && (this.#account === -1 || this.#account === order.account)) {
      if (this.#current.endedCount++ < MOST_ENDED) this.#current.ended.push(order);
    }
    this.#noteMeant(order, wasPending);
    for (const listener of this.orders) listener.onEnded?.(order, reason, wasPending, match);
  }

  onTriggered(order: Order): void {
    this.#note(order);
    for (const listener of this.orders) listener.onTriggered?.(order);
  }

  onAmended(order: Order, match?: PreventedMatch): void {
    this.#noteMeant(order);
    for (const listener of this.orders) listener.onAmended?.(order, match);
  }

  onListEntered(list: OrderList, time: number): void {
    for (const listener of this.orders) listener.onListEntered?.(list, time);
  }

  onListDone(list: OrderList, time: number): void {
    for (const listener of this.orders) listener.onListDone?.(list, time);
  }

  onTrade(trade: Readonly<Trade>): void {
    for (const listener of this.market) listener.onTrade?.(trade);
  }

  onState(instrument: number, instrumentState: number, reference: number): void {
    for (const listener of this.market) listener.onState?.(instrument, instrumentState, reference);
  }

  onAuction(instrument: number, auction: AuctionPrice, isDone: boolean): void {
    for (const listener of this.market) listener.onAuction?.(instrument, auction, isDone);
  }

  onDepth(instrument: number, side: Side, price: number, lots: number): void {
    this.#state.touch(instrument);
    for (const listener of this.market) listener.onDepth?.(instrument, side, price, lots);
  }

  onInstrument(instrument: number, lastPrice: number, lastTrade: number, time: number): void {
    for (const listener of this.market) listener.onInstrument?.(instrument, lastPrice, lastTrade, time);
  }

  onBalance(account: number, asset: number): void {
    for (const listener of this.accounts) listener.onBalance?.(account, asset);
  }

  onTransfer(account: number, asset: number, units: number, time: number): void {
    for (const listener of this.accounts) listener.onTransfer?.(account, asset, units, time);
  }

  onRejected(reason: number, flags: number): void {
    if (this.#current === undefined) return;
    if ((flags & OF_CANCEL) !== 0) this.#current.cancelReason = reason;
    else this.#current.reason = reason;
  }

  /**
   * Keeps the latest copy of an order that the command being answered entered. Returns whether it is one. One that waited for the working
   * order of its list is answered as pending, as Binance documents, unless it ended so.
   */
  #note(order: Order, wasPending = false): boolean {
    const current = this.#current;
    if (current === undefined) return false;
    if (current.order?.id === order.id) current.order = order;
    const leg = current.legs.findIndex(({ id }) => id === order.id);
    if (leg >= 0 && (wasPending || current.legs[leg].status !== ORDER_STATUS.PENDING_NEW)) current.legs[leg] = order;
    return leg >= 0 || current.order?.id === order.id;
  }

  /** ... or of the order that it means. */
  #noteMeant(order: Order, wasPending = false): void {
    if (!this.#note(order, wasPending) && this.#current !== undefined && order.id === this.#meant) this.#current.changed = order;
  }
}
