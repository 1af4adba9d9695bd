/** A map in shared memory that one thread writes and any thread reads. */
import { sleepThread } from './bell.ts';
import { ALONE, headBytes, type Placement, readHead, writeHead } from './part.ts';
import { alignUp, CACHE_LINE, i32Of, type Span, within } from './span.ts';

export interface SharedMapOptions {
  /** most entries */
  readonly capacity: number;
  /** 32-bit words a value, even, up to 64 */
  readonly valueWords: number;
}

const KIND = 'SMAP';
const SHAPE = 2;
const HEAD = headBytes(SHAPE);
const MOST_VALUE_WORDS = 64;

/** The writer's state: the first free entry (linked by NEXT), one past the highest ever used, and the number in use. */
const FREE_HEAD = 0;
const TOP = 1;
const SIZE = 2;

/** An entry's words; the value follows. */
const VERSION = 0;
const NEXT = 1;
const KEY_LOW = 2;
const KEY_HIGH = 3;
const VALUE = 4;

/** Looks at an entry that is being written before the reader sleeps between looks, so that the writer gets a core. */
const BUSY_LOOKS = 1000;
/** Sleeps of a millisecond before the writer is taken for dead. */
const MOST_SLEEPS = 2000;

/** Bytes that a map takes. */
export function sharedMapBytes({ capacity, valueWords }: SharedMapOptions): number {
  return HEAD + CACHE_LINE + bucketBytes(capacity) + (capacity + 1) * (VALUE + valueWords) * 4;
}

/** Makes a map's memory. Throws RangeError for shapes that no map has. */
export function createSharedMap(options: SharedMapOptions, placement: Placement = ALONE): Span {
  const { capacity, valueWords } = options;
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > 2 ** 24)
    throw new RangeError(`a map of ${capacity} entries: must be from 1 to 2^24`);
  if (valueWords < 2 || valueWords % 2 !== 0 || valueWords > MOST_VALUE_WORDS) {
    throw new RangeError(`map values of ${valueWords} words: must be even, from 2 to ${MOST_VALUE_WORDS}`);
  }
  const span = placement(sharedMapBytes(options));
  writeHead(span, KIND, [capacity, valueWords]);
  i32Of(within(span, HEAD, CACHE_LINE))[TOP] = 1;
  return span;
}

function bucketBytes(capacity: number): number {
  return alignUp(2 ** Math.ceil(Math.log2(capacity)) * 4, CACHE_LINE);
}

/**
 * A hash map in shared memory: one thread writes, any number read, none waits for another. Keys are two 32-bit numbers, values so
 * many 32-bit words. Every entry has a version, odd while it is written; a reader that finds it odd, or changed, looks again, so that a
 * value is always one that was set, as a whole (a seqlock an entry; Lameter, "Effective synchronization on Linux/NUMA systems", 2005).
 *
 * Values pass through {@link value}: `set` writes what it holds, `get` fills it.
 *
 *     map.value.f64[0] = 12.5; map.set(account, asset);      // the writer
 *     if (map.get(account, asset)) use(map.value.f64[0]);    // any thread
 */
export class SharedMap {
  /** This thread's own copy of one value. */
  readonly value: { readonly i32: Int32Array; readonly f64: Float64Array };
  readonly capacity: number;
  readonly #valueWords: number;
  readonly #stride: number;
  readonly #state: Int32Array;
  readonly #buckets: Int32Array;
  readonly #mask: number;
  readonly #entries: Int32Array;

  constructor(span: Span) {
    const [capacity, valueWords] = readHead(span, KIND, SHAPE);
    this.capacity = capacity;
    this.#valueWords = valueWords;
    this.#stride = VALUE + valueWords;
    this.#state = i32Of(within(span, HEAD, CACHE_LINE));
    const buckets = within(span, HEAD + CACHE_LINE, bucketBytes(capacity));
    this.#buckets = i32Of(buckets);
    this.#mask = 2 ** Math.ceil(Math.log2(capacity)) - 1;
    const offset = HEAD + CACHE_LINE + buckets.byteLength;
    this.#entries = i32Of(within(span, offset, (capacity + 1) * this.#stride * 4));
    const own = new ArrayBuffer(valueWords * 4);
    this.value = { i32: new Int32Array(own), f64: new Float64Array(own) };
  }

