import { popCount } from './free-bits.ts';
import { OWNER, UNUSED } from './handle.ts';
import { COUNT, GROUP, MEMBER, maskOf, overheadOf, type PoolParts, STATE } from './pool-layout.ts';
import type { PoolStatistics } from './statistics.ts';

/** A pool's statistics out of its memory alone. */
export function poolStatistics(name: string, parts: PoolParts): PoolStatistics {
  const { words, members, shape, states } = parts;
  let inUse = 0;
  let fresh = 0;
  for (let index = 0; index < states.length; index++) {
    if ((states[index] & OWNER) !== 0) inUse++;
    if (states[index] !== UNUSED) fresh++;
  }
  const sum = (field: number) => members.reduce((total, { f64 }) => total + f64[field], 0);
  const takes = sum(MEMBER.F64_GIVES) + inUse;
  const committed = Atomics.load(words, STATE.COMMITTED);
  return {
    name,
    blockBytes: shape.blockBytes,
    capacity: shape.capacity,
    committed,
    inUse,
    peak: Math.max(inUse, Atomics.load(words, COUNT.PEAK)),
    takes,
    fresh,
    failures: Atomics.load(words, COUNT.FAILURES),
    refused: Atomics.load(words, COUNT.REFUSED),
    magazineHits: shape.magazine === 0 ? 0 : Math.max(0, takes - sum(MEMBER.F64_REFILLS)),
    fragmentation: fragmentation(parts, committed),
    bytes: committed * shape.blockBytes,
    overheadBytes: overheadOf(shape),
  };
}

/** Share of the free blocks that lie in a group with used ones. */
function fragmentation({ bits }: PoolParts, committed: number): number {
  let free = 0;
  let whole = 0;
  for (let group = 0; group * GROUP < committed; group++) {
    const all = maskOf(group, committed);
    const inGroup = popCount(Atomics.load(bits, group) & all);
    free += inGroup;
    if (inGroup === popCount(all)) whole += inGroup;
  }
  return free === 0 ? 0 : 1 - whole / free;
}
