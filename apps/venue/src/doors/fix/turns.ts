/** Slices that a turn has at least: on a busy machine its time may be up before it began. */
const FEWEST_SLICES = 4;
/** So many that are done with may stay at the head of the queue. */
const MOST_DONE = 1024;

/** Something that has work from time to time. */
export interface Worker {
  isQueued: boolean;
}

/**
 * Work in turns of the event loop: all that have some get a slice each, in their order, again and again until the turn's time is up; then
 * everything else on the thread gets its turn. So what one of them costs the others is bounded, however much of it there is.
 */
export class Turns<T extends Worker> {
  readonly #step: (worker: T) => boolean;
  readonly #milliseconds: number;
  #queue: T[] = [];
  #head = 0;
  #isDue = false;

  /** @param step does a slice of work, and returns whether there is more to do now */
  constructor(milliseconds: number, step: (worker: T) => boolean) {
    this.#milliseconds = milliseconds;
    this.#step = step;
  }

  /** There is work for somebody. May be called as often as one likes. */
  add(worker: T): void {
    if (worker.isQueued) return;
    worker.isQueued = true;
    this.#queue.push(worker);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    const end = performance.now() + this.#milliseconds;
    for (let slices = 1; this.#head < this.#queue.length; slices++) {
      const worker = this.#queue[this.#head++];
      worker.isQueued = false;
      if (this.#step(worker)) this.add(worker);
      if (slices >= FEWEST_SLICES && performance.now() >= end) break;
    }
    if (this.#head === this.#queue.length || this.#head > MOST_DONE) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.#isDue = false;
    if (this.#queue.length > 0) this.#schedule();
  }
}
