/** Writes ExecutionReports, OrderCancelRejects and BusinessMessageRejects. */
import { LIMIT, MARKET_TO_LIMIT, NO_TRIGGER } from '@outcry/market/order-terms';
import { triggerOf } from '@outcry/market/terms';
import { type FixField, type FixMessage, fixTime, MSG, TAG } from '@outcry/wire/fix';
import type { Services } from '../../core/services.ts';
import type { Instrument } from '../../domain/market.ts';
import { ORDER_STATUS } from '../../domain/order-status.ts';
import type { Order } from '../../domain/orders.ts';
import type { FixClient } from './fix-client.ts';
import * as codes from './fix-codes.ts';
import { POST_ONLY_CODE, SIDE_CODES, TIME_CODES } from './order-reader.ts';
import { ReportLines } from './report-lines.ts';

/** BusinessRejectReason */
const APPLICATION_NOT_AVAILABLE = 4;

/** Whom reports on an order go to, and what the orders before it in its chain had traded. */
export interface Reported {
  client: FixClient;
  clientId: string;
  baseLots: number;
  baseAmount: number;
}

/** What a request is answered with that did not get as far as an order. */
export interface Refusal {
  text: string;
  /** OrdRejReason (103) or CxlRejReason (102) */
  code: number;
}

/** ExecutionReports, and what says that there is nothing to report: all that goes out of orders, in order by account. */
export class FixReports {
  readonly #services: Services;
  readonly #lines: ReportLines;
  readonly #started = Date.now().toString(36);
  #execution = 0;

  constructor(services: Services, lines = new ReportLines()) {
    this.#services = services;
    this.#lines = lines;
  }

  /** An id that no report has had. */
  nextId(): string {
    return `${this.#started}-${++this.#execution}`;
  }

  /** Sends a message behind what is to be reported before it. */
  tell(client: FixClient, type: string, fields: readonly FixField[]): void {
    this.#lines.tell(client.login.account, () => client.session.send(type, fields));
  }

  /** Does something once all is sent that a client is to be told by now. */
  behind(client: FixClient, then: () => void): void {
    this.#lines.behind(client.login.account, then);
  }

  /** Sends all that waits, now. */
  finish(): void {
    this.#lines.finish();
  }

  sayNotAvailable(client: FixClient, message: FixMessage, why: string): void {
    this.tell(client, MSG.BUSINESS_MESSAGE_REJECT, [
      [TAG.REF_SEQ_NUM, message.get(TAG.MSG_SEQ_NUM)],
      [TAG.REF_MSG_TYPE, message.type],
      [TAG.BUSINESS_REJECT_REF_ID, message.get(TAG.CL_ORD_ID)],
      [TAG.BUSINESS_REJECT_REASON, APPLICATION_NOT_AVAILABLE],
      [TAG.TEXT, why],
    ]);
  }

  /** Reports an order. @param order a copy: as it is to be reported, whatever becomes of it meanwhile */
  send(reported: Reported, order: Order, execution: string, status: string, more: readonly FixField[]): void {
    this.#lines.tell(order.account, () => this.#send(reported, order, execution, status, more));
  }

