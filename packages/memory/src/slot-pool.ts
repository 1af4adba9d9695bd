/** Pools of records that one thread owns. */
import { GUARDED_BY_DEFAULT, GuardError } from './guarded.ts';
import { bytesOf, f64Of, i32Of, reserve, type Span } from './span.ts';
import { countOne, type PoolStatistics } from './statistics.ts';

/** The pool's own state, in the words of slot 0. */
const FREE_HEAD = 0;
const TOP = 1;
const CAPACITY = 2;
const FAILURES = 3;
const F64_TAKES = 2;
const F64_GIVES = 3;
const LEAST_INTS = 8;

/** Word of an image that says how many records there was room for: no part of the state. */
export const POOL_CAPACITY_WORD = CAPACITY;

/** Word of a free record that links to the next free slot. */
const LINK = 0;

const NEVER = 0;
const TAKEN = 1;
const GIVEN = 2;

/**
 * A fixed-capacity pool of equal records in shared memory, owned by one thread: the single-owner mode of {@link Pool}, without atomics.
 *
 * Records are `ints` 32-bit words wide and are named by slot number, 1..capacity. Slot 0 means "none"; its words hold the pool's
 * own state, so that copying the used bytes copies the pool. The whole capacity is reserved at once; the operating system backs a
 * page only when it is first touched, so a large capacity costs address space, not memory: the pool grows by itself, without a copy.
 *
 * Not thread-safe: one writer. Other threads may read records without tearing within one 32-bit word, and the statistics.
 */
export class SlotPool {
  readonly span: Span;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly ints: number;
  readonly capacity: number;

  /** @param ints words per record, even and at least 8 @param capacity most records in use at once */
  constructor(ints: number, capacity: number) {
    if (ints < LEAST_INTS || ints % 2 !== 0) throw new RangeError(`a record of ${ints} words: must be even and at least ${LEAST_INTS}`);
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > 0x7fffffff / ints - 1) {
      throw new RangeError(`pool capacity ${capacity} is out of range`);
    }
    this.ints = ints;
    this.capacity = capacity;
    this.span = reserve((capacity + 1) * ints * 4);
    this.i32 = i32Of(this.span);
    this.f64 = f64Of(this.span);
    this.i32[TOP] = 1;
    this.i32[CAPACITY] = capacity;
  }

  /** Takes a record; its words keep whatever was last in them. Returns the slot, or 0 when the pool is exhausted, and counts that. */
  take(): number {
    const words = this.i32;
    const slot = words[FREE_HEAD];
    this.f64[F64_TAKES] += 1;
    if (slot === 0) return this.#takeFresh();
    words[FREE_HEAD] = words[Math.imul(slot, this.ints) + LINK];
    return slot;
  }

  #takeFresh(): number {
    const words = this.i32;
    const top = words[TOP];
    if (top > this.capacity) {
      countOne(words, FAILURES);
      this.f64[F64_TAKES] -= 1;
      return 0;
    }
    words[TOP] = top + 1;
    return top;
  }

  /** Gives a record back. Word 0 of the record is overwritten; the others stay readable until the slot is taken again. */
  give(slot: number): void {
    const words = this.i32;
    words[Math.imul(slot, this.ints) + LINK] = words[FREE_HEAD];
    words[FREE_HEAD] = slot;
    this.f64[F64_GIVES] += 1;
  }

  get full(): boolean {
    return this.i32[FREE_HEAD] === 0 && this.i32[TOP] > this.capacity;
  }

  get inUse(): number {
    return this.f64[F64_TAKES] - this.f64[F64_GIVES];
  }

  /** One past the highest slot ever taken. */
  get top(): number {
    return this.i32[TOP];
  }

  /** The bytes that hold the pool's whole state: what a snapshot copies. */
  used(): Uint8Array {
    return bytesOf(this.span).subarray(0, this.top * this.ints * 4);
  }

  /** Empties the pool; its memory stays as it is, ready for reuse. */
  reset(): void {
    const { top } = this;
    this.i32.fill(0, this.ints, top * this.ints);
    this.i32[FREE_HEAD] = 0;
    this.i32[TOP] = 1;
    this.f64[F64_GIVES] = this.f64[F64_TAKES];
  }

  /** Replaces the pool's state with bytes that {@link used} gave. Throws when they do not fit. */
  restore(bytes: Uint8Array): void {
    if (bytes.length > this.span.byteLength || bytes.length % (this.ints * 4) !== 0) {
      throw new RangeError(`a pool image of ${bytes.length} bytes does not fit a capacity of ${this.capacity} records`);
    }
    bytesOf(this.span).set(bytes);
    this.i32[CAPACITY] = this.capacity;
  }
}

/**
 * A slot pool that throws GuardError for a slot that is given twice, or that it never handed out. A class of its own, so that the
 * hot path of a pool without guards does not even ask.
 */
export class GuardedSlotPool extends SlotPool {
  readonly #states = new Uint8Array(this.capacity + 1);

  override take(): number {
    const slot = super.take();
    if (slot !== 0) this.#states[slot] = TAKEN;
    return slot;
  }

  override give(slot: number): void {
    const state = this.#states[slot] ?? NEVER;
    if (state === NEVER) throw new GuardError('foreign pointer', `slot ${slot} was never handed out`);
    if (state === GIVEN) throw new GuardError('double free', `slot ${slot} is free already`);
    this.#states[slot] = GIVEN;
    super.give(slot);
  }

  override reset(): void {
    super.reset();
    this.#states.fill(NEVER);
  }

  override restore(bytes: Uint8Array): void {
    super.restore(bytes);
    this.#states.fill(NEVER);
    this.#states.fill(TAKEN, 1, this.top);
    for (let slot = this.i32[FREE_HEAD]; slot !== 0; slot = this.i32[slot * this.ints + LINK]) this.#states[slot] = GIVEN;
  }
}

/** A slot pool, guarded where that is the default (see guarded.ts). */
export function createSlotPool(ints: number, capacity: number, guarded = GUARDED_BY_DEFAULT): SlotPool {
  return guarded ? new GuardedSlotPool(ints, capacity) : new SlotPool(ints, capacity);
}

/** How full a slot pool is, read by any thread without an object a look. */
export class SlotPoolGauge {
  readonly capacity: number;
  readonly #f64: Float64Array;

  constructor(span: Span) {
    this.capacity = i32Of(span)[CAPACITY];
    this.#f64 = f64Of(span);
  }

  get inUse(): number {
    return this.#f64[F64_TAKES] - this.#f64[F64_GIVES];
  }
}

/** Statistics of a slot pool, read by any thread. The pool's peak is exact: a slot beyond the highest is taken only when none is free. */
export function slotPoolStatistics(name: string, span: Span): PoolStatistics {
  const words = i32Of(span);
  const f64 = f64Of(span);
  const blockBytes = span.byteLength / (words[CAPACITY] + 1);
  const peak = words[TOP] - 1;
  const inUse = f64[F64_TAKES] - f64[F64_GIVES];
  return {
    name,
    blockBytes,
    capacity: words[CAPACITY],
    committed: words[CAPACITY],
    inUse,
    peak,
    takes: f64[F64_TAKES],
    fresh: peak,
    failures: words[FAILURES],
    refused: 0,
    magazineHits: 0,
    fragmentation: peak === 0 ? 0 : 1 - inUse / peak,
    bytes: peak * blockBytes,
    overheadBytes: blockBytes,
  };
}
