import fs from 'node:fs';
import path from 'node:path';
import type { JournalDisk } from './disk.ts';
import { replaceFile } from './durable-file.ts';
import { batchHead, Head, isZero, JournalDamage, JournalMismatch, RECORD_BYTES, SECTOR, segmentHead } from './format.ts';
import type { SegmentFile } from './segments.ts';

/**
 * Where a journal ends, and why there. A crash leaves each sector of a write as it was (zeros) or as it should be: a batch of which a
 * sector is missing is **torn**, and was never durable. One that is there in full length and yet wrong is **rotten**: it may have been
 * acknowledged, and nobody but an operator may give it up.
 */
export interface JournalEnd {
  readonly kind: 'clean' | 'torn' | 'rotten';
  readonly path: string;
  /** where the next batch belongs */
  readonly offset: number;
  /** of what lies there instead, 0: nothing */
  readonly bytes: number;
  /** what is wrong, for people; empty where the end is clean */
  readonly detail: string;
}

/**
 * Looks at what follows the last whole batch. @param next the sequence number that belongs there
 * @param later the segment after this one, if there is one. Throws JournalDamage or JournalMismatch where no crash explains it.
 */
export function examine(file: string, offset: number, size: number, next: number, later: SegmentFile | undefined): JournalEnd {
  const rest = readRest(file, offset, size);
  const used = usedBytes(rest);
  if (later !== undefined) refuseWhatFollows(file, offset, rest, used, next, later);
  if (used === 0) return { kind: 'clean', path: file, offset, bytes: 0, detail: '' };
  refuseLaterBatches(file, offset, rest, next);
  return { path: file, offset, ...judge(rest, used, offset) };
}

function readRest(file: string, offset: number, size: number): Buffer {
  const rest = Buffer.from(new ArrayBuffer(Math.max(0, size - offset)));
  const fd = fs.openSync(file, 'r');
  try {
    for (let at = 0; at < rest.length; ) {
      const read = fs.readSync(fd, rest, at, rest.length - at, offset + at);
      if (read === 0) break;
      at += read;
    }
  } finally {
    fs.closeSync(fd);
  }
  return rest;
}

/** Bytes up to the last one that is not zero, in whole records. */
function usedBytes(rest: Buffer): number {
  let end = rest.length;
  while (end > 0 && rest[end - 1] === 0) end--;
  return Math.ceil(end / RECORD_BYTES) * RECORD_BYTES;
}

function refuseWhatFollows(file: string, offset: number, rest: Buffer, used: number, next: number, later: SegmentFile): never {
  const name = path.basename(later.path);
  if (used > 0) throw new JournalDamage(file, offset, `a broken batch, yet ${name} follows`);
  if (rest.length >= batchHead.BYTES + RECORD_BYTES)
    throw new JournalDamage(file, offset, `zeros in place of a batch, yet ${name} follows`);
  if (later.firstSequence > next) {
    throw new JournalMismatch(
      `a segment is missing: commands ${next} to ${later.firstSequence - 1}, between ${path.basename(file)} and ${name}`,
    );
  }
  refuseOverlap(file, later);
}

export function refuseOverlap(file: string, later: SegmentFile): never {
  throw new JournalMismatch(
    `${path.basename(later.path)} begins at command ${later.firstSequence}, which ${path.basename(file)} holds already`,
    'Move the one that does not belong here elsewhere.',
  );
}

/** A good batch after a broken one that was durable when it was written: no crash explains that. */
function refuseLaterBatches(file: string, offset: number, rest: Buffer, next: number): void {
  const head = new Head();
  for (let at = RECORD_BYTES; at + batchHead.BYTES <= rest.length; at += RECORD_BYTES) {
    rest.copy(head.bytes, 0, at, at + batchHead.BYTES);
    if (head.isBatch() && head.f64[batchHead.F64_FIRST] > next && head.f64[batchHead.F64_DURABLE] >= next) {
      throw new JournalDamage(file, offset, `a broken batch, yet a good one follows at byte ${offset + at}`);
    }
  }
}

function judge(rest: Buffer, used: number, offset: number): Pick<JournalEnd, 'kind' | 'bytes' | 'detail'> {
  const head = new Head();
  rest.copy(head.bytes, 0, 0, batchHead.BYTES);
  if (!head.isBatch()) {
    const sector = SECTOR - (offset % SECTOR);
    if (isZero(rest, 0, Math.min(sector, rest.length))) return torn(used, 'its first sector is missing');
    if (isZero(rest, batchHead.BYTES)) return torn(used, 'it has no commands');
    return { kind: 'rotten', bytes: used, detail: 'its head is wrong, and its commands are there' };
  }
  const length = batchHead.BYTES + head.i32[batchHead.COUNT] * RECORD_BYTES;
  if (length > rest.length) return { kind: 'rotten', bytes: used, detail: 'its head says more commands than the segment has room for' };
  for (let at = RECORD_BYTES; at < length; at += RECORD_BYTES) {
    if (!isZero(rest, at, at + RECORD_BYTES)) continue;
    // Each batch is synced before the next one is begun: what follows says that this one was whole.
    if (head.i32[batchHead.SYNCED] === 1 && used > length)
      return { kind: 'rotten', bytes: used, detail: 'a piece of it is gone, yet others were written after it' };
    return torn(Math.max(used, length), `what belongs at byte ${offset + at} is missing`);
  }
  return { kind: 'rotten', bytes: Math.max(used, length), detail: 'all of its commands are there, and their checksum is wrong' };
}

function torn(bytes: number, why: string): Pick<JournalEnd, 'kind' | 'bytes' | 'detail'> {
  return { kind: 'torn', bytes, detail: why };
}

/**
 * Keeps what lies beyond the end in a file of its own beside the journal, and puts zeros in its place. Returns the file's path.
 * @param next the first sequence number that is lost with it
 */
export function cutEnd(end: JournalEnd, next: number, disk: JournalDisk, now = new Date()): string {
  const stamp = now.toISOString().replaceAll(/[-:.]/g, '');
  const kept = path.join(path.dirname(end.path), `cut-${String(next).padStart(16, '0')}-${stamp}.bin`);
  const fd = fs.openSync(end.path, 'r+');
  try {
    const bytes = Buffer.alloc(end.bytes);
    fs.readSync(fd, bytes, 0, bytes.length, end.offset);
    replaceFile(kept, bytes, 0o600, disk);
    disk.write(fd, [Buffer.alloc(end.bytes)], end.offset);
    disk.sync(fd);
  } finally {
    fs.closeSync(fd);
  }
  return kept;
}

/** Where a journal that has no segment yet ends. */
export const NO_END: JournalEnd = { kind: 'clean', path: '', offset: segmentHead.BYTES, bytes: 0, detail: '' };
