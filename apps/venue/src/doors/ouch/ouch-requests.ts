/** Handles the messages of OUCH clients. */
import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import * as wire from '@outcry/wire/ouch50';
import type { OrderFilters } from '../../core/orders/filters.ts';
import type { Instrument } from '../../domain/market.ts';
import { ID_BYTES } from './answer-writer.ts';
import { BUY_LETTER, REJECT, rejectCode, sideOf } from './codes.ts';
import { ASKED, type OrderCommands } from './order-commands.ts';
import { sideLetterOf, withSideLetter } from './order-letters.ts';
import { OrderReader } from './order-reader.ts';
import type { OrderTable } from './order-table.ts';
import type { OuchAnswers } from './ouch-answers.ts';
import type { Flow, OuchPort } from './port.ts';
import {
  hasOnly,
  isName,
  type Meant,
  readMeant,
  TAGS_OF_CANCEL,
  TAGS_OF_MASS_CANCEL,
  TAGS_OF_MODIFY,
  TAGS_OF_QUERY,
  TAGS_OF_SWITCH,
} from './request-tags.ts';
import { Symbols } from './symbols.ts';
import { isMeant, type Walks } from './walks.ts';

const ENTER = wire.enterOrder.at;
const REPLACE = wire.replaceOrder.at;
const MODIFY = wire.modifyOrder.at;
const MASS_CANCEL = wire.massCancel.at;
const SWITCH = wire.disableEntry.at;
/** The highest UserRefNum: there is no next one that an account query could tell. */
const NO_REFERENCE = 0xffffffff;
const FIRM_LETTERS = 4;
const SYMBOL_LETTERS = 8;
const SPACE = 0x20;
/** The client order id of what has none. */
const NO_ID = new DataView(new Uint8Array(ID_BYTES).fill(SPACE).buffer);

/** What requests need of the gateway that they came to. */
interface Parts {
  readonly instruments: readonly Instrument[];
  readonly filters: OrderFilters;
  readonly table: OrderTable;
  readonly walks: Walks;
  readonly answers: OuchAnswers;
  readonly commands: OrderCommands;
}

