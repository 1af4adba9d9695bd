/** Who uses a pool: members join, and what dead ones held is free again. */
import type { FreeBits } from './free-bits.ts';
import { handleOf, INDEX, nextUse, OWNER, stateOf } from './handle.ts';
import { threadId } from './libc.ts';
import { bornAt } from './liveness.ts';
import { FREE, LIVE, MEMBER, NONE, type PoolParts, RECLAIMING, STATE } from './pool-layout.ts';

/** Makes this thread a member. Returns its number, from 1. Throws when there is no place for another. */
export function joinPool(parts: PoolParts): number {
  const { members } = parts;
  for (let i = 0; i < members.length; i++) {
    const { i32, f64, magazine } = members[i];
    if (Atomics.compareExchange(i32, MEMBER.STATUS, FREE, RECLAIMING) !== FREE) continue;
    i32[MEMBER.PID] = process.pid;
    i32[MEMBER.THREAD] = threadId();
    i32[MEMBER.TRIMS] = Atomics.load(parts.words, STATE.TRIM_REQUESTS);
    f64[MEMBER.F64_BORN] = bornAt(process.pid, i32[MEMBER.THREAD]);
    magazine.fill(NONE);
    Atomics.store(i32, MEMBER.STATUS, LIVE);
    return i + 1;
  }
  throw new Error(`the pool has ${members.length} members already: raise 'members'`);
}

/**
 * Frees what a dead member held, and its place. Returns the number of blocks. One of several that try does it.
 *
 * What it had taken out of its magazine has another generation by now, and what it had put back was struck out, so that an entry whose
 * generation is the block's own was in the magazine; unless another member has it in the same generation, long after.
 */
export function reclaimMember(parts: PoolParts, bits: FreeBits, member: number): number {
  const { states, members } = parts;
  const { i32, magazine } = members[member - 1];
  if (Atomics.compareExchange(i32, MEMBER.STATUS, LIVE, RECLAIMING) !== LIVE) return 0;
  let blocks = 0;
  const putBack = (index: number) => {
    bits.putBackOne(index);
    blocks++;
  };
  for (let index = 0; index < states.length; index++) {
    if ((states[index] & OWNER) !== member) continue;
    states[index] = stateOf(nextUse(handleOf(states[index], index)));
    putBack(index);
  }
  for (const handle of magazine) {
    const index = handle & INDEX;
    const isLost = handle !== NONE && states[index] === stateOf(handle) && !bits.isFree(index);
    const isElsewhere = () => members.some((other, i) => i + 1 !== member && other.magazine.includes(handle));
    if (isLost && !isElsewhere()) putBack(index);
  }
  magazine.fill(NONE);
  Atomics.store(i32, MEMBER.STATUS, FREE);
  return blocks;
}
