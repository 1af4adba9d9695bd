/** An order book of a program of its own: objects and callbacks over OrderBook. */
import { BUY, MAX_PRICE, MAX_QUANTITY, MIN_PRICE, type Side } from '@outcry/market/order-terms';
import { BookMemory } from './book-memory.ts';
import { OrderBook } from './order-book.ts';
import { order, trade } from './records.ts';

const { SHIFT, MAKER, PRICE, QUANTITY, MAKER_LEFT } = trade;
const { SHIFT: ORDER_SHIFT, QUANTITY: ORDER_QUANTITY } = order;

/** What can happen in a {@link SimpleBook}. Ids are those that its user gave; prices are ticks, quantities lots. */
export interface BookListener<Id> {
  /** An order rests, at the end of its price's queue. */
  added?(id: Id, side: Side, price: number, quantity: number): void;
  /** Two orders traded at the resting one's price. @param left of the resting order: 0 when it is filled and gone */
  matched?(resting: Id, incoming: Id, incomingSide: Side, price: number, quantity: number, left: number): void;
  /** A resting order lost lots by {@link SimpleBook.cancel} or {@link SimpleBook.reduce}. @param left 0 when it is gone */
  cancelled?(id: Id, quantity: number, left: number): void;
}

/**
 * An order book alone, for programs that have their own accounts, ids and clocks: orders are entered, cancelled and reduced by ids of
 * any kind, and a listener hears what happens, at once and in order. It is the venue's own book: price-time priority, exact integers.
 *
 * Prices are whole ticks from `MIN_PRICE` to `MAX_PRICE`, quantities whole lots from 1 to {@link MAX_QUANTITY}; anything else
 * throws a RangeError, and so does an id that rests already and an order for which there is no memory. Nothing has happened then.
 * Single-threaded; a listener must not call the book.
 */
export class SimpleBook<Id = number> {
  readonly #memory: BookMemory;
  readonly #book: OrderBook;
  readonly #listener: BookListener<Id>;
  readonly #slots = new Map<Id, number>();
  /** by slot */
  readonly #ids: Id[] = [];
  readonly #sides: Side[] = [];

  /** @param most orders that may rest at once, up to 2^24 - 1 */
  constructor(listener: BookListener<Id> = {}, most = 100_000) {
    this.#listener = listener;
    this.#memory = new BookMemory(most);
    this.#book = new OrderBook(this.#memory);
  }

  /** Orders that rest. */
  get size(): number {
    return this.#slots.size;
  }

  /** Best price of a side in ticks, 0 when nobody is there. */
  best(side: Side): number {
    return this.#book.best(side);
  }

  /** Lots that a resting order has, 0 when there is no such order. */
  quantityOf(id: Id): number {
    const slot = this.#slots.get(id);
    return slot === undefined ? 0 : this.#lotsAt(slot);
  }

  /** Trades an order as far as it crosses; what is left rests. Returns the lots left. */
  enter(id: Id, side: Side, price: number, quantity: number): number {
    check('price', price, MIN_PRICE, MAX_PRICE);
    check('quantity', quantity, 1, MAX_QUANTITY);
    if (this.#slots.has(id)) throw new RangeError(`order ${String(id)} rests already`);
    const slot = this.#memory.orders.take();
    if (slot === 0) throw new RangeError(`no more than ${this.#memory.orders.capacity} orders can rest`);
    const left = this.#match(id, side, price, quantity);
    if (left === 0) this.#memory.orders.give(slot);
    else this.#rest(id, slot, side, price, left);
    return left;
  }

  /** Trades an order at any price; what is left is dropped. Returns the lots left. */
  enterMarket(id: Id, side: Side, quantity: number): number {
    check('quantity', quantity, 1, MAX_QUANTITY);
    return this.#match(id, side, side === BUY ? MAX_PRICE : MIN_PRICE, quantity);
  }

  /** Takes an order out of the book. Returns whether it rested. */
  cancel(id: Id): boolean {
    return this.reduce(id, 0);
  }

  /** Lowers an order to so many lots; it keeps its place. 0: it leaves the book. Returns whether it rested and had more. */
  reduce(id: Id, quantity: number): boolean {
    const slot = this.#slots.get(id);
    if (slot === undefined) return false;
    const before = this.#lotsAt(slot);
    check('quantity', quantity, 0, MAX_QUANTITY);
    if (quantity >= before) return false;
    if (quantity > 0) this.#book.reduce(slot, this.#sides[slot], quantity);
    else {
      this.#book.remove(slot, this.#sides[slot]);
      this.#memory.orders.give(slot);
      this.#slots.delete(id);
    }
    this.#listener.cancelled?.(id, before - quantity, quantity);
    return true;
  }

  #lotsAt(slot: number): number {
    return this.#memory.orders.i32[(slot << ORDER_SHIFT) | ORDER_QUANTITY];
  }

  #rest(id: Id, slot: number, side: Side, price: number, quantity: number): void {
    this.#book.rest(slot, side, price, quantity); // there are as many levels as orders
    this.#slots.set(id, slot);
    this.#ids[slot] = id;
    this.#sides[slot] = side;
    this.#listener.added?.(id, side, price, quantity);
  }

  #match(id: Id, side: Side, limit: number, quantity: number): number {
    let left = quantity;
    do {
      left = this.#book.match(side, limit, left);
      this.#tell(id, side);
    } while (this.#memory.tradeCount === this.#memory.tradeCapacity);
    return left;
  }

  #tell(incoming: Id, side: Side): void {
    const { trades, tradeCount } = this.#memory;
    for (let i = 0; i < tradeCount; i++) {
      const at = i << SHIFT;
      const maker = this.#ids[trades[at | MAKER]];
      const left = trades[at | MAKER_LEFT];
      if (left === 0) this.#slots.delete(maker);
      this.#listener.matched?.(maker, incoming, side, trades[at | PRICE], trades[at | QUANTITY], left);
    }
  }
}

function check(what: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new RangeError(`a ${what} of ${value} is not a whole number from ${least} to ${most}`);
}
