import { Worker } from 'node:worker_threads';
import { bytesOf } from '../../src/span.ts';
import {
  AT,
  ATTACHED,
  CONTROL_WORDS,
  COULD,
  ENDED,
  type ExplorerData,
  GRANT,
  NOBODY,
  RAN,
  RESULT_WORDS,
  RESULTS,
  RUN,
  RUNNING,
  SCHEDULE,
  STEP,
} from './explorer-worker.ts';
import { PROGRAMS } from './programs.ts';

const PATIENCE_MS = 20_000;

/**
 * Runs a program of two threads once for every order in which their atomic operations can fall, on the code itself: in the two
 * threads, `Atomics` is one that lets an operation through only when the schedule says so. Plain reads and writes run with the
 * operation before them. A thread is interrupted at most `preemptions` times: most faults need one or two (Musuvathi and Qadeer,
 * "Iterative context bounding", 2007). Throws what a check throws, with the schedule. Returns how many orders there were.
 */
export async function explore(name: string, preemptions: number): Promise<number> {
  const { create, check } = PROGRAMS[name];
  const span = create();
  const initial = bytesOf(span).slice();
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4));
  const workers = [0, 1].map(
    (me) =>
      new Worker(new URL('./explorer-worker.ts', import.meta.url), {
        workerData: { program: name, me, span, control: control.buffer } satisfies ExplorerData,
      }),
  );
  let died: Error | undefined;
  for (const worker of workers) worker.on('error', (error: Error) => (died = error));
  let prefix: number[] = [];
  let orders = 0;
  try {
    for (;;) {
      bytesOf(span).set(initial);
      control.fill(0, ENDED, RESULTS);
      control[GRANT] = NOBODY;
      control.fill(-1, SCHEDULE, SCHEDULE + prefix.length + 1);
      control.set(prefix, SCHEDULE);
      control.fill(-1, SCHEDULE + prefix.length, RAN);
      control.fill(RUNNING, AT, AT + 2);
      control[ATTACHED] = 0;
      Atomics.add(control, RUN, 1);
      Atomics.notify(control, RUN);
      await ended(control, () => died);
      orders++;
      const ran = [...control.subarray(RAN, RAN + control[STEP])];
      const results = [0, 1].map((me) => {
        const at = RESULTS + me * RESULT_WORDS;
        return [...control.subarray(at + 1, at + 1 + control[at])];
      });
      try {
        check(span, results);
      } catch (error) {
        throw new Error(`${name}, threads in the order ${ran.join('')}: ${(error as Error).message}`, { cause: error });
      }
      const next = nextPrefix(ran, control, preemptions);
      if (next === undefined) return orders;
      prefix = next;
    }
  } finally {
    Atomics.store(control, RUN, -1);
    Atomics.notify(control, RUN);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/**
 * The next schedule, depth first: the last step at which a thread went on though the other could have run, turned over; while that
 * makes no more than so many preemptions.
 */
function nextPrefix(ran: number[], control: Int32Array, preemptions: number): number[] | undefined {
  const couldSwitch = (step: number) => control[COULD + step] === 2;
  for (let step = ran.length - 1; step >= 0; step--) {
    const last = step === 0 ? 0 : ran[step - 1];
    if (!couldSwitch(step) || ran[step] !== last) continue;
    let made = 1;
    for (let before = 0; before < step; before++) {
      if (ran[before] !== (before === 0 ? 0 : ran[before - 1]) && couldSwitch(before)) made++;
    }
    if (made <= preemptions) return [...ran.slice(0, step), 1 - last];
  }
  return undefined;
}

async function ended(control: Int32Array, died: () => Error | undefined): Promise<void> {
  const since = performance.now();
  for (let count = Atomics.load(control, ENDED); count < 2; count = Atomics.load(control, ENDED)) {
    if (died() !== undefined) throw died();
    if (performance.now() - since > PATIENCE_MS) throw new Error('the threads do not end: a deadlock, or an endless loop');
    const outcome = Atomics.waitAsync(control, ENDED, count, 100);
    if (outcome.async) await outcome.value;
  }
}
