import fs from 'node:fs';
import path from 'node:path';

/** A data directory that this process has claimed. */
export interface DirectoryLock {
  /** Whether it is still this process's: false once somebody has removed or replaced it. What cannot be read just now (no file descriptor is free, say) is taken to be. */
  isHeld(): boolean;
  release(): void;
}

/** Claims a data directory for this process. Throws when a living process has it. */
export function lockDirectory(directory: string): DirectoryLock {
  const file = path.join(directory, 'venue.pid');
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
      return lockOf(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(fs.readFileSync(file, 'utf8'));
    if (holder !== process.pid && isVenue(holder))
      throw new Error(`${directory} is in use by process ${holder}; stop it, or choose another directory with --data`);
    fs.rmSync(file, { force: true });
  }
}

const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

function lockOf(file: string): DirectoryLock {
  const isHeld = () => {
    try {
      return fs.readFileSync(file, 'utf8') === String(process.pid);
    } catch (error) {
      return !GONE.has((error as NodeJS.ErrnoException).code ?? '');
    }
  };
  const release = () => {
    if (isHeld()) fs.rmSync(file, { force: true });
  };
  return { isHeld, release };
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
