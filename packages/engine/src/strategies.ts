/** What clients call the strategies of their open orders. */
import type { BookMemory } from '@outcry/book/book-memory';
import { order } from '@outcry/book/records';
import { offsets, record } from '@outcry/memory/record';
import { f64Of, i32Of, reserve } from '@outcry/memory/span';

const { WORDS: ORDER_WORDS, ID: GENERATION, QUANTITY: LEFT } = order;

/** A strategy: see the command STRATEGY, and which use of the order's slot it is of. */
const layout = record({ F64_NUMBER: 'f64', TYPE: 'i32', OF_GENERATION: 'i32' }, { bytes: 16 });
const { BYTES, WORDS, F64_WORDS, F64_NUMBER, TYPE, OF_GENERATION } = offsets(layout);
/** Numbers of an entry of {@link Strategies.used}: a slot, and its strategy. */
const NUMBERS = 3;

/** Strategies by the slots of their orders. An order that ends leaves its own behind, so that ending costs no order a look. */
export class Strategies {
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #orders: Int32Array;
  readonly #memory: BookMemory;
  /** whether there ever was one: else there is nothing to look through */
  #isUsed = false;

  constructor(memory: BookMemory) {
    const span = reserve((memory.orders.capacity + 1) * BYTES);
    this.#i32 = i32Of(span);
    this.#f64 = f64Of(span);
    this.#orders = memory.orders.i32;
    this.#memory = memory;
  }

  set(slot: number, type: number, number: number): void {
    this.#isUsed = true;
    this.#f64[slot * F64_WORDS + F64_NUMBER] = number;
    this.#i32[slot * WORDS + TYPE] = type;
    this.#i32[slot * WORDS + OF_GENERATION] = this.#orders[slot * ORDER_WORDS + GENERATION];
  }

  /** Whether the order in a slot has one. */
  has(slot: number): boolean {
    return this.#isUsed && this.#i32[slot * WORDS + OF_GENERATION] === this.#orders[slot * ORDER_WORDS + GENERATION];
  }
  typeOf(slot: number): number {
    return this.#i32[slot * WORDS + TYPE];
  }
  numberOf(slot: number): number {
    return this.#f64[slot * F64_WORDS + F64_NUMBER];
  }

  /** Those of open orders. */
  used(): Uint8Array {
    const numbers: number[] = [];
    for (let slot = 1; this.#isUsed && slot < this.#memory.orders.top; slot++) {
      if (this.#orders[slot * ORDER_WORDS + LEFT] !== 0 && this.has(slot)) numbers.push(slot, this.typeOf(slot), this.numberOf(slot));
    }
    return new Uint8Array(Float64Array.from(numbers).buffer);
  }

  /** The orders must be there. */
  restore(bytes: Uint8Array): void {
    const numbers = new Float64Array(Uint8Array.from(bytes).buffer);
    for (let at = 0; at < numbers.length; at += NUMBERS) this.set(numbers[at], numbers[at + 1], numbers[at + 2]);
  }
}
