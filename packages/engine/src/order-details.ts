/** What open orders have beside their records in the book, and the indexes that find them. */
import type { BookMemory } from '@outcry/book/book-memory';
import { order } from '@outcry/book/records';
import { command } from '@outcry/market/command';
import { createSlotPool, type SlotPool } from '@outcry/memory/slot-pool';
import { bytesOf, f64Of, i32Of, reserve, type Span, within } from '@outcry/memory/span';
import { AccountOrders } from './account-orders.ts';
import { details } from './detail-record.ts';

const { WORDS: ORDER_WORDS, ACCOUNT } = order;

const { WORDS, SHIFT, CLIENT_LOW, CLIENT_HIGH, TEXT_SLOT } = details;
const TEXT_WORDS = command.TEXT_BYTES / 4;

/** Differs from process to process, so that nobody can choose client ids that all fall into one bucket. It shows in nothing that is told. */
const SALT = (Math.random() * 0x7fffffff) | 0;

/** Details of open orders, and what finds them: by account, and by account and client id. */
export class OrderDetails {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly texts: SlotPool;
  readonly byAccount: AccountOrders;
  /** by slot: the number that clients know the order by */
  readonly ids: Float64Array;
  readonly #span: Span;
  readonly #idSpan: Span;
  readonly #orders: Int32Array;
  readonly #buckets: Int32Array;
  /** by slot: the next order in the same bucket of the client id index */
  readonly #chain: Int32Array;

  constructor(memory: BookMemory, accounts: number) {
    const capacity = memory.orders.capacity;
    this.#span = reserve((capacity + 1) * WORDS * 4);
    this.#idSpan = reserve((capacity + 1) * 8);
    this.ids = f64Of(this.#idSpan);
    this.i32 = i32Of(this.#span);
    this.f64 = f64Of(this.#span);
    this.texts = createSlotPool(TEXT_WORDS, capacity);
    this.#orders = memory.orders.i32;
    this.#buckets = i32Of(reserve(2 ** Math.ceil(Math.log2(capacity + 1)) * 4));
    this.#chain = i32Of(reserve((capacity + 1) * 4));
    this.byAccount = new AccountOrders(capacity, accounts, this.i32);
  }

  /** The open order that an account knows by these 64 bits, or 0. */
  find(account: number, low: number, high: number): number {
    for (let slot = this.#buckets[this.#bucket(account, low, high)]; slot !== 0; slot = this.#chain[slot]) {
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

  /** Takes in an order that stays: it is found from now on. @param text of its client order id */
  keep(slot: number, account: number, text: Int32Array | undefined): void {
    if (text !== undefined && isIndexed(this.i32[(slot << SHIFT) | CLIENT_LOW], this.i32[(slot << SHIFT) | CLIENT_HIGH]))
      this.i32[(slot << SHIFT) | TEXT_SLOT] = this.#keepText(text);
    this.index(slot, account);
  }

  /** Lets an order be found by its account and, where it has one, its client id. */
  index(slot: number, account: number): void {
    this.byAccount.add(account, slot);
    const low = this.i32[(slot << SHIFT) | CLIENT_LOW];
    const high = this.i32[(slot << SHIFT) | CLIENT_HIGH];
    if (!isIndexed(low, high)) return;
    const bucket = this.#bucket(account, low, high);
    this.#chain[slot] = this.#buckets[bucket];
    this.#buckets[bucket] = slot;
  }

  /** Forgets an order that is done: nothing finds it any more, and its text is given back. */
  forget(slot: number): void {
    const words = this.i32;
    this.byAccount.remove(this.#orders[slot * ORDER_WORDS + ACCOUNT], slot);
    const detail = slot << SHIFT;
    if (isIndexed(words[detail | CLIENT_LOW], words[detail | CLIENT_HIGH])) this.#unchain(slot);
    const text = words[detail | TEXT_SLOT];
    if (text !== 0) {
      this.texts.give(text);
      words[detail | TEXT_SLOT] = 0;
    }
  }

  text(slot: number): string {
    const textSlot = this.i32[slot * WORDS + TEXT_SLOT];
    if (textSlot === 0) return '';
    return decodeText(bytesOf(within(this.texts.span, textSlot * command.TEXT_BYTES, command.TEXT_BYTES)));
  }

  /** @param top one past the highest order slot in use */
  used(top: number): Uint8Array[] {
    return [bytesOf(within(this.#span, 0, top * WORDS * 4)), this.texts.used(), bytesOf(within(this.#idSpan, 0, top * 8))];
  }

  restore(parts: readonly Uint8Array[]): void {
    if (parts[0].length > this.i32.byteLength) throw new RangeError('an image of order details does not fit');
    bytesOf(this.#span).set(parts[0]);
    this.texts.restore(parts[1]);
    bytesOf(this.#idSpan).set(parts[2]);
    this.#buckets.fill(0);
    this.byAccount.clear();
  }

  /** Returns the text's slot, 0 when there is no room (there is one for every order). */
  #keepText(words: Int32Array): number {
    const slot = this.texts.take();
    if (slot !== 0) this.texts.i32.set(words, slot * TEXT_WORDS);
    return slot;
  }

  #unchain(slot: number): void {
    const words = this.i32;
    const chain = this.#chain;
    const at = slot << SHIFT;
    const bucket = this.#bucket(this.#orders[slot * ORDER_WORDS + ACCOUNT], words[at | CLIENT_LOW], words[at | CLIENT_HIGH]);
    const next = chain[slot];
    let before = this.#buckets[bucket];
    if (before === slot) {
      this.#buckets[bucket] = next;
      return;
    }
    while (chain[before] !== slot) before = chain[before];
    chain[before] = next;
  }

  #bucket(account: number, low: number, high: number): number {
    let h = Math.imul(low ^ Math.imul(account, 0x27d4eb2d) ^ SALT, 0x9e3779b1);
    h = Math.imul((h ^ (h >>> 15)) + high, 0x85ebca6b);
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
