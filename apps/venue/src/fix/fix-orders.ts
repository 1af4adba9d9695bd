import { LESS_TRADED, POST_ONLY } from '@outcry/market/command';
import { DecimalError } from '@outcry/market/decimal';
import {
  AT_CLOSE,
  AT_OPEN,
  BUY,
  DAY,
  FOK,
  GTC,
  GTD,
  IOC,
  LIMIT,
  MARKET,
  type OrderKind,
  SELL,
  STOP,
  type TimeInForce,
} from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { type FixField, type FixMessage, MSG, parseFixTime, TAG } from '@outcry/wire/fix';
import type { Services } from '../binance/operation.ts';
import { cancel, cancelReplace, massCancel, type NewOrder, newOrder } from '../core/commands.ts';
import { GatewayError, type Outcome } from '../core/gateway.ts';
import type { Instrument } from '../core/market.ts';
import { makeTerms, type StatedTerms } from '../core/special-terms.ts';
import type { Fill, Order, OrderFollower } from '../core/view.ts';
import { STATUS } from '../store/schema.ts';
import * as codes from './fix-codes.ts';
import type { FixClient } from './fix-server.ts';

/** What the gateway knows of an order beyond the view: whose it is, and what the orders before it in its chain had traded. */
interface Tracked {
  client: FixClient;
  clientId: string;
  /** the request that this order, or its end, answers to */
  requestId: string;
  baseLots: number;
  baseAmount: number;
}

/** A request whose outcome is not known: by account and ClOrdID. */
interface Requested {
  client: FixClient;
  replaces?: Tracked & { order: Order };
}

const TIMES: Record<string, TimeInForce> = { 0: DAY, 1: GTC, 2: AT_OPEN, 3: IOC, 4: FOK, 6: GTD, 7: AT_CLOSE };
const TIME_CODES: Record<number, string> = Object.fromEntries(Object.entries(TIMES).map(([code, time]) => [time, code]));
const SIDE_CODES = ['1', '2'];
/** Market, limit, stop, stop limit. */
const TYPES: Record<string, { kind: OrderKind; isStop: boolean }> = {
  1: { kind: MARKET, isStop: false },
  2: { kind: LIMIT, isStop: false },
  3: { kind: MARKET, isStop: true },
  4: { kind: LIMIT, isStop: true },
};
const MOST_ID_BYTES = 36;

/** A request that says something that cannot be done: the tag, and why. */
class BadField extends Error {
  readonly tag: number;
  readonly reason: number;
  constructor(tag: number, reason: number, message: string) {
    super(message);
    this.tag = tag;
    this.reason = reason;
  }
}

/** Order entry by FIX: requests become commands, and what becomes of the orders ExecutionReports. */
export class FixOrders {
  readonly #services: Services;
  readonly #orders = new Map<number, Tracked>();
  readonly #requested = new Map<string, Requested>();
  /** of clients that have used an order */
  readonly #accounts = new Set<number>();
  #execution = 0;
  readonly #started = Date.now().toString(36);

  constructor(services: Services) {
    this.#services = services;
  }

  /** What the gateway tells, in the engine's order, once it is durable. */
  readonly listener: OrderFollower = {
    follows: (account) => this.#accounts.has(account),
    onAccepted: (order) => this.#accepted(order),
    onFill: (fill) => this.#filled(fill),
    onEnded: (order, reason) => this.#ended(order, reason),
    onTriggered: (order) => this.#report(order, codes.NEW, codes.NEW),
    onAmended: (order) => this.#report(order, codes.RESTATED, statusOf(order)),
  };

