/** Orders that FIX clients follow, and the reports on what happens to them. */
import { REASON } from '@outcry/market/reason';
import { type FixField, TAG } from '@outcry/wire/fix';
import type { OrderFollower } from '../../core/orders/listeners.ts';
import type { Services } from '../../core/services.ts';
import { ORDER_STATUS } from '../../domain/order-status.ts';
import type { Fill, Order, PreventedMatch } from '../../domain/orders.ts';
import type { FixClient } from './fix-client.ts';
import * as codes from './fix-codes.ts';
import { type FixReports, type Reported, trim } from './fix-reports.ts';
import { LeftOrders } from './left-orders.ts';

/** What the gateway knows of an order beyond the view. */
interface Tracked extends Reported {
  /** the request that this order, or its end, answers to */
  requestId: string;
  /** requests to replace it that are under way */
  replacing?: Requested[];
}

/** A request whose outcome is not known: by account and ClOrdID. */
export interface Requested {
  client: FixClient;
  /** of its client's logons the one that it came with */
  logon: number;
  replaces?: { clientId: string; baseLots: number; baseAmount: number; order: Order };
  /** nobody knows whether it takes effect: when it does, that is reported */
  isUnknown?: boolean;
}

/** The orders that FIX clients are told of, and what becomes of them: ExecutionReports. */
export class TrackedOrders {
  readonly #services: Services;
  readonly #reports: FixReports;
  readonly #left: LeftOrders;
  readonly #orders = new Map<number, Tracked>();
  readonly #requested = new Map<string, Requested>();
  /** of clients that have used an order */
  readonly #accounts = new Set<number>();

  constructor(services: Services, reports: FixReports) {
    this.#services = services;
    this.#reports = reports;
    this.#left = new LeftOrders(services.gateway);
  }

  /** What the gateway tells, in the engine's order, once it is durable. */
  readonly listener: OrderFollower = {
    follows: (account) => this.#accounts.has(account),
    onAccepted: (order) => this.#accepted(order),
    onFill: (fill) => this.#filled(fill),
    onEnded: (order, reason, _wasPending, match) => this.#ended(order, reason, match),
    onTriggered: (order) => this.#report(order, codes.NEW, codes.NEW),
    onAmended: (order, match) => this.#amended(order, match),
  };

  // ── Orders and requests ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** An open order by the ClOrdID that it was entered with. */
  find(client: FixClient, clientId: string): Order | undefined {
    return this.#services.gateway.view.orders.findByClientId(client.login.account, clientId);
  }

  /** Something of an account comes from FIX: what happens to it is followed. */
  follow(client: FixClient): void {
    this.#accounts.add(client.login.account);
  }

  get(order: Order | undefined): Tracked | undefined {
    return order && this.#orders.get(order.id);
  }

  /**
   * An order of the account may come from before a start, or from another gateway: from now on this client is told of it. It is not an order
   * that the client entered: it stays when the client is gone.
   */
  track(client: FixClient, order: Order): Tracked {
    let tracked = this.#orders.get(order.id);
    if (tracked === undefined) {
      const { clientId } = order;
      tracked = { client, clientId, requestId: clientId, baseLots: 0, baseAmount: 0 };
      this.#orders.set(order.id, tracked);
      this.#accounts.add(order.account);
    }
    return tracked;
  }

  /** The request that entered a ClOrdID whose outcome is not known. */
  requestedBy(client: FixClient, clientId: string): Requested | undefined {
    return this.#requested.get(keyOf(client.login.account, clientId));
  }

  /** Whether the outcome of a ClOrdID is still to come. */
  isOnItsWay(client: FixClient, clientId: string): boolean {
    const requested = this.requestedBy(client, clientId);
    return requested !== undefined && !requested.isUnknown;
  }

  request(clientId: string, requested: Requested): void {
    this.#requested.set(keyOf(requested.client.login.account, clientId), requested);
  }

