/** The note of what was durable, beside the journal. */
import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { JournalDisk } from './disk.ts';
import { replaceFile } from './durable-file.ts';
import { SECTOR } from './format.ts';

/**
 * A note of the last command that is durable, beside the journal: what the journal must reach at the next start. It is written after
 * each batch and not synced, so that it costs a system call and no wait: after a kill it is exact, after a power cut it may be a little
 * behind, and never ahead. Two records in two sectors, in turn, so that a torn one leaves the other.
 *
 * A record: 'OUTCRYM1', the journal's number, the command's sequence number (float64), the journal mark of its batch, CRC-32 of the 60
 * bytes before.
 */
export const NOTE_FILE = 'durable.mark';
const MAGIC = Buffer.from('OUTCRYM1', 'latin1');
const RECORD = 64;
const F64_JOURNAL = 1;
const F64_SEQUENCE = 2;
const BATCH = 6;
const CRC = 15;

export interface Note {
  readonly journal: number;
  /** the last command that is durable */
  readonly sequence: number;
  /** the journal mark of the batch that ends with it: see batchHead */
  readonly batch: number;
}

export class DurableNote {
  readonly fd: number;
  readonly #disk: JournalDisk;
  readonly #bytes = Buffer.alloc(RECORD);
  readonly #parts = [this.#bytes];
  readonly #i32 = new Int32Array(this.#bytes.buffer, this.#bytes.byteOffset, RECORD / 4);
  readonly #f64 = new Float64Array(this.#bytes.buffer, this.#bytes.byteOffset, RECORD / 8);
  #turn = 0;

  /** Begins anew at a command that is durable. */
  constructor(directory: string, note: Note, disk: JournalDisk) {
    const file = path.join(directory, NOTE_FILE);
    this.#disk = disk;
    MAGIC.copy(this.#bytes);
    this.#f64[F64_JOURNAL] = note.journal;
    this.#fill(note.sequence, note.batch);
    replaceFile(file, Buffer.concat([this.#bytes, Buffer.alloc(SECTOR * 2 - RECORD)]), 0o600, disk);
    this.fd = fs.openSync(file, 'r+');
  }

  write(sequence: number, batch: number): void {
    this.#fill(sequence, batch);
    this.#turn ^= 1;
    this.#disk.write(this.fd, this.#parts, this.#turn * SECTOR);
  }

  close(): void {
    fs.closeSync(this.fd);
  }

  #fill(sequence: number, batch: number): void {
    this.#f64[F64_SEQUENCE] = sequence;
    this.#i32[BATCH] = batch;
    this.#i32[CRC] = crc32(this.#bytes.subarray(0, CRC * 4)) | 0;
  }
}

/** What is noted in a directory: undefined where there is no note. Throws when it cannot be read any more. */
export function readNote(directory: string): Note | undefined {
  const file = path.join(directory, NOTE_FILE);
  if (!fs.existsSync(file)) return undefined;
  const bytes = Buffer.alloc(SECTOR * 2);
  fs.readFileSync(file).copy(bytes);
  const notes = [0, SECTOR].map((at) => noteAt(bytes.subarray(at, at + RECORD))).filter((note) => note !== undefined);
  if (notes.length === 0) throw new Error(`${file} is broken: it does not say any more what was durable`);
  return notes.reduce((a, b) => (b.sequence > a.sequence ? b : a));
}

function noteAt(record: Buffer): Note | undefined {
  if (!record.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (record.readInt32LE(CRC * 4) !== (crc32(record.subarray(0, CRC * 4)) | 0)) return undefined;
  return {
    journal: record.readDoubleLE(F64_JOURNAL * 8),
    sequence: record.readDoubleLE(F64_SEQUENCE * 8),
    batch: record.readInt32LE(BATCH * 4),
  };
}
