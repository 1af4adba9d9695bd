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
  stageFile(file, parts, mode, disk).replace();
}

/** The content that a file is to have, durable beside it: what needs room is done. Either method ends it. */
export interface StagedFile {
  /** Puts it in the file's place. Throws what the disk throws. */
  replace(): void;
  /** Removes it: the file keeps what it holds. */
  discard(): void;
}

/** Writes what a file is to hold into a file beside it, and syncs it. Throws what the disk throws; the file keeps what it holds. */
export function stageFile(file: string, parts: readonly Uint8Array[], mode = PRIVATE, disk: JournalDisk = realDisk): StagedFile {
  const temporary = `${file}.tmp`;
  const orDiscard = (step: () => void) => {
    try {
      step();
    } catch (error) {
      removeStaged(disk, temporary);
      const { message } = error as Error;
      // What a descriptor is asked for fails without a word about its file.
      if (!message.includes(file)) (error as Error).message = `${file}: ${message}`;
      throw error;
    }
  };
  orDiscard(() => {
    const fd = disk.create(temporary, mode);
    try {
      writeWhole(disk, fd, parts);
      disk.sync(fd);
    } finally {
      fs.closeSync(fd);
    }
  });
  return {
    replace: () => {
      orDiscard(() => disk.rename(temporary, file));
      disk.syncDirectory(path.dirname(file));
    },
    discard: () => disk.remove(temporary),
  };
}

/** What is in the way there may be a directory: the failure that led here is the one to report. */
function removeStaged(disk: JournalDisk, temporary: string): void {
  if (fs.statSync(temporary, { throwIfNoEntry: false })?.isDirectory() !== true) disk.remove(temporary);
}
