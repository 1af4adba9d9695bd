import fs from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { spareName } from '@outcry/journal/journal-writer';

const LOOK_EVERY_MS = 50;
const RETRY_MS = 1000;
const CHUNK = 2 * 1024 * 1024;
const { O_WRONLY, O_CREAT, O_TRUNC, O_DSYNC } = fs.constants;

/**
 * Keeps one zeroed segment ready beside the journal, so that the journal thread never has to make one while orders wait. Writes it
 * in small pieces, each synced, so that the journal's own syncs do not queue behind a large one.
 */
export class SegmentPreparer {
  readonly #directory: string;
  readonly #bytes: number;
  readonly #onFailure: (error: Error) => void;
  readonly #timer: NodeJS.Timeout;
  #working: Promise<void> | undefined;
  #number = 0;
  #closed = false;
  #failedAt = 0;

  constructor(directory: string, bytes: number, onFailure: (error: Error) => void) {
    this.#directory = directory;
    this.#bytes = bytes;
    this.#onFailure = onFailure;
    for (const name of fs.readdirSync(directory)) if (name.endsWith('.preparing')) fs.rmSync(path.join(directory, name));
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closed = true;
    await this.#working;
  }

  #look(): void {
    if (this.#working !== undefined || performance.now() - this.#failedAt < RETRY_MS) return;
    const prepare = async () => {
      const hasSpare = fs.readdirSync(this.#directory).some((name) => /^spare-\d+\.tmp$/.test(name));
      if (!hasSpare) await this.#prepare();
    };
    this.#working = prepare()
      .catch((error: Error) => {
        this.#failedAt = performance.now();
        this.#onFailure(error);
      })
      .finally(() => {
        this.#working = undefined;
      });
  }

  async #prepare(): Promise<void> {
    const target = path.join(this.#directory, spareName(this.#number++));
    const temporary = `${target}.preparing`;
    const zeros = Buffer.alloc(CHUNK);
    const file = await open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_DSYNC, 0o644);
    try {
      for (let at = 0; at < this.#bytes && !this.#closed; at += CHUNK) {
        await file.write(zeros, 0, Math.min(CHUNK, this.#bytes - at), at);
      }
    } catch (error) {
      await file.close();
      fs.rmSync(temporary, { force: true });
      throw error;
    }
    await file.close();
    if (this.#closed) fs.rmSync(temporary, { force: true });
    else fs.renameSync(temporary, target);
  }
}
