/** Writes batches of commands into segments. */
import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { isOutOfDescriptors, isShortage, type JournalDisk, realDisk } from './disk.ts';
import { DurableNote } from './durable-note.ts';
import { batchHead, Head, MAX_BATCH, RECORD_BYTES, segmentHead, segmentName } from './format.ts';
import type { Tail } from './journal-reader.ts';

export type Durability = 'fsync' | 'os';

export interface JournalOptions {
  directory: string;
  /** `fsync`: a batch is on the disk before it counts; `os`: handed to the system; `none`: not written at all */
  durability: Durability;
  segmentBytes: number;
  partition: number;
  /** the journal's number: all its files carry it */
  journal: number;
  /** of the engine: what is appended is meant for it */
  version: number;
}

export const DEFAULT_SEGMENT_BYTES = 64 * 1024 * 1024;

/** Name of the file that a preparer keeps ready, zeroed to full size, for the next segment; and of one that the writer makes itself. */
export const SPARE_NAME = 'spare.tmp';
const OWN_SPARE_NAME = 'segment.tmp';
const PRIVATE = 0o600;

/**
 * Appends batches of commands to the journal. After {@link append} returns they are as durable as `durability` says. One thread
 * owns a writer; the commands may lie in shared memory and must not change until the call returns.
 *
 * Throws what the disk throws. A shortage (see isShortage) leaves it as it was: the same call may be made again. After anything else the
 * writer is dead: what reached the disk is unknown until recovery has read it back.
 *
 * What it needs to go on it has open before it needs it: the directory, and the next segment as soon as one is prepared. One descriptor
 * more is kept for the case that none is.
 */
export class JournalWriter {
  readonly #options: JournalOptions;
  readonly #disk: JournalDisk;
  readonly #head = new Head();
  readonly #durableNote: DurableNote;
  #directory = -1;
  /** the directory once more: given up when no other descriptor is to be had */
  #reserve = -1;
  #fd = -1;
  #spare = -1;
  #sparePath = '';
  #path = '';
  #offset = 0;
  #size = 0;
  #next: number;
  #durable: number;
  #previous: number;
  /** why the last note of what is durable was not written, undefined: it was */
  noteFailure: Error | undefined;

