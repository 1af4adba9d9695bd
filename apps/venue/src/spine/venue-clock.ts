/** The venue's time, kept by one thread and read by all. */

/**
 * The venue's time: the steady clock of the machine, which no one can set, held against its wall clock. A wall clock that is set a little
 * is followed slowly; one that is set far is followed when it has kept to that for a few seconds, so that a jump there and back changes
 * nothing. All threads share what is between the two clocks, so that none is in another time than the others.
 */
const WORDS = { VERSION: 0, SECONDS: 1, MICROSECONDS: 2 } as const;
/** Words of shared memory that it takes. */
export const CLOCK_WORDS = 3;

const SECOND_US = 1_000_000;
/** Microseconds that time stands rather than goes back; beyond them it was set, and goes back. The engine does alike. */
const STANDS_FOR_US = 10 * SECOND_US;
/** Differences that the wall clock's own resolution makes, and the most that is made good at once. */
const NOISE_US = 2000;
const SLEW_US = 500;
/** From here on a difference is a step, and followed when it has lasted. */
const STEP_US = SECOND_US;
const STEADY_FOR_MS = 3000;
const LOOK_EVERY_MS = 250;

/** Milliseconds of the machine's steady clock, the same for all threads. */
function steadyMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** Sets what is added to the steady clock, in microseconds. One thread does. */
function setOffset(words: Int32Array, offset: number): void {
  const seconds = Math.floor(offset / SECOND_US);
  Atomics.add(words, WORDS.VERSION, 1);
  Atomics.store(words, WORDS.SECONDS, seconds | 0);
  Atomics.store(words, WORDS.MICROSECONDS, offset - seconds * SECOND_US);
  Atomics.add(words, WORDS.VERSION, 1);
}

/** Begins with what the wall clock says. */
export function startClock(words: Int32Array, wallMs = Date.now(), steady = steadyMs()): void {
  setOffset(words, Math.round((wallMs - steady) * 1000));
}

/** One thread's view of the venue's time. */
export class VenueClock {
  readonly #words: Int32Array;
  readonly #steady: () => number;
  #version = -1;
  #offset = 0;
  #last = 0;

  /** @param steady milliseconds of the steady clock; by default by way of this thread's own, which allocates nothing */
  constructor(words: Int32Array, steady = fromThisThread()) {
    this.#words = words;
    this.#steady = steady;
  }

  /** Microseconds since 1970. Stands where it would go back a little. */
  now(): number {
    if (Atomics.load(this.#words, WORDS.VERSION) !== this.#version) this.#read();
    const time = Math.floor(this.#steady() * 1000) + this.#offset;
    if (time > this.#last || time < this.#last - STANDS_FOR_US) this.#last = time;
    return this.#last;
  }

  /** What is added to the steady clock, in microseconds. */
  get offset(): number {
    this.now();
    return this.#offset;
  }

  #read(): void {
    for (;;) {
      const version = Atomics.load(this.#words, WORDS.VERSION);
      const seconds = Atomics.load(this.#words, WORDS.SECONDS) >>> 0;
      this.#offset = seconds * SECOND_US + Atomics.load(this.#words, WORDS.MICROSECONDS);
      this.#version = Atomics.load(this.#words, WORDS.VERSION);
      if (version === this.#version && (version & 1) === 0) return;
    }
  }
}

/** The steady clock, read through performance.now. */
function fromThisThread(): () => number {
  let origin = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) origin = Math.min(origin, steadyMs() - performance.now()); // the least that came between the two
  return () => origin + performance.now();
}

/** Keeps the venue's time by the wall clock. One a venue. */
export class ClockKeeper {
  readonly #words: Int32Array;
  readonly #clock: VenueClock;
  readonly #wall: () => number;
  readonly #steady: () => number;
  readonly #onStep: (microseconds: number) => void;
  #timer: NodeJS.Timeout | undefined;
  /** a step that is not followed yet: how far, and since when on the steady clock */
  #step = 0;
  #since = 0;

  /** @param onStep told when the venue's time was set, and by how much */
  constructor(words: Int32Array, onStep: (microseconds: number) => void, wall: () => number = Date.now, steady: () => number = steadyMs) {
    this.#words = words;
    this.#clock = new VenueClock(words, steady);
    this.#wall = wall;
    this.#steady = steady;
    this.#onStep = onStep;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  /** Holds the venue's time against the wall clock. */
  look(): void {
    const { offset } = this.#clock;
    const steady = this.#steady();
    const difference = Math.round((this.#wall() - steady) * 1000) - offset;
    if (Math.abs(difference) < STEP_US) {
      this.#step = 0;
      const slewed = Math.max(-SLEW_US, Math.min(SLEW_US, difference));
      if (Math.abs(difference) > NOISE_US) setOffset(this.#words, offset + slewed);
      return;
    }
    if (Math.abs(difference - this.#step) >= STEP_US) {
      this.#step = difference;
      this.#since = steady;
    }
    if (steady - this.#since < STEADY_FOR_MS) return;
    this.#step = 0;
    setOffset(this.#words, offset + difference);
    this.#onStep(difference);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
