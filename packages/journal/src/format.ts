import path from 'node:path';
import { crc32 } from 'node:zlib';

/**
 * The journal on disk. A segment is a file of fixed size: a 64-byte head, then batches. A batch is a 64-byte head and its
 * commands, 64 bytes each; all little-endian. Sequence numbers run on without holes through batches and segments. Segments are
 * preallocated: what follows the last batch is zeros.
 *
 * Every head names the journal or the head before it, so that no file and no batch passes for one of another journal, or of another
 * life of this one. No command is all zeros, so that zeros where one should be are a piece that was not written.
 */

export const RECORD_BYTES = 64;
/** Most commands in one batch. */
export const MAX_BATCH = 16_384;
/** What a disk writes as a whole or not at all. */
export const SECTOR = 512;

export const segmentHead = {
  BYTES: 64,
  /** 'OUTCRYJ2' as two words */
  MAGIC_A: 0x4354554f,
  MAGIC_B: 0x324a5952,
  /** word 2: partition; float64 2 and 3: first sequence number, the journal's number; word 8: the journal mark of the batch before it, 0:
   * there is none; word 15: CRC-32 of the 60 bytes before it */
  PARTITION: 2,
  F64_FIRST: 2,
  F64_JOURNAL: 3,
  PREVIOUS: 8,
  CRC: 15,
} as const;

export const batchHead = {
  BYTES: 64,
  /** 'OCB2' */
  MAGIC: 0x3242434f,
  /** words 0 to 3: magic, number of commands, CRC-32 of the commands, version of the engine that they were meant for; float64 2 and 3:
   * first sequence number, and the last command that was durable when it was written; word 8: the journal mark of the batch before it; word
   * 9: 1 where each batch is synced before the next one is written; word 15, its own journal mark: CRC-32 of the 60 bytes before it,
   * and so of everything before it */
  COUNT: 1,
  PAYLOAD_CRC: 2,
  VERSION: 3,
  F64_FIRST: 2,
  F64_DURABLE: 3,
  PREVIOUS: 8,
  SYNCED: 9,
  CRC: 15,
} as const;

const RESTORE = "Restore the journal directory from a copy; 'outcry journal verify' lists what is readable.";

/** Damage that no crash explains: the venue must not start on it. */
export class JournalDamage extends Error {
  readonly code = 'journal_damaged';
  readonly segment: string;
  readonly offset: number;
  constructor(segment: string, offset: number, detail: string, remedy = `Commands after this point cannot be trusted. ${RESTORE}`) {
    super(`journal segment ${path.basename(segment)} is damaged at byte ${offset}: ${detail}. ${remedy}`);
    this.segment = segment;
    this.offset = offset;
  }
}

/** Files that are whole, but not all there, or not of one journal. */
export class JournalMismatch extends Error {
  readonly code = 'journal_mismatch';
  constructor(detail: string, remedy: string = RESTORE) {
    super(`${detail}. ${remedy}`);
  }
}

export function segmentName(firstSequence: number): string {
  return `journal-${String(firstSequence).padStart(16, '0')}.log`;
}

/** The first sequence number that a file name states, or -1 when it is no segment's name. */
export function firstSequenceOf(name: string): number {
  const match = /^journal-(\d{16})\.log$/.exec(name);
  return match ? Number(match[1]) : -1;
}

/** Two views of one 64-byte head. */
export class Head {
  readonly bytes = Buffer.alloc(64);
  readonly i32 = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, 16);
  readonly f64 = new Float64Array(this.bytes.buffer, this.bytes.byteOffset, 8);

  writeSegment(firstSequence: number, partition: number, journal: number, previous: number): void {
    this.bytes.fill(0);
    this.i32[0] = segmentHead.MAGIC_A;
    this.i32[1] = segmentHead.MAGIC_B;
    this.i32[segmentHead.PARTITION] = partition;
    this.f64[segmentHead.F64_FIRST] = firstSequence;
    this.f64[segmentHead.F64_JOURNAL] = journal;
    this.i32[segmentHead.PREVIOUS] = previous;
    this.#seal();
  }

  /** What all batches of a writer have in common. */
  prepareBatches(version: number, synced: boolean): void {
    this.bytes.fill(0);
    this.i32[0] = batchHead.MAGIC;
    this.i32[batchHead.VERSION] = version;
    this.i32[batchHead.SYNCED] = synced ? 1 : 0;
  }

  writeBatch(firstSequence: number, count: number, payloadCrc: number, durable: number, previous: number): void {
    this.i32[batchHead.COUNT] = count;
    this.i32[batchHead.PAYLOAD_CRC] = payloadCrc | 0;
    this.f64[batchHead.F64_FIRST] = firstSequence;
    this.f64[batchHead.F64_DURABLE] = durable;
    this.i32[batchHead.PREVIOUS] = previous;
    this.#seal();
  }

  /** What the next head names as the one before it. */
  get journalMark(): number {
    return this.i32[batchHead.CRC];
  }

  /** Whether the bytes are a whole batch head. */
  isBatch(): boolean {
    const count = this.i32[batchHead.COUNT];
    return this.i32[0] === batchHead.MAGIC && count >= 1 && count <= MAX_BATCH && this.#sealed();
  }

  isSegment(): boolean {
    return this.i32[0] === segmentHead.MAGIC_A && this.i32[1] === segmentHead.MAGIC_B && this.#sealed();
  }

  #seal(): void {
    this.i32[15] = crc32(this.bytes.subarray(0, 60)) | 0;
  }

  #sealed(): boolean {
    return this.i32[15] === (crc32(this.bytes.subarray(0, 60)) | 0);
  }
}

/** Whether a piece of a file is all zeros: never written. */
export function isZero(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}
