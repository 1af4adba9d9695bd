/** The state of a process's memory as a report. */
import type { SuspectedLeak } from './leaks.ts';
import { reuse } from './statistics.ts';
import type { MemoryWatch, PartReport, PressureLevel } from './watch.ts';

/** The state of a process's memory, for machines; {@link reportText} for people. */
export interface MemoryReport {
  readonly level: PressureLevel;
  /** 100: nothing to do; see {@link healthOf} */
  readonly health: number;
  readonly process: { readonly residentBytes: number; readonly heapBytes: number; readonly bufferBytes: number };
  readonly parts: readonly PartReport[];
  /** names of the parts that hold most memory, most first */
  readonly topConsumers: readonly string[];
  readonly suspectedLeaks: readonly (SuspectedLeak & { readonly name: string })[];
  readonly recommendations: readonly string[];
  readonly reclaimedBytes: number;
}

/** Points off for the pressure level. */
const OFF_FOR_LEVEL: Record<PressureLevel, number> = { normal: 0, moderate: 5, high: 20, critical: 45 };
const OFF_A_LEAK = 10;
const MOST_OFF_FOR_LEAKS = 20;
const OFF_FOR_FAILURES = 15;
const OFF_FOR_REFUSALS = 15;
const OFF_FOR_FRAGMENTATION = 5;
const FRAGMENTED = 0.8;
const TOP = 5;
/** A pool that never used this share of itself is larger than it needs to be. */
const HARDLY_USED = 0.05;
const WORTH_SAVING_BYTES = 64 * 1024 * 1024;

export function memoryReport(watch: MemoryWatch): MemoryReport {
  const parts = watch.parts();
  const suspectedLeaks = watch.suspectedLeaks();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return {
    level: watch.level,
    health: healthOf(watch.level, parts, suspectedLeaks.length),
    process: { residentBytes: rss, heapBytes: heapUsed, bufferBytes: arrayBuffers },
    parts,
    topConsumers: parts
      .filter(({ isTotal }) => !isTotal)
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, TOP)
      .map(({ name }) => name),
    suspectedLeaks,
    recommendations: recommend(parts, suspectedLeaks),
    reclaimedBytes: watch.reclaimedBytes,
  };
}

/**
 * 100, less 5, 20 or 45 for moderate, high or critical pressure; 10 a suspected leak, at most 20; 15 when a take ever failed; 15 when a
 * give was ever refused (a double free or a foreign handle: a fault in the program); 5 when a pool's free blocks are fragmented
 * beyond 80 %.
 */
export function healthOf(level: PressureLevel, parts: readonly PartReport[], leaks: number): number {
  let health = 100 - OFF_FOR_LEVEL[level] - Math.min(MOST_OFF_FOR_LEAKS, leaks * OFF_A_LEAK);
  if (parts.some(({ failures }) => failures > 0)) health -= OFF_FOR_FAILURES;
  if (parts.some(({ refused }) => refused > 0)) health -= OFF_FOR_REFUSALS;
  if (parts.some(({ fragmentation, isQueue }) => !isQueue && fragmentation > FRAGMENTED)) health -= OFF_FOR_FRAGMENTATION;
  return Math.max(0, health);
}

function recommend(parts: readonly PartReport[], leaks: MemoryReport['suspectedLeaks']): string[] {
  const advice: string[] = [];
  for (const part of parts) {
    const setting = part.setting ?? `the capacity of ${part.name}`;
    const remedy = part.remedy ?? `raise ${setting} (now ${part.capacity})`;
    if (part.failures > 0) advice.push(`${part.name} was exhausted ${part.failures} times: ${remedy}`);
    else if (!part.isQueue && (part.level === 'high' || part.level === 'critical')) {
      advice.push(`${part.name} is ${percent(part.usage)} full: ${remedy}`);
    }
    if (part.isQueue && part.peak >= part.capacity) advice.push(`${part.name} was full: ${remedy}`);
    if (part.refused > 0)
      advice.push(`${part.name} refused ${part.refused} handles given twice or made up: run with OUTCRY_GUARDED=1 to find where`);
    const idleBytes = part.bytes * (1 - part.peak / Math.max(1, part.committed));
    if (part.remedy === undefined && part.peak < part.committed * HARDLY_USED && idleBytes > WORTH_SAVING_BYTES) {
      advice.push(`${part.name} never used more than ${part.peak} of ${part.capacity}: lower ${setting}`);
    }
  }
  for (const { name, perMinute, minutesToFull } of leaks) {
    advice.push(
      `${name} grows by ${perMinute.toFixed(0)} a minute and does not shrink: full in ${minutesToFull.toFixed(0)} minutes; a leak?`,
    );
  }
  return advice;
}

/** The report as text: a line a part. */
export function reportText(report: MemoryReport): string {
  const { level, health, parts, topConsumers, suspectedLeaks, recommendations, reclaimedBytes } = report;
  const { residentBytes, heapBytes, bufferBytes } = report.process;
  const header = ['part', 'of', 'in use', 'capacity', 'full', 'peak', 'taken', 'reused', 'failed', 'memory'];
  const rows = parts.map((part) => [
    part.name,
    part.component,
    String(part.inUse),
    String(part.capacity),
    percent(part.usage),
    String(part.peak),
    String(part.takes),
    part.isQueue ? '' : percent(reuse(part)),
    String(part.failures),
    size(part.bytes),
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  return [
    `pressure ${level}, health ${health} of 100`,
    `process  ${size(residentBytes)} resident, ${size(heapBytes)} in the JavaScript heap, ${size(bufferBytes)} reserved in buffers`,
    '',
    line(header),
    ...rows.map(line),
    '',
    `most memory: ${topConsumers.join(', ')}`,
    `suspected leaks: ${suspectedLeaks.map(({ name }) => name).join(', ') || 'none'}`,
    ...(reclaimedBytes > 0 ? [`given back under pressure: ${size(reclaimedBytes)}`] : []),
    ...(recommendations.length > 0 ? ['', ...recommendations.map((text) => `- ${text}`)] : []),
  ].join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 2 : 0)}%`;
}

function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit++;
  }
  return `${bytes.toFixed(unit === 0 || bytes >= 100 ? 0 : 1)} ${units[unit]}`;
}
