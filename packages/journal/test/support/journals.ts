/** Small journals in directories of their own: written, read, damaged. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import type { JournalDisk } from '../../src/disk.ts';
import { RECORD_BYTES } from '../../src/format.ts';
import type { JournalReader, Tail } from '../../src/journal-reader.ts';
import { type Durability, JournalWriter } from '../../src/journal-writer.ts';

export const root = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-journal-'));
after(() => fs.rmSync(root, { recursive: true }));
let count = 0;

export function newDirectory(): string {
  const directory = path.join(root, String(count++));
  fs.mkdirSync(directory);
  return directory;
}

export const SMALL_SEGMENT = 4096;
export const JOURNAL = 4711;

export function writerIn(
  directory: string,
  next = 1,
  tail?: Tail,
  disk?: JournalDisk,
  durability: Durability = 'fsync',
  journal = JOURNAL,
) {
  return new JournalWriter({ ...OPTIONS, directory, durability, journal }, next, tail, disk);
}

/** Records made of their sequence number, with no zero at their end. */
export function records(first: number, many: number): Uint8Array {
  const words = new Int32Array((many * RECORD_BYTES) / 4);
  for (let i = 0; i < many; i++) {
    words.fill(first + i, i * 16, (i + 1) * 16);
    words[i * 16 + 15] = ~(first + i);
  }
  return new Uint8Array(words.buffer);
}

export const OPTIONS = { durability: 'fsync' as const, segmentBytes: SMALL_SEGMENT, partition: 0, journal: JOURNAL, version: 1 };

/** The files of a journal, without the note of what is durable. */
export function filesOf(directory: string): string[] {
  return fs.readdirSync(directory).filter((name) => name !== 'durable.mark');
}

export function append(writer: JournalWriter, sizes: number[]): void {
  for (const size of sizes) {
    let left = size;
    while (left > 0) {
      const now = Math.min(left, writer.batchRoom());
      writer.append(records(writer.nextSequence, now), undefined);
      left -= now;
    }
  }
}

export function readAll(reader: JournalReader, upTo?: number): number[] {
  const found: number[] = [];
  for (let batch = reader.read(upTo); batch !== undefined; batch = reader.read(upTo)) {
    assert.equal(batch.i32[batch.at], batch.firstSequence);
    for (let i = 0; i < batch.count; i++) found.push(batch.i32[batch.at + i * 16]);
  }
  return found;
}

export function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

export function damage(file: string, at: number, change: (byte: number) => number): void {
  const bytes = fs.readFileSync(file);
  bytes[at] = change(bytes[at]);
  fs.writeFileSync(file, bytes);
}
