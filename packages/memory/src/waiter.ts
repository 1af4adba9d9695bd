/** How a thread waits for work. */
import { type Bell, sleepThread } from './bell.ts';
import { yieldThread } from './libc.ts';

/**
 * How a thread passes the time until there is work.
 * - `spin`: looks again at once. Answers soonest, takes a whole core.
 * - `yield`: lets other threads of the machine run between looks (sched_yield(2)).
 * - `park`: sleeps until rung. Costs nothing while idle, and a wake-up of some 10 to 50 µs.
 * - `adaptive`: spins while that has been worth it, and parks when it has not.
 */
export type WaitStrategy = 'spin' | 'yield' | 'park' | 'adaptive';

export const WAIT_STRATEGIES: readonly WaitStrategy[] = ['spin', 'yield', 'park', 'adaptive'];

/** What a thread waits for. */
export interface Work {
  /** Whether there is something to do. Called often: must be quick, and must look at shared memory anew. */
  ready(): boolean;
}

/** Bounds of an adaptive waiter's patience, in looks. */
const LEAST_SPINS = 64;
const MOST_SPINS = 20_000;
/** Looks at other threads' turns before a yielding waiter asks the system. */
const SPINS_BEFORE_YIELD = 100;
/** A sleep of fewer milliseconds would have been better spent spinning. */
const SHORT_SLEEP_MS = 0.1;
/** Milliseconds that a spinning thread of real-time priority leaves its core to others, once it has looked in vain MOST_SPINS times. */
const NAP_MS = 0.05;
/** Milliseconds asleep before a waiter looks by itself. */
const LOOK_AGAIN_MS = 100;

const pause: () => void = (Atomics as { pause?: () => void }).pause ?? (() => undefined);

/**
 * Waits for work by one of the strategies. A thread's own: not shared. Whoever brings work rings the bell, whatever the strategy.
 *
 * A thread of real-time priority that spins or yields keeps threads of normal priority off its core, those whom it waits for among them
 * (sched_yield(2) lets only its equals run): it naps between looks when it has waited for a while.
 */
export class Waiter {
  readonly strategy: WaitStrategy;
  readonly #bell: Bell;
  readonly #isRealTime: boolean;
  #patience = MOST_SPINS;

  constructor(bell: Bell, strategy: WaitStrategy, isRealTime = false) {
    if (!WAIT_STRATEGIES.includes(strategy))
      throw new RangeError(`wait strategy '${strategy}': must be one of ${WAIT_STRATEGIES.join(', ')}`);
    this.#bell = bell;
    this.#isRealTime = isRealTime;
    this.strategy = strategy;
  }

  /** Returns when there is work; after so many milliseconds asleep also without. */
  wait(work: Work, milliseconds = LOOK_AGAIN_MS): void {
    switch (this.strategy) {
      case 'spin':
        for (let looks = 0; !work.ready(); looks++) {
          if (this.#isRealTime && looks >= MOST_SPINS) sleepThread(NAP_MS);
          else pause();
        }
        return;
      case 'yield':
        for (let looks = 0; !work.ready(); looks++) {
          if (looks < SPINS_BEFORE_YIELD) pause();
          else if (this.#isRealTime && looks >= MOST_SPINS) sleepThread(NAP_MS);
          else yieldThread();
        }
        return;
      case 'park':
        this.#park(work, milliseconds);
        return;
      default:
        this.#adapt(work, milliseconds);
    }
  }

  #adapt(work: Work, milliseconds: number): void {
    for (let looks = 0; looks < this.#patience; looks++) {
      if (work.ready()) return;
      pause();
    }
    const since = performance.now();
    this.#park(work, milliseconds);
    const isShort = performance.now() - since < SHORT_SLEEP_MS;
    this.#patience = isShort ? Math.min(MOST_SPINS, this.#patience * 2) : Math.max(LEAST_SPINS, this.#patience >> 1);
  }

  #park(work: Work, milliseconds: number): void {
    this.#bell.prepare();
    if (work.ready()) this.#bell.cancel();
    else this.#bell.wait(milliseconds);
  }
}
