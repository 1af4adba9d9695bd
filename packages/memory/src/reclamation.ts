/** When memory that several threads read can be used again: epochs, and hazard pointers. */
import { ALONE, headBytes, type Placement, readHead, writeHead } from './part.ts';
import { CACHE_LINE, i32Of, type Span, within } from './span.ts';

/** What takes back what nobody can reach any more: a {@link Pool}, say. */
export interface Giver {
  give(handle: number): boolean;
}

const WORDS_PER_LINE = CACHE_LINE / 4;
const EPOCHS = 'EPOC';
const HAZARDS = 'HAZA';

/** @param readers threads that read, numbered from 0 */
export function createEpochs(readers: number, placement: Placement = ALONE): Span {
  const span = placement(headBytes(1) + (1 + readers) * CACHE_LINE);
  i32Of(within(span, headBytes(1), CACHE_LINE))[0] = 1;
  writeHead(span, EPOCHS, [readers]);
  return span;
}

/**
 * Epochs: blocks that a writer has unlinked are given back once every reader that could have seen them has moved on (Fraser,
 * "Practical lock-freedom", 2004). A reader is between {@link enter} and {@link exit} while it looks at shared blocks; that costs it two
 * stores, however many it looks at. A reader that stays inside keeps everything unlinked since from being given back.
 *
 * One writer; any number of readers, each with a number of its own.
 */
export class Epochs {
  readonly #words: Int32Array;
  readonly #readers: number;
  readonly #retired: { handle: number; epoch: number }[] = [];

  constructor(span: Span) {
    [this.#readers] = readHead(span, EPOCHS, 1);
    this.#words = i32Of(within(span, headBytes(1), (1 + this.#readers) * CACHE_LINE));
  }

  /** Reader: from here on, what it finds stays as it is. Not to be nested. */
  enter(reader: number): void {
    Atomics.store(this.#words, (1 + reader) * WORDS_PER_LINE, Atomics.load(this.#words, 0));
  }

  /** Reader: it holds nothing any more. */
  exit(reader: number): void {
    Atomics.store(this.#words, (1 + reader) * WORDS_PER_LINE, 0);
  }

  /** Writer: a block that no reader can find any more, but that some may still hold. */
  retire(handle: number): void {
    const epoch = Atomics.load(this.#words, 0);
    this.#retired.push({ handle, epoch });
    Atomics.store(this.#words, 0, (epoch + 1) | 0 || 1); // 0 is outside
  }

  /** Writer: gives back what no reader can hold. Returns how many blocks. */
  collect(giver: Giver): number {
    let oldest = Atomics.load(this.#words, 0);
    for (let reader = 0; reader < this.#readers; reader++) {
      const epoch = Atomics.load(this.#words, (1 + reader) * WORDS_PER_LINE);
      if (epoch !== 0 && isBefore(epoch, oldest)) oldest = epoch;
    }
    let count = 0;
    while (count < this.#retired.length && isBefore(this.#retired[count].epoch, oldest)) giver.give(this.#retired[count++].handle);
    this.#retired.splice(0, count);
    return count;
  }

  /** Blocks that wait. */
  get waiting(): number {
    return this.#retired.length;
  }
}

/** Epochs are 32 bits and go round: by their distance. A reader that stays inside for 2^31 retired blocks is not provided for. */
function isBefore(epoch: number, other: number): boolean {
  return ((epoch - other) | 0) < 0;
}

/** @param readers threads that read, numbered from 0 @param slots blocks that each can hold at a time, up to 16 */
export function createHazards(readers: number, slots: number, placement: Placement = ALONE): Span {
  if (slots < 1 || slots > WORDS_PER_LINE) throw new RangeError(`${slots} hazard slots: must be from 1 to ${WORDS_PER_LINE}`);
  const span = placement(headBytes(2) + readers * CACHE_LINE);
  writeHead(span, HAZARDS, [readers, slots]);
  return span;
}

/**
 * Hazard slots: a reader says which blocks it holds, one by one, and only those are kept (Michael, "Hazard pointers", 2004). Dearer
 * for the reader than {@link Epochs}, but a reader that stops keeps only what it holds.
 *
 * One writer; any number of readers, each with a number of its own.
 */
export class Hazards {
  readonly #words: Int32Array;
  readonly #readers: number;
  readonly #slots: number;
  #retired: number[] = [];

  constructor(span: Span) {
    [this.#readers, this.#slots] = readHead(span, HAZARDS, 2);
    this.#words = i32Of(within(span, headBytes(2), this.#readers * CACHE_LINE));
  }

  /** Reader: reads a handle from shared memory and holds its block. Returns the handle, 0 when there is none. */
  acquire(reader: number, slot: number, source: Int32Array, index: number): number {
    const at = this.#at(reader, slot);
    for (;;) {
      const handle = Atomics.load(source, index);
      Atomics.store(this.#words, at, handle);
      if (Atomics.load(source, index) === handle) return handle; // still there after it was announced: it cannot go any more
    }
  }

  /** Reader: does not hold the slot's block any more. */
  release(reader: number, slot: number): void {
    Atomics.store(this.#words, this.#at(reader, slot), 0);
  }

  /** Writer: a block that no reader can find any more, but that some may hold. */
  retire(handle: number): void {
    this.#retired.push(handle);
  }

  /** Writer: gives back what no reader holds. Returns how many blocks. */
  collect(giver: Giver): number {
    const held = new Set<number>();
    for (let at = 0; at < this.#words.length; at++) held.add(Atomics.load(this.#words, at));
    const free = this.#retired.filter((handle) => !held.has(handle));
    this.#retired = this.#retired.filter((handle) => held.has(handle));
    for (const handle of free) giver.give(handle);
    return free.length;
  }

  /** Blocks that wait. */
  get waiting(): number {
    return this.#retired.length;
  }

  #at(reader: number, slot: number): number {
    if (slot < 0 || slot >= this.#slots) throw new RangeError(`hazard slot ${slot}: there are ${this.#slots}`);
    return reader * WORDS_PER_LINE + slot;
  }
}
