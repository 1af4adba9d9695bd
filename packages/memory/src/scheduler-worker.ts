// A thread of the scheduler: does its own tasks, then others'.
import { parentPort, workerData } from 'node:worker_threads';
import { sleepThread } from './bell.ts';
import type { SchedulerNews, SchedulerWork } from './scheduler.ts';
import { i32Of } from './span.ts';
import { EMPTY, LOST, WorkDeque } from './work-deque.ts';

const { module, data, me, deques: spans, left: leftSpan, tasks } = workerData as SchedulerWork & { readonly tasks: number };
const { run } = (await import(module)) as { run(task: number, data: unknown): unknown };
const deques = spans.map((span) => new WorkDeque(span));
const left = i32Of(leftSpan);

for (let task = tasks - 1; task >= 0; task--) if (task % deques.length === me) deques[me].push(task);
for (let task = next(); Atomics.load(left, 0) > 0; task = next()) {
  if (task < 0) {
    sleepThread(1); // others are at their last tasks, or have not dealt theirs yet
    continue;
  }
  Atomics.sub(left, 0, 1);
  let news: SchedulerNews;
  try {
    news = { task, result: await run(task, data) };
  } catch (error) {
    news = { task, error: error as Error };
  }
  parentPort!.postMessage(news);
}

/** This thread's next task, or one of the others'; EMPTY when there is none now. */
function next(): number {
  const own = deques[me].pop();
  if (own !== EMPTY) return own;
  for (let i = 1; i < deques.length; i++) {
    const victim = deques[(me + i) % deques.length];
    let task = victim.steal();
    while (task === LOST) task = victim.steal();
    if (task !== EMPTY) return task;
  }
  return EMPTY;
}
