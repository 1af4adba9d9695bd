import type { WebSocket } from 'ws';

/** Close codes that this venue uses (RFC 6455, section 7.4). */
export const POLICY_VIOLATION = 1008;
export const GOING_AWAY = 1001;

/** A client that has so many bytes to read gets last values only. */
const CONFLATE_BYTES = 64 * 1024;
const LOOK_MS = 20;

/** One client's WebSocket. What it does not read in time is bounded: beyond that it is disconnected, and told why. */
export class Connection {
  readonly socket: WebSocket;
  readonly address: string;
  readonly #bufferBytes: number;
  #isClosed = false;
  readonly #waiting = new Map<string, string>();
  #looking: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, address: string, bufferBytes: number) {
    this.socket = socket;
    this.address = address;
    this.#bufferBytes = bufferBytes;
    socket.on('close', () => {
      this.#isClosed = true;
      clearInterval(this.#looking);
    });
    // A broken connection closes by itself; the listener keeps 'error' from being thrown.
    socket.on('error', () => undefined);
  }

  send(text: string): void {
    if (this.#isClosed) return;
    if (this.socket.bufferedAmount > this.#bufferBytes) {
      this.#isClosed = true;
      this.socket.close(POLICY_VIOLATION, 'slow consumer: too much unread data');
      // The close frame queues behind what is not read: do not wait for it for long.
      setTimeout(() => this.socket.terminate(), 1000).unref();
      return;
    }
    this.socket.send(text);
  }

  /**
   * Sends a value of which only the last matters: while the client lags, a newer one takes the place of the one that waits under the same
   * key, and it is sent when the client has read what was before it.
   */
  sendLast(key: string, text: string): void {
    if (this.#waiting.size === 0 && this.socket.bufferedAmount < CONFLATE_BYTES) {
      this.send(text);
      return;
    }
    if (this.#waiting.size === 0) this.#looking = setInterval(() => this.#sendWaiting(), LOOK_MS);
    this.#waiting.delete(key); // the newest is the last in line
    this.#waiting.set(key, text);
  }

  #sendWaiting(): void {
    for (const [key, text] of this.#waiting) {
      if (this.socket.bufferedAmount >= CONFLATE_BYTES) return;
      this.#waiting.delete(key);
      this.send(text);
    }
    if (this.#waiting.size === 0) clearInterval(this.#looking);
  }

  sendJson(value: unknown): void {
    this.send(JSON.stringify(value));
  }

  onClose(listener: () => void): void {
    this.socket.on('close', listener);
  }
}
