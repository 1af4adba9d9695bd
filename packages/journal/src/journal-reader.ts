/** Reads a journal's batches in order, also while it is written. */
import fs from 'node:fs';
import { crc32 } from 'node:zlib';
import { batchHead, Head, JournalDamage, JournalMismatch, RECORD_BYTES, segmentHead } from './format.ts';
import { examine, type JournalEnd, NO_END, refuseOverlap } from './journal-end.ts';
import { listSegments, readSegmentHead, type SegmentFile } from './segments.ts';

/** Commands of one batch, as views that are valid until the next read. */
export interface Batch {
  readonly firstSequence: number;
  readonly count: number;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  /** word offset of the first command in both views (half of it in f64) */
  readonly at: number;
  /** the version of the engine that the commands were meant for */
  readonly version: number;
  /** the journal mark of the batch before it: see batchHead */
  readonly previous: number;
}

/** Where a writer goes on: after the last whole batch. */
export interface Tail {
  readonly path: string;
  readonly offset: number;
  /** of the last batch: what the next one names as the one before it */
  readonly journalMark: number;
}

const CHUNK = 4 * 1024 * 1024;
const STRANGE = 'does not follow what is before it: it is of another life of this journal';

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
  /** file offset of the next batch; the buffer holds `#filled` bytes of the file from `#start` */
  #offset = 0;
  #start = 0;
  #filled = 0;
  #next: number;
  /** of the last batch read, or passed over */
  #journalMark = 0;

  /** @param from the first sequence number wanted; throws when the journal begins after it */
  constructor(directory: string, from: number) {
    this.#directory = directory;
    this.#next = from;
    const segments = listSegments(directory);
    const holding = segments.findLast((segment) => segment.firstSequence <= from);
    if (holding !== undefined && !this.#open(holding) && holding !== segments.at(-1)) {
      throw new JournalDamage(holding.path, 0, 'it is empty, yet other segments follow');
    }
    if (holding !== undefined) return;
    if (segments.length > 0) {
      throw new JournalMismatch(`the journal begins at command ${segments[0].firstSequence}, but ${from} is needed`);
    }
  }

  /** Where the next batch begins: for a writer that goes on from here. Undefined: there is no segment yet. */
  get tail(): Tail | undefined {
    return this.#path === '' ? undefined : { path: this.#path, offset: this.#offset, journalMark: this.#journalMark };
  }

  /** The sequence number that the next batch begins with, or holds. */
  get nextSequence(): number {
    return this.#next;
  }

  /** The journal mark of the last batch read: what the next one names as the one before it. */
  get journalMark(): number {
    return this.#journalMark;
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
      const version = this.#head.i32[batchHead.VERSION];
      const previous = this.#head.i32[batchHead.PREVIOUS];
      if (!this.#load(batchHead.BYTES + count * RECORD_BYTES) || !this.#payloadIsWhole(count)) return undefined;
      if (first > this.#next) throw new JournalDamage(this.#path, this.#offset, `expected command ${this.#next}, found ${first}`);
      if (previous !== this.#journalMark) {
        throw new JournalDamage(this.#path, this.#offset, `the batch of command ${first} ${STRANGE}`);
      }
      this.#journalMark = this.#head.journalMark;
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
        version,
        previous,
      };
    }
    return undefined;
  }

  /** After {@link read} came to the end: what is there, and whether a crash explains it. Throws where none does. */
  examineEnd(): JournalEnd {
    if (this.#path === '') return NO_END;
    const later = listSegments(this.#directory).find((segment) => segment.path > this.#path && readSegmentHead(segment.path) !== undefined);
    return examine(this.#path, this.#offset, fs.statSync(this.#path).size, this.#next, later);
  }

  close(): void {
    if (this.#fd >= 0) fs.closeSync(this.#fd);
    this.#fd = -1;
  }

  /** Returns false for a segment that nothing was written to. */
  #open(segment: SegmentFile): boolean {
    const head = readSegmentHead(segment.path);
    if (head === undefined) return false;
    const fd = fs.openSync(segment.path, 'r');
    this.close();
    this.#fd = fd;
    if (this.#path === '') this.#journalMark = head.previous;
    else if (this.#journalMark !== head.previous) {
      throw new JournalDamage(segment.path, 0, `it ${STRANGE}`);
    }
    this.#path = segment.path;
    this.#offset = segmentHead.BYTES;
    this.#start = 0;
    this.#filled = 0;
    return true;
  }

  #openNext(): boolean {
    const next = listSegments(this.#directory).find((segment) => segment.path > this.#path);
    if (next === undefined || next.firstSequence > this.#next) return false;
    if (next.firstSequence < this.#next && this.#path !== '') refuseOverlap(this.#path, next);
    return this.#open(next);
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
