/** Price levels of many books, sorted, in one piece of memory. */
import { grown, words } from './words.ts';

/** Words of a ladder's entry in the table: where its block begins, log2 of the block's rungs, rungs in use. */
const BEGIN = 0;
const SIZE = 1;
const COUNT = 2;
const TABLE_SHIFT = 2;
/** A rung: price, and the level's number. */
const PRICE = 0;
const LEVEL = 1;
const SMALLEST = 3;
/** Rungs looked at one by one before a search by halves. */
const NEAR = 8;

/**
 * Price levels of many books in one piece of memory: a ladder each, sorted, the best price last, so that what changes is near the end. A
 * ladder that is full moves to a block of twice the size; blocks given up are used again.
 */
export class PriceLadders {
  readonly #table: Int32Array;
  #rungs = words(1 << 20);
  #top = 0;
  /** blocks given up, by log2 of their size */
  readonly #free: number[][] = Array.from({ length: 32 }, () => []);

  /** @param count ladders, numbered from 0; those of even number are of buyers: their prices rise toward the best */
  constructor(count: number) {
    this.#table = words(count << TABLE_SHIFT);
  }

  count(ladder: number): number {
    return this.#table[(ladder << TABLE_SHIFT) | COUNT];
  }
  price(ladder: number, rung: number): number {
    return this.#rungs[this.#at(ladder, rung) | PRICE] >>> 0;
  }
  level(ladder: number, rung: number): number {
    return this.#rungs[this.#at(ladder, rung) | LEVEL];
  }

  /** The rung where a price stands, or would. */
  search(ladder: number, price: number): number {
    const rungs = this.#rungs;
    const begin = this.#table[(ladder << TABLE_SHIFT) | BEGIN];
    const isBuy = (ladder & 1) === 0;
    let high = this.#table[(ladder << TABLE_SHIFT) | COUNT];
    for (let step = 0; step < NEAR; step++) {
      if (high === 0) return 0;
      const there = rungs[begin + ((high - 1) << 1)] >>> 0;
      if (there === price) return high - 1;
      if (isBuy ? there < price : there > price) return high;
      high--;
    }
    let low = 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = rungs[begin + (middle << 1)] >>> 0;
      if (isBuy ? there < price : there > price) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  insert(ladder: number, rung: number, price: number, level: number): void {
    const entry = ladder << TABLE_SHIFT;
    const count = this.#table[entry | COUNT];
    if (count === 0 && this.#table[entry | SIZE] === 0) this.#place(entry, SMALLEST);
    else if (count === 1 << this.#table[entry | SIZE]) this.#move(entry, count);
    const rungs = this.#rungs;
    const at = this.#at(ladder, rung);
    for (let i = this.#at(ladder, count); i > at; i -= 2) {
      rungs[i | PRICE] = rungs[(i - 2) | PRICE];
      rungs[i | LEVEL] = rungs[(i - 2) | LEVEL];
    }
    rungs[at | PRICE] = price;
    rungs[at | LEVEL] = level;
    this.#table[entry | COUNT] = count + 1;
  }

  drop(ladder: number, rung: number): void {
    const count = --this.#table[(ladder << TABLE_SHIFT) | COUNT];
    const rungs = this.#rungs;
    const end = this.#at(ladder, count);
    for (let i = this.#at(ladder, rung); i < end; i += 2) {
      rungs[i | PRICE] = rungs[(i + 2) | PRICE];
      rungs[i | LEVEL] = rungs[(i + 2) | LEVEL];
    }
  }

  /** Empties all ladders; they keep their blocks. */
  clear(): void {
    for (let entry = 0; entry < this.#table.length; entry += 1 << TABLE_SHIFT) this.#table[entry | COUNT] = 0;
  }

  #at(ladder: number, rung: number): number {
    return this.#table[(ladder << TABLE_SHIFT) | BEGIN] + (rung << 1);
  }

  #move(entry: number, count: number): void {
    const from = this.#table[entry | BEGIN];
    const size = this.#table[entry | SIZE];
    this.#place(entry, size + 1);
    this.#rungs.copyWithin(this.#table[entry | BEGIN], from, from + count * 2);
    this.#free[size].push(from);
  }

  #place(entry: number, size: number): void {
    const again = this.#free[size].pop();
    const taken = 2 << size;
    if (again === undefined && this.#top + taken > this.#rungs.length) this.#rungs = grown(this.#rungs);
    this.#table[entry | BEGIN] = again ?? this.#top;
    this.#table[entry | SIZE] = size;
    if (again === undefined) this.#top += taken;
  }
}
