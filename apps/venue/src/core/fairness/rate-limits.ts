/** Limits on what clients may ask for in a time, as Binance counts it. */
import { sourceOf } from '../../domain/addresses.ts';
import type { RateLimits } from '../../domain/config.ts';

const MOST_SOURCES = 10_000;

/** Counts in fixed windows of time, as Binance's limits do. */
class Window {
  readonly #ms: number;
  readonly #counts = new Map<string, number>();
  #start = 0;

  constructor(ms: number) {
    this.#ms = ms;
  }

  add(who: string, count: number, nowMs: number): number {
    const start = nowMs - (nowMs % this.#ms);
    if (start !== this.#start) {
      this.#counts.clear();
      this.#start = start;
    }
    const total = (this.#counts.get(who) ?? 0) + count;
    this.#counts.set(who, total);
    return total;
  }

  /** What was counted in this window. */
  count(who: string, nowMs: number): number {
    return nowMs - (nowMs % this.#ms) === this.#start ? (this.#counts.get(who) ?? 0) : 0;
  }

  /** Seconds until the window ends, at least 1. */
  left(nowMs: number): number {
    return Math.max(1, Math.ceil((this.#start + this.#ms - nowMs) / 1000));
  }
}

/** Somebody is beyond a limit. */
export class LimitExceeded extends Error {
  readonly limit: number;
  /** of the limit, as clients know it */
  readonly what: 'weight' | 'orders in 10 seconds' | 'orders in a day';
  /** seconds until the window ends */
  readonly retryAfter: number;
  constructor(what: LimitExceeded['what'], limit: number, retryAfter: number) {
    super(`more than ${limit} ${what === 'weight' ? 'of request weight in a minute' : what}`);
    this.what = what;
    this.limit = limit;
    this.retryAfter = retryAfter;
  }
}

/** Request weight by address, as {@link sourceOf} has it; orders by account. */
export class RateLimiter {
  readonly limits: RateLimits;
  readonly #weight = new Window(60_000);
  readonly #tenSeconds = new Window(10_000);
  readonly #day = new Window(86_400_000);
  /** what addresses count as: worked out once, not with each request */
  readonly #sources = new Map<string, string>();

  constructor(limits: RateLimits) {
    this.limits = limits;
  }

  /** Returns the weight used in this minute. Throws LimitExceeded. */
  useWeight(address: string, weight: number, nowMs: number): number {
    const used = this.#weight.add(this.#sourceOf(address), weight, nowMs);
    if (used > this.limits.weightPerMinute) throw this.#tooMuchWeight(nowMs);
    return used;
  }

  /** Throws LimitExceeded for an address that is beyond the limit; counts nothing. */
  checkWeight(address: string, nowMs: number): void {
    if (this.#weight.count(this.#sourceOf(address), nowMs) > this.limits.weightPerMinute) throw this.#tooMuchWeight(nowMs);
  }

  #sourceOf(address: string): string {
    const known = this.#sources.get(address);
    if (known !== undefined) return known;
    if (this.#sources.size >= MOST_SOURCES) this.#sources.clear();
    const source = sourceOf(address);
    this.#sources.set(address, source);
    return source;
  }

  #tooMuchWeight(nowMs: number): Error {
    return new LimitExceeded('weight', this.limits.weightPerMinute, this.#weight.left(nowMs));
  }

  /** The orders that an account entered in these 10 seconds and on this day. */
  ordersOf(account: number, nowMs: number): [tenSeconds: number, day: number] {
    return [this.#tenSeconds.count(String(account), nowMs), this.#day.count(String(account), nowMs)];
  }

  /** Returns the orders entered in these 10 seconds and on this day. Throws LimitExceeded. */
  countOrder(account: number, nowMs: number): [tenSeconds: number, day: number] {
    const tenSeconds = this.#tenSeconds.add(String(account), 1, nowMs);
    const day = this.#day.add(String(account), 1, nowMs);
    if (tenSeconds > this.limits.ordersPerTenSeconds)
      throw new LimitExceeded('orders in 10 seconds', this.limits.ordersPerTenSeconds, this.#tenSeconds.left(nowMs));
    if (day > this.limits.ordersPerDay) throw new LimitExceeded('orders in a day', this.limits.ordersPerDay, this.#day.left(nowMs));
    return [tenSeconds, day];
  }
}
