/** ClOrdIDs that accounts have used since the session day began. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Services } from '../../core/services.ts';
import type { SessionDay } from '../../core/session-day.ts';
import { textHash } from '../../spine/commands.ts';
import { IdSet } from './id-set.ts';

/** ClOrdIDs of an account in a day, beyond which it enters nothing new, and no more are remembered: 200 MB of memory. */
const MOST_IDS = 16_000_000;
const ROWS_AT_ONCE = 500;
const RETRY_MS = 1000;

/**
 * The ClOrdIDs that accounts have used since the session day began: none enters twice. What this run saw is remembered, and what became an
 * order before it is read from the store, which the journal keeps whole.
 */
export class UsedIds {
  readonly #services: Services;
  readonly #day: SessionDay;
  readonly #log: Logger;
  readonly #byAccount = new Map<number, IdSet>();
  #isRunning = true;
  /** Whether those of before this run are known. */
  isComplete = false;

  readonly #most: number;

  /** @param most for tests */
  constructor(services: Services, day: SessionDay, log: Logger, most = MOST_IDS) {
    this.#most = most;
    this.#services = services;
    this.#day = day;
    this.#log = log;
    day.onRoll.push(() => this.#byAccount.clear());
  }

  has(account: number, id: string): boolean {
    return this.#byAccount.get(account)?.has(id) ?? false;
  }

  /** Whether the account can have no more today. */
  isFull(account: number): boolean {
    return (this.#byAccount.get(account)?.size ?? 0) >= this.#most;
  }

  /** Remembers one, unless the account has too many: it enters nothing more then, and its cancels, which may come under any id, pass. */
  add(account: number, id: string): void {
    if (this.isFull(account)) return;
    let ids = this.#byAccount.get(account);
    if (ids === undefined) {
      ids = new IdSet(textHash);
      this.#byAccount.set(account, ids);
    }
    ids.add(id);
  }

  close(): void {
    this.#isRunning = false;
  }

  /** Reads the day's orders of accounts with logins, a few at a time, once the store has what was recovered; until it has, as long as that takes. */
  async load(): Promise<void> {
    const { shared, storeWatch } = this.#services;
    const recovered = shared.memory.start;
    if (recovered === 0) this.isComplete = true;
    while (this.#isRunning && !(await storeWatch.reached(recovered, RETRY_MS)));
    for (let isFirst = true; this.#isRunning && !this.isComplete; isFirst = false) {
      try {
        await this.#read();
        this.isComplete = this.#isRunning;
      } catch (error) {
        if (isFirst) this.#log.warn(`FIX takes no new orders until the store can be read: ${(error as Error).message}`);
        await sleep(RETRY_MS);
      }
    }
  }

  async #read(): Promise<void> {
    const { history, accounts, market } = this.#services;
    for (const account of new Set(accounts.logins.map((login) => login.account))) {
      for (const { number } of market.instruments) {
        let from = 0;
        for (let rows = ROWS_AT_ONCE; rows === ROWS_AT_ONCE && this.#isRunning; ) {
          const page = await history.clientIds(account, number, from, this.#day.begin, ROWS_AT_ONCE);
          for (const [id, clientId] of page) {
            if (clientId !== '') this.add(account, clientId);
            from = id + 1;
          }
          rows = page.length;
        }
      }
    }
  }
}
