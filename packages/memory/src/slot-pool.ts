import { reserve } from './reserve.ts';

/**
 * A fixed-capacity pool of equal records in shared memory, owned by one thread.
 *
 * Records are `ints` 32-bit words wide and are named by slot number, 1..capacity. Slot 0 means "none"; its words hold the pool's
 * own state, so that copying the used bytes copies the pool. The whole capacity is reserved at once; the operating system backs a
 * page only when it is first touched, so a large capacity costs address space, not memory.
 *
 * Not thread-safe: one writer. Other threads may read records without tearing within one 32-bit word.
 */
const FREE_HEAD = 0;
const TOP = 1;

/** Word of a free record that links to the next free slot. */
const LINK = 0;

export class SlotPool {
  readonly buffer: SharedArrayBuffer;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly ints: number;
  readonly capacity: number;

  /** @param ints words per record, even and at least 4 @param capacity most records in use at once */
  constructor(ints: number, capacity: number) {
    if (ints < 4 || ints % 2 !== 0) throw new RangeError(`a record of ${ints} words: must be even and at least 4`);
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > 0x7fffffff / ints - 1) {
      throw new RangeError(`pool capacity ${capacity} is out of range`);
    }
    this.ints = ints;
    this.capacity = capacity;
    this.buffer = reserve((capacity + 1) * ints * 4);
    this.i32 = new Int32Array(this.buffer);
    this.f64 = new Float64Array(this.buffer);
    this.i32[TOP] = 1;
  }

  /** Takes a record; its words keep whatever was last in them. Returns the slot, or 0 when the pool is exhausted. */
  take(): number {
    const words = this.i32;
    const slot = words[FREE_HEAD];
    if (slot !== 0) {
      words[FREE_HEAD] = words[Math.imul(slot, this.ints) + LINK];
      return slot;
    }
    const top = words[TOP];
    if (top > this.capacity) return 0;
    words[TOP] = top + 1;
    return top;
  }

  /** Gives a record back. Word 0 of the record is overwritten; the others stay readable until the slot is taken again. */
  give(slot: number): void {
    const words = this.i32;
    words[Math.imul(slot, this.ints) + LINK] = words[FREE_HEAD];
    words[FREE_HEAD] = slot;
  }

  get full(): boolean {
    return this.i32[FREE_HEAD] === 0 && this.i32[TOP] > this.capacity;
  }

  /** Records in use. Walks the free list: for reports, not for the hot path. */
  countInUse(): number {
    let free = 0;
    for (let slot = this.i32[FREE_HEAD]; slot !== 0; slot = this.i32[slot * this.ints + LINK]) free++;
    return this.top - 1 - free;
  }

  /** One past the highest slot ever taken. */
  get top(): number {
    return this.i32[TOP];
  }

  /** The bytes that hold the pool's whole state: what a snapshot copies. */
  used(): Uint8Array {
    return new Uint8Array(this.buffer, 0, this.top * this.ints * 4);
  }

  /** Empties the pool; its memory stays as it is, ready for reuse. */
  reset(): void {
    this.i32.fill(0, 0, this.top * this.ints);
    this.i32[TOP] = 1;
  }

  /** Replaces the pool's state with bytes that {@link used} gave. Throws when they do not fit. */
  restore(bytes: Uint8Array): void {
    if (bytes.length > this.buffer.byteLength || bytes.length % (this.ints * 4) !== 0) {
      throw new RangeError(`a pool image of ${bytes.length} bytes does not fit a capacity of ${this.capacity} records`);
    }
    new Uint8Array(this.buffer).set(bytes);
  }
}
