import fs from 'node:fs';
import path from 'node:path';
import { syncDirectory } from './journal-writer.ts';

const PRIVATE = 0o600;

/**
 * Replaces a small file as a whole: after a crash at any moment it holds what it held before, or all of `content`, and when this returns,
 * `content`. Written beside it, synced, renamed, and the directory synced. Throws what the disk throws; the old content then stands.
 */
export function replaceFile(file: string, content: string | Uint8Array, mode = PRIVATE): void {
  const temporary = `${file}.tmp`;
  try {
    const fd = fs.openSync(temporary, 'w', mode);
    try {
      fs.fchmodSync(fd, mode); // one that was left behind keeps its own
      fs.writeFileSync(fd, content);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(path.dirname(file));
}
