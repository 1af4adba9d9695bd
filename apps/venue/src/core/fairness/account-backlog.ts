/** Events of accounts that their readers are still to be sent: each is made once, for all readers of its account. */
import { AccountLines } from './account-lines.ts';

/** Milliseconds of a turn of the event loop, shared out by account. */
const TURN_MS = 1;
/** Events that may wait, of all accounts: half a kilobyte each. */
const MOST_WAITING = 1 << 18;
/** Beyond them the readers of an account are disconnected of which so many wait. */
const FEW_WAITING = 1024;

/** Who reads an account's events. */
export interface Reader<Event> {
  hear(event: Event): void;
  /** It is disconnected: more than it may leave waits for it. */
  overrun(): void;
}

export interface BacklogOptions {
  /** events of a slice: each is written to every reader of its account */
  readonly eventsASlice: number;
  /** in tests only */
  readonly mostWaiting?: number;
}

/** An account that has readers. */
class Followed<Event, R extends Reader<Event>> {
  /** by reader: the first event that it is sent, those of before it came left out */
  readonly readers = new Map<R, number>();
  /** events so far, and those of them that were sent */
  pushed = 0;
  sent = 0;
}

interface Waiting<Event, R> {
  /** makes the event, when its turn comes */
  readonly make: () => Event;
  /** the only one that it is for; undefined: it is for all */
  readonly to: R | undefined;
}

/** The readers of accounts, and what waits for them. Events of an account are sent in order, a few a turn; accounts take turns. */
export class AccountBacklog<Event, R extends Reader<Event>> {
  readonly #accounts = new Map<number, Followed<Event, R>>();
  readonly #lines: AccountLines<Waiting<Event, R>>;

  constructor({ eventsASlice, mostWaiting = MOST_WAITING }: BacklogOptions) {
    this.#lines = new AccountLines({
      turnMs: TURN_MS,
      aSlice: eventsASlice,
      most: mostWaiting,
      work: (account, waiting) => this.#send(this.#accounts.get(account)!, waiting),
    });
  }

  isFollowed(account: number): boolean {
    return this.#accounts.has(account);
  }

  /** Events of an account that wait. */
  waitingOf(account: number): number {
    return this.#lines.waitingOf(account);
  }

  readersOf(account: number): readonly R[] {
    return [...(this.#accounts.get(account)?.readers.keys() ?? [])];
  }

  /** The readers of all accounts. */
  *readers(): Generator<R> {
    for (const { readers } of this.#accounts.values()) yield* readers.keys();
  }

  /** Returns how to end it. */
  add(account: number, reader: R): () => void {
    const followed = this.#accounts.get(account) ?? new Followed<Event, R>();
    this.#accounts.set(account, followed);
    followed.readers.set(reader, followed.pushed);
    return () => {
      followed.readers.delete(reader);
      if (followed.readers.size === 0) this.#forget(account, followed);
    };
  }

  /** @param make the event, when its turn comes: what it says must be known already */
  push(account: number, make: () => Event): void {
    this.#push(account, { make, to: undefined });
  }

  /** Sends something to one reader of an account, behind what waits for it. */
  pushTo(account: number, reader: R, event: Event): void {
    if (this.#accounts.get(account)?.readers.has(reader) !== true) return;
    if (this.#lines.waitingOf(account) === 0) reader.hear(event);
    else this.#push(account, { make: () => event, to: reader });
  }

  #push(account: number, waiting: Waiting<Event, R>): void {
    const followed = this.#accounts.get(account);
    if (followed === undefined) return;
    if (this.#lines.isFull && this.#lines.waitingOf(account) >= FEW_WAITING) {
      const readers = [...followed.readers.keys()];
      followed.readers.clear();
      this.#forget(account, followed);
      for (const reader of readers) reader.overrun();
      return;
    }
    followed.pushed++;
    this.#lines.push(account, waiting);
  }

  #forget(account: number, followed: Followed<Event, R>): void {
    if (this.#accounts.get(account) !== followed) return;
    this.#lines.clear(account);
    this.#accounts.delete(account);
  }

  #send(followed: Followed<Event, R>, { make, to }: Waiting<Event, R>): void {
    const number = followed.sent++;
    if (to !== undefined && !followed.readers.has(to)) return;
    const event = make();
    if (to !== undefined) to.hear(event);
    else for (const [reader, first] of followed.readers) if (number >= first) reader.hear(event);
  }
}
