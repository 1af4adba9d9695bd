/** Trading states: what ends, enters and trades when one gives way to another. */
import { EVENT } from '@outcry/market/event';
import { AT_CLOSE, AT_OPEN, DAY } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { INSTRUMENT_RULE } from '@outcry/market/rules';
import { isCall, TRADING_STATE } from '@outcry/market/states';
import type { Engine } from '../engine.ts';
import { instrumentRule } from '../instruments.ts';
import { Auction } from './auction.ts';
import { MOST_EXPIRING } from './cascade.ts';
import type { RuleBook } from './rule-book.ts';
import { timedList, WHERE } from './special-orders.ts';

const {
  WORDS: RULES,
  STATE: STATE_WORD,
  INDICATIVE_PRICE,
  NEXT_STATE,
  NEXT_REFERENCE,
  ENDING,
  ENTERING,
  F64_WORDS,
  F64_AUCTION_END,
  F64_INDICATIVE_VOLUME,
  F64_INDICATIVE_SURPLUS,
} = instrumentRule;

/** Times in force that end at the latest when the instrument closes. */
const ENDED_BY_CLOSE = [DAY, AT_OPEN, AT_CLOSE];

/** States of instruments and what changes with them: docs/rules.md, "Sessions". */
export class Sessions {
  readonly #engine: Engine;
  readonly #ruleBook: RuleBook;
  readonly #auction: Auction;

  constructor(engine: Engine, ruleBook: RuleBook) {
    this.#engine = engine;
    this.#ruleBook = ruleBook;
    this.#auction = new Auction(engine, ruleBook);
  }

  /** @param reference a new reference price in ticks, 0: as it is */
  setState(instrument: number, state: number, reference: number): void {
    const { instruments } = this.#engine;
    const old = instruments.state(instrument);
    if (old === TRADING_STATE.CLOSED && state !== TRADING_STATE.CLOSED) this.#expire(instrument, MOST_EXPIRING);
    if (this.#mustWait(instrument, state)) {
      this.#takeLater(instrument, state, reference);
      return;
    }
    this.#set(instrument, NEXT_STATE, 0);
    this.#set(instrument, ENDING, 0);
    if (reference > 0) instruments.setRule(instrument, INSTRUMENT_RULE.REFERENCE_PRICE, reference);
    if (old !== state && (state === TRADING_STATE.CONTINUOUS || old === TRADING_STATE.CLOSING_AUCTION)) this.#uncross(instrument);
    const ended = endedBy(old, state);
    if (ended === 0 || this.#areFew(instrument, ended)) {
      this.#take(instrument, state);
      return;
    }
    this.#take(instrument, TRADING_STATE.HALTED);
    this.#set(instrument, ENDING, ended);
    this.#takeLater(instrument, state, 0);
  }