  /** @param tail where the last good batch ends, from recovery; undefined: start a new segment */
  constructor(options: JournalOptions, nextSequence: number, tail?: Tail, disk: JournalDisk = realDisk) {
    this.#options = options;
    this.#disk = disk;
    this.#next = nextSequence;
    this.#durable = nextSequence - 1;
    this.#previous = tail?.journalMark ?? 0;
    this.#head.prepareBatches(options.version, options.durability === 'fsync');
    const { directory, journal } = options;
    this.#durableNote = new DurableNote(directory, { journal, sequence: this.#durable, batch: this.#previous }, disk);
    this.#directory = fs.openSync(directory, 'r');
    this.#keepReserve();
    if (tail === undefined) return;
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
    if (this.#roomForCommands() < 1) this.#openSegment();
    return Math.min(MAX_BATCH, this.#roomForCommands());
  }

  /** Writes one batch of at most {@link batchRoom} commands: `first`, and `second` where a ring wraps. */
  append(first: Uint8Array, second: Uint8Array | undefined): void {
    const bytes = first.length + (second?.length ?? 0);
    const count = bytes / RECORD_BYTES;
    let crc = crc32(first);
    if (second !== undefined) crc = crc32(second, crc);
    this.#head.writeBatch(this.#next, count, crc, this.#durable, this.#previous);
    const parts = second === undefined ? [this.#head.bytes, first] : [this.#head.bytes, first, second];
    const written = this.#disk.write(this.#fd, parts, this.#offset);
    if (written !== batchHead.BYTES + bytes) throw noRoom(`wrote ${written} of ${batchHead.BYTES + bytes} bytes to ${this.#path}`);
    if (this.#options.durability === 'fsync') this.#sync(this.#fd, this.#next + count - 1);
    this.#offset += batchHead.BYTES + bytes;
    this.#previous = this.#head.journalMark;
    this.#next += count;
    this.#note();
  }

  /** Opens the next segment where one is prepared: to be called now and then, so that a roll needs nothing of the system. */
  openSpare(): void {
    if (this.#spare >= 0) return;
    this.#sparePath = path.join(this.#options.directory, SPARE_NAME);
    this.#spare = openIfThere(this.#sparePath);
    if (this.#spare >= 0 && this.#reserve < 0) this.#keepReserve();
  }

  close(): void {
    for (const fd of [this.#fd, this.#spare, this.#reserve, this.#directory]) if (fd >= 0) fs.closeSync(fd);
    this.#fd = this.#spare = this.#reserve = this.#directory = -1;
    this.#durableNote.close();
  }

  /** The batch is durable, whether or not the note of it can be written: then the note is behind, which it may be. */
  #note(): void {
    try {
      this.#durableNote.write(this.#next - 1, this.#previous);
      this.noteFailure = undefined;
    } catch (error) {
      this.noteFailure = error as Error;
    }
  }

  #roomForCommands(): number {
    return Math.floor((this.#size - this.#offset - batchHead.BYTES) / RECORD_BYTES);
  }

  #sync(fd: number, upTo: number): void {
    orDie(() => this.#disk.sync(fd));
    this.#durable = upTo;
  }

  /**
   * A segment gets its name when its head is durable, and the one before it is: whoever finds one under its name can rely on both. May be
   * called again when it failed for want of something.
   */
  #openSegment(): void {
    const { directory, partition, segmentBytes, journal, durability } = this.#options;
    this.openSpare();
    if (this.#spare < 0) this.#spare = this.#makeSpare(segmentBytes);
    if (this.#fd >= 0 && durability !== 'fsync') this.#sync(this.#fd, this.#next - 1);
    const head = new Head();
    head.writeSegment(this.#next, partition, journal, this.#previous);
    if (this.#disk.write(this.#spare, [head.bytes], 0) !== segmentHead.BYTES) throw noRoom(`no room for the head of a segment`);
    this.#sync(this.#spare, this.#next - 1);
    const target = path.join(directory, segmentName(this.#next));
    this.#disk.rename(this.#sparePath, target);
    orDie(() => this.#disk.syncDirectory(directory, this.#directory));
    if (this.#fd >= 0) fs.closeSync(this.#fd);
    this.#fd = this.#spare;
    this.#spare = -1;
    this.#path = target;
    this.#size = fs.fstatSync(this.#fd).size;
    this.#offset = segmentHead.BYTES;
    if (this.#reserve < 0) this.#keepReserve();
  }

  #makeSpare(bytes: number): number {
    this.#sparePath = path.join(this.#options.directory, OWN_SPARE_NAME);
    try {
      return allocateSegment(this.#sparePath, bytes, this.#disk);
    } catch (error) {
      if (!isOutOfDescriptors(error) || this.#reserve < 0) throw error;
      fs.closeSync(this.#reserve);
      this.#reserve = -1;
      return allocateSegment(this.#sparePath, bytes, this.#disk);
    }
  }

  #keepReserve(): void {
    try {
      this.#reserve = fs.openSync(this.#options.directory, 'r');
    } catch (error) {
      if (!isShortage(error)) throw error; // the next segment brings another try
    }
  }
}

/** A sync that failed leaves the disk in a state that nobody knows, whatever the reason was: it is no shortage. */
function orDie(sync: () => void): void {
  try {
    sync();
  } catch (error) {
    throw new Error((error as Error).message, { cause: error });
  }
}

function noRoom(message: string): Error {
  return Object.assign(new Error(message), { code: 'ENOSPC' });
}

/** Opens a file for writing, -1 when there is none, or no descriptor for it. */
function openIfThere(file: string): number {
  try {
    return fs.openSync(file, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || isShortage(error)) return -1; // it is asked for again
    throw error;
  }
}

/**
 * Makes a zeroed file of full size, so that later writes change no metadata. Returns its descriptor. Removes it again when the disk is
 * too small.
 */
export function allocateSegment(file: string, bytes: number, disk: JournalDisk = realDisk): number {
  const fd = disk.create(file, PRIVATE);
  try {
    const zeros = Buffer.alloc(Math.min(bytes, 1024 * 1024));
    for (let offset = 0; offset < bytes; ) {
      const written = disk.write(fd, [zeros.subarray(0, Math.min(zeros.length, bytes - offset))], offset);
      if (written < 1) throw noRoom(`no room for a segment of ${bytes} bytes`);
      offset += written;
    }
    disk.sync(fd);
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    disk.remove(file);
    throw error;
  }
}
