/** Answers OUCH clients from the engine's events. */
import { EVENT, event, IN_AUCTION, IS_MAKER, OF_CANCEL, PREVENTED } from '@outcry/market/event';
import { flagsOf, instrumentOf, kindOf, reasonOf, sideOf, stateOf } from '@outcry/market/event-reader';
import { BUY } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { TRADING_STATE } from '@outcry/market/states';
import { codeOf, setU64 } from '@outcry/wire/layout';
import * as wire from '@outcry/wire/ouch50';
import type { Market } from '../../domain/market.ts';
import type { AnswerTo } from './answer-to.ts';
import { type AnswerWriter, APPENDAGE_HEAD, CHANNEL_TAG, copyBytes, ID_BYTES } from './answer-writer.ts';
import { ADDED, BUY_LETTER, CONTINUOUS, cancelLetter, LIVE, REMOVED, rejectCode, SELL_LETTER, VISIBLE } from './codes.ts';
import { COPY_BYTES } from './command-sender.ts';
import { ASKED, channelOfHigh, loginOf } from './order-commands.ts';
import { capacityLetterOf, packLetters, sideLetterOf } from './order-letters.ts';
import type { OuchAnswers } from './ouch-answers.ts';
import type { Flow, OuchPort } from './port.ts';

const OTHER_CAPACITY = codeOf('O');
const EXTENDED = codeOf('5');
const RESTATED = codeOf('R');
const BY_USER = codeOf('U');
const SELF_MATCH = codeOf('Q');
/** Trades in an auction: what the instrument's state makes of them (liquidity flags, appendix D). */
const AUCTION_LETTERS: Record<number, number> = {
  [TRADING_STATE.PRE_OPEN]: codeOf('O'),
  [TRADING_STATE.OPENING_AUCTION]: codeOf('O'),
  [TRADING_STATE.CLOSING_AUCTION]: codeOf('C'),
  [TRADING_STATE.VOLATILITY_AUCTION]: codeOf('H'),
};

const { ACCOUNT, ORDER_SLOT, ORDER_GENERATION, PRICE, QUANTITY, REMAINING, CLIENT_LOW, CLIENT_HIGH } = event;
const { F64_SEQUENCE, F64_TIME, F64_TRADE, F64_AMOUNT, F64_ORDER_ID } = event;
const ENTER = wire.enterOrder.at;
const REPLACE = wire.replaceOrder.at;
const ACCEPTED = wire.accepted.at;
const REPLACED = wire.replaced.at;
const EXECUTED = wire.executed.at;
const CANCELLED = wire.cancelled.at;
/** Bytes of fields that lie alike in what a client sends and in what it is sent, with the first and the last of them. */
const REFERENCE_TO_DISPLAY = ENTER.display + 1 - ENTER.userRef;
const CAPACITY_TO_CROSS_TYPE = ENTER.crossType + 1 - ENTER.capacity;
const PRICE_TO_DISPLAY = REPLACE.display + 1 - REPLACE.price;
/** Bytes of the tag that says how much an iceberg shows. */
const DISPLAY_TAG = 6;

const appendage = new wire.AppendageWriter();

/** Turns what the engine tells into OUCH messages: those of orders that came through this gateway. */
export class EventAnswers {
  readonly #gateway: AnswerTo;
  readonly #market: Market;
  readonly #writer: AnswerWriter;
  readonly #answers: OuchAnswers;
  readonly #states: number[] = [];
  /** id of the next order told of after a start */
  #id = 0;
  /** the order that a replacement has just taken out: its slot's words are gone by the time the new one is told of */
  #replacedReference = 0;
  #replacedLots = 0;
  #replacedLeft = 0;
  #replacedLetters = 0;
  #replacedGroup = 0;

  constructor(gateway: AnswerTo, market: Market, writer: AnswerWriter, answers: OuchAnswers) {
    this.#gateway = gateway;
    this.#market = market;
    this.#writer = writer;
    this.#answers = answers;
  }

