/**
 * Latencies in nanoseconds, kept in buckets of at most 1/64 relative width (as HdrHistogram does): constant memory, no allocation
 * on record.
 */
const SUB_BITS = 6;
const SUB = 1 << SUB_BITS;

export class Histogram {
  readonly #counts = new Float64Array(64 * SUB);
  #total = 0;
  #max = 0;

  record(nanoseconds: number, times = 1): void {
    const value = Math.max(0, nanoseconds);
    this.#counts[bucketOf(value)] += times;
    this.#total += times;
    if (value > this.#max) this.#max = value;
  }

  get count(): number {
    return this.#total;
  }

  get max(): number {
    return this.#max;
  }

  /** The value that a share of all records stays at or below. */
  percentile(share: number): number {
    let left = Math.ceil(this.#total * share);
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      left -= this.#counts[bucket];
      if (left <= 0 && this.#counts[bucket] > 0) return Math.min(upperEdge(bucket), this.#max);
    }
    return this.#max;
  }

  summary(): { p50: number; p99: number; p999: number; p9999: number; max: number } {
    const p = (share: number) => Math.round(this.percentile(share));
    return { p50: p(0.5), p99: p(0.99), p999: p(0.999), p9999: p(0.9999), max: Math.round(this.#max) };
  }
}

function bucketOf(value: number): number {
  if (value < SUB) return Math.floor(value);
  const exponent = Math.floor(Math.log2(value));
  return (exponent - SUB_BITS + 1) * SUB + Math.floor(value / 2 ** (exponent - SUB_BITS)) - SUB;
}

function upperEdge(bucket: number): number {
  if (bucket < SUB) return bucket;
  const exponent = Math.floor(bucket / SUB) + SUB_BITS - 1;
  return ((bucket % SUB) + SUB + 1) * 2 ** (exponent - SUB_BITS) - 1;
}
