/** Finds memory use that only grows. */

/** Growth that does not end. */
export interface SuspectedLeak {
  /** blocks more at the window's end than at its begin, by the fewest in use in its first and last part */
  readonly grownBy: number;
  readonly perMinute: number;
  /** minutes until the pool is full if it goes on */
  readonly minutesToFull: number;
}

/** Parts that a window is divided into. */
const PARTS = 5;
/** Growth below this share of the capacity over the window is noise. */
const LEAST_SHARE = 0.005;

/**
 * Tells a leak from use that comes and goes: of each fifth of a window it keeps the fewest blocks in use; when those rise from fifth
 * to fifth through the whole window, what was taken did not come back. A book that fills looks the same: hence "suspected".
 */
export class LeakDetector {
  readonly #partMs: number;
  /** [begin, fewest in use] of the last parts, oldest first. */
  readonly #parts: { begin: number; least: number }[] = [];

  /** @param windowMs over how long growth must last */
  constructor(windowMs: number) {
    this.#partMs = windowMs / PARTS;
  }

  note(now: number, inUse: number): void {
    const last = this.#parts.at(-1);
    if (last !== undefined && now < last.begin + this.#partMs) {
      last.least = Math.min(last.least, inUse);
      return;
    }
    this.#parts.push({ begin: now, least: inUse });
    if (this.#parts.length > PARTS + 1) this.#parts.shift();
  }

  /** Growth through the whole window, or undefined. */
  suspect(now: number, capacity: number): SuspectedLeak | undefined {
    const whole = this.#parts.filter(({ begin }) => now >= begin + this.#partMs);
    if (whole.length < PARTS) return undefined;
    const rising = whole.every(({ least }, i) => i === 0 || least > whole[i - 1].least);
    const [first, last] = [whole[0], whole[whole.length - 1]];
    const grownBy = last.least - first.least;
    if (!rising || grownBy < capacity * LEAST_SHARE) return undefined;
    const perMinute = (grownBy / (last.begin - first.begin)) * 60_000;
    return { grownBy, perMinute, minutesToFull: (capacity - last.least) / perMinute };
  }
}
