/** The lock of a data directory: one process at a time. */
import fs from 'node:fs';
import path from 'node:path';
import { replaceFile } from '@outcry/journal/durable-file';
import { sleepThread } from '@outcry/memory/bell';
import { lockFile } from '@outcry/memory/libc';

/** A data directory that this process has claimed. */
interface DirectoryLock {
  /** why only other processes of this machine and container are kept out, undefined: all are */
  readonly weakness: string | undefined;
  /** Whether it is still this process's: false once somebody has removed or replaced it. What cannot be read just now (no file descriptor is free, say) is taken to be. */
  isHeld(): boolean;
  release(): void;
}

/** Who looks whether a venue runs holds the lock for a moment: a start that meets it tries again for so long. */
const PATIENCE_MS = 300;
const AGAIN_MS = 20;
const HELD = /EAGAIN|EWOULDBLOCK/;
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

/**
 * Claims a data directory for this process, for as long as it lives: the kernel keeps the lock (flock on `venue.lock`), so that it also holds
 * between containers that share the directory, and ends with the process however that ends. `venue.pid` says who has it, for people. Throws
 * when a living process has it.
 */
export function lockDirectory(directory: string): DirectoryLock {
  const file = path.join(directory, 'venue.lock');
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const fd = fs.openSync(file, 'a', 0o600);
    const { done, detail } = lockFile(fd);
    if (done && isSame(file, fd)) return holding(directory, file, fd, undefined);
    if (!done && !HELD.test(detail)) return withoutKernel(directory, file, fd, detail);
    fs.closeSync(fd); // of another process, or removed while it was being locked
    if (performance.now() > deadline) throw inUse(directory);
    sleepThread(AGAIN_MS);
  }
}

/** Where the kernel cannot be asked: as well as a process number does it. */
function withoutKernel(directory: string, file: string, fd: number, why: string): DirectoryLock {
  const holder = readHolder(directory);
  if (holder !== undefined && holder !== process.pid && isVenue(holder)) {
    fs.closeSync(fd);
    throw inUse(directory);
  }
  return holding(directory, file, fd, why);
}

function inUse(directory: string): Error {
  const holder = readHolder(directory);
  const who = holder === undefined ? 'another process' : `process ${holder}`;
  return new Error(
    `${directory} is in use by ${who}; stop it, or choose another directory with --data (a container counts its processes by itself)`,
  );
}

function holding(directory: string, file: string, fd: number, weakness: string | undefined): DirectoryLock {
  const pidFile = pidFileOf(directory);
  replaceFile(pidFile, String(process.pid));
  let isReleased = false;
  const isHeld = () => !isReleased && isSame(file, fd);
  const release = () => {
    if (isHeld()) fs.rmSync(pidFile, { force: true });
    if (!isReleased) fs.closeSync(fd);
    isReleased = true;
  };
  return { weakness, isHeld, release };
}

/** Whether a name is still that of an open file: a copy, or a file made anew, is another one. */
function isSame(file: string, fd: number): boolean {
  try {
    const [named, opened] = [fs.statSync(file, { bigint: true }), fs.fstatSync(fd, { bigint: true })];
    return named.ino === opened.ino && named.dev === opened.dev;
  } catch (error) {
    return !GONE.has((error as NodeJS.ErrnoException).code ?? '');
  }
}

/** The process that holds a data directory, by its own count; undefined: none does. */
export function holderOf(directory: string): number | undefined {
  const holder = readHolder(directory);
  let fd: number;
  try {
    fd = fs.openSync(path.join(directory, 'venue.lock'), 'r');
  } catch (error) {
    if (GONE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  try {
    const { done, detail } = lockFile(fd);
    if (done) return undefined;
    if (HELD.test(detail)) return holder ?? 0;
    return holder !== undefined && isVenue(holder) ? holder : undefined;
  } finally {
    fs.closeSync(fd);
  }
}

function pidFileOf(directory: string): string {
  return path.join(directory, 'venue.pid');
}

function readHolder(directory: string): number | undefined {
  try {
    const holder = Number(fs.readFileSync(pidFileOf(directory), 'utf8'));
    return Number.isInteger(holder) && holder > 0 ? holder : undefined;
  } catch (error) {
    if (GONE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Whether a process lives and is one of ours: numbers are used again after a crash. */
function isVenue(pid: number): boolean {
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
