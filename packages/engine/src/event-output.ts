import { event } from '@outcry/market/event';

const { WORDS, SHIFT } = event;

/**
 * Where an engine writes its events: a power-of-two number of 64-byte slots, addressed by a running position. A subclass decides
 * what happens when all are taken: wait for readers, or grow.
 */
export abstract class EventOutput {
  i32: Int32Array;
  f64: Float64Array;
  /** Events written since the start. */
  position = 0;
  protected limit: number;
  protected mask: number;

  constructor(buffer: SharedArrayBuffer | ArrayBuffer, byteOffset = 0, bytes = buffer.byteLength - byteOffset) {
    const capacity = bytes / event.BYTES;
    if (!Number.isInteger(Math.log2(capacity))) throw new RangeError(`an event output of ${capacity} slots: must be a power of two`);
    this.i32 = new Int32Array(buffer, byteOffset, capacity * WORDS);
    this.f64 = new Float64Array(buffer, byteOffset, (capacity * WORDS) / 2);
    this.mask = capacity - 1;
    this.limit = capacity;
  }

  /** Takes the next slot. Returns its word offset. */
  claim(): number {
    if (this.position === this.limit) this.makeRoom();
    return (this.position++ & this.mask) << SHIFT;
  }

  /** Must raise `limit` above `position`. */
  protected abstract makeRoom(): void;
}

/** Events for a reader on the same thread, which takes all of them after each command. Grows when a command causes many. */
export class LocalEvents extends EventOutput {
  constructor(capacity = 1024) {
    super(new ArrayBuffer(capacity * event.BYTES));
  }

  /** Events since the last clear, at word offsets 0, 16, 32… */
  get count(): number {
    return this.position;
  }

  clear(): void {
    this.position = 0;
  }

  protected override makeRoom(): void {
    const words = new Int32Array(this.i32.length * 2);
    words.set(this.i32);
    this.i32 = words;
    this.f64 = new Float64Array(words.buffer);
    this.limit *= 2;
    this.mask = this.limit - 1;
  }
}
