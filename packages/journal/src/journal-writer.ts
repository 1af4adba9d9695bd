import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { batchHead, Head, MAX_BATCH, RECORD_BYTES, segmentHead, segmentName } from './format.ts';

export type Durability = 'fsync' | 'os' | 'none';

export interface JournalOptions {
  directory: string;
  /** `fsync`: a batch is on the disk before it counts; `os`: handed to the system; `none`: not written at all */
  durability: Durability;
  segmentBytes: number;
  partition: number;
}

export const DEFAULT_SEGMENT_BYTES = 64 * 1024 * 1024;

/** Name of the file that a preparer keeps ready, zeroed to full size, for the next segment. */
export function spareName(number: number): string {
  return `spare-${number}.tmp`;
}

/** What the writer needs of a disk; tests put a failing one in its place. */
export interface JournalDisk {
  write(fd: number, parts: Uint8Array[], position: number): number;
  sync(fd: number): void;
}

export const realDisk: JournalDisk = {
  write: (fd, parts, position) => fs.writevSync(fd, parts, position),
  sync: (fd) => fs.fdatasyncSync(fd),
};

/**
 * Appends batches of commands to the journal. After {@link append} returns they are as durable as `durability` says. One thread
 * owns a writer; the commands may lie in shared memory and must not change until the call returns.
 *
 * Throws what the disk throws. After that the writer is dead: what reached the disk is unknown until recovery has read it back.
 */
export class JournalWriter {
  readonly #options: JournalOptions;
  readonly #disk: JournalDisk;
  readonly #head = new Head();
  #fd = -1;
  #path = '';
  #offset = 0;
  #size = 0;
  #next: number;

  /** @param tail where the last good batch ends, from recovery; undefined: start a new segment */
  constructor(options: JournalOptions, nextSequence: number, tail?: { path: string; offset: number }, disk: JournalDisk = realDisk) {
    this.#options = options;
    this.#disk = disk;
    this.#next = nextSequence;
    if (tail === undefined || options.durability === 'none') return;
    this.#fd = fs.openSync(tail.path, 'r+');
    this.#path = tail.path;
    this.#offset = tail.offset;
    this.#size = fs.fstatSync(this.#fd).size;
  }

  /** The sequence number that the next command appended will have. */
  get nextSequence(): number {
    return this.#next;
  }

  get segment(): string {
    return this.#path;
  }

  /** Bytes left in the current segment. */
  get room(): number {
    return Math.max(0, this.#size - this.#offset);
  }

  /** Commands that the next batch can take: more than 0, a new segment is opened when the current one is full. */
  batchRoom(): number {
    if (this.#options.durability === 'none') return MAX_BATCH;
    let room = Math.floor((this.#size - this.#offset - batchHead.BYTES) / RECORD_BYTES);
    if (room < 1) {
      this.#openSegment();
      room = Math.floor((this.#size - this.#offset - batchHead.BYTES) / RECORD_BYTES);
    }
    return Math.min(MAX_BATCH, room);
  }

  /** Writes one batch of at most {@link batchRoom} commands: `first`, and `second` where a ring wraps. */
  append(first: Uint8Array, second: Uint8Array | undefined): void {
    const bytes = first.length + (second?.length ?? 0);
    const count = bytes / RECORD_BYTES;
    if (this.#options.durability !== 'none') {
      let crc = crc32(first);
      if (second !== undefined) crc = crc32(second, crc);
      this.#head.writeBatch(this.#next, count, crc);
      const parts = second === undefined ? [this.#head.bytes, first] : [this.#head.bytes, first, second];
      const written = this.#disk.write(this.#fd, parts, this.#offset);
      if (written !== batchHead.BYTES + bytes) throw new Error(`wrote ${written} of ${batchHead.BYTES + bytes} bytes to ${this.#path}`);
      if (this.#options.durability === 'fsync') this.#disk.sync(this.#fd);
      this.#offset += batchHead.BYTES + bytes;
    }
    this.#next += count;
  }

  close(): void {
    if (this.#fd >= 0) fs.closeSync(this.#fd);
    this.#fd = -1;
  }

  #openSegment(): void {
    this.close();
    const { directory, segmentBytes, partition } = this.#options;
    const target = path.join(directory, segmentName(this.#next));
    const spare = fs.readdirSync(directory).find((name) => /^spare-\d+\.tmp$/.test(name));
    if (spare === undefined) allocateSegment(target, segmentBytes);
    else fs.renameSync(path.join(directory, spare), target);
    this.#fd = fs.openSync(target, 'r+');
    this.#path = target;
    this.#size = fs.fstatSync(this.#fd).size;
    this.#head.writeSegment(this.#next, partition);
    this.#disk.write(this.#fd, [this.#head.bytes], 0);
    this.#disk.sync(this.#fd);
    syncDirectory(directory);
    this.#offset = segmentHead.BYTES;
  }
}

/** Makes a zeroed file of full size, so that later writes change no metadata. Removes it again when the disk is too small. */
export function allocateSegment(file: string, bytes: number): void {
  const fd = fs.openSync(file, 'wx');
  try {
    const zeros = Buffer.alloc(Math.min(bytes, 1024 * 1024));
    for (let offset = 0; offset < bytes; ) offset += fs.writeSync(fd, zeros, 0, Math.min(zeros.length, bytes - offset), offset);
    fs.fsyncSync(fd);
  } catch (error) {
    fs.closeSync(fd);
    fs.rmSync(file, { force: true });
    throw error;
  }
  fs.closeSync(fd);
}

/** Makes a rename or a new file in a directory durable. */
export function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
