/** Positions that threads share. */
import { CACHE_LINE, i32Of, type Span } from './span.ts';

/**
 * Positions that threads share, each in a cache line of its own so that two writers never share one. A position counts records since
 * the start, up to 2^53 - 1. In memory it is two words: its low 32 bits, and its epoch, which counts 2^30 records.
 *
 * The epoch may be one behind or ahead, and the position is still plain: together they tell what lies within 2^31 records of the
 * epoch's beginning. So a writer moves the low bits first and the epoch after them, may stop between the two for as long as it
 * likes, and nobody waits for it. A reader loads the low bits, then the epoch: when the epoch is the one it knew before, the low bits are
 * of that epoch, since epochs do not come back. Whoever last read a year ago, or reads for the first time, is right at once.
 *
 * An atomic operation is a call in V8, a plain load is not. To compare the epoch, a plain load does: whatever epoch was stored before the
 * low bits that the atomic load has read is visible after it. An epoch that is to be remembered is loaded atomically.
 */
const WORDS_PER_LINE = CACHE_LINE / 4;
const EPOCH_WORD = 1;
const EPOCH = 2 ** 30;

/** Records that several writers may be ahead of one that has moved the low bits and not the epoch yet: a ring's slots. */
export const MOST_AHEAD = 2 ** 28;

/** Bytes that `count` sequences take. */
export function sequenceBytes(count: number): number {
  return count * CACHE_LINE;
}

export class Sequence {
  readonly #words: Int32Array;
  readonly #index: number;
  /** the epoch last read, where it begins, and the low bits of that */
  #epoch = 0;
  #base = 0;
  #baseLow = 0;
  #known = 0;

  /** The `number`th sequence in a span made for several. */
  constructor(span: Span, number: number) {
    this.#words = i32Of(span);
    this.#index = number * WORDS_PER_LINE;
    this.read();
  }

  /** The position now. */
  read(): number {
    for (;;) {
      const low = Atomics.load(this.#words, this.#index);
      if (this.#words[this.#index + EPOCH_WORD] === this.#epoch) {
        this.#known = this.#base + ((low - this.#baseLow) | 0);
        return this.#known;
      }
      this.#enter(Atomics.load(this.#words, this.#index + EPOCH_WORD));
    }
  }

  /** The position when last read: no memory traffic. */
  get known(): number {
    return this.#known;
  }

  /** Publishes: everything written before is visible to whoever reads this position. One writer. */
  publish(position: number): void {
    const into = position - this.#base;
    if (into >= 0 && into < EPOCH) {
      this.#known = position;
      Atomics.store(this.#words, this.#index, position | 0);
    } else this.#travel(position);
  }

  /**
   * Several writers: moves the position on from what was last read, unless another writer was faster: returns -1 then. Returns where it
   * moved on from: that is another position than was read when this thread slept between, while others moved it by exactly 2^32 or a
   * multiple, so that the low bits were the same again.
   *
   * The others must get no further than `MOST_AHEAD` from here until this call has returned.
   */
  tryAdvance(count: number): number {
    const from = this.#known;
    const to = from + count;
    if (Atomics.compareExchange(this.#words, this.#index, from | 0, to | 0) !== (from | 0)) return -1;
    this.#known = to;
    if (to - this.#base >= EPOCH) {
      const epoch = Math.floor(to / EPOCH);
      Atomics.compareExchange(this.#words, this.#index + EPOCH_WORD, epoch - 1, epoch);
    }
    return this.#words[this.#index + EPOCH_WORD] === this.#epoch ? from : from + this.#slept();
  }

  /** Records that others moved the position by while this thread slept: four epochs each time round, give or take one at either end. */
  #slept(): number {
    const passed = Atomics.load(this.#words, this.#index + EPOCH_WORD) - this.#epoch;
    return Math.floor((passed + 1) / 4) * 2 ** 32;
  }

  /** Sets the position in memory that nobody reads yet. */
  begin(position: number): void {
    Atomics.store(this.#words, this.#index, position | 0);
    Atomics.store(this.#words, this.#index + EPOCH_WORD, Math.floor(position / EPOCH));
    this.read();
  }

  #enter(epoch: number): void {
    this.#epoch = epoch;
    this.#base = epoch * EPOCH;
    this.#baseLow = this.#base | 0;
  }

  /** Into another epoch, one after the other: what is read on the way lies between the old position and the new. */
  #travel(position: number): void {
    let at = this.read();
    const last = Math.floor(position / EPOCH);
    while (this.#epoch !== last) {
      at = position > at ? Math.min(position, at + EPOCH) : Math.max(position, at - EPOCH);
      Atomics.store(this.#words, this.#index, at | 0);
      this.#enter(Math.floor(at / EPOCH));
      Atomics.store(this.#words, this.#index + EPOCH_WORD, this.#epoch);
    }
    this.#known = position;
    Atomics.store(this.#words, this.#index, position | 0);
  }
}