  #send({ client, baseLots, baseAmount }: Reported, order: Order, execution: string, status: string, more: readonly FixField[]): void {
    const instrument = this.#services.market.instruments[order.instrument];
    const quantity = (lots: number) => trim(instrument.formatQuantity(lots));
    const lots = baseLots + order.quantity - order.left;
    const isOver = status === codes.CANCELED || status === codes.EXPIRED;
    const amount = baseAmount + order.executedAmount;
    const { quote, base } = instrument;
    client.session.send(MSG.EXECUTION_REPORT, [
      [TAG.ORDER_ID, order.id],
      [TAG.EXEC_ID, this.nextId()],
      [TAG.EXEC_TYPE, execution],
      [TAG.ORD_STATUS, status],
      ...more,
      [TAG.SYMBOL, instrument.symbol],
      [TAG.SIDE, SIDE_CODES[order.side]],
      [TAG.ORDER_QTY, quantity(baseLots + order.quantity)],
      ...termsOf(order, instrument, client.session.isFixt),
      [TAG.LEAVES_QTY, isOver ? '0' : quantity(order.left)],
      [TAG.CUM_QTY, quantity(lots)],
      [TAG.AVG_PX, codes.averagePrice(amount, lots * instrument.lotUnits, quote.scale, base.scale)],
      [TAG.TRANSACT_TIME, fixTime(Math.floor(order.updateTime / 1000))],
    ]);
  }

  /** A report on a request that is no order: refused, not known, or on its way. */
  sendWithoutOrder(
    client: FixClient,
    message: FixMessage,
    execution: string,
    status: string,
    refusal: Refusal | undefined,
    text = '',
  ): void {
    this.tell(client, MSG.EXECUTION_REPORT, [
      [TAG.ORDER_ID, 'NONE'],
      [TAG.EXEC_ID, this.nextId()],
      [TAG.EXEC_TYPE, execution],
      [TAG.ORD_STATUS, status],
      [TAG.CL_ORD_ID, message.get(TAG.CL_ORD_ID)],
      [TAG.SYMBOL, message.get(TAG.SYMBOL)],
      [TAG.SIDE, message.get(TAG.SIDE)],
      [TAG.ORDER_QTY, message.get(TAG.ORDER_QTY)],
      [TAG.LEAVES_QTY, status === codes.PENDING_NEW ? message.get(TAG.ORDER_QTY) : '0'],
      [TAG.CUM_QTY, '0'],
      [TAG.AVG_PX, '0'],
      [TAG.ORD_REJ_REASON, refusal?.code],
      [TAG.TEXT, refusal?.text ?? text],
      [TAG.TRANSACT_TIME, fixTime(this.#services.now())],
    ]);
  }

  refuse(client: FixClient, message: FixMessage, refusal: Refusal): void {
    this.sendWithoutOrder(client, message, codes.REJECTED, codes.REJECTED, refusal);
  }

  /** OrderCancelReject: of a cancel request, or of a replace request. */
  refuseCancel(client: FixClient, message: FixMessage, order: Order | undefined, { text, code }: Refusal): void {
    this.tell(client, MSG.ORDER_CANCEL_REJECT, [
      [TAG.ORDER_ID, order?.id ?? 'NONE'],
      [TAG.CL_ORD_ID, message.get(TAG.CL_ORD_ID)],
      [TAG.ORIG_CL_ORD_ID, message.get(TAG.ORIG_CL_ORD_ID)],
      [TAG.ORD_STATUS, order === undefined ? codes.REJECTED : codes.ordStatus(order)],
      [TAG.CXL_REJ_RESPONSE_TO, message.type === MSG.ORDER_CANCEL_REQUEST ? '1' : '2'],
      [TAG.CXL_REJ_REASON, code],
      [TAG.TEXT, text],
    ]);
  }
}

/** What kind of order it is, as it was entered: a client may have nothing else to build its state from. */
function termsOf(order: Order, instrument: Instrument, isFixt: boolean): FixField[] {
  const { terms } = order;
  const price = (ticks: number) => (ticks > 0 ? trim(instrument.formatPrice(ticks)) : undefined);
  const quantity = (lots: number) => (lots > 0 ? trim(instrument.formatQuantity(lots)) : undefined);
  const isStop = triggerOf(terms?.flags ?? 0) !== NO_TRIGGER;
  const isOpenStop = isStop && order.left === order.quantity && order.status === ORDER_STATUS.NEW;
  return [
    [TAG.ORD_TYPE, codes.ordType(order)],
    [TAG.PRICE, order.kind === LIMIT || order.kind === MARKET_TO_LIMIT ? price(order.price) : undefined],
    [TAG.STOP_PX, price(terms?.stopPrice ?? 0)],
    [TAG.WORKING_INDICATOR, isOpenStop ? (order.waiting ? 'N' : 'Y') : undefined],
    [TAG.TIME_IN_FORCE, TIME_CODES[order.timeInForce]],
    [TAG.EXPIRE_TIME, terms !== undefined && terms.expiry > 0 ? fixTime(Math.floor(terms.expiry / 1000)) : undefined],
    [TAG.EXEC_INST, order.postOnly ? POST_ONLY_CODE : undefined],
    [TAG.MIN_QTY, quantity(terms?.minQuantity ?? 0)],
    [isFixt ? TAG.DISPLAY_QTY : TAG.MAX_FLOOR, quantity(terms?.display ?? 0)],
  ];
}

/** Without the zeros that the venue's own surface pads with. */
export function trim(decimal: string): string {
  return decimal.replace(/\.?0+$/, '');
}
