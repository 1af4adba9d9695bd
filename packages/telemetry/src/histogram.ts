/** Latency histograms in shared memory. */
import { f64Of, reserve, type Span } from '@outcry/memory/span';

/**
 * Latencies in nanoseconds, kept in buckets of at most 1/64 relative width (as HdrHistogram does), in shared memory: one thread records,
 * any other reads at any time. Constant memory, no allocation on record.
 */
const SUB_BITS = 6;
const SUB = 1 << SUB_BITS;
const BUCKETS = 64 * SUB;
/** Behind the buckets. */
const TOTAL = BUCKETS;
const MAX = BUCKETS + 1;

/** Bytes that a histogram takes. */
export const HISTOGRAM_BYTES = (BUCKETS + 2) * 8;

export interface Summary {
  p50: number;
  p99: number;
  p999: number;
  p9999: number;
  max: number;
}

export class Histogram {
  readonly #counts: Float64Array;

  /** @param span zeroed memory of HISTOGRAM_BYTES, or another thread's histogram */
  constructor(span: Span = reserve(HISTOGRAM_BYTES)) {
    this.#counts = f64Of(span);
  }

  record(nanoseconds: number, times = 1): void {
    const value = Math.max(0, nanoseconds);
    const counts = this.#counts;
    counts[bucketOf(value)] += times;
    counts[TOTAL] += times;
    if (value > counts[MAX]) counts[MAX] = value;
  }

  get count(): number {
    return this.#counts[TOTAL];
  }

  get max(): number {
    return this.#counts[MAX];
  }

  /** The value that a share of all records stays at or below. */
  percentile(share: number): number {
    let left = Math.ceil(this.count * share);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket];
      if (left <= 0 && this.#counts[bucket] > 0) return Math.min(upperEdge(bucket), this.max);
    }
    return this.max;
  }

  summary(): Summary {
    const p = (share: number) => Math.round(this.percentile(share));
    return { p50: p(0.5), p99: p(0.99), p999: p(0.999), p9999: p(0.9999), max: Math.round(this.max) };
  }

  clear(): void {
    this.#counts.fill(0);
  }
}

function bucketOf(value: number): number {
  if (value < SUB) return Math.floor(value);
  if (value < 2 ** 31) {
    const exponent = 31 - Math.clz32(value);
    return (exponent - SUB_BITS + 1) * SUB + (value >>> (exponent - SUB_BITS)) - SUB;
  }
  const exponent = Math.floor(Math.log2(value));
  return (exponent - SUB_BITS + 1) * SUB + Math.floor(value / 2 ** (exponent - SUB_BITS)) - SUB;
}

function upperEdge(bucket: number): number {
  if (bucket < SUB) return bucket;
  const exponent = Math.floor(bucket / SUB) + SUB_BITS - 1;
  return ((bucket % SUB) + SUB + 1) * 2 ** (exponent - SUB_BITS) - 1;
}
