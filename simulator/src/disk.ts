/** A disk for the simulator, which forgets, tears and damages what was written. */
import fs from 'node:fs';
import path from 'node:path';
import { type JournalDisk, RealDisk } from '@outcry/journal/disk';
import { SECTOR } from '@outcry/journal/format';
import type { Random } from '@outcry/workload/random';

/** How a disk may fail. */
interface DiskFaults {
  /** shares of writes and syncs */
  full: number;
  failedSync: number;
  /** share of all calls before which the power goes */
  powerCut: number;
}

/** The power went in the middle of something. */
class PowerCut extends Error {
  readonly code = 'POWER';
}

/** A write that was not synced, and what was there before. */
interface Write {
  readonly position: number;
  readonly old: Buffer;
  readonly length: number;
  /** of the file before it */
  readonly size: number;
}

interface SimulatedFile {
  path: string;
  writes: Write[];
}

/** A change of a directory that was not synced, and how it is undone. */
interface Change {
  readonly directory: string;
  undo(): void;
}

/**
 * A disk that forgets at a crash what was not synced. Each write to a file is kept, lost, or torn at a sector, in any combination, as disks
 * do that reorder; of the changes of a directory (new files, renames, removals) the last ones are undone, any number of them. It can be
 * full, its sync can fail, and the power can go before any call. Files are real ones.
 */
export class SimulatedDisk implements JournalDisk {
  readonly #random: Random;
  readonly #faults: DiskFaults;
  readonly #real = new RealDisk();
  /** by number of the file on the real disk */
  readonly #files = new Map<number, SimulatedFile>();
  #changes: Change[] = [];
  /** power cuts and faults only happen while the venue is at work */
  isAtWork = true;

  constructor(random: Random, faults: DiskFaults) {
    this.#random = random;
    this.#faults = faults;
  }

  create(file: string, mode: number): number {
    this.#mayFail();
    const old = fs.existsSync(file) ? fs.readFileSync(file) : undefined;
    if (old !== undefined) this.#real.remove(file);
    const fd = this.#real.create(file, mode);
    this.#note(file, () => {
      fs.rmSync(file, { force: true });
      if (old !== undefined) fs.writeFileSync(file, old);
    });
    this.#fileOf(fd);
    return fd;
  }

  write(fd: number, parts: Uint8Array[], position: number): number {
    this.#mayFail();
    if (this.isAtWork && this.#random.chance(this.#faults.full))
      throw Object.assign(new Error('ENOSPC: no space left on device (simulated)'), { code: 'ENOSPC' });
    const bytes = Buffer.concat(parts);
    const { size } = fs.fstatSync(fd);
    const old = Buffer.alloc(Math.max(0, Math.min(bytes.length, size - position)));
    fs.readSync(fd, old, 0, old.length, position);
    fs.writeSync(fd, bytes, 0, bytes.length, position);
    this.#fileOf(fd).writes.push({ position, old, length: bytes.length, size });
    return bytes.length;
  }

  sync(fd: number): void {
    this.#mayFail();
    if (this.isAtWork && this.#random.chance(this.#faults.failedSync))
      throw Object.assign(new Error('EIO: fdatasync (simulated)'), { code: 'EIO' });
    this.#fileOf(fd).writes = [];
  }

  rename(from: string, to: string): void {
    this.#mayFail();
    const old = fs.existsSync(to) ? fs.readFileSync(to) : undefined;
    const { ino } = fs.statSync(from);
    if (old !== undefined) this.#files.delete(fs.statSync(to).ino);
    this.#real.rename(from, to);
    const file = this.#files.get(ino);
    if (file !== undefined) file.path = to;
    this.#note(to, () => {
      fs.renameSync(to, from);
      if (file !== undefined) file.path = from;
      if (old !== undefined) fs.writeFileSync(to, old);
    });
  }

  remove(file: string): void {
    this.#mayFail();
    if (!fs.existsSync(file)) return;
    const old = fs.readFileSync(file);
    this.#files.delete(fs.statSync(file).ino);
    this.#real.remove(file);
    this.#note(file, () => fs.writeFileSync(file, old));
  }

  syncDirectory(directory: string): void {
    this.#mayFail();
    this.#changes = this.#changes.filter((change) => change.directory !== path.resolve(directory));
  }

  /** The power is gone: what was not synced is there, not there, or there in part. */
  crash(): void {
    for (const file of this.#files.values()) for (const write of file.writes.reverse()) this.#forget(file.path, write);
    this.#files.clear();
    const kept = this.#random.below(this.#changes.length + 1);
    for (const change of this.#changes.slice(kept).reverse()) change.undo();
    this.#changes = [];
  }

  #forget(file: string, { position, old, length, size }: Write): void {
    const fate = this.#random.below(3);
    if (fate === 0 || !fs.existsSync(file)) return;
    // Lost: all of it is as before. Torn: from a sector on, or up to one.
    const edge = fate === 1 ? 0 : this.#random.below(Math.ceil((position % SECTOR) + length) / SECTOR + 1) * SECTOR - (position % SECTOR);
    const cut = Math.min(Math.max(edge, 0), length);
    const keepsEnd = fate === 2 && this.#random.chance(0.5);
    const [from, to] = keepsEnd ? [0, cut] : [cut, length];
    const before = Buffer.alloc(length);
    old.copy(before);
    const fd = fs.openSync(file, 'r+');
    fs.writeSync(fd, before, from, to - from, position + from);
    if (from === 0 && to === length && size < position + length) fs.ftruncateSync(fd, Math.max(size, position));
    fs.closeSync(fd);
  }

  #mayFail(): void {
    if (this.isAtWork && this.#random.chance(this.#faults.powerCut)) throw new PowerCut('the power went (simulated)');
  }

  #note(file: string, undo: () => void): void {
    this.#changes.push({ directory: path.resolve(path.dirname(file)), undo });
  }

  #fileOf(fd: number): SimulatedFile {
    const { ino } = fs.fstatSync(fd);
    let file = this.#files.get(ino);
    if (file === undefined) {
      file = { path: fs.readlinkSync(`/proc/self/fd/${fd}`), writes: [] };
      this.#files.set(ino, file);
    }
    return file;
  }
}

/** Flips one bit of a file, somewhere. */
export function rot(file: string, random: Random): void {
  const bytes = fs.readFileSync(file);
  if (bytes.length === 0) return;
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
