import { type Asker, Unanswered } from '../spine/questions.ts';
import type { Shared } from '../spine/shared.ts';
import type { HistoryReader } from '../store/history-reader.ts';

const POLL_MS = 2;

/** Reads of the store in which an account finds what it was told before. */
export class StoredReads {
  readonly #shared: Shared;
  readonly #history: HistoryReader;
  readonly #waitMs: number;
  /** by account: the last command whose outcome it knows */
  readonly #lastTold = new Map<number, number>();

  /** @param waitMs for the store to come that far */
  constructor(shared: Shared, history: HistoryReader, waitMs: number) {
    this.#shared = shared;
    this.#history = history;
    this.#waitMs = waitMs;
  }

  /** An account, -1: nobody's, was told what became of a command. */
  told(account: number, sequence: number): void {
    this.#lastTold.set(account, sequence);
  }

  /**
   * Asks once the store has what the account was last told, and what else its asker knows of; waits for that for a bounded time. Rejects with
   * Unanswered. @param knowing number of a command
   */
  async ask(asker: Asker, account: number, knowing: number, question: string, args: readonly unknown[]): Promise<unknown> {
    const { stored, durable } = this.#shared;
    const wanted = Math.max(this.#lastTold.get(account) ?? 0, knowing);
    const deadline = performance.now() + this.#waitMs;
    while (stored.read() < wanted) {
      if (performance.now() > deadline) throw new Unanswered('behind', `${durable.read() - stored.known} commands behind`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return await this.#history.ask(asker, question, args);
  }
}