  // ── Requests ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  enter(client: FixClient, message: FixMessage): void {
    const clientId = need(message, TAG.CL_ORD_ID);
    const key = keyOf(client, clientId);
    this.#accounts.add(client.login.account);
    let order: NewOrder;
    try {
      if (this.#requested.has(key) || this.#find(client, clientId) !== undefined) {
        this.#refuse(client, message, clientId, '', REASON.DUPLICATE_CLIENT_ID, 'ClOrdID is in use');
        return;
      }
      order = this.#read(client, message, this.#instrument(message));
    } catch (error) {
      this.#answerBad(error, (text, reason) => this.#refuse(client, message, clientId, '', reason, text));
      return;
    }
    this.#requested.set(key, { client });
    this.#submit(newOrder(order), (outcome) => {
      this.#requested.delete(key);
      if (outcome.reason !== 0) this.#refuse(client, message, clientId, '', outcome.reason, codes.inWords(outcome.reason));
    }).catch((error: Error) => {
      this.#requested.delete(key);
      this.#refuse(client, message, clientId, '', REASON.OUT_OF_ORDERS, error.message);
    });
  }

  cancel(client: FixClient, message: FixMessage): void {
    const [clientId, original] = [need(message, TAG.CL_ORD_ID), need(message, TAG.ORIG_CL_ORD_ID)];
    const order = this.#find(client, original);
    if (order === undefined) {
      this.#refuseCancel(client, '1', clientId, original, undefined, REASON.UNKNOWN_ORDER);
      return;
    }
    this.#track(client, order).requestId = clientId;
    this.#submit(cancel(client.login.account, order.instrument, order.id), (outcome) => {
      if (outcome.cancelReason !== 0) this.#refuseCancel(client, '1', clientId, original, order, outcome.cancelReason);
    }).catch(() => this.#refuseCancel(client, '1', clientId, original, order, REASON.OUT_OF_ORDERS));
  }

  replace(client: FixClient, message: FixMessage): void {
    const [clientId, original] = [need(message, TAG.CL_ORD_ID), need(message, TAG.ORIG_CL_ORD_ID)];
    const old = this.#find(client, original);
    const refuse = (reason: number, text?: string) => this.#refuseCancel(client, '2', clientId, original, old, reason, text);
    if (old === undefined) {
      refuse(REASON.UNKNOWN_ORDER);
      return;
    }
    const key = keyOf(client, clientId);
    const tracked = this.#track(client, old);
    let order: NewOrder;
    try {
      order = this.#read(client, message, this.#services.market.instruments[old.instrument]);
      if (order.side !== old.side) throw new BadField(TAG.SIDE, REASON.INVALID_TERMS, 'Side cannot be replaced');
      if (this.#requested.has(key) || this.#find(client, clientId) !== undefined) {
        refuse(REASON.DUPLICATE_CLIENT_ID, 'ClOrdID is in use');
        return;
      }
    } catch (error) {
      this.#answerBad(error, (text, reason) => refuse(reason, text));
      return;
    }
    // OrderQty is of the whole chain; the engine takes off what this order has traded when it is replaced.
    order.quantity -= tracked.baseLots;
    order.flags |= LESS_TRADED;
    this.#requested.set(key, { client, replaces: { ...tracked, order: old } });
    this.#submit(cancelReplace(order, old.id), (outcome) => {
      this.#requested.delete(key);
      if (outcome.cancelReason !== 0) refuse(outcome.cancelReason);
      else if (outcome.reason !== 0) {
        refuse(outcome.reason);
        this.#endReplaced(tracked, outcome.changed ?? old, clientId);
      }
    }).catch((error: Error) => {
      this.#requested.delete(key);
      refuse(REASON.OUT_OF_ORDERS, error.message);
    });
  }

  status(client: FixClient, message: FixMessage): void {
    const clientId = need(message, TAG.CL_ORD_ID);
    const order = this.#find(client, clientId);
    if (order === undefined) {
      this.#refuse(client, message, clientId, '', REASON.UNKNOWN_ORDER, 'no open order has this ClOrdID', codes.ORDER_STATUS);
      return;
    }
    this.#track(client, order);
    this.#report(order, codes.ORDER_STATUS, statusOf(order));
  }

  massCancel(client: FixClient, message: FixMessage): void {
    const clientId = need(message, TAG.CL_ORD_ID);
    const type = need(message, TAG.MASS_CANCEL_REQUEST_TYPE);
    const answer = (response: string, more: readonly FixField[]) =>
      client.session.send(MSG.ORDER_MASS_CANCEL_REPORT, [
        [TAG.CL_ORD_ID, clientId],
        [TAG.ORDER_ID, clientId],
        [TAG.MASS_CANCEL_REQUEST_TYPE, type],
        [TAG.MASS_CANCEL_RESPONSE, response],
        [TAG.MASS_ACTION_REPORT_ID, client.session.isFixt ? this.#nextExecution() : undefined],
        ...more,
      ]);
    const instrument = type === '1' ? this.#services.market.find(message.get(TAG.SYMBOL) ?? '') : undefined;
    if ((type !== '1' && type !== '7') || (type === '1' && instrument === undefined)) {
      answer('0', [[TAG.MASS_CANCEL_REJECT_REASON, type === '1' ? 1 : 0]]);
      return;
    }
    const side = SIDE_CODES.indexOf(message.get(TAG.SIDE) ?? '');
    this.#submit(massCancel(client.login.account, instrument?.number ?? -1, side), (outcome) =>
      answer(outcome.reason === 0 ? type : '0', [
        [TAG.TOTAL_AFFECTED_ORDERS, outcome.ended.length],
        [TAG.MASS_CANCEL_REJECT_REASON, outcome.reason === 0 ? undefined : 99],
      ]),
    ).catch((error: Error) =>
      answer('0', [
        [TAG.MASS_CANCEL_REJECT_REASON, 99],
        [TAG.TEXT, error.message],
      ]),
    );
  }

  /** A client is gone: orders of a login with cancel-on-disconnect go too. */
  gone(client: FixClient): void {
    if (!client.login.cancelOnDisconnect) return;
    for (const [id, tracked] of this.#orders) {
      const order = tracked.client === client ? this.#services.gateway.view.orders.get(id) : undefined;
      if (order !== undefined) this.#submit(cancel(order.account, order.instrument, id), () => undefined).catch(() => undefined);
    }
  }

  // ── What became of them ──────────────────────────────────────────────────────────────────────────────────────────────────

  #accepted(order: Order): void {
    const requested = this.#requested.get(`${order.account}:${order.clientId}`);
    if (requested === undefined) return;
    const { client, replaces } = requested;
    const baseLots = replaces === undefined ? 0 : replaces.baseLots + tradedLots(replaces.order);
    const baseAmount = replaces === undefined ? 0 : replaces.baseAmount + replaces.order.executedAmount;
    this.#orders.set(order.id, { client, clientId: order.clientId, requestId: order.clientId, baseLots, baseAmount });
    if (replaces === undefined) this.#report(order, codes.NEW, statusOf(order));
    else this.#report(order, codes.REPLACED, statusOf(order, baseLots), [[TAG.ORIG_CL_ORD_ID, replaces.clientId]]);
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
    if (order.left === 0) this.#orders.delete(order.id);
  }

  #ended(order: Order, reason: number): void {
    const tracked = this.#orders.get(order.id);
    if (tracked === undefined) return;
    this.#orders.delete(order.id);
    if (reason === REASON.REPLACED) {
      // Its replacement tells; the copy has what it traded in the end.
      for (const requested of this.#requested.values()) if (requested.replaces?.order.id === order.id) requested.replaces.order = order;
      return;
    }
    const code = order.status === STATUS.CANCELED ? codes.CANCELED : codes.EXPIRED;
    const byRequest = tracked.requestId !== tracked.clientId;
    this.#send(tracked, order, code, code, [
      [TAG.CL_ORD_ID, tracked.requestId],
      [TAG.ORIG_CL_ORD_ID, byRequest ? tracked.clientId : undefined],
      [TAG.TEXT, codes.inWords(reason)],
    ]);
  }

  /** An id that no report has had. */
  #nextExecution(): string {
    return `${this.#started}-${++this.#execution}`;
  }

  /** A replacement was refused when the order was out already. */
  #endReplaced(tracked: Tracked, order: Order, requestId: string): void {
    this.#send(tracked, order, codes.CANCELED, codes.CANCELED, [
      [TAG.CL_ORD_ID, requestId],
      [TAG.ORIG_CL_ORD_ID, tracked.clientId],
    ]);
  }

  #report(order: Order, execution: string, status: string, more: readonly FixField[] = []): void {
    const tracked = this.#orders.get(order.id);
    if (tracked !== undefined) this.#send(tracked, order, execution, status, [[TAG.CL_ORD_ID, tracked.clientId], ...more]);
  }

  #send(tracked: Tracked, order: Order, execution: string, status: string, more: readonly FixField[]): void {
    const instrument = this.#services.market.instruments[order.instrument];
    const quantity = (lots: number) => trim(instrument.formatQuantity(lots));
    const lots = tracked.baseLots + tradedLots(order);
    const isOver = status === codes.CANCELED || status === codes.EXPIRED;
    const amount = tracked.baseAmount + order.executedAmount;
    const { quote, base } = instrument;
    tracked.client.session.send(MSG.EXECUTION_REPORT, [
      [TAG.ORDER_ID, order.id],
      [TAG.EXEC_ID, this.#nextExecution()],
      [TAG.EXEC_TYPE, execution],
      [TAG.ORD_STATUS, status],
      ...more,
      [TAG.SYMBOL, instrument.symbol],
      [TAG.SIDE, SIDE_CODES[order.side]],
      [TAG.ORDER_QTY, quantity(tracked.baseLots + order.quantity)],
      [TAG.ORD_TYPE, order.kind === LIMIT ? '2' : '1'],
      [TAG.PRICE, order.kind === LIMIT && order.price > 0 ? trim(instrument.formatPrice(order.price)) : undefined],
      [TAG.TIME_IN_FORCE, TIME_CODES[order.timeInForce]],
      [TAG.LEAVES_QTY, isOver ? '0' : quantity(order.left)],
      [TAG.CUM_QTY, quantity(lots)],
      [TAG.AVG_PX, codes.averagePrice(amount, lots * instrument.lotUnits, quote.scale, base.scale)],
      [TAG.TRANSACT_TIME, timeOf(order.updateTime)],
    ]);
  }

  /** Refuses a new order (or says that there is none to report on). */
  #refuse(
    client: FixClient,
    message: FixMessage,
    clientId: string,
    orderId: string,
    reason: number,
    text: string,
    execution: string = codes.REJECTED,
  ): void {
    client.session.send(MSG.EXECUTION_REPORT, [
      [TAG.ORDER_ID, orderId || 'NONE'],
      [TAG.EXEC_ID, this.#nextExecution()],
      [TAG.EXEC_TYPE, execution],
      [TAG.ORD_STATUS, codes.REJECTED],
      [TAG.CL_ORD_ID, clientId],
      [TAG.SYMBOL, message.get(TAG.SYMBOL)],
      [TAG.SIDE, message.get(TAG.SIDE)],
      [TAG.ORDER_QTY, message.get(TAG.ORDER_QTY)],
      [TAG.LEAVES_QTY, '0'],
      [TAG.CUM_QTY, '0'],
      [TAG.AVG_PX, '0'],
      [TAG.ORD_REJ_REASON, reason === REASON.UNKNOWN_ORDER ? 5 : codes.ordRejReason(reason)],
      [TAG.TEXT, text],
      [TAG.TRANSACT_TIME, timeOf(this.#services.now() * 1000)],
    ]);
  }

  /** OrderCancelReject. @param to 1: a cancel request, 2: a replace request */
  #refuseCancel(
    client: FixClient,
    to: string,
    clientId: string,
    original: string,
    order: Order | undefined,
    reason: number,
    text?: string,
  ): void {
    const tracked = order && this.#orders.get(order.id);
    if (tracked !== undefined) tracked.requestId = tracked.clientId;
    client.session.send(MSG.ORDER_CANCEL_REJECT, [
      [TAG.ORDER_ID, order?.id ?? 'NONE'],
      [TAG.CL_ORD_ID, clientId],
      [TAG.ORIG_CL_ORD_ID, original],
      [TAG.ORD_STATUS, order === undefined ? codes.REJECTED : statusOf(order)],
      [TAG.CXL_REJ_RESPONSE_TO, to],
      [TAG.CXL_REJ_REASON, codes.cxlRejReason(reason)],
      [TAG.TEXT, text ?? codes.inWords(reason)],
    ]);
  }

  // ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** An order by the ClOrdID that it was entered with. */
  #find(client: FixClient, clientId: string): Order | undefined {
    return this.#services.gateway.view.orders.findByClientId(client.login.account, clientId);
  }

  /** An order of the account may come from before a start, or from another gateway: from now on it is this client's. */
  #track(client: FixClient, order: Order): Tracked {
    let tracked = this.#orders.get(order.id);
    if (tracked === undefined) {
      tracked = { client, clientId: order.clientId, requestId: order.clientId, baseLots: 0, baseAmount: 0 };
      this.#orders.set(order.id, tracked);
      this.#accounts.add(order.account);
    }
    return tracked;
  }

  #instrument(message: FixMessage): Instrument {
    const symbol = need(message, TAG.SYMBOL);
    const instrument = this.#services.market.find(symbol);
    if (instrument === undefined) throw new BadField(TAG.SYMBOL, REASON.UNKNOWN_INSTRUMENT, `no symbol ${symbol}`);
    return instrument;
  }

  /** Throws BadField, or MissingField. */
  #read(client: FixClient, message: FixMessage, instrument: Instrument): NewOrder {
    const clientId = need(message, TAG.CL_ORD_ID);
    if (Buffer.byteLength(clientId) > MOST_ID_BYTES)
      throw new BadField(TAG.CL_ORD_ID, REASON.INVALID_TERMS, `ClOrdID has at most ${MOST_ID_BYTES} bytes`);
    const side = SIDE_CODES.indexOf(need(message, TAG.SIDE));
    const type = TYPES[need(message, TAG.ORD_TYPE)];
    const timeInForce = TIMES[message.get(TAG.TIME_IN_FORCE) ?? '1'];
    if (side < 0) throw new BadField(TAG.SIDE, REASON.INVALID_TERMS, 'Side must be 1 or 2');
    if (type === undefined) throw new BadField(TAG.ORD_TYPE, REASON.INVALID_TERMS, 'OrdType must be 1, 2, 3 or 4');
    if (timeInForce === undefined) throw new BadField(TAG.TIME_IN_FORCE, REASON.INVALID_TERMS, 'TimeInForce must be 0, 1, 2, 3, 4, 6 or 7');
    const price = (tag: number) => readDecimal(message, tag, (text) => instrument.parsePrice(text), REASON.INVALID_PRICE);
    const lots = (tag: number) => readDecimal(message, tag, (text) => instrument.parseQuantity(text), REASON.INVALID_QUANTITY);
    const stated: StatedTerms = {};
    if (type.isStop) Object.assign(stated, { trigger: STOP, stopPrice: price(TAG.STOP_PX) });
    if (timeInForce === GTD) stated.expiry = parseFixTime(need(message, TAG.EXPIRE_TIME)) * 1000;
    if (Number.isNaN(stated.expiry)) throw new BadField(TAG.EXPIRE_TIME, REASON.INVALID_EXPIRY, 'ExpireTime is no time');
    if (message.get(TAG.MIN_QTY) !== undefined) stated.minQuantity = lots(TAG.MIN_QTY);
    if (message.get(TAG.MAX_SHOW) !== undefined) stated.display = lots(TAG.MAX_SHOW);
    return {
      account: client.login.account,
      instrument,
      side: side === 0 ? BUY : SELL,
      kind: type.kind,
      timeInForce: type.kind === MARKET && timeInForce === GTC && !type.isStop ? IOC : timeInForce,
      flags: message.get(EXEC_INST)?.split(' ').includes('6') ? POST_ONLY : 0,
      price: type.kind === LIMIT ? price(TAG.PRICE) : 0,
      quantity: lots(TAG.ORDER_QTY),
      amount: 0,
      clientId,
      terms: Object.keys(stated).length > 0 ? makeTerms(stated) : undefined,
    };
  }

  /** A field that is missing is the session's to answer; one that says what cannot be done the order's. */
  #answerBad(error: unknown, refuse: (text: string, reason: number) => void): void {
    if (!(error instanceof BadField)) throw error;
    refuse(error.message, error.reason);
  }

  async #submit(fields: Parameters<Services['gateway']['submit']>[0], then: (outcome: Outcome) => void): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await this.#services.gateway.submit(fields);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      throw new Error(error.message);
    }
    then(outcome);
  }
}

