/** Runs jobs on threads that steal work from each other. */
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { reserve, type Span } from './span.ts';
import { createWorkDeque } from './work-deque.ts';

export interface Job {
  /** a module that exports `run(task: number, data: unknown): unknown`, or a promise of it; results must be cloneable */
  readonly module: URL;
  /** tasks, numbered from 0 */
  readonly tasks: number;
  /** passed to every call */
  readonly data?: unknown;
  /** worker threads. Default: one a core, and no more than tasks */
  readonly threads?: number;
  /** told after each task */
  readonly onDone?: (done: number) => void;
}

export interface SchedulerWork {
  readonly module: string;
  readonly data: unknown;
  readonly me: number;
  readonly deques: readonly Span[];
  /** word 0: tasks that nobody has finished yet */
  readonly left: Span;
}

export type SchedulerNews = { readonly task: number; readonly result: unknown } | { readonly task: number; readonly error: Error };

/**
 * Runs independent tasks on worker threads and returns their results in order. Tasks are dealt out evenly beforehand; a thread that is
 * done with its own steals from the others, so that long tasks do not leave threads idle. Rejects with the first error, which names
 * its task; the others are stopped then.
 */
export async function runParallel<Result>(job: Job): Promise<Result[]> {
  const { tasks, module, data, onDone } = job;
  const threads = Math.max(1, Math.min(tasks, job.threads ?? os.availableParallelism()));
  const capacity = 2 ** Math.ceil(Math.log2(Math.max(2, Math.ceil(tasks / threads))));
  const deques = Array.from({ length: threads }, () => createWorkDeque(capacity));
  const left = reserve(64);
  new Int32Array(left.buffer, left.byteOffset, 1)[0] = tasks;
  const results = new Array<Result>(tasks);
  if (tasks === 0) return results;
  const workers = deques.map((_, me) => {
    const workerData: SchedulerWork = { module: module.href, data, me, deques, left };
    return new Worker(new URL('./scheduler-worker.ts', import.meta.url), { workerData: { ...workerData, tasks }, name: `scheduler ${me}` });
  });
  let done = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      for (const worker of workers) {
        worker.on('error', reject);
        worker.on('message', (news: SchedulerNews) => {
          if ('error' in news) return reject(new Error(`task ${news.task}: ${news.error.message}`, { cause: news.error }));
          results[news.task] = news.result as Result;
          onDone?.(++done);
          if (done === tasks) resolve();
        });
      }
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return results;
}
