import type { BookMemory } from '@outcry/book/book-memory';
import { OrderBook } from '@outcry/book/order-book';
import { bytesOf, f64Of, i32Of, reserve, type Span, within } from '@outcry/memory/span';

/** One instrument's numbers, 64 bytes. */
export const instrument = {
  WORDS: 16,
  SHIFT: 4,
  DEFINED: 0,
  /** The asset that a buyer pays with and a seller receives, and the other one: PAID_BY + side is what that side pays with. */
  PAID_BY: 1,
  QUOTE: 1,
  BASE: 2,
  /** fees in parts per million */
  MAKER_FEE: 3,
  TAKER_FEE: 4,
  /** ticks, 0 before the first trade */
  LAST_PRICE: 5,
  F64_WORDS: 8,
  F64_SHIFT: 3,
  /** RATE + side: quote units per tick and lot (buyers), base units per lot (sellers) */
  F64_RATE: 4,
  F64_UNIT: 4,
  F64_LOT: 5,
  /** trades and aggregate trades so far: the numbers of the last ones */
  F64_TRADES: 6,
  F64_AGGREGATES: 7,
} as const;

/** The instruments of an engine, by number, each with its book. */
export class Instruments {
  readonly capacity: number;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly books: OrderBook[] = [];
  readonly #span: Span;
  readonly #memory: BookMemory;

  constructor(memory: BookMemory, capacity: number) {
    this.capacity = capacity;
    this.#memory = memory;
    this.#span = reserve(capacity * instrument.WORDS * 4);
    this.i32 = i32Of(this.#span);
    this.f64 = f64Of(this.#span);
  }

  has(number: number): boolean {
    return number >= 0 && number < this.books.length && this.i32[number * instrument.WORDS + instrument.DEFINED] === 1;
  }

  /** Instruments are numbered without gaps: makes the books up to and including a number. */
  open(number: number): void {
    while (this.books.length <= number) this.books.push(new OrderBook(this.#memory));
  }

  used(): Uint8Array {
    return bytesOf(within(this.#span, 0, this.books.length * instrument.WORDS * 4));
  }

  restore(bytes: Uint8Array): void {
    if (bytes.length > this.i32.byteLength) throw new RangeError('an image of instruments does not fit');
    bytesOf(this.#span).set(bytes);
    this.open(bytes.length / (instrument.WORDS * 4) - 1);
  }
}
