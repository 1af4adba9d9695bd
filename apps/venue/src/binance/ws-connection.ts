import type { WebSocket } from 'ws';

/** Close codes that this venue uses (RFC 6455, section 7.4). */
export const POLICY_VIOLATION = 1008;
export const GOING_AWAY = 1001;

/** One client's WebSocket. What it does not read in time is bounded: beyond that it is disconnected, and told why. */
export class Connection {
  readonly socket: WebSocket;
  readonly address: string;
  readonly #bufferBytes: number;
  #isClosed = false;

  constructor(socket: WebSocket, address: string, bufferBytes: number) {
    this.socket = socket;
    this.address = address;
    this.#bufferBytes = bufferBytes;
    socket.on('close', () => {
      this.#isClosed = true;
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

  sendJson(value: unknown): void {
    this.send(JSON.stringify(value));
  }

  onClose(listener: () => void): void {
    this.socket.on('close', listener);
  }
}
