/** One reader of gRPC market data: what waits for it, and what it missed. */
import { Fifo } from '../../core/fairness/fifo.ts';
import type { FramedEvent } from './framed.ts';

/** Levels and trades that may wait for a reader before it misses what comes, and that it may have waiting to get more of a snapshot. */
const MOST_WAITING = 10_000;
const READY = 1000;

/** Who serves watchers. */
interface Desk<Feed> {
  /** A watcher wants a snapshot of a feed. */
  begin(watcher: Watcher<Feed>, feed: Feed): void;
  /** A watcher has room for more of its snapshots. */
  ready(): void;
}

/** A reader of books and trades, which feeds tell it: what waits for it, and what it missed. */
export class Watcher<Feed = unknown> {
  readonly #desk: Desk<Feed>;
  /** feeds of which it missed something: it gets a new snapshot when it has caught up */
  readonly #missed = new Set<Feed>();
  /** as they were put, which all readers of a feed share: a turn's trades are one note for each of them */
  readonly #batches = new Fifo<readonly FramedEvent[]>();
  /** the batch at hand, and the next event in it */
  #batch: readonly FramedEvent[] = [];
  #at = 0;
  #weight = 0;
  #isEnded = false;
  #error: unknown;
  #wake = () => {};
  /** when it took something, or had nothing to take; by performance.now() */
  lastRead = performance.now();

  constructor(desk: Desk<Feed>) {
    this.#desk = desk;
  }

  /** Levels and trades that wait for it. */
  get waiting(): number {
    return this.#weight;
  }

  get isReady(): boolean {
    return this.#weight <= READY;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * Returns false when it lags: it does not get them, nor anything more of the feed until it has caught up.
   * @param events one or more; nobody changes the list later
   */
  put(feed: Feed, events: readonly FramedEvent[], weight: number): boolean {
    if (this.#isEnded) return true;
    if (this.#weight + weight > MOST_WAITING && this.#weight > 0) {
      this.#missed.add(feed);
      return false;
    }
    if (this.#weight === 0) this.lastRead = performance.now();
    this.#batches.push(events);
    this.#weight += weight;
    this.#wake();
    return true;
  }

  /** Nothing more comes. What waits is given up: its reader does not read, or is gone. */
  end(error?: unknown): void {
    this.#isEnded = true;
    this.#error ??= error;
    this.#batches.clear();
    this.#batch = [];
    this.#at = 0;
    this.#missed.clear();
    this.#wake();
  }

  /** Milliseconds that something has been waiting for the reader, without its taking anything. */
  stuckMs(now: number): number {
    return this.#isEmpty ? 0 : now - this.lastRead;
  }

  /** The next event; undefined: the end. Rejects with the error that it ended with. */
  async next(): Promise<FramedEvent | undefined> {
    for (;;) {
      const event = this.#take();
      if (event !== undefined) {
        this.#weight -= event.weight;
        this.lastRead = performance.now();
        if (this.isReady) this.#begin();
        return event;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#isEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  get #isEmpty(): boolean {
    return this.#at === this.#batch.length && this.#batches.length === 0;
  }

  #take(): FramedEvent | undefined {
    if (this.#at === this.#batch.length) {
      this.#batch = this.#batches.shift() ?? [];
      this.#at = 0;
    }
    return this.#at < this.#batch.length ? this.#batch[this.#at++] : undefined;
  }

  /** Asks for the rest of snapshots, and for new ones where it missed something. */
  #begin(): void {
    for (const feed of this.#missed) this.#desk.begin(this, feed);
    this.#missed.clear();
    this.#desk.ready();
  }
}
