/** What a session's store asks of the file system. */
import fs from 'node:fs';

export const BOOT_BYTES = 36;

/** Removes a directory of any size without holding anybody up: its name is free at once. */
export function removeLater(directory: string): void {
  const gone = `${directory}.gone-${process.hrtime.bigint()}`;
  fs.renameSync(directory, gone);
  fs.promises.rm(gone, { recursive: true, force: true }).catch(() => undefined); // the next start tries again
}

export function openToWrite(file: string): number {
  return fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
}

export function readState(file: string): Buffer | undefined {
  const content = fs.existsSync(file) ? fs.readFileSync(file) : undefined;
  return content !== undefined && content.length >= 8 ? content : undefined;
}

/** Changes when the system starts: what was written before may not have reached the disk. */
export function bootId(): string {
  const file = '/proc/sys/kernel/random/boot_id';
  return (fs.existsSync(file) ? fs.readFileSync(file, 'latin1') : '').trim().padEnd(BOOT_BYTES).slice(0, BOOT_BYTES);
}
