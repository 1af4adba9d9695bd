import { Fifo } from './fifo.ts';

/**
 * Shares out turns of the event loop by the clock: those who have work take a slice each, one key after the other and for each key in the
 * order in which they came, until the turn's time is up; then everything else on the thread gets its turn. So what a key has does not hold
 * up another's, and all of it together holds up the thread for a turn, and at most one slice more.
 */
export class Slices {
  readonly #milliseconds: number;
  /** by key: who waits; keys by when they had their last slice */
  readonly #waiting = new Map<number, Fifo<() => void>>();
  #end = 0;
  #isDue = false;

  /** @param milliseconds of a turn */
  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /** Undefined: go on at once; else when it resolves. What is done until the next call, or until something is waited for, is a slice. */
  take(key: number): Promise<void> | undefined {
    if (!this.#isDue) this.#begin();
    if (this.#waiting.size === 0 && performance.now() < this.#end) return undefined;
    return new Promise((go) => {
      const its = this.#waiting.get(key);
      if (its !== undefined) return its.push(go);
      const first = new Fifo<() => void>();
      first.push(go);
      this.#waiting.set(key, first);
    });
  }

  #begin(): void {
    this.#isDue = true;
    this.#end = performance.now() + this.#milliseconds;
    setImmediate(this.#turn);
  }

  readonly #turn = () => {
    this.#isDue = false;
    if (this.#waiting.size === 0) return;
    this.#begin();
    this.#next();
  };

  readonly #next = () => {
    const [next] = this.#waiting;
    if (next === undefined || performance.now() >= this.#end) return;
    const [key, its] = next;
    const go = its.shift()!;
    this.#waiting.delete(key);
    if (its.length > 0) this.#waiting.set(key, its);
    go();
    // A tick that is asked for in a microtask comes once no microtask is left: when that slice is done.
    queueMicrotask(this.#afterSlice);
  };

  readonly #afterSlice = () => process.nextTick(this.#next);
}
