import { order as orderRecord } from '@outcry/book/records';
import { EVENT } from '@outcry/market/event';
import { STATE } from '@outcry/market/rules';
import type { Engine } from '../engine.ts';
import { rules as rulesRecord } from '../instruments.ts';
import type { RuleBook } from './rule-book.ts';
import { PLACE, special } from './special-orders.ts';

const { WORDS, FLAGS, PEG_OFFSET, HOLD_PRICE } = special;
const { WORDS: RULES, PEG_LIST, PEGS, PEG_BID, PEG_ASK } = rulesRecord;

/** Orders whose price follows the best displayed prices: docs/rules.md, "Displayed, hidden, conditional". */
export class Pegs {
  readonly #engine: Engine;
  readonly #rules: RuleBook;
  readonly #i32: Int32Array;

  constructor(engine: Engine, rules: RuleBook) {
    this.#engine = engine;
    this.#rules = rules;
    this.#i32 = engine.specials.i32;
  }

  /** Takes in an order that was just accepted. */
  add(record: number): void {
    const instrument = this.#rules.facts.instrumentOf(record);
    this.#rules.records.append(instrument * RULES + PEG_LIST, record);
    this.#rules.count(instrument, PEGS, 1);
  }

  remove(record: number): void {
    const instrument = this.#rules.facts.instrumentOf(record);
    this.#rules.records.remove(instrument * RULES + PEG_LIST, record);
    this.#rules.count(instrument, PEGS, -1);
  }

  /** Whether the best displayed prices are others than when pegged orders were last looked at. */
  mustLook(instrument: number): boolean {
    const { rules, books } = this.#engine.instruments;
    const at = instrument * RULES;
    if (rules[at + PEGS] === 0) return false;
    return rules[at + PEG_BID] !== books[instrument].bestBid || rules[at + PEG_ASK] !== books[instrument].bestAsk;
  }

  /** Looks at all pegged orders, in order of entry; those with another price now enter the book anew. */
  look(instrument: number): void {
    const { instruments, specials } = this.#engine;
    const at = instrument * RULES;
    instruments.rules[at + PEG_BID] = instruments.books[instrument].bestBid;
    instruments.rules[at + PEG_ASK] = instruments.books[instrument].bestAsk;
    const all = this.#rules.records.all(at + PEG_LIST);
    const prices = all.map((record) => this.price(record));
    all.forEach((record, i) => {
      if (specials.isOpen(record) && instruments.state(instrument) === STATE.CONTINUOUS) this.#move(record, prices[i]);
    });
  }

  /** A pegged order's price now, 0: it has none. */
  price(record: number): number {
    const at = record * WORDS;
    const { instrument, side } = this.#rules.facts.whose(this.#engine.specials.slotOf(record));
    return this.#rules.controls.pegPrice(instrument, side, this.#i32[at + FLAGS], this.#i32[at + PEG_OFFSET], this.#i32[at + HOLD_PRICE]);
  }

  /** Takes a pegged order out of the book, or leaves it out. */
  park(record: number): void {
    const { specials, writer, memory } = this.#engine;
    const slot = specials.slotOf(record);
    const left = this.#rules.facts.leftOf(slot, record);
    const wasInBook = specials.placeOf(record) === PLACE.DARK;
    if (wasInBook) this.#takeOut(record, slot);
    this.#i32[record * WORDS + special.PLACE] = PLACE.PARKED;
    memory.orders.i32[slot * orderRecord.WORDS + orderRecord.QUANTITY] = left;
    if (wasInBook) writer.order(EVENT.SHOWN, 0, 0, slot, 0, 0, left);
  }

  /** Parks all of an instrument's: continuous trading is over. */
  parkAll(instrument: number): void {
    for (const record of this.#rules.records.all(instrument * RULES + PEG_LIST)) this.park(record);
  }

  /** Continuous trading begins: all are looked at, whatever the prices are. */
  lookAgain(instrument: number): void {
    this.#engine.instruments.rules[instrument * RULES + PEG_BID] = -1;
  }

  #move(record: number, price: number): void {
    const { specials, memory, writer, taker, instruments } = this.#engine;
    const slot = specials.slotOf(record);
    const isInBook = specials.placeOf(record) === PLACE.DARK;
    if (price === 0) {
      this.park(record);
      return;
    }
    if (isInBook && instruments.darkBook(this.#rules.facts.instrumentOf(record)).priceOf(slot) === price) return;
    const left = this.#rules.facts.leftOf(slot, record);
    if (isInBook) this.#takeOut(record, slot);
    this.#i32[record * WORDS + special.PLACE] = PLACE.NOWHERE;
    memory.orders.i32[slot * orderRecord.WORDS + orderRecord.QUANTITY] = left;
    this.#rules.loadTaker(slot, record);
    taker.price = price;
    writer.order(EVENT.SHOWN, 0, 0, slot, price, 0, left);
    this.#rules.run(record, true);
  }

  #takeOut(record: number, slot: number): void {
    const { facts, ending } = this.#rules;
    const { instrument, side } = facts.whose(slot);
    facts.bookOf(record, instrument).remove(slot, side);
    ending.leftBook(record);
  }
}
