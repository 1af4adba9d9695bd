/** A deque of work that other threads steal from. */
import { ALONE, headBytes, type Placement, readHead, writeHead } from './part.ts';
import { CACHE_LINE, i32Of, type Span, within } from './span.ts';

/** What {@link WorkDeque.pop} and {@link WorkDeque.steal} return when there is nothing, and when another thread was faster. */
export const EMPTY = -1;
export const LOST = -2;

const KIND = 'DEQU';
const SHAPE = 1;
const HEAD = headBytes(SHAPE);
const TOP = 0;
const BOTTOM = CACHE_LINE / 4;
const STATE_BYTES = 2 * CACHE_LINE;

/** @param capacity entries at most, a power of two */
export function createWorkDeque(capacity: number, placement: Placement = ALONE): Span {
  if (!Number.isInteger(Math.log2(capacity))) throw new RangeError(`a deque of ${capacity} entries: must be a power of two`);
  const span = placement(HEAD + STATE_BYTES + capacity * 4);
  writeHead(span, KIND, [capacity]);
  return span;
}

/**
 * A work-stealing deque of whole numbers from 0 to 2^31 - 1 (Chase and Lev, "Dynamic circular work-stealing deque", 2005; of fixed
 * size here). Its owner pushes and pops at one end; any other thread steals at the other. Every number is got exactly once.
 *
 * One owner, any number of thieves. Positions are 32 bits and wrap; they are compared by their difference.
 */
export class WorkDeque {
  readonly capacity: number;
  readonly #state: Int32Array;
  readonly #entries: Int32Array;
  readonly #mask: number;

  constructor(span: Span) {
    [this.capacity] = readHead(span, KIND, SHAPE);
    this.#state = i32Of(within(span, HEAD, STATE_BYTES));
    this.#entries = i32Of(within(span, HEAD + STATE_BYTES, this.capacity * 4));
    this.#mask = this.capacity - 1;
  }

  /** Owner only. Returns false when the deque is full. */
  push(value: number): boolean {
    const bottom = Atomics.load(this.#state, BOTTOM);
    if (((bottom - Atomics.load(this.#state, TOP)) | 0) >= this.capacity) return false;
    Atomics.store(this.#entries, bottom & this.#mask, value);
    Atomics.store(this.#state, BOTTOM, (bottom + 1) | 0);
    return true;
  }

  /** Owner only: the number pushed last, or EMPTY. */
  pop(): number {
    const bottom = (Atomics.load(this.#state, BOTTOM) - 1) | 0;
    Atomics.store(this.#state, BOTTOM, bottom); // from here on thieves leave the last one to a race for TOP
    const top = Atomics.load(this.#state, TOP);
    const left = (bottom - top) | 0;
    if (left < 0) {
      Atomics.store(this.#state, BOTTOM, top);
      return EMPTY;
    }
    const value = Atomics.load(this.#entries, bottom & this.#mask);
    if (left > 0) return value;
    const won = Atomics.compareExchange(this.#state, TOP, top, (top + 1) | 0) === top;
    Atomics.store(this.#state, BOTTOM, (top + 1) | 0);
    return won ? value : EMPTY;
  }

  /** Any thread: the number pushed first; EMPTY, or LOST when another thread took it at the same moment (try again). */
  steal(): number {
    const top = Atomics.load(this.#state, TOP);
    const bottom = Atomics.load(this.#state, BOTTOM);
    if (((bottom - top) | 0) <= 0) return EMPTY;
    const value = Atomics.load(this.#entries, top & this.#mask);
    return Atomics.compareExchange(this.#state, TOP, top, (top + 1) | 0) === top ? value : LOST;
  }

  /** Numbers in the deque: exact for the owner while nobody steals. */
  get size(): number {
    return Math.max(0, (Atomics.load(this.#state, BOTTOM) - Atomics.load(this.#state, TOP)) | 0);
  }
}
