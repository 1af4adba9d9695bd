import type { Instrument } from '../core/market.ts';
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
  #slot = 0;

  /** @param instruments all, by number @param states and @param orders copies of its own @param time microseconds since 1970 */
  constructor(next: number, instruments: readonly Instrument[], states: readonly number[], orders: ShownOrders, time: number) {
    this.next = next;
    this.#instruments = instruments;
    this.#states = states;
    this.#orders = orders;
    this.#messages = new ItchMessages(new DataView(new ArrayBuffer(64)));
    this.#messages.time = time;
    this.#slot = orders.after(0);
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
    for (; this.#slot !== 0 && left > 0; this.#slot = orders.after(this.#slot), left--) {
      const slot = this.#slot;
      const instrument = this.#instruments[orders.instrument(slot)];
      take(
        messages.view,
        messages.add(instrument, orders.side(slot), slot, orders.generation(slot), orders.lots(slot), orders.ticks(slot)),
      );
    }
    return this.#instrument < this.#instruments.length || this.#slot !== 0;
  }
}
