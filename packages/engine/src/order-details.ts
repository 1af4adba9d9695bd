import type { BookMemory } from '@outcry/book/book-memory';
import { order } from '@outcry/book/records';
import { command } from '@outcry/market/command';
import { createSlotPool, type SlotPool } from '@outcry/memory/slot-pool';
import { bytesOf, f64Of, i32Of, reserve, type Span, within } from '@outcry/memory/span';

const { WORDS: ORDER_WORDS, ACCOUNT } = order;

/**
 * What the engine knows of an open order beside its record in the book, by the same slot. 32 bytes; the text of a client order
 * id has a record of its own, so that orders known by a number do not pay for it.
 */
export const details = {
  WORDS: 8,
  SHIFT: 3,
  /** when it was entered, microseconds since 1970 */
  F64_TIME: 0,
  /** quote units traded so far */
  F64_EXECUTED: 1,
  F64_WORDS: 4,
  F64_SHIFT: 2,
  CLIENT_LOW: 4,
  CLIENT_HIGH: 5,
  TEXT_SLOT: 6,
  /** next order in the same bucket of the client id index */
  CHAIN: 7,
} as const;

const { WORDS, CLIENT_LOW, CLIENT_HIGH, TEXT_SLOT, CHAIN } = details;
const TEXT_WORDS = command.TEXT_BYTES / 4;

/** Details of open orders, and an index that finds an account's open order by its client id. */
export class OrderDetails {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly texts: SlotPool;
  readonly #span: Span;
  readonly #orders: Int32Array;
  readonly #buckets: Int32Array;

  constructor(memory: BookMemory) {
    const capacity = memory.orders.capacity;
    this.#span = reserve((capacity + 1) * WORDS * 4);
    this.i32 = i32Of(this.#span);
    this.f64 = f64Of(this.#span);
    this.texts = createSlotPool(TEXT_WORDS, capacity);
    this.#orders = memory.orders.i32;
    this.#buckets = i32Of(reserve(2 ** Math.ceil(Math.log2(capacity + 1)) * 4));
  }

  /** The open order that an account knows by these 64 bits, or 0. */
  find(account: number, low: number, high: number): number {
    for (let slot = this.#buckets[this.#bucket(account, low, high)]; slot !== 0; slot = this.i32[slot * WORDS + CHAIN]) {
      const at = slot * WORDS;
      if (
        this.i32[at + CLIENT_LOW] === low &&
        this.i32[at + CLIENT_HIGH] === high &&
        this.#orders[slot * ORDER_WORDS + ACCOUNT] === account
      ) {
        return slot;
      }
    }
    return 0;
  }

  index(slot: number, account: number): void {
    const at = slot * WORDS;
    const bucket = this.#bucket(account, this.i32[at + CLIENT_LOW], this.i32[at + CLIENT_HIGH]);
    this.i32[at + CHAIN] = this.#buckets[bucket];
    this.#buckets[bucket] = slot;
  }

  /** Forgets an order that is done: its place in the index, and its text. */
  forget(slot: number): void {
    const words = this.i32;
    const at = slot * WORDS;
    if (isIndexed(words[at + CLIENT_LOW], words[at + CLIENT_HIGH])) this.#unlink(slot);
    const text = words[at + TEXT_SLOT];
    if (text !== 0) {
      this.texts.give(text);
      words[at + TEXT_SLOT] = 0;
    }
  }

  /** Keeps the text of a client order id. Returns its slot, 0 when there is no room (there is one for every order). */
  keepText(words: Int32Array): number {
    const slot = this.texts.take();
    if (slot !== 0) this.texts.i32.set(words, slot * TEXT_WORDS);
    return slot;
  }

  text(slot: number): string {
    const textSlot = this.i32[slot * WORDS + TEXT_SLOT];
    if (textSlot === 0) return '';
    return decodeText(bytesOf(within(this.texts.span, textSlot * command.TEXT_BYTES, command.TEXT_BYTES)));
  }

  /** @param top one past the highest order slot in use */
  used(top: number): Uint8Array[] {
    return [bytesOf(within(this.#span, 0, top * WORDS * 4)), this.texts.used()];
  }

  restore(parts: readonly Uint8Array[]): void {
    if (parts[0].length > this.i32.byteLength) throw new RangeError('an image of order details does not fit');
    bytesOf(this.#span).set(parts[0]);
    this.texts.restore(parts[1]);
    this.#buckets.fill(0);
  }

  #unlink(slot: number): void {
    const words = this.i32;
    const at = slot * WORDS;
    const bucket = this.#bucket(this.#orders[slot * ORDER_WORDS + ACCOUNT], words[at + CLIENT_LOW], words[at + CLIENT_HIGH]);
    const next = words[at + CHAIN];
    let link = this.#buckets[bucket];
    if (link === slot) {
      this.#buckets[bucket] = next;
      return;
    }
    while (words[link * WORDS + CHAIN] !== slot) link = words[link * WORDS + CHAIN];
    words[link * WORDS + CHAIN] = next;
  }

  #bucket(account: number, low: number, high: number): number {
    let h = Math.imul(low ^ Math.imul(account, 0x27d4eb2d), 0x9e3779b1) ^ high;
    h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
    return (h ^ (h >>> 13)) & (this.#buckets.length - 1);
  }
}

/** Whether an order is found by its client's 64 bits: a text's hash, or a number that the client may use again. */
export function isIndexed(low: number, high: number): boolean {
  return high > 0 || (high === 0 && low !== 0);
}

/** Text out of zero-padded UTF-8 bytes, which may lie in shared memory. */
export function decodeText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end)).toString('utf8');
}
