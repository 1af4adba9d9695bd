/** When a FIX session asks whether the other side is there, and when it gives up. */

/** Silence of so many heartbeat intervals is asked about, and of so many is the end. */
const ASK_AFTER = 1.2;
const GIVE_UP_AFTER = 2.4;

/** How long both sides of a FIX session have said nothing. Times in milliseconds, by any clock. */
export class Silence {
  #heartbeatMs = 30_000;
  #heardAt = 0;
  #hasAsked = false;

  begin(now: number, heartbeatMs: number): void {
    this.#heartbeatMs = heartbeatMs;
    this.heard(now);
  }

  /** The other side has sent something. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#hasAsked = false;
  }

  /** What is to be done about it. @param sentAt when this side last sent something */
  next(now: number, sentAt: number): 'give up' | 'ask' | 'beat' | 'nothing' {
    const silence = now - this.#heardAt;
    if (silence > this.#heartbeatMs * GIVE_UP_AFTER) return 'give up';
    if (silence > this.#heartbeatMs * ASK_AFTER && !this.#hasAsked) {
      this.#hasAsked = true;
      return 'ask';
    }
    return now - sentAt >= this.#heartbeatMs ? 'beat' : 'nothing';
  }
}
