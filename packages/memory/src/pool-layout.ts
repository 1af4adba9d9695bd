/** How a pool lies in memory. */
import { INDEX, OWNER, UNUSED } from './handle.ts';
import { ALONE, headBytes, type Placement, readHead, writeHead } from './part.ts';
import { record } from './record.ts';
import { alignUp, bytesOf, CACHE_LINE, f64Of, i32Of, type Span, u16Of, within } from './span.ts';

export interface PoolOptions {
  /** bytes a block; rounded up to a multiple of 8 */
  readonly blockBytes: number;
  /** most blocks, up to 2^20 */
  readonly capacity: number;
  /** blocks to begin with; the pool grows by itself up to `capacity`. Default: all */
  readonly initial?: number;
  /** blocks that it grows by, and gives back. Default: an eighth of the capacity */
  readonly step?: number;
  /** threads that attach at a time, up to 63. Default: 16 */
  readonly members?: number;
  /** blocks that a thread keeps for itself, 0 for none, up to 64. Default: so many that all members together keep a quarter */
  readonly magazine?: number;
  /** check every block at every use (see GuardedPool). Default: with OUTCRY_GUARDED=1 */
  readonly guarded?: boolean;
}

/** No block: the handle that there is not. */
export const NONE = 0;

/** Blocks of a group: those of one word of free bits. */
export const GROUP = 32;
const MOST_MEMBERS = OWNER;
const MOST_MAGAZINE = 64;
const MAGAZINES_SHARE = 4;

/** A guarded block's own head before the payload, and its tail behind: 64 bytes each at most, so that payloads stay on cache lines. */
const GUARD_HEAD = CACHE_LINE;
export const GUARD_TAIL = 16;

/** What all members read, and rarely write. */
export const STATE = { COMMITTED: 0, TRIM_REQUESTS: 1, GROWTHS: 2, RETURNS: 3 } as const;
/** What is counted now and then, in a line of its own: blocks out of the free bits, the most of them, failures, refusals. */
export const COUNT = { OUT: 16, PEAK: 17, FAILURES: 18, REFUSED: 19 } as const;

const member = record(
  { status: 'i32', pid: 'i32', thread: 'i32', trims: 'i32', born: 'f64', gives: 'f64', refills: 'f64' },
  { align: CACHE_LINE },
);
/** Where a member's fields lie, in words and in float64s of its record. */
export const MEMBER = {
  BYTES: member.bytes,
  STATUS: member.fields.status.index,
  PID: member.fields.pid.index,
  THREAD: member.fields.thread.index,
  TRIMS: member.fields.trims.index,
  F64_BORN: member.fields.born.index,
  F64_GIVES: member.fields.gives.index,
  F64_REFILLS: member.fields.refills.index,
} as const;
export const FREE = 0;
export const LIVE = 1;
export const RECLAIMING = 2;

const KIND = 'POOL';
const SHAPE = 7;

export interface PoolShape {
  readonly blockBytes: number;
  readonly capacity: number;
  readonly initial: number;
  readonly step: number;
  readonly members: number;
  readonly magazine: number;
  readonly guarded: boolean;
}

/** A pool's memory, taken apart. */
export interface PoolParts {
  readonly shape: PoolShape;
  /** bytes from block to block, and from a block's begin to its payload */
  readonly stride: number;
  readonly payload: number;
  readonly words: Int32Array;
  readonly members: { readonly i32: Int32Array; readonly f64: Float64Array; readonly magazine: Int32Array }[];
  readonly summary: Int32Array;
  readonly bits: Int32Array;
  readonly states: Uint16Array;
  readonly blocks: Span;
  /** whether the memory is a mapped file */
  readonly isFile: boolean;
}

interface Sizes {
  readonly stride: number;
  readonly members: number;
  readonly memberBytes: number;
  readonly summary: number;
  readonly bits: number;
  readonly states: number;
  readonly blocks: number;
}

const STATE_BYTES = 2 * CACHE_LINE;

function sizesOf(shape: PoolShape): Sizes {
  const groups = Math.ceil(shape.capacity / GROUP);
  const stride = shape.guarded ? alignUp(GUARD_HEAD + shape.blockBytes + GUARD_TAIL, CACHE_LINE) : shape.blockBytes;
  const memberBytes = MEMBER.BYTES + alignUp(shape.magazine * 4, CACHE_LINE);
  return {
    stride,
    memberBytes,
    members: shape.members * memberBytes,
    summary: alignUp(Math.ceil(groups / 32) * 4, CACHE_LINE),
    bits: alignUp(groups * 4, CACHE_LINE),
    states: alignUp(shape.capacity * 2, CACHE_LINE),
    blocks: stride * shape.capacity,
  };
}

