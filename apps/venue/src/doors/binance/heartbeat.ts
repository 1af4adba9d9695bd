/** Pings WebSocket connections, and ends those that are half open. */
import type { Connection } from './ws-connection.ts';

/** A look at those that are due, so many times in each interval of pings: never all connections at once. */
const LOOKS = 20;

/**
 * Pings connections at intervals, and ends those that have not said anything for long: half-open ones. What this thread did not read, of a
 * client that it makes wait or while it stood still itself, is no silence. One a thread.
 */
export class Heartbeat {
  readonly #pingMs: number;
  readonly #patienceMs: number;
  readonly #timer: NodeJS.Timeout;
  /** by when they are due: every connection goes to the end after its ping */
  readonly #due = new Map<Connection, number>();
  #lookedAt = performance.now();

  /** @param patienceMs without a word after which a connection is ended */
  constructor(pingMs: number, patienceMs: number) {
    this.#pingMs = pingMs;
    this.#patienceMs = patienceMs;
    this.#timer = setInterval(() => this.#look(), Math.max(1, pingMs / LOOKS));
  }

  add(connection: Connection): void {
    this.#due.set(connection, performance.now() + this.#pingMs);
    connection.onClose(() => this.#due.delete(connection));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const stoodStill = now - this.#lookedAt > this.#pingMs;
    this.#lookedAt = now;
    for (const [connection, due] of this.#due) {
      if (due > now) return;
      this.#due.delete(connection);
      if (stoodStill || connection.isMadeToWait) connection.lastHeard = now;
      if (now - connection.lastHeard > this.#patienceMs) {
        connection.abort();
        continue;
      }
      this.#due.set(connection, now + this.#pingMs);
      if (!connection.isClosed) connection.socket.ping();
    }
  }
}
