import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { batchHead, firstSequenceOf, Head, JournalDamage, RECORD_BYTES, segmentHead } from './format.ts';

/** Commands of one batch, as views that are valid until the next read. */
export interface Batch {
  readonly firstSequence: number;
  readonly count: number;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  /** word offset of the first command in both views (half of it in f64) */
  readonly at: number;
}

export interface SegmentFile {
  readonly path: string;
  readonly firstSequence: number;
}

/** A journal directory's segments, oldest first. */
export function listSegments(directory: string): SegmentFile[] {
  if (!fs.existsSync(directory)) return [];
  return fs
    .readdirSync(directory)
    .map((name) => ({ path: path.join(directory, name), firstSequence: firstSequenceOf(name) }))
    .filter((segment) => segment.firstSequence > 0)
    .sort((a, b) => a.firstSequence - b.firstSequence);
}

const CHUNK = 4 * 1024 * 1024;

/**
 * Reads a journal from a sequence number on, batch by batch, also while it is being written: {@link read} never looks beyond the
 * sequence number that it is given. Throws {@link JournalDamage} where the journal is broken in a way that no crash explains.
 */
export class JournalReader {
  readonly #directory: string;
  readonly #buffer = Buffer.from(new ArrayBuffer(CHUNK));
  readonly #i32 = new Int32Array(this.#buffer.buffer);
  readonly #f64 = new Float64Array(this.#buffer.buffer);
  readonly #head = new Head();
  #fd = -1;
  #path = '';
  #size = 0;
  /** file offset of the next batch; the buffer holds `#filled` bytes of the file from `#start` */
  #offset = 0;
  #start = 0;
  #filled = 0;
  #next: number;

  /** @param from the first sequence number wanted; throws when the journal begins after it */
  constructor(directory: string, from: number) {
    this.#directory = directory;
    this.#next = from;
    const segments = listSegments(directory);
    const holding = segments.findLast((segment) => segment.firstSequence <= from);
    if (holding === undefined) {
      if (segments.length > 0) {
        throw new JournalDamage(segments[0].path, 0, `the journal begins at command ${segments[0].firstSequence}, but ${from} is needed`);
      }
      return;
    }
    this.#open(holding);
  }

  /** Where the next batch begins: for a writer that goes on from here. Undefined: there is no segment yet. */
  get tail(): { path: string; offset: number } | undefined {
    return this.#path === '' ? undefined : { path: this.#path, offset: this.#offset };
  }

  /** The sequence number that the next batch begins with, or holds. */
  get nextSequence(): number {
    return this.#next;
  }

