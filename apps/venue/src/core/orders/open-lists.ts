/** Order lists that are open: found by the ids that their clients gave them, with the orders that they had from the beginning. */
import { command, LIST_TYPE, NUMBERED } from '@outcry/market/command';
import { offsets, record, several } from '@outcry/memory/record';
import { createSlotPool, type SlotPool } from '@outcry/memory/slot-pool';
import { bytesOf, i32Of, reserve } from '@outcry/memory/span';
import type { OrderList } from '../../domain/orders.ts';
import { textHash } from '../../spine/commands.ts';
import { SALT } from './order-chain.ts';

const MOST_LEGS = 3;
const { TEXT_BYTES } = command;

const layout = record(
  {
    FREE: 'i32',
    ACCOUNT: 'i32',
    /** its client's 63 bits; where they are not known its number, with NUMBERED */
    LOW: 'i32',
    HIGH: 'i32',
    CHAIN: 'i32',
    /** its orders that are open */
    OPEN: 'i32',
    INSTRUMENT: 'i32',
    TYPE: 'i32',
    F64_NUMBER: 'f64',
    /** by leg, 0: not known */
    F64_IDS: several('f64', MOST_LEGS),
    /** its client's id, then those of its orders by leg */
    TEXTS: several('i32', ((MOST_LEGS + 1) * TEXT_BYTES) / 4),
  },
  { bytes: 256 },
);
const { WORDS, BYTES, F64_WORDS, ACCOUNT, LOW, HIGH, CHAIN, OPEN, INSTRUMENT, TYPE, F64_NUMBER, F64_IDS, TEXTS } = offsets(layout);

/**
 * The lists that open orders belong to, outside the JavaScript heap, by account and the 63 bits of their ids. Nothing costs more when there
 * are many. A list whose last order ended stays until it is closed, so that it can be told of.
 */
export class OpenLists {
  readonly #pool: SlotPool;
  readonly #bytes: Buffer;
  /** by slot of an order: its list */
  readonly #listOf: Int32Array;
  readonly #buckets: Int32Array;
  /** the list of the last such event, whose orders come next */
  #current = 0;

