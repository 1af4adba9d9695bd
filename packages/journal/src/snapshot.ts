import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { syncDirectory } from './journal-writer.ts';

/**
 * A snapshot: byte ranges of an engine's memory after a certain command. On disk: a 64-byte head (magic, sequence number, number
 * of parts, CRC), a 16-byte entry a part (length, CRC-32 of the part), then the parts. It is written beside the old ones and
 * renamed into place, so that a crash leaves no half snapshot under a good name.
 */
const MAGIC = 'OUTCRYS1';
const HEAD_BYTES = 64;
const ENTRY_BYTES = 16;

export interface SnapshotFile {
  readonly path: string;
  /** the last command that it includes */
  readonly sequence: number;
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
export function writeSnapshot(directory: string, sequence: number, parts: readonly Uint8Array[]): string {
  const target = path.join(directory, `snapshot-${String(sequence).padStart(16, '0')}.img`);
  const temporary = `${target}.tmp`;
  const head = Buffer.alloc(HEAD_BYTES + parts.length * ENTRY_BYTES);
  head.write(MAGIC, 0, 'latin1');
  head.writeDoubleLE(sequence, 8);
  head.writeUInt32LE(parts.length, 16);
  parts.forEach((part, i) => {
    head.writeDoubleLE(part.length, HEAD_BYTES + i * ENTRY_BYTES);
    head.writeUInt32LE(crc32(part), HEAD_BYTES + i * ENTRY_BYTES + 8);
  });
  head.writeUInt32LE(crc32(head.subarray(HEAD_BYTES), crc32(head.subarray(0, 60))), 60);
  const fd = fs.openSync(temporary, 'w');
  try {
    fs.writeSync(fd, head);
    for (const part of parts) {
      for (let at = 0; at < part.length; ) at += fs.writeSync(fd, part, at, part.length - at);
    }
    fs.fsyncSync(fd);
  } catch (error) {
    fs.closeSync(fd);
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  fs.closeSync(fd);
  fs.renameSync(temporary, target);
  syncDirectory(directory);
  return target;
}

/** Reads a snapshot whole and checks it. Throws an Error that says what is wrong with it. */
export function readSnapshot(file: string): Uint8Array[] {
  const bytes = fs.readFileSync(file);
  if (bytes.length < HEAD_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) throw new Error(`${file} is not a snapshot`);
  const count = bytes.readUInt32LE(16);
  let at = HEAD_BYTES + count * ENTRY_BYTES;
  if (at > bytes.length || bytes.readUInt32LE(60) !== crc32(bytes.subarray(HEAD_BYTES, at), crc32(bytes.subarray(0, 60)))) {
    throw new Error(`${file} has a broken head`);
  }
  const parts: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const length = bytes.readDoubleLE(HEAD_BYTES + i * ENTRY_BYTES);
    const part = bytes.subarray(at, at + length);
    if (part.length !== length || crc32(part) !== bytes.readUInt32LE(HEAD_BYTES + i * ENTRY_BYTES + 8))
      throw new Error(`${file}: part ${i} is broken`);
    parts.push(part);
    at += length;
  }
  return parts;
}
