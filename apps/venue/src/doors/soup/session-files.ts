import fs from 'node:fs';
import path from 'node:path';
import { SequencedLog } from './sequenced-log.ts';

/** The logs of one session, a file each in a directory of its own; both go when the session is over and nobody reads it any more. */
export class SessionFiles {
  readonly directory: string;
  readonly #logs = new Set<SequencedLog>();
  #isOver = false;

  constructor(directory: string) {
    this.directory = directory;
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  open(name: string): SequencedLog {
    const log = new SequencedLog(path.join(this.directory, `${name}.soup`));
    this.#logs.add(log);
    return log;
  }

  /** Once a second: logs that nothing happens to give back what they hold. */
  tick(now: number): void {
    for (const log of this.#logs) log.rest(now);
  }

  /** Nobody needs a log any more but those who read it now. */
  discard(log: SequencedLog): void {
    log.discard(() => {
      this.#logs.delete(log);
      this.#removeEmpty();
    });
  }

  /** The session is over: what was kept of it goes as soon as the last reader has. */
  end(): void {
    this.#isOver = true;
    for (const log of this.#logs) this.discard(log);
    this.#removeEmpty();
  }

  #removeEmpty(): void {
    if (this.#isOver && this.#logs.size === 0) fs.rm(this.directory, { recursive: true, force: true }, () => undefined);
  }
}
