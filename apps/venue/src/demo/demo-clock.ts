/** The clock of a scenario: how fast its time passes, whether it stands, and steps by hand. The venue's time is another. */
import type { Logger } from 'pino';
import { TURN_MS } from './flow.ts';

export const MOST_SPEED = 1000;
/** Milliseconds of scenario time that one step may let pass. */
export const MOST_STEP_MS = 3_600_000;
/** What the clock makes up for after it was late, at most: milliseconds of time. */
const MOST_LATE_MS = 250;

/** Lets turns follow each other, never two at once. */
export class DemoClock {
  speed = 1;
  #isPaused: boolean;
  readonly #turn: () => Promise<void>;
  readonly #log: Logger;
  #isClosed = false;
  /** what is under way; those that come meanwhile follow it */
  #last: Promise<unknown> = Promise.resolve();
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(turn: () => Promise<void>, isPaused: boolean, log: Logger) {
    this.#turn = turn;
    this.#isPaused = isPaused;
    this.#log = log;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves after the turn that is under way: nothing of the flow comes after that. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#last;
  }

  resume(): void {
    this.#isPaused = false;
    this.#wake?.();
  }

  /** Pauses, and lets so much scenario time pass. Resolves when all that it brought is durable. @param milliseconds a multiple of a turn */
  async step(milliseconds: number): Promise<void> {
    this.#isPaused = true;
    await this.inTurn(async () => {
      for (let left = milliseconds; left > 0 && !this.#isClosed; left -= TURN_MS) await this.#turn();
    });
  }

  /** Runs something between two turns. */
  inTurn<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#last.then(run);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Resolves after the turn that is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake?.();
    await this.#running;
    await this.#last;
  }

  async #run(): Promise<void> {
    let owed = 0;
    let looked = performance.now();
    while (!this.#isClosed) {
      await this.#nap(Math.max(1, Math.min(TURN_MS, TURN_MS / this.speed)));
      const now = performance.now();
      owed = this.#isPaused ? 0 : Math.min(owed + (now - looked) * this.speed, MOST_LATE_MS * this.speed);
      looked = now;
      for (; owed >= TURN_MS && !this.#isPaused && !this.#isClosed; owed -= TURN_MS) await this.#turnOnce();
    }
  }

  async #turnOnce(): Promise<void> {
    try {
      await this.inTurn(async () => {
        if (!this.#isPaused && !this.#isClosed) await this.#turn();
      });
    } catch (error) {
      this.#log.error(error, 'demo: a turn of the scenario failed');
    }
  }

  /** While it is paused nothing wakes it but what ends that. */
  async #nap(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#isPaused ? undefined : setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
