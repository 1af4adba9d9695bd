/** Writes each connection's frames of a turn at once. */

/** Who has frames to write. */
interface Writer {
  flush(): void;
}

/** Connections of a thread that have something to be written, each once: at the end of a turn each gets one write. */
export class Outbox {
  readonly #onFirst: () => void;
  #writers: Writer[] = [];
  #next = 0;

  /** @param onFirst called when there is something to flush, and was nothing before */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
  }

  /** One that flushes by itself, at the end of what is done now. */
  static atOnce(): Outbox {
    const flush = () => {
      while (outbox.flush(Number.MAX_SAFE_INTEGER)); // what is written may leave room for what waits behind it
    };
    const outbox = new Outbox(() => queueMicrotask(flush));
    return outbox;
  }

  add(writer: Writer): void {
    if (this.#writers.push(writer) === 1) this.#onFirst();
  }

  get hasMore(): boolean {
    return this.#writers.length > 0;
  }

  /** Writes to at most so many connections. Returns whether there are more. */
  flush(most: number): boolean {
    const end = Math.min(this.#writers.length, this.#next + most);
    while (this.#next < end) this.#writers[this.#next++].flush();
    if (this.#next < this.#writers.length) return true;
    this.#writers = [];
    this.#next = 0;
    return false;
  }
}
