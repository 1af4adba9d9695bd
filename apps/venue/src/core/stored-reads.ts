import { type Asker, Unanswered } from '../spine/questions.ts';
import type { Shared } from '../spine/shared.ts';
import type { HistoryReader } from '../store/history-reader.ts';
import type { StoreWatch } from '../store/store-watch.ts';

/** Reads of the store in which an account finds what it was told before. */
export class StoredReads {
  readonly #shared: Shared;
  readonly #watch: StoreWatch;
  readonly #history: HistoryReader;
  readonly #waitMs: number;
  readonly #lastCommand: (account: number) => number;

  /** @param lastCommand that changed an account's orders or balances, of those taken in @param waitMs for the store to come that far */
  constructor(shared: Shared, watch: StoreWatch, history: HistoryReader, lastCommand: (account: number) => number, waitMs: number) {
    this.#shared = shared;
    this.#watch = watch;
    this.#history = history;
    this.#lastCommand = lastCommand;
    this.#waitMs = waitMs;
  }

  /**
   * Asks once the store has all that an account (-1: nobody's) may have been told, whoever caused it, and what else its asker knows of; waits
   * for that for a bounded time. Of an account it waits for what was recovered at the start, too. Rejects with Unanswered.
   * @param knowing number of a command
   */
  async ask(asker: Asker, account: number, knowing: number, question: string, args: readonly unknown[]): Promise<unknown> {
    const { stored, durable, memory } = this.#shared;
    const wanted = account < 0 ? knowing : Math.max(this.#lastCommand(account), memory.start, knowing);
    if (!(await this.#watch.reached(wanted, this.#waitMs))) {
      throw new Unanswered('behind', `${durable.read() - stored.known} commands behind`);
    }
    return await this.#history.ask(asker, question, args);
  }
}
