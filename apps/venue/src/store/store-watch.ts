/** Waits until the store has a command. */

/** Who waits for the store to have a command. */
const POLL_MS = 3;

/** Where the follower says how far the store is. */
interface Position {
  /** the last command whose rows are all in the store */
  read(): number;
}

interface Waiting {
  sequence: number;
  deadline: number;
  resolve: (isThere: boolean) => void;
}

/** Looks at how far the store is, for all who wait for it. */
export class StoreWatch {
  readonly #stored: Position;
  #waiting: Waiting[] = [];

  constructor(stored: Position) {
    this.#stored = stored;
  }

  /** Resolves with whether the store has a command, in time. */
  reached(sequence: number, mostMs: number): Promise<boolean> {
    if (this.#stored.read() >= sequence) return Promise.resolve(true);
    const deadline = performance.now() + mostMs;
    return new Promise((resolve) => {
      if (this.#waiting.push({ sequence, deadline, resolve }) === 1) setTimeout(this.#look, POLL_MS);
    });
  }

  readonly #look = () => {
    const [stored, now] = [this.#stored.read(), performance.now()];
    const isOver = ({ sequence, deadline }: Waiting) => stored >= sequence || now >= deadline;
    const over = this.#waiting.filter(isOver);
    this.#waiting = this.#waiting.filter((one) => !isOver(one));
    if (this.#waiting.length > 0) setTimeout(this.#look, POLL_MS);
    for (const { sequence, resolve } of over) resolve(stored >= sequence);
  };
}
