/** Whether the thread that a shared structure remembers still runs. */
import fs from 'node:fs';

/** When a process (or one thread of it) was started, in the system's ticks since it was up; 0 where that cannot be known. */
export function bornAt(pid: number, thread = pid): number {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    // The second field is the command's name in parentheses, which may hold anything; starttime is the 20th behind it.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return 0;
  }
}

/** Whether a thread of a process still runs, and is the same that was born then: numbers are used again. */
export function isAlive(pid: number, thread: number, born: number): boolean {
  if (process.platform === 'linux') return bornAt(pid, thread) === born;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
