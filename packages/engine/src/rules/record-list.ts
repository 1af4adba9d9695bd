import { special } from './special-orders.ts';

const { WORDS, PREVIOUS, NEXT } = special;

/** Lists of special records in order of arrival, by their PREVIOUS and NEXT. A list is two words: its first and its last record, 0: none. */
export class RecordList {
  readonly #heads: Int32Array;
  readonly #i32: Int32Array;

  /** @param heads where the lists' words are @param i32 the records */
  constructor(heads: Int32Array, i32: Int32Array) {
    this.#heads = heads;
    this.#i32 = i32;
  }

  /** @param list where the list's two words begin */
  append(list: number, record: number): void {
    const last = this.#heads[list + 1];
    this.#i32[record * WORDS + PREVIOUS] = last;
    this.#i32[record * WORDS + NEXT] = 0;
    if (last === 0) this.#heads[list] = record;
    else this.#i32[last * WORDS + NEXT] = record;
    this.#heads[list + 1] = record;
  }

  remove(list: number, record: number): void {
    const previous = this.#i32[record * WORDS + PREVIOUS];
    const next = this.#i32[record * WORDS + NEXT];
    if (previous === 0) this.#heads[list] = next;
    else this.#i32[previous * WORDS + NEXT] = next;
    if (next === 0) this.#heads[list + 1] = previous;
    else this.#i32[next * WORDS + PREVIOUS] = previous;
  }

  /** All records of a list, oldest first. Allocates, so that they may leave meanwhile. */
  all(list: number): number[] {
    const all: number[] = [];
    for (let record = this.#heads[list]; record !== 0; record = this.#i32[record * WORDS + NEXT]) all.push(record);
    return all;
  }
}
