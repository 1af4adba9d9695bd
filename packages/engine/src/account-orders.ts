/** Each account's open orders, as lists of chunks. */
import { createSlotPool, type SlotPool } from '@outcry/memory/slot-pool';
import { i32Of, reserve, type Span } from '@outcry/memory/span';
import { details } from './detail-record.ts';

/** What is kept of an account, 8 bytes: where its next order goes (0: it has no chunk yet), and how many chunks are full. */
const owner = { SHIFT: 1, END: 0, FULL: 1 } as const;
const { SHIFT: OWNER, END, FULL } = owner;
const { SHIFT: DETAIL, POSITION } = details;

/** A chunk of an account's list, 128 bytes: the chunk before it, then slots. All chunks but the last are full. The first one stays. */
const CHUNK = 5;
const CHUNK_WORDS = 1 << CHUNK;
const PLACE_MASK = CHUNK_WORDS - 1;
const BEFORE = 0;
const FIRST = 1;

/**
 * The open orders of each account, in no order: a list of chunks, in which the last order takes the place of one that ends. Each order
 * keeps its place in the word POSITION of its details, so that adding and removing touch a few words that are close together.
 */
export class AccountOrders {
  /** for {@link openOrdersOf}: other threads may look */
  readonly owners: Span;
  readonly #owners: Int32Array;
  readonly #chunks: SlotPool;
  readonly #words: Int32Array;
  readonly #details: Int32Array;

  /** @param detailWords of the orders, by slot */
  constructor(orders: number, accounts: number, detailWords: Int32Array) {
    this.#chunks = createSlotPool(CHUNK_WORDS, Math.ceil(orders / (CHUNK_WORDS - FIRST)) + accounts);
    this.#words = this.#chunks.i32;
    this.owners = reserve((accounts << OWNER) * 4);
    this.#owners = i32Of(this.owners);
    this.#details = detailWords;
  }

  add(account: number, slot: number): void {
    const owners = this.#owners;
    const at = account << OWNER;
    let end = owners[at | END];
    if ((end & PLACE_MASK) === 0) end = this.#extend(at, end);
    this.#words[end] = slot;
    this.#details[(slot << DETAIL) | POSITION] = end;
    owners[at | END] = end + 1;
  }

  remove(account: number, slot: number): void {
    const owners = this.#owners;
    const words = this.#words;
    const at = account << OWNER;
    const last = owners[at | END] - 1;
    const moved = words[last];
    const place = this.#details[(slot << DETAIL) | POSITION];
    words[place] = moved;
    this.#details[(moved << DETAIL) | POSITION] = place;
    owners[at | END] = (last & PLACE_MASK) === FIRST ? this.#shrink(at, last) : last;
  }

  /** An account's open orders, by slot. Allocates, so that they may end meanwhile. */
  of(account: number): number[] {
    const slots: number[] = [];
    this.each(account, (slot) => slots.push(slot));
    return slots.sort((a, b) => a - b); // by what is open, not by how it came here
  }

  /** Visits an account's open orders, in no order. None may end meanwhile. */
  each(account: number, visit: (slot: number) => void): void {
    let end = this.#owners[(account << OWNER) | END];
    while (end !== 0) {
      const chunk = (end - 1) & ~PLACE_MASK;
      for (let place = chunk | FIRST; place < end; place++) visit(this.#words[place]);
      const before = this.#words[chunk | BEFORE];
      end = before === 0 ? 0 : (before + 1) << CHUNK;
    }
  }

  countOf(account: number): number {
    return openOrdersOf(this.#owners, account);
  }

  /** Chunks in use: one an account that ever had an order, and as many more as are full. */
  get chunksInUse(): number {
    return this.#chunks.inUse;
  }

  clear(): void {
    this.#owners.fill(0);
    this.#chunks.reset();
  }

  /** Begins another chunk for the account at `at`. @param end of the full one, 0: it is the first @returns the first place in it */
  #extend(at: number, end: number): number {
    const chunk = this.#chunks.take(); // there are enough for all orders
    this.#words[(chunk << CHUNK) | BEFORE] = end === 0 ? 0 : (end >> CHUNK) - 1;
    if (end !== 0) this.#owners[at | FULL]++;
    return (chunk << CHUNK) | FIRST;
  }

  /** A chunk lost its last order: it is given back, but for an account's first. Returns where the next order goes. */
  #shrink(at: number, last: number): number {
    const before = this.#words[(last & ~PLACE_MASK) | BEFORE];
    if (before === 0) return last;
    this.#owners[at | FULL]--;
    this.#chunks.give(last >> CHUNK);
    return (before + 1) << CHUNK;
  }
}

/** How many accounts there is room for in {@link AccountOrders.owners}. */
export function accountsOf(owners: Int32Array): number {
  return owners.length >> OWNER;
}

/** How many open orders an account has, out of {@link AccountOrders.owners}. */
export function openOrdersOf(owners: Int32Array, account: number): number {
  const end = owners[(account << OWNER) | END];
  const inLast = end === 0 ? 0 : ((end - 1) & PLACE_MASK) - FIRST + 1;
  return owners[(account << OWNER) | FULL] * (CHUNK_WORDS - FIRST) + inLast;
}
