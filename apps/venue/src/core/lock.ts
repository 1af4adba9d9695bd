import fs from 'node:fs';
import path from 'node:path';

/** Claims a data directory for this process. Returns how to give it up. Throws when a living process has it. */
export function lockDirectory(directory: string): () => void {
  const file = path.join(directory, 'venue.pid');
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => fs.rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(fs.readFileSync(file, 'utf8'));
    if (holder !== process.pid && isVenue(holder))
      throw new Error(`${directory} is in use by process ${holder}; stop it, or choose another directory with --data`);
    fs.rmSync(file, { force: true });
  }
}

/** The process that holds a data directory, or undefined. */
export function holderOf(directory: string): number | undefined {
  const file = path.join(directory, 'venue.pid');
  if (!fs.existsSync(file)) return undefined;
  const holder = Number(fs.readFileSync(file, 'utf8'));
  return isVenue(holder) ? holder : undefined;
}

/** Whether a process lives and is one of ours: numbers are used again after a crash. */
function isVenue(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    const [, state] = /\) (\w)/.exec(fs.readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return state !== 'Z' && fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('node');
  } catch {
    return true; // no /proc: believe the signal
  }
}
