import { Fifo } from './fifo.ts';

/** Work of a turn of the event loop, in units of about 25 µs: half a millisecond, so that orders beside it hardly wait. */
const UNITS_A_TURN = 20;

/** Spreads work for many readers over turns of the event loop: each piece waits for its turn, first come, first served. */
export class Pace {
  readonly #waiting = new Fifo<{ units: number; go: () => void }>();
  #left = UNITS_A_TURN;
  #isScheduled = false;

  /** Undefined: go on at once; else when it resolves. @param units of work, see UNITS_A_TURN */
  take(units: number): Promise<void> | undefined {
    this.#schedule();
    if (this.#waiting.length === 0 && this.#left > 0) {
      this.#left -= units;
      return undefined;
    }
    return new Promise((go) => this.#waiting.push({ units, go }));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    this.#left = UNITS_A_TURN;
    while (this.#left > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#left -= next.units;
      next.go();
    }
    this.#schedule();
  }
}
