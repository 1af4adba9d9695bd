/** Events of accounts that their readers are still to be sent, so that what one account brings about holds up nobody else. */
import { Fifo } from '../../core/fairness/fifo.ts';
import { Slices, Turns, type Worker } from '../../core/fairness/slices.ts';
import type { AccountEvent } from './account-event.ts';

/** Milliseconds of a turn of the event loop, shared out by account. */
const TURN_MS = 1;
/** Events of a slice: each is written to every reader of its account. */
const EVENTS_A_SLICE = 8;
/** Events that may wait, of all accounts: half a kilobyte each. */
const MOST_WAITING = 1 << 18;
/** Beyond them the readers of an account are disconnected of which so many wait. */
const FEW_WAITING = 1024;

/** Who reads an account's events. */
export interface Reader {
  /** the API key or listen key that it came with */
  readonly key: string;
  hear(event: AccountEvent): void;
  /** It is disconnected: more than it may leave waits for it. */
  overrun(): void;
}

/** An account that has readers. */
class Followed implements Worker {
  isQueued = false;
  /** by reader: the first event that it is sent, those of before it came left out */
  readonly readers = new Map<Reader, number>();
  readonly waiting = new Fifo<() => AccountEvent>();
  /** events sent so far */
  sent = 0;
}

/** The readers of accounts, and what waits for them. Events of an account are sent in order, a few a turn; accounts take turns. */
export class AccountBacklog {
  readonly #accounts = new Map<number, Followed>();
  readonly #turns = new Turns<Followed>(new Slices(TURN_MS), (followed) => this.#send(followed));
  readonly #mostWaiting: number;
  /** events of all accounts */
  #waiting = 0;

  /** @param mostWaiting in tests only */
  constructor(mostWaiting = MOST_WAITING) {
    this.#mostWaiting = mostWaiting;
  }

  isFollowed(account: number): boolean {
    return this.#accounts.has(account);
  }

  readersOf(account: number): readonly Reader[] {
    return [...(this.#accounts.get(account)?.readers.keys() ?? [])];
  }

  /** Returns how to end it. */
  add(account: number, reader: Reader): () => void {
    const followed = this.#accounts.get(account) ?? new Followed();
    this.#accounts.set(account, followed);
    followed.readers.set(reader, followed.sent + followed.waiting.length);
    return () => {
      followed.readers.delete(reader);
      if (followed.readers.size === 0) this.#forget(account, followed);
    };
  }

  /** @param make the event, when its turn comes: what it says must be known already */
  push(account: number, make: () => AccountEvent): void {
    const followed = this.#accounts.get(account);
    if (followed === undefined) return;
    if (this.#waiting >= this.#mostWaiting && followed.waiting.length >= FEW_WAITING) {
      const readers = [...followed.readers.keys()];
      followed.readers.clear();
      this.#forget(account, followed);
      for (const reader of readers) reader.overrun();
      return;
    }
    this.#waiting++;
    followed.waiting.push(make);
    this.#turns.add(followed);
  }

  #forget(account: number, followed: Followed): void {
    this.#waiting -= followed.waiting.length;
    followed.waiting.clear();
    if (this.#accounts.get(account) === followed) this.#accounts.delete(account);
  }

  #send(followed: Followed): boolean {
    for (let left = EVENTS_A_SLICE; left > 0; left--) {
      const make = followed.waiting.shift();
      if (make === undefined) return false;
      this.#waiting--;
      const number = followed.sent++;
      const event = make();
      for (const [reader, first] of followed.readers) if (number >= first) reader.hear(event);
    }
    return followed.waiting.length > 0;
  }
}