/** Does what a client's messages ask for, or says why not. */
export class OuchRequests {
  /** microseconds since 1970, for those of one piece */
  now = 0;
  readonly #parts: Parts;
  readonly #symbols: Symbols;
  readonly #order = new OrderReader();
  /** logins that have disabled new orders: also for the sessions after */
  readonly #disabled = new Set<number>();
  /** logins whose mass cancel is under way */
  readonly #cancelling = new Set<number>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#symbols = new Symbols(parts.instruments);
  }

  isDisabled(login: number): boolean {
    return this.#disabled.has(login);
  }
  isCancelling(login: number): boolean {
    return this.#cancelling.has(login);
  }

  /** Handles a message that is whole. Returns why the connection must end, if it must. */
  handle(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): string | undefined {
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
        this.#parts.answers.accountQuery(port, flow);
    }
    return undefined;
  }

  /**
   * Takes a reference into use. Returns false for one that was used, and for the highest that there is, which is refused: none could follow it,
   * and a login that sent it by mistake would be dead. @param from where the client order id of the message is
   */
  #use(port: OuchPort, flow: Flow, reference: number, from: DataView, id: number): boolean {
    if (reference === NO_REFERENCE) this.#parts.answers.reject(port, flow, reference, REJECT.OTHER, from, id);
    if (reference <= flow.last || reference === NO_REFERENCE) return false;
    flow.last = reference;
    return true;
  }

  // ── Orders ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #enter(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    if (!this.#use(port, flow, view.getUint32(at + ENTER.userRef), view, at + ENTER.clientOrderId)) return;
    const side = sideOf(view.getUint8(at + ENTER.side));
    const instrument = this.#symbols.find(view, at + ENTER.symbol);
    const order = this.#order;
    let refusal = side < 0 ? REJECT.INVALID_SIDE : instrument === undefined ? REJECT.INVALID_SYMBOL : 0;
    if (port.isDisabled) refusal = REJECT.FIRM_NOT_AUTHORIZED;
    if (refusal === 0) refusal = order.readEntry(instrument!, view, at, elements, end, this.now);
    if (refusal === 0) refusal = this.#filter(instrument!, side as Side);
    if (refusal === 0) refusal = this.#parts.commands.enter(flow, instrument!, side as Side, order, view, at, end);
    if (refusal !== 0) this.#parts.answers.reject(port, flow, flow.last, refusal, view, at + ENTER.clientOrderId);
  }

  #replace(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    const { table, commands, answers, instruments } = this.#parts;
    const original = view.getUint32(at + REPLACE.originalRef);
    if (!this.#use(port, flow, view.getUint32(at + REPLACE.userRef), view, at + REPLACE.clientOrderId)) return;
    const slot = table.find(flow, original);
    const order = this.#order;
    let refusal: number = slot === 0 || port.isDisabled ? REJECT.REPLACE_NOT_ALLOWED : 0;
    if (refusal === 0) {
      const instrument = instruments[table.instrumentOf(slot)];
      const letter = sideLetterOf(table.lettersOf(slot));
      const side = letter === BUY_LETTER ? BUY : SELL;
      refusal = order.readReplacement(instrument, letter, view, at, elements, end, this.now);
      if (refusal === 0) refusal = this.#filter(instrument, side);
      if (refusal === 0) refusal = commands.replace(flow, slot, instrument, side, order, view, at, end);
    }
    if (refusal !== 0) answers.reject(port, flow, flow.last, refusal, view, at + REPLACE.clientOrderId);
  }

  /** Why the order that was read last may not enter by the exchange's filters, 0: it may. */
  #filter({ number }: Instrument, side: Side): number {
    const { kind, price, quantity, terms } = this.#order;
    const display = terms === undefined ? 0 : terms.display;
    const reason = this.#parts.filters.refusalOf(number, side, kind, price, quantity, 0, display);
    return reason === REASON.NONE ? 0 : rejectCode(reason);
  }

  /** The new intended size of an order, what it has traded included. */
  #cancel(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    const { table, commands, answers } = this.#parts;
    const slot = table.find(flow, view.getUint32(at + wire.cancelOrder.at.userRef));
    if (slot === 0) return; // too late
    if (hasOnly(TAGS_OF_CANCEL, view, elements, end))
      commands.reduce(slot, view.getUint32(at + wire.cancelOrder.at.quantity), ASKED.REDUCE);
    else answers.cancelReject(port, flow, slot);
  }

  /** As a cancel; and sells may become short sales and back: the venue makes no difference, and says back what was said. */
  #modify(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    const { table, commands, answers } = this.#parts;
    const slot = table.find(flow, view.getUint32(at + MODIFY.userRef));
    if (slot === 0) return; // too late
    const letter = view.getUint8(at + MODIFY.side);
    const letters = table.lettersOf(slot);
    const now = sideLetterOf(letters);
    const mayBe = letter === now || (now !== BUY_LETTER && sideOf(letter) === SELL);
    if (!mayBe || !hasOnly(TAGS_OF_MODIFY, view, elements, end)) {
      answers.cancelReject(port, flow, slot);
      return;
    }
    table.setLetters(slot, withSideLetter(letters, letter));
    const reduces = commands.reduce(slot, view.getUint32(at + MODIFY.quantity), ASKED.MODIFY);
    if (!reduces && letter !== now) answers.sideModified(port, flow, slot);
  }

  // ── All orders of a login ────────────────────────────────────────────────────────────────────────────────────────────────

  #massCancel(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    const { answers } = this.#parts;
    const reference = view.getUint32(at + MASS_CANCEL.userRef);
    if (!this.#use(port, flow, reference, NO_ID, 0)) return;
    const meant = this.#readMassCancel(view, at, elements, end);
    if (typeof meant === 'number') {
      answers.reject(port, flow, reference, meant, NO_ID, 0);
      return;
    }
    answers.massCancelled(port, view, at, elements, end);
    this.#cancelAll(flow.login, meant);
  }

  /** Which orders a mass cancel means, or why it is refused. */
  #readMassCancel(view: DataView, at: number, elements: number, end: number): Meant | number {
    if (!isName(view, at + MASS_CANCEL.firm, FIRM_LETTERS)) return REJECT.FIRM_NOT_AUTHORIZED;
    const isOfAll = isBlank(view, at + MASS_CANCEL.symbol, SYMBOL_LETTERS);
    const instrument = isOfAll ? -1 : this.#symbols.find(view, at + MASS_CANCEL.symbol)?.number;
    if (instrument === undefined) return REJECT.INVALID_SYMBOL;
    if (!hasOnly(TAGS_OF_MASS_CANCEL, view, elements, end)) return REJECT.OTHER;
    return readMeant(instrument, view, elements, end) ?? REJECT.INVALID_SIDE;
  }

  #cancelAll(login: number, meant: Meant): void {
    const { table, walks, commands } = this.#parts;
    const flows = table.flowsOf(login).filter((each) => each !== undefined && each.oldest !== 0) as Flow[];
    const wanted = meant.channel < 0 ? flows : flows.filter(({ channel }) => channel === meant.channel);
    let left = wanted.length;
    if (left === 0) return;
    this.#cancelling.add(login);
    const done = () => {
      left--;
      if (left === 0) this.#cancelling.delete(login);
    };
    const cancel = (slot: number) => !isMeant(table, slot, meant) || commands.cancelIfQuiet(slot);
    for (const each of wanted) walks.begin(each, each.oldest, cancel, done);
  }

  #switchEntry(port: OuchPort, flow: Flow, view: DataView, at: number, elements: number, end: number): void {
    const { answers } = this.#parts;
    const reference = view.getUint32(at + SWITCH.userRef);
    if (!this.#use(port, flow, reference, NO_ID, 0)) return;
    const isFirm = isName(view, at + SWITCH.firm, FIRM_LETTERS);
    if (!isFirm || !hasOnly(TAGS_OF_SWITCH, view, elements, end)) {
      answers.reject(port, flow, reference, isFirm ? REJECT.OTHER : REJECT.FIRM_NOT_AUTHORIZED, NO_ID, 0);
      return;
    }
    port.isDisabled = view.getUint8(at) === wire.disableEntry.type;
    if (port.isDisabled) this.#disabled.add(flow.login);
    else this.#disabled.delete(flow.login);
    answers.entrySwitched(port, flow, view, at);
  }
}

function isBlank(view: DataView, at: number, bytes: number): boolean {
  for (let i = 0; i < bytes; i++) if (view.getUint8(at + i) !== SPACE) return false;
  return true;
}