  /** Entries. */
  get size(): number {
    return Atomics.load(this.#state, SIZE);
  }

  /** Writer only: sets a key to what {@link value} holds. Returns false when the map is full; nothing is changed then. */
  set(low: number, high: number): boolean {
    const bucket = this.#bucket(low, high);
    const found = this.#find(bucket, low, high);
    if (found !== 0) {
      this.#write(found * this.#stride);
      return true;
    }
    const entry = this.#allocate();
    if (entry === 0) return false;
    const at = entry * this.#stride;
    const words = this.#entries;
    Atomics.store(words, at + VERSION, (words[at + VERSION] + 1) | 0);
    Atomics.store(words, at + KEY_LOW, low);
    Atomics.store(words, at + KEY_HIGH, high);
    Atomics.store(words, at + NEXT, this.#buckets[bucket]);
    for (let i = 0; i < this.#valueWords; i++) Atomics.store(words, at + VALUE + i, this.value.i32[i]);
    Atomics.store(words, at + VERSION, (words[at + VERSION] + 1) | 0);
    Atomics.store(this.#buckets, bucket, entry);
    Atomics.store(this.#state, SIZE, this.#state[SIZE] + 1);
    return true;
  }

  /** Writer only. Returns whether the key was there. */
  delete(low: number, high: number): boolean {
    const bucket = this.#bucket(low, high);
    const words = this.#entries;
    const entry = this.#find(bucket, low, high);
    if (entry === 0) return false;
    const at = entry * this.#stride;
    Atomics.store(words, at + VERSION, (words[at + VERSION] + 1) | 0);
    let before = this.#buckets[bucket];
    if (before === entry) Atomics.store(this.#buckets, bucket, words[at + NEXT]);
    else {
      while (words[before * this.#stride + NEXT] !== entry) before = words[before * this.#stride + NEXT];
      Atomics.store(words, before * this.#stride + NEXT, words[at + NEXT]);
    }
    Atomics.store(words, at + NEXT, this.#state[FREE_HEAD]);
    this.#state[FREE_HEAD] = entry;
    Atomics.store(words, at + VERSION, (words[at + VERSION] + 1) | 0);
    Atomics.store(this.#state, SIZE, this.#state[SIZE] - 1);
    return true;
  }

  /** Any thread: copies a key's value into {@link value}. Returns false when there is none. Throws when the writer died while writing. */
  get(low: number, high: number): boolean {
    const bucket = this.#bucket(low, high);
    for (let looks = 0; looks < BUSY_LOOKS + MOST_SLEEPS; looks++) {
      const outcome = this.#look(bucket, low, high);
      if (outcome !== AGAIN) return outcome === FOUND;
      if (looks >= BUSY_LOOKS) sleepThread(1);
    }
    throw new Error(`an entry of the map has been half written for ${MOST_SLEEPS / 1000} seconds: its writer is gone`);
  }

  has(low: number, high: number): boolean {
    return this.get(low, high);
  }

  /** One walk along a bucket's entries, each checked against its version before the next is believed. */
  #look(bucket: number, low: number, high: number): number {
    const words = this.#entries;
    let entry = Atomics.load(this.#buckets, bucket);
    for (let hops = 0; entry !== 0; hops++) {
      const at = entry * this.#stride;
      const version = Atomics.load(words, at + VERSION);
      if ((version & 1) !== 0 || hops > this.capacity) return AGAIN;
      const keyLow = Atomics.load(words, at + KEY_LOW);
      const keyHigh = Atomics.load(words, at + KEY_HIGH);
      const next = Atomics.load(words, at + NEXT);
      const isIt = keyLow === low && keyHigh === high;
      if (isIt) for (let i = 0; i < this.#valueWords; i++) this.value.i32[i] = Atomics.load(words, at + VALUE + i);
      if (Atomics.load(words, at + VERSION) !== version) return AGAIN;
      if (isIt) return FOUND;
      if (this.#bucket(keyLow, keyHigh) !== bucket) return AGAIN; // the entry was freed and is another bucket's now
      entry = next;
    }
    return ABSENT;
  }

  /** Writer only: the entry of a key, or 0. */
  #find(bucket: number, low: number, high: number): number {
    const words = this.#entries;
    let entry = this.#buckets[bucket];
    while (entry !== 0) {
      const at = entry * this.#stride;
      if (words[at + KEY_LOW] === low && words[at + KEY_HIGH] === high) return entry;
      entry = words[at + NEXT];
    }
    return 0;
  }

  #write(at: number): void {
    const words = this.#entries;
    const version = words[at + VERSION];
    Atomics.store(words, at + VERSION, (version + 1) | 0);
    for (let i = 0; i < this.#valueWords; i++) Atomics.store(words, at + VALUE + i, this.value.i32[i]);
    Atomics.store(words, at + VERSION, (version + 2) | 0);
  }

  #allocate(): number {
    const free = this.#state[FREE_HEAD];
    if (free !== 0) {
      this.#state[FREE_HEAD] = this.#entries[free * this.#stride + NEXT];
      return free;
    }
    const top = this.#state[TOP];
    if (top > this.capacity) return 0;
    this.#state[TOP] = top + 1;
    return top;
  }

  #bucket(low: number, high: number): number {
    let h = Math.imul(low ^ Math.imul(high, 0x27d4eb2d), 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
    return (h ^ (h >>> 13)) & this.#mask;
  }
}

const ABSENT = 0;
const FOUND = 1;
const AGAIN = 2;