  /** The next batch, or undefined at the end. Batches that end before the first sequence number wanted are passed over. */
  read(upTo = Number.MAX_SAFE_INTEGER): Batch | undefined {
    while (this.#next <= upTo) {
      if (this.#fd < 0 && !this.#openNext()) return undefined;
      if (!this.#load(batchHead.BYTES) || !this.#isBatchHere()) {
        if (this.#openNext()) continue;
        return undefined;
      }
      const count = this.#head.i32[batchHead.COUNT];
      const first = this.#head.f64[batchHead.F64_FIRST];
      if (!this.#load(batchHead.BYTES + count * RECORD_BYTES) || !this.#payloadIsWhole(count)) return undefined;
      if (first > this.#next) throw new JournalDamage(this.#path, this.#offset, `expected command ${this.#next}, found ${first}`);
      const at = (this.#offset - this.#start + batchHead.BYTES) / 4;
      this.#offset += batchHead.BYTES + count * RECORD_BYTES;
      if (first + count <= this.#next) continue;
      const skipped = this.#next - first;
      this.#next = first + count;
      return {
        firstSequence: first + skipped,
        count: count - skipped,
        i32: this.#i32,
        f64: this.#f64,
        at: at + skipped * (RECORD_BYTES / 4),
      };
    }
    return undefined;
  }

  /**
   * After {@link read} came to the end: decides whether the end is one that a crash explains. Returns the number of bytes of a torn
   * batch (0: a clean end); throws {@link JournalDamage} when good batches follow.
   */
  examineEnd(): number {
    if (this.#fd < 0) return 0;
    const later = listSegments(this.#directory).find((segment) => segment.path > this.#path);
    if (later !== undefined) throw new JournalDamage(this.#path, this.#offset, `a broken batch, yet ${path.basename(later.path)} follows`);
    const rest = Buffer.from(new ArrayBuffer(Math.max(0, this.#size - this.#offset)));
    fs.readSync(this.#fd, rest, 0, rest.length, this.#offset);
    let lastUsed = -1;
    const head = new Head();
    for (let at = 0; at + 64 <= rest.length; at += 64) {
      rest.copy(head.bytes, 0, at, at + 64);
      if (head.i32.some((word) => word !== 0)) lastUsed = at;
      if (at > 0 && head.isBatch() && head.f64[batchHead.F64_FIRST] > this.#next) {
        throw new JournalDamage(this.#path, this.#offset, `a broken batch, yet a good one follows at byte ${this.#offset + at}`);
      }
    }
    return lastUsed < 0 ? 0 : lastUsed + 64;
  }

  /** Overwrites a torn batch with zeros. */
  cutTail(bytes: number): void {
    const fd = fs.openSync(this.#path, 'r+');
    try {
      fs.writeSync(fd, Buffer.alloc(bytes), 0, bytes, this.#offset);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    this.#filled = 0;
  }

  close(): void {
    if (this.#fd >= 0) fs.closeSync(this.#fd);
    this.#fd = -1;
  }

  #open(segment: SegmentFile): void {
    this.close();
    this.#fd = fs.openSync(segment.path, 'r');
    this.#path = segment.path;
    this.#size = fs.fstatSync(this.#fd).size;
    this.#offset = 0;
    this.#filled = 0;
    if (!this.#load(segmentHead.BYTES)) throw new JournalDamage(segment.path, 0, 'the segment has no head');
    this.#copyHead();
    // A segment that was being opened when the power failed: its head never made it, nothing follows.
    if (this.#head.i32.every((word) => word === 0)) {
      this.#offset = segmentHead.BYTES;
      return;
    }
    if (!this.#head.isSegment()) throw new JournalDamage(segment.path, 0, "the segment's head is broken");
    if (this.#head.f64[segmentHead.F64_FIRST] !== segment.firstSequence) {
      throw new JournalDamage(
        segment.path,
        0,
        `the head says command ${this.#head.f64[segmentHead.F64_FIRST]}, the name ${segment.firstSequence}`,
      );
    }
    this.#offset = segmentHead.BYTES;
  }

  #openNext(): boolean {
    const next = listSegments(this.#directory).find((segment) => segment.firstSequence === this.#next && segment.path !== this.#path);
    if (next === undefined) return false;
    this.#open(next);
    return true;
  }

  #isBatchHere(): boolean {
    this.#copyHead();
    if (this.#head.isBatch()) return true;
    // The buffer may be older than the file: look once more.
    this.#filled = 0;
    if (!this.#load(batchHead.BYTES)) return false;
    this.#copyHead();
    return this.#head.isBatch();
  }

  #payloadIsWhole(count: number): boolean {
    const bytes = batchHead.BYTES + count * RECORD_BYTES;
    if (this.#payloadCrc(bytes) === this.#head.i32[batchHead.PAYLOAD_CRC]) return true;
    this.#filled = 0;
    return this.#load(bytes) && this.#payloadCrc(bytes) === this.#head.i32[batchHead.PAYLOAD_CRC];
  }

  #payloadCrc(bytes: number): number {
    const at = this.#offset - this.#start;
    return crc32(this.#buffer.subarray(at + batchHead.BYTES, at + bytes)) | 0;
  }

  #copyHead(): void {
    const at = this.#offset - this.#start;
    this.#buffer.copy(this.#head.bytes, 0, at, at + 64);
  }

  /** Has at least `bytes` of the file from the current offset in the buffer. Returns false when the file is shorter. */
  #load(bytes: number): boolean {
    if (this.#offset >= this.#start && this.#offset + bytes <= this.#start + this.#filled) return true;
    this.#start = this.#offset;
    this.#filled = fs.readSync(this.#fd, this.#buffer, 0, CHUNK, this.#offset);
    return this.#filled >= bytes;
  }
}
