import { threadId } from 'node:worker_threads';
import { sleepThread } from '../../src/bell.ts';

export function run(task: number, { slow = 0, fail = -1 }: { slow?: number; fail?: number }): { task: number; thread: number } {
  if (task === fail) throw new Error('five is bad');
  if (slow > 0 && task % slow === 0) sleepThread(20);
  return { task, thread: threadId };
}
