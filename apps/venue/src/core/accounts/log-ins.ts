/** Passwords of logins: checked, with a limit on failures. */
import { sourceOf } from '../../domain/addresses.ts';
import { isValid, LEAST_PASSWORD, type Login, type Password } from '../../domain/credentials.ts';
import { isSecret } from '../../domain/secrets.ts';

/** Failures of one user from one address before he is refused there, whatever he sends. */
const MOST_OF_USER = 5;
/** Failures from one address before those users that failed there are refused at once. Users that did not are let in with their password. */
const MOST_OF_ADDRESS = 20;
/** A failure is forgotten after so long. */
const FORGET_ONE_MS = 12_000;
/** Places that failures are remembered of; the oldest is forgotten for a new one. */
const MOST_REMEMBERED = 50_000;
/** What a password of nobody is compared with, so that an unknown user takes as long as a known one. */
const NOBODY: Password = { key: '00'.repeat(32), hash: '00'.repeat(32) };

/** A login that somebody used. */
export interface SignedIn extends Login {
  /** the hash of the password that he sent */
  readonly by: string;
}

/**
 * Checks users and passwords, and slows down whoever guesses. Failures are counted by user and address, and by address: many wrong
 * passwords from one address shut out the users that they were sent for, there, and nobody else.
 */
export class LogIns {
  #logins = new Map<string, Login>();
  #byNumber = new Map<number, Login>();
  readonly #failures: Failures;

  /** @param now milliseconds, for tests */
  constructor(logins: readonly Login[], now: () => number = () => performance.now()) {
    this.#failures = new Failures(now);
    this.replace(logins);
  }

  /** Takes over the logins that there are now. */
  replace(logins: readonly Login[]): void {
    this.#logins = new Map(logins.map((login) => [login.user, login]));
    this.#byNumber = new Map(logins.map((login) => [login.number, login]));
  }

  numbered(number: number): Login | undefined {
    return this.#byNumber.get(number);
  }

  /** Undefined when user or password is wrong, its time is up, or too many wrong ones were sent from that address. */
  check(user: string, password: string, address: string): SignedIn | undefined {
    const login = this.#logins.get(user);
    const source = sourceOf(address);
    // Users that there are not share one count: names that are made up take no place.
    const pair = `${source} ${login === undefined ? '' : user}`;
    const ofUser = this.#failures.of(pair);
    if (ofUser >= MOST_OF_USER || (ofUser > 0 && this.#failures.of(source) >= MOST_OF_ADDRESS)) return undefined;
    const now = Date.now();
    const given = password.length >= LEAST_PASSWORD ? password : '';
    const passwords = login !== undefined && isValid(login, now) && login.passwords.length > 0 ? login.passwords : [NOBODY];
    const matching = passwords.find((kept) => isSecret(kept, given) && isValid(kept, now));
    if (login !== undefined && matching !== undefined && given !== '') {
      this.#failures.forget(pair);
      return { ...login, by: matching.hash };
    }
    this.#failures.add(pair);
    this.#failures.add(source);
    return undefined;
  }

  /** Whether somebody who signed in may still be in: his login is there, and the password that he used holds. */
  holds({ user, number, by }: SignedIn): boolean {
    const login = this.#logins.get(user);
    const now = Date.now();
    if (login === undefined || login.number !== number || !isValid(login, now)) return false;
    return login.passwords.some((kept) => kept.hash === by && isValid(kept, now));
  }
}

/** Counts that go down by one every so often, in bounded memory. */
class Failures {
  readonly #now: () => number;
  /** the latest last */
  readonly #counts = new Map<string, { count: number; at: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  of(place: string): number {
    const known = this.#counts.get(place);
    return known === undefined ? 0 : Math.max(0, known.count - Math.floor((this.#now() - known.at) / FORGET_ONE_MS));
  }

  add(place: string): void {
    const count = this.of(place) + 1;
    this.#counts.delete(place);
    if (this.#counts.size >= MOST_REMEMBERED) this.#counts.delete(this.#counts.keys().next().value!);
    this.#counts.set(place, { count, at: this.#now() });
  }

  forget(place: string): void {
    this.#counts.delete(place);
  }
}
