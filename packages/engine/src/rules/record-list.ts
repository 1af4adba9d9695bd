/** Linked lists of special records. */
import type { SlotPool } from '@outcry/memory/slot-pool';

/** Words that a list takes, and links that it takes of each record. */
export const LIST_WORDS = 2;
export const LIST_LINKS = 2;

/** Lists of special records in order of arrival, by two links of theirs. A list is two words: its first and its last record, 0: none. */
export class RecordList {
  readonly #heads: Int32Array;
  readonly #i32: Int32Array;
  readonly #words: number;
  readonly #previous: number;
  readonly #next: number;

  /** @param heads where the lists' words are @param records @param links word of a record's two links */
  constructor(heads: Int32Array, records: SlotPool, links: number) {
    this.#heads = heads;
    this.#i32 = records.i32;
    this.#words = records.ints;
    this.#previous = links;
    this.#next = links + 1;
  }

  /** The oldest record of a list, and the next newer one of a record; 0: there is none. */
  first(list: number): number {
    return this.#heads[list];
  }
  after(record: number): number {
    return this.#i32[record * this.#words + this.#next];
  }

  /** Empties all lists; records keep their links. */
  clear(): void {
    this.#heads.fill(0);
  }

  /** @param list where the list's two words begin */
  append(list: number, record: number): void {
    const last = this.#heads[list + 1];
    this.#i32[record * this.#words + this.#previous] = last;
    this.#i32[record * this.#words + this.#next] = 0;
    if (last === 0) this.#heads[list] = record;
    else this.#i32[last * this.#words + this.#next] = record;
    this.#heads[list + 1] = record;
  }

  remove(list: number, record: number): void {
    const previous = this.#i32[record * this.#words + this.#previous];
    const next = this.#i32[record * this.#words + this.#next];
    if (previous === 0) this.#heads[list] = next;
    else this.#i32[previous * this.#words + this.#next] = next;
    if (next === 0) this.#heads[list + 1] = previous;
    else this.#i32[next * this.#words + this.#previous] = previous;
  }

  /** All records of a list, oldest first. Allocates, so that they may leave meanwhile. */
  all(list: number): number[] {
    const all: number[] = [];
    for (let record = this.#heads[list]; record !== 0; record = this.#i32[record * this.#words + this.#next]) all.push(record);
    return all;
  }
}
