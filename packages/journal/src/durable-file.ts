/** Replaces a file as a whole, so that a crash leaves the old one or the new one. */
import fs from 'node:fs';
import path from 'node:path';
import { type JournalDisk, realDisk, writeWhole } from './disk.ts';

const PRIVATE = 0o600;

/**
 * Replaces a small file as a whole: after a crash at any moment it holds what it held before, or all of `content`, and when this returns,
 * `content`. Written beside it, synced, renamed, and the directory synced. Throws what the disk throws; the old content then stands.
 */
export function replaceFile(file: string, content: string | Uint8Array, mode = PRIVATE, disk: JournalDisk = realDisk): void {
  replaceByParts(file, [typeof content === 'string' ? Buffer.from(content, 'utf8') : content], mode, disk);
}

/** As {@link replaceFile}, for a file made of several pieces of memory. */
export function replaceByParts(file: string, parts: readonly Uint8Array[], mode = PRIVATE, disk: JournalDisk = realDisk): void {
  const temporary = `${file}.tmp`;
  try {
    const fd = disk.create(temporary, mode);
    try {
      writeWhole(disk, fd, parts);
      disk.sync(fd);
    } finally {
      fs.closeSync(fd);
    }
    disk.rename(temporary, file);
  } catch (error) {
    disk.remove(temporary);
    const { message } = error as Error;
    // What a descriptor is asked for fails without a word about its file.
    if (!message.includes(file)) (error as Error).message = `${file}: ${message}`;
    throw error;
  }
  disk.syncDirectory(path.dirname(file));
}
