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
