import { EVENT, event, IN_AUCTION, IS_MAKER, OF_CANCEL, PREVENTED } from '@outcry/market/event';
import { REASON } from '@outcry/market/reason';
import { STATE } from '@outcry/market/rules';
import { setU64 } from '@outcry/wire/layout';
import * as wire from '@outcry/wire/ouch50';
import type { Market } from '../../domain/market.ts';
import type { AnswerTo } from './answer-to.ts';
import { ADDED, BUY_LETTER, CONTINUOUS, cancelLetter, LIVE, NO_SWEEP, REJECT, REMOVED, rejectCode, SELL_LETTER, VISIBLE } from './codes.ts';
import { COPY_BYTES } from './command-sender.ts';
import { ASKED, channelOfHigh, loginOf } from './order-commands.ts';
import type { Flow, OuchPort } from './port.ts';

const letter = (text: string) => text.charCodeAt(0);
const OTHER_CAPACITY = letter('O');
const EXTENDED = letter('5');
const RESTATED = letter('R');
const BY_USER = letter('U');
const SELF_MATCH = letter('Q');
/** Trades in an auction: what the instrument's state makes of them (liquidity flags, appendix D). */
const AUCTION_LETTERS: Record<number, number> = {
  [STATE.PRE_OPEN]: letter('O'),
  [STATE.OPENING_AUCTION]: letter('O'),
  [STATE.CLOSING_AUCTION]: letter('C'),
  [STATE.VOLATILITY_AUCTION]: letter('H'),
};

const { HEAD, PLACE, ACCOUNT, ORDER_SLOT, ORDER_GENERATION, PRICE, QUANTITY, REMAINING, CLIENT_LOW, CLIENT_HIGH } = event;
const { F64_SEQUENCE, F64_TIME, F64_TRADE, F64_AMOUNT } = event;
const ENTER = wire.enterOrder.at;
const REPLACE = wire.replaceOrder.at;
const ACCEPTED = wire.accepted.at;
const REPLACED = wire.replaced.at;
const EXECUTED = wire.executed.at;
const CANCELLED = wire.cancelled.at;
const DAY_US = 86_400e6;

/** Turns what the engine tells into OUCH messages: those of orders that came through this gateway. */
export class OuchAnswers {
  readonly #gateway: AnswerTo;
  readonly #market: Market;
  readonly #dirty: OuchPort[] = [];
  readonly #states: number[] = [];
  /** id of the next order told of after a start */
  #id = 0;
  /** nanoseconds since midnight of the event's time, and that time */
  #timestamp = 0;
  #time = -1;
  /** the order that a replacement has just taken out: its slot's words are gone by the time the new one is told of */
  #replacedReference = 0;
  #replacedLots = 0;
  #replacedLeft = 0;
  #replacedLetters = 0;
  #replacedGroup = 0;

  constructor(gateway: AnswerTo, market: Market) {
    this.#gateway = gateway;
    this.#market = market;
  }

  /** Takes in one event that is durable. */
  apply(i32: Int32Array, f64: Float64Array, at: number): void {
    const kind = i32[at + HEAD] & 0xff;
    switch (kind) {
      case EVENT.ACCEPTED:
        this.#accepted(i32, f64, at);
        break;
      case EVENT.FILL:
        this.#fill(i32, f64, at);
        break;
      case EVENT.CANCELLED:
        this.#cancelled(i32, f64, at);
        break;
      case EVENT.REJECTED:
        this.#rejected(i32, f64, at);
        break;
      case EVENT.AMENDED:
        this.#amended(i32, f64, at);
        break;
      case EVENT.SHOWN:
        this.#shown(i32, f64, at);
        break;
      case EVENT.ORDER_ID:
        this.#id = f64[(at >> 1) + F64_AMOUNT];
        break;
      case EVENT.OPEN_ORDER:
        this.#open(i32, at);
        break;
      case EVENT.STATE:
        this.#states[i32[at + PLACE] & 0xffff] = i32[at + PLACE] >>> 16;
    }
  }

