import { event } from '@outcry/market/event';
import { f64Of, i32Of, type Span } from '@outcry/memory/span';

const { SHIFT } = event;

/**
 * Where an engine writes its events: a power-of-two number of 64-byte slots, addressed by a running position. A subclass decides
 * what happens when all are taken: wait for readers, or grow.
 *
 * On the hot path the position is its low 32 bits, a whole number that wraps: V8 keeps such a field as a plain integer for good, while
 * one that may pass 2^31 becomes a float64 sooner or later, and every function that uses it is compiled anew and runs slower. The whole
 * position is extended from there each time the slots are used up, at least: never over more than there are.
 */
export abstract class EventOutput {
  i32: Int32Array;
  f64: Float64Array;
  protected low = 0;
  protected lowLimit: number;
  protected mask: number;
  #position = 0;

  constructor(span: Span) {
    const capacity = (span.byteLength / event.BYTES) | 0;
    if (!Number.isInteger(Math.log2(capacity))) throw new RangeError(`an event output of ${capacity} slots: must be a power of two`);
    this.i32 = i32Of(span);
    this.f64 = f64Of(span);
    this.mask = (capacity - 1) | 0;
    this.lowLimit = capacity;
  }

  /** Events written, counted from where the output began. */
  get position(): number {
    this.#position += (this.low - (this.#position | 0)) | 0;
    return this.#position;
  }

  /** Takes the next slot. Returns its word offset. */
  claim(): number {
    if (this.low === this.lowLimit) this.makeRoom();
    const { low } = this;
    this.low = (low + 1) | 0;
    return (low & this.mask) << SHIFT;
  }

  /** Goes on in other memory, at a position, with room up to a limit. */
  protected restart(i32: Int32Array, f64: Float64Array, position: number, limit: number): void {
    this.i32 = i32;
    this.f64 = f64;
    this.mask = (i32.length / event.WORDS - 1) | 0;
    this.low = position | 0;
    this.lowLimit = limit | 0;
    this.#position = position;
  }

  /** Must move `lowLimit` on, no further than there are slots, and ask for the position if anybody ever does. */
  protected abstract makeRoom(): void;
}

/** Events for a reader on the same thread, which takes all of them after each command. Grows when a command causes many. */
export class LocalEvents extends EventOutput {
  constructor(capacity = 1024) {
    super(new Uint8Array(capacity * event.BYTES));
  }

  /** Events since the last clear, at word offsets 0, 16, 32… */
  get count(): number {
    return this.low;
  }

  clear(): void {
    this.low = 0;
  }

  protected override makeRoom(): void {
    const words = new Int32Array(this.i32.length * 2);
    words.set(this.i32);
    this.i32 = words;
    this.f64 = new Float64Array(words.buffer);
    this.lowLimit *= 2;
    this.mask = this.lowLimit - 1;
  }
}
