/** Lengths of candles as clients name them, in any time zone, and how they are made of the lengths that are kept. */
import { addCandle, CANDLE_SECONDS, type Candle, newCandle } from './candle.ts';

const DAY = 86_400;
/** 1970 began on a Thursday, weeks begin on Mondays. */
const FIRST_MONDAY_MS = 4 * DAY * 1000;
const MOST_DAYS_OF_MONTH = 31;

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: DAY, w: 7 * DAY };

/** Binance's, in its order. `1M` is a month of the calendar. */
export const INTERVAL_NAMES = ['1s', '1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d', '3d', '1w', '1M'];

/** Time zones: minutes ahead of UTC. */
const LEAST_ZONE = -12 * 60;
const MOST_ZONE = 14 * 60;

/** Minutes ahead of UTC that `8`, `-1:00` or `05:45` means; undefined: none that is allowed. */
export function zoneMinutes(text: string): number | undefined {
  const match = /^([+-]?)(\d{1,2})(?::([0-5]\d))?$/.exec(text);
  if (match === null) return undefined;
  const minutes = (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0));
  return minutes >= LEAST_ZONE && minutes <= MOST_ZONE ? minutes : undefined;
}

/** A length of candles in a time zone. All times are milliseconds since 1970, UTC. */
export class CandleInterval {
  readonly name: string;
  /** seconds of the kept candles that its own are made of */
  readonly base: number;
  /** most kept candles in one */
  readonly parts: number;
  readonly #isMonth: boolean;
  readonly #length: number;
  readonly #zone: number;
  readonly #origin: number;

  /** @param name one of {@link INTERVAL_NAMES} @param zone minutes ahead of UTC */
  constructor(name: string, zone = 0) {
    this.name = name;
    this.#isMonth = name === '1M';
    const seconds = this.#isMonth ? DAY : Number(name.slice(0, -1)) * UNITS[name.slice(-1)];
    this.#length = seconds * 1000;
    this.#zone = zone * 60_000;
    this.#origin = name === '1w' ? FIRST_MONDAY_MS : 0;
    const kept = Object.values(CANDLE_SECONDS).filter((length) => seconds % length === 0 && (zone * 60) % length === 0);
    this.base = Math.max(...kept);
    this.parts = ((this.#isMonth ? MOST_DAYS_OF_MONTH : 1) * seconds) / this.base;
  }

  /** Start of the candle that a time falls into. */
  start(time: number): number {
    const local = time + this.#zone;
    if (!this.#isMonth) return Math.floor((local - this.#origin) / this.#length) * this.#length + this.#origin - this.#zone;
    const date = new Date(local);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) - this.#zone;
  }

  /** Start of the candle after the one that starts then. */
  next(start: number): number {
    if (!this.#isMonth) return start + this.#length;
    const date = new Date(start + this.#zone);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) - this.#zone;
  }

  /** Start of the candle so many later; earlier where that is negative. */
  step(start: number, count: number): number {
    for (; count > 0; count--) start = this.next(start);
    for (; count < 0; count++) start = this.start(start - 1);
    return start;
  }

  /**
   * Its candles from one start to another without a hole, oldest first: one in which nothing traded has the close before it as all its
   * prices. There is none before the first trade of all.
   * @param candles those in which something traded @param close before `from`, in ticks; undefined: nothing had traded
   */
  fill(candles: readonly Candle[], from: number, to: number, close: number | undefined): Candle[] {
    const all: Candle[] = [];
    let next = 0;
    for (let start = from; start <= to; start = this.next(start)) {
      const traded = candles[next]?.openTime === start ? candles[next++] : undefined;
      close = traded?.close ?? close;
      if (close !== undefined) all.push(traded ?? newCandle(start, close));
    }
    return all;
  }

  /** Its candles out of kept ones, oldest first. Where one has one part, it is that. */
  merge(kept: readonly Candle[]): Candle[] {
    if (this.parts === 1) return [...kept];
    const merged: Candle[] = [];
    for (const part of kept) {
      const start = this.start(part.openTime);
      let last = merged.at(-1);
      if (last?.openTime !== start) {
        last = newCandle(start, part.open);
        merged.push(last);
      }
      addCandle(last, part);
    }
    return merged;
  }
}

const intervals = new Map<string, CandleInterval>();

/** An interval by its name; undefined: there is none of that name. */
export function candleInterval(name: string, zone = 0): CandleInterval | undefined {
  if (!INTERVAL_NAMES.includes(name)) return undefined;
  const key = `${name} ${zone}`;
  let interval = intervals.get(key);
  if (interval === undefined) {
    interval = new CandleInterval(name, zone);
    intervals.set(key, interval);
  }
  return interval;
}
