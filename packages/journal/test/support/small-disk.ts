import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface SmallDisk {
  readonly directory: string;
  remove(): void;
}

/** A file system of its own with room for so many bytes; a text says why there can be none (it takes the right to mount). */
export function smallDisk(bytes: number): SmallDisk | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs Linux and root, to mount a small disk';
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory], { encoding: 'utf8' });
  if (mounted.status !== 0) {
    fs.rmdirSync(directory);
    return `the system does not let this mount a small disk: ${mounted.stderr?.trim() || mounted.error?.message}`;
  }
  return {
    directory,
    remove: () => {
      spawnSync('umount', [directory]);
      fs.rmdirSync(directory);
    },
  };
}
