import path from 'node:path';
import { crc32 } from 'node:zlib';

/**
 * The journal on disk. A segment is a file of fixed size: a 64-byte head, then batches. A batch is a 64-byte head and its
 * commands, 64 bytes each; all little-endian. Sequence numbers run on without holes through batches and segments. Segments are
 * preallocated: what follows the last batch is zeros.
 */

export const RECORD_BYTES = 64;
/** Most commands in one batch. */
export const MAX_BATCH = 16_384;

export const segmentHead = {
  BYTES: 64,
  /** 'OUTCRYJ1' as two words */
  MAGIC_A: 0x4354554f,
  MAGIC_B: 0x314a5952,
  /** word 2: partition; float64 2: first sequence number; word 15: CRC-32 of the 60 bytes before it */
  PARTITION: 2,
  F64_FIRST: 2,
  CRC: 15,
} as const;

export const batchHead = {
  BYTES: 64,
  MAGIC: 0x3142434f,
  /** words 0 to 3: magic, number of commands, CRC-32 of the commands, 0; float64 2: first sequence number; word 15: CRC-32 of the 60 bytes before it */
  COUNT: 1,
  PAYLOAD_CRC: 2,
  F64_FIRST: 2,
  CRC: 15,
} as const;

/** Damage that no crash explains: the venue must not start on it. */
export class JournalDamage extends Error {
  readonly code = 'journal_damaged';
  readonly segment: string;
  readonly offset: number;
  constructor(segment: string, offset: number, detail: string) {
    super(
      `journal segment ${path.basename(segment)} is damaged at byte ${offset}: ${detail}. ` +
        `Commands after this point cannot be trusted. Restore the segment from a copy, or move the data directory aside and start from a backup; ` +
        `'outcry journal verify' lists what is readable.`,
    );
    this.segment = segment;
    this.offset = offset;
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

  writeSegment(firstSequence: number, partition: number): void {
    this.bytes.fill(0);
    this.i32[0] = segmentHead.MAGIC_A;
    this.i32[1] = segmentHead.MAGIC_B;
    this.i32[segmentHead.PARTITION] = partition;
    this.f64[segmentHead.F64_FIRST] = firstSequence;
    this.#seal();
  }

  writeBatch(firstSequence: number, count: number, payloadCrc: number): void {
    this.i32[0] = batchHead.MAGIC;
    this.i32[batchHead.COUNT] = count;
    this.i32[batchHead.PAYLOAD_CRC] = payloadCrc | 0;
    this.f64[batchHead.F64_FIRST] = firstSequence;
    this.#seal();
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
