import { COMMAND, command, commandHead, LESS_TRADED, NUMBERED } from '@outcry/market/command';
import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { WIRE_ERROR_NAMES } from '@outcry/wire/layout';
import * as wire from '@outcry/wire/ouch50';
import { checkOuch, inbound, modifyOrder } from '@outcry/wire/ouch50';
import { NO_SUCH_SESSION, NOT_AUTHORIZED } from '@outcry/wire/soup';
import type { Login } from '../core/accounts.ts';
import type { Entrance } from '../core/admission.ts';
import type { LogIns } from '../core/log-ins.ts';
import type { Instrument, Market } from '../core/market.ts';
import { writeTerms } from '../core/special-terms.ts';
import type { Refusal, SoupApplication } from '../soup/soup-connection.ts';
import type { Shared } from '../threads/shared.ts';
import { BUY_LETTER, REJECT, rejectCode, sideOf } from './codes.ts';
import { CommandSender } from './command-sender.ts';
import { OrderReader } from './order-reader.ts';
import { type Flow, OrderTable } from './order-table.ts';
import { OuchAnswers } from './ouch-answers.ts';
import type { OuchPort } from './port.ts';
import {
  channelOf,
  hasOnly,
  isName,
  readMeant,
  TAGS_OF_CANCEL,
  TAGS_OF_MASS_CANCEL,
  TAGS_OF_MODIFY,
  TAGS_OF_QUERY,
  TAGS_OF_SWITCH,
} from './request-tags.ts';
import { Symbols } from './symbols.ts';
import { isMeant, Walks } from './walks.ts';

/** Longest message of a client: all tags that there are fit. */
const MOST_BYTES = 255;

/** What was asked: kinds of commands in flight. */
export const ASKED = { ENTER: 0, REPLACE: 1, CANCEL: 2, REDUCE: 3, MODIFY: 4 } as const;

/** Messages of a login that may wait for the outcome of an order: beyond it, its connection is not read. */
const MOST_WAITING = 4096;
const FIRM_LETTERS = 4;

const ENTER = wire.enterOrder.at;
const REPLACE = wire.replaceOrder.at;

/** What the gateway needs of the venue around it. */
export interface OuchSurroundings {
  readonly shared: Shared;
  readonly admission: Entrance;
  readonly market: Market;
  /** most orders open at once */
  readonly orders: number;
  readonly logins: LogIns;
  /** A login's door in the session that is running. */
  makePort(login: Login): OuchPort;
  /** the highest reference by login and channel (see clientHigh) that the journal holds */
  readonly lastUsed: ReadonlyMap<number, number>;
}

/**
 * Order entry by OUCH 5.0: messages become commands, many to a claim of the ring, and what the engine tells of them becomes messages
 * again once it is durable. One thread owns it, with the event ring's second gate.
 *
 * A reference (UserRefNum) is used once in a flow's life and counts upward; a message with an old one is a retransmission, and ignored
 * (section 1.2).
 */
export class OuchGateway implements SoupApplication<OuchPort> {
  readonly mostBytes = MOST_BYTES;
  /** those that were needed in the session that is running */
  readonly ports = new Map<number, OuchPort>();
  readonly table: OrderTable;
  readonly walks: Walks;
  readonly answers: OuchAnswers;
  readonly sender: CommandSender;
  /** number of the session that is running, counted from the start */
  session = 1;
  readonly #surroundings: OuchSurroundings;
  readonly #symbols: Symbols;
  readonly #instruments: readonly Instrument[];
  readonly #reader = new OrderReader();
  readonly #waiting = new Set<Flow>();
  /** logins that have disabled new orders: also for the sessions after */
  readonly #disabled = new Set<number>();
  /** logins whose mass cancel is under way */
  readonly #cancelling = new Set<number>();
  #now = 0;

  constructor(surroundings: OuchSurroundings) {
    const { shared, admission, market, orders } = surroundings;
    this.#surroundings = surroundings;
    this.#instruments = market.instruments;
    this.#symbols = new Symbols(market.instruments);
    this.table = new OrderTable(orders);
    this.walks = new Walks(this.table);
    this.answers = new OuchAnswers(this, market);
    this.sender = new CommandSender(shared, admission, (place) => this.answers.refuse(place));
  }

  // ── Sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  open(user: string, password: string, address: string): OuchPort | Refusal {
    if (this.sender.journalHasFailed) return { code: NO_SUCH_SESSION, why: 'the venue acknowledges nothing any more' };
    const login = this.#surroundings.logins.check(user, password, address);
    if (login === undefined) return { code: NOT_AUTHORIZED, why: 'user or password is wrong, or too many tries' };
    const port = this.#port(login);
    port.signedIn = login;
    return port;
  }

  /** Whose orders a number marks. One that is gone has orders still. */
  login(number: number): Login {
    const login = this.#surroundings.logins.numbered(number);
    return login ?? { user: `#${number}`, passwords: [], number, account: 0, cancelOnDisconnect: false };
  }

  /** A login's door in the session that is running: that begins with the orders that are open. */
  #port(login: Login): OuchPort {
    let port = this.ports.get(login.number);
    if (port === undefined) {
      port = this.#surroundings.makePort(login);
      this.ports.set(login.number, port);
      this.answers.systemEvent(port, 'S');
      for (const flow of this.table.flowsOf(login.number)) if (flow !== undefined) this.#tellOfOrders(flow, port);
    }
    return port;
  }

  #tellOfOrders(flow: Flow, port: OuchPort): void {
    port.waiting += flow.waiting?.length ?? 0;
    flow.port = port;
    if (flow.oldest === 0) return;
    const { session } = this;
    this.walks.begin(flow, flow.oldest, (slot) => {
      if (this.session === session) this.answers.tellOnce(port, flow, slot);
      return true;
    });
  }

  /** The flow of a login's channel. */
  flow(login: number, channel: number, account: number): Flow {
    return this.table.flow(login, channel, account, this.#surroundings.lastUsed.get(clientHigh({ login, channel })) ?? 0);
  }

  portOf(flow: Flow): OuchPort {
    if (flow.port === undefined) flow.port = this.#port(this.login(flow.login));
    return flow.port;
  }

  /** Ends the session of every login, and begins another one: its messages are numbered from 1 again. Orders and references stay. */
  roll(): void {
    for (const port of this.ports.values()) this.answers.systemEvent(port, 'E');
    this.answers.flush();
    const ended = [...this.ports.values()];
    this.session++;
    this.ports.clear();
    for (const flow of this.table.flows) flow.port = undefined;
    for (const { log, connection } of ended) {
      log.complete();
      connection?.endSession();
    }
  }

  onGone(port: OuchPort): void {
    if (!port.login.cancelOnDisconnect) return;
    this.sender.tick();
    for (const flow of this.table.flowsOf(port.login.number)) {
      if (flow === undefined) continue;
      this.#forgetWaiting(flow);
      flow.goneUpTo = flow.last;
      this.cancelGone(flow, flow.oldest);
    }
    this.sender.flush();
  }

  /** What waited had no effect yet, and has none now that its client is gone. */
  #forgetWaiting(flow: Flow): void {
    if (flow.waiting === undefined) return;
    this.portOf(flow).waiting -= flow.waiting.length;
    flow.waiting = undefined;
    this.#waiting.delete(flow);
  }

  /** Cancels what a client that is gone has left, from an order on to the newest. */
  cancelGone(flow: Flow, from: number): void {
    const { gone } = flow;
    if (gone !== undefined && gone.at !== 0) {
      if (from === flow.oldest) gone.at = from; // else it is on its way there
      return;
    }
    if (from === 0) return;
    const cancel = (slot: number) => this.table.referenceOf(slot) > flow.goneUpTo || this.#cancelIfQuiet(slot);
    flow.gone = this.walks.begin(flow, from, cancel);
  }

  isBlocked(port: OuchPort): boolean {
    return port.waiting >= MOST_WAITING;
  }

  /** Works off a piece: what it brought goes into the ring together. */
  afterPiece(): void {
    this.sender.flush();
    this.resume();
    this.answers.flush();
    this.#now = 0;
  }

  /** Goes on with what concerns many orders. Returns whether anything could be done. */
  walk(): boolean {
    if (this.walks.count === 0) return false;
    this.sender.tick();
    const hasWalked = this.walks.go();
    this.sender.flush();
    this.resume();
    this.answers.flush();
    return hasWalked;
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
    const { login } = port;
    const flow = this.flow(login.number, elements >= bytes ? 0 : channelOf(view, at + elements, at + bytes), login.account);
    flow.port ??= port;
    if (flow.waiting === undefined && !this.#mustWait(flow, view, at)) return this.#handle(port, flow, view, at, at + elements, at + bytes);
    flow.waiting ??= [];
    this.#waiting.add(flow);
    const message = new DataView(new ArrayBuffer(bytes));
    for (let i = 0; i < bytes; i++) message.setUint8(i, view.getUint8(at + i));
    flow.waiting.push(message);
    port.waiting++;
    return undefined;
  }

  /** Whether a message means an order that is on its way: then it waits for the outcome, and what follows waits behind it. */
  #mustWait(flow: Flow, view: DataView, at: number): boolean {
    const type = view.getUint8(at);
    if (type === wire.enterOrder.type || type === wire.accountQuery.type) return false;
    if (type === wire.massCancel.type) return flow.inFlight > 0 || this.#cancelling.has(flow.login);
    const reference = view.getUint32(at + 1); // of the order meant, in all messages that mean one
    if (flow.inFlight === 0 || reference <= flow.settled || reference > flow.last) return false;
    return this.table.find(flow, reference) === 0;
  }

  #handle(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): string | undefined {
    switch (view.getUint8(at)) {
      case wire.enterOrder.type:
        this.#enter(port, flow, view, at, elements, end);
        break;
      case wire.replaceOrder.type:
        this.#replace(port, flow, view, at, elements, end);
        break;
      case wire.cancelOrder.type:
        this.#cancel(port, flow, view, at, elements, end);
        break;
      case wire.modifyOrder.type:
        this.#modify(port, flow, view, at, elements, end);
        break;
      case wire.massCancel.type:
        this.#massCancel(port, flow, view, at, elements, end);
        break;
      case wire.disableEntry.type:
      case wire.enableEntry.type:
        this.#switchEntry(port, flow, view, at, elements, end);
        break;
      default:
        if (!hasOnly(TAGS_OF_QUERY, view, elements, end)) return 'no OUCH message: a tag that an account query does not have';
        this.answers.accountQuery(port, flow);
    }
    return undefined;
  }

  #enter(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    if (!use(flow, view.getUint32(at + ENTER.userRef))) return;
    const letter = view.getUint8(at + ENTER.side);
    const side = sideOf(letter);
    const instrument = this.#symbols.find(view, at + ENTER.symbol);
    let refusal = side < 0 ? REJECT.INVALID_SIDE : instrument === undefined ? REJECT.INVALID_SYMBOL : 0;
    if (this.#disabled.has(flow.login)) refusal = REJECT.FIRM_NOT_AUTHORIZED;
    if (refusal === 0) refusal = this.#reader.checkEntry(view.getUint8(at + ENTER.capacity));
    if (refusal === 0) {
      const price = wire.enterOrder.fields.price.get(view, at + ENTER.price);
      const [timeInForce, display] = [view.getUint8(at + ENTER.timeInForce), view.getUint8(at + ENTER.display)];
      const [sweep, cross] = [view.getUint8(at + ENTER.sweep), view.getUint8(at + ENTER.crossType)];
      const quantity = view.getUint32(at + ENTER.quantity);
      const reader = this.#reader;
      refusal = reader.read(instrument!, view, letter, quantity, price, timeInForce, display, sweep, cross, elements, end, this.#now);
      if (refusal === 0) {
        const head = this.#reader.head(COMMAND.NEW_ORDER, side as Side, 0);
        refusal = this.#send(ASKED.ENTER, flow, head, instrument!.number, quantity, 0, view, at, end);
      }
    }
    if (refusal !== 0) this.answers.reject(port, flow, flow.last, refusal, view, at + ENTER.clientOrderId);
  }

  #replace(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    const original = view.getUint32(at + REPLACE.originalRef);
    if (!use(flow, view.getUint32(at + REPLACE.userRef))) return;
    const slot = this.table.find(flow, original);
    let refusal: number = slot === 0 || this.#disabled.has(flow.login) ? REJECT.REPLACE_NOT_ALLOWED : 0;
    if (refusal === 0) {
      const instrument = this.#instruments[this.table.instrumentOf(slot)];
      const price = wire.replaceOrder.fields.price.get(view, at + REPLACE.price);
      const [timeInForce, display] = [view.getUint8(at + REPLACE.timeInForce), view.getUint8(at + REPLACE.display)];
      const [sweep, quantity] = [view.getUint8(at + REPLACE.sweep), view.getUint32(at + REPLACE.quantity)];
      const letter = this.table.lettersOf(slot) & 0xff;
      const reader = this.#reader;
      refusal = reader.read(instrument, view, letter, quantity, price, timeInForce, display, sweep, NO_CROSS, elements, end, this.#now);
      if (refusal === 0) {
        const side = (letter === BUY_LETTER ? BUY : SELL) as Side;
        const head = this.#reader.head(COMMAND.CANCEL_REPLACE, side, LESS_TRADED);
        const lots = quantity - this.table.baseOf(slot);
        refusal = this.#send(ASKED.REPLACE, flow, head, instrument.number, lots, slot, view, at, end);
      }
    }
    if (refusal !== 0) this.answers.reject(port, flow, flow.last, refusal, view, at + REPLACE.clientOrderId);
  }

  /** The new intended size of an order, what it has traded included. */
  #cancel(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    const slot = this.table.find(flow, view.getUint32(at + 1));
    if (slot === 0) return; // too late
    if (!hasOnly(TAGS_OF_CANCEL, view, elements, end)) this.answers.cancelReject(port, flow, slot);
    else this.#reduce(flow, slot, view.getUint32(at + wire.cancelOrder.at.quantity), ASKED.REDUCE);
  }

  /** As a cancel; and sells may become short sales and back: the venue makes no difference, and says back what was said. */
  #modify(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    const slot = this.table.find(flow, view.getUint32(at + 1));
    if (slot === 0) return; // too late
    const letter = view.getUint8(at + modifyOrder.at.side);
    const letters = this.table.lettersOf(slot);
    const now = letters & 0xff;
    const mayBe = letter === now || (now !== BUY_LETTER && sideOf(letter) === SELL);
    if (!mayBe || !hasOnly(TAGS_OF_MODIFY, view, elements, end)) {
      this.answers.cancelReject(port, flow, slot);
      return;
    }
    this.table.setLetters(slot, (letters & ~0xff) | letter);
    const reduces = this.#reduce(flow, slot, view.getUint32(at + modifyOrder.at.quantity), ASKED.MODIFY);
    if (!reduces && letter !== now) this.answers.modified(port, flow, slot);
  }

  /** Returns whether the size is smaller than the order's: else nothing happens. */
  #reduce(flow: Flow, slot: number, size: number, asked: number): boolean {
    const traded = this.table.tradedOf(slot);
    if (size >= traded + this.table.leftOf(slot)) return false;
    if (size <= traded) this.cancelSlot(slot);
    else if (this.sender.hasRoom(1)) {
      const record = this.#begin(slot, commandHead(COMMAND.AMEND));
      this.sender.i32[record + command.QUANTITY] = size - this.table.baseOf(slot);
      this.sender.commit(record, asked, flow.number, 0, this.sender.copies, 0, 0);
    } // else as if it had been lost: the client asks again
    return true;
  }

  #massCancel(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    const { userRef, firm, symbol } = wire.massCancel.at;
    const reference = view.getUint32(at + userRef);
    if (!use(flow, reference)) return;
    const isOfAll = isBlank(view, at + symbol, SYMBOL_LETTERS);
    const instrument = isOfAll ? -1 : this.#symbols.find(view, at + symbol)?.number;
    const areTags = hasOnly(TAGS_OF_MASS_CANCEL, view, elements, end);
    const meant = areTags && instrument !== undefined ? readMeant(instrument, view, elements, end) : undefined;
    if (meant === undefined || !isName(view, at + firm, FIRM_LETTERS)) {
      const refusal = !isName(view, at + firm, FIRM_LETTERS) ? REJECT.FIRM_NOT_AUTHORIZED : REJECT.INVALID_SIDE;
      const known = instrument === undefined ? REJECT.INVALID_SYMBOL : areTags ? refusal : REJECT.OTHER;
      this.answers.reject(port, flow, reference, known, NO_ID, 0);
      return;
    }
    this.answers.massCancelled(port, view, at, elements, end);
    const flows = this.table.flowsOf(flow.login).filter((each) => each !== undefined);
    const wanted = flows.filter(({ channel, oldest }) => oldest !== 0 && (meant.channel < 0 || channel === meant.channel));
    let left = wanted.length;
    if (left > 0) this.#cancelling.add(flow.login);
    const done = () => {
      left--;
      if (left === 0) this.#cancelling.delete(flow.login);
    };
    const cancel = (slot: number) => !isMeant(this.table, slot, meant) || this.#cancelIfQuiet(slot);
    for (const each of wanted) this.walks.begin(each, each.oldest, cancel, done);
  }

  #switchEntry(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    const { userRef, firm } = wire.disableEntry.at;
    const reference = view.getUint32(at + userRef);
    if (!use(flow, reference)) return;
    const isFirm = isName(view, at + firm, FIRM_LETTERS);
    if (!isFirm || !hasOnly(TAGS_OF_SWITCH, view, elements, end)) {
      this.answers.reject(port, flow, reference, isFirm ? REJECT.OTHER : REJECT.FIRM_NOT_AUTHORIZED, NO_ID, 0);
      return;
    }
    const disables = view.getUint8(at) === wire.disableEntry.type;
    if (disables) this.#disabled.add(flow.login);
    else this.#disabled.delete(flow.login);
    this.answers.entrySwitched(port, flow, disables, view, at);
  }

  // ── Commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Cancels one of many orders, if others are not held up by it. Returns whether it did. */
  #cancelIfQuiet(slot: number): boolean {
    return this.sender.hasSpareRoom() && this.cancelSlot(slot);
  }

  /** Cancels an open order. Returns false when there is no room for that now. */
  cancelSlot(slot: number): boolean {
    if (!this.sender.hasRoom(1)) return false;
    const flow = this.table.flowOf(slot)!;
    const record = this.#begin(slot, commandHead(COMMAND.CANCEL));
    this.sender.commit(record, ASKED.CANCEL, flow.number, 0, this.sender.copies, 0, 0);
    return true;
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
    const reason = asked === ASKED.ENTER ? sender.refusal(flow.account) : REASON.NONE;
    if (reason !== REASON.NONE) return rejectCode(reason);
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
    sender.commit(record, asked, flow.number, this.#reader.group, view, at, end - at);
    flow.inFlight++;
    return 0;
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
      port.waiting -= messages.length;
      for (const message of messages) {
        const why = this.#take(port, message, 0, message.byteLength);
        if (why !== undefined) port.connection?.end(why);
      }
    }
    this.sender.flush();
    this.#now = 0;
  }
}

const NO_CROSS = 'N'.charCodeAt(0);
const SPACE = 0x20;
const SYMBOL_LETTERS = 8;
/** The client order id of what has none. */
const NO_ID = new DataView(new Uint8Array(14).fill(SPACE).buffer);

function isBlank(view: DataView, at: number, bytes: number): boolean {
  for (let i = 0; i < bytes; i++) if (view.getUint8(at + i) !== SPACE) return false;
  return true;
}

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

function notOuch(error: number): string {
  return `no OUCH message: ${WIRE_ERROR_NAMES[error]}`;
}
