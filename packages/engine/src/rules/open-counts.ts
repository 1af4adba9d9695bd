/** How many open orders of some kinds, and lists, an account has on an instrument: what limits of instruments are compared with. */

export const OF_TRIGGERS = 0;
export const OF_ICEBERGS = 1;
export const OF_LISTS = 2;
const KINDS = 3;
/** Instruments are numbered in 16 bits. */
const INSTRUMENTS = 0x10000;

/** Counts of special orders alone: plain orders are never counted. They follow from the orders, and are in no image. */
export class OpenCounts {
  readonly #counts = new Map<number, Int32Array>();

  of(account: number, instrument: number, kind: number): number {
    return this.#counts.get(account * INSTRUMENTS + instrument)?.[kind] ?? 0;
  }

  add(account: number, instrument: number, kind: number, change: 1 | -1): void {
    const key = account * INSTRUMENTS + instrument;
    let counts = this.#counts.get(key);
    if (counts === undefined) {
      counts = new Int32Array(KINDS);
      this.#counts.set(key, counts);
    }
    counts[kind] += change;
  }

  clear(): void {
    this.#counts.clear();
  }
}
