/** How urgently the follower runs: less than the rest, more as it falls behind. */
import { mayRaisePriority, setIdle, setNice, setOther } from '@outcry/memory/libc';

/**
 * How urgently the follower works. What it does can wait and what others do cannot, so it takes what they leave, as long as that is enough:
 * the further it is behind, the more it takes. Where a process may not raise what it has lowered, it gives way a little at all times.
 */
const LEVELS = [
  { behind: 0, set: () => setIdle() },
  {
    behind: 20_000,
    set: () => {
      setOther();
      return setNice(10);
    },
  },
  {
    behind: 500_000,
    set: () => {
      setOther();
      return setNice(0);
    },
  },
];
/** Less urgent again when it is behind by this share of what made it more urgent. */
const EASE = 0.1;
const STEADY_NICE = 10;

export class Urgency {
  readonly #levels: typeof LEVELS;
  #level = 0;

  /** @param levels in tests only */
  constructor(mayRaise = mayRaisePriority(), levels = LEVELS) {
    this.#levels = mayRaise ? levels : [];
    if (mayRaise) levels[0].set();
    else setNice(STEADY_NICE);
  }

  /** @param behind commands that are not followed yet */
  look(behind: number): void {
    const higher = this.#levels[this.#level + 1];
    if (higher !== undefined && behind >= higher.behind) this.#set(this.#level + 1);
    else if (this.#level > 0 && behind < this.#levels[this.#level].behind * EASE) this.#set(this.#level - 1);
  }

  get level(): number {
    return this.#level;
  }

  #set(level: number): void {
    this.#level = level;
    this.#levels[level].set();
  }
}
