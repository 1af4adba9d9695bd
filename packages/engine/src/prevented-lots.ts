/** What self-trade prevention took off open orders. */
import { offsets, record } from '@outcry/memory/record';
import { f64Of, i32Of, reserve, type Span } from '@outcry/memory/span';

const { WORDS, GENERATION, LOTS, F64_MATCH } = offsets(record({ GENERATION: 'i32', LOTS: 'i32', F64_MATCH: 'f64' }, { bytes: 16 }));
/** Words of an entry of {@link PreventedLots.used}: a slot, and its record. */
const IMAGE_WORDS = WORDS + 2;

/**
 * Lots that self-trade prevention took off open orders, by slot. Most orders have none and no memory here is touched for them: an order that
 * ends leaves its record, which the generation of the next one in its slot tells from its own.
 */
export class PreventedLots {
  readonly #span: Span;
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  /** the highest slot with a record */
  #top = 0;

  /** @param capacity orders */
  constructor(capacity: number) {
    this.#span = reserve((capacity + 1) * WORDS * 4);
    this.#i32 = i32Of(this.#span);
    this.#f64 = f64Of(this.#span);
  }

  /** An order lost lots by a match. @param match its number within the order's instrument */
  add(slot: number, generation: number, lots: number, match: number): void {
    const at = slot * WORDS;
    const before = this.lots(slot, generation);
    this.#i32[at + GENERATION] = generation;
    this.#i32[at + LOTS] = before + lots;
    this.#f64[(at >> 1) + F64_MATCH] = match;
    if (slot > this.#top) this.#top = slot;
  }

  /** All that an order lost; 0: nothing. */
  lots(slot: number, generation: number): number {
    const at = slot * WORDS;
    return slot <= this.#top && this.#i32[at + GENERATION] === generation ? this.#i32[at + LOTS] : 0;
  }

  /** The last match by which an order lost lots; 0: there is none. */
  match(slot: number, generation: number): number {
    return this.lots(slot, generation) === 0 ? 0 : this.#f64[((slot * WORDS) >> 1) + F64_MATCH];
  }

  /** State for a snapshot: the records of orders that are open. @param generationOf of the open order in a slot, 0: there is none */
  used(generationOf: (slot: number) => number): Uint8Array {
    const open: number[] = [];
    for (let slot = 1; slot <= this.#top; slot++) {
      const generation = generationOf(slot);
      if (generation !== 0 && this.lots(slot, generation) > 0) open.push(slot);
    }
    const words = new Int32Array(open.length * IMAGE_WORDS);
    for (const [i, slot] of open.entries()) {
      words[i * IMAGE_WORDS] = slot;
      words.set(this.#i32.subarray(slot * WORDS, (slot + 1) * WORDS), i * IMAGE_WORDS + 2);
    }
    return new Uint8Array(words.buffer);
  }

  restore(bytes: Uint8Array): void {
    const words = new Int32Array(Uint8Array.from(bytes).buffer);
    for (let at = 0; at < words.length; at += IMAGE_WORDS) {
      const slot = words[at];
      if ((slot + 1) * WORDS > this.#i32.length) throw new RangeError('an image of prevented lots does not fit');
      this.#i32.set(words.subarray(at + 2, at + IMAGE_WORDS), slot * WORDS);
      if (slot > this.#top) this.#top = slot;
    }
  }
}