/** ExecInst: 6 is "participate don't initiate", post-only. */
const EXEC_INST = 18;

/** A required field that is not there. */
export class MissingField extends Error {
  readonly tag: number;
  constructor(tag: number) {
    super(`tag ${tag} is missing`);
    this.tag = tag;
  }
}

/** A required field. Throws MissingField. */
export function need(message: FixMessage, tag: number): string {
  const value = message.get(tag);
  if (value === undefined) throw new MissingField(tag);
  return value;
}

function readDecimal(message: FixMessage, tag: number, parse: (text: string) => number, reason: number): number {
  const text = need(message, tag);
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof DecimalError) throw new BadField(tag, reason, `tag ${tag}: ${error.message}`);
    throw error;
  }
}

function keyOf(client: FixClient, clientId: string): string {
  return `${client.login.account}:${clientId}`;
}

function tradedLots(order: Order): number {
  return order.quantity - order.left;
}

function statusOf(order: Order, baseLots = 0): string {
  if (order.left === 0) return codes.FILLED;
  return baseLots + tradedLots(order) > 0 ? codes.PARTIALLY_FILLED : codes.NEW;
}

/** Without the zeros that the venue's own surface pads with. */
function trim(decimal: string): string {
  return decimal.replace(/\.?0+$/, '');
}

function timeOf(microseconds: number): string {
  const iso = new Date(microseconds / 1000).toISOString();
  return `${iso.slice(0, 10).replaceAll('-', '')}-${iso.slice(11, 23)}`;
}
