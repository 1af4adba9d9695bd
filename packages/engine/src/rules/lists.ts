/** Order lists: what happens to one leg decides the others. */
import { LIST_TYPE } from '@outcry/market/command';
import { REASON } from '@outcry/market/reason';
import { createSlotPool, type SlotPool } from '@outcry/memory/slot-pool';
import type { Engine } from '../engine.ts';
import { OF_LISTS } from './open-counts.ts';
import type { RuleBook } from './rule-book.ts';
import { WHERE } from './special-orders.ts';

/** A list of orders, 32 bytes. */
const list = {
  WORDS: 8,
  /** (word 0 links free records) see LIST_TYPE; 0: the record is free */
  TYPE: 1,
  /** slot of the order that others wait for, 0: there is none; it stays known when that order is done */
  WORKING: 2,
  /** LEGS + 1 to 3: slots of its orders, 0: done */
  LEGS: 2,
  /** bit 0: one order of its pair traded, triggered or ended, and the other one with it; above it, with ID_LOW: its client's 63 bits */
  STATE: 6,
  ID_LOW: 7,
} as const;
const { WORDS, TYPE, WORKING, LEGS, STATE, ID_LOW } = list;
const DECIDED = 1;
const ID_SHIFT = 1;
const MOST_LEGS = 3;

/** Lists of orders whose fate hangs together: docs/rules.md, "Order lists". */
export class OrderLists {
  readonly pool: SlotPool;
  readonly #engine: Engine;
  readonly #ruleBook: RuleBook;

  constructor(engine: Engine, ruleBook: RuleBook) {
    this.#engine = engine;
    this.#ruleBook = ruleBook;
    this.pool = createSlotPool(WORDS, engine.room.orders);
  }

  /** Opens a list of a type, with its client's 63 bits. Its legs are added next. */
  create(type: number, low: number, high: number, account: number, instrument: number): number {
    this.#engine.specials.counts.add(account, instrument, OF_LISTS, 1);
    const slot = this.pool.take();
    const at = slot * WORDS;
    this.pool.i32.fill(0, at + 1, at + WORDS);
    this.pool.i32[at + TYPE] = type;
    this.pool.i32[at + STATE] = high << ID_SHIFT;
    this.pool.i32[at + ID_LOW] = low;
    return slot;
  }

  typeOf(listSlot: number): number {
    return this.pool.i32[listSlot * WORDS + TYPE];
  }
  /** Its client's 63 bits, both 0: they are not known. */
  idLowOf(listSlot: number): number {
    return this.pool.i32[listSlot * WORDS + ID_LOW];
  }
  idHighOf(listSlot: number): number {
    return this.pool.i32[listSlot * WORDS + STATE] >>> ID_SHIFT;
  }

  add(listSlot: number, leg: number, order: number): void {
    this.pool.i32[listSlot * WORDS + LEGS + leg] = order;
    if (leg === 1 && this.typeOf(listSlot) !== LIST_TYPE.OCO) this.pool.i32[listSlot * WORDS + WORKING] = order;
  }

  /** The other order of a pair, 0: there is none any more, or the order is in no pair. */
  sibling(listSlot: number, order: number): number {
    const at = listSlot * WORDS + LEGS;
    const first = this.typeOf(listSlot) === LIST_TYPE.OCO ? 1 : this.typeOf(listSlot) === LIST_TYPE.OTOCO ? 2 : 0;
    const words = this.pool.i32;
    if (first === 0 || (words[listSlot * WORDS + STATE] & DECIDED) !== 0) return 0;
    if (words[at + first] === order) return words[at + first + 1];
    return words[at + first + 1] === order ? words[at + first] : 0;
  }