  /** Puts what was said into the logs, and on its way. */
  flush(): void {
    for (const port of this.#dirty) {
      port.isDirty = false;
      port.log.flush();
    }
    this.#dirty.length = 0;
  }

  // ── What the engine tells ────────────────────────────────────────────────────────────────────────────────────────────────

  #accepted(i32: Int32Array, f64: Float64Array, at: number): void {
    if (i32[at + CLIENT_HIGH] >= 0) return; // no number of a session
    const { sender, table } = this.#gateway;
    const place = sender.match(f64[(at >> 1) + F64_SEQUENCE]);
    if (place < 0) return;
    const flow = table.flows[sender.flows[place]];
    const reference = i32[at + CLIENT_LOW] >>> 0;
    const slot = i32[at + ORDER_SLOT];
    const { copies } = sender;
    const from = place * COPY_BYTES;
    const instrument = i32[at + PLACE] & 0xffff;
    const isReplacement = sender.kinds[place] === ASKED.REPLACE;
    const port = this.#gateway.portOf(flow);
    table.add(flow, reference, slot, i32[at + ORDER_GENERATION], instrument);
    table.setLots(slot, i32[at + PRICE], isReplacement ? this.#replacedLots : 0, 0, i32[at + REMAINING]);
    table.setLetters(slot, isReplacement ? this.#lettersOfReplacement(copies, from) : lettersOfEntry(copies, from));
    table.setGroup(slot, sender.groups[place] === 0 && isReplacement ? this.#replacedGroup : sender.groups[place]);
    table.setTold(slot, this.#gateway.session);
    this.#stamp(f64[(at >> 1) + F64_TIME]);
    const id = f64[(at >> 1) + F64_SEQUENCE]; // of an order that is in no list
    table.setId(slot, id);
    if (isReplacement) this.#writeReplaced(port, flow, i32, at, copies, from, reference, id);
    else this.#writeAccepted(port, flow, copies, from, id);
    this.#gateway.settle(flow, reference);
    if (reference <= flow.goneUpTo) this.#gateway.cancelGone(flow, slot);
  }

  /** Side and capacity stay, time in force and display are new. */
  #lettersOfReplacement(copies: DataView, from: number): number {
    const terms = (copies.getUint8(from + REPLACE.timeInForce) << 16) | (copies.getUint8(from + REPLACE.display) << 24);
    return (this.#replacedLetters & 0xffff) | terms;
  }

  #writeAccepted(port: OuchPort, flow: Flow, copies: DataView, from: number, id: number): void {
    const to = this.#begin(port, flow, wire.accepted, true);
    const { view } = port.log;
    copy(copies, from + ENTER.userRef, view, to + ACCEPTED.userRef, 27); // reference to display: the same on both ways
    setU64(view, to + ACCEPTED.orderRef, id);
    copy(copies, from + ENTER.capacity, view, to + ACCEPTED.capacity, 3);
    view.setUint8(to + ACCEPTED.state, LIVE);
    copy(copies, from + ENTER.clientOrderId, view, to + ACCEPTED.clientOrderId, 14);
    this.#finish(port, flow, to, wire.accepted.length, true);
  }

  #writeReplaced(
    port: OuchPort,
    flow: Flow,
    i32: Int32Array,
    at: number,
    copies: DataView,
    from: number,
    reference: number,
    id: number,
  ): void {
    const instrument = this.#market.instruments[i32[at + PLACE] & 0xffff];
    const to = this.#begin(port, flow, wire.replaced, true);
    const { view } = port.log;
    view.setUint32(to + REPLACED.originalRef, this.#replacedReference);
    view.setUint32(to + REPLACED.userRef, reference);
    view.setUint8(to + REPLACED.side, this.#replacedLetters & 0xff);
    view.setUint32(to + REPLACED.quantity, i32[at + QUANTITY]);
    wire.replaced.fields.symbol.set(view, to + REPLACED.symbol, instrument.wireSymbol);
    copy(copies, from + REPLACE.price, view, to + REPLACED.price, 10); // price, time in force, display
    setU64(view, to + REPLACED.orderRef, id);
    view.setUint8(to + REPLACED.capacity, (this.#replacedLetters >>> 8) & 0xff);
    view.setUint8(to + REPLACED.sweep, copies.getUint8(from + REPLACE.sweep));
    view.setUint8(to + REPLACED.crossType, CONTINUOUS);
    view.setUint8(to + REPLACED.state, LIVE);
    copy(copies, from + REPLACE.clientOrderId, view, to + REPLACED.clientOrderId, 14);
    this.#finish(port, flow, to, wire.replaced.length, true);
  }

  #fill(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = i32[at + ORDER_SLOT];
    const { table } = this.#gateway;
    const flow = table.flowOf(slot);
    if (flow === undefined) return;
    const flags = (i32[at + HEAD] >>> 16) & 0xff;
    const instrument = i32[at + PLACE] & 0xffff;
    const port = this.#gateway.portOf(flow);
    this.tellOnce(port, flow, slot);
    this.#stamp(f64[(at >> 1) + F64_TIME]);
    const to = this.#begin(port, flow, wire.executed, true);
    const { view } = port.log;
    view.setUint32(to + EXECUTED.userRef, table.referenceOf(slot));
    view.setUint32(to + EXECUTED.quantity, i32[at + QUANTITY]);
    setU64(view, to + EXECUTED.price, i32[at + PRICE] * this.#market.instruments[instrument].wireTick);
    const plain = (flags & IS_MAKER) !== 0 ? ADDED : REMOVED;
    view.setUint8(to + EXECUTED.liquidity, (flags & IN_AUCTION) === 0 ? plain : (AUCTION_LETTERS[this.#states[instrument]] ?? plain));
    setU64(view, to + EXECUTED.match, f64[(at >> 1) + F64_TRADE]);
    this.#finish(port, flow, to, wire.executed.length, true);
    if (i32[at + REMAINING] === 0) table.remove(slot);
    else table.trade(slot, i32[at + QUANTITY], i32[at + REMAINING]);
  }

  #cancelled(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = i32[at + ORDER_SLOT];
    const { table, sender } = this.#gateway;
    const flow = table.flowOf(slot);
    if (flow === undefined) return;
    this.tellOnce(this.#gateway.portOf(flow), flow, slot);
    const reason = i32[at + PLACE] >>> 16;
    const reference = table.referenceOf(slot);
    if (reason === REASON.REPLACED && sender.match(f64[(at >> 1) + F64_SEQUENCE]) >= 0) {
      this.#replacedReference = reference;
      this.#replacedLots = table.tradedOf(slot);
      this.#replacedLetters = table.lettersOf(slot);
      this.#replacedGroup = table.groupOf(slot);
      this.#replacedLeft = i32[at + REMAINING];
    } else this.#cancel(flow, reference, i32[at + REMAINING], cancelLetter(reason), f64[(at >> 1) + F64_TIME]);
    table.remove(slot);
  }

  #cancel(flow: Flow, reference: number, lots: number, reason: number, time: number): void {
    const port = this.#gateway.portOf(flow);
    this.#stamp(time);
    const to = this.#begin(port, flow, wire.cancelled, false);
    port.log.view.setUint32(to + CANCELLED.userRef, reference);
    port.log.view.setUint32(to + CANCELLED.quantity, lots);
    port.log.view.setUint8(to + CANCELLED.reason, reason);
    this.#finish(port, flow, to, wire.cancelled.length, false);
  }

  #rejected(i32: Int32Array, f64: Float64Array, at: number): void {
    const { sender, table } = this.#gateway;
    const place = sender.match(f64[(at >> 1) + F64_SEQUENCE]);
    if (place < 0) return;
    const asked = sender.kinds[place];
    if (asked > ASKED.REPLACE) return; // OUCH says nothing of a cancel that came too late (2.3)
    const flow = table.flows[sender.flows[place]];
    const port = this.#gateway.portOf(flow);
    const from = place * COPY_BYTES;
    const isReplacement = asked === ASKED.REPLACE;
    const reference = sender.copies.getUint32(from + (isReplacement ? REPLACE.userRef : ENTER.userRef));
    const time = f64[(at >> 1) + F64_TIME];
    const reason = i32[at + PLACE] >>> 16;
    // The order is out by now; what is too small after what it traded is meant as a cancel (2.2).
    const isOut = isReplacement && ((i32[at + HEAD] >>> 16) & OF_CANCEL) === 0;
    if (isOut) this.#cancel(flow, this.#replacedReference, this.#replacedLeft, BY_USER, time);
    this.#stamp(time);
    if (!isOut || reason !== REASON.INVALID_QUANTITY)
      this.reject(
        port,
        flow,
        reference,
        rejectCode(reason),
        sender.copies,
        from + (isReplacement ? REPLACE.clientOrderId : ENTER.clientOrderId),
      );
    this.#gateway.settle(flow, reference);
  }

  #amended(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = i32[at + ORDER_SLOT];
    const { table, sender } = this.#gateway;
    const flow = table.flowOf(slot);
    if (flow === undefined) return;
    const port = this.#gateway.portOf(flow);
    this.tellOnce(port, flow, slot);
    const time = f64[(at >> 1) + F64_TIME];
    const off = f64[(at >> 1) + F64_AMOUNT];
    const isPrevented = ((i32[at + HEAD] >>> 16) & PREVENTED) !== 0;
    const place = isPrevented ? -1 : sender.match(f64[(at >> 1) + F64_SEQUENCE]);
    table.setLeft(slot, i32[at + REMAINING]);
    if (place >= 0 && sender.kinds[place] === ASKED.MODIFY) {
      this.#stamp(time);
      this.#writeModified(port, flow, slot);
    } else this.#cancel(flow, table.referenceOf(slot), off, isPrevented ? SELF_MATCH : BY_USER, time);
  }

  #writeModified(port: OuchPort, flow: Flow, slot: number): void {
    const { table } = this.#gateway;
    const to = this.#begin(port, flow, wire.modified, false);
    port.log.view.setUint32(to + wire.modified.at.userRef, table.referenceOf(slot));
    port.log.view.setUint8(to + wire.modified.at.side, table.lettersOf(slot) & 0xff);
    port.log.view.setUint32(to + wire.modified.at.quantity, table.leftOf(slot));
    this.#finish(port, flow, to, wire.modified.length, false);
  }

  /** An iceberg shows its next piece. */
  #shown(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = i32[at + ORDER_SLOT];
    const flow = this.#gateway.table.flowOf(slot);
    if (flow === undefined || i32[at + PRICE] === 0) return;
    const port = this.#gateway.portOf(flow);
    this.tellOnce(port, flow, slot);
    this.#stamp(f64[(at >> 1) + F64_TIME]);
    const { TAG, restated } = wire;
    const to = port.log.claim(restated.length + 2 + 6 + (flow.channel === 0 ? 0 : 3));
    this.#head(port, to, restated);
    port.log.view.setUint32(to + restated.at.userRef, this.#gateway.table.referenceOf(slot));
    port.log.view.setUint8(to + restated.at.reason, RESTATED);
    const tags = appendage.open(port.log.view, to + restated.length).u32(TAG.DISPLAY_QUANTITY, i32[at + QUANTITY]);
    if (flow.channel !== 0) tags.u8(TAG.USER_REF_INDEX, flow.channel);
    tags.finish();
    this.#written(port);
  }

  /** After a start: an order of an earlier session. Its login is told of it when it has a session. */
  #open(i32: Int32Array, at: number): void {
    const high = i32[at + CLIENT_HIGH];
    if (high >= 0) return;
    const gateway = this.#gateway;
    const { table } = gateway;
    const login = gateway.login(loginOf(high));
    const flow = gateway.flow(login.number, channelOfHigh(high), i32[at + ACCOUNT]);
    const slot = i32[at + ORDER_SLOT];
    const reference = i32[at + CLIENT_LOW] >>> 0;
    const side = (i32[at + HEAD] & 0x100) === 0 ? BUY_LETTER : SELL_LETTER;
    const left = i32[at + REMAINING];
    table.add(flow, reference, slot, i32[at + ORDER_GENERATION], i32[at + PLACE] & 0xffff);
    table.setId(slot, this.#id);
    table.setLots(slot, i32[at + PRICE], 0, i32[at + QUANTITY] - left, left);
    table.setLetters(slot, side | (OTHER_CAPACITY << 8) | (EXTENDED << 16) | (VISIBLE << 24));
    table.setTold(slot, 0);
    if (!login.cancelOnDisconnect) return;
    flow.goneUpTo = Math.max(flow.goneUpTo, reference); // its connection did not live through the start
    gateway.cancelGone(flow, slot);
  }

  /** Tells of an open order that its login's session has not been told of: with what is left of it. */
  tellOnce(port: OuchPort, flow: Flow, slot: number): void {
    const { table, session } = this.#gateway;
    if (table.toldOf(slot) === session) return;
    table.setTold(slot, session);
    const instrument = this.#market.instruments[table.instrumentOf(slot)];
    const letters = table.lettersOf(slot);
    this.#stampNow();
    const to = this.#begin(port, flow, wire.accepted, true);
    const order = shown.wrap(port.log.view, to);
    order.userRef = table.referenceOf(slot);
    order.side = letters & 0xff;
    order.quantity = table.leftOf(slot);
    order.symbol = instrument.wireSymbol;
    order.price = table.priceOf(slot) * instrument.wireTick;
    order.timeInForce = (letters >>> 16) & 0xff;
    order.display = letters >>> 24;
    order.orderRef = table.idOf(slot);
    order.capacity = (letters >>> 8) & 0xff;
    order.sweep = NO_SWEEP;
    order.crossType = CONTINUOUS;
    order.state = LIVE;
    order.clientOrderId = '';
    this.#finish(port, flow, to, wire.accepted.length, true);
  }

  // ── What the gateway says by itself ──────────────────────────────────────────────────────────────────────────────────────

  systemEvent(port: OuchPort, code: string): void {
    this.#stampNow();
    const to = port.log.claim(wire.systemEvent.length);
    this.#head(port, to, wire.systemEvent);
    port.log.view.setUint8(to + wire.systemEvent.at.event, letter(code));
    this.#written(port);
  }

  reject(port: OuchPort, flow: Flow, reference: number, reason: number, from: DataView, clientOrderId: number): void {
    this.#stampNow();
    const to = this.#begin(port, flow, wire.rejected, false);
    port.log.view.setUint32(to + wire.rejected.at.userRef, reference);
    port.log.view.setUint16(to + wire.rejected.at.reason, reason);
    copy(from, clientOrderId, port.log.view, to + wire.rejected.at.clientOrderId, 14);
    this.#finish(port, flow, to, wire.rejected.length, false);
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
    this.#gateway.settle(flow, number);
    this.reject(this.#gateway.portOf(flow), flow, number, REJECT.PROCESSING_ERROR, sender.copies, from + id);
  }

  accountQuery(port: OuchPort, flow: Flow): void {
    this.#stampNow();
    const to = this.#begin(port, flow, wire.accountQueryResponse, false);
    port.log.view.setUint32(to + wire.accountQueryResponse.at.nextUserRef, flow.last + 1); // 0 after the last that there is
    this.#finish(port, flow, to, wire.accountQueryResponse.length, false);
  }

  /** A cancel or modification is refused: the order is as it was. */
  cancelReject(port: OuchPort, flow: Flow, slot: number): void {
    this.#stampNow();
    const to = this.#begin(port, flow, wire.cancelReject, false);
    port.log.view.setUint32(to + wire.cancelReject.at.userRef, this.#gateway.table.referenceOf(slot));
    this.#finish(port, flow, to, wire.cancelReject.length, false);
  }

  /** Another side was said of an order, and nothing else. */
  modified(port: OuchPort, flow: Flow, slot: number): void {
    this.#stampNow();
    this.#writeModified(port, flow, slot);
  }

  /** Answers Disable and Enable Order Entry. */
  entrySwitched(port: OuchPort, flow: Flow, view: DataView, at: number): void {
    const answer = port.isDisabled ? wire.disableResponse : wire.enableResponse;
    this.#stampNow();
    const to = this.#begin(port, flow, answer, true);
    copy(view, at + wire.disableEntry.at.userRef, port.log.view, to + answer.at.userRef, 8);
    this.#finish(port, flow, to, answer.length, true);
  }

  /** Says that a mass cancel is under way, with what it asked; each order is told of by itself. */
  massCancelled(port: OuchPort, view: DataView, at: number, elements: number, end: number): void {
    const answer = wire.massCancelResponse;
    const tags = Math.max(0, end - elements);
    this.#stampNow();
    const to = port.log.claim(answer.length + 2 + tags);
    this.#head(port, to, answer);
    copy(view, at + wire.massCancel.at.userRef, port.log.view, to + answer.at.userRef, 16);
    port.log.view.setUint16(to + answer.length, tags);
    copy(view, elements, port.log.view, to + answer.length + 2, tags);
    this.#written(port);
  }

  // ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param isOpen whether the message always has an appendage's length; others have one only for a channel that is not 0 */
  #begin(port: OuchPort, flow: Flow, type: { type: number; length: number }, isOpen: boolean): number {
    const tags = flow.channel === 0 ? (isOpen ? 2 : 0) : 5;
    const to = port.log.claim(type.length + tags);
    this.#head(port, to, type);
    return to;
  }

  #head(port: OuchPort, to: number, { type }: { type: number }): void {
    port.log.view.setUint8(to, type);
    setU64(port.log.view, to + 1, this.#timestamp);
  }

  #finish(port: OuchPort, flow: Flow, to: number, length: number, isOpen: boolean): void {
    if (flow.channel !== 0)
      appendage
        .open(port.log.view, to + length)
        .u8(wire.TAG.USER_REF_INDEX, flow.channel)
        .finish();
    else if (isOpen) port.log.view.setUint16(to + length, 0);
    this.#written(port);
  }

  #written(port: OuchPort): void {
    if (port.isDirty) return;
    port.isDirty = true;
    this.#dirty.push(port);
  }

  #stamp(time: number): void {
    if (time === this.#time) return;
    this.#time = time;
    this.#timestamp = (time % DAY_US) * 1000;
  }

  #stampNow(): void {
    this.#time = -1;
    this.#timestamp = ((Date.now() * 1000) % DAY_US) * 1000;
  }
}

const appendage = new wire.AppendageWriter();
const shown = new wire.accepted.View();

/** Side, capacity, time in force and display of an Enter Order. */
function lettersOfEntry(copies: DataView, from: number): number {
  const terms = (copies.getUint8(from + ENTER.timeInForce) << 16) | (copies.getUint8(from + ENTER.display) << 24);
  return copies.getUint8(from + ENTER.side) | (copies.getUint8(from + ENTER.capacity) << 8) | terms;
}

function copy(from: DataView, at: number, to: DataView, toAt: number, bytes: number): void {
  let i = 0;
  for (; i + 4 <= bytes; i += 4) to.setUint32(toAt + i, from.getUint32(at + i));
  for (; i < bytes; i++) to.setUint8(toAt + i, from.getUint8(at + i));
}
