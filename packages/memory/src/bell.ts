/** The bell: one thread sleeps until another rings. */
import { CACHE_LINE, i32Of, type Span } from './span.ts';

/**
 * How a thread sleeps until another has work for it. The sleeper announces that it sleeps, looks once more for work, and then
 * waits; whoever publishes work rings, which costs one load while nobody sleeps. Neither a ring nor work is ever missed: both
 * sides use sequentially consistent operations on the same word.
 *
 * Between processes (a mapped file) the system's wait is not offered by JavaScript: the sleeper looks every NAP_MS instead.
 */
const AWAKE = 0;
const ASLEEP = 1;
const NAP_MS = 0.2;

const NEVER_RUNG = new Int32Array(new SharedArrayBuffer(4));

/** Puts the calling thread to sleep, whatever happens meanwhile. */
export function sleepThread(milliseconds: number): void {
  Atomics.wait(NEVER_RUNG, 0, 0, milliseconds);
}

export class Bell {
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #naps: boolean;

  /** The `number`th bell in a span made for several, a cache line each (see sequenceBytes). */
  constructor(span: Span, number: number) {
    this.#words = i32Of(span);
    this.#index = (number * CACHE_LINE) / 4;
    this.#naps = !(span.buffer instanceof SharedArrayBuffer);
  }

  /** Wakes the sleeper, if it sleeps. Call after publishing. */
  ring(): void {
    if (Atomics.load(this.#words, this.#index) === AWAKE) return;
    Atomics.store(this.#words, this.#index, AWAKE);
    Atomics.notify(this.#words, this.#index);
  }

  /** Announces sleep. Look for work after this, and call {@link wait} or {@link waitAsync} only if there is none. */
  prepare(): void {
    Atomics.store(this.#words, this.#index, ASLEEP);
  }

  /** There was work after all. */
  cancel(): void {
    Atomics.store(this.#words, this.#index, AWAKE);
  }

  /** Blocks the thread until the bell rings or the time is up. */
  wait(milliseconds: number): void {
    if (this.#naps) this.#napUntilRung(milliseconds);
    else Atomics.wait(this.#words, this.#index, ASLEEP, milliseconds);
    Atomics.store(this.#words, this.#index, AWAKE);
  }

  /** For a thread with an event loop: resolves when the bell rings or the time is up. Not between processes. */
  async waitAsync(milliseconds: number): Promise<void> {
    const outcome = Atomics.waitAsync(this.#words, this.#index, ASLEEP, milliseconds);
    if (outcome.async) await outcome.value;
    Atomics.store(this.#words, this.#index, AWAKE);
  }

  #napUntilRung(milliseconds: number): void {
    const until = performance.now() + milliseconds;
    while (Atomics.load(this.#words, this.#index) === ASLEEP && performance.now() < until) sleepThread(NAP_MS);
  }
}
