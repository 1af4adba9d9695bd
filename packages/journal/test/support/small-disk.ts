/** Disks for tests: a small one, and one that fails. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

interface SmallDisk {
  readonly directory: string;
  remove(): void;
}

/** A disk that turns read-only under those who write to it, as ext4 does when it finds an error. */
interface FragileDisk extends SmallDisk {
  turnReadOnly(): void;
}

/** A file system of its own with room for so many bytes; a text says why there can be none (it takes the right to mount). */
export function smallDisk(bytes: number): SmallDisk | string {
  return mounted(['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs'], () => undefined);
}

/** A file system in a file; a text says why there can be none. */
export function fragileDisk(bytes: number): FragileDisk | string {
  const image = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-image-')), 'image');
  const removeImage = () => fs.rmSync(path.dirname(image), { recursive: true });
  fs.closeSync(fs.openSync(image, 'w'));
  fs.truncateSync(image, bytes);
  const made = spawnSync('mkfs.ext4', ['-q', image], { encoding: 'utf8' });
  const disk =
    made.status === 0 ? mounted(['-o', 'loop,errors=remount-ro', image], removeImage) : `no ext4: ${made.stderr ?? made.error?.message}`;
  if (typeof disk === 'string') {
    removeImage();
    return disk;
  }
  const loop = spawnSync('losetup', ['-j', image], { encoding: 'utf8' }).stdout.split(':')[0];
  const trigger = `/sys/fs/ext4/${path.basename(loop)}/trigger_fs_error`;
  if (!fs.existsSync(trigger)) {
    disk.remove();
    return `the system has no ${trigger}`;
  }
  return { ...disk, turnReadOnly: () => fs.writeFileSync(trigger, 'a test') };
}

function mounted(what: string[], then: () => void): SmallDisk | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs Linux and root, to mount a disk';
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-disk-'));
  const { status, stderr, error } = spawnSync('mount', [...what, directory], { encoding: 'utf8' });
  if (status !== 0) {
    fs.rmdirSync(directory);
    return `the system does not let this mount a disk: ${stderr?.trim() || error?.message}`;
  }
  return {
    directory,
    remove: () => {
      spawnSync('umount', [directory]);
      fs.rmdirSync(directory);
      then();
    },
  };
}
