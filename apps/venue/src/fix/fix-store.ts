import fs from 'node:fs';
import path from 'node:path';
import type { FixStore } from '@outcry/wire/fix-session';

/** A record: number and length, then the message. */
const HEAD_BYTES = 8;

/**
 * A session's numbers and sent messages in two files, so that they outlive the venue's process: `.fix` holds the messages behind each other,
 * `.seq` the numbers, 16 bytes. They are written before a message goes out; the system puts them on the disk when it likes. Throws what the
 * disk says.
 */
export class FileFixStore implements FixStore {
  readonly #messages: number;
  readonly #numbers: number;
  readonly #sequences = new Float64Array(2);
  readonly #sequenceBytes = new Uint8Array(this.#sequences.buffer);
  /** offset of the message with a number, by number */
  #index: number[] = [];
  #end = 0;

  constructor(directory: string, name: string) {
    fs.mkdirSync(directory, { recursive: true });
    const open = (file: string) => fs.openSync(file, fs.existsSync(file) ? 'r+' : 'w+', 0o600);
    this.#messages = open(path.join(directory, `${name}.fix`));
    this.#numbers = open(path.join(directory, `${name}.seq`));
    fs.readSync(this.#numbers, this.#sequenceBytes, 0, 16, 0);
    this.#readIndex();
    // The process may have ended between the two files: what is kept was meant to be sent.
    this.#sequences[0] = Math.max(this.#sequences[0], this.#index.length, 1);
    this.#sequences[1] = Math.max(this.#sequences[1], 1);
  }

  get nextOut(): number {
    return this.#sequences[0];
  }
  set nextOut(next: number) {
    this.#sequences[0] = next;
    fs.writeSync(this.#numbers, this.#sequenceBytes, 0, 16, 0);
  }
  get nextIn(): number {
    return this.#sequences[1];
  }
  set nextIn(next: number) {
    this.#sequences[1] = next;
    fs.writeSync(this.#numbers, this.#sequenceBytes, 0, 16, 0);
  }

  save(sequence: number, message: Buffer): void {
    const record = Buffer.allocUnsafe(HEAD_BYTES + message.length);
    record.writeUInt32LE(sequence, 0);
    record.writeUInt32LE(message.length, 4);
    message.copy(record, HEAD_BYTES);
    fs.writeSync(this.#messages, record, 0, record.length, this.#end);
    this.#index[sequence] = this.#end;
    this.#end += record.length;
  }

  load(sequence: number): Buffer | undefined {
    const offset = this.#index[sequence];
    if (offset === undefined) return undefined;
    const head = Buffer.alloc(HEAD_BYTES);
    fs.readSync(this.#messages, head, 0, HEAD_BYTES, offset);
    const message = Buffer.alloc(head.readUInt32LE(4));
    fs.readSync(this.#messages, message, 0, message.length, offset + HEAD_BYTES);
    return message;
  }

  reset(): void {
    fs.ftruncateSync(this.#messages, 0);
    this.#index = [];
    this.#end = 0;
    this.#sequences.fill(1);
    fs.writeSync(this.#numbers, this.#sequenceBytes, 0, 16, 0);
  }

  close(): void {
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
