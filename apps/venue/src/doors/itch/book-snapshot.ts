import type { Side } from '@outcry/market/order-terms';
import type { Instrument } from '../../domain/market.ts';
import { ItchMessages } from './itch-messages.ts';
import type { ShownOrders } from './shown-orders.ts';

/** The book as it was at one moment, written bit by bit: instruments with their states, then orders in the order in which they were shown. */
export class BookSnapshot {
  /** number of the feed's message that goes on from it */
  readonly next: number;
  readonly #instruments: readonly Instrument[];
  readonly #states: readonly number[];
  readonly #orders: ShownOrders;
  readonly #messages: ItchMessages;
  #instrument = 0;
  #take: (view: DataView, bytes: number) => void = () => undefined;

  /**
   * Begins it: the one before must have been written to its end.
   * @param instruments all, by number @param states a copy of its own @param time microseconds since 1970
   */
  constructor(next: number, instruments: readonly Instrument[], states: readonly number[], orders: ShownOrders, time: number) {
    this.next = next;
    this.#instruments = instruments;
    this.#states = states;
    this.#orders = orders;
    this.#messages = new ItchMessages(new DataView(new ArrayBuffer(64)));
    this.#messages.time = time;
    orders.beginSnapshot();
  }

  /** Writes so many more messages, if there are as many. Returns whether there are more. */
  write(most: number, take: (view: DataView, bytes: number) => void): boolean {
    const messages = this.#messages;
    const orders = this.#orders;
    let left = most;
    for (; this.#instrument < this.#instruments.length && left > 0; this.#instrument++) {
      const instrument = this.#instruments[this.#instrument];
      if (instrument.wireTick === 0) continue; // the feed does not offer it
      take(messages.view, messages.directory(instrument));
      take(messages.view, messages.action(instrument, this.#states[instrument.number]));
      left -= 2;
    }
    this.#take = take;
    for (; orders.hasUnread && left > 0; left--) orders.read(this.#order);
    return this.#instrument < this.#instruments.length || orders.hasUnread;
  }

  readonly #order = (id: number, instrument: number, side: Side, lots: number, ticks: number) => {
    this.#take(this.#messages.view, this.#messages.add(this.#instruments[instrument], side, id, lots, ticks));
  };
}
