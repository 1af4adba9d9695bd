/** What waits for the reader of a stream: bounded. A reader takes with `for await`; whoever puts is told when there is no room. */
export class StreamQueue<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  readonly #most: number;
  #wake: (() => void) | undefined;
  #isEnded = false;
  #error: Error | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Returns false when there is no room. */
  put(item: T): boolean {
    if (this.#isEnded || this.#items.length >= this.#most) return false;
    this.#items.push(item);
    this.#wake?.();
    return true;
  }

  /** Nothing more comes; with an error, the reader is told after what waits. */
  end(error?: Error): void {
    this.#isEnded = true;
    this.#error ??= error;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#items.length > 0) yield this.#items.shift()!;
      if (this.#error !== undefined) throw this.#error;
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
