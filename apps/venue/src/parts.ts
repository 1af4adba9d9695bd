/** The venue's parts in the order of their start, ended in reverse. */
import type { Logger } from 'pino';

/** Something that was started. */
type Part = { close(): unknown } | (() => unknown);

/** What a venue has started, each with its end. */
export class Parts {
  readonly #parts: Part[] = [];
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(part: Part): void {
    this.#parts.push(part);
  }

  /** Ends them, the last first. */
  async stop(): Promise<void> {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      try {
        await (typeof part === 'function' ? part() : part.close());
      } catch (error) {
        // One part that cannot end well, on a disk that takes nothing any more for one, keeps no other from it.
        this.#log.error(`while stopping: ${(error as Error).message}`);
      }
    }
  }
}
