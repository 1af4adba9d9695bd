/** Snapshot files: written, listed, read. */
import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { type JournalDisk, realDisk } from './disk.ts';
import { replaceByParts } from './durable-file.ts';

/**
 * A snapshot: byte ranges of an engine's memory after a certain command. On disk: a head that says what it is of and where in the
 * journal it belongs, a 16-byte entry a part (length, CRC-32 of the part), then the parts. It is written beside the old ones and renamed
 * into place, so that a crash leaves no half snapshot under a good name.
 *
 * The head, 128 bytes: 'OUTCRYS2'; float64 1 and 2: sequence number, the journal's number; from byte 24 u32: number of parts, version of
 * the engine, journal mark of the batch that ends with the command (see batchHead), 0; from byte 40 u32: the room that the engine had; from
 * byte 120: CRC-32 of the 120 bytes before it, CRC-32 of the entries.
 */
const MAGIC = 'OUTCRYS2';
const HEAD_BYTES = 128;
const ENTRY_BYTES = 16;
const PRIVATE = 0o600;
const MOST_ROOMS = 16;

export interface SnapshotFile {
  readonly path: string;
  /** the last command that it includes, as its name says */
  readonly sequence: number;
}

export interface SnapshotHead {
  /** the last command that it includes */
  readonly sequence: number;
  /** the number of the journal that it is of */
  readonly journal: number;
  /** the journal mark of the batch that ends with that command: its place in the journal */
  readonly batch: number;
  /** of the engine */
  readonly version: number;
  /** what the engine had reserved: whoever restores it needs as much */
  readonly room: readonly number[];
}

export function listSnapshots(directory: string): SnapshotFile[] {
  if (!fs.existsSync(directory)) return [];
  return fs
    .readdirSync(directory)
    .map((name) => ({ path: path.join(directory, name), sequence: Number(/^snapshot-(\d{16})\.img$/.exec(name)?.[1] ?? -1) }))
    .filter((snapshot) => snapshot.sequence >= 0)
    .sort((a, b) => b.sequence - a.sequence);
}

/** Writes a snapshot and makes it durable. Returns its path. */
export function writeSnapshot(directory: string, head: SnapshotHead, parts: readonly Uint8Array[], disk: JournalDisk = realDisk): string {
  const target = path.join(directory, `snapshot-${String(head.sequence).padStart(16, '0')}.img`);
  const entries = Buffer.alloc(parts.length * ENTRY_BYTES);
  parts.forEach((part, i) => {
    entries.writeDoubleLE(part.length, i * ENTRY_BYTES);
    entries.writeUInt32LE(crc32(part), i * ENTRY_BYTES + 8);
  });
  replaceByParts(target, [headBytes(head, parts.length, entries), entries, ...parts], PRIVATE, disk);
  return target;
}

function headBytes({ sequence, journal, batch, version, room }: SnapshotHead, parts: number, entries: Buffer): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES);
  bytes.write(MAGIC, 0, 'latin1');
  bytes.writeDoubleLE(sequence, 8);
  bytes.writeDoubleLE(journal, 16);
  bytes.writeUInt32LE(parts, 24);
  bytes.writeUInt32LE(version, 28);
  bytes.writeInt32LE(batch, 32);
  room.forEach((count, i) => void bytes.writeUInt32LE(count, 40 + i * 4));
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 120)), 120);
  bytes.writeUInt32LE(crc32(entries), 124);
  return bytes;
}

/** What a snapshot says of itself. Throws an Error that says what is wrong with it. */
export function readSnapshotHead(file: string): SnapshotHead {
  const bytes = Buffer.alloc(HEAD_BYTES);
  const fd = fs.openSync(file, 'r');
  try {
    return parseHead(file, bytes.subarray(0, fs.readSync(fd, bytes, 0, HEAD_BYTES, 0)));
  } finally {
    fs.closeSync(fd);
  }
}

function parseHead(file: string, bytes: Buffer): SnapshotHead {
  if (bytes.length < HEAD_BYTES || bytes.toString('latin1', 0, 7) !== MAGIC.slice(0, 7)) throw new Error(`${file} is not a snapshot`);
  if (bytes.toString('latin1', 0, 8) !== MAGIC) throw new Error(`${file} is of another version: it is not used`);
  if (bytes.readUInt32LE(120) !== crc32(bytes.subarray(0, 120))) throw new Error(`${file} has a broken head`);
  return {
    sequence: bytes.readDoubleLE(8),
    journal: bytes.readDoubleLE(16),
    version: bytes.readUInt32LE(28),
    batch: bytes.readInt32LE(32),
    room: Array.from({ length: MOST_ROOMS }, (_, i) => bytes.readUInt32LE(40 + i * 4)),
  };
}

/** Reads a snapshot whole and checks it. Throws an Error that says what is wrong with it. */
export function readSnapshot(file: string): { head: SnapshotHead; parts: Uint8Array[] } {
  const bytes = fs.readFileSync(file);
  const head = parseHead(file, bytes);
  const count = bytes.readUInt32LE(24);
  let at = HEAD_BYTES + count * ENTRY_BYTES;
  if (at > bytes.length || bytes.readUInt32LE(124) !== crc32(bytes.subarray(HEAD_BYTES, at))) throw new Error(`${file} has a broken head`);
  const parts: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const length = bytes.readDoubleLE(HEAD_BYTES + i * ENTRY_BYTES);
    const part = bytes.subarray(at, at + length);
    if (part.length !== length || crc32(part) !== bytes.readUInt32LE(HEAD_BYTES + i * ENTRY_BYTES + 8))
      throw new Error(`${file}: part ${i} is broken`);
    parts.push(part);
    at += length;
  }
  if (at !== bytes.length) throw new Error(`${file} is longer than it says`);
  return { head, parts };
}
