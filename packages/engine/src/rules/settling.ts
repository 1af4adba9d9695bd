import { REASON } from '@outcry/market/reason';
import { STATE } from '@outcry/market/rules';
import type { Engine } from '../engine.ts';
import { rules as rulesRecord } from '../instruments.ts';
import type { RuleBook } from './rule-book.ts';
import { special } from './special-orders.ts';

const { F64_WORDS, F64_EXPIRY } = special;
const { WORDS: RULES, TRIGGERS, QUEUE, UNFINISHED } = rulesRecord;

/** Orders that may enter in one command by their triggers: the rest enters before the next. */
export const MOST_ENTERING = 256;
/** Triggers that may fire in one command. */
export const MOST_FIRING = 256;
export const MOST_LOOKS = 8;
/** Orders whose time is over that end before one command, or when an instrument closes: the rest end before the next ones. */
export const MOST_EXPIRING = 256;
const NEVER = Number.POSITIVE_INFINITY;

/** What commands set off, and what time brings: docs/rules.md, "What happens when". */
export class Settling {
  /** When there is work to do before the next command: microseconds; 0: in any case. Word 0. */
  readonly due = new Float64Array([NEVER]);
  /** whether an instrument is to be settled down */
  hasWork = false;
  /** instruments that the command touched */
  readonly #touched = new Set<number>();
  readonly #engine: Engine;
  readonly #rules: RuleBook;
  readonly #f64: Float64Array;

  constructor(engine: Engine, rules: RuleBook) {
    this.#engine = engine;
    this.#rules = rules;
    this.#f64 = engine.specials.f64;
  }

  touch(instrument: number): void {
    this.#touched.add(instrument);
    this.hasWork = true;
  }

  /** Settles all touched instruments down: docs/rules.md, "Triggers". */
  settleDown(): void {
    while (this.#touched.size > 0) {
      const instrument = Math.min(...this.#touched);
      this.#touched.delete(instrument);
      this.#settle(instrument);
      this.#touched.delete(instrument);
    }
    this.hasWork = false;
  }

  #settle(instrument: number): void {
    const { instruments } = this.#engine;
    const at = instrument * RULES;
    const { rules } = instruments;
    let entered = 0;
    let looks = 0;
    let steps = MOST_FIRING * 2;
    rules[at + UNFINISHED] = 0;
    while (instruments.state(instrument) === STATE.CONTINUOUS) {
      if (rules[at + TRIGGERS] > 0 || this.#rules.triggers.areFiring(instrument))
        steps -= this.#rules.triggers.collect(instrument, this.#rules.waiting.fire, steps);
      if (this.#rules.triggers.areFiring(instrument)) break;
      const next = rules[at + QUEUE];
      if (next !== 0) {
        if (entered++ === MOST_ENTERING) break;
        this.#rules.waiting.enterQueued(next);
      } else if (this.#rules.pegs.mustLook(instrument)) {
        if (looks++ === MOST_LOOKS) break;
        this.#rules.pegs.look(instrument);
      } else return;
    }
    if (instruments.state(instrument) !== STATE.CONTINUOUS) return;
    rules[at + UNFINISHED] = 1;
    this.due[0] = 0;
  }

  /** Does what is due before a command: orders expire, auctions end, cascades go on. */
  wake(): void {
    const { specials, writer, instruments } = this.#engine;
    let expiring = MOST_EXPIRING;
    for (; expiring > 0; expiring--) {
      const record = specials.firstExpiry;
      if (record === 0 || this.#f64[record * F64_WORDS + F64_EXPIRY] > writer.time) break;
      this.#rules.ending.end(specials.slotOf(record), REASON.EXPIRED);
    }
    for (let number = 0; number < instruments.books.length && expiring > 0; number++) {
      if (this.#rules.sessions.hasWork(number)) expiring -= this.#rules.sessions.work(number, expiring);
    }
    if (this.#rules.massCancels.areRunning) this.#rules.massCancels.goOn();
    this.settleDown();
    for (let number = 0; number < instruments.books.length; number++) {
      const end = instruments.ruleValues[number * rulesRecord.F64_WORDS + rulesRecord.F64_AUCTION_END];
      if (end > 0 && end <= writer.time) this.#rules.sessions.setState(number, STATE.CONTINUOUS, 0);
      this.#rules.sessions.goOn(number);
    }
    this.settleDown();
    for (let number = 0; number < instruments.books.length; number++) {
      if (instruments.rules[number * RULES + UNFINISHED] === 1) this.touch(number);
    }
    this.settleDown();
    this.setDue();
  }

  /** Works out when there is work to do next. */
  setDue(): void {
    const { specials, instruments } = this.#engine;
    let due = specials.firstExpiry === 0 ? NEVER : this.#f64[specials.firstExpiry * F64_WORDS + F64_EXPIRY];
    for (let number = 0; number < instruments.books.length; number++) {
      const end = instruments.ruleValues[number * rulesRecord.F64_WORDS + rulesRecord.F64_AUCTION_END];
      if (end > 0 && end < due) due = end;
      if (instruments.rules[number * RULES + UNFINISHED] === 1 || this.#rules.sessions.hasWork(number)) due = 0;
    }
    this.due[0] = this.#rules.massCancels.areRunning ? 0 : due;
  }
}
