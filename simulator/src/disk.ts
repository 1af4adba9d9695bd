import fs from 'node:fs';
import type { JournalDisk } from '@outcry/journal/journal-writer';
import type { Random } from './random.ts';

/** A write that the disk has taken, and what was there before. */
interface Pending {
  path: string;
  position: number;
  old: Buffer;
  length: number;
}

const SECTOR = 512;

/** How a disk may fail. */
export interface DiskFaults {
  /** shares of writes and syncs */
  full: number;
  failedSync: number;
}

/**
 * A disk that forgets at a crash what was not synced: each such write is kept, lost, or torn at a sector, in any combination, as disks
 * do that reorder. It can be full, and its sync can fail. Files are real ones.
 */
export class SimulatedDisk implements JournalDisk {
  readonly #random: Random;
  readonly #faults: DiskFaults;
  readonly #paths = new Map<number, string>();
  #pending: Pending[] = [];

  constructor(random: Random, faults: DiskFaults) {
    this.#random = random;
    this.#faults = faults;
  }

  write(fd: number, parts: Uint8Array[], position: number): number {
    if (this.#random.chance(this.#faults.full))
      throw Object.assign(new Error('ENOSPC: no space left on device (simulated)'), { code: 'ENOSPC' });
    const bytes = Buffer.concat(parts);
    const old = Buffer.alloc(bytes.length);
    fs.readSync(fd, old, 0, old.length, position);
    fs.writeSync(fd, bytes, 0, bytes.length, position);
    this.#pending.push({ path: this.#pathOf(fd), position, old, length: bytes.length });
    return bytes.length;
  }

  sync(fd: number): void {
    if (this.#random.chance(this.#faults.failedSync)) throw Object.assign(new Error('EIO: fdatasync (simulated)'), { code: 'EIO' });
    const path = this.#pathOf(fd);
    this.#pending = this.#pending.filter((write) => write.path !== path);
  }

  /** The power is gone: what was not synced is there, not there, or there in part. */
  crash(): void {
    for (const { path, position, old, length } of this.#pending.reverse()) {
      const fate = this.#random.below(3);
      if (fate === 0) continue;
      // Lost: all of it is as before. Torn: from a sector on, or up to one.
      const edge = fate === 1 ? 0 : this.#random.below(Math.ceil((position % SECTOR) + length) / SECTOR + 1) * SECTOR - (position % SECTOR);
      const cut = Math.min(Math.max(edge, 0), length);
      const keepsEnd = fate === 2 && this.#random.chance(0.5);
      const [from, to] = keepsEnd ? [0, cut] : [cut, length];
      const fd = fs.openSync(path, 'r+');
      fs.writeSync(fd, old, from, to - from, position + from);
      fs.closeSync(fd);
    }
    this.#pending = [];
    this.#paths.clear();
  }

  #pathOf(fd: number): string {
    // Descriptors are reused: ask the system, not the memory.
    return fs.readlinkSync(`/proc/self/fd/${fd}`);
  }
}

/** Flips one bit of a file, somewhere. */
export function rot(file: string, random: Random): void {
  const bytes = fs.readFileSync(file);
  bytes[random.below(bytes.length)] ^= 1 << random.below(8);
  fs.writeFileSync(file, bytes);
}

/** A write that went to the wrong place: some sectors of a file lie over others of it. */
export function misdirect(file: string, random: Random): void {
  const bytes = fs.readFileSync(file);
  const length = SECTOR * random.between(1, 8);
  const sectors = Math.floor(bytes.length / SECTOR);
  const from = random.below(sectors) * SECTOR;
  bytes.copy(bytes, random.below(sectors) * SECTOR, from, Math.min(from + length, bytes.length));
  fs.writeFileSync(file, bytes);
}
