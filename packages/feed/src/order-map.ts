/** Open orders of a feed by their 64-bit references. */
import { words } from './words.ts';

/** Words of an entry: the order's slot (0: free), and its reference's low word. */
const SLOT = 0;
const LOW = 1;

/**
 * Open orders of a feed by reference, 64 bits as two words: open addressing with linear probing. References that a venue gave one after the
 * other lie in groups of eight, a cache line each; were all in a row, those that are left of an earlier round would push the new ones on
 * without end. An entry holds the low word, so that what is looked for is mostly found, and moved, without a look at the order. Grows when
 * half is taken.
 */
export class OrderMap {
  size = 0;
  #table: Int32Array;
  #mask: number;
  /** high words by slot, at `slot * stride + offset`; set anew when the orders have moved */
  records: Int32Array;
  readonly #shift: number;
  readonly #high: number;

  /** @param shift log2 of the words of an order's record @param high where it has the reference's high word */
  constructor(records: Int32Array, shift: number, high: number, capacity = 1 << 20) {
    this.records = records;
    this.#shift = shift;
    this.#high = high;
    this.#table = words(capacity * 2);
    this.#mask = capacity - 1;
  }

  /** The slot of a reference, 0: none. */
  find(low: number, high: number): number {
    return this.#table[this.#entry(low, high) << 1];
  }

  /** @param slot above 0, with its high word in the record; the reference must not be in the map */
  add(slot: number, low: number): void {
    if (this.size * 2 > this.#mask) this.#grow();
    this.#put(slot, low);
    this.size++;
  }

  /** Takes a reference out. Returns its slot, 0: it was not there. */
  remove(low: number, high: number): number {
    const table = this.#table;
    const mask = this.#mask;
    let entry = this.#entry(low, high);
    const found = table[entry << 1];
    if (found === 0) return 0;
    // What was pushed on by the one that leaves moves back, so that no search ends too early.
    for (let next = (entry + 1) & mask; table[next << 1] !== 0; next = (next + 1) & mask) {
      const moved = table[(next << 1) | LOW];
      const distance = (next - (home(moved) & mask)) & mask;
      if (distance < ((next - entry) & mask)) continue;
      table[(entry << 1) | SLOT] = table[next << 1];
      table[(entry << 1) | LOW] = moved;
      entry = next;
    }
    table[entry << 1] = 0;
    this.size--;
    return found;
  }

  clear(): void {
    this.#table.fill(0);
    this.size = 0;
  }

  /** The entry of a reference, or the free one where it would be. */
  #entry(low: number, high: number): number {
    const table = this.#table;
    for (let entry = home(low) & this.#mask; ; entry = (entry + 1) & this.#mask) {
      const slot = table[entry << 1];
      if (slot === 0) return entry;
      if (table[(entry << 1) | LOW] === low && this.records[(slot << this.#shift) + this.#high] === high) return entry;
    }
  }

  #put(slot: number, low: number): void {
    let entry = home(low) & this.#mask;
    while (this.#table[entry << 1] !== 0) entry = (entry + 1) & this.#mask;
    this.#table[(entry << 1) | SLOT] = slot;
    this.#table[(entry << 1) | LOW] = low;
  }

  #grow(): void {
    const old = this.#table;
    this.#table = words(old.length * 2);
    this.#mask = this.#table.length / 2 - 1;
    for (let i = 0; i < old.length; i += 2) if (old[i] !== 0) this.#put(old[i], old[i | LOW]);
  }
}

function home(low: number): number {
  let group = Math.imul(low >>> 3, 0x85ebca6b);
  group = Math.imul(group ^ (group >>> 15), 0xc2b2ae35);
  return ((group ^ (group >>> 16)) << 3) | (low & 7);
}
