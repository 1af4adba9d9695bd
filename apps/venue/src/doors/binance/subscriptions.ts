/** Accounts whose events go out on one connection of the WebSocket API. */
import { errors } from '../http/errors.ts';
import { AccountEvent } from './account-event.ts';
import type { UserStreams } from './user-streams.ts';
import { type Connection, OVERRUN } from './ws-connection.ts';

/** Accounts that one connection may hear. */
const MOST_SUBSCRIPTIONS = 100;

interface Subscription {
  readonly account: number;
  /** whether it rests on session.logon, and ends with session.logout */
  readonly ofSession: boolean;
  readonly head: string;
  end(): void;
}

export class Subscriptions {
  readonly #connection: Connection;
  readonly #users: UserStreams;
  readonly #all = new Map<number, Subscription>();
  #next = 0;

  constructor(connection: Connection, users: UserStreams) {
    this.#connection = connection;
    this.#users = users;
  }

  get size(): number {
    return this.#all.size;
  }

  list(): { subscriptionId: number }[] {
    return [...this.#all.keys()].map((subscriptionId) => ({ subscriptionId }));
  }

  /**
   * One subscription to an account, and so many in all: each event of the account is written to each of them. Returns its number.
   * Throws ApiError -1034, -2035.
   */
  add(account: number, key: string, ofSession: boolean): number {
    for (const other of this.#all.values()) if (other.account === account) throw errors.subscriptionActive();
    if (this.#all.size >= MOST_SUBSCRIPTIONS) throw errors.tooManySubscriptions(MOST_SUBSCRIPTIONS);
    const head = `{"subscriptionId":${this.#next},"event":`;
    const end = this.#users.subscribe(account, {
      key,
      hear: (event) => this.#connection.queue(event.frame(head, '}')),
      overrun: () => this.#connection.refuse(OVERRUN),
    });
    if (end === undefined) throw errors.tooManyReaders();
    this.#all.set(this.#next, { account, ofSession, head, end });
    return this.#next++;
  }

  /** Ends those that are meant, and says so on each. @param only the number of one; undefined: all */
  end(now: number, only?: number): void {
    this.#end(now, (number) => only === undefined || number === only);
  }

  /** Ends those that rest on the session's log-in. */
  endOfSession(now: number): void {
    this.#end(now, (_number, { ofSession }) => ofSession);
  }

  /** Ends all: the connection is gone. */
  stop(): void {
    for (const { end } of this.#all.values()) end();
    this.#all.clear();
  }

  #end(now: number, isMeant: (number: number, subscription: Subscription) => boolean): void {
    for (const [number, subscription] of this.#all) {
      if (!isMeant(number, subscription)) continue;
      subscription.end();
      this.#all.delete(number);
      this.#connection.queue(new AccountEvent({ e: 'eventStreamTerminated', E: now }).frame(subscription.head, '}'));
    }
  }
}
