/**
 * How a thread sleeps until another has work for it. The sleeper announces that it sleeps, looks once more for work, and then
 * waits; whoever publishes work rings, which costs one load while nobody sleeps. Neither a ring nor work is ever missed: both
 * sides use sequentially consistent operations on the same word.
 */
const AWAKE = 0;
const ASLEEP = 1;

export class Bell {
  readonly #words: Int32Array;
  readonly #index: number;

  /** The `number`th bell in a buffer made for several, a cache line each (see sequenceBytes). */
  constructor(buffer: SharedArrayBuffer, number: number) {
    this.#words = new Int32Array(buffer);
    this.#index = number * 16;
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
    Atomics.wait(this.#words, this.#index, ASLEEP, milliseconds);
    Atomics.store(this.#words, this.#index, AWAKE);
  }

  /** For a thread with an event loop: resolves when the bell rings or the time is up. */
  async waitAsync(milliseconds: number): Promise<void> {
    const outcome = Atomics.waitAsync(this.#words, this.#index, ASLEEP, milliseconds);
    if (outcome.async) await outcome.value;
    Atomics.store(this.#words, this.#index, AWAKE);
  }
}
