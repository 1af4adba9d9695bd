import type { CommandFields } from './commands.ts';
import { massCancel } from './commands.ts';

/**
 * Sessions whose orders are cancelled when they end: a client that lost its connection has a while to come back. Numbers count up
 * from the time of the start, so that none is used twice; orders of sessions from before a start are cancelled then.
 */
export class Sessions {
  readonly #submit: (fields: CommandFields) => Promise<unknown>;
  readonly #open = new Map<number, { account: number; timer: NodeJS.Timeout | undefined }>();
  #last = Math.floor(Date.now() / 1000) & 0x3fffffff;

  constructor(submit: (fields: CommandFields) => Promise<unknown>) {
    this.#submit = submit;
  }

  /** Opens a session of an account, or goes on with one. Returns its number, 0 when the one wanted is not there any more. */
  open(account: number, wanted: number): number {
    if (wanted === 0) {
      this.#open.set(++this.#last, { account, timer: undefined });
      return this.#last;
    }
    const session = this.#open.get(wanted);
    if (session === undefined || session.account !== account) return 0;
    clearTimeout(session.timer);
    session.timer = undefined;
    return wanted;
  }

  /** The connection of a session is gone: its orders go too, unless somebody goes on with it in time. */
  leave(number: number, graceMs: number): void {
    const session = this.#open.get(number);
    if (session === undefined) return;
    session.timer = setTimeout(() => {
      this.#open.delete(number);
      this.cancel(session.account, number);
    }, graceMs);
  }

  cancel(account: number, number: number): void {
    this.#submit(massCancel(account, -1, -1, number)).catch(() => undefined); // stopping, or full: the start cancels them
  }

  close(): void {
    for (const { timer } of this.#open.values()) clearTimeout(timer);
  }
}
