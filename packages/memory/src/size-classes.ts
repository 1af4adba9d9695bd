import { createPool, openPool } from './guarded-pool.ts';
import { ALONE, type Placement } from './part.ts';
import { type Lease, NONE, type Pool } from './pool.ts';
import { bytesOf, reserve, type Span } from './span.ts';
import type { PoolStatistics } from './statistics.ts';

/** Bytes of a class's blocks, smallest first. */
export const SIZE_CLASSES = [64, 128, 256, 512, 1024, 2048, 4096] as const;

export interface SizeClassOptions {
  /** blocks of each class */
  readonly capacity: number;
  /** threads that attach at a time */
  readonly members?: number;
  readonly guarded?: boolean;
}

/** Makes the memory of one pool a class: a span each, to be passed to other threads. */
export function createSizeClasses(options: SizeClassOptions, placementOf: (name: string) => Placement = () => ALONE): Span[] {
  return SIZE_CLASSES.map((blockBytes) => createPool({ ...options, blockBytes }, placementOf(`blocks of ${blockBytes}`)));
}

/**
 * Buffers of any size out of pools of fixed sizes: each request gets a block of the smallest class that it fits. Requests beyond 4 KiB,
 * and those that find their class exhausted and every larger one too, get memory of their own, made for them and left to the
 * garbage collector: slower, counted as fallbacks, and of this thread alone.
 */
export class SizeClasses {
  readonly pools: readonly Pool[];
  /** requests that no pool could serve, and their bytes */
  fallbacks = 0;
  fallbackBytes = 0;

  constructor(spans: readonly Span[]) {
    this.pools = spans.map(openPool);
  }

  /** Leases a buffer of exactly so many bytes: `using buffer = classes.lease(1500)`. Its content is whatever was there last. */
  lease(bytes: number): Lease {
    for (const pool of this.pools) {
      if (pool.shape.blockBytes < bytes) continue;
      const block = pool.lease();
      if (block !== undefined) return { ...block, bytes: block.bytes.subarray(0, bytes) };
    }
    this.fallbacks++;
    this.fallbackBytes += bytes;
    return { handle: NONE, bytes: bytesOf(reserve(bytes)), [Symbol.dispose]: () => undefined };
  }

  statistics(): PoolStatistics[] {
    return this.pools.map((pool) => pool.statistics(`blocks of ${pool.shape.blockBytes}`));
  }
}
