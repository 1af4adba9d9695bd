import { REASON } from '@outcry/market/reason';
import { type FixMessage, TAG } from '@outcry/wire/fix';
import type { Services } from '../../core/services.ts';
import type { Instrument } from '../../domain/market.ts';
import type { FixClient } from './fix-client.ts';
import * as codes from './fix-codes.ts';
import type { FixReports, Refusal } from './fix-reports.ts';
import { checkAccount, checkReference, need, readInstrument } from './order-reader.ts';
import { refusalIn, refusalOf } from './refusals.ts';
import { StoredOrders } from './stored-orders.ts';
import { keyOf, type TrackedOrders } from './tracked-orders.ts';
import type { WaitingRequests } from './waiting-requests.ts';

/** Where orders stand that requests name: from the view, or from the store when they are not open any more. */
export class StatusAnswers {
  readonly #services: Services;
  readonly #orders: TrackedOrders;
  readonly #waiting: WaitingRequests;
  readonly #reports: FixReports;
  readonly #stored: StoredOrders;

  constructor(services: Services, orders: TrackedOrders, waiting: WaitingRequests, reports: FixReports) {
    this.#services = services;
    this.#orders = orders;
    this.#waiting = waiting;
    this.#reports = reports;
    this.#stored = new StoredOrders(services);
  }

  /** OrderStatusRequest: of any order of the account, open or not, as any door may have told it. */
  answer(client: FixClient, message: FixMessage): void {
    const clientId = need(message, TAG.CL_ORD_ID);
    const tell = () => this.#tellStatus(client, message, clientId);
    if (this.#orders.isOnItsWay(client, clientId)) {
      if (!this.#waiting.add(client, keyOf(client.login.account, clientId), tell)) tell();
      return;
    }
    const behind = this.#services.gateway.caughtUp();
    if (behind === undefined) tell();
    else void behind.then(tell);
  }

  #tellStatus(client: FixClient, message: FixMessage, clientId: string): void {
    const order = this.#orders.find(client, clientId);
    if (order !== undefined) {
      try {
        checkReference(client, message, order, this.#services.market.instruments[order.instrument]);
      } catch (error) {
        this.#reports.sendWithoutOrder(client, message, codes.ORDER_STATUS_REPORT, codes.REJECTED, refusalIn(error));
        return;
      }
    }
    this.report(client, message, clientId);
  }

  /** Reports where an order stands that a request names: open, on its way, ended, or never one. */
  report(client: FixClient, message: FixMessage, clientId: string): void {
    const report = (status: string, refusal: Refusal | undefined, text?: string) =>
      this.#reports.sendWithoutOrder(client, message, codes.ORDER_STATUS_REPORT, status, refusal, text);
    const order = this.#orders.find(client, clientId);
    if (order !== undefined) {
      this.#orders.reportState(client, order);
      return;
    }
    if (this.#orders.requestedBy(client, clientId) !== undefined) {
      report(codes.PENDING_NEW, undefined, 'it is on its way');
      return;
    }
    let instrument: Instrument;
    try {
      checkAccount(client, message);
      instrument = readInstrument(this.#services.market, message);
    } catch (error) {
      report(codes.REJECTED, refusalIn(error));
      return;
    }
    this.#stored.ask({
      client,
      clientId,
      instrument: instrument.number,
      answer: (ended) => {
        const of = { client, clientId, baseLots: 0, baseAmount: 0 };
        if (ended === undefined) report(codes.REJECTED, refusalOf(REASON.UNKNOWN_ORDER, 'no order has this ClOrdID'));
        else this.#reports.send(of, ended, codes.ORDER_STATUS_REPORT, codes.ordStatus(ended), [[TAG.CL_ORD_ID, clientId]]);
      },
      fail: (why) => this.#reports.sayNotAvailable(client, message, why),
    });
  }
}
