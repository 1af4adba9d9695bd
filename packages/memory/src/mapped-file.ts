import fs from 'node:fs';
import { mapFile } from './libc.ts';
import type { Span } from './span.ts';

/** A file's bytes in memory, shared with every process that maps it. */
export interface MappedFile {
  readonly span: Span;
  /** Takes the mapping away. Touching its memory afterwards ends the process: drop everything that looks at it first. */
  unmap(): void;
}

/**
 * Makes a file of zeros and maps it. In /dev/shm it lives in memory and goes with the machine. Throws when it exists, when there is
 * no room for all of it (better now than as a SIGBUS later), or when files cannot be mapped here.
 */
export function createMappedFile(file: string, bytes: number): MappedFile {
  const fd = fs.openSync(file, 'wx+', 0o600);
  try {
    fillWithZeros(fd, bytes);
    return map(fd, bytes);
  } catch (error) {
    fs.rmSync(file, { force: true });
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}

/** Maps a file that another process made. */
export function openMappedFile(file: string): MappedFile {
  const fd = fs.openSync(file, 'r+');
  try {
    return map(fd, fs.fstatSync(fd).size);
  } finally {
    fs.closeSync(fd);
  }
}

function map(fd: number, bytes: number): MappedFile {
  const { buffer, unmap } = mapFile(fd, bytes);
  return { span: { buffer, byteOffset: 0, byteLength: bytes }, unmap };
}

function fillWithZeros(fd: number, bytes: number): void {
  const zeros = new Uint8Array(Math.min(bytes, 1 << 20));
  for (let at = 0; at < bytes; ) at += fs.writeSync(fd, zeros, 0, Math.min(zeros.length, bytes - at), at);
}
