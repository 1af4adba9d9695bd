// One of two threads whose atomic operations are let through one by one, in the order that a schedule says.
import { workerData } from 'node:worker_threads';
import { yieldThread } from '../../src/libc.ts';
import type { Span } from '../../src/span.ts';
import { PROGRAMS } from './programs.ts';

export interface ExplorerData {
  readonly program: string;
  readonly me: number;
  readonly span: Span;
  readonly control: SharedArrayBuffer;
}

/** Words of the control memory. */
export const RUN = 0;
export const ENDED = 1;
export const GRANT = 2;
export const STEP = 3;
export const ATTACHED = 4;
/** Where each thread is. */
export const AT = 8;
/** Numbers that each thread returned, their count first. */
export const RESULTS = 16;
export const RESULT_WORDS = 8;
/** For each step: the thread to run (-1: the one that ran last, if it can), then the thread that ran, then which could have. */
export const SCHEDULE = 64;
const MOST_STEPS = 400;
export const RAN = SCHEDULE + MOST_STEPS;
export const COULD = RAN + MOST_STEPS;
export const CONTROL_WORDS = COULD + MOST_STEPS;

export const NOBODY = -1;
const DECIDING = -2;
export const RUNNING = 0;
const WAITING = 1;
const DONE = 2;
const STOP = -1;
const TURNS_BEFORE_YIELD = 500;

const real = {
  ...Object.fromEntries(Object.getOwnPropertyNames(Atomics).map((name) => [name, (Atomics as never)[name]])),
} as unknown as typeof Atomics;

/** Waits for this thread's turn; whichever thread sees that all have arrived says whose turn it is. */
function arrive(control: Int32Array, me: number): void {
  real.store(control, AT + me, WAITING);
  for (let turns = 1; real.load(control, GRANT) !== me; turns++) {
    grantNext(control);
    if (turns % TURNS_BEFORE_YIELD === 0) yieldThread(); // other tests run on these cores too
  }
  real.store(control, AT + me, RUNNING);
  real.store(control, GRANT, NOBODY);
}

function grantNext(control: Int32Array): void {
  if (real.compareExchange(control, GRANT, NOBODY, DECIDING) !== NOBODY) return;
  const next = decide(control);
  real.store(control, GRANT, next);
}

function decide(control: Int32Array): number {
  const at = [0, 1].map((thread) => real.load(control, AT + thread));
  const could = [0, 1].filter((thread) => at[thread] === WAITING);
  if (could.length === 0 || at.includes(RUNNING)) return NOBODY;
  const step = real.load(control, STEP);
  if (step >= MOST_STEPS) throw new Error(`more than ${MOST_STEPS} steps`);
  const wanted = control[SCHEDULE + step];
  const last = step === 0 ? 0 : control[RAN + step - 1];
  const next = could.includes(wanted) ? wanted : could.includes(last) ? last : could[0];
  real.store(control, STEP, step + 1);
  control[RAN + step] = next;
  control[COULD + step] = could.length;
  return next;
}

let explored: Int32Array | undefined;

function instrument(me: number): void {
  const names = ['load', 'store', 'add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange'] as const;
  const wrapped = Object.fromEntries(
    names.map((name) => [
      name,
      (array: Int32Array, ...args: never[]) => {
        if (explored !== undefined) arrive(explored, me);
        return (real[name] as (array: Int32Array, ...args: never[]) => number)(plain.get(array) ?? array, ...args);
      },
    ]),
  );
  globalThis.Atomics = { ...real, ...wrapped } as typeof Atomics;
}

/** The arrays behind those whose plain reads and writes are steps too. */
const plain = new WeakMap<object, Int32Array>();

/** Makes a part whose words are read and written only when a schedule says so, also without Atomics. */
function attachPlain<Part>(attach: () => Part, me: number): Part {
  const Real = Int32Array;
  const step = () => explored !== undefined && arrive(explored, me);
  const watched = (array: Int32Array) => {
    const proxy = new Proxy(array, {
      get: (_, key) => {
        if (isIndex(key)) step();
        return array[key as never];
      },
      set: (_, key, value: number) => {
        if (isIndex(key)) step();
        array[key as never] = value as never;
        return true;
      },
    });
    plain.set(proxy, array);
    return proxy;
  };
  globalThis.Int32Array = new Proxy(Real, { construct: (_, args: [ArrayBuffer]) => watched(new Real(...args)) });
  try {
    return attach();
  } finally {
    globalThis.Int32Array = Real;
  }
}

function isIndex(key: string | symbol): boolean {
  return typeof key === 'string' && /^\d+$/.test(key);
}

function main({ program, me, span, control: memory }: ExplorerData): void {
  const control = new Int32Array(memory);
  const { attach, threads, isPlain } = PROGRAMS[program];
  instrument(me);
  for (let run = 0; ; ) {
    real.wait(control, RUN, run);
    run = real.load(control, RUN);
    if (run === STOP) return;
    while (real.load(control, ATTACHED) !== me);
    const part = isPlain ? attachPlain(() => attach(span), me) : attach(span);
    real.store(control, ATTACHED, me + 1);
    while (real.load(control, ATTACHED) !== threads.length);
    explored = control;
    const results = threads[me](part);
    explored = undefined;
    control[RESULTS + me * RESULT_WORDS] = results.length;
    control.set(results, RESULTS + me * RESULT_WORDS + 1);
    real.store(control, AT + me, DONE);
    while (real.load(control, AT) !== DONE || real.load(control, AT + 1) !== DONE) grantNext(control);
    real.add(control, ENDED, 1);
    real.notify(control, ENDED);
  }
}

if (workerData?.control !== undefined) main(workerData as ExplorerData);
