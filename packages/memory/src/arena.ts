/** One block of shared memory with parts by name. */
import { sleepThread } from './bell.ts';
import { adviseHugePages, bindMemory, lockMemory, type MEMORY_POLICY, type Outcome, prefault } from './libc.ts';
import { createMappedFile, openMappedFile } from './mapped-file.ts';
import { headBytes, type Placement, readHead, writeHead } from './part.ts';
import { alignUp, bytesOf, CACHE_LINE, f64Of, i32Of, reserve, type Span, within } from './span.ts';

export interface ArenaOptions {
  /** bytes for all parts together; the directory comes on top */
  readonly bytes: number;
  /** parts at most. Default: 64 */
  readonly parts?: number;
  /** a file to map instead of memory of this process: other processes attach by its path. It must not exist */
  readonly file?: string;
  /** have every page in memory before anyone waits for one */
  readonly prefault?: boolean;
  /** keep the pages in memory: never swapped out */
  readonly lock?: boolean;
  /** NUMA nodes to place the pages on, and how */
  readonly nodes?: readonly number[];
  readonly policy?: keyof typeof MEMORY_POLICY;
}

/** What another thread (the span) or process (the file) needs to attach: plain data, to be passed in a message. */
export type ArenaHandle = { readonly span: Span } | { readonly file: string };

export interface ArenaPart {
  readonly name: string;
  readonly bytes: number;
}

const KIND = 'AREN';
/** Numbers in the head: entries of the directory. */
const SHAPE = 1;
const HEAD = headBytes(SHAPE);

/** The directory's state, a line of its own behind the head: a lock, the number of entries, and the first free byte. */
const LOCK = 0;
const COUNT = 1;
const F64_FREE = 1;

/** An entry, 64 bytes: where the part lies, its length, its name in UTF-8, zero-padded. */
const ENTRY = CACHE_LINE;
const ENTRY_F64_OFFSET = 0;
const ENTRY_F64_BYTES = 1;
const ENTRY_NAME = 16;
const NAME_BYTES = ENTRY - ENTRY_NAME;
/** Looks at the lock before the thread sleeps between looks, so that its holder gets a core; then so many sleeps of a millisecond. */
const BUSY_TURNS = 1000;
const SLEEPS_FOR_LOCK = 2000;

/**
 * One piece of memory for many parts, which other threads and processes find by name. Parts begin at 64 bytes, are never moved and
 * never removed: what is made is made at the start.
 *
 * Thread-safe; making parts takes a lock, for moments. A process that is killed within those moments leaves it locked: others
 * are told so instead of waiting for ever.
 */
export class Arena {
  readonly span: Span;
  /** What was asked of the system, and whether it took effect. */
  readonly outcomes: readonly Outcome[];
  readonly #file: string | undefined;
  readonly #unmap: (() => void) | undefined;
  readonly #words: Int32Array;
  readonly #f64: Float64Array;
  readonly #entries: Span;
  readonly #capacity: number;

