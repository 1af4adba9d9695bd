/** Where threads run, how urgently, and what happens when one dies. */
import type { Worker } from 'node:worker_threads';
import { type Outcome, pinThread, setRealTime } from '@outcry/memory/libc';

/** Where a thread runs, and how urgently. */
export interface ThreadPlacement {
  /** CPU to bind it to; undefined: wherever the system likes */
  cpu?: number;
  /** SCHED_FIFO priority, 0: none */
  realTimePriority: number;
}

export const ANYWHERE: ThreadPlacement = { realTimePriority: 0 };

/** Applies a placement to the calling thread. Says what took effect; a refusal is no error. */
export function place(placement: ThreadPlacement): Outcome[] {
  const outcomes: Outcome[] = [];
  if (placement.cpu !== undefined) outcomes.push(pinThread(placement.cpu));
  if (placement.realTimePriority > 0) outcomes.push(setRealTime(placement.realTimePriority));
  return outcomes;
}

/** Calls back once when a thread ends that should not: by an error, or though nobody wanted it to. */
export function whenDead(worker: Worker, isWanted: () => boolean, died: (error: Error) => void): void {
  let isReported = false;
  const report = (error: Error) => {
    if (isReported) return;
    isReported = true;
    died(error);
  };
  worker.on('error', (error) => report(error as Error));
  worker.on('exit', (code) => {
    if (!isWanted()) report(new Error(`it ended with code ${code}`));
  });
}
