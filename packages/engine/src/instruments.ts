/** The engine's instruments: their records, rules and books. */
import type { BookMemory } from '@outcry/book/book-memory';
import { OrderBook } from '@outcry/book/order-book';
import { INSTRUMENT_RULE, INSTRUMENT_RULES } from '@outcry/market/rules';
import { assertFits, offsets, record, several } from '@outcry/memory/record';
import { bytesOf, f64Of, i32Of, reserve, type Span, within } from '@outcry/memory/span';
import { LIST_WORDS } from './rules/record-list.ts';

const numbers = offsets(
  record(
    {
      DEFINED: 'i32',
      /** the asset that a buyer pays with and a seller receives, and the other one */
      QUOTE: 'i32',
      BASE: 'i32',
      /** parts per million */
      MAKER_FEE: 'i32',
      TAKER_FEE: 'i32',
      /** ticks, 0 before the first trade */
      LAST_PRICE: 'i32',
      /** matches that self-trade prevention prevented so far: the number of the last one */
      F64_PREVENTED: 'f64',
      /** quote units per tick and lot, and base units per lot */
      F64_UNIT: 'f64',
      F64_LOT: 'f64',
      /** trades and aggregate trades so far: the numbers of the last ones */
      F64_TRADES: 'f64',
      F64_AGGREGATES: 'f64',
    },
    { bytes: 64 },
  ),
);

/** One instrument's numbers, 64 bytes. PAID_BY + side is the asset that a side pays with, RATE + side its units: QUOTE and UNIT are buyers'. */
export const instrument = { ...numbers, PAID_BY: numbers.QUOTE, F64_RATE: numbers.F64_UNIT } as const;

/** Modes of an instrument, 0: it is not defined. Its orders and trades take the plain path. */
export const PLAIN = 1;
/** Orders wait for its prices: the rule book looks at it after each command. */
export const WATCHED = 2;
/** They go by the rule book. */
export const RULED = 4;
/** Instruments are numbered in 16 bits. */
const NUMBERS = 0x10000;

/** Rules that the plain path does not know. */
const RULING = Object.values(INSTRUMENT_RULES).filter(({ isRuled }) => isRuled);

/** Places that an instrument has for the values of rules. */
const RULES = 32;

const ruleLayout = record(
  {
    STATE: 'i32',
    /** displayed icebergs, hidden orders and orders of lists in the book: what plain matching cannot do */
    SPECIAL: 'i32',
    /** orders with triggers */
    TRIGGERS: 'i32',
    /** lists, see RecordList: triggered orders that have not entered yet; orders with following pegs, and how many there are */
    QUEUE: several('i32', LIST_WORDS),
    PEG_LIST: several('i32', LIST_WORDS),
    PEGS: 'i32',
    /** best prices that pegged orders were last looked at with */
    PEG_BID: 'i32',
    PEG_ASK: 'i32',
    /** indicative price last emitted */
    INDICATIVE_PRICE: 'i32',
    /** 1: a cascade was cut off and goes on before the next command */
    UNFINISHED: 'i32',
    /** when a volatility auction ends, 0: none runs */
    F64_AUCTION_END: 'f64',
    F64_INDICATIVE_VOLUME: 'f64',
    F64_INDICATIVE_SURPLUS: 'f64',
    /** a state that it takes when orders whose time is over are gone, or those for its auction have entered: the state + 1, 0: none; and the
     * reference price that comes with it */
    NEXT_STATE: 'i32',
    NEXT_REFERENCE: 'i32',
    /** the time in force of those orders, 0: those that the closed instrument has */
    ENDING: 'i32',
    /** the next of the orders for the closing auction that enter its book, 0: none is to enter */
    ENTERING: 'i32',
    /** a look at prices whose triggers have not all fired: which price is looked at + 1 (0: there is none), what it was, as rising and as
     * falling triggers see it; the price whose orders fire now, 0: none, and their direction; 1: all of them are in order */
    LOOK: 'i32',
    LOOK_UP: 'i32',
    LOOK_DOWN: 'i32',
    LOOK_LEVEL: 'i32',
    LOOK_DIRECTION: 'i32',
    LOOK_SORTED: 'i32',
    spare: several('i32', 4),
    /** + INSTRUMENT_RULE: the values set */
    F64_RULE: several('f64', RULES),
  },
  { bytes: 512 },
);
assertFits('instrument rule', INSTRUMENT_RULE, ruleLayout.fields.F64_RULE);

/** What the rule book keeps for an instrument, 512 bytes. */
export const instrumentRule = offsets(ruleLayout);

