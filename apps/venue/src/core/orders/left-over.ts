/** Work that the engine leaves for later commands: continued while no client sends any. */
import { COMMAND, commandHead } from '@outcry/market/command';
import type { CommandFields } from '../../spine/commands.ts';
import type { Shared } from '../../spine/shared.ts';
import type { Pending } from './outcome.ts';

/** Clock commands at once: few, so that an order that comes meanwhile waits for few. */
const AT_ONCE = 4;
/** Milliseconds until another try, when the venue takes no commands. */
const AGAIN_MS = 1000;

/**
 * What the engine leaves of commands that set off much: it goes on before the next ones, whoever's they are, and where nobody sends any,
 * these are clock commands from here. A mass cancel is answered when none of its orders is left.
 */
export class LeftOver {
  readonly #shared: Shared;
  readonly #submit: (fields: CommandFields) => Promise<unknown>;
  #waiting: Pending[] = [];
  #isGoingOn = false;

  constructor(shared: Shared, submit: (fields: CommandFields) => Promise<unknown>) {
    this.#shared = shared;
    this.#submit = submit;
  }

  /** Lets the engine go on, if it has work left. */
  goOn(): void {
    if (this.#isGoingOn || !this.#shared.hasWorkLeft) return;
    this.#isGoingOn = true;
    void this.#send();
  }

  async #send(): Promise<void> {
    const clocks = Array.from({ length: AT_ONCE }, () => this.#submit({ head: commandHead(COMMAND.CLOCK) }));
    const results = await Promise.allSettled(clocks);
    const done = () => {
      this.#isGoingOn = false;
    };
    if (results.every(({ status }) => status === 'fulfilled')) done();
    else setTimeout(done, AGAIN_MS).unref();
  }

  /** A command is applied, and waits for the end of its mass cancel. */
  wait(pending: Pending): void {
    this.#waiting.push(pending);
  }

  /** Answers those who wait for a mass cancel. @param orders that ended with it */
  end(massCancel: number, orders: number): void {
    const answered = this.#waiting.filter((pending) => pending.massCancel === massCancel);
    this.#waiting = this.#waiting.filter((pending) => pending.massCancel !== massCancel);
    for (const { outcome, resolve } of answered) {
      outcome.endedCount = orders;
      resolve(outcome);
    }
  }

  /** Returns those who wait, and forgets them. */
  giveUp(): Pending[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}
