/** The token bucket that limits how fast a session may send. */

/** Messages that may come at once after a pause: those of so many milliseconds. */
const BURST_MS = 100;

/**
 * How fast a session may send: a bucket of tokens (so many a second, a tenth of a second's worth at once). A door that is told to wait stops
 * reading the connection for that long, so that nothing is lost or refused and others are not held up. One session's.
 */
export class Throttle {
  readonly #perMs: number;
  readonly #most: number;
  #tokens: number;
  #at: number;

  /** @param perSecond 0: any number */
  constructor(perSecond: number, now = performance.now()) {
    this.#perMs = perSecond / 1000;
    this.#most = Math.max(1, this.#perMs * BURST_MS);
    this.#tokens = this.#most;
    this.#at = now;
  }

  /** Takes so many messages in; returns the milliseconds to stop reading for, 0: none. */
  take(messages: number, now = performance.now()): number {
    if (this.#perMs === 0) return 0;
    this.#tokens = Math.min(this.#most, this.#tokens + Math.max(0, now - this.#at) * this.#perMs) - messages;
    this.#at = now;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#perMs);
  }
}
