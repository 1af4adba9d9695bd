import { LESS_TRADED } from '@outcry/market/command';
import { REASON } from '@outcry/market/reason';
import { type FixField, type FixMessage, MSG, parseFixTime, REJECT_REASON, TAG } from '@outcry/wire/fix';
import { GatewayError } from '../../core/orders/gateway.ts';
import type { OrderFollower } from '../../core/orders/listeners.ts';
import type { Outcome } from '../../core/orders/outcome.ts';
import type { Services } from '../../core/services.ts';
import type { SessionDay } from '../../core/session-day.ts';
import type { Instrument } from '../../domain/market.ts';
import type { Order } from '../../domain/orders.ts';
import { type CommandFields, cancel, cancelReplace, massCancel, type NewOrder, newOrder } from '../../spine/commands.ts';
import type { FixClient } from './fix-client.ts';
import * as codes from './fix-codes.ts';
import type { FixReports, Refusal } from './fix-reports.ts';
import { readMassCancel, reportMassCancel } from './mass-cancel-request.ts';
import { BadField, checkReference, MissingField, need, readInstrument, readOrder } from './order-reader.ts';
import {
  cancelRefusalIn,
  cancelRefusalOf,
  NOT_KNOWN,
  OF_ANOTHER_DAY,
  ON_ITS_WAY,
  refusalIn,
  refusalOf,
  TOO_MANY_IDS,
  USED_BEFORE,
} from './refusals.ts';
import { StatusAnswers } from './status-answers.ts';
import { keyOf, type Requested, TrackedOrders } from './tracked-orders.ts';
import type { UsedIds } from './used-ids.ts';
import { WaitingRequests } from './waiting-requests.ts';

/** Order entry by FIX: requests become commands. What becomes of them is told by {@link TrackedOrders}. */
export class FixOrders {
  readonly #services: Services;
  readonly #day: SessionDay;
  readonly #ids: UsedIds;
  readonly #reports: FixReports;
  readonly #orders: TrackedOrders;
  readonly #waiting = new WaitingRequests();
  readonly #status: StatusAnswers;

  constructor(services: Services, day: SessionDay, ids: UsedIds, reports: FixReports) {
    this.#services = services;
    this.#day = day;
    this.#ids = ids;
    this.#reports = reports;
    this.#orders = new TrackedOrders(services, reports);
    this.#status = new StatusAnswers(services, this.#orders, this.#waiting, reports);
  }

  get listener(): OrderFollower {
    return this.#orders.listener;
  }

  /** A client's session is over. */
  gone(client: FixClient): void {
    this.#orders.gone(client);
  }

