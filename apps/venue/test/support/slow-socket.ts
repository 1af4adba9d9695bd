import { Duplex } from 'node:stream';

/** A socket whose other side reads when the test says so: what is written waits until then, as in a system whose buffers are full. */
export class SlowSocket extends Duplex {
  readonly remoteAddress = '10.0.0.1';
  /** all that the other side has read */
  readonly #read: Buffer[] = [];
  readonly #waiting: { chunk: Buffer; done: (error?: Error) => void }[] = [];
  #final: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 16 * 1024 });
    this.on('error', () => undefined);
  }

  setNoDelay(): this {
    return this;
  }

  /** The other side sends something. */
  send(bytes: Uint8Array): void {
    this.push(bytes);
  }

  /** The other side reads at most so many writes. Returns how many there were. */
  receive(most: number): number {
    let count = 0;
    for (; count < most && this.#waiting.length > 0; count++) {
      const { chunk, done } = this.#waiting.shift()!;
      this.#read.push(Buffer.from(chunk)); // as late as a system may look at it
      done();
    }
    if (this.#waiting.length === 0 && this.#final !== undefined) {
      this.#final();
      this.push(null);
    }
    return count;
  }

  /** The whole stream as the other side has read it. */
  get received(): Buffer {
    return Buffer.concat(this.#read);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error) => void): void {
    this.#waiting.push({ chunk, done });
  }

  override _final(done: () => void): void {
    this.#final = done;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    for (const { done: give } of this.#waiting.splice(0)) give(new Error('closed'));
    done(error);
  }
}
