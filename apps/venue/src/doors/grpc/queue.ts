import { Fifo } from '../../core/fairness/fifo.ts';

/** What waits for the reader of a stream: bounded. A reader takes with `for await`; who puts learns when there is no room. */
export class StreamQueue<T> implements AsyncIterable<T> {
  readonly #items = new Fifo<{ item: T; weight: number }>();
  readonly #most: number;
  readonly #onFull: () => void;
  #weight = 0;
  #wake: (() => void) | undefined;
  #isEnded = false;
  #error: unknown;

  /** @param most weight that may wait @param onFull called when something finds no room */
  constructor(most: number, onFull = () => {}) {
    this.#most = most;
    this.#onFull = onFull;
  }

  /** What waits, by weight. */
  get length(): number {
    return this.#weight;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Returns false when there is no room. After the end nothing is kept. */
  put(item: T, weight = 1): boolean {
    if (this.#isEnded) return true;
    if (this.#weight + weight > this.#most) {
      this.#onFull();
      return false;
    }
    this.#weight += weight;
    this.#items.push({ item, weight });
    this.#wake?.();
    return true;
  }

  /** Nothing more comes; with an error, the reader gets it after what waits. */
  end(error?: unknown): void {
    this.#isEnded = true;
    this.#error ??= error;
    this.#wake?.();
  }

  /** Ends it at once: nobody reads any more. */
  drop(reason?: unknown): void {
    this.#items.clear();
    this.#weight = 0;
    this.end(reason);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      for (let next = this.#items.shift(); next !== undefined; next = this.#items.shift()) {
        this.#weight -= next.weight;
        yield next.item;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