  // ── Requests ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  enter(client: FixClient, message: FixMessage): void {
    const clientId = need(message, TAG.CL_ORD_ID);
    const refuse = (refusal: Refusal) => this.#reports.refuse(client, message, refusal);
    if (this.#isUsed(client, clientId)) {
      if (isAgain(message)) this.#status.report(client, message, clientId);
      else refuse(refusalOf(REASON.DUPLICATE_CLIENT_ID, USED_BEFORE));
      return;
    }
    if (!this.#mayEnter(client, message, refuse)) return;
    let order: NewOrder;
    try {
      order = this.#readOrder(client, message, readInstrument(this.#services.market, message));
    } catch (error) {
      refuse(refusalIn(error));
      this.#use(client, clientId);
      return;
    }
    this.#use(client, clientId);
    const requested: Requested = { client, logon: client.logons };
    this.#submit(client, message, newOrder(order), requested, refuse, (outcome) => {
      if (outcome.reason !== 0) refuse(refusalOf(outcome.reason));
    });
  }

  cancel(client: FixClient, message: FixMessage): void {
    const [clientId, original] = [need(message, TAG.CL_ORD_ID), need(message, TAG.ORIG_CL_ORD_ID)];
    if (this.#isUsed(client, clientId)) {
      if (isAgain(message)) this.#status.report(client, message, original);
      else this.#refuseAsUsed(client, message, original);
      return;
    }
    this.#use(client, clientId);
    if (!this.#orders.isOnItsWay(client, original)) {
      this.#cancelNow(client, message, clientId, original);
      return;
    }
    const run = () => this.#cancelNow(client, message, clientId, original);
    if (!this.#waiting.add(client, this.#keyOf(client, original), run)) this.#refuseCancel(client, message, undefined, ON_ITS_WAY);
  }

  #cancelNow(client: FixClient, message: FixMessage, clientId: string, original: string): void {
    const order = this.#orders.find(client, original);
    const refuse = (refusal: Refusal) => this.#refuseCancel(client, message, order, refusal);
    if (order === undefined) {
      refuse(this.#whyNoOrder(client, original));
      return;
    }
    try {
      checkReference(client, message, order, this.#services.market.instruments[order.instrument]);
    } catch (error) {
      refuse(cancelRefusalIn(error));
      return;
    }
    this.#orders.track(client, order).requestId = clientId;
    this.#submit(client, message, cancel(order.account, order.instrument, order.id), undefined, refuse, (outcome) => {
      if (outcome.cancelReason !== 0) refuse(cancelRefusalOf(outcome.cancelReason));
    });
  }

  replace(client: FixClient, message: FixMessage): void {
    const [clientId, original] = [need(message, TAG.CL_ORD_ID), need(message, TAG.ORIG_CL_ORD_ID)];
    if (this.#isUsed(client, clientId)) {
      if (isAgain(message)) this.#status.report(client, message, clientId);
      else this.#refuseAsUsed(client, message, original);
      return;
    }
    const refuse = (refusal: Refusal) => this.#refuseCancel(client, message, this.#orders.find(client, original), refusal);
    if (!this.#mayEnter(client, message, refuse)) return;
    const requested: Requested = { client, logon: client.logons };
    if (this.#orders.isOnItsWay(client, original)) this.#replaceLater(client, message, requested);
    else this.#replaceNow(client, message, requested);
  }

  /** Its own ClOrdID is on its way from now on: what names it waits for this one. */
  #replaceLater(client: FixClient, message: FixMessage, requested: Requested): void {
    const [clientId, original] = [need(message, TAG.CL_ORD_ID), need(message, TAG.ORIG_CL_ORD_ID)];
    const key = this.#keyOf(client, clientId);
    const run = () => {
      this.#orders.answered(clientId, requested);
      try {
        this.#replaceNow(client, message, requested);
      } catch (error) {
        if (!(error instanceof MissingField)) throw error;
        client.session.reject(message, REJECT_REASON.REQUIRED_TAG_MISSING, error.tag, 'a required field is missing');
      }
      if (!this.#orders.isOnItsWay(client, clientId)) this.#waiting.release(key);
    };
    if (this.#waiting.add(client, this.#keyOf(client, original), run)) {
      this.#orders.request(clientId, requested);
      return;
    }
    this.#use(client, clientId);
    this.#refuseCancel(client, message, undefined, ON_ITS_WAY);
  }

  #replaceNow(client: FixClient, message: FixMessage, requested: Requested): void {
    const [clientId, original] = [need(message, TAG.CL_ORD_ID), need(message, TAG.ORIG_CL_ORD_ID)];
    const old = this.#orders.find(client, original);
    const refuse = (refusal: Refusal) => this.#refuseCancel(client, message, old, refusal);
    if (old === undefined) {
      this.#use(client, clientId);
      refuse(this.#whyNoOrder(client, original));
      return;
    }
    let order: NewOrder;
    try {
      const instrument = this.#services.market.instruments[old.instrument];
      checkReference(client, message, old, instrument);
      order = this.#readOrder(client, message, instrument);
    } catch (error) {
      refuse(cancelRefusalIn(error));
      this.#use(client, clientId);
      return;
    }
    this.#use(client, clientId);
    this.#submitReplace(client, message, order, old, requested, refuse);
  }

  #refuseAsUsed(client: FixClient, message: FixMessage, original: string): void {
    const refusal = cancelRefusalOf(REASON.DUPLICATE_CLIENT_ID, USED_BEFORE);
    this.#refuseCancel(client, message, this.#orders.find(client, original), refusal);
  }

  /** Why a ClOrdID names no open order. */
  #whyNoOrder(client: FixClient, clientId: string): Refusal {
    return this.#orders.requestedBy(client, clientId) === undefined ? cancelRefusalOf(REASON.UNKNOWN_ORDER) : NOT_KNOWN;
  }

  #keyOf(client: FixClient, clientId: string): string {
    return keyOf(client.login.account, clientId);
  }

  /** An order that passes the exchange's filters. Throws BadField, or MissingField. */
  #readOrder(client: FixClient, message: FixMessage, instrument: Instrument): NewOrder {
    const order = readOrder(client, message, instrument);
    const reason = this.#services.filters.refusal(order);
    if (reason !== REASON.NONE) throw new BadField(reason, codes.inWords(reason));
    return order;
  }

  #submitReplace(
    client: FixClient,
    message: FixMessage,
    order: NewOrder,
    old: Order,
    requested: Requested,
    refuse: (refusal: Refusal) => void,
  ): void {
    const tracked = this.#orders.track(client, old);
    const { baseLots, baseAmount } = tracked;
    // OrderQty is of the whole chain; the engine takes off what this order has traded when it is replaced.
    order.quantity -= baseLots;
    order.flags |= LESS_TRADED;
    requested.replaces = { clientId: tracked.clientId, baseLots, baseAmount, order: old };
    tracked.replacing = [...(tracked.replacing ?? []), requested];
    this.#submit(client, message, cancelReplace(order, old.id), requested, refuse, (outcome) => {
      tracked.replacing = tracked.replacing?.filter((one) => one !== requested);
      if (outcome.cancelReason !== 0) refuse(cancelRefusalOf(outcome.cancelReason));
      else if (outcome.reason !== 0) {
        refuse(cancelRefusalOf(outcome.reason));
        // The order was out already.
        this.#reports.send(tracked, outcome.changed ?? old, codes.CANCELED, codes.CANCELED, [
          [TAG.CL_ORD_ID, order.clientId],
          [TAG.ORIG_CL_ORD_ID, tracked.clientId],
        ]);
      }
    });
  }

  answerStatusRequest(client: FixClient, message: FixMessage): void {
    this.#status.answer(client, message);
  }

  massCancel(client: FixClient, message: FixMessage): void {
    const clientId = need(message, TAG.CL_ORD_ID);
    const type = need(message, TAG.MASS_CANCEL_REQUEST_TYPE);
    const report = (response: string, more: readonly FixField[]) => reportMassCancel(this.#reports, client, message, response, more);
    const refuse = ({ text, code }: Refusal) =>
      report('0', [
        [TAG.MASS_CANCEL_REJECT_REASON, code],
        [TAG.TEXT, text],
      ]);
    if (this.#isUsed(client, clientId)) {
      refuse({ code: 99, text: USED_BEFORE });
      return;
    }
    const meant = readMassCancel(this.#services.market, client, message);
    if ('text' in meant) {
      refuse(meant);
      return;
    }
    this.#use(client, clientId);
    const { instrument, side } = meant;
    this.#submit(client, message, massCancel(client.login.account, instrument, side), undefined, refuse, (outcome) =>
      report(outcome.reason === 0 ? type : '0', [
        [TAG.TOTAL_AFFECTED_ORDERS, outcome.endedCount],
        [TAG.MASS_CANCEL_REJECT_REASON, outcome.reason === 0 ? undefined : 99],
      ]),
    );
  }

  // ── What the day has seen ────────────────────────────────────────────────────────────────────────────────────────────────

  #isUsed(client: FixClient, clientId: string): boolean {
    const { account } = client.login;
    return (
      this.#ids.has(account, clientId) ||
      this.#orders.find(client, clientId) !== undefined ||
      this.#orders.requestedBy(client, clientId) !== undefined
    );
  }

  #use(client: FixClient, clientId: string): void {
    this.#orders.follow(client);
    this.#ids.add(client.login.account, clientId);
  }

  /** Whether an order may be new: it is not of another day, and it is known what this day has seen. */
  #mayEnter(client: FixClient, message: FixMessage, refuse: (refusal: Refusal) => void): boolean {
    const original = message.get(TAG.ORIG_SENDING_TIME);
    if (original !== undefined && parseFixTime(original) < this.#day.begin) {
      refuse({ code: message.type === MSG.NEW_ORDER_SINGLE ? codes.STALE : 99, text: OF_ANOTHER_DAY });
      return false;
    }
    if (this.#ids.isFull(client.login.account)) {
      refuse(TOO_MANY_IDS);
      return false;
    }
    if (this.#ids.isComplete) return true;
    this.#reports.sayNotAvailable(client, message, "the day's ClOrdIDs are not known yet: send it again");
    return false;
  }

  #refuseCancel(client: FixClient, message: FixMessage, order: Order | undefined, refusal: Refusal): void {
    const tracked = this.#orders.get(order);
    if (tracked !== undefined) tracked.requestId = tracked.clientId;
    this.#reports.refuseCancel(client, message, order, refusal);
  }

  /** Sends a command. A request whose outcome nobody knows is pending, not refused. */
  #submit(
    client: FixClient,
    message: FixMessage,
    fields: CommandFields,
    requested: Requested | undefined,
    refuse: (refusal: Refusal) => void,
    then: (outcome: Outcome) => void,
  ): void {
    const clientId = message.get(TAG.CL_ORD_ID)!;
    const key = this.#keyOf(client, clientId);
    if (requested !== undefined) this.#orders.request(clientId, requested);
    this.#services.gateway.submit(fields).then(
      (outcome) => {
        if (requested !== undefined) this.#orders.answered(clientId, requested);
        then(outcome);
        if (requested !== undefined) this.#waiting.release(key);
      },
      (error: unknown) => {
        if (!(error instanceof GatewayError)) throw error;
        if (error.code !== 'unknown_outcome') {
          if (requested !== undefined) this.#orders.answered(clientId, requested);
          refuse({ code: 99, text: error.message });
          if (requested !== undefined) this.#waiting.release(key);
          return;
        }
        if (requested !== undefined) requested.isUnknown = true;
        const status = PENDING[message.type];
        if (status !== undefined) this.#reports.sendWithoutOrder(client, message, status, status, undefined, error.message);
        if (requested !== undefined) this.#waiting.release(key);
      },
    );
  }
}

const PENDING: Record<string, string> = {
  [MSG.NEW_ORDER_SINGLE]: codes.PENDING_NEW,
  [MSG.ORDER_CANCEL_REQUEST]: codes.PENDING_CANCEL,
  [MSG.ORDER_CANCEL_REPLACE_REQUEST]: codes.PENDING_REPLACE,
};

/** Whether the sender says that a message may have come before: under another number (PossResend), or the same (PossDupFlag). */
function isAgain(message: FixMessage): boolean {
  return message.get(TAG.POSS_RESEND) === 'Y' || message.get(TAG.POSS_DUP_FLAG) === 'Y';
}
