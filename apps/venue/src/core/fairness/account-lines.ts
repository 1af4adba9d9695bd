/** What accounts bring about and others are to be sent: it waits for its turn in a line by account, so that one account holds up nobody else. */
import { Fifo } from './fifo.ts';
import { Slices, Turns, type Worker } from './slices.ts';

export interface LineOptions<T> {
  /** milliseconds of a turn of the event loop, shared out by account */
  readonly turnMs: number;
  /** items of an account in a slice */
  readonly aSlice: number;
  /** items that may wait, of all accounts: whoever adds one sees to it, see {@link AccountLines.isFull} */
  readonly most: number;
  work(account: number, item: T): void;
}

class Line<T> implements Worker {
  isQueued = false;
  readonly account: number;
  readonly items = new Fifo<T>();

  constructor(account: number) {
    this.account = account;
  }
}

/** Lines of items by account. Those of an account are worked off in order, a few a slice; accounts take turns. */
export class AccountLines<T> {
  readonly #options: LineOptions<T>;
  /** accounts of which something waits */
  readonly #lines = new Map<number, Line<T>>();
  readonly #turns: Turns<Line<T>>;
  #waiting = 0;

  constructor(options: LineOptions<T>) {
    this.#options = options;
    this.#turns = new Turns(new Slices(options.turnMs), (line) => this.#step(line));
  }

  /** Whether as much waits as may. */
  get isFull(): boolean {
    return this.#waiting >= this.#options.most;
  }

  /** Items of an account that wait. */
  waitingOf(account: number): number {
    return this.#lines.get(account)?.items.length ?? 0;
  }

  /** Whether this turn has time left, and nobody waits for it: an account of which nothing waits may go on at once. */
  get hasTime(): boolean {
    return this.#turns.hasTime;
  }

  push(account: number, item: T): void {
    let line = this.#lines.get(account);
    if (line === undefined) {
      line = new Line(account);
      this.#lines.set(account, line);
    }
    line.items.push(item);
    this.#waiting++;
    this.#turns.add(line);
  }

  /** Works off the oldest item of an account now. Returns whether there was one. */
  next(account: number): boolean {
    const line = this.#lines.get(account);
    if (line === undefined) return false;
    this.#workOff(line);
    return true;
  }

  /** Forgets what waits of an account. */
  clear(account: number): void {
    const line = this.#lines.get(account);
    if (line === undefined) return;
    this.#lines.delete(account);
    this.#waiting -= line.items.length;
    line.items.clear();
  }

  /** Works off all that waits, now. */
  finish(): void {
    for (const account of [...this.#lines.keys()]) while (this.next(account));
  }

  #step(line: Line<T>): boolean {
    for (let left = this.#options.aSlice; left > 0 && line.items.length > 0; left--) this.#workOff(line);
    return line.items.length > 0;
  }

  #workOff(line: Line<T>): void {
    const item = line.items.shift()!;
    this.#waiting--;
    if (line.items.length === 0) this.#lines.delete(line.account);
    this.#options.work(line.account, item);
  }
}