  /** The outcome of a request is known. */
  answered(clientId: string, { client }: Requested): void {
    this.#requested.delete(keyOf(client.login.account, clientId));
  }

  /** A client is gone: orders of a login with cancel-on-disconnect go too. */
  gone(client: FixClient): void {
    this.#left.gone(client);
  }

  /** Reports where an open order stands. */
  reportState(client: FixClient, order: Order): void {
    const { baseLots } = this.track(client, order);
    this.#report(order, codes.ORDER_STATUS_REPORT, codes.ordStatus(order, baseLots));
  }

  // ── What became of them ──────────────────────────────────────────────────────────────────────────────────────────────────

  #accepted(order: Order): void {
    if (order.clientId === '') return;
    const key = keyOf(order.account, order.clientId);
    const requested = this.#requested.get(key);
    if (requested === undefined) return;
    if (requested.isUnknown) this.#requested.delete(key);
    const { client, replaces, logon } = requested;
    const baseLots = replaces === undefined ? 0 : replaces.baseLots + replaces.order.quantity - replaces.order.left;
    const baseAmount = replaces === undefined ? 0 : replaces.baseAmount + replaces.order.executedAmount;
    this.#orders.set(order.id, { client, clientId: order.clientId, requestId: order.clientId, baseLots, baseAmount });
    if (replaces === undefined) this.#report(order, codes.NEW, codes.ordStatus(order));
    else this.#report(order, codes.REPLACED, codes.ordStatus(order, baseLots), [[TAG.ORIG_CL_ORD_ID, replaces.clientId]]);
    this.#left.entered(client, order, logon);
  }

  #filled({ order, trade, price, quantity }: Fill): void {
    const tracked = this.#orders.get(order.id);
    if (tracked === undefined) return;
    const instrument = this.#services.market.instruments[order.instrument];
    this.#report(order, codes.TRADE, order.left === 0 ? codes.FILLED : codes.PARTIALLY_FILLED, [
      [TAG.LAST_QTY, trim(instrument.formatQuantity(quantity))],
      [TAG.LAST_PX, trim(instrument.formatPrice(price))],
      [TAG.TEXT, `trade ${trade}`],
    ]);
    if (order.left === 0) this.#over(order, tracked);
  }

  #amended(order: Order, match: PreventedMatch | undefined): void {
    const why: FixField[] = match === undefined ? [] : [[TAG.TEXT, codes.preventedInWords(order, match)]];
    this.#report(order, codes.RESTATED, codes.ordStatus(order), why);
  }

  #ended(order: Order, reason: number, match: PreventedMatch | undefined): void {
    const tracked = this.#orders.get(order.id);
    if (tracked === undefined) return;
    this.#over(order, tracked);
    if (reason === REASON.REPLACED) {
      // Its replacement tells; the copy has what it traded in the end.
      for (const { replaces } of tracked.replacing ?? []) if (replaces !== undefined) replaces.order = order;
      return;
    }
    const code = order.status === ORDER_STATUS.CANCELED ? codes.CANCELED : codes.EXPIRED;
    const byRequest = tracked.requestId !== tracked.clientId;
    this.#reports.send(tracked, order, code, code, [
      [TAG.CL_ORD_ID, tracked.requestId],
      [TAG.ORIG_CL_ORD_ID, byRequest ? tracked.clientId : undefined],
      [TAG.TEXT, match === undefined ? codes.inWords(reason) : codes.preventedInWords(order, match)],
    ]);
  }

  #over(order: Order, { client }: Tracked): void {
    this.#orders.delete(order.id);
    this.#left.over(client, order.id);
  }

  #report(order: Order, execution: string, status: string, more: readonly FixField[] = []): void {
    const tracked = this.#orders.get(order.id);
    if (tracked !== undefined) this.#reports.send(tracked, order, execution, status, [[TAG.CL_ORD_ID, tracked.clientId], ...more]);
  }
}

/** A ClOrdID is unique within its account. */
export function keyOf(account: number, clientId: string): string {
  return `${account}:${clientId}`;
}
