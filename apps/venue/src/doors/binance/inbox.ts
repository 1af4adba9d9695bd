/** Takes a WebSocket connection's messages in turn with others, at a limited rate. */
import { Throttle } from '../../core/fairness/throttle.ts';
import type { Connection } from './ws-connection.ts';

/** Messages of one connection that are worked on before others get their turn. */
const AT_ONCE = 16;
/** ... and milliseconds of them. */
const TURN_MS = 2;
/** Messages that may wait; a client that sends more at once is disconnected: each costs as much to take apart as a long one. */
const MOST_WAITING = 1024;
/** A message counts as one more for each 4 KiB. */
const KILOBYTES_4 = 12;

/**
 * A connection's messages, in order, a few at a time: whoever sends many waits for the others. Beyond its messages a second the venue reads
 * more slowly. The next one is begun when the handler has returned, or its promise is fulfilled.
 */
export class Inbox {
  readonly #connection: Connection;
  readonly #handle: (text: string) => void | Promise<void>;
  readonly #throttle: Throttle;
  #messages: string[] = [];
  #isBusy = false;

  /** @param handle must not throw */
  constructor(connection: Connection, messagesPerSecond: number, handle: (text: string) => void | Promise<void>) {
    this.#connection = connection;
    this.#handle = handle;
    this.#throttle = new Throttle(messagesPerSecond);
    connection.socket.on('message', (data) => {
      if (connection.isClosed) return;
      if (this.#messages.length >= MOST_WAITING) {
        connection.refuse('too many messages at once');
        return;
      }
      this.#messages.push(data.toString());
      if (!this.#isBusy) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    let isPaused = false;
    while (this.#messages.length > 0) {
      const batch = this.#messages.splice(0, AT_ONCE);
      const began = performance.now();
      let done = 0;
      let messages = 0;
      while (done < batch.length && performance.now() - began < TURN_MS) {
        if (this.#connection.isClosed) return;
        const text = batch[done++];
        messages += 1 + (text.length >> KILOBYTES_4);
        const working = this.#handle(text);
        if (working === undefined) continue;
        if (!isPaused) this.#connection.socket.pause();
        isPaused = true;
        await working;
      }
      if (done < batch.length) this.#messages.unshift(...batch.slice(done));
      const waitMs = this.#throttle.take(messages);
      if (waitMs === 0 && this.#messages.length === 0) break;
      if (!isPaused) this.#connection.socket.pause();
      isPaused = true;
      await new Promise<void>((resolve) => (waitMs > 0 ? setTimeout(resolve, waitMs) : setImmediate(resolve)));
    }
    if (isPaused) this.#connection.socket.resume();
    this.#isBusy = false;
  }
}
