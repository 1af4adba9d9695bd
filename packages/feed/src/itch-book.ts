/** Order books of a market, built from ITCH messages. */
import {
  addOrder,
  crossTrade,
  orderCancel,
  orderDelete,
  orderExecuted,
  orderExecutedPrice,
  orderReplace,
  stockDirectory,
  trade,
  tradingAction,
} from '@outcry/wire/itch';
import { OrderMap } from './order-map.ts';
import { PriceLadders } from './price-ladders.ts';
import { grown, numbersOf, words } from './words.ts';

const ADD = addOrder.type;
const ADD_MPID = 0x46; // 'F': as 'A', and four letters more
const EXECUTED = orderExecuted.type;
const EXECUTED_PRICE = orderExecutedPrice.type;
const CANCEL = orderCancel.type;
const DELETE = orderDelete.type;
const REPLACE = orderReplace.type;
const TRADE = trade.type;
const CROSS = crossTrade.type;
const DIRECTORY = stockDirectory.type;
const ACTION = tradingAction.type;
const { locate: LOCATE, reference: REFERENCE, side: SIDE, shares: SHARES, price: PRICE } = addOrder.at;
const { shares: TAKEN_SHARES } = orderExecuted.at;
const { newReference: NEW_REFERENCE, shares: NEW_SHARES, price: NEW_PRICE } = orderReplace.at;
const BUY_LETTER = 0x42;
const STOCK = stockDirectory.at.stock;
const STATE = tradingAction.at.state;
const STOCK_LETTERS = 8;
const MOST_LOCATES = 65536;

export const BUY = 0;
export const SELL = 1;

/** An order's record, 32 bytes. */
const SHIFT = 3;
const RECORD_WORDS = 8;
const FIRST_RECORDS = 1 << 16;
const LOW = 0;
const HIGH = 1;
const LEFT = 2;
const LEVEL = 3;
const PREVIOUS = 4;
const NEXT = 5;
/** A level's, 32 bytes: shares as a float64, first and last order, how many, and whose it is: locate x 2 + side (of a free one: the next). */
const F64_TOTAL = 0;
const F64_SHIFT = 2;
const HEAD = 2;
const TAIL = 3;
const COUNT = 4;
const BOOK_SIDE = 5;
const LEVEL_PRICE = 6;

/** A price level as it is told: price with four implied decimals, shares, orders. */
export interface Level {
  price: number;
  shares: number;
  orders: number;
}

/**
 * Books of all instruments of an ITCH 5.0 feed, by order and by level. Orders are records in typed arrays, linked into a queue a level in
 * the order of time; levels are in a sorted array a side, in which what changes is near the end. One thread owns it.
 *
 * A message for an order that is not there is counted and does nothing: after a gap was left open, or before the first snapshot.
 */
export class ItchBook {
  /** messages that meant an order that is not there */
  unknown = 0;
  messages = 0;
  /** state letter by locate, 0: none told */
  readonly states = new Uint8Array(MOST_LOCATES);
  readonly symbols = new Map<number, string>();
  /** by locate x 2 + side */
  readonly #ladders = new PriceLadders(MOST_LOCATES * 2);
  #orders = words(FIRST_RECORDS * RECORD_WORDS);
  #freeOrder = 0;
  #topOrder = 1;
  #levels = words(FIRST_RECORDS * RECORD_WORDS);
  #totals = numbersOf(this.#levels);
  #freeLevel = 0;
  #topLevel = 1;
  readonly #map = new OrderMap(this.#orders, SHIFT, HIGH);

