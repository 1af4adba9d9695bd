import { GROUP as BITS, type PoolParts, STATE } from './pool-layout.ts';

const GROUP = BITS; // a constant of this module becomes part of the machine code

/**
 * Which blocks are free, as a bit each, and a summary with a bit a group that may have one. Any number of threads claim and put back:
 * a claim is the `Atomics.and` that finds the bit set, so that no two succeed, and there is nothing that ABA could confuse.
 *
 * The summary only guides the search. It is set after the first bit of a group, and cleared after the last one with a look back, so
 * that a group with free blocks is not forgotten; a thread killed between the two is made up for by a search of all groups before
 * the pool is called exhausted.
 */
export class FreeBits {
  readonly #bits: Int32Array;
  readonly #summary: Int32Array;
  readonly #state: Int32Array;
  /** The group where this thread found something last, and the trim requests that it knew of. */
  #hint: number;
  #trims = 0;

  /** @param hint the group where the search begins: threads that begin apart do not meet */
  constructor({ bits, summary, words }: PoolParts, hint: number) {
    this.#state = words;
    this.#bits = bits;
    this.#summary = summary;
    this.#hint = hint % bits.length;
  }

  /** Claims one block. Returns its index, -1 when none is free. */
  claimOne(): number {
    const bits = this.#bits;
    for (;;) {
      let group = this.#hint;
      let word = Atomics.load(bits, group);
      if (word === 0) {
        group = this.#find();
        if (group < 0) return -1;
        word = Atomics.load(bits, group);
      }
      while (word !== 0) {
        const bit = word & -word;
        const old = Atomics.and(bits, group, ~bit);
        if ((old & bit) !== 0) {
          if (old === bit) this.#noteEmpty(group);
          return (group * GROUP) | (31 - Math.clz32(bit));
        }
        word = old & ~bit;
      }
      this.#noteEmpty(group);
    }
  }

  /** The group of the last {@link claimSome}. */
  group = -1;

  /** Claims up to `most` free blocks of one group: returns their bits, and tells the group. Returns 0 when none is free. */
  claimSome(most: number): number {
    const bits = this.#bits;
    for (;;) {
      const group = Atomics.load(bits, this.#hint) !== 0 ? this.#hint : this.#find();
      this.group = group;
      if (group < 0) return 0;
      const wanted = most >= GROUP ? -1 : lowest(Atomics.load(bits, group), most);
      const old = Atomics.and(bits, group, ~wanted);
      if ((old & ~wanted) === 0) this.#noteEmpty(group);
      if ((old & wanted) !== 0) return old & wanted;
    }
  }

  /** Claims all blocks of a group if all of them are free. */
  claimWhole(group: number, mask: number): boolean {
    return Atomics.compareExchange(this.#bits, group, mask, 0) === mask;
  }

  /** Puts claimed blocks of a group back. */
  putBack(group: number, mask: number): void {
    if (Atomics.or(this.#bits, group, mask) === 0) Atomics.or(this.#summary, group >> 5, 1 << (group & 31));
  }

  /** Puts one claimed block back. */
  putBackOne(index: number): void {
    this.putBack(index >> 5, 1 << (index & 31));
  }

  isFree(index: number): boolean {
    return (Atomics.load(this.#bits, index >> 5) & (1 << (index & 31))) !== 0;
  }

  /**
   * A group that has, or just had, a free block; -1 when there is none. Onward from the last one, so that a group is used up before the
   * next; from the lowest after somebody asked to trim, so that the steps at the end empty themselves.
   */
  #find(): number {
    const { length } = this.#summary;
    const trims = Atomics.load(this.#state, STATE.TRIM_REQUESTS);
    const from = trims === this.#trims ? this.#hint : 0;
    this.#trims = trims;
    let at = from >> 5;
    let mask = -1 << (from & 31); // groups before it come last
    for (let looked = 0; looked <= length; looked++) {
      const word = Atomics.load(this.#summary, at) & mask;
      mask = -1;
      if (word !== 0) {
        const group = (at << 5) | (31 - Math.clz32(word & -word));
        this.#hint = group;
        return group;
      }
      at = at + 1 === length ? 0 : at + 1;
    }
    return this.#findWithoutSummary();
  }

  #findWithoutSummary(): number {
    const bits = this.#bits;
    for (let group = 0; group < bits.length; group++) {
      if (Atomics.load(bits, group) === 0) continue;
      Atomics.or(this.#summary, group >> 5, 1 << (group & 31));
      this.#hint = group;
      return group;
    }
    return -1;
  }

  #noteEmpty(group: number): void {
    Atomics.and(this.#summary, group >> 5, ~(1 << (group & 31)));
    if (Atomics.load(this.#bits, group) !== 0) Atomics.or(this.#summary, group >> 5, 1 << (group & 31));
  }
}

/** The lowest `count` set bits of a word. */
function lowest(word: number, count: number): number {
  let rest = word;
  for (let i = 0; i < count && rest !== 0; i++) rest &= rest - 1;
  return word & ~rest;
}

/** Number of set bits. */
export function popCount(word: number): number {
  let count = word - ((word >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
