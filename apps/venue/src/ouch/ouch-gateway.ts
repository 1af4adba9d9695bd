import { COMMAND, command, commandHead, LESS_TRADED, NUMBERED } from '@outcry/market/command';
import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import { WIRE_ERROR_NAMES } from '@outcry/wire/layout';
import * as wire from '@outcry/wire/ouch50';
import { checkOuch, inbound, modifyOrder } from '@outcry/wire/ouch50';
import type { LogIns } from '../core/log-ins.ts';
import type { Instrument, Market } from '../core/market.ts';
import { writeTerms } from '../core/special-terms.ts';
import type { SoupApplication } from '../soup/soup-connection.ts';
import type { Shared } from '../threads/shared.ts';
import { BUY_LETTER, REJECT } from './codes.ts';
import { CommandSender } from './command-sender.ts';
import { OrderReader } from './order-reader.ts';
import { type Flow, OrderTable } from './order-table.ts';
import { OuchAnswers } from './ouch-answers.ts';
import type { OuchPort } from './port.ts';

/** Longest message of a client: all tags that there are fit. */
const MOST_BYTES = 255;

/** What was asked: kinds of commands in flight. */
export const ASKED = { ENTER: 0, REPLACE: 1, CANCEL: 2, REDUCE: 3, MODIFY: 4 } as const;

/** Messages of a flow that may wait for the outcome of an order. */
const MOST_WAITING = 4096;

const ENTER = wire.enterOrder.at;
const REPLACE = wire.replaceOrder.at;
const SELLS = new Set(['S', 'T', 'E'].map((text) => text.charCodeAt(0)));

/**
 * Order entry by OUCH 5.0: messages become commands, many to a claim of the ring, and what the engine tells of them becomes messages
 * again once it is durable. One thread owns it, with the event ring's second gate.
 *
 * A reference (UserRefNum) is used once in a flow's life and counts upward; a message with an old one is a retransmission, and ignored
 * (section 1.2).
 */
export class OuchGateway implements SoupApplication<OuchPort> {
  readonly mostBytes = MOST_BYTES;
  readonly ports = new Map<number, OuchPort>();
  readonly table: OrderTable;
  readonly answers: OuchAnswers;
  readonly sender: CommandSender;
  readonly #logins: LogIns;
  readonly #makePort: (login: number) => OuchPort;
  readonly #bySymbol: Map<number, Listed>;
  readonly #instruments: readonly Instrument[];
  readonly #reader = new OrderReader();
  readonly #lastUsed: ReadonlyMap<number, number>;
  readonly #waiting = new Set<Flow>();
  #now = 0;

  /** @param lastUsed the highest reference by login and channel (see clientHigh) that the journal holds */
  constructor(
    shared: Shared,
    market: Market,
    orders: number,
    logins: LogIns,
    makePort: (login: number) => OuchPort,
    lastUsed: ReadonlyMap<number, number>,
  ) {
    this.#logins = logins;
    this.#makePort = makePort;
    this.#lastUsed = lastUsed;
    this.#instruments = market.instruments;
    this.#bySymbol = new Map(market.instruments.filter(({ wireTick }) => wireTick > 0).map(listed));
    this.table = new OrderTable(orders);
    this.answers = new OuchAnswers(this, market);
    this.sender = new CommandSender(shared, (place) => this.answers.refuse(place));
  }

  // ── Sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  open(user: string, password: string, address: string): OuchPort | undefined {
    if (this.sender.journalHasFailed) return undefined;
    const login = this.#logins.check(user, password, address);
    if (login === undefined) return undefined;
    const port = this.port(login.number);
    port.signedIn = login;
    return port;
  }

  port(login: number): OuchPort {
    let port = this.ports.get(login);
    if (port === undefined) {
      port = this.#makePort(login);
      this.ports.set(login, port);
      this.answers.systemEvent(port, 'S');
    }
    return port;
  }

  /** The flow of a port's channel. */
  flow(port: OuchPort, channel: number): Flow {
    const known = port.flows[channel];
    if (known !== undefined) return known;
    const flow = this.table.flow(port.login.number, channel, port.login.account);
    flow.last = Math.max(flow.last, this.#lastUsed.get(clientHigh(flow)) ?? 0);
    flow.settled = flow.last;
    port.flows[channel] = flow;
    return flow;
  }

  portOf(flow: Flow): OuchPort {
    return this.port(flow.login);
  }

  onGone(port: OuchPort): void {
    if (!port.login.cancelOnDisconnect) return;
    this.sender.tick();
    for (const slot of this.table.ofLogin(port.login.number)) this.cancelSlot(slot);
    this.sender.flush();
  }

  /** Works off a piece: what it brought goes into the ring together. */
  afterPiece(): void {
    this.sender.flush();
    this.resume();
    this.answers.flush();
    this.#now = 0;
  }

  // ── Messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  onMessage(port: OuchPort, view: DataView, at: number, bytes: number): string | undefined {
    if (this.#now === 0) {
      this.#now = this.sender.tick();
    }
    return this.#take(port, view, at, bytes);
  }

  /** Handles a message, or lets it wait. Returns why the connection must end, if it must. */
  #take(port: OuchPort, view: DataView, at: number, bytes: number): string | undefined {
    const elements = checkOuch(inbound, view, at, bytes);
    if (elements < 0) return notOuch(elements);
    const flow = this.flow(port, elements >= bytes ? 0 : channelOf(view, at + elements, at + bytes));
    if (flow.waiting === undefined && !this.#mustWait(flow, view, at)) {
      this.#handle(port, flow, view, at, at + elements, at + bytes);
      return undefined;
    }
    flow.waiting ??= [];
    this.#waiting.add(flow);
    if (flow.waiting.length === MOST_WAITING) return 'too many messages wait for an order that is on its way';
    const message = new DataView(new ArrayBuffer(bytes));
    for (let i = 0; i < bytes; i++) message.setUint8(i, view.getUint8(at + i));
    flow.waiting.push(message);
    return undefined;
  }

  /** Whether a message means an order that is on its way: then it waits for the outcome, and what follows waits behind it. */
  #mustWait(flow: Flow, view: DataView, at: number): boolean {
    const type = view.getUint8(at);
    if (type === wire.enterOrder.type || view.byteLength < at + 5) return false;
    const reference = view.getUint32(at + 1); // of the order meant, in all messages that mean one
    if (type === wire.accountQuery.type || flow.inFlight === 0 || reference <= flow.settled || reference > flow.last) return false;
    return this.table.find(flow, reference) === 0;
  }

  #handle(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    switch (view.getUint8(at)) {
      case wire.enterOrder.type:
        this.#enter(port, flow, view, at, elements, end);
        break;
      case wire.replaceOrder.type:
        this.#replace(port, flow, view, at, elements, end);
        break;
      case wire.cancelOrder.type:
      case wire.modifyOrder.type:
        this.#reduce(flow, view, at);
        break;
      case wire.massCancel.type:
        this.#massCancel(port, flow, view, at, elements, end);
        break;
      case wire.disableEntry.type:
      case wire.enableEntry.type:
        if (!use(flow, view.getUint32(at + 1))) break;
        port.isDisabled = view.getUint8(at) === wire.disableEntry.type;
        this.answers.entrySwitched(port, flow, view, at);
        break;
      default:
        this.answers.accountQuery(port, flow);
    }
  }

  #enter(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    if (!use(flow, view.getUint32(at + ENTER.userRef))) return;
    const side = sideOf(view.getUint8(at + ENTER.side));
    const instrument = this.#find(view, at + ENTER.symbol);
    let refusal = side < 0 ? REJECT.INVALID_SIDE : instrument === undefined ? REJECT.INVALID_SYMBOL : 0;
    if (port.isDisabled) refusal = REJECT.FIRM_NOT_AUTHORIZED;
    if (refusal === 0) {
      const price = wire.enterOrder.fields.price.get(view, at + ENTER.price);
      const [timeInForce, display] = [view.getUint8(at + ENTER.timeInForce), view.getUint8(at + ENTER.display)];
      const [quantity, cross] = [view.getUint32(at + ENTER.quantity), view.getUint8(at + ENTER.crossType)];
      refusal = this.#reader.read(instrument!, view, quantity, price, timeInForce, display, cross, elements, end, this.#now);
      if (refusal === 0) {
        const head = this.#reader.head(COMMAND.NEW_ORDER, side as Side, 0);
        refusal = this.#send(ASKED.ENTER, flow, head, instrument!.number, quantity, 0, view, at, end);
      }
    }
    if (refusal !== 0) this.#refuse(port, flow, flow.last, refusal, view, at + ENTER.clientOrderId);
  }

  #replace(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    const original = view.getUint32(at + REPLACE.originalRef);
    if (!use(flow, view.getUint32(at + REPLACE.userRef))) return;
    const slot = this.table.find(flow, original);
    let refusal: number = slot === 0 || port.isDisabled ? REJECT.REPLACE_NOT_ALLOWED : 0;
    if (refusal === 0) {
      const instrument = this.#instruments[this.table.instrumentOf(slot)];
      const price = wire.replaceOrder.fields.price.get(view, at + REPLACE.price);
      const [timeInForce, display] = [view.getUint8(at + REPLACE.timeInForce), view.getUint8(at + REPLACE.display)];
      const quantity = view.getUint32(at + REPLACE.quantity);
      refusal = this.#reader.read(instrument, view, quantity, price, timeInForce, display, NO_CROSS, elements, end, this.#now);
      if (refusal === 0) {
        const side = ((this.table.lettersOf(slot) & 0xff) === BUY_LETTER ? BUY : SELL) as Side;
        const head = this.#reader.head(COMMAND.CANCEL_REPLACE, side, LESS_TRADED);
        const lots = quantity - this.table.baseOf(slot);
        refusal = this.#send(ASKED.REPLACE, flow, head, instrument.number, lots, slot, view, at, end);
      }
    }
    if (refusal !== 0) this.#refuse(port, flow, flow.last, refusal, view, at + REPLACE.clientOrderId);
  }

  /** Cancel and Modify: the new intended size of an order, what it has traded included; nothing happens when it is not smaller. */
  #reduce(flow: Flow, view: DataView, at: number): void {
    const slot = this.table.find(flow, view.getUint32(at + 1));
    if (slot === 0) return;
    const isModify = view.getUint8(at) === modifyOrder.type;
    const size = view.getUint32(at + (isModify ? modifyOrder.at.quantity : wire.cancelOrder.at.quantity));
    if (isModify && !this.#changeSide(slot, view.getUint8(at + modifyOrder.at.side))) return;
    if (size <= this.table.tradedOf(slot)) {
      if (!isModify) this.cancelSlot(slot);
      return;
    }
    if (!this.sender.hasRoom(1)) return; // as if the cancel had been lost: the client asks again
    const record = this.#begin(slot, commandHead(COMMAND.AMEND));
    this.sender.i32[record + command.QUANTITY] = size - this.table.baseOf(slot);
    this.sender.commit(record, isModify ? ASKED.MODIFY : ASKED.REDUCE, flow.number, view, at, 0);
  }

  /** Sells may become short sales and back: the venue makes no difference, and says back what was said. */
  #changeSide(slot: number, letter: number): boolean {
    const letters = this.table.lettersOf(slot);
    const now = letters & 0xff;
    if (now !== letter && !(SELLS.has(now) && SELLS.has(letter))) return false;
    this.table.setLetters(slot, (letters & ~0xff) | letter);
    return true;
  }

  #massCancel(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    if (!use(flow, view.getUint32(at + wire.massCancel.at.userRef))) return;
    const symbol = at + wire.massCancel.at.symbol;
    const wanted = view.getUint8(symbol) === SPACE ? undefined : (this.#find(view, symbol)?.number ?? -1);
    const side = tagOf(view, elements, end, wire.TAG.SIDE);
    for (const slot of this.table.ofLogin(port.login.number)) {
      const isOfSide = side < 0 || sideOf(side) === sideOf(this.table.lettersOf(slot) & 0xff);
      if (isOfSide && (wanted === undefined || wanted === this.table.instrumentOf(slot))) this.cancelSlot(slot);
    }
    this.answers.massCancelled(port, view, at, elements, end);
  }

  #find(view: DataView, at: number): Instrument | undefined {
    const [high, low] = [view.getUint32(at), view.getUint32(at + 4)];
    const found = this.#bySymbol.get(symbolKey(high, low));
    return found !== undefined && found.high === high && found.low === low ? found.instrument : undefined;
  }

  // ── Commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Cancels an open order. */
  cancelSlot(slot: number): void {
    const flow = this.table.flowOf(slot)!;
    if (!this.sender.hasRoom(1)) return;
    const record = this.#begin(slot, commandHead(COMMAND.CANCEL));
    this.sender.commit(record, ASKED.CANCEL, flow.number, this.sender.copies, 0, 0);
  }

  #begin(slot: number, head: number): number {
    const { i32 } = this.sender;
    const record = this.sender.record();
    i32[record + command.HEAD] = head;
    i32[record + command.PLACE] = this.table.instrumentOf(slot);
    i32[record + command.ACCOUNT] = this.table.flowOf(slot)!.account;
    i32[record + command.ORDER_SLOT] = slot;
    i32[record + command.ORDER_GENERATION] = this.table.generationOf(slot);
    return record;
  }

  /** Returns 0, or why there is no place for the order. */
  #send(
    asked: number,
    flow: Flow,
    head: number,
    instrument: number,
    quantity: number,
    replaced: number,
    view: DataView,
    at: number,
    end: number,
  ): number {
    const { sender } = this;
    const { terms } = this.#reader;
    if (!sender.hasRoom(terms === undefined ? 1 : 2)) return REJECT.PROCESSING_ERROR;
    if (terms !== undefined) writeTerms(sender.i32, sender.f64, sender.record(), commandHead(COMMAND.TERMS), terms);
    const record = sender.record();
    const { i32 } = sender;
    i32[record + command.HEAD] = head;
    i32[record + command.PLACE] = instrument;
    i32[record + command.ACCOUNT] = flow.account;
    i32[record + command.PRICE] = this.#reader.price;
    i32[record + command.QUANTITY] = quantity;
    if (replaced !== 0) {
      i32[record + command.ORDER_SLOT] = replaced;
      i32[record + command.ORDER_GENERATION] = this.table.generationOf(replaced);
    }
    i32[record + command.CLIENT_LOW] = flow.last | 0;
    i32[record + command.CLIENT_HIGH] = clientHigh(flow);
    sender.commit(record, asked, flow.number, view, at, end - at);
    flow.inFlight++;
    return 0;
  }

  #refuse(port: OuchPort, flow: Flow, reference: number, reason: number, view: DataView, clientOrderId: number): void {
    this.answers.reject(port, flow, reference, reason, view, clientOrderId);
  }

  /** The outcome of an order or replacement is known. */
  settle(flow: Flow, reference: number): void {
    flow.inFlight--;
    if (reference > flow.settled) flow.settled = reference;
  }

  /** Goes on with messages that have waited for outcomes that are known now. */
  resume(): void {
    if (this.#waiting.size === 0) return;
    this.#now = this.sender.tick();
    for (const flow of this.#waiting) {
      const messages = flow.waiting!;
      if (this.#mustWait(flow, messages[0], 0)) continue;
      flow.waiting = undefined;
      this.#waiting.delete(flow);
      const port = this.portOf(flow);
      for (const message of messages) this.#take(port, message, 0, message.byteLength);
    }
    this.sender.flush();
    this.#now = 0;
  }
}

const NO_CROSS = 'N'.charCodeAt(0);
const SPACE = 0x20;

/** The upper 32 of the client's 64 bits, for orders of a flow. */
export function clientHigh({ login, channel }: { login: number; channel: number }): number {
  return NUMBERED | (channel << 20) | login;
}
export function loginOf(high: number): number {
  return high & 0xfffff;
}
export function channelOfHigh(high: number): number {
  return (high >>> 20) & 0xff;
}

/** Takes a reference into use. Returns false for one that was used. */
function use(flow: Flow, reference: number): boolean {
  if (reference <= flow.last) return false;
  flow.last = reference;
  return true;
}

function sideOf(letter: number): number {
  if (letter === BUY_LETTER) return BUY;
  return SELLS.has(letter) ? SELL : -1;
}

function tagOf(view: DataView, elements: number, end: number, wanted: number): number {
  for (let at = elements; at < end; at += 1 + view.getUint8(at)) if (view.getUint8(at + 1) === wanted) return view.getUint8(at + 2);
  return -1;
}

function channelOf(view: DataView, elements: number, end: number): number {
  return Math.max(0, tagOf(view, elements, end, wire.TAG.USER_REF_INDEX));
}

/** An instrument by the eight letters of its name, as two words. */
interface Listed {
  instrument: Instrument;
  high: number;
  low: number;
}

function listed(instrument: Instrument): [number, Listed] {
  const view = new DataView(new ArrayBuffer(8));
  wire.enterOrder.fields.symbol.set(view, 0, instrument.wireSymbol);
  const [high, low] = [view.getUint32(0), view.getUint32(4)];
  return [symbolKey(high, low), { instrument, high, low }];
}

/** A key of eight letters that is exact as a number; a few of those that are no letters share one. */
function symbolKey(high: number, low: number): number {
  return packed(high) * 0x1000000 + packed(low);
}
/** Six bits of each of four letters. */
function packed(word: number): number {
  return ((word >>> 6) & 0xfc0000) | ((word >>> 4) & 0x3f000) | ((word >>> 2) & 0xfc0) | (word & 0x3f);
}

function notOuch(error: number): string {
  return `no OUCH message: ${WIRE_ERROR_NAMES[error]}`;
}
