/** Order lists that are open, by the ids that their clients gave them: an id is not given to two at once. */
import { COMMAND } from '@outcry/market/command';
import { kindOf } from '@outcry/market/command-head';
import { createSlotPool, type SlotPool } from '@outcry/memory/slot-pool';
import { i32Of, reserve } from '@outcry/memory/span';
import { type CommandFields, textHash } from '../../spine/commands.ts';
import { SALT } from './order-chain.ts';
import type { Outcome } from './outcome.ts';

/** An open list, 32 bytes. Word 0 links free records. */
const list = { WORDS: 8, ACCOUNT: 1, LOW: 2, HIGH: 3, ORDERS: 4, CHAIN: 5, F64_WORDS: 4, F64_NUMBER: 3 } as const;
const { WORDS, ACCOUNT, LOW, HIGH, ORDERS, CHAIN, F64_WORDS, F64_NUMBER } = list;

/**
 * The lists that open orders belong to, outside the JavaScript heap, by account and the 63 bits of their ids. Nothing costs more when there
 * are many.
 */
export class OpenLists {
  readonly #pool: SlotPool;
  /** by slot of an order: its list, 0: it is in none whose id is known */
  readonly #listOf: Int32Array;
  readonly #buckets: Int32Array;
  /** the list of the last such event, whose orders come next */
  #current = 0;

  /** @param capacity most open orders */
  constructor(capacity: number) {
    this.#pool = createSlotPool(WORDS, capacity);
    this.#listOf = i32Of(reserve((capacity + 1) * 4));
    this.#buckets = i32Of(reserve(2 ** Math.ceil(Math.log2(capacity + 1)) * 4));
  }

  get size(): number {
    return this.#pool.inUse;
  }

  /** An event states a list of this number: once before its orders, or after a start before each. Both halves of its id 0: that is not
   * known. */
  note(account: number, low: number, high: number, number: number): void {
    this.#current = 0;
    if ((low | high) === 0) return;
    for (let slot = this.#buckets[this.#bucket(account, low, high)]; slot !== 0; slot = this.#pool.i32[slot * WORDS + CHAIN])
      if (this.#is(slot, account, low, high) && this.#numberOf(slot) === number) this.#current = slot;
    if (this.#current === 0) this.#current = this.#open(account, low, high, number);
  }

  /** An order is open, of the list with this number. */
  join(order: number, number: number): void {
    const slot = this.#current;
    if (slot === 0 || this.#numberOf(slot) !== number) return;
    this.#listOf[order] = slot;
    this.#pool.i32[slot * WORDS + ORDERS]++;
  }

  /** An order is open no more: with the last one of a list that is. */
  leave(order: number): void {
    const slot = this.#listOf[order];
    if (slot === 0) return;
    this.#listOf[order] = 0;
    if (--this.#pool.i32[slot * WORDS + ORDERS] > 0) return;
    if (this.#current === slot) this.#current = 0;
    this.#unchain(slot);
    this.#pool.give(slot);
  }

  /** Whether a list of an account has this id. */
  has(account: number, clientId: string): boolean {
    const [low, high] = textHash(clientId);
    let slot = this.#buckets[this.#bucket(account, low, high)];
    while (slot !== 0 && !this.#is(slot, account, low, high)) slot = this.#pool.i32[slot * WORDS + CHAIN];
    return slot !== 0;
  }

  #open(account: number, low: number, high: number, number: number): number {
    const slot = this.#pool.take();
    const at = slot * WORDS;
    const words = this.#pool.i32;
    words[at + ACCOUNT] = account;
    words[at + LOW] = low;
    words[at + HIGH] = high;
    words[at + ORDERS] = 0;
    this.#pool.f64[slot * F64_WORDS + F64_NUMBER] = number;
    const bucket = this.#bucket(account, low, high);
    words[at + CHAIN] = this.#buckets[bucket];
    this.#buckets[bucket] = slot;
    return slot;
  }

  #unchain(slot: number): void {
    const words = this.#pool.i32;
    const at = slot * WORDS;
    const bucket = this.#bucket(words[at + ACCOUNT], words[at + LOW], words[at + HIGH]);
    let before = this.#buckets[bucket];
    if (before === slot) {
      this.#buckets[bucket] = words[at + CHAIN];
      return;
    }
    while (words[before * WORDS + CHAIN] !== slot) before = words[before * WORDS + CHAIN];
    words[before * WORDS + CHAIN] = words[at + CHAIN];
  }

  #is(slot: number, account: number, low: number, high: number): boolean {
    const at = slot * WORDS;
    const words = this.#pool.i32;
    return words[at + LOW] === low && words[at + HIGH] === high && words[at + ACCOUNT] === account;
  }

  #numberOf(slot: number): number {
    return this.#pool.f64[slot * F64_WORDS + F64_NUMBER];
  }

  #bucket(account: number, low: number, high: number): number {
    let h = Math.imul(low ^ Math.imul(account, 0x27d4eb2d) ^ SALT, 0x9e3779b1);
    h = Math.imul((h ^ (h >>> 15)) + high, 0x85ebca6b);
    return (h ^ (h >>> 13)) & (this.#buckets.length - 1);
  }
}

/** Lists that were sent, and that nobody knows yet whether they are open: their ids are in use too. Oldest first. */
export class ListsUnderWay {
  readonly #sent = new Map<string, Outcome>();

  /** What will be known of a list with the id of one that is to be sent; undefined: there is none. */
  twinOf(fields: CommandFields): Outcome | undefined {
    return this.#sent.size === 0 || !isList(fields) ? undefined : this.#sent.get(keyOf(fields));
  }

  send(fields: CommandFields, outcome: Outcome): void {
    if (isList(fields)) this.#sent.set(keyOf(fields), outcome);
  }

  /** All commands up to a number have been applied, and their events read: what they sent is known. */
  forgetUpTo(sequence: number): void {
    if (this.#sent.size === 0) return;
    for (const [key, { sequence: own }] of this.#sent) {
      if (own > sequence) return;
      this.#sent.delete(key);
    }
  }
}

export function isList({ head }: CommandFields): boolean {
  return kindOf(head) === COMMAND.NEW_LIST;
}

function keyOf({ account, text }: CommandFields): string {
  return `${account} ${text}`;
}