  /** Takes in a whole ITCH message. */
  apply(view: DataView, at: number): void {
    this.messages++;
    switch (view.getUint8(at)) {
      case ADD:
      case ADD_MPID: {
        const bookSide = view.getUint16(at + LOCATE) * 2 + (view.getUint8(at + SIDE) === BUY_LETTER ? BUY : SELL);
        this.#add(
          view.getInt32(at + REFERENCE + 4),
          view.getInt32(at + REFERENCE),
          bookSide,
          view.getUint32(at + PRICE),
          view.getUint32(at + SHARES),
        );
        break;
      }
      case EXECUTED:
      case EXECUTED_PRICE:
      case CANCEL:
        this.#take(view.getInt32(at + REFERENCE + 4), view.getInt32(at + REFERENCE), view.getUint32(at + TAKEN_SHARES));
        break;
      case DELETE:
        this.#remove(view.getInt32(at + REFERENCE + 4), view.getInt32(at + REFERENCE));
        break;
      case REPLACE:
        this.#replace(view, at);
        break;
      case DIRECTORY:
        this.symbols.set(view.getUint16(at + LOCATE), readStock(view, at + STOCK));
        break;
      case ACTION:
        this.states[view.getUint16(at + LOCATE)] = view.getUint8(at + STATE);
    }
  }

  /** Whether a message is a trade that no displayed order tells of. */
  static isTrade(type: number): boolean {
    return type === TRADE || type === CROSS;
  }

  get orderCount(): number {
    return this.#map.size;
  }

  /** Forgets all orders: before a snapshot. */
  clear(): void {
    this.#map.clear();
    this.#ladders.clear();
    this.#freeOrder = 0;
    this.#topOrder = 1;
    this.#freeLevel = 0;
    this.#topLevel = 1;
  }

  /** Levels of a side, the best first, at most so many. */
  depth(locate: number, side: number, most = Number.POSITIVE_INFINITY): Level[] {
    const found: Level[] = [];
    const ladder = locate * 2 + side;
    for (let rung = this.#ladders.count(ladder) - 1; rung >= 0 && found.length < most; rung--) {
      const level = this.#ladders.level(ladder, rung);
      const orders = this.#levels[(level << SHIFT) | COUNT];
      found.push({ price: this.#ladders.price(ladder, rung), shares: this.#totals[(level << F64_SHIFT) | F64_TOTAL], orders });
    }
    return found;
  }

  /** Orders of a side, in the order in which they would trade: price, then time. */
  *queue(locate: number, side: number): Generator<{ reference: number; price: number; shares: number }> {
    const ladder = locate * 2 + side;
    const orders = this.#orders;
    for (let rung = this.#ladders.count(ladder) - 1; rung >= 0; rung--) {
      const price = this.#ladders.price(ladder, rung);
      for (
        let slot = this.#levels[(this.#ladders.level(ladder, rung) << SHIFT) | HEAD];
        slot !== 0;
        slot = orders[(slot << SHIFT) | NEXT]
      ) {
        const reference = (orders[(slot << SHIFT) | HIGH] >>> 0) * 2 ** 32 + (orders[slot << SHIFT] >>> 0);
        yield { reference, price, shares: orders[(slot << SHIFT) | LEFT] >>> 0 };
      }
    }
  }

  #add(low: number, high: number, bookSide: number, price: number, shares: number): void {
    const level = this.#level(bookSide, price);
    const slot = this.#takeOrder();
    const orders = this.#orders;
    const levels = this.#levels;
    const at = slot << SHIFT;
    const tail = levels[(level << SHIFT) | TAIL];
    orders[at | LOW] = low;
    orders[at | HIGH] = high;
    orders[at | LEFT] = shares;
    orders[at | LEVEL] = level;
    orders[at | PREVIOUS] = tail;
    orders[at | NEXT] = 0;
    if (tail === 0) levels[(level << SHIFT) | HEAD] = slot;
    else orders[(tail << SHIFT) | NEXT] = slot;
    levels[(level << SHIFT) | TAIL] = slot;
    levels[(level << SHIFT) | COUNT]++;
    this.#totals[(level << F64_SHIFT) | F64_TOTAL] += shares;
    this.#map.add(slot, low);
  }

  #take(low: number, high: number, shares: number): void {
    const slot = this.#map.find(low, high);
    if (slot === 0) {
      this.unknown++;
      return;
    }
    const at = slot << SHIFT;
    const left = this.#orders[at | LEFT] >>> 0;
    if (shares >= left) {
      this.#remove(low, high);
      return;
    }
    this.#orders[at | LEFT] = left - shares;
    this.#totals[(this.#orders[at | LEVEL] << F64_SHIFT) | F64_TOTAL] -= shares;
  }

  /** Returns the side that the order was on, -1: there is no such order. */
  #remove(low: number, high: number): number {
    const slot = this.#map.remove(low, high);
    if (slot === 0) {
      this.unknown++;
      return -1;
    }
    const orders = this.#orders;
    const levels = this.#levels;
    const at = slot << SHIFT;
    const level = orders[at | LEVEL] << SHIFT;
    const bookSide = levels[level | BOOK_SIDE];
    const previous = orders[at | PREVIOUS];
    const next = orders[at | NEXT];
    if (previous === 0) levels[level | HEAD] = next;
    else orders[(previous << SHIFT) | NEXT] = next;
    if (next === 0) levels[level | TAIL] = previous;
    else orders[(next << SHIFT) | PREVIOUS] = previous;
    orders[at | NEXT] = this.#freeOrder;
    this.#freeOrder = slot;
    if (--levels[level | COUNT] === 0) this.#dropLevel(bookSide, orders[at | LEVEL]);
    else this.#totals[(orders[at | LEVEL] << F64_SHIFT) | F64_TOTAL] -= orders[at | LEFT] >>> 0;
    return bookSide;
  }

  #replace(view: DataView, at: number): void {
    const bookSide = this.#remove(view.getInt32(at + REFERENCE + 4), view.getInt32(at + REFERENCE));
    if (bookSide < 0) return;
    const low = view.getInt32(at + NEW_REFERENCE + 4);
    this.#add(low, view.getInt32(at + NEW_REFERENCE), bookSide, view.getUint32(at + NEW_PRICE), view.getUint32(at + NEW_SHARES));
  }

  /** The level of a price, made when it is new. */
  #level(bookSide: number, price: number): number {
    const ladders = this.#ladders;
    const rung = ladders.search(bookSide, price);
    if (rung < ladders.count(bookSide) && ladders.price(bookSide, rung) === price) return ladders.level(bookSide, rung);
    const level = this.#takeLevel();
    ladders.insert(bookSide, rung, price, level);
    const words = level << SHIFT;
    this.#totals[(level << F64_SHIFT) | F64_TOTAL] = 0;
    this.#levels[words | HEAD] = 0;
    this.#levels[words | TAIL] = 0;
    this.#levels[words | COUNT] = 0;
    this.#levels[words | BOOK_SIDE] = bookSide;
    this.#levels[words | LEVEL_PRICE] = price;
    return level;
  }

  #dropLevel(bookSide: number, level: number): void {
    this.#ladders.drop(bookSide, this.#ladders.search(bookSide, this.#levels[(level << SHIFT) | LEVEL_PRICE] >>> 0));
    this.#levels[(level << SHIFT) | BOOK_SIDE] = this.#freeLevel;
    this.#freeLevel = level;
  }

  #takeOrder(): number {
    if (this.#freeOrder !== 0) {
      const slot = this.#freeOrder;
      this.#freeOrder = this.#orders[(slot << SHIFT) | NEXT];
      return slot;
    }
    if (this.#topOrder << SHIFT === this.#orders.length) {
      this.#orders = grown(this.#orders);
      this.#map.records = this.#orders;
    }
    return this.#topOrder++;
  }

  #takeLevel(): number {
    if (this.#freeLevel !== 0) {
      const level = this.#freeLevel;
      this.#freeLevel = this.#levels[(level << SHIFT) | BOOK_SIDE];
      return level;
    }
    if (this.#topLevel << SHIFT === this.#levels.length) {
      this.#levels = grown(this.#levels);
      this.#totals = numbersOf(this.#levels);
    }
    return this.#topLevel++;
  }
}

function readStock(view: DataView, at: number): string {
  let text = '';
  for (let i = 0; i < STOCK_LETTERS; i++) text += String.fromCharCode(view.getUint8(at + i));
  return text.trimEnd();
}
