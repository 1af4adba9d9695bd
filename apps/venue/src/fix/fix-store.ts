import fs from 'node:fs';
import path from 'node:path';
import type { FixStore } from '@outcry/wire/fix-session';

/** A record: number and length, then the message. */
const HEAD_BYTES = 8;

/**
 * A session's numbers and sent messages in two files, so that they outlive the venue's process: `.fix` holds the messages behind each other,
 * with their numbers, `.seq` the number of the next message to receive. What is saved is in the file after `flush`, which comes before it goes
 * out; the system puts it on the disk when it likes. Throws what the disk says.
 */
export class FileFixStore implements FixStore {
  readonly #messages: number;
  readonly #numbers: number;
  readonly #received = new Float64Array(1);
  readonly #receivedBytes = new Uint8Array(this.#received.buffer);
  nextOut: number;
  /** offset of the message with a number, by number */
  #index: number[] = [];
  #end = 0;
  #pending: Buffer[] = [];

  constructor(directory: string, name: string) {
    fs.mkdirSync(directory, { recursive: true });
    const open = (file: string) => fs.openSync(file, fs.existsSync(file) ? 'r+' : 'w+', 0o600);
    this.#messages = open(path.join(directory, `${name}.fix`));
    this.#numbers = open(path.join(directory, `${name}.seq`));
    fs.readSync(this.#numbers, this.#receivedBytes, 0, 8, 0);
    this.#received[0] = Math.max(this.#received[0], 1);
    this.#readIndex();
    this.nextOut = Math.max(this.#index.length, 1);
  }

  get nextIn(): number {
    return this.#received[0];
  }
  set nextIn(next: number) {
    const before = this.#received[0];
    this.#received[0] = next;
    try {
      fs.writeSync(this.#numbers, this.#receivedBytes, 0, 8, 0);
    } catch (error) {
      this.#received[0] = before; // the client sends it again
      throw error;
    }
  }

  save(sequence: number, message: Buffer): void {
    const record = Buffer.allocUnsafe(HEAD_BYTES + message.length);
    record.writeUInt32LE(sequence, 0);
    record.writeUInt32LE(message.length, 4);
    message.copy(record, HEAD_BYTES);
    this.#pending.push(record);
    this.#index[sequence] = this.#end;
    this.#end += record.length;
  }

  /** Writes what was saved; what cannot be written is tried again next time. */
  flush(): void {
    if (this.#pending.length === 0) return;
    const records = this.#pending.length === 1 ? this.#pending[0] : Buffer.concat(this.#pending);
    for (let at = 0; at < records.length; )
      at += fs.writeSync(this.#messages, records, at, records.length - at, this.#end - records.length + at);
    this.#pending = [];
  }

  load(sequence: number): Buffer | undefined {
    const offset = this.#index[sequence];
    if (offset === undefined) return undefined;
    this.flush();
    const head = Buffer.alloc(HEAD_BYTES);
    fs.readSync(this.#messages, head, 0, HEAD_BYTES, offset);
    const message = Buffer.alloc(head.readUInt32LE(4));
    fs.readSync(this.#messages, message, 0, message.length, offset + HEAD_BYTES);
    return message;
  }

  reset(): void {
    fs.ftruncateSync(this.#messages, 0);
    this.#pending = [];
    this.#index = [];
    this.#end = 0;
    this.nextOut = 1;
    this.nextIn = 1;
  }

  close(): void {
    this.flush();
    fs.closeSync(this.#messages);
    fs.closeSync(this.#numbers);
  }

  #readIndex(): void {
    const { size } = fs.fstatSync(this.#messages);
    const head = Buffer.alloc(HEAD_BYTES);
    while (this.#end + HEAD_BYTES <= size) {
      fs.readSync(this.#messages, head, 0, HEAD_BYTES, this.#end);
      const next = this.#end + HEAD_BYTES + head.readUInt32LE(4);
      if (next > size) break; // the last one was cut off: it never went out
      this.#index[head.readUInt32LE(0)] = this.#end;
      this.#end = next;
    }
  }
}
