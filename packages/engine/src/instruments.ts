import type { BookMemory } from '@outcry/book/book-memory';
import { OrderBook } from '@outcry/book/order-book';
import { INSTRUMENT_RULE } from '@outcry/market/rules';
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

/** Modes of an instrument, 0: it is not defined. Its orders and trades take the plain path. */
export const PLAIN = 1;
/** Orders wait for its prices: the rule book looks at it after each command. */
export const WATCHED = 2;
/** They go by the rule book. */
export const RULED = 4;
/** Instruments are numbered in 16 bits. */
const NUMBERS = 0x10000;

/** What the rule book knows of an instrument, 256 bytes. */
export const rules = {
  WORDS: 64,
  STATE: 0,
  /** displayed icebergs, dark orders and orders of lists in the book: what plain matching cannot do */
  SPECIAL: 1,
  /** orders with triggers */
  TRIGGERS: 2,
  /** lists of two words, see RecordList: triggered orders that have not entered yet; orders with following pegs, and how many there are */
  QUEUE: 3,
  PEG_LIST: 5,
  PEGS: 7,
  /** best prices that pegged orders were last looked at with */
  PEG_BID: 8,
  PEG_ASK: 9,
  /** indicative price last told */
  INDICATIVE_PRICE: 10,
  /** 1: a cascade was cut off and goes on before the next command */
  UNFINISHED: 11,
  /** (words 12 to 17 are F64_AUCTION_END and the next two) a state that it takes when orders whose time is over are gone, or those for its
   * auction have entered: the state + 1, 0: none; and the reference price that comes with it */
  NEXT_STATE: 18,
  NEXT_REFERENCE: 19,
  /** the time in force of those orders, 0: those that the closed instrument has */
  ENDING: 20,
  /** the next of the orders for the closing auction that enter its book, 0: none is to enter */
  ENTERING: 21,
  /** a look at prices whose triggers have not all fired: which price is looked at + 1 (0: there is none), what it was, as rising and as
   * falling triggers see it; the price whose orders fire now, 0: none, and their direction; 1: all of them are in order */
  LOOK: 22,
  LOOK_UP: 23,
  LOOK_DOWN: 24,
  LOOK_LEVEL: 25,
  LOOK_DIRECTION: 26,
  LOOK_SORTED: 27,
  F64_WORDS: 32,
  /** when a volatility auction ends, 0: none runs */
  F64_AUCTION_END: 6,
  F64_INDICATIVE_VOLUME: 7,
  F64_INDICATIVE_SURPLUS: 8,
  /** + INSTRUMENT_RULE: the values set */
  F64_RULE: 16,
} as const;

if (Math.max(...Object.values(INSTRUMENT_RULE)) >= rules.F64_WORDS - rules.F64_RULE)
  throw new Error('an instrument rule has no place in its record: it would be written into the next instrument');

/** The instruments of an engine, by number, each with its book. */
export class Instruments {
  readonly capacity: number;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly books: OrderBook[] = [];
  /** by number: PLAIN or RULED, and WATCHED; 0: not defined */
  readonly modes = new Int32Array(NUMBERS);
  /** hidden and conditional orders, by instrument; made when the first one comes */
  readonly darkBooks: (OrderBook | undefined)[] = [];
  /** see rules */
  readonly rules: Int32Array;
  readonly ruleValues: Float64Array;
  readonly #span: Span;
  readonly #rulesSpan: Span;
  readonly #memory: BookMemory;

  constructor(memory: BookMemory, capacity: number) {
    this.capacity = capacity;
    this.#memory = memory;
    this.#span = reserve(capacity * instrument.WORDS * 4);
    this.i32 = i32Of(this.#span);
    this.f64 = f64Of(this.#span);
    this.#rulesSpan = reserve(capacity * rules.WORDS * 4);
    this.rules = i32Of(this.#rulesSpan);
    this.ruleValues = f64Of(this.#rulesSpan);
  }

  has(number: number): boolean {
    return (this.modes[number] ?? 0) !== 0;
  }

  /** Instruments are numbered without gaps: makes the books up to and including a number. */
  open(number: number): void {
    while (this.books.length <= number) {
      this.books.push(new OrderBook(this.#memory));
      this.darkBooks.push(undefined);
    }
  }

  /** The value of one of its rules: see INSTRUMENT_RULE. */
  rule(number: number, rule: number): number {
    return this.ruleValues[number * rules.F64_WORDS + rules.F64_RULE + rule];
  }

  setRule(number: number, rule: number, value: number): void {
    this.ruleValues[number * rules.F64_WORDS + rules.F64_RULE + rule] = value;
    if (rule === INSTRUMENT_RULE.MAKER_FEE) this.i32[number * instrument.WORDS + instrument.MAKER_FEE] = value;
    if (rule === INSTRUMENT_RULE.TAKER_FEE) this.i32[number * instrument.WORDS + instrument.TAKER_FEE] = value;
    this.refresh(number);
  }

  state(number: number): number {
    return this.rules[number * rules.WORDS + rules.STATE];
  }

  /** The book of hidden and conditional orders. */
  darkBook(number: number): OrderBook {
    this.darkBooks[number] ??= new OrderBook(this.#memory);
    return this.darkBooks[number];
  }

  /** What the price is measured against: the last trade's, before the first one the price set; 0: there is none. */
  reference(number: number): number {
    return this.i32[number * instrument.WORDS + instrument.LAST_PRICE] || this.rule(number, INSTRUMENT_RULE.REFERENCE_PRICE);
  }

  /** Whether orders at one price trade by time alone. */
  isByTime(number: number): boolean {
    return this.rule(number, INSTRUMENT_RULE.FIFO_SHARE) === 100;
  }

  /** Works out the mode: to be called when anything that it depends on changed. */
  refresh(number: number): void {
    const at = number * rules.WORDS;
    const { STATUS, STATIC_BAND, DYNAMIC_BAND, MAX_DISTANCE, MAX_QUANTITY, MAX_NOTIONAL } = INSTRUMENT_RULE;
    const limited = [STATUS, STATIC_BAND, DYNAMIC_BAND, MAX_DISTANCE, MAX_QUANTITY, MAX_NOTIONAL].some(
      (rule) => this.rule(number, rule) !== 0,
    );
    const ruled = limited || this.rules[at + rules.STATE] !== 0 || this.rules[at + rules.SPECIAL] > 0 || !this.isByTime(number);
    const watched = this.rules[at + rules.TRIGGERS] > 0 || this.rules[at + rules.PEGS] > 0;
    this.modes[number] = (ruled ? RULED : PLAIN) | (watched ? WATCHED : 0);
  }

  used(): Uint8Array[] {
    const { length } = this.books;
    return [bytesOf(within(this.#span, 0, length * instrument.WORDS * 4)), bytesOf(within(this.#rulesSpan, 0, length * rules.WORDS * 4))];
  }

  restore([instruments, ruleWords]: readonly Uint8Array[]): void {
    if (instruments.length > this.i32.byteLength) throw new RangeError('an image of instruments does not fit');
    bytesOf(this.#span).set(instruments);
    bytesOf(this.#rulesSpan).set(ruleWords);
    this.open(instruments.length / (instrument.WORDS * 4) - 1);
    for (let number = 0; number < this.books.length; number++)
      if (this.i32[number * instrument.WORDS + instrument.DEFINED] === 1) this.refresh(number);
  }
}
