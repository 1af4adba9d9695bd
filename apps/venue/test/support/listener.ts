import { WebSocket } from 'ws';

/** A WebSocket client that keeps what it is told, and can wait for it. */
export class Listener {
  readonly socket: WebSocket;
  readonly messages: any[] = [];
  closed: { code: number; reason: string } | undefined;
  #wake = () => {};

  private constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('message', (data) => {
      this.messages.push(JSON.parse(data.toString()));
      this.#wake();
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#wake();
    });
  }

  /** @param url of the venue, as http */
  static async open(url: string, path: string): Promise<Listener> {
    const listener = new Listener(url.replace('http', 'ws') + path);
    await new Promise((resolve, reject) => {
      listener.socket.once('open', resolve);
      listener.socket.once('error', reject);
    });
    return listener;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The first message that passes, of those that came and those that come; rejects after a minute. */
  async until(wanted: (message: any) => boolean, what = 'a message'): Promise<any> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const found = this.messages.find(wanted);
      if (found !== undefined) return found;
      if (Date.now() > deadline || this.closed !== undefined) {
        throw new Error(`${what} did not come; last: ${JSON.stringify(this.messages.slice(-3))}, closed: ${JSON.stringify(this.closed)}`);
      }
      await this.#next(deadline - Date.now());
    }
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    while (this.closed === undefined) await this.#next(10_000);
    return this.closed;
  }

  /** Sends a request and resolves to its answer. */
  async request(message: { id: number | string; method: string; params?: unknown }): Promise<any> {
    this.send(message);
    return await this.until((answer) => answer.id === message.id, `the answer to ${message.method}`);
  }

  close(): void {
    this.socket.close();
  }

  #next(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
