/** Pools of equal blocks for many threads. */
import { FreeBits } from './free-bits.ts';
import * as handles from './handle.ts';
import { isAlive } from './liveness.ts';
import { grow, shrink } from './pool-growth.ts';
import {
  bytesOfBlock,
  COUNT,
  FREE,
  GROUP,
  LIVE,
  MEMBER,
  NONE,
  offer,
  type PoolParts,
  type PoolShape,
  partsOf,
  STATE,
} from './pool-layout.ts';
import { joinPool, reclaimMember } from './pool-members.ts';
import { poolStatistics } from './pool-statistics.ts';
import { f64Of, i32Of, type Span } from './span.ts';
import { countOne, type PoolStatistics } from './statistics.ts';

// As constants of this module, numbers and functions become part of the machine code; imported, they are loaded each time.
const { HANDLE, INDEX, INDEX_BITS, OWNER, OWNER_BITS, handleOf, nextUse, stateOf } = handles;

/** What {@link Pool.take} returns when the pool is exhausted. */
export { NONE } from './pool-layout.ts';

/** Gives between two notes of their number in shared memory, at most. */
const COUNT_EVERY = 1 << 20;
/** Blocks that leave or enter the free bits before that is noted in shared memory. */
const NOTE_EVERY = 16;
/** Above this share of blocks out of the free bits, threads take one at a time, so that magazines do not starve others. */
const SCARCE = 0.75;

/** A block for the time of a scope: `using block = pool.lease()`. */
export interface Lease extends Disposable {
  readonly handle: number;
  readonly bytes: Uint8Array;
}

/**
 * A pool of equal blocks in shared memory, for any number of threads and processes, without locks.
 *
 * `take` returns a handle, a whole number from 1 to 2^30 - 1, or NONE when all blocks are in use: counted, never thrown. A block keeps
 * whatever was last in it. `give` returns false, and counts that, for a handle that names no block in use: given twice, or made up. A
 * block may be given by another thread than took it. Two threads that give one block at the same moment are a fault in the program that
 * is noticed, unless one of the two took it.
 *
 * Each thread makes a Pool of its own over the same memory, and becomes a member, with a magazine: blocks of its own that cost no atomic
 * operation. Blocks belong to the member that took them until given; a member that ended without {@link leave} is found by
 * {@link reclaimDead}, and its blocks are free again. Whoever passes a block to another process has that one {@link adopt} it.
 * A process killed within the few instructions of a refill can take that group, up to 32 blocks, with it until {@link reset}.
 *
 * How blocks are found: docs/memory.md.
 */
export class Pool {
  /** Views of all blocks; a block begins at {@link wordOf}. */
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly shape: PoolShape;
  /** This thread's number among the members, from 1. */
  readonly member: number;
  protected readonly parts: PoolParts;
  readonly #bits: FreeBits;
  readonly #states: Uint16Array;
  readonly #own: { readonly i32: Int32Array; readonly f64: Float64Array; readonly magazine: Int32Array };
  readonly #magazine: Int32Array;
  readonly #room: number;
  readonly #strideWords: number;
  readonly #payloadWords: number;
  #count = 0;
  #gives = 0;
  #moved = 0;

  /** Attaches this thread. Throws when the memory holds no pool, or has no place for another member. */
  constructor(span: Span) {
    this.parts = partsOf(span);
    this.shape = this.parts.shape;
    this.i32 = i32Of(this.parts.blocks);
    this.f64 = f64Of(this.parts.blocks);
    this.member = joinPool(this.parts);
    this.#own = this.parts.members[this.member - 1];
    this.#magazine = this.#own.magazine;
    this.#room = this.#magazine.length;
    this.#states = this.parts.states;
    this.#strideWords = this.parts.stride / 4;
    this.#payloadWords = this.parts.payload / 4;
    this.#bits = new FreeBits(this.parts, (this.member - 1) * 7);
  }

