import { threadId } from 'node:worker_threads';

const pause = new Int32Array(new SharedArrayBuffer(4));

export function run(task: number, { slow = 0, fail = -1 }: { slow?: number; fail?: number }): { task: number; thread: number } {
  if (task === fail) throw new Error('five is bad');
  if (slow > 0 && task % slow === 0) Atomics.wait(pause, 0, 0, 20);
  return { task, thread: threadId };
}