/** Bytes that describe the blocks of a pool, beside the blocks themselves. */
export function overheadOf(shape: PoolShape): number {
  const { members, summary, bits, states, blocks } = sizesOf(shape);
  return headBytes(SHAPE) + STATE_BYTES + members + summary + bits + states + blocks - shape.blockBytes * shape.capacity;
}

/** Makes a pool's memory. Throws RangeError for what no pool can be. */
export function createPoolMemory(options: PoolOptions & { guarded: boolean }, placement: Placement = ALONE): Span {
  const shape = shapeOf(options);
  const { blocks } = sizesOf(shape);
  const span = placement(overheadOf(shape) - (blocks - shape.blockBytes * shape.capacity) + blocks);
  const { blockBytes, capacity, initial, step, members, magazine, guarded } = shape;
  writeHead(span, KIND, [blockBytes, capacity, initial, step, members, magazine, guarded ? 1 : 0]);
  const parts = partsOf(span);
  parts.states.fill(UNUSED);
  offer(parts, 0, initial);
  Atomics.store(parts.words, STATE.COMMITTED, initial);
  return span;
}

/** Sets the free bits of blocks from `from` to `to`; whole groups, but for the pool's last. */
export function offer({ bits, summary }: PoolParts, from: number, to: number): void {
  for (let group = from / GROUP; group * GROUP < to; group++) {
    Atomics.store(bits, group, maskOf(group, to));
    Atomics.or(summary, group >> 5, 1 << (group & 31));
  }
}

/** The bits of a group's blocks that lie before `end`. */
export function maskOf(group: number, end: number): number {
  const count = end - group * GROUP;
  return count >= GROUP ? -1 : 2 ** count - 1;
}

function shapeOf(options: PoolOptions & { guarded: boolean }): PoolShape {
  const { capacity, members = 16, guarded } = options;
  const magazine = options.magazine ?? Math.min(MOST_MAGAZINE, Math.floor(capacity / (MAGAZINES_SHARE * members)));
  const blockBytes = alignUp(options.blockBytes, 8);
  const check = (name: string, value: number, least: number, most: number) => {
    if (!Number.isInteger(value) || value < least || value > most)
      throw new RangeError(`${name} ${value}: must be from ${least} to ${most}`);
  };
  check('blockBytes', options.blockBytes, 1, 2 ** 28);
  check('capacity', capacity, 1, INDEX + 1);
  check('members', members, 1, MOST_MEMBERS);
  check('magazine', magazine, 0, MOST_MAGAZINE);
  const initial = Math.min(capacity, alignUp(options.initial ?? capacity, GROUP));
  const step = alignUp(options.step ?? capacity / 8, GROUP);
  check('initial', initial, 1, capacity);
  check('step', step, GROUP, INDEX + 1);
  return { blockBytes, capacity, initial, step, members, magazine, guarded };
}

export function partsOf(span: Span): PoolParts {
  const [blockBytes, capacity, initial, step, members, magazine, guarded] = readHead(span, KIND, SHAPE);
  const shape: PoolShape = { blockBytes, capacity, initial, step, members, magazine, guarded: guarded === 1 };
  const sizes = sizesOf(shape);
  let offset = headBytes(SHAPE);
  const next = (bytes: number) => {
    const part = within(span, offset, bytes);
    offset += bytes;
    return part;
  };
  const words = i32Of(next(STATE_BYTES));
  const memberSpan = next(sizes.members);
  const attachMember = (_: unknown, i: number) => {
    const own = within(memberSpan, i * sizes.memberBytes, sizes.memberBytes);
    return { i32: i32Of(own), f64: f64Of(own), magazine: i32Of(within(own, MEMBER.BYTES, magazine * 4)) };
  };
  return {
    shape,
    stride: sizes.stride,
    payload: shape.guarded ? GUARD_HEAD : 0,
    words,
    members: Array.from({ length: members }, attachMember),
    summary: i32Of(next(sizes.summary)),
    bits: i32Of(next(sizes.bits)).subarray(0, Math.ceil(capacity / GROUP)),
    states: u16Of(next(sizes.states)).subarray(0, capacity),
    blocks: next(sizes.blocks),
    isFile: !(span.buffer instanceof SharedArrayBuffer),
  };
}

/** A block's bytes in a pool's memory. */
export function bytesOfBlock({ blocks, stride, payload, shape }: PoolParts, index: number): Uint8Array {
  return bytesOf(within(blocks, index * stride + payload, shape.blockBytes));
}
