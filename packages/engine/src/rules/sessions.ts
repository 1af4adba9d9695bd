import { EVENT } from '@outcry/market/event';
import { AT_CLOSE, AT_OPEN, DAY } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { INSTRUMENT_RULE, isCall, STATE } from '@outcry/market/rules';
import type { Engine } from '../engine.ts';
import { rules as rulesRecord } from '../instruments.ts';
import { Auction } from './auction.ts';
import type { RuleBook } from './rule-book.ts';
import { MOST_EXPIRING } from './settling.ts';
import { PLACE, timedList } from './special-orders.ts';

const {
  WORDS: RULES,
  STATE: STATE_WORD,
  INDICATIVE_PRICE,
  F64_WORDS,
  F64_AUCTION_END,
  F64_INDICATIVE_VOLUME,
  F64_INDICATIVE_SURPLUS,
} = rulesRecord;

/** Times in force that end at the latest when the instrument closes. */
const ENDED_BY_CLOSE = [DAY, AT_OPEN, AT_CLOSE];

/** States of instruments and what changes with them: docs/rules.md, "Sessions". */
export class Sessions {
  readonly #engine: Engine;
  readonly #rules: RuleBook;
  readonly #auction: Auction;

  constructor(engine: Engine, rules: RuleBook) {
    this.#engine = engine;
    this.#rules = rules;
    this.#auction = new Auction(engine, rules);
  }

  /** @param reference a new reference price in ticks, 0: as it is */
  setState(instrument: number, state: number, reference: number): void {
    const { instruments } = this.#engine;
    const old = instruments.state(instrument);
    if (old === STATE.CLOSED && state !== STATE.CLOSED) this.expireClosed(instrument, Number.POSITIVE_INFINITY);
    if (reference > 0) instruments.setRule(instrument, INSTRUMENT_RULE.REFERENCE_PRICE, reference);
    if (old !== state && (state === STATE.CONTINUOUS || old === STATE.CLOSING_AUCTION)) this.#uncross(instrument);
    instruments.rules[instrument * RULES + STATE_WORD] = state;
    instruments.rules[instrument * RULES + INDICATIVE_PRICE] = 0;
    instruments.ruleValues[instrument * F64_WORDS + F64_INDICATIVE_VOLUME] = 0;
    instruments.ruleValues[instrument * F64_WORDS + F64_INDICATIVE_SURPLUS] = 0;
    instruments.ruleValues[instrument * F64_WORDS + F64_AUCTION_END] = 0;
    instruments.refresh(instrument);
    this.tell(instrument);
    if (old === state) return;
    this.#expire(instrument, old, state);
    if (old === STATE.CONTINUOUS) this.#rules.pegs.parkAll(instrument);
    if (state === STATE.CONTINUOUS) this.#rules.pegs.lookAgain(instrument);
    if (state === STATE.CLOSING_AUCTION) this.#enterForClose(instrument);
    this.#rules.settling.touch(instrument);
  }

  /** Interrupts continuous trading by a volatility auction. */
  interrupt(instrument: number): void {
    const { instruments, writer } = this.#engine;
    this.setState(instrument, STATE.VOLATILITY_AUCTION, 0);
    const end = writer.time + instruments.rule(instrument, INSTRUMENT_RULE.VOLATILITY_AUCTION);
    instruments.ruleValues[instrument * F64_WORDS + F64_AUCTION_END] = end;
    if (end < this.#rules.settling.due[0]) this.#rules.settling.due[0] = end;
  }

  /** Tells where auctions would trade, if that changed. */
  tellIndicative(): void {
    const { instruments, writer } = this.#engine;
    for (let instrument = 0; instrument < instruments.books.length; instrument++) {
      if (!isCall(instruments.state(instrument))) continue;
      const { price, volume, surplus } = this.#auction.find(instrument);
      const at = instrument * F64_WORDS;
      const isSame =
        instruments.rules[instrument * RULES + INDICATIVE_PRICE] === price &&
        instruments.ruleValues[at + F64_INDICATIVE_VOLUME] === volume &&
        instruments.ruleValues[at + F64_INDICATIVE_SURPLUS] === surplus;
      if (isSame) continue;
      instruments.rules[instrument * RULES + INDICATIVE_PRICE] = price;
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

  /** Tells an instrument's state. */
  tell(instrument: number): void {
    const { instruments, writer } = this.#engine;
    const reference = instruments.rule(instrument, INSTRUMENT_RULE.REFERENCE_PRICE);
    writer.notice(EVENT.STATE, 0, instrument | (instruments.state(instrument) << 16), 0, reference, 0, 0, 0);
  }

  #expire(instrument: number, old: number, state: number): void {
    const wasBeforeOpen = old === STATE.PRE_OPEN || old === STATE.OPENING_AUCTION;
    const isBeforeOpen = state === STATE.PRE_OPEN || state === STATE.OPENING_AUCTION;
    if (state === STATE.CLOSED) {
      this.expireClosed(instrument, MOST_EXPIRING);
      if (this.isExpiring(instrument)) this.#rules.settling.due[0] = 0;
      return;
    }
    if (wasBeforeOpen && !isBeforeOpen) this.#expireAll(instrument, AT_OPEN);
    if (old === STATE.CLOSING_AUCTION) this.#expireAll(instrument, AT_CLOSE);
  }

  /** Ends orders that a closed instrument still has though their time is over, in order of entry. Returns how many of `most`. */
  expireClosed(instrument: number, most: number): number {
    const { specials } = this.#engine;
    for (let count = 0; count < most; count++) {
      let oldest = 0;
      for (const timeInForce of ENDED_BY_CLOSE) {
        const first = specials.timed.first(timedList(instrument, timeInForce));
        if (first !== 0 && (oldest === 0 || specials.byEntry(first, oldest) < 0)) oldest = first;
      }
      if (oldest === 0) return count;
      this.#rules.ending.end(specials.slotOf(oldest), REASON.EXPIRED);
    }
    return most;
  }

  /** Whether a closed instrument has such orders. */
  isExpiring(instrument: number): boolean {
    if (this.#engine.instruments.state(instrument) !== STATE.CLOSED) return false;
    return ENDED_BY_CLOSE.some((timeInForce) => this.#engine.specials.timed.first(timedList(instrument, timeInForce)) !== 0);
  }

  #expireAll(instrument: number, timeInForce: number): void {
    const { specials } = this.#engine;
    const list = timedList(instrument, timeInForce);
    for (let record = specials.timed.first(list); record !== 0; record = specials.timed.first(list))
      this.#rules.ending.end(specials.slotOf(record), REASON.EXPIRED);
  }

  #enterForClose(instrument: number): void {
    const { specials } = this.#engine;
    for (const record of specials.timed.all(timedList(instrument, AT_CLOSE)))
      if (specials.placeOf(record) === PLACE.AT_CLOSE) this.#rules.enterForAuction(record);
  }
}
