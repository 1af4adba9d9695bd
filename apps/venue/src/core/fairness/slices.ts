/** Turns of the event loop, shared out by the clock. */
import { Fifo } from './fifo.ts';

/** Who waits for slices: by key, keys by when they had their last slice. */
type Group = Map<unknown, Fifo<() => void>>;

/**
 * Shares out turns of the event loop by the clock: those who have work take a slice each, one group after the other, in a group one key
 * after the other, and for each key in the order in which they came, until the turn's time is up; then everything else on the thread gets
 * its turn. So what a key or a group of keys has does not hold up another's, and all of it together holds up the thread for a turn, and at
 * most one slice more. What a slice brings about in promises belongs to it, and its time counts.
 */
export class Slices {
  readonly #milliseconds: number;
  readonly #fewest: number;
  /** by when they had their last slice */
  readonly #waiting = new Map<unknown, Group>();
  #end = 0;
  #given = 0;
  #isDue = false;

  /** @param milliseconds of a turn @param fewest slices that a turn has: on a busy machine its time may be up before it began */
  constructor(milliseconds: number, fewest = 1) {
    this.#milliseconds = milliseconds;
    this.#fewest = fewest;
  }

  /**
   * Undefined: go on at once; else when it resolves. What is done until the next call, or until something is waited for, is a slice.
   * @param group of the key; left out: the key is one of its own
   */
  take(key: unknown, group = key): Promise<void> | undefined {
    if (this.hasTime) return undefined;
    return new Promise((go) => this.#push(key, group, go));
  }

  /** Whether this turn has time left, and nobody waits for it. */
  get hasTime(): boolean {
    if (!this.#isDue) this.#begin();
    return this.#waiting.size === 0 && performance.now() < this.#end;
  }

  /** Resolves when its slice comes, in another turn: for work that begins only after others of this turn have called, too. */
  wait(key: unknown): Promise<void> {
    return new Promise((go) => this.run(key, go));
  }

  /** Calls a piece of work when its slice comes, in another turn. */
  run(key: unknown, piece: () => void): void {
    if (!this.#isDue) this.#begin();
    this.#push(key, key, piece);
  }

  #push(key: unknown, group: unknown, go: () => void): void {
    const keys: Group = this.#waiting.get(group) ?? new Map();
    const its = keys.get(key) ?? new Fifo();
    its.push(go);
    keys.set(key, its);
    this.#waiting.set(group, keys);
  }

  #begin(): void {
    this.#isDue = true;
    this.#given = 0;
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
    if (next === undefined || (this.#given >= this.#fewest && performance.now() >= this.#end)) return;
    this.#given++;
    const [group, keys] = next;
    const [[key, its]] = keys;
    const go = its.shift()!;
    keys.delete(key);
    if (its.length > 0) keys.set(key, its);
    this.#waiting.delete(group);
    if (keys.size > 0) this.#waiting.set(group, keys);
    // A tick that is asked for in a microtask comes once no microtask is left: when that slice is done. Asked for first, it comes after a
    // piece that throws, too.
    queueMicrotask(this.#afterSlice);
    go();
  };

  readonly #afterSlice = () => process.nextTick(this.#next);
}

/** Somebody that has work from time to time. */
export interface Worker {
  isQueued: boolean;
}

/** Workers that step through what they have: each step is a slice, and one that has more gets another. */
export class Turns<T extends Worker> {
  readonly #slices: Slices;
  readonly #step: (worker: T) => boolean;

  /** @param step does a slice of work, and returns whether there is more to do now */
  constructor(slices: Slices, step: (worker: T) => boolean) {
    this.#slices = slices;
    this.#step = step;
  }

  /** Whether this turn has time left, and nobody waits for it. */
  get hasTime(): boolean {
    return this.#slices.hasTime;
  }

  /** There is work for somebody. May be called as often as one likes. */
  add(worker: T): void {
    if (worker.isQueued) return;
    worker.isQueued = true;
    this.#slices.run(worker, () => {
      worker.isQueued = false;
      if (this.#step(worker)) this.add(worker);
    });
  }
}