/** The instruments of an engine, by number, each with its book. */
export class Instruments {
  readonly capacity: number;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly books: OrderBook[] = [];
  /** by number: PLAIN or RULED, and WATCHED; 0: not defined */
  readonly modes = new Int32Array(NUMBERS);
  /** hidden and conditional orders, by instrument; made when the first one comes */
  readonly hiddenBooks: (OrderBook | undefined)[] = [];
  /** see instrumentRule */
  readonly ruleWords: Int32Array;
  readonly ruleValues: Float64Array;
  readonly #span: Span;
  readonly #ruleSpan: Span;
  readonly #memory: BookMemory;

  constructor(memory: BookMemory, capacity: number) {
    this.capacity = capacity;
    this.#memory = memory;
    this.#span = reserve(capacity * instrument.WORDS * 4);
    this.i32 = i32Of(this.#span);
    this.f64 = f64Of(this.#span);
    this.#ruleSpan = reserve(capacity * instrumentRule.WORDS * 4);
    this.ruleWords = i32Of(this.#ruleSpan);
    this.ruleValues = f64Of(this.#ruleSpan);
  }

  has(number: number): boolean {
    return (this.modes[number] ?? 0) !== 0;
  }

  /** Instruments are numbered without gaps: makes the books up to and including a number. */
  ensureBooks(number: number): void {
    while (this.books.length <= number) {
      this.books.push(new OrderBook(this.#memory));
      this.hiddenBooks.push(undefined);
    }
  }

  /** The value of one of its rules: see INSTRUMENT_RULE. */
  rule(number: number, rule: number): number {
    return this.ruleValues[number * instrumentRule.F64_WORDS + instrumentRule.F64_RULE + rule];
  }

  setRule(number: number, rule: number, value: number): void {
    this.ruleValues[number * instrumentRule.F64_WORDS + instrumentRule.F64_RULE + rule] = value;
    if (rule === INSTRUMENT_RULE.MAKER_FEE) this.i32[number * instrument.WORDS + instrument.MAKER_FEE] = value;
    if (rule === INSTRUMENT_RULE.TAKER_FEE) this.i32[number * instrument.WORDS + instrument.TAKER_FEE] = value;
    this.refresh(number);
  }

  state(number: number): number {
    return this.ruleWords[number * instrumentRule.WORDS + instrumentRule.STATE];
  }

  /** The book of hidden and conditional orders. */
  hiddenBook(number: number): OrderBook {
    this.hiddenBooks[number] ??= new OrderBook(this.#memory);
    return this.hiddenBooks[number];
  }

  /** What the price is measured against: the last trade's, before the first one the price set; 0: there is none. */
  reference(number: number): number {
    return this.i32[number * instrument.WORDS + instrument.LAST_PRICE] || this.rule(number, INSTRUMENT_RULE.REFERENCE_PRICE);
  }

  /** Whether orders at one price trade by time alone. */
  isByTime(number: number): boolean {
    return this.rule(number, INSTRUMENT_RULE.FIFO_SHARE) === INSTRUMENT_RULES.FIFO_SHARE.initial;
  }

  /** Works out the mode: to be called when anything that it depends on changed. */
  refresh(number: number): void {
    const at = number * instrumentRule.WORDS;
    const limited = RULING.some((rule) => this.rule(number, rule.number) !== rule.initial);
    const ruled = limited || this.ruleWords[at + instrumentRule.STATE] !== 0 || this.ruleWords[at + instrumentRule.SPECIAL] > 0;
    const watched = this.ruleWords[at + instrumentRule.TRIGGERS] > 0 || this.ruleWords[at + instrumentRule.PEGS] > 0;
    this.modes[number] = (ruled ? RULED : PLAIN) | (watched ? WATCHED : 0);
  }

  used(): Uint8Array[] {
    const { length } = this.books;
    return [
      bytesOf(within(this.#span, 0, length * instrument.WORDS * 4)),
      bytesOf(within(this.#ruleSpan, 0, length * instrumentRule.WORDS * 4)),
    ];
  }

  restore([instruments, ruleWords]: readonly Uint8Array[]): void {
    if (instruments.length > this.i32.byteLength) throw new RangeError('an image of instruments does not fit');
    bytesOf(this.#span).set(instruments);
    bytesOf(this.#ruleSpan).set(ruleWords);
    this.ensureBooks(instruments.length / (instrument.WORDS * 4) - 1);
    for (let number = 0; number < this.books.length; number++)
      if (this.i32[number * instrument.WORDS + instrument.DEFINED] === 1) this.refresh(number);
  }
}
