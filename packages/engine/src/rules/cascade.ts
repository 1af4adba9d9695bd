/** The cascade: triggers, pegged orders and expiries that a command sets off. */
import { REASON } from '@outcry/market/reason';
import { TRADING_STATE } from '@outcry/market/states';
import type { Engine } from '../engine.ts';
import { instrumentRule } from '../instruments.ts';
import type { RuleBook } from './rule-book.ts';
import { special } from './special-orders.ts';

const { F64_WORDS, F64_EXPIRY } = special;
const { WORDS: RULES, TRIGGERS, QUEUE, UNFINISHED } = instrumentRule;

/** Orders that may enter in one command by their triggers: the rest enters before the next. */
const MOST_ENTERING = 256;
/** Triggers that may fire in one command. */
const MOST_FIRING = 256;
const MOST_LOOKS = 8;
/** Orders whose time is over that end before one command, or when an instrument closes: the rest end before the next ones. */
export const MOST_EXPIRING = 256;
const NEVER = Number.POSITIVE_INFINITY;

/** What commands set off, and what time brings: docs/rules.md, "What happens when". */
export class Cascade {
  /** When there is work to do before the next command: microseconds; 0: in any case. Word 0. */
  readonly due = new Float64Array([NEVER]);
  /** whether a command touched an instrument whose cascade has not run */
  hasWork = false;
  /** instruments that the command touched */
  readonly #touched = new Set<number>();
  readonly #engine: Engine;
  readonly #ruleBook: RuleBook;
  readonly #f64: Float64Array;

  constructor(engine: Engine, ruleBook: RuleBook) {
    this.#engine = engine;
    this.#ruleBook = ruleBook;
    this.#f64 = engine.specials.f64;
  }

  touch(instrument: number): void {
    this.#touched.add(instrument);
    this.hasWork = true;
  }

  /** Runs the cascades of all touched instruments: docs/rules.md, "Triggers". */
  run(): void {
    while (this.#touched.size > 0) {
      const instrument = Math.min(...this.#touched);
      this.#touched.delete(instrument);
      this.#runOn(instrument);
      this.#touched.delete(instrument);
    }
    this.hasWork = false;
  }

  #runOn(instrument: number): void {
    const { instruments } = this.#engine;
    const at = instrument * RULES;
    const { ruleWords } = instruments;
    let entered = 0;
    let looks = 0;
    let steps = MOST_FIRING * 2;
    ruleWords[at + UNFINISHED] = 0;
    while (instruments.state(instrument) === TRADING_STATE.CONTINUOUS) {
      if (ruleWords[at + TRIGGERS] > 0 || this.#ruleBook.triggers.areFiring(instrument))
        steps -= this.#ruleBook.triggers.collect(instrument, this.#ruleBook.waiting.fire, steps);
      if (this.#ruleBook.triggers.areFiring(instrument)) break;
      const next = ruleWords[at + QUEUE];
      if (next !== 0) {
        if (entered++ === MOST_ENTERING) break;
        this.#ruleBook.waiting.enterQueued(next);
      } else if (this.#ruleBook.pegs.mustLook(instrument)) {
        if (looks++ === MOST_LOOKS) break;
        this.#ruleBook.pegs.look(instrument);
      } else return;
    }
    if (instruments.state(instrument) !== TRADING_STATE.CONTINUOUS) return;
    ruleWords[at + UNFINISHED] = 1;
    this.due[0] = 0;
  }

  /** Does what is due before a command: orders expire, auctions end, cascades go on. */
  wake(): void {
    const { specials, writer, instruments } = this.#engine;
    let expiring = MOST_EXPIRING;
    for (; expiring > 0; expiring--) {
      const record = specials.firstExpiry;
      if (record === 0 || this.#f64[record * F64_WORDS + F64_EXPIRY] > writer.time) break;
      this.#ruleBook.ending.end(specials.slotOf(record), REASON.EXPIRED);
    }
    for (let number = 0; number < instruments.books.length && expiring > 0; number++) {
      if (this.#ruleBook.sessions.hasWork(number)) expiring -= this.#ruleBook.sessions.work(number, expiring);
    }
    if (this.#ruleBook.massCancels.areRunning) this.#ruleBook.massCancels.goOn();
    this.run();
    for (let number = 0; number < instruments.books.length; number++) {
      const end = instruments.ruleValues[number * instrumentRule.F64_WORDS + instrumentRule.F64_AUCTION_END];
      if (end > 0 && end <= writer.time) this.#ruleBook.sessions.setState(number, TRADING_STATE.CONTINUOUS, 0);
      this.#ruleBook.sessions.goOn(number);
    }
    this.run();
    for (let number = 0; number < instruments.books.length; number++) {
      if (instruments.ruleWords[number * RULES + UNFINISHED] === 1) this.touch(number);
    }
    this.run();
    this.setDue();
  }

  /** Works out when there is work to do next. */
  setDue(): void {
    const { specials, instruments } = this.#engine;
    let due = specials.firstExpiry === 0 ? NEVER : this.#f64[specials.firstExpiry * F64_WORDS + F64_EXPIRY];
    for (let number = 0; number < instruments.books.length; number++) {
      const end = instruments.ruleValues[number * instrumentRule.F64_WORDS + instrumentRule.F64_AUCTION_END];
      if (end > 0 && end < due) due = end;
      if (instruments.ruleWords[number * RULES + UNFINISHED] === 1 || this.#ruleBook.sessions.hasWork(number)) due = 0;
    }
    this.due[0] = this.#ruleBook.massCancels.areRunning ? 0 : due;
  }
}
