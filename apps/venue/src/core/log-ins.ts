import crypto from 'node:crypto';
import type { Login } from './accounts.ts';

/** Wrong passwords from one address before all its logins are refused for a while. */
const MOST_FAILURES = 20;
const FORGET_MS = 60_000;

/** Checks users and passwords, and slows down whoever guesses. */
export class LogIns {
  #logins = new Map<string, Login>();
  readonly #failures = new Map<string, number>();
  #forgetAt = 0;

  constructor(logins: readonly Login[]) {
    this.replace(logins);
  }

  /** Takes over the logins that there are now. */
  replace(logins: readonly Login[]): void {
    this.#logins = new Map(logins.map((login) => [login.user, login]));
  }

  get all(): Iterable<Login> {
    return this.#logins.values();
  }

  /** Undefined when user or password is wrong, or too many were from that address. */
  check(user: string, password: string, address: string): Login | undefined {
    const now = performance.now();
    if (now > this.#forgetAt) {
      this.#failures.clear();
      this.#forgetAt = now + FORGET_MS;
    }
    const failures = this.#failures.get(address) ?? 0;
    if (failures >= MOST_FAILURES) return undefined;
    const login = this.#logins.get(user);
    if (login !== undefined && isSame(login.password, password)) return login;
    this.#failures.set(address, failures + 1);
    return undefined;
  }
}

function isSame(a: string, b: string): boolean {
  const digest = (text: string) => crypto.createHash('sha256').update(text).digest();
  return crypto.timingSafeEqual(digest(a), digest(b));
}
