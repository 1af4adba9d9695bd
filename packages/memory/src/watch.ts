/** Watches how full pools and rings are. */
import { LeakDetector, type SuspectedLeak } from './leaks.ts';
import type { Pool } from './pool.ts';
import type { PoolStatistics } from './statistics.ts';

/** How full memory is. */
export type PressureLevel = 'normal' | 'moderate' | 'high' | 'critical';

export const PRESSURE_LEVELS: readonly PressureLevel[] = ['normal', 'moderate', 'high', 'critical'];

/** A part that is looked at. */
export interface Watched {
  /** what it belongs to: `engine`, `gateway` */
  readonly component: string;
  /** the setting that sizes it, for recommendations */
  readonly setting?: string;
  /** what to do when it is full, for recommendations, where it has no size of its own to change */
  readonly remedy?: string;
  /** all other parts are in it: it is no consumer of memory beside them */
  readonly isTotal?: boolean;
  /** sizes must be powers of two */
  readonly powerOfTwo?: boolean;
  /** a queue is full for moments and empty again: it is shown, and does not count as pressure */
  readonly isQueue?: boolean;
  statistics(): PoolStatistics;
}

/** Something that can do with less: asked when pressure is high, and when critical. */
export interface Shrinkable {
  readonly name: string;
  /** Gives memory back. Returns the bytes. */
  shrink(level: PressureLevel): number;
}

export interface WatchOptions {
  /** milliseconds between looks. Default: 20 */
  readonly intervalMs?: number;
  /** shares at which moderate, high and critical begin. Default: 0.6, 0.8, 0.9 */
  readonly thresholds?: readonly [moderate: number, high: number, critical: number];
  /** a part that fills is judged by what it will hold so many milliseconds from now. Default: 100; 0: by what it holds */
  readonly lookAheadMs?: number;
  /** over how long growth must last to be called a leak. Default: 5 minutes */
  readonly leakWindowMs?: number;
  /** for tests */
  readonly now?: () => number;
}

export interface PartReport extends PoolStatistics {
  readonly component: string;
  readonly setting: string | undefined;
  readonly remedy: string | undefined;
  readonly isTotal: boolean;
  readonly powerOfTwo: boolean;
  readonly isQueue: boolean;
  /** in use over capacity */
  readonly usage: number;
  readonly level: PressureLevel;
}

export type LevelListener = (level: PressureLevel, before: PressureLevel, part: PartReport) => void;

/** A level is left when the share is this far below where it begins: no flapping. */
const HYSTERESIS = 0.02;
/** Share of a new growth rate in the smoothed one. */
const SMOOTHING = 0.3;

interface Watching {
  readonly part: Watched;
  readonly leaks: LeakDetector;
  peak: number;
  inUse: number;
  rate: number;
  level: number;
}

/**
 * Looks at pools and rings some fifty times a second, says when their pressure crosses a level, and has memory given back when it is
 * high. Looks are cheap (a few microseconds a pool of ten thousand blocks); nothing on the hot path is added.
 *
 * Thresholds adapt to how fast a part fills: it is judged by what it will hold `lookAheadMs` from now if it goes on like that, so that a
 * pool that fills in a second is called critical before it is, and one that stands at 85 % for hours stays `high`.
 *
 * One thread owns a MemoryWatch. Crossings are told within `intervalMs` and the time that the thread's event loop is busy.
 */
export class MemoryWatch {
  readonly listeners: LevelListener[] = [];
  readonly shrinkables: Shrinkable[] = [];
  readonly #watching: Watching[] = [];
  readonly #thresholds: readonly number[];
  readonly #intervalMs: number;
  readonly #lookAheadMs: number;
  readonly #leakWindowMs: number;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #last: number;
  #level = 0;
  /** bytes that shrinking gave back so far */
  reclaimedBytes = 0;

  constructor(options: WatchOptions = {}) {
    this.#intervalMs = options.intervalMs ?? 20;
    this.#thresholds = options.thresholds ?? [0.6, 0.8, 0.9];
    this.#lookAheadMs = options.lookAheadMs ?? 100;
    this.#leakWindowMs = options.leakWindowMs ?? 300_000;
    this.#now = options.now ?? (() => performance.now());
    this.#last = this.#now();
    if (this.#thresholds.length !== 3 || this.#thresholds.some((share, i) => !(share > (this.#thresholds[i - 1] ?? 0) && share <= 1))) {
      throw new RangeError(`pressure thresholds ${this.#thresholds.join(', ')}: must be three rising shares up to 1`);
    }
  }

