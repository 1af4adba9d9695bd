/** Publishes average prices to threads that keep no market state. */
import type { Shared } from '../../spine/shared.ts';
import type { MarketState } from './market-state.ts';

/** Milliseconds between looks: the order lane's turn apart, a published average is that old at most. */
const EVERY_MS = 50;
const MINUTE_MS = 60_000;

/**
 * Publishes average prices to the threads that have no market state of their own, through shared memory. The order lane keeps it, by a
 * timer: a trade costs nothing more. Readers need the start's averages, so it publishes once at once.
 */
export class AveragePublisher {
  readonly #feeds: readonly MarketState[];
  readonly #shared: Shared;
  readonly #now: () => number;
  /** by instrument: the last trade that its average was found with */
  readonly #trades: Float64Array;
  #minute = -1;
  readonly #timer: NodeJS.Timeout;

  constructor(feeds: readonly MarketState[], shared: Shared, now: () => number) {
    this.#feeds = feeds;
    this.#shared = shared;
    this.#now = now;
    this.#trades = new Float64Array(feeds.length);
    this.publish();
    this.#timer = setInterval(() => this.publish(), EVERY_MS);
  }

  /** An average changes with a trade, and with the minute: others are not looked at. */
  publish(): void {
    const now = this.#now();
    const minute = Math.floor(now / MINUTE_MS);
    for (const feed of this.#feeds) {
      const { number } = feed.instrument;
      if (minute === this.#minute && this.#trades[number] === feed.lastTradeId) continue;
      this.#trades[number] = feed.lastTradeId;
      this.#shared.publishAveragePrice(number, feed.averagePrice(now));
    }
    this.#minute = minute;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
