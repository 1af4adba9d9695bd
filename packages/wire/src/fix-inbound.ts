/** What comes in on a FIX session's line, by its numbers: what is next, what waits, what is missing. */
import type { FixStore } from './fix-line.ts';
import { WaitingMessages } from './fix-waiting.ts';

export class FixInbound {
  readonly #options: { readonly store: FixStore };
  readonly #waiting = new WaitingMessages();
  /** numbers asked for end before this; 0: nothing is asked for */
  #askedUntil = 0;

  constructor(options: { readonly store: FixStore }) {
    this.#options = options;
  }

  /** A connection begins: what waited on the one before it comes again. */
  begin(): void {
    this.#waiting.clear();
    this.#askedUntil = 0;
  }

  /** Whether something is asked for and has not come. */
  get isAsking(): boolean {
    return this.#askedUntil !== 0;
  }

  /** Whether the next message in order waits. */
  get isDue(): boolean {
    return this.#waiting.has(this.#options.store.nextIn);
  }

  /** Takes the next message, which is due. */
  take(): string {
    return this.#waiting.take(this.#options.store.nextIn)!;
  }

  /** Keeps a message that comes too early. */
  keep(sequence: number, text: string): void {
    this.#waiting.add(sequence, text);
  }

  /** What is missing before a number is asked for. */
  ask(until: number): void {
    this.#askedUntil = until;
  }

  /** When all that was asked for has come: the number before which something is missing still, 0: nothing is. */
  missing(): number {
    const { nextIn } = this.#options.store;
    if (nextIn < this.#askedUntil) return 0;
    this.#askedUntil = 0;
    const next = this.#waiting.nextFrom(nextIn);
    return next > nextIn ? next : 0;
  }

  /** Numbers below one do not come. */
  fillTo(next: number): void {
    this.#options.store.nextIn = next;
    this.#waiting.dropBelow(next);
  }

  /** Goes on with a number, and nothing that came before counts. */
  resetTo(next: number): void {
    this.#options.store.nextIn = next;
    this.begin();
  }
}
