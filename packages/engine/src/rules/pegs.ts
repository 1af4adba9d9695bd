import { order as orderRecord } from '@outcry/book/records';
import { EVENT } from '@outcry/market/event';
import { TRADING_STATE } from '@outcry/market/states';
import type { Engine } from '../engine.ts';
import { instrumentRule } from '../instruments.ts';
import type { RuleBook } from './rule-book.ts';
import { special, WHERE } from './special-orders.ts';

const { WORDS, FLAGS, PEG_OFFSET, HOLD_PRICE } = special;
const { WORDS: RULES, PEG_LIST, PEGS, PEG_BID, PEG_ASK } = instrumentRule;

/** Orders whose price follows the best displayed prices: docs/rules.md, "Displayed, hidden, conditional". */
export class Pegs {
  readonly #engine: Engine;
  readonly #ruleBook: RuleBook;
  readonly #i32: Int32Array;

  constructor(engine: Engine, ruleBook: RuleBook) {
    this.#engine = engine;
    this.#ruleBook = ruleBook;
    this.#i32 = engine.specials.i32;
  }

  /** Takes in an order that was just accepted. */
  add(record: number): void {
    const instrument = this.#ruleBook.facts.instrumentOf(record);
    this.#ruleBook.records.append(instrument * RULES + PEG_LIST, record);
    this.#ruleBook.count(instrument, PEGS, 1);
  }

  remove(record: number): void {
    const instrument = this.#ruleBook.facts.instrumentOf(record);
    this.#ruleBook.records.remove(instrument * RULES + PEG_LIST, record);
    this.#ruleBook.count(instrument, PEGS, -1);
  }

  /** Whether the best displayed prices are others than when pegged orders were last looked at. */
  mustLook(instrument: number): boolean {
    const { ruleWords, books } = this.#engine.instruments;
    const at = instrument * RULES;
    if (ruleWords[at + PEGS] === 0) return false;
    return ruleWords[at + PEG_BID] !== books[instrument].bestBid || ruleWords[at + PEG_ASK] !== books[instrument].bestAsk;
  }

  /** Looks at all pegged orders, in order of entry; those with another price now enter the book anew. */
  look(instrument: number): void {
    const { instruments, specials } = this.#engine;
    const at = instrument * RULES;
    instruments.ruleWords[at + PEG_BID] = instruments.books[instrument].bestBid;
    instruments.ruleWords[at + PEG_ASK] = instruments.books[instrument].bestAsk;
    const all = this.#ruleBook.records.all(at + PEG_LIST);
    const prices = all.map((record) => this.price(record));
    all.forEach((record, i) => {
      if (specials.isOpen(record) && instruments.state(instrument) === TRADING_STATE.CONTINUOUS) this.#move(record, prices[i]);
    });
  }

  /** A pegged order's price now, 0: it has none. */
  price(record: number): number {
    const at = record * WORDS;
    const { instrument, side } = this.#ruleBook.facts.whose(this.#engine.specials.slotOf(record));
    return this.#ruleBook.controls.pegPrice(
      instrument,
      side,
      this.#i32[at + FLAGS],
      this.#i32[at + PEG_OFFSET],
      this.#i32[at + HOLD_PRICE],
    );
  }

  /** Takes a pegged order out of the book, or leaves it out. */
  park(record: number): void {
    const { specials, writer, memory } = this.#engine;
    const slot = specials.slotOf(record);
    const left = this.#ruleBook.facts.leftOf(slot, record);
    const wasInBook = specials.whereOf(record) === WHERE.HIDDEN;
    if (wasInBook) this.#takeOut(record, slot);
    this.#i32[record * WORDS + special.WHERE] = WHERE.PARKED;
    memory.orders.i32[slot * orderRecord.WORDS + orderRecord.QUANTITY] = left;
    if (wasInBook) writer.order(EVENT.SHOWN, 0, 0, slot, 0, 0, left);
  }

  /** Parks all of an instrument's: continuous trading is over. */
  parkAll(instrument: number): void {
    for (const record of this.#ruleBook.records.all(instrument * RULES + PEG_LIST)) this.park(record);
  }

  /** Continuous trading begins: all are looked at, whatever the prices are. */
  lookAgain(instrument: number): void {
    this.#engine.instruments.ruleWords[instrument * RULES + PEG_BID] = -1;
  }

  #move(record: number, price: number): void {
    const { specials, memory, writer, taker, instruments } = this.#engine;
    const slot = specials.slotOf(record);
    const isInBook = specials.whereOf(record) === WHERE.HIDDEN;
    if (price === 0) {
      this.park(record);
      return;
    }
    if (isInBook && instruments.hiddenBook(this.#ruleBook.facts.instrumentOf(record)).priceOf(slot) === price) return;
    const left = this.#ruleBook.facts.leftOf(slot, record);
    if (isInBook) this.#takeOut(record, slot);
    this.#i32[record * WORDS + special.WHERE] = WHERE.NOWHERE;
    memory.orders.i32[slot * orderRecord.WORDS + orderRecord.QUANTITY] = left;
    this.#ruleBook.loadTaker(slot, record);
    taker.price = price;
    writer.order(EVENT.SHOWN, 0, 0, slot, price, 0, left);
    this.#ruleBook.run(record, true);
  }

  #takeOut(record: number, slot: number): void {
    const { facts, ending } = this.#ruleBook;
    const { instrument, side } = facts.whose(slot);
    facts.bookOf(record, instrument).remove(slot, side);
    ending.leftBook(record);
  }
}