  private constructor(span: Span, file?: string, unmap?: () => void, outcomes: readonly Outcome[] = []) {
    [this.#capacity] = readHead(span, KIND, SHAPE);
    this.span = span;
    this.outcomes = outcomes;
    this.#file = file;
    this.#unmap = unmap;
    const state = within(span, HEAD, CACHE_LINE);
    this.#words = i32Of(state);
    this.#f64 = f64Of(state);
    this.#entries = within(span, HEAD + CACHE_LINE, this.#capacity * ENTRY);
  }

  /** Makes an arena. Throws when the file exists or has no room; what the system refuses beyond that is told in `outcomes`. */
  static create(options: ArenaOptions): Arena {
    const capacity = options.parts ?? 64;
    const head = HEAD + CACHE_LINE + capacity * ENTRY;
    const bytes = head + alignUp(options.bytes, CACHE_LINE) + capacity * CACHE_LINE;
    const mapped = options.file === undefined ? undefined : createMappedFile(options.file, bytes);
    const span = mapped?.span ?? reserve(bytes);
    f64Of(within(span, HEAD, CACHE_LINE))[F64_FREE] = head;
    writeHead(span, KIND, [capacity]);
    const outcomes: Outcome[] = [adviseHugePages(span)];
    if (options.nodes !== undefined) outcomes.push(bindMemory(span, options.policy ?? 'preferred', options.nodes));
    if (options.prefault) outcomes.push(prefault(span));
    if (options.lock) outcomes.push(lockMemory(span));
    return new Arena(span, options.file, mapped?.unmap, outcomes);
  }

  /** Attaches to an arena that another thread or process made. Throws when it is none. */
  static attach(handle: ArenaHandle): Arena {
    if ('span' in handle) return new Arena(handle.span);
    const { span, unmap } = openMappedFile(handle.file);
    return new Arena(span, handle.file, unmap);
  }

  get handle(): ArenaHandle {
    return this.#file === undefined ? { span: this.span } : { file: this.#file };
  }

  /** A place for a new part: `createRing({...}, arena.part('work'))`. Throws when the name is taken or the arena is full. */
  part(name: string): Placement {
    return (bytes) => this.reserve(name, bytes);
  }

  /** Reserves zeroed memory under a name. */
  reserve(name: string, bytes: number): Span {
    const encoded = new TextEncoder().encode(name);
    if (encoded.length === 0 || encoded.length > NAME_BYTES) throw new RangeError(`a part's name has 1 to ${NAME_BYTES} bytes: '${name}'`);
    this.#lock();
    try {
      const count = this.#words[COUNT];
      const offset = this.#f64[F64_FREE];
      if (this.#entryOf(encoded, count) >= 0) throw new Error(`the arena has a part '${name}' already`);
      if (count === this.#capacity) throw new RangeError(`the arena has room for ${this.#capacity} parts: raise 'parts'`);
      const free = this.span.byteLength - offset;
      if (bytes > free)
        throw new RangeError(`part '${name}' of ${bytes} bytes does not fit the ${free} bytes left: raise the arena's 'bytes'`);
      const entry = within(this.#entries, count * ENTRY, ENTRY);
      f64Of(entry)[ENTRY_F64_OFFSET] = offset;
      f64Of(entry)[ENTRY_F64_BYTES] = bytes;
      bytesOf(entry).set(encoded, ENTRY_NAME);
      this.#f64[F64_FREE] = alignUp(offset + bytes, CACHE_LINE);
      Atomics.store(this.#words, COUNT, count + 1);
      return within(this.span, offset, bytes);
    } finally {
      Atomics.store(this.#words, LOCK, 0);
    }
  }

  /** A part by its name. Throws when there is none, with the names that there are. */
  find(name: string): Span {
    const index = this.#entryOf(new TextEncoder().encode(name), Atomics.load(this.#words, COUNT));
    if (index >= 0) return this.#partAt(index);
    throw new Error(
      `the arena has no part '${name}'; it has: ${
        this.parts()
          .map((part) => part.name)
          .join(', ') || 'none'
      }`,
    );
  }

  parts(): ArenaPart[] {
    return Array.from({ length: Atomics.load(this.#words, COUNT) }, (_, index) => {
      const name = bytesOf(within(this.#entries, index * ENTRY + ENTRY_NAME, NAME_BYTES));
      const end = name.indexOf(0);
      return { name: new TextDecoder().decode(name.slice(0, end < 0 ? NAME_BYTES : end)), bytes: this.#partAt(index).byteLength };
    });
  }

  /** Bytes that are left for parts. */
  get free(): number {
    return this.span.byteLength - this.#f64[F64_FREE];
  }

  /** Takes a mapped file out of this process's memory; nothing of the arena may be used afterwards. The file stays. */
  close(): void {
    this.#unmap?.();
  }

  #partAt(index: number): Span {
    const entry = f64Of(within(this.#entries, index * ENTRY, ENTRY));
    return within(this.span, entry[ENTRY_F64_OFFSET], entry[ENTRY_F64_BYTES]);
  }

  #entryOf(name: Uint8Array, count: number): number {
    const padded = new Uint8Array(NAME_BYTES);
    if (name.length > NAME_BYTES) return -1;
    padded.set(name);
    for (let index = 0; index < count; index++) {
      const other = bytesOf(within(this.#entries, index * ENTRY + ENTRY_NAME, NAME_BYTES));
      if (other.every((byte, i) => byte === padded[i])) return index;
    }
    return -1;
  }

  #lock(): void {
    for (let turns = 0; Atomics.compareExchange(this.#words, LOCK, 0, 1) !== 0; turns++) {
      if (turns < BUSY_TURNS) continue;
      if (turns === BUSY_TURNS + SLEEPS_FOR_LOCK)
        throw new Error("the arena's directory is locked: whoever made a part was killed meanwhile");
      sleepThread(1);
    }
  }
}
