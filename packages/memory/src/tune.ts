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

/** Room above the peak. */
const HEADROOM = 1.5;
const LEAST = 1000;

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

/** Sizes for the next run: half as much again as the peak, rounded up to two digits or to a power of two. */
export function tune(peaks: readonly Peak[], headroom = HEADROOM): Tuned[] {
  return peaks.map((peak) => {
    const needed = Math.max(LEAST, Math.ceil(peak.peak * headroom));
    const digits = 10 ** Math.max(0, Math.floor(Math.log10(needed)) - 1);
    return { ...peak, proposed: peak.powerOfTwo ? 2 ** Math.ceil(Math.log2(needed)) : Math.ceil(needed / digits) * digits };
  });
}
