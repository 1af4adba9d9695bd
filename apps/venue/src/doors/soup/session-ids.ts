import fs from 'node:fs';
import { replaceFile } from '@outcry/journal/durable-file';
import { SESSION_LETTERS } from '@outcry/wire/soup';

/**
 * Names of sessions: the time in microseconds, to the base 36, which takes ten letters until 2085. The last one is kept in a file, so that none
 * comes twice, whatever the clock does: not after a start in the same moment, and not when the clock has stepped back.
 */
export class SessionIds {
  /** Called when a name could not be noted: it holds, but could come again after a start at which the clock has stepped back. */
  onUnnoted: (error: Error) => void = () => undefined;
  readonly #file: string;
  readonly #now: () => number;
  #last: number;

  /** @param file where the last one is kept */
  constructor(file: string, now: () => number = Date.now) {
    this.#file = file;
    this.#now = now;
    this.#last = fs.existsSync(this.#file) ? readId(fs.readFileSync(this.#file, 'utf8')) : 0;
  }

  /** A name that no session had. */
  next(): string {
    this.#last = Math.max(this.#last + 1, this.#now() * 1000);
    const name = this.#last.toString(36).toUpperCase().padStart(SESSION_LETTERS, '0');
    try {
      replaceFile(this.#file, name);
    } catch (error) {
      this.onUnnoted(error as Error);
    }
    return name;
  }
}

/** The number of a name; 0 of what is none. */
function readId(name: string): number {
  return /^[0-9A-Z]{10}$/.test(name) ? Number.parseInt(name, 36) : 0;
}
