import type { FreeBits } from './free-bits.ts';
import { handleOf, INDEX, nextUse, OWNER, stateOf } from './handle.ts';
import { FREE, LIVE, MEMBER, NONE, type PoolParts, RECLAIMING } from './pool-layout.ts';

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