  /** Takes the state that orders whose time was over kept it from, if none of them is left. */
  goOn(instrument: number): void {
    const next = this.#word(instrument, NEXT_STATE);
    if (next === 0 || this.#mustWait(instrument, next - 1)) return;
    this.setState(instrument, next - 1, this.#word(instrument, NEXT_REFERENCE));
  }

  /** Whether orders are left that must be gone before a state, or in its book before its auction is over. */
  #mustWait(instrument: number, state: number): boolean {
    if (this.#word(instrument, ENTERING) !== 0) return state !== TRADING_STATE.CLOSING_AUCTION;
    if (state === TRADING_STATE.CLOSED) return false; // where they are gone too, by and by
    const ending = this.#word(instrument, ENDING);
    if (ending !== 0) return this.#engine.specials.timed.first(timedList(instrument, ending)) !== 0;
    return this.#isExpiringClosed(instrument);
  }

  #takeLater(instrument: number, state: number, reference: number): void {
    this.#set(instrument, NEXT_STATE, state + 1);
    this.#set(instrument, NEXT_REFERENCE, reference);
    this.#ruleBook.cascade.due[0] = 0;
  }

  #take(instrument: number, state: number): void {
    const { instruments } = this.#engine;
    const old = instruments.state(instrument);
    instruments.ruleWords[instrument * RULES + STATE_WORD] = state;
    instruments.ruleWords[instrument * RULES + INDICATIVE_PRICE] = 0;
    instruments.ruleValues[instrument * F64_WORDS + F64_INDICATIVE_VOLUME] = 0;
    instruments.ruleValues[instrument * F64_WORDS + F64_INDICATIVE_SURPLUS] = 0;
    instruments.ruleValues[instrument * F64_WORDS + F64_AUCTION_END] = 0;
    instruments.refresh(instrument);
    this.emitState(instrument);
    if (old === state) return;
    this.#end(instrument, old, state);
    if (old === TRADING_STATE.CONTINUOUS) this.#ruleBook.pegs.parkAll(instrument);
    if (state === TRADING_STATE.CONTINUOUS) this.#ruleBook.pegs.lookAgain(instrument);
    if (state === TRADING_STATE.CLOSING_AUCTION) {
      this.#set(instrument, ENTERING, this.#engine.specials.timed.first(timedList(instrument, AT_CLOSE)));
      this.#enterForClose(instrument, MOST_EXPIRING);
      if (this.#word(instrument, ENTERING) !== 0) this.#ruleBook.cascade.due[0] = 0;
    }
    this.#ruleBook.cascade.touch(instrument);
  }

  /** Interrupts continuous trading by a volatility auction. */
  interrupt(instrument: number): void {
    const { instruments, writer } = this.#engine;
    this.setState(instrument, TRADING_STATE.VOLATILITY_AUCTION, 0);
    const end = writer.time + instruments.rule(instrument, INSTRUMENT_RULE.VOLATILITY_AUCTION);
    instruments.ruleValues[instrument * F64_WORDS + F64_AUCTION_END] = end;
    if (end < this.#ruleBook.cascade.due[0]) this.#ruleBook.cascade.due[0] = end;
  }

  /** Tells where auctions would trade, if that changed. */
  emitIndicative(): void {
    const { instruments, writer } = this.#engine;
    for (let instrument = 0; instrument < instruments.books.length; instrument++) {
      if (!isCall(instruments.state(instrument))) continue;
      const { price, volume, surplus } = this.#auction.find(instrument);
      const at = instrument * F64_WORDS;
      const isSame =
        instruments.ruleWords[instrument * RULES + INDICATIVE_PRICE] === price &&
        instruments.ruleValues[at + F64_INDICATIVE_VOLUME] === volume &&
        instruments.ruleValues[at + F64_INDICATIVE_SURPLUS] === surplus;
      if (isSame) continue;
      instruments.ruleWords[instrument * RULES + INDICATIVE_PRICE] = price;
      instruments.ruleValues[at + F64_INDICATIVE_VOLUME] = volume;
      instruments.ruleValues[at + F64_INDICATIVE_SURPLUS] = surplus;
      writer.notice(EVENT.INDICATIVE, 0, instrument, 0, price, 0, volume, surplus);
    }
  }

  #uncross(instrument: number): void {
    const { instruments, writer } = this.#engine;
    const { price, volume, surplus } = this.#auction.find(instrument);
    if (price === 0) return;
    this.#auction.trade(instrument, price);
    instruments.setRule(instrument, INSTRUMENT_RULE.REFERENCE_PRICE, price);
    writer.notice(EVENT.AUCTION, 0, instrument, 0, price, 0, volume, surplus);
  }

  /** Emits an instrument's state. */
  emitState(instrument: number): void {
    const { instruments, writer } = this.#engine;
    const reference = instruments.rule(instrument, INSTRUMENT_RULE.REFERENCE_PRICE);
    writer.notice(EVENT.STATE, 0, instrument | (instruments.state(instrument) << 16), 0, reference, 0, 0, 0);
  }

  #end(instrument: number, old: number, state: number): void {
    if (state === TRADING_STATE.CLOSED) this.#expire(instrument, MOST_EXPIRING);
    const ended = endedBy(old, state);
    if (ended !== 0) this.#expireOf(instrument, [ended], MOST_EXPIRING);
    if (this.hasWork(instrument)) this.#ruleBook.cascade.due[0] = 0;
  }

