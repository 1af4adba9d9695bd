import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { NOTE_FILE } from '@outcry/journal/durable-note';
import { SPARE_NAME } from '@outcry/journal/journal-writer';

const LOOK_EVERY_MS = 50;
const RETRY_MS = 1000;
const SYNC_EVERY_MS = 1000;
const CHUNK = 2 * 1024 * 1024;
const PRIVATE = 0o600;
const { O_WRONLY, O_CREAT, O_TRUNC, O_DSYNC } = fs.constants;

/**
 * Keeps one zeroed segment ready beside the journal, so that the journal thread never has to make one while orders wait. Writes it
 * in small pieces, each synced, so that the journal's own syncs do not queue behind a large one. Once a second it also makes the note
 * of what is durable durable itself, which the journal thread has no time for.
 */
export class SegmentPreparer {
  readonly #directory: string;
  readonly #bytes: number;
  readonly #onFailure: (error: Error) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #noteFd: number;
  #working: Promise<void> | undefined;
  #closed = false;
  #failedAt = 0;
  #failure = '';
  #syncedAt = 0;

  constructor(directory: string, bytes: number, onFailure: (error: Error) => void) {
    this.#directory = directory;
    this.#bytes = bytes;
    this.#onFailure = onFailure;
    const note = path.join(directory, NOTE_FILE);
    this.#noteFd = fs.existsSync(note) ? fs.openSync(note, 'r+') : -1;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closed = true;
    await this.#working;
    if (this.#noteFd >= 0) fs.closeSync(this.#noteFd);
  }

  #look(): void {
    if (this.#working !== undefined || performance.now() - this.#failedAt < RETRY_MS) return;
    this.#working = this.#work()
      .then(() => {
        this.#failure = '';
      })
      .catch((error: Error) => {
        this.#failedAt = performance.now();
        if (error.message !== this.#failure) this.#onFailure(error); // tried again every second, told once
        this.#failure = error.message;
      })
      .finally(() => {
        this.#working = undefined;
      });
  }

  async #work(): Promise<void> {
    if (!fs.existsSync(path.join(this.#directory, SPARE_NAME))) await this.#prepare();
    if (this.#noteFd < 0 || performance.now() - this.#syncedAt < SYNC_EVERY_MS) return;
    this.#syncedAt = performance.now();
    await new Promise<void>((resolve, reject) => fs.fdatasync(this.#noteFd, (error) => (error === null ? resolve() : reject(error))));
  }

  async #prepare(): Promise<void> {
    const target = path.join(this.#directory, SPARE_NAME);
    const temporary = `${target}.preparing`;
    const file = await open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_DSYNC, PRIVATE);
    try {
      await this.#fill(file);
    } catch (error) {
      await file.close();
      fs.rmSync(temporary, { force: true });
      throw error;
    }
    await file.close();
    if (this.#closed) fs.rmSync(temporary, { force: true });
    else fs.renameSync(temporary, target);
  }

  async #fill(file: FileHandle): Promise<void> {
    const zeros = Buffer.alloc(CHUNK);
    for (let at = 0; at < this.#bytes && !this.#closed; ) {
      const { bytesWritten } = await file.write(zeros, 0, Math.min(CHUNK, this.#bytes - at), at);
      if (bytesWritten < 1) throw Object.assign(new Error('ENOSPC: no room for the next segment'), { code: 'ENOSPC' });
      at += bytesWritten;
    }
  }
}
