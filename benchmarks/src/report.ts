/** What figures report: rows, data, and the machine's description. */
import os from 'node:os';

export interface Range {
  median: number;
  min: number;
  max: number;
}

/** Median and range of some measurements, rounded to so many places. */
export function range(values: readonly number[], places: number): Range {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  const round = (value: number) => Number(value.toFixed(places));
  return { median: round(median), min: round(sorted[0]), max: round(sorted[sorted.length - 1]) };
}

/** What a figure was measured on. */
export function machine(): Record<string, string | number> {
  const [cpu] = os.cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
  };
}

/** A benchmark's outcome: rows for people, the same as data for machines. */
export interface Report {
  benchmark: string;
  /** what is compared with what, in a sentence */
  title: string;
  machine: ReturnType<typeof machine>;
  columns: string[];
  rows: (string | number)[][];
  /** goals of the issue, each met or not */
  goals: Goal[];
  /** what a reader must know to read the figures right */
  notes: string[];
}

export interface Goal {
  goal: string;
  measured: string;
  met: boolean;
}

export interface FigureOptions {
  /** timed runs after a warm-up */
  runs: number;
  /** how long a sustained run takes */
  seconds: number;
  /** where files go */
  directory: string;
  /** share of the work that is done, from 0 to 1 */
  onProgress(share: number): void;
}
