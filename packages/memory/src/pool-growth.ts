/** How a pool takes more of its memory into use, step by step, and gives steps back to the system. */
import type { FreeBits } from './free-bits.ts';
import { releasePages } from './libc.ts';
import { GROUP, maskOf, offer, type PoolParts, STATE } from './pool-layout.ts';
import { within } from './span.ts';

/** Takes the next step into use. Returns false when all are. */
export function grow(parts: PoolParts): boolean {
  const { words, shape } = parts;
  const committed = Atomics.load(words, STATE.COMMITTED);
  if (committed === shape.capacity) return false;
  const to = Math.min(shape.capacity, committed + shape.step);
  if (Atomics.compareExchange(words, STATE.COMMITTED, committed, to) !== committed) return true; // another thread grew it
  offer(parts, committed, to);
  Atomics.add(words, STATE.GROWTHS, 1);
  return true;
}

/** Gives steps back, from the last one on, while all their blocks are free. Returns the bytes given back. */
export function shrink(parts: PoolParts, bits: FreeBits): number {
  const { shape, words, blocks, stride, isFile } = parts;
  let bytes = 0;
  for (;;) {
    const committed = Atomics.load(words, STATE.COMMITTED);
    if (committed === shape.initial) return bytes;
    const from = shape.initial + Math.floor((committed - shape.initial - 1) / shape.step) * shape.step;
    if (!claimAll(bits, from, committed)) return bytes;
    const span = within(blocks, from * stride, (committed - from) * stride);
    releasePages(span, isFile);
    if (Atomics.compareExchange(words, STATE.COMMITTED, committed, from) !== committed) {
      offer(parts, from, committed);
      return bytes;
    }
    Atomics.add(words, STATE.RETURNS, 1);
    bytes += span.byteLength;
  }
}

/** Claims all blocks from `from` to `to`, or none: they are not all free. */
function claimAll(bits: FreeBits, from: number, to: number): boolean {
  let group = from / GROUP;
  while (group * GROUP < to && bits.claimWhole(group, maskOf(group, to))) group++;
  if (group * GROUP >= to) return true;
  while (--group * GROUP >= from) bits.putBack(group, maskOf(group, to));
  return false;
}
