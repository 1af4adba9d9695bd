/** FIX requests that wait for the outcome of another one. */
import type { FixClient } from './fix-client.ts';

/** Requests of one client that may wait. */
const MOST_WAITING = 256;

interface Waiting {
  client: FixClient;
  /** place in the order of arrival */
  arrival: number;
  run(): void;
}

/** Requests that name a ClOrdID whose outcome is not known yet. Each runs when it is, in the order of arrival. */
export class WaitingRequests {
  /** by the ClOrdID that they name */
  readonly #lines = new Map<string, Waiting[]>();
  readonly #counts = new Map<FixClient, number>();
  /** may run, in the order of arrival */
  #ready: Waiting[] = [];
  #isRunning = false;
  #arrivals = 0;

  /** Runs a request when the outcome of a ClOrdID is known. Returns false when the client has too many that wait: it does not run. */
  add(client: FixClient, key: string, run: () => void): boolean {
    const count = this.#counts.get(client) ?? 0;
    if (count === MOST_WAITING) return false;
    this.#counts.set(client, count + 1);
    const waiting = { client, arrival: this.#arrivals++, run };
    const line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, [waiting]);
    else line.push(waiting);
    return true;
  }

  /** The outcome of a ClOrdID is known. What one that runs decides makes others ready: they take their place by arrival. */
  release(key: string): void {
    const line = this.#lines.get(key);
    if (line === undefined) return;
    this.#lines.delete(key);
    this.#ready = this.#ready.concat(line).sort((a, b) => a.arrival - b.arrival);
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift()) {
        this.#leave(next.client);
        next.run();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  #leave(client: FixClient): void {
    const left = this.#counts.get(client)! - 1;
    if (left === 0) this.#counts.delete(client);
    else this.#counts.set(client, left);
  }
}
