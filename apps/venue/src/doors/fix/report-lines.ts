/** What FIX clients are told of orders, and when: see {@link ReportLines}. */
import { AccountLines } from '../../core/fairness/account-lines.ts';

/** Milliseconds of a turn of the event loop for reports, shared out by account. */
const TURN_MS = 2;
/** Reports of an account in a slice: a hundredth of a millisecond each. */
const REPORTS_A_SLICE = 8;
/** Reports that may wait, of all accounts: half a kilobyte each. */
const MOST_WAITING = 1 << 18;

/**
 * Reports and answers, of each account in their order. They go out at once while a turn has time, else they wait for a slice, so that an
 * account whose orders end by the thousand waits for itself, and others for a slice of it. None is given up, since a session's numbers say
 * what it was told: when as many wait as may, each further one sends the oldest of its account, and the turn takes as long as that takes.
 */
export class ReportLines {
  readonly #lines: AccountLines<() => void>;

  /** @param mostWaiting in tests only */
  constructor(mostWaiting = MOST_WAITING) {
    this.#lines = new AccountLines({ turnMs: TURN_MS, aSlice: REPORTS_A_SLICE, most: mostWaiting, work: (_account, send) => send() });
  }

  /** Reports of an account that wait. */
  waitingOf(account: number): number {
    return this.#lines.waitingOf(account);
  }

  /** @param send makes and sends it: what it says must be known already */
  tell(account: number, send: () => void): void {
    if (this.#lines.waitingOf(account) === 0 && this.#lines.hasTime) send();
    else if (this.#lines.isFull && !this.#lines.next(account)) send();
    else this.#lines.push(account, send);
  }

  /** Does something once all that waits for an account is sent. */
  behind(account: number, then: () => void): void {
    if (this.#lines.waitingOf(account) === 0) then();
    else this.#lines.push(account, then);
  }

  /** Sends all that waits, now. */
  finish(): void {
    this.#lines.finish();
  }
}
