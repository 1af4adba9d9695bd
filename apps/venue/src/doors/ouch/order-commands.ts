/** Commands of OUCH orders, and the 64 bits that mark them as a login's. */
import { COMMAND, command, commandHead, LESS_TRADED, NUMBERED } from '@outcry/market/command';
import type { Side } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import type { Instrument } from '../../domain/market.ts';
import { writeTerms } from '../../domain/special-terms.ts';
import { REJECT, rejectCode } from './codes.ts';
import type { CommandSender } from './command-sender.ts';
import type { OrderReader } from './order-reader.ts';
import type { OrderTable } from './order-table.ts';
import type { Flow } from './port.ts';

/** What was asked: kinds of commands in flight. */
export const ASKED = { ENTER: 0, REPLACE: 1, CANCEL: 2, REDUCE: 3, MODIFY: 4 } as const;

/** The upper 32 of the client's 64 bits, for orders of a flow: NUMBERED, its channel u8, its login u20. */
const CHANNEL_SHIFT = 20;
const LOGIN = (1 << CHANNEL_SHIFT) - 1;
const CHANNEL = 0xff;

export function clientHigh({ login, channel }: { login: number; channel: number }): number {
  return NUMBERED | (channel << CHANNEL_SHIFT) | login;
}
export function loginOf(high: number): number {
  return high & LOGIN;
}
export function channelOfHigh(high: number): number {
  return (high >>> CHANNEL_SHIFT) & CHANNEL;
}

/** Makes the commands of orders, entered and open. */
export class OrderCommands {
  readonly #sender: CommandSender;
  readonly #table: OrderTable;

  constructor(sender: CommandSender, table: OrderTable) {
    this.#sender = sender;
    this.#table = table;
  }

  /** Enters the order that was read last. Returns 0, or why there is no place for it. @param at @param end of the message */
  enter(flow: Flow, instrument: Instrument, side: Side, order: OrderReader, view: DataView, at: number, end: number): number {
    return this.#enter(ASKED.ENTER, flow, instrument, order.head(COMMAND.NEW_ORDER, side, 0), order, 0, 0, view, at, end);
  }

  /** The same in the place of an open order, whose size it takes over with what has been traded of it. */
  replace(
    flow: Flow,
    slot: number,
    instrument: Instrument,
    side: Side,
    order: OrderReader,
    view: DataView,
    at: number,
    end: number,
  ): number {
    const head = order.head(COMMAND.CANCEL_REPLACE, side, LESS_TRADED);
    return this.#enter(ASKED.REPLACE, flow, instrument, head, order, slot, this.#table.baseOf(slot), view, at, end);
  }

  /** Cancels an open order. Returns false when there is no room for that now. */
  cancel(slot: number): boolean {
    const sender = this.#sender;
    if (!sender.hasRoom(1)) return false;
    const record = this.#begin(slot, commandHead(COMMAND.CANCEL));
    sender.commit(record, ASKED.CANCEL, this.#table.flowOf(slot)!.number, 0, sender.copies, 0, 0);
    return true;
  }

  /** Cancels one of many orders, if others are not held up by it. Returns whether it did. */
  cancelIfQuiet(slot: number): boolean {
    return this.#sender.hasSpareRoom() && this.cancel(slot);
  }

  /** Sets the size of an open order, what it has traded included. Returns whether that is smaller than it is: else nothing happens. */
  reduce(slot: number, size: number, asked: number): boolean {
    const sender = this.#sender;
    const traded = this.#table.tradedOf(slot);
    if (size >= traded + this.#table.leftOf(slot)) return false;
    if (size <= traded) this.cancel(slot);
    else if (sender.hasRoom(1)) {
      const record = this.#begin(slot, commandHead(COMMAND.AMEND));
      sender.i32[record + command.QUANTITY] = size - this.#table.baseOf(slot);
      sender.commit(record, asked, this.#table.flowOf(slot)!.number, 0, sender.copies, 0, 0);
    } // else as if it had been lost: the client asks again
    return true;
  }

  #begin(slot: number, head: number): number {
    const { i32 } = this.#sender;
    const record = this.#sender.record();
    i32[record + command.HEAD] = head;
    i32[record + command.INSTRUMENT_WORD] = this.#table.instrumentOf(slot);
    i32[record + command.ACCOUNT] = this.#table.flowOf(slot)!.account;
    i32[record + command.ORDER_SLOT] = slot;
    i32[record + command.ORDER_GENERATION] = this.#table.generationOf(slot);
    return record;
  }

  #enter(
    asked: number,
    flow: Flow,
    instrument: Instrument,
    head: number,
    order: OrderReader,
    replaced: number,
    base: number,
    view: DataView,
    at: number,
    end: number,
  ): number {
    const sender = this.#sender;
    const { terms } = order;
    const reason = asked === ASKED.ENTER ? sender.refusal(flow.account) : REASON.NONE;
    if (reason !== REASON.NONE) return rejectCode(reason);
    if (!sender.hasRoom(terms === undefined ? 1 : 2)) return REJECT.PROCESSING_ERROR;
    if (terms !== undefined) writeTerms(sender.i32, sender.f64, sender.record(), commandHead(COMMAND.TERMS), terms);
    const record = sender.record();
    const { i32 } = sender;
    i32[record + command.HEAD] = head;
    i32[record + command.INSTRUMENT_WORD] = instrument.number;
    i32[record + command.ACCOUNT] = flow.account;
    i32[record + command.PRICE] = order.price;
    i32[record + command.QUANTITY] = order.quantity - base;
    if (replaced !== 0) {
      i32[record + command.ORDER_SLOT] = replaced;
      i32[record + command.ORDER_GENERATION] = this.#table.generationOf(replaced);
    }
    i32[record + command.CLIENT_LOW] = flow.last | 0;
    i32[record + command.CLIENT_HIGH] = clientHigh(flow);
    sender.commit(record, asked, flow.number, order.group, view, at, end - at);
    flow.inFlight++;
    return 0;
  }
}
