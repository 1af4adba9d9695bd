/** Sessions of orders: cancelled when no connection has owned them for a while. */
import crypto from 'node:crypto';
import type { CommandFields } from '../../spine/commands.ts';
import { massCancel } from '../../spine/commands.ts';

/** Sessions that one account may have, with those whose connection is gone and that wait for it. */
const MOST_OF_ACCOUNT = 64;
const ID_BYTES = 16;
/** Milliseconds before a cancel that the venue had no room for is tried again. */
const AGAIN_MS = 100;

/** A connection, as sessions know it. */
export interface SessionOwner {
  /** Another connection goes on with a session of this one. */
  onTakenOver(): void;
}

/** Orders that end with a connection. */
export interface Session {
  /** what a client comes back with: nobody guesses it */
  readonly id: string;
  /** what the engine knows the session's orders by */
  readonly number: number;
  readonly account: number;
}

interface Open extends Session {
  owner: SessionOwner | undefined;
  graceMs: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Sessions whose orders are cancelled when no connection owns them for a while. A session has one owner: who comes back with its id takes
 * it over, and what becomes of the connection that had it does not matter to it any more. Numbers count up from the time of the start, so
 * that none is used twice; orders of sessions from before a start are cancelled then.
 */
export class Sessions {
  readonly #submit: (fields: CommandFields) => Promise<unknown>;
  readonly #openSessions = new Map<string, Open>();
  readonly #ofAccount = new Map<number, number>();
  readonly #ofOwner = new Map<SessionOwner, Set<Open>>();
  #last = Math.floor(Date.now() / 1000) & 0x3fffffff;
  #isClosed = false;

  constructor(submit: (fields: CommandFields) => Promise<unknown>) {
    this.#submit = submit;
  }

  /** Opens a session of an account for a connection. Undefined: the account has too many. */
  open(account: number, owner: SessionOwner, graceMs: number): Session | undefined {
    const count = this.#ofAccount.get(account) ?? 0;
    if (count === MOST_OF_ACCOUNT) return undefined;
    this.#ofAccount.set(account, count + 1);
    const id = crypto.randomBytes(ID_BYTES).toString('hex');
    const session: Open = { id, number: ++this.#last, account, owner: undefined, graceMs, timer: undefined };
    this.#openSessions.set(id, session);
    this.#own(session, owner);
    return session;
  }

  /** Goes on with a session of the account, whoever had it. Undefined: it is over, or was never this account's. */
  takeOver(id: string, account: number, owner: SessionOwner, graceMs: number): Session | undefined {
    const session = this.#openSessions.get(id);
    if (session === undefined || session.account !== account) return undefined;
    clearTimeout(session.timer);
    session.timer = undefined;
    session.graceMs = graceMs;
    const before = session.owner;
    if (before === owner) return session;
    if (before !== undefined) this.#ofOwner.get(before)!.delete(session);
    this.#own(session, owner);
    before?.onTakenOver();
    return session;
  }

  #own(session: Open, owner: SessionOwner): void {
    session.owner = owner;
    const owned = this.#ofOwner.get(owner);
    if (owned === undefined) this.#ofOwner.set(owner, new Set([session]));
    else owned.add(session);
  }

  /** A connection is gone: orders of the sessions that it still owns go too, unless somebody goes on with them in time. */
  leave(owner: SessionOwner): void {
    const owned = this.#ofOwner.get(owner) ?? [];
    this.#ofOwner.delete(owner);
    for (const session of owned) {
      session.owner = undefined;
      session.timer = setTimeout(() => this.#end(session), session.graceMs);
    }
  }

  #end({ id, account, number }: Open): void {
    this.#openSessions.delete(id);
    this.#ofAccount.set(account, this.#ofAccount.get(account)! - 1);
    if (this.#ofAccount.get(account) === 0) this.#ofAccount.delete(account);
    this.cancel(account, number);
  }

  /** Cancels what is open of a session, as soon as the venue takes it. */
  cancel(account: number, number: number): void {
    this.#submit(massCancel(account, -1, -1, number)).catch(() => {
      if (!this.#isClosed) setTimeout(() => this.cancel(account, number), AGAIN_MS); // else the next start cancels them
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const { timer } of this.#openSessions.values()) clearTimeout(timer);
  }
}