  watch(part: Watched): void {
    this.#watching.push({ part, leaks: new LeakDetector(this.#leakWindowMs), peak: 0, inUse: part.statistics().inUse, rate: 0, level: 0 });
  }

  get level(): PressureLevel {
    return PRESSURE_LEVELS[this.#level];
  }

  /** Whether a part is at critical as it stands, without a look ahead; looked at anew once pressure is critical. */
  get isExhausted(): boolean {
    if (this.level !== 'critical') return false;
    return this.#watching.some(({ part }) => !part.isQueue && usageOf(part.statistics()) >= this.#thresholds[2]);
  }

  /** Looks regularly until {@link stop}; does not keep the process alive. */
  start(): void {
    this.#timer ??= setInterval(() => this.look(), this.#intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Looks once, now. */
  look(): void {
    const now = this.#now();
    const elapsed = Math.max(1, now - this.#last);
    this.#last = now;
    let highest = 0;
    let fullest: PartReport | undefined;
    for (const watching of this.#watching) {
      const statistics = watching.part.statistics();
      this.#judge(watching, statistics, elapsed);
      watching.leaks.note(now, statistics.inUse);
      if (watching.part.isQueue || (fullest !== undefined && watching.level <= highest)) continue;
      highest = watching.level;
      fullest = this.#report(watching, statistics);
    }
    if (fullest !== undefined && highest !== this.#level) this.#notify(highest, fullest);
    if (highest >= PRESSURE_LEVELS.indexOf('high')) this.#shrink();
  }

  /** Every part as it stands. */
  parts(): PartReport[] {
    return this.#watching.map((watching) => this.#report(watching, watching.part.statistics()));
  }

  /** Parts that have grown all through the window. */
  suspectedLeaks(): (SuspectedLeak & { name: string })[] {
    const now = this.#now();
    return this.#watching.flatMap(({ part, leaks }) => {
      const { name, capacity } = part.statistics();
      const leak = part.isQueue ? undefined : leaks.suspect(now, capacity);
      return leak === undefined ? [] : [{ ...leak, name }];
    });
  }

  #judge(watching: Watching, { inUse, capacity, peak }: PoolStatistics, elapsed: number): void {
    watching.rate += SMOOTHING * ((inUse - watching.inUse) / elapsed - watching.rate);
    watching.inUse = inUse;
    watching.peak = Math.max(watching.peak, peak, inUse);
    const expected = Math.min(capacity, inUse + Math.max(0, watching.rate) * this.#lookAheadMs);
    const share = capacity === 0 ? 0 : expected / capacity;
    const reached = this.#thresholds.filter((from) => share >= from).length;
    const kept = this.#thresholds.filter((from) => share >= from - HYSTERESIS).length;
    watching.level = reached > watching.level ? reached : Math.min(watching.level, kept);
  }

  #report({ part, peak, level }: Watching, statistics: PoolStatistics): PartReport {
    const { component, setting, remedy, isTotal = false, powerOfTwo = false, isQueue = false } = part;
    const usage = usageOf(statistics);
    const highest = Math.max(peak, statistics.peak);
    return { ...statistics, peak: highest, component, setting, remedy, isTotal, powerOfTwo, isQueue, usage, level: PRESSURE_LEVELS[level] };
  }

  #notify(level: number, part: PartReport): void {
    const before = this.level;
    this.#level = level;
    for (const listener of this.listeners) listener(this.level, before, part);
  }

  #shrink(): void {
    for (const shrinkable of this.shrinkables) this.reclaimedBytes += shrinkable.shrink(this.level);
  }
}

function usageOf({ inUse, capacity }: PoolStatistics): number {
  return capacity === 0 ? 0 : inUse / capacity;
}

/** A pool as something that can do with less: all threads put their magazines back, and free growth steps go back to the system. */
export function shrinkPool(name: string, pool: Pool): Shrinkable {
  return {
    name,
    shrink: () => {
      pool.askToTrim();
      return pool.trim();
    },
  };
}
