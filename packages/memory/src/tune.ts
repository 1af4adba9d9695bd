/** Sizes for the next run, from the peaks of the last ones. */
import type { PartReport } from './watch.ts';

/** What a run needed of a part. */
export interface Peak {
  readonly name: string;
  readonly setting: string;
  readonly capacity: number;
  readonly peak: number;
  readonly powerOfTwo: boolean;
}

/** A size for the next run. */
export interface Tuned extends Peak {
  readonly proposed: number;
}

/** Room above the peak. A queue fills and empties between two looks: what was seen of it is not its peak. */
const HEADROOM = 1.5;
const LEAST = 1000;
const QUEUE_HEADROOM = 4;
const LEAST_QUEUE = 4096;

/** The peaks of those parts that a setting sizes. Several parts of one setting: the highest. */
export function peaksOf(parts: readonly PartReport[]): Peak[] {
  const peaks = new Map<string, Peak>();
  for (const { name, setting, capacity, peak, powerOfTwo } of parts) {
    if (setting === undefined || (peaks.get(setting)?.peak ?? -1) >= peak) continue;
    peaks.set(setting, { name, setting, capacity, peak, powerOfTwo });
  }
  return [...peaks.values()];
}

/** The higher of two runs' peaks, setting by setting; what only one of them knows is kept. */
export function mergePeaks(before: readonly Peak[], now: readonly Peak[]): Peak[] {
  const merged = new Map(before.map((peak) => [peak.setting, peak]));
  for (const peak of now) merged.set(peak.setting, { ...peak, peak: Math.max(peak.peak, merged.get(peak.setting)?.peak ?? 0) });
  return [...merged.values()];
}

/**
 * Sizes for the next run: of pools half as much again as the peak, rounded up to two digits; of rings four times what was seen, a power
 * of two.
 */
export function tune(peaks: readonly Peak[]): Tuned[] {
  return peaks.map((peak) => ({ ...peak, proposed: peak.powerOfTwo ? queueSize(peak.peak) : poolSize(peak.peak) }));
}

function poolSize(peak: number): number {
  const needed = Math.max(LEAST, Math.ceil(peak * HEADROOM));
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(needed)) - 1);
  return Math.ceil(needed / digits) * digits;
}

function queueSize(peak: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(LEAST_QUEUE, peak * QUEUE_HEADROOM)));
}
