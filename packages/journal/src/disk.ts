/** The disk as the journal uses it. */
import fs from 'node:fs';

/**
 * What the venue does to a disk that must outlive a crash. Reading goes past it: the files are real ones. The simulator puts a disk in
 * its place that forgets what was not synced; tests, one that fails.
 */
export interface JournalDisk {
  /** Makes an empty file, or empties the one that is there, open for reading and writing. Its entry is durable with the directory. */
  create(file: string, mode: number): number;
  write(fd: number, parts: Uint8Array[], position: number): number;
  /** Makes what was written to a file durable. */
  sync(fd: number): void;
  rename(from: string, to: string): void;
  remove(file: string): void;
  /** Makes renames, removals and new files in a directory durable. @param fd of the directory, where the caller has it open */
  syncDirectory(directory: string, fd?: number): void;
}

export class RealDisk implements JournalDisk {
  create(file: string, mode: number): number {
    const fd = fs.openSync(file, 'w+', mode);
    fs.fchmodSync(fd, mode); // one that was left behind keeps its own
    return fd;
  }

  write(fd: number, parts: Uint8Array[], position: number): number {
    return fs.writevSync(fd, parts, position);
  }

  sync(fd: number): void {
    fs.fdatasyncSync(fd);
  }

  rename(from: string, to: string): void {
    fs.renameSync(from, to);
  }

  remove(file: string): void {
    fs.rmSync(file, { force: true });
  }

  syncDirectory(directory: string, openFd?: number): void {
    const fd = openFd ?? fs.openSync(directory, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      if (openFd === undefined) fs.closeSync(fd);
    }
  }
}

export const realDisk: JournalDisk = new RealDisk();

const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
const SHORT: ReadonlySet<string> = new Set([...NO_ROOM, 'EMFILE', 'ENFILE', 'ENOMEM', 'EINTR', 'EAGAIN']);

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? '';
}

/** Whether a call failed for want of something that comes back (room, descriptors, memory), and says nothing against the disk. */
export function isShortage(error: unknown): boolean {
  return SHORT.has(codeOf(error));
}

/** Whether there was no file descriptor to be had, of the process or of the machine. */
export function isOutOfDescriptors(error: unknown): boolean {
  return codeOf(error) === 'EMFILE' || codeOf(error) === 'ENFILE';
}

/** Writes all of a file from its beginning, in pieces that one call takes. */
export function writeWhole(disk: JournalDisk, fd: number, parts: readonly Uint8Array[]): void {
  let position = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      const piece = part.subarray(at, at + PIECE);
      const written = disk.write(fd, [piece], position);
      if (written < 1) throw Object.assign(new Error('ENOSPC: nothing more can be written'), { code: 'ENOSPC' });
      at += written;
      position += written;
    }
  }
}

const PIECE = 16 * 1024 * 1024;