  /** Takes in one event that is durable. */
  apply(i32: Int32Array, f64: Float64Array, at: number): void {
    const kind = kindOf(i32, at);
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
        this.#id = f64[(at >> 1) + F64_ORDER_ID];
        break;
      case EVENT.OPEN_ORDER:
        this.#open(i32, at);
        break;
      case EVENT.STATE:
        this.#states[instrumentOf(i32, at)] = stateOf(i32, at);
    }
  }

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
    const instrument = instrumentOf(i32, at);
    const isReplacement = sender.kinds[place] === ASKED.REPLACE;
    const port = this.#gateway.portOf(flow);
    table.add(flow, reference, slot, i32[at + ORDER_GENERATION], instrument);
    table.setLots(slot, i32[at + PRICE], isReplacement ? this.#replacedLots : 0, 0, i32[at + REMAINING]);
    table.setLetters(slot, isReplacement ? this.#lettersOfReplacement(copies, from) : lettersOfEntry(copies, from));
    table.setGroup(slot, sender.groups[place] === 0 && isReplacement ? this.#replacedGroup : sender.groups[place]);
    table.setStatedIn(slot, this.#gateway.session);
    this.#writer.stamp(f64[(at >> 1) + F64_TIME]);
    const id = f64[(at >> 1) + F64_SEQUENCE]; // of an order that is in no list
    table.setId(slot, id);
    if (isReplacement) this.#writeReplaced(port, flow, i32, at, copies, from, reference, id);
    else this.#writeAccepted(port, flow, copies, from, id);
    this.#gateway.conclude(flow, reference);
    if (reference <= flow.goneUpTo) this.#gateway.cancelGone(flow, slot);
  }

  /** Side and capacity stay, time in force and display are new. */
  #lettersOfReplacement(copies: DataView, from: number): number {
    const letters = this.#replacedLetters;
    const timeInForce = copies.getUint8(from + REPLACE.timeInForce);
    return packLetters(sideLetterOf(letters), capacityLetterOf(letters), timeInForce, copies.getUint8(from + REPLACE.display));
  }

  #writeAccepted(port: OuchPort, flow: Flow, copies: DataView, from: number, id: number): void {
    const to = this.#writer.begin(port, flow, wire.accepted, true);
    const { view } = port.log;
    copyBytes(copies, from + ENTER.userRef, view, to + ACCEPTED.userRef, REFERENCE_TO_DISPLAY);
    setU64(view, to + ACCEPTED.orderRef, id);
    copyBytes(copies, from + ENTER.capacity, view, to + ACCEPTED.capacity, CAPACITY_TO_CROSS_TYPE);
    view.setUint8(to + ACCEPTED.state, LIVE);
    copyBytes(copies, from + ENTER.clientOrderId, view, to + ACCEPTED.clientOrderId, ID_BYTES);
    this.#writer.finish(port, flow, to, wire.accepted, true);
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
    const instrument = this.#market.instruments[instrumentOf(i32, at)];
    const to = this.#writer.begin(port, flow, wire.replaced, true);
    const { view } = port.log;
    view.setUint32(to + REPLACED.originalRef, this.#replacedReference);
    view.setUint32(to + REPLACED.userRef, reference);
    view.setUint8(to + REPLACED.side, sideLetterOf(this.#replacedLetters));
    view.setUint32(to + REPLACED.quantity, i32[at + QUANTITY]);
    wire.replaced.fields.symbol.set(view, to + REPLACED.symbol, instrument.wireSymbol);
    copyBytes(copies, from + REPLACE.price, view, to + REPLACED.price, PRICE_TO_DISPLAY);
    setU64(view, to + REPLACED.orderRef, id);
    view.setUint8(to + REPLACED.capacity, capacityLetterOf(this.#replacedLetters));
    view.setUint8(to + REPLACED.sweep, copies.getUint8(from + REPLACE.sweep));
    view.setUint8(to + REPLACED.crossType, CONTINUOUS);
    view.setUint8(to + REPLACED.state, LIVE);
    copyBytes(copies, from + REPLACE.clientOrderId, view, to + REPLACED.clientOrderId, ID_BYTES);
    this.#writer.finish(port, flow, to, wire.replaced, true);
  }

  #fill(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = i32[at + ORDER_SLOT];
    const { table } = this.#gateway;
    const flow = table.flowOf(slot);
    if (flow === undefined) return;
    const flags = flagsOf(i32, at);
    const instrument = instrumentOf(i32, at);
    const port = this.#gateway.portOf(flow);
    this.#answers.stateOnce(port, flow, slot);
    this.#writer.stamp(f64[(at >> 1) + F64_TIME]);
    const to = this.#writer.begin(port, flow, wire.executed, true);
    const { view } = port.log;
    view.setUint32(to + EXECUTED.userRef, table.referenceOf(slot));
    view.setUint32(to + EXECUTED.quantity, i32[at + QUANTITY]);
    setU64(view, to + EXECUTED.price, i32[at + PRICE] * this.#market.instruments[instrument].wireTick);
    const plain = (flags & IS_MAKER) !== 0 ? ADDED : REMOVED;
    view.setUint8(to + EXECUTED.liquidity, (flags & IN_AUCTION) === 0 ? plain : (AUCTION_LETTERS[this.#states[instrument]] ?? plain));
    setU64(view, to + EXECUTED.match, f64[(at >> 1) + F64_TRADE]);
    this.#writer.finish(port, flow, to, wire.executed, true);
    if (i32[at + REMAINING] === 0) table.remove(slot);
    else table.trade(slot, i32[at + QUANTITY], i32[at + REMAINING]);
  }

  #cancelled(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = i32[at + ORDER_SLOT];
    const { table, sender } = this.#gateway;
    const flow = table.flowOf(slot);
    if (flow === undefined) return;
    this.#answers.stateOnce(this.#gateway.portOf(flow), flow, slot);
    const reason = reasonOf(i32, at);
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
    this.#writer.stamp(time);
    const to = this.#writer.begin(port, flow, wire.cancelled, false);
    port.log.view.setUint32(to + CANCELLED.userRef, reference);
    port.log.view.setUint32(to + CANCELLED.quantity, lots);
    port.log.view.setUint8(to + CANCELLED.reason, reason);
    this.#writer.finish(port, flow, to, wire.cancelled, false);
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
    const reason = reasonOf(i32, at);
    // The order is out by now; what is too small after what it traded is meant as a cancel (2.2).
    const isOut = isReplacement && (flagsOf(i32, at) & OF_CANCEL) === 0;
    if (isOut) this.#cancel(flow, this.#replacedReference, this.#replacedLeft, BY_USER, time);
    this.#writer.stamp(time);
    if (!isOut || reason !== REASON.INVALID_QUANTITY)
      this.#answers.reject(
        port,
        flow,
        reference,
        rejectCode(reason),
        sender.copies,
        from + (isReplacement ? REPLACE.clientOrderId : ENTER.clientOrderId),
      );
    this.#gateway.conclude(flow, reference);
  }

  #amended(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = i32[at + ORDER_SLOT];
    const { table, sender } = this.#gateway;
    const flow = table.flowOf(slot);
    if (flow === undefined) return;
    const port = this.#gateway.portOf(flow);
    this.#answers.stateOnce(port, flow, slot);
    const time = f64[(at >> 1) + F64_TIME];
    const off = f64[(at >> 1) + F64_AMOUNT];
    const isPrevented = (flagsOf(i32, at) & PREVENTED) !== 0;
    const place = isPrevented ? -1 : sender.match(f64[(at >> 1) + F64_SEQUENCE]);
    table.setLeft(slot, i32[at + REMAINING]);
    if (place >= 0 && sender.kinds[place] === ASKED.MODIFY) {
      this.#writer.stamp(time);
      this.#answers.modified(port, flow, slot);
    } else this.#cancel(flow, table.referenceOf(slot), off, isPrevented ? SELF_MATCH : BY_USER, time);
  }

  /** An iceberg shows its next piece. */
  #shown(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = i32[at + ORDER_SLOT];
    const flow = this.#gateway.table.flowOf(slot);
    if (flow === undefined || i32[at + PRICE] === 0) return;
    const port = this.#gateway.portOf(flow);
    this.#answers.stateOnce(port, flow, slot);
    this.#writer.stamp(f64[(at >> 1) + F64_TIME]);
    const { TAG, restated } = wire;
    const to = this.#writer.claim(port, restated, APPENDAGE_HEAD + DISPLAY_TAG + (flow.channel === 0 ? 0 : CHANNEL_TAG));
    port.log.view.setUint32(to + restated.at.userRef, this.#gateway.table.referenceOf(slot));
    port.log.view.setUint8(to + restated.at.reason, RESTATED);
    const tags = appendage.open(port.log.view, to + restated.length).u32(TAG.DISPLAY_QUANTITY, i32[at + QUANTITY]);
    if (flow.channel !== 0) tags.u8(TAG.USER_REF_INDEX, flow.channel);
    tags.finish();
    this.#writer.written(port);
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
    const side = sideOf(i32, at) === BUY ? BUY_LETTER : SELL_LETTER;
    const left = i32[at + REMAINING];
    table.add(flow, reference, slot, i32[at + ORDER_GENERATION], instrumentOf(i32, at));
    table.setId(slot, this.#id);
    table.setLots(slot, i32[at + PRICE], 0, i32[at + QUANTITY] - left, left);
    table.setLetters(slot, packLetters(side, OTHER_CAPACITY, EXTENDED, VISIBLE));
    table.setStatedIn(slot, 0);
    if (!login.cancelOnDisconnect) return;
    flow.goneUpTo = Math.max(flow.goneUpTo, reference); // its connection did not live through the start
    gateway.cancelGone(flow, slot);
  }
}

/** Side, capacity, time in force and display of an Enter Order. */
function lettersOfEntry(copies: DataView, from: number): number {
  const side = copies.getUint8(from + ENTER.side);
  const capacity = copies.getUint8(from + ENTER.capacity);
  return packLetters(side, capacity, copies.getUint8(from + ENTER.timeInForce), copies.getUint8(from + ENTER.display));
}
