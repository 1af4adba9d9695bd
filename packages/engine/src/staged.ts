/** Records that belong to the next command. */
import { COMMAND, command } from '@outcry/market/command';
import { GTD } from '@outcry/market/order-terms';
import { Entry } from './rules/entry.ts';

const { WORDS, TEXT, TEXT_BYTES, STRATEGY_TYPE, F64_STRATEGY } = command;
const TEXT_WORDS = TEXT_BYTES / 4;
const MOST_LEGS = 3;

/** An order of a list, as it was stated. */
export interface StagedLeg {
  readonly entry: Entry;
  readonly text: Int32Array | undefined;
}

/** Records that belong to a command that is still to come: its text, an order's terms, a list's orders. */
export class Staged {
  readonly legs: StagedLeg[] = [];
  hasTerms = false;
  /** see the command STRATEGY */
  strategyType = 0;
  strategyNumber = 0;
  /** whether more orders came than a list can have */
  overflown = false;
  #hasText = false;
  readonly #text = new Int32Array(TEXT_WORDS);
  readonly #terms = new Int32Array(WORDS);
  readonly #entry = new Entry();

  /** The text that came, undefined: none did. */
  get text(): Int32Array | undefined {
    return this.#hasText ? this.#text : undefined;
  }

  /** @param sequence the record's number */
  take(kind: number, i32: Int32Array, f64: Float64Array, at: number, sequence: number): void {
    if (kind === COMMAND.TEXT) {
      for (let i = 0; i < TEXT_WORDS; i++) this.#text[i] = i32[at + TEXT + i];
      this.#hasText = true;
    } else if (kind === COMMAND.TERMS) {
      for (let i = 0; i < WORDS; i++) this.#terms[i] = i32[at + i];
      this.hasTerms = true;
    } else if (kind === COMMAND.STRATEGY) {
      this.strategyType = i32[at + STRATEGY_TYPE];
      this.strategyNumber = f64[(at >> 1) + F64_STRATEGY];
    } else this.#takeLeg(i32, f64, at, sequence);
  }

  /** The order that a command states, less some lots, with the terms that came before it. Valid until the next call. */
  entry(i32: Int32Array, f64: Float64Array, at: number, less: number): Entry {
    this.#entry.read(i32, f64, at, this.hasTerms || this.#isTimed(i32[at]) ? this.#terms : undefined);
    this.#entry.quantity -= less;
    this.#entry.strategyType = this.strategyType;
    this.#entry.strategyNumber = this.strategyNumber;
    return this.#entry;
  }

  clear(): void {
    if (this.hasTerms) this.#terms.fill(0);
    this.#clearOrder();
    this.legs.length = 0;
    this.overflown = false;
  }

  #takeLeg(i32: Int32Array, f64: Float64Array, at: number, sequence: number): void {
    if (this.legs.length === MOST_LEGS) this.overflown = true;
    else {
      const entry = new Entry();
      entry.read(i32, f64, at, this.#terms);
      entry.id = sequence;
      entry.strategyType = this.strategyType;
      entry.strategyNumber = this.strategyNumber;
      this.legs.push({ entry, text: this.text?.slice() });
    }
    this.#terms.fill(0);
    this.#clearOrder();
  }

  #clearOrder(): void {
    this.hasTerms = false;
    this.#hasText = false;
    this.strategyType = 0;
    this.strategyNumber = 0;
  }

  /** Orders for a day or an auction need a special record, also without other terms: something must find them again. */
  #isTimed(head: number): boolean {
    return ((head >>> 20) & 0xf) > GTD;
  }
}