  /** Whether orders are left that a state ended, or lets enter, or a state to take when they are done. */
  hasWork(instrument: number): boolean {
    return this.#word(instrument, NEXT_STATE) !== 0 || this.#word(instrument, ENTERING) !== 0 || this.#isExpiringClosed(instrument);
  }

  /** Ends or enters such orders, in order of entry. Returns how many of `most`. */
  work(instrument: number, most: number): number {
    if (this.#word(instrument, ENTERING) !== 0) return this.#enterForClose(instrument, most);
    const mayExpire = this.#word(instrument, ENDING) !== 0 || this.#engine.instruments.state(instrument) === TRADING_STATE.CLOSED;
    return mayExpire ? this.#expire(instrument, most) : 0;
  }

  /** Ends orders that an instrument still has though their time is over. Returns how many of `most`. */
  #expire(instrument: number, most: number): number {
    const ending = this.#word(instrument, ENDING);
    return this.#expireOf(instrument, ending === 0 ? ENDED_BY_CLOSE : [ending], most);
  }

  #expireOf(instrument: number, timesInForce: readonly number[], most: number): number {
    const { specials } = this.#engine;
    for (let count = 0; count < most; count++) {
      let oldest = 0;
      for (const timeInForce of timesInForce) {
        const first = specials.timed.first(timedList(instrument, timeInForce));
        if (first !== 0 && (oldest === 0 || specials.byEntry(first, oldest) < 0)) oldest = first;
      }
      if (oldest === 0) return count;
      this.#ruleBook.ending.end(specials.slotOf(oldest), REASON.EXPIRED);
    }
    return most;
  }

  #isExpiringClosed(instrument: number): boolean {
    if (this.#engine.instruments.state(instrument) !== TRADING_STATE.CLOSED) return false;
    return ENDED_BY_CLOSE.some((timeInForce) => this.#engine.specials.timed.first(timedList(instrument, timeInForce)) !== 0);
  }

  /** Whether all orders of a time in force can end with one command. */
  #areFew(instrument: number, timeInForce: number): boolean {
    const { timed } = this.#engine.specials;
    let record = timed.first(timedList(instrument, timeInForce));
    for (let count = 0; count < MOST_EXPIRING && record !== 0; count++) record = timed.after(record);
    return record === 0;
  }

  #word(instrument: number, word: number): number {
    return this.#engine.instruments.ruleWords[instrument * RULES + word];
  }

  #set(instrument: number, word: number, value: number): void {
    this.#engine.instruments.ruleWords[instrument * RULES + word] = value;
  }

  /** Puts orders that waited for the closing auction into its book. Returns how many of `most`. */
  #enterForClose(instrument: number, most: number): number {
    for (let count = 0; count < most; count++) {
      const record = this.#word(instrument, ENTERING);
      if (record === 0) return count;
      this.skip(instrument, record);
      this.#ruleBook.enterForAuction(record);
    }
    return most;
  }

  /** An order is not to enter for the closing auction any more: the next one of its list is. */
  skip(instrument: number, record: number): void {
    if (this.#word(instrument, ENTERING) !== record) return;
    const { specials } = this.#engine;
    const next = specials.timed.after(record);
    // Those behind the last one that waited came during the auction, and went into the book at once.
    this.#set(instrument, ENTERING, next !== 0 && specials.whereOf(next) === WHERE.AT_CLOSE ? next : 0);
  }
}

/** The time in force of orders that the change from one state to another ends, 0: of none; closing ends several. */
function endedBy(old: number, state: number): number {
  const isBeforeOpen = (one: number) => one === TRADING_STATE.PRE_OPEN || one === TRADING_STATE.OPENING_AUCTION;
  if (state === TRADING_STATE.CLOSED || old === state) return 0;
  if (isBeforeOpen(old) && !isBeforeOpen(state)) return AT_OPEN;
  return old === TRADING_STATE.CLOSING_AUCTION ? AT_CLOSE : 0;
}
