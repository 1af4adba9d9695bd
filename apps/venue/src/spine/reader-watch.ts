import type { Logger } from 'pino';
import { EVENT_READERS, type Shared } from './shared.ts';

const LOOK_EVERY_MS = 250;

/**
 * Names the thread that holds the event ring: the engine waits for its readers when they have left no slot free, and no order is
 * answered meanwhile. The engine notes waits of over 100 ms; this looks at the notes. It runs on the gateway's thread: one that the gateway
 * itself caused is told when the gateway goes on.
 */
export class ReaderWatch {
  readonly #shared: Shared;
  readonly #log: Logger;
  readonly #reported: number[];
  readonly #looking: NodeJS.Timeout;

  constructor(shared: Shared, log: Logger) {
    this.#shared = shared;
    this.#log = log;
    this.#reported = EVENT_READERS.map((_, gate) => shared.heldUp(gate));
    this.#looking = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  /** Tells what was noted since the last look. */
  look(): void {
    for (const [gate, thread] of EVENT_READERS.entries()) {
      const total = this.#shared.heldUp(gate);
      const milliseconds = total - this.#reported[gate];
      if (milliseconds === 0) continue;
      this.#reported[gate] = total;
      this.#log.warn(
        { thread, milliseconds, total },
        `the ${thread} thread holds the event ring for ${milliseconds} ms: the engine waits for it`,
      );
    }
  }

  close(): void {
    clearInterval(this.#looking);
    this.look();
  }
}