  /** @param capacity most open orders */
  constructor(capacity: number) {
    this.#pool = createSlotPool(WORDS, capacity);
    const { buffer, byteOffset, byteLength } = bytesOf(this.#pool.span);
    this.#bytes = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
    this.#listOf = i32Of(reserve((capacity + 1) * 4));
    this.#buckets = i32Of(reserve(2 ** Math.ceil(Math.log2(capacity + 1)) * 4));
  }

  get size(): number {
    return this.#pool.inUse;
  }

  /**
   * An event states a list: once before its orders, or after a start before each.
   * @param low @param high both 0: they are not known @param text its client's id, '': it is not known
   */
  note({ number, account, instrument, type, clientId }: Omit<OrderList, 'orders'>, low: number, high: number): void {
    const isKnown = (low | high) !== 0;
    const [keyLow, keyHigh] = isKnown ? [low, high] : [number | 0, Math.floor(number / 2 ** 32) | NUMBERED];
    let slot = this.#buckets[this.#bucket(account, keyLow, keyHigh)];
    while (slot !== 0 && !(this.#is(slot, account, keyLow, keyHigh) && this.#numberOf(slot) === number)) slot = this.#after(slot);
    this.#current = slot;
    if (slot !== 0) return;
    this.#current = this.#open(account, keyLow, keyHigh, number);
    const at = this.#current * WORDS;
    this.#pool.i32[at + INSTRUMENT] = instrument;
    this.#pool.i32[at + TYPE] = type;
    this.#writeText(this.#current, 0, clientId);
  }

  /** An order is open, of the list with this number. @returns the list when it has all its orders now, else 0 */
  join(order: number, number: number, leg: number, id: number, clientId: string): number {
    const slot = this.#current;
    if (slot === 0 || this.#numberOf(slot) !== number) return 0;
    this.#listOf[order] = slot;
    const open = ++this.#pool.i32[slot * WORDS + OPEN];
    this.#pool.f64[slot * F64_WORDS + F64_IDS + leg - 1] = id;
    this.#writeText(slot, leg, clientId);
    return open === this.#legs(slot) ? slot : 0;
  }

  /** An order is open no more. @returns its list when that was the last one, 0: it was not; the list is to be closed then */
  leave(order: number): number {
    const slot = this.#listOf[order];
    if (slot === 0) return 0;
    this.#listOf[order] = 0;
    return --this.#pool.i32[slot * WORDS + OPEN] > 0 ? 0 : slot;
  }

  close(slot: number): void {
    if (this.#current === slot) this.#current = 0;
    this.#unchain(slot);
    this.#pool.give(slot);
  }

  accountOf(slot: number): number {
    return this.#pool.i32[slot * WORDS + ACCOUNT];
  }

  /** A list with what is known of it: all, unless the venue started meanwhile and {@link complete} was not told of it. */
  copy(slot: number): OrderList {
    const at = slot * WORDS;
    const words = this.#pool.i32;
    const orders = [];
    for (let leg = 1; leg <= MOST_LEGS; leg++) {
      const id = this.#pool.f64[slot * F64_WORDS + F64_IDS + leg - 1];
      if (id !== 0) orders.push({ id, clientId: this.#text(slot, leg) });
    }
    return {
      number: this.#numberOf(slot),
      account: words[at + ACCOUNT],
      instrument: words[at + INSTRUMENT],
      type: words[at + TYPE],
      clientId: this.#text(slot, 0),
      orders,
    };
  }

  /** Numbers of the lists by account, of which a start does not tell all: their ids, and orders that have ended. */
  incomplete(): Map<number, number[]> {
    const found = new Map<number, number[]>();
    for (let slot = 1; slot < this.#pool.top; slot++) {
      if (this.#pool.i32[slot * WORDS + OPEN] === 0 || this.#text(slot, 0) !== '') continue;
      const account = this.accountOf(slot);
      const numbers = found.get(account) ?? [];
      found.set(account, numbers);
      numbers.push(this.#numberOf(slot));
    }
    return found;
  }

  /** What the store has of lists that are open. @param known by their numbers, with their orders by leg */
  complete(known: ReadonlyMap<number, Pick<OrderList, 'clientId' | 'orders'>>): void {
    for (let slot = 1; slot < this.#pool.top; slot++) {
      const stored = this.#pool.i32[slot * WORDS + OPEN] === 0 ? undefined : known.get(this.#numberOf(slot));
      if (stored === undefined) continue;
      this.#writeText(slot, 0, stored.clientId);
      for (const [i, { id, clientId }] of stored.orders.entries()) {
        this.#pool.f64[slot * F64_WORDS + F64_IDS + i] = id;
        this.#writeText(slot, i + 1, clientId);
      }
    }
  }

  /** Whether a list of an account has this id. */
  has(account: number, clientId: string): boolean {
    const [low, high] = textHash(clientId);
    let slot = this.#buckets[this.#bucket(account, low, high)];
    while (slot !== 0 && !this.#is(slot, account, low, high)) slot = this.#after(slot);
    return slot !== 0;
  }

  #open(account: number, low: number, high: number, number: number): number {
    const slot = this.#pool.take();
    const at = slot * WORDS;
    const words = this.#pool.i32;
    words.fill(0, at, at + WORDS);
    words[at + ACCOUNT] = account;
    words[at + LOW] = low;
    words[at + HIGH] = high;
    this.#pool.f64[slot * F64_WORDS + F64_NUMBER] = number;
    const bucket = this.#bucket(account, low, high);
    words[at + CHAIN] = this.#buckets[bucket];
    this.#buckets[bucket] = slot;
    return slot;
  }

  #unchain(slot: number): void {
    const words = this.#pool.i32;
    const at = slot * WORDS;
    words[at + OPEN] = 0;
    const bucket = this.#bucket(words[at + ACCOUNT], words[at + LOW], words[at + HIGH]);
    let before = this.#buckets[bucket];
    if (before === slot) {
      this.#buckets[bucket] = words[at + CHAIN];
      return;
    }
    while (this.#after(before) !== slot) before = this.#after(before);
    words[before * WORDS + CHAIN] = words[at + CHAIN];
  }

  #after(slot: number): number {
    return this.#pool.i32[slot * WORDS + CHAIN];
  }

  #is(slot: number, account: number, low: number, high: number): boolean {
    const at = slot * WORDS;
    const words = this.#pool.i32;
    return words[at + LOW] === low && words[at + HIGH] === high && words[at + ACCOUNT] === account;
  }

  #numberOf(slot: number): number {
    return this.#pool.f64[slot * F64_WORDS + F64_NUMBER];
  }

  #legs(slot: number): number {
    return this.#pool.i32[slot * WORDS + TYPE] === LIST_TYPE.OTOCO ? 3 : 2;
  }

  /** @param leg 0: the list's own id */
  #writeText(slot: number, leg: number, text: string): void {
    const at = slot * BYTES + TEXTS * 4 + leg * TEXT_BYTES;
    const end = at + this.#bytes.write(text, at, TEXT_BYTES, 'utf8');
    this.#bytes.fill(0, end, at + TEXT_BYTES);
  }

  #text(slot: number, leg: number): string {
    const at = slot * BYTES + TEXTS * 4 + leg * TEXT_BYTES;
    let end = at;
    while (end < at + TEXT_BYTES && this.#bytes[end] !== 0) end++;
    return this.#bytes.toString('utf8', at, end);
  }

  #bucket(account: number, low: number, high: number): number {
    let h = Math.imul(low ^ Math.imul(account, 0x27d4eb2d) ^ SALT, 0x9e3779b1);
    h = Math.imul((h ^ (h >>> 15)) + high, 0x85ebca6b);
    return (h ^ (h >>> 13)) & (this.#buckets.length - 1);
  }
}