  /** An order of a list traded. @param isDone nothing is left of it */
  traded(listSlot: number, order: number, isDone: boolean): void {
    const sibling = this.sibling(listSlot, order);
    if (isDone) this.#takeOff(listSlot, order);
    this.#decide(listSlot, sibling);
    if (isDone && this.#isWorking(listSlot, order)) this.#enterWaiting(listSlot);
    if (isDone) this.#closeWhenDone(listSlot, order);
  }

  /** A trigger of a pair fired: the other order ends. */
  fired(listSlot: number, order: number): void {
    this.#decide(listSlot, this.sibling(listSlot, order));
  }

  /** An order of a list ended without trading in full. @param reason whose doing: a client that cancels one cancels them all */
  ended(listSlot: number, order: number, reason: number): void {
    const sibling = this.sibling(listSlot, order);
    this.#takeOff(listSlot, order);
    const byClient = cancelReason(reason);
    if (byClient !== REASON.NONE) this.#endFrom(listSlot, 1, byClient);
    else if (sibling !== 0) this.#decide(listSlot, sibling);
    else if (this.#isWorking(listSlot, order)) this.#endFrom(listSlot, 2, REASON.LIST_DONE);
    this.#closeWhenDone(listSlot, order);
  }

  /** Ends the orders of a list that are open, from a leg on. */
  #endFrom(listSlot: number, first: number, reason: number): void {
    for (let leg = first; leg <= MOST_LEGS; leg++) {
      const waiting = this.pool.i32[listSlot * WORDS + LEGS + leg];
      if (waiting !== 0) this.#ruleBook.ending.end(waiting, reason);
    }
  }

  /** Ends the other order of a pair, 0: there is none. */
  #decide(listSlot: number, sibling: number): void {
    if (sibling === 0) return;
    this.pool.i32[listSlot * WORDS + STATE] |= DECIDED;
    this.#ruleBook.ending.end(sibling, REASON.LIST_DONE);
  }

  #isWorking(listSlot: number, order: number): boolean {
    return this.pool.i32[listSlot * WORDS + WORKING] === order;
  }

  #enterWaiting(listSlot: number): void {
    const { specials } = this.#engine;
    for (let leg = 2; leg <= MOST_LEGS; leg++) {
      const order = this.pool.i32[listSlot * WORDS + LEGS + leg];
      if (order !== 0 && specials.whereOf(specials.of(order)) === WHERE.WAITING) this.#ruleBook.waiting.queue(specials.of(order));
    }
  }

  #takeOff(listSlot: number, order: number): void {
    const at = listSlot * WORDS + LEGS;
    for (let leg = 1; leg <= MOST_LEGS; leg++) if (this.pool.i32[at + leg] === order) this.pool.i32[at + leg] = 0;
  }

  /** The lists of an image are there, and the orders: counts them. */
  recount(): void {
    for (let listSlot = 1; listSlot < this.pool.top; listSlot++) {
      if (this.pool.i32[listSlot * WORDS + TYPE] === 0) continue;
      for (let leg = 1; leg <= MOST_LEGS; leg++) {
        const order = this.pool.i32[listSlot * WORDS + LEGS + leg];
        if (order === 0) continue;
        this.#count(order, 1);
        break;
      }
    }
  }

  #count(order: number, change: 1 | -1): void {
    const { account, instrument } = this.#ruleBook.facts.whose(order);
    this.#engine.specials.counts.add(account, instrument, OF_LISTS, change);
  }

  /** @param order one of its own */
  #closeWhenDone(listSlot: number, order: number): void {
    const at = listSlot * WORDS;
    if (this.pool.i32[at + TYPE] === 0) return;
    for (let leg = 1; leg <= MOST_LEGS; leg++) if (this.pool.i32[at + LEGS + leg] !== 0) return;
    this.pool.i32[at + TYPE] = 0;
    this.#count(order, -1);
    this.pool.give(listSlot);
  }
}

/** Why the other orders of a list end when a client cancelled one of them; NONE: it was no client's doing. */
function cancelReason(reason: number): number {
  if (reason === REASON.MASS_CANCEL) return REASON.MASS_CANCEL;
  return reason === REASON.BY_REQUEST || reason === REASON.REPLACED ? REASON.BY_REQUEST : REASON.NONE;
}
