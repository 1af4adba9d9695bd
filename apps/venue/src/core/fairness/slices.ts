import { Fifo } from './fifo.ts';

/** Who waits for slices: by key, keys by when they had their last slice. */
type Group = Map<number, Fifo<() => void>>;

/**
 * Shares out turns of the event loop by the clock: those who have work take a slice each, one group after the other, in a group one key
 * after the other, and for each key in the order in which they came, until the turn's time is up; then everything else on the thread gets
 * its turn. So what a key or a group of keys has does not hold up another's, and all of it together holds up the thread for a turn, and at
 * most one slice more.
 */
export class Slices {
  readonly #milliseconds: number;
  /** by when they had their last slice */
  readonly #waiting = new Map<string | number, Group>();
  #end = 0;
  #isDue = false;

  /** @param milliseconds of a turn */
  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /**
   * Undefined: go on at once; else when it resolves. What is done until the next call, or until something is waited for, is a slice.
   * @param group of the key; left out: the key is one of its own
   */
  take(key: number, group: string | number = key): Promise<void> | undefined {
    if (!this.#isDue) this.#begin();
    if (this.#waiting.size === 0 && performance.now() < this.#end) return undefined;
    return new Promise((go) => {
      const keys: Group = this.#waiting.get(group) ?? new Map();
      const its = keys.get(key) ?? new Fifo();
      its.push(go);
      keys.set(key, its);
      this.#waiting.set(group, keys);
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
    const [group, keys] = next;
    const [[key, its]] = keys;
    const go = its.shift()!;
    keys.delete(key);
    if (its.length > 0) keys.set(key, its);
    this.#waiting.delete(group);
    if (keys.size > 0) this.#waiting.set(group, keys);
    go();
    // A tick that is asked for in a microtask comes once no microtask is left: when that slice is done.
    queueMicrotask(this.#afterSlice);
  };

  readonly #afterSlice = () => process.nextTick(this.#next);
}