  /** Takes a block. Returns its handle, or NONE. */
  take(): number {
    const count = (this.#count - 1) | 0;
    if (count < 0) return this.#takeShared();
    const handle = this.#magazine[count];
    this.#count = count;
    this.#states[handle & INDEX] = stateOf(handle) | this.member;
    return handle;
  }

  /** Gives a block back. Returns false when the handle names no block in use. */
  give(handle: number): boolean {
    const index = handle & INDEX;
    const count = this.#count;
    if (this.#states[index] !== (stateOf(handle) | this.member) || count >= this.#room) return this.#giveShared(handle);
    const next = nextUse(handle);
    this.#magazine[count] = next; // before the state: whoever reclaims a dead member finds the block by one of them
    this.#states[index] = stateOf(next);
    this.#count = (count + 1) | 0;
    this.#countGive();
    return true;
  }

  /** Whether a handle names a block in use: false once it was given, whoever gave it. */
  holds(handle: number): boolean {
    const state = handle > 0 && handle <= HANDLE ? (this.#states[handle & INDEX] ?? 0) : 0;
    return (state & OWNER) !== 0 && state >>> OWNER_BITS === handle >>> INDEX_BITS;
  }

  /** Makes a block that another member took this one's: it lives and dies with this one now. Returns false when it is not in use. */
  adopt(handle: number): boolean {
    if (!this.holds(handle)) return false;
    const state = this.#states[handle & INDEX];
    return Atomics.compareExchange(this.#states, handle & INDEX, state, (state & ~OWNER) | this.member) === state;
  }

  /** Where a block begins in {@link i32}; half of it in {@link f64}. */
  wordOf(handle: number): number {
    return (Math.imul(handle & INDEX, this.#strideWords) + this.#payloadWords) | 0;
  }

  /** A block's bytes: a view made anew, not for the hot path. */
  bytes(handle: number): Uint8Array {
    return bytesOfBlock(this.parts, handle & INDEX);
  }

  /** A block that is given back when the scope ends, or undefined when all are in use. */
  lease(): Lease | undefined {
    const handle = this.take();
    if (handle === NONE) return undefined;
    return { handle, bytes: this.bytes(handle), [Symbol.dispose]: () => void this.give(handle) };
  }

  /** Takes and gives every block to begin with once, so that its memory and this code are warm. */
  warmUp(): void {
    const taken: number[] = [];
    while (taken.length < this.shape.initial) {
      const handle = this.take();
      if (handle === NONE) break;
      this.i32[this.wordOf(handle)] = 0;
      taken.push(handle);
    }
    for (const handle of taken) this.give(handle);
    this.flush();
  }

  /** Puts this thread's magazine back where all threads find its blocks. */
  flush(): void {
    this.#flush(this.#count);
    this.#note();
  }

  /** Does what was asked of all members (see {@link askToTrim}). Call it now and then where a thread may be idle for long. */
  poll(): void {
    const requests = Atomics.load(this.parts.words, STATE.TRIM_REQUESTS);
    if (requests === this.#own.i32[MEMBER.TRIMS]) return;
    this.#own.i32[MEMBER.TRIMS] = requests;
    this.flush();
  }

  /** Asks all members to put their magazines back; each does at its next refill, flush or poll. */
  askToTrim(): void {
    Atomics.add(this.parts.words, STATE.TRIM_REQUESTS, 1);
  }

  /** Gives growth steps back to the system, from the last one on, while all their blocks are free. Returns the bytes given back. */
  trim(): number {
    this.flush();
    return shrink(this.parts, this.#bits);
  }

  /** Ends this thread's membership. Blocks it holds stay in use; it may not use the pool any more. */
  leave(): void {
    this.flush();
    Atomics.store(this.#own.i32, MEMBER.STATUS, FREE);
  }

  /** Finds members whose thread or process has ended, and frees what they held. Returns the number of blocks. */
  reclaimDead(): number {
    let blocks = 0;
    for (const [i, { i32, f64 }] of this.parts.members.entries()) {
      if (Atomics.load(i32, MEMBER.STATUS) !== LIVE || i + 1 === this.member) continue;
      if (!isAlive(i32[MEMBER.PID], i32[MEMBER.THREAD], f64[MEMBER.F64_BORN])) blocks += reclaimMember(this.parts, this.#bits, i + 1);
    }
    this.#move(-blocks);
    return blocks;
  }

  /** Empties the pool: every block is free and every handle stale. Throws while other members are attached. */
  reset(): void {
    const { members, words, shape } = this.parts;
    const others = members.filter(({ i32 }, i) => i + 1 !== this.member && Atomics.load(i32, MEMBER.STATUS) !== FREE).length;
    if (others > 0) throw new Error(`a pool with ${others} other members attached cannot be reset`);
    this.#count = 0;
    this.#magazine.fill(NONE);
    for (let index = 0; index < shape.capacity; index++) {
      this.#states[index] = stateOf(nextUse(handleOf(this.#states[index], index)));
    }
    offer(this.parts, 0, words[STATE.COMMITTED]);
    this.#moved = 0;
    Atomics.store(words, COUNT.OUT, 0);
  }

  /**
   * How the pool stands. Looks at every block's state (10,000 in some microseconds): for reports, some tens of times a second. What is in
   * use is as it is; takes and hits of other threads may lag by up to a million, until they refill, flush or leave.
   */
  statistics(name: string): PoolStatistics {
    this.#noteGives();
    return poolStatistics(name, this.parts);
  }

  #takeShared(): number {
    if (this.#room !== 0) this.poll();
    for (;;) {
      const handle = this.#room === 0 || this.#isScarce() ? this.#takeOne() : this.#refill();
      if (handle !== NONE) return handle;
      if (!grow(this.parts)) break;
    }
    this.askToTrim(); // what others keep in their magazines may be here next time
    countOne(this.parts.words, COUNT.FAILURES);
    return NONE;
  }

  #takeOne(): number {
    const index = this.#bits.claimOne();
    if (index < 0) return NONE;
    const state = this.#states[index];
    this.#states[index] = state | this.member;
    this.#move(1);
    if (this.#room !== 0) this.#own.f64[MEMBER.F64_REFILLS] += 1;
    return handleOf(state, index);
  }

  /** Takes free blocks of a group into the empty magazine, at most half of what it holds, and one of them out of it. */
  #refill(): number {
    let word = this.#bits.claimSome(Math.ceil(this.#room / 2));
    if (word === 0) return NONE;
    const first = this.#bits.group * GROUP;
    let count = 0;
    for (; word !== 0; count++) {
      const bit = 31 - Math.clz32(word);
      const index = first | bit;
      this.#magazine[count] = handleOf(this.#states[index], index);
      word &= ~(1 << bit);
    }
    this.#move(count);
    this.#own.f64[MEMBER.F64_REFILLS] += 1;
    const handle = this.#magazine[--count];
    this.#count = count;
    this.#states[handle & INDEX] = stateOf(handle) | this.member;
    return handle;
  }

  /** Gives a block that another member took, or that finds the magazine full, or without a magazine; or refuses it. */
  #giveShared(handle: number): boolean {
    if (!this.holds(handle)) return this.#refuse();
    const index = handle & INDEX;
    const state = this.#states[index];
    const next = nextUse(handle);
    const free = stateOf(next);
    if (this.#room === 0) {
      if (!this.#release(index, state, free)) return this.#refuse();
      this.#bits.putBackOne(index);
      this.#move(-1);
    } else {
      if (this.#count === this.#room) this.#flush(this.#room >> 1 || 1);
      this.poll();
      this.#magazine[this.#count] = next;
      if (!this.#release(index, state, free)) return this.#refuse();
      this.#count++;
    }
    this.#countGive();
    return true;
  }

  /** Moves a state from in use to free. Two threads that give another's block at once: one of them fails. */
  #release(index: number, state: number, free: number): boolean {
    if ((state & OWNER) !== this.member) return Atomics.compareExchange(this.#states, index, state, free) === state;
    this.#states[index] = free;
    return true;
  }

  #refuse(): boolean {
    countOne(this.parts.words, COUNT.REFUSED);
    return false;
  }

  /** Puts the magazine's oldest blocks back. */
  #flush(count: number): void {
    const magazine = this.#magazine;
    for (let i = 0; i < count; i++) {
      const index = magazine[i] & INDEX;
      magazine[i] = NONE;
      this.#bits.putBackOne(index);
    }
    magazine.copyWithin(0, count, this.#count);
    magazine.fill(NONE, this.#count - count, this.#count);
    this.#count -= count;
    this.#move(-count);
  }

  #isScarce(): boolean {
    return Atomics.load(this.parts.words, COUNT.OUT) > this.shape.capacity * SCARCE;
  }

  #countGive(): void {
    const gives = (this.#gives + 1) | 0;
    this.#gives = gives;
    if (gives === COUNT_EVERY) this.#noteGives();
  }

  #noteGives(): void {
    this.#own.f64[MEMBER.F64_GIVES] += this.#gives;
    this.#gives = 0;
  }

  #move(blocks: number): void {
    this.#moved += blocks;
    if (this.#moved >= NOTE_EVERY || this.#moved <= -NOTE_EVERY) this.#note();
  }

  #note(): void {
    const { words } = this.parts;
    const out = Atomics.add(words, COUNT.OUT, this.#moved) + this.#moved;
    this.#moved = 0;
    let peak = Atomics.load(words, COUNT.PEAK);
    while (out > peak) peak = Atomics.compareExchange(words, COUNT.PEAK, peak, out) === peak ? out : Atomics.load(words, COUNT.PEAK);
    this.#noteGives();
  }
}
