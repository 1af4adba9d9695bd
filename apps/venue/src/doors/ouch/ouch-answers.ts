import { codeOf } from '@outcry/wire/layout';
import * as wire from '@outcry/wire/ouch50';
import type { Market } from '../../domain/market.ts';
import type { AnswerTo } from './answer-to.ts';
import { type AnswerWriter, APPENDAGE_HEAD, copyBytes, ID_BYTES } from './answer-writer.ts';
import { CONTINUOUS, LIVE, NO_SWEEP, REJECT } from './codes.ts';
import { COPY_BYTES } from './command-sender.ts';
import { ASKED } from './order-commands.ts';
import { capacityLetterOf, displayLetterOf, sideLetterOf, timeInForceLetterOf } from './order-letters.ts';
import type { Flow, OuchPort } from './port.ts';

const ENTER = wire.enterOrder.at;
const REPLACE = wire.replaceOrder.at;

/** Messages that the door sends by itself: refusals, answers to queries, and which orders are open when a session begins. */
export class OuchAnswers {
  readonly #gateway: AnswerTo;
  readonly #market: Market;
  readonly #writer: AnswerWriter;

  constructor(gateway: AnswerTo, market: Market, writer: AnswerWriter) {
    this.#gateway = gateway;
    this.#market = market;
    this.#writer = writer;
  }

  /** States an open order that was not stated in its login's session yet: with what is left of it. */
  stateOnce(port: OuchPort, flow: Flow, slot: number): void {
    const { table, session } = this.#gateway;
    if (table.statedIn(slot) === session) return;
    table.setStatedIn(slot, session);
    const instrument = this.#market.instruments[table.instrumentOf(slot)];
    const letters = table.lettersOf(slot);
    this.#writer.stampNow();
    const to = this.#writer.begin(port, flow, wire.accepted, true);
    const order = shown.wrap(port.log.view, to);
    order.userRef = table.referenceOf(slot);
    order.side = sideLetterOf(letters);
    order.quantity = table.leftOf(slot);
    order.symbol = instrument.wireSymbol;
    order.price = table.priceOf(slot) * instrument.wireTick;
    order.timeInForce = timeInForceLetterOf(letters);
    order.display = displayLetterOf(letters);
    order.orderRef = table.idOf(slot);
    order.capacity = capacityLetterOf(letters);
    order.sweep = NO_SWEEP;
    order.crossType = CONTINUOUS;
    order.state = LIVE;
    order.clientOrderId = '';
    this.#writer.finish(port, flow, to, wire.accepted, true);
  }

  systemEvent(port: OuchPort, code: string): void {
    this.#writer.stampNow();
    const to = this.#writer.claim(port, wire.systemEvent, 0);
    port.log.view.setUint8(to + wire.systemEvent.at.event, codeOf(code));
    this.#writer.written(port);
  }

  reject(port: OuchPort, flow: Flow, reference: number, reason: number, from: DataView, clientOrderId: number): void {
    this.#writer.stampNow();
    const to = this.#writer.begin(port, flow, wire.rejected, false);
    port.log.view.setUint32(to + wire.rejected.at.userRef, reference);
    port.log.view.setUint16(to + wire.rejected.at.reason, reason);
    copyBytes(from, clientOrderId, port.log.view, to + wire.rejected.at.clientOrderId, ID_BYTES);
    this.#writer.finish(port, flow, to, wire.rejected, false);
  }

  /** A command that was in the batch found no room in the ring. */
  refuse(place: number): void {
    const { sender, table } = this.#gateway;
    const asked = sender.kinds[place];
    if (asked > ASKED.REPLACE) return;
    const flow = table.flows[sender.flows[place]];
    const from = place * COPY_BYTES;
    const [reference, id] = asked === ASKED.REPLACE ? [REPLACE.userRef, REPLACE.clientOrderId] : [ENTER.userRef, ENTER.clientOrderId];
    const number = sender.copies.getUint32(from + reference);
    this.#gateway.conclude(flow, number);
    this.reject(this.#gateway.portOf(flow), flow, number, REJECT.PROCESSING_ERROR, sender.copies, from + id);
  }

  accountQuery(port: OuchPort, flow: Flow): void {
    this.#writer.stampNow();
    const to = this.#writer.begin(port, flow, wire.accountQueryResponse, false);
    port.log.view.setUint32(to + wire.accountQueryResponse.at.nextUserRef, flow.last + 1); // 0 after the last that there is
    this.#writer.finish(port, flow, to, wire.accountQueryResponse, false);
  }

  /** A cancel or modification is refused: the order is as it was. */
  cancelReject(port: OuchPort, flow: Flow, slot: number): void {
    this.#writer.stampNow();
    const to = this.#writer.begin(port, flow, wire.cancelReject, false);
    port.log.view.setUint32(to + wire.cancelReject.at.userRef, this.#gateway.table.referenceOf(slot));
    this.#writer.finish(port, flow, to, wire.cancelReject, false);
  }

  /** Another side was said of an order, and nothing else. */
  sideModified(port: OuchPort, flow: Flow, slot: number): void {
    this.#writer.stampNow();
    this.modified(port, flow, slot);
  }

  /** An order is what its client made of it, at the time set last. */
  modified(port: OuchPort, flow: Flow, slot: number): void {
    const { table } = this.#gateway;
    const to = this.#writer.begin(port, flow, wire.modified, false);
    port.log.view.setUint32(to + wire.modified.at.userRef, table.referenceOf(slot));
    port.log.view.setUint8(to + wire.modified.at.side, sideLetterOf(table.lettersOf(slot)));
    port.log.view.setUint32(to + wire.modified.at.quantity, table.leftOf(slot));
    this.#writer.finish(port, flow, to, wire.modified, false);
  }

  /** Answers Disable and Enable Order Entry. */
  entrySwitched(port: OuchPort, flow: Flow, view: DataView, at: number): void {
    const answer = port.isDisabled ? wire.disableResponse : wire.enableResponse;
    this.#writer.stampNow();
    const to = this.#writer.begin(port, flow, answer, true);
    copyBytes(view, at + wire.disableEntry.at.userRef, port.log.view, to + answer.at.userRef, 8);
    this.#writer.finish(port, flow, to, answer, true);
  }

  /** Says that a mass cancel is under way, with what it asked; each order is told of by itself. */
  massCancelled(port: OuchPort, view: DataView, at: number, elements: number, end: number): void {
    const answer = wire.massCancelResponse;
    const tags = Math.max(0, end - elements);
    this.#writer.stampNow();
    const to = this.#writer.claim(port, answer, APPENDAGE_HEAD + tags);
    copyBytes(view, at + wire.massCancel.at.userRef, port.log.view, to + answer.at.userRef, 16);
    port.log.view.setUint16(to + answer.length, tags);
    copyBytes(view, elements, port.log.view, to + answer.length + APPENDAGE_HEAD, tags);
    this.#writer.written(port);
  }
}

const shown = new wire.accepted.View();
