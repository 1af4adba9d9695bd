import { ConfigError } from '../domain/config.ts';

const DAY_MS = 86_400_000;
const LOOK_MS = 1000;

/**
 * The session's day: from one roll (a time of day, UTC) to the next. FIX and SoupBinTCP sessions number their messages anew each day, and
 * what was kept of the day before goes. Named by the date on which it begins. A clock that steps back does not bring a day back.
 */
export class SessionDay {
  readonly #rollMs: number;
  readonly #now: () => number;
  readonly #looking: NodeJS.Timeout;
  #number: number;
  /** Called with the new day's name, after {@link name} tells it. */
  readonly onRoll: ((name: string) => void)[] = [];

  /** @param roll HH:MM; throws ConfigError when it is none */
  constructor(roll: string, now: () => number = Date.now) {
    this.#rollMs = readRoll(roll);
    this.#now = now;
    this.#number = this.#numberNow();
    this.#looking = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** YYYYMMDD */
  get name(): string {
    return new Date(this.#number * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
  }

  /** When it began, milliseconds since 1970. */
  get begin(): number {
    return this.#number * DAY_MS + this.#rollMs;
  }

  /** Whether another day has begun; then tells it. */
  look(): boolean {
    const number = this.#numberNow();
    if (number <= this.#number) return false;
    this.#number = number;
    for (const listener of this.onRoll) listener(this.name);
    return true;
  }

  close(): void {
    clearInterval(this.#looking);
  }

  #numberNow(): number {
    return Math.floor((this.#now() - this.#rollMs) / DAY_MS);
  }
}

function readRoll(roll: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(roll);
  if (match === null) throw new ConfigError(`sessionRoll: '${roll}' is no time of day: HH:MM, UTC`);
  return (Number(match[1]) * 60 + Number(match[2])) * 60_000;
}
