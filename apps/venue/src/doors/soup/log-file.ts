/** How a log's file is opened, and what ends its pieces. */
import fs from 'node:fs';

/** Bytes of length that end a piece in the file: no packet has the length 0. */
export const END_MARK = 2;

/** Whether packets are all of their slot: a mark ends them, or there is no room for one. */
export function hasEnd(read: Uint8Array, packets: number, most: number): boolean {
  if (packets + END_MARK > most) return read.length >= packets;
  return read.length >= packets + END_MARK && read[packets] === 0 && read[packets + 1] === 0;
}

/** The process, or the machine, has no descriptor left: that passes. */
export function isTooManyOpen(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EMFILE' || code === 'ENFILE';
}

/** Opens a file for writing past the page cache; where the file system does not have that, through it. */
export function openDirect(file: string): number {
  const { O_WRONLY, O_CREAT, O_DIRECT } = fs.constants;
  try {
    return fs.openSync(file, O_WRONLY | O_CREAT | O_DIRECT, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
    return fs.openSync(file, O_WRONLY | O_CREAT, 0o600);
  }
}
