import type { Side } from '@outcry/market/order-terms';
import { i32Of, reserve } from '@outcry/memory/span';

/** Words of an order, 32 bytes, by the engine's slot. Slot 0 is none: its neighbours are the newest and the oldest. */
const SHIFT = 3;
const LOTS = 0;
const TICKS = 1;
const GENERATION = 2;
/** instrument x 2 + side */
const WHERE = 3;
const PREVIOUS = 4;
const NEXT = 5;

/**
 * What the feed shows of open orders, outside the heap, linked in the order in which it showed them: their order in time. An order with no lots is not
 * shown, and in no list.
 */
export class ShownOrders {
  readonly #words: Int32Array;
  #top = 1;

  /** @param words of another one that this is a copy of */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  static withRoom(orders: number): ShownOrders {
    return new ShownOrders(i32Of(reserve((orders + 1) << (SHIFT + 2))));
  }

  /** As they are now: what happens to one of the two is not seen by the other. Takes some 10 ms for a million. */
  copy(): ShownOrders {
    return new ShownOrders(this.#words.slice(0, this.#top << SHIFT));
  }

  /** Lots that show, 0: none. */
  lots(slot: number): number {
    return this.#words[(slot << SHIFT) | LOTS];
  }
  ticks(slot: number): number {
    return this.#words[(slot << SHIFT) | TICKS];
  }
  generation(slot: number): number {
    return this.#words[(slot << SHIFT) | GENERATION];
  }
  instrument(slot: number): number {
    return this.#words[(slot << SHIFT) | WHERE] >> 1;
  }
  side(slot: number): Side {
    return (this.#words[(slot << SHIFT) | WHERE] & 1) as Side;
  }

  /** The order shown next after one, by slot; of 0 the oldest. 0: there is none. */
  after(slot: number): number {
    return this.#words[(slot << SHIFT) | NEXT];
  }

  /** An order takes a slot; it is not shown yet. */
  name(slot: number, generation: number, instrument: number, side: Side): void {
    this.#words[(slot << SHIFT) | GENERATION] = generation;
    this.#words[(slot << SHIFT) | WHERE] = instrument * 2 + side;
  }

  /** Shows so many lots of one that was not shown. */
  show(slot: number, lots: number, ticks: number): void {
    const words = this.#words;
    const at = slot << SHIFT;
    const last = words[PREVIOUS];
    words[at | LOTS] = lots;
    words[at | TICKS] = ticks;
    words[at | PREVIOUS] = last;
    words[at | NEXT] = 0;
    words[(last << SHIFT) | NEXT] = slot;
    words[PREVIOUS] = slot;
    if (slot >= this.#top) this.#top = slot + 1;
  }

  /** Takes lots off one that is shown; without any left it is not shown any more. */
  take(slot: number, lots: number): void {
    const words = this.#words;
    const at = slot << SHIFT;
    words[at | LOTS] -= lots;
    if (words[at | LOTS] > 0) return;
    words[(words[at | PREVIOUS] << SHIFT) | NEXT] = words[at | NEXT];
    words[(words[at | NEXT] << SHIFT) | PREVIOUS] = words[at | PREVIOUS];
  }
}
