/** A FIX session's numbers and sent messages on disk. */
import fs from 'node:fs';
import path from 'node:path';
import type { FixStore } from '@outcry/wire/fix-session';
import { BOOT_BYTES, bootId, openToWrite, readState, removeLater } from './fix-files.ts';
import { HEAD_BYTES, listSegments, SegmentReader, segmentFile, writeHead } from './kept-messages.ts';

/** From here on a new segment is begun, so that a start looks through one and the roll of the day removes files. */
const SEGMENT_BYTES = 4 * 1024 * 1024;
/** What is saved between two flushes is written in pieces of this size; what cannot be written may wait so long for a disk that is full. */
const PIECE_BYTES = 1024 * 1024;
const MOST_PENDING = 16 * PIECE_BYTES;
/** After a power cut numbers go on so much higher: more than can have been sent since the system last wrote the files to the disk. */
const AFTER_POWER_CUT = 10_000_000;
/** Bytes of files that one look for a message goes through: some tenths of a millisecond. */
const LOOK_BYTES = 256 * 1024;
const LOOK_ON = 0;

/**
 * A session's numbers and sent messages in a directory of its own, so that they outlive the venue's process: the messages behind each other
 * in segments named by their first number, and `received`: the number of the next message to receive, and the system's boot. What is saved
 * is in a file after `flush`, which comes before it goes out; the system puts it on the disk when it likes, and after another boot the
 * numbers to send leave out what it may have lost. Files are open while they are used: see {@link rest}. Throws what the disk says.
 */
export class FileFixStore implements FixStore {
  nextOut = 1;
  /** something is to be written by {@link flush} */
  onSaved: () => void = () => undefined;
  readonly #name: string;
  #directory: string;
  readonly #state = Buffer.alloc(8 + BOOT_BYTES);
  #stateFile = -1;
  /** first numbers of the segments; the last one is written to */
  #segments: number[] = [];
  #segmentFile = -1;
  /** where the last segment ends, with what is pending */
  #end = 0;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** from so much on it is written */
  #writeAt = PIECE_BYTES;
  /** why messages were given up, until {@link flush} has said so */
  #lostBy: Error | undefined;
  /** behind the records may be a part of what was given up */
  #isTorn = false;
  /** the last record says that numbers were used */
  #endsUnkept = false;
  #reader: SegmentReader | undefined;
  /** place of the reader's segment; and from which number on the record at hand is the first that is kept */
  #readerAt = 0;
  #readFrom = 0;
  /** no message is kept from this number on */
  #noneFrom = Number.POSITIVE_INFINITY;

  constructor(parent: string, name: string) {
    this.#name = name;
    this.#directory = path.join(parent, name);
    this.#open();
  }

  // ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  get nextIn(): number {
    return this.#state.readDoubleLE(0);
  }
  set nextIn(next: number) {
    const before = this.nextIn;
    this.#state.writeDoubleLE(next, 0);
    try {
      this.#writeState(8);
    } catch (error) {
      this.#state.writeDoubleLE(before, 0); // the client sends it again
      throw error;
    }
  }

  /** Begins anew at 1 and 1. @param parent where, when it is not where it was: what was kept stays there then */
  reset(parent?: string): void {
    this.#forget();
    if (parent === undefined) removeLater(this.#directory);
    else this.#directory = path.join(parent, this.#name);
    this.#open();
    this.nextIn = 1;
  }

  // ── Messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  save(sequence: number, message: Buffer | undefined): void {
    if (this.#pendingBytes >= this.#writeAt) this.#makeRoom();
    if (message === undefined && this.#endsUnkept) {
      // The record at the end is written anew, with the higher number.
      this.#end -= HEAD_BYTES;
      if (this.#pending.length > 0) this.#pendingBytes -= this.#pending.pop()!.length;
    } else if (this.#segments.length === 0 || (this.#end >= SEGMENT_BYTES && this.#pending.length === 0)) this.#beginSegment(sequence);
    if (message !== undefined) this.#noneFrom = Number.POSITIVE_INFINITY;
    const length = message?.length ?? 0;
    const record = Buffer.allocUnsafe(HEAD_BYTES + length);
    writeHead(record, sequence, length);
    message?.copy(record, HEAD_BYTES);
    if (this.#pending.push(record) === 1) this.onSaved();
    this.#pendingBytes += record.length;
    this.#end += record.length;
    this.#endsUnkept = message === undefined;
  }

  /** Writes what was saved; what cannot be written is tried again next time. Says once what was given up since. */
  flush(): void {
    this.#write();
    const error = this.#lostBy;
    this.#lostBy = undefined;
    if (error !== undefined) throw error;
  }

  #write(): void {
    if (this.#pending.length === 0) return;
    if (this.#segmentFile < 0) this.#segmentFile = openToWrite(segmentFile(this.#directory, this.#segments.at(-1)!));
    if (this.#isTorn) fs.ftruncateSync(this.#segmentFile, this.#end - this.#pendingBytes);
    this.#isTorn = false;
    const records = this.#pending.length === 1 ? this.#pending[0] : Buffer.concat(this.#pending);
    for (let at = 0; at < records.length; )
      at += fs.writeSync(this.#segmentFile, records, at, records.length - at, this.#end - records.length + at);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#writeAt = PIECE_BYTES;
  }

  /** One turn may bring any amount. What the disk does not take waits for it, and is given up when it is too much: a gap fill stands for it. */
  #makeRoom(): void {
    try {
      this.#write();
    } catch (error) {
      this.#writeAt += PIECE_BYTES;
      if (this.#writeAt <= MOST_PENDING) return; // the next flush says what the disk says then
      this.#lostBy = error as Error;
      this.#dropPending();
    }
  }

  firstKept(sequence: number): number {
    for (;;) {
      const found = this.#seek(sequence);
      if (found !== LOOK_ON) return found;
    }
  }

  look(sequence: number): boolean {
    return this.#seek(sequence) !== LOOK_ON;
  }

  /** As {@link firstKept}, or LOOK_ON: it has looked through some of the file, and goes on from there. */
  #seek(sequence: number): number {
    this.flush();
    if (sequence >= this.#noneFrom) return Number.POSITIVE_INFINITY;
    const reader = this.#reader;
    const isAhead = reader !== undefined && sequence >= this.#readFrom;
    if (isAhead && reader.length > 0 && reader.sequence >= sequence) return reader.sequence;
    if (!isAhead && !this.#readSegment(this.#segmentOf(sequence))) return Number.POSITIVE_INFINITY;
    this.#readFrom = sequence;
    do {
      const enough = this.#reader!.offset + LOOK_BYTES;
      while (this.#reader!.advance(this.#readerEnd())) {
        if (this.#reader!.sequence >= sequence && this.#reader!.length > 0) return this.#reader!.sequence;
        if (this.#reader!.offset >= enough) return LOOK_ON;
      }
    } while (this.#readSegment(this.#readerAt + 1));
    this.#closeReader();
    this.#noneFrom = sequence;
    return Number.POSITIVE_INFINITY;
  }

  load(sequence: number): Buffer | undefined {
    return this.firstKept(sequence) === sequence ? this.#reader!.message() : undefined;
  }

  /** Closes the files until they are used again. */
  rest(): void {
    this.flush();
    this.#closeFiles();
  }

  close(): void {
    try {
      this.flush();
    } finally {
      this.#closeFiles();
    }
  }

  // ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #open(): void {
    fs.mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const boot = bootId();
    const found = readState(this.#stateName());
    const wasCut = found !== undefined && found.toString('latin1', 8) !== boot;
    this.#state.writeDoubleLE(Math.max(found?.readDoubleLE(0) ?? 1, 1), 0);
    this.#state.write(boot, 8, 'latin1');
    this.#segments = listSegments(this.#directory);
    if (this.#segments.length > 0) this.#findEnd(segmentFile(this.#directory, this.#segments.at(-1)!));
    if (wasCut) this.nextOut += AFTER_POWER_CUT;
    if (wasCut || found === undefined) this.#writeState(this.#state.length);
  }

  /** Looks for the end of the last segment, and cuts off what is not whole: it never went out. */
  #findEnd(file: string): void {
    const reader = new SegmentReader(file);
    const { size } = fs.statSync(file);
    while (reader.advance(size)) this.#endsUnkept = reader.length === 0;
    this.#end = reader.offset;
    this.nextOut = Math.max(reader.sequence + 1, this.#segments.at(-1)!);
    reader.close();
    if (this.#end < size) fs.truncateSync(file, this.#end);
  }

  #beginSegment(first: number): void {
    if (this.#segmentFile >= 0) fs.closeSync(this.#segmentFile);
    this.#segmentFile = -1;
    this.#segments.push(first);
    this.#end = 0;
  }

  #segmentOf(sequence: number): number {
    let [low, high] = [0, this.#segments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#segments[middle] <= sequence) low = middle + 1;
      else high = middle;
    }
    return Math.max(low - 1, 0);
  }

  /** Returns false when there is no such segment, or no record in it yet. */
  #readSegment(place: number): boolean {
    if (place >= this.#segments.length || (place === this.#segments.length - 1 && this.#end === 0)) return false;
    this.#closeReader();
    this.#readerAt = place;
    this.#reader = new SegmentReader(segmentFile(this.#directory, this.#segments[place]));
    return true;
  }

  #readerEnd(): number {
    return this.#readerAt === this.#segments.length - 1 ? this.#end : Number.POSITIVE_INFINITY;
  }

  #dropPending(): void {
    this.#end -= this.#pendingBytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#writeAt = PIECE_BYTES;
    this.#endsUnkept = false;
    this.#isTorn = true;
  }

  #forget(): void {
    this.#dropPending();
    this.#lostBy = undefined;
    this.#isTorn = false;
    this.#noneFrom = Number.POSITIVE_INFINITY;
    this.#closeFiles();
    this.#segments = [];
    this.#end = 0;
    this.nextOut = 1;
  }

  #stateName(): string {
    return path.join(this.#directory, 'received');
  }

  #writeState(bytes: number): void {
    if (this.#stateFile < 0) this.#stateFile = openToWrite(this.#stateName());
    fs.writeSync(this.#stateFile, this.#state, 0, bytes, 0);
  }

  #closeReader(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  #closeFiles(): void {
    this.#closeReader();
    if (this.#segmentFile >= 0) fs.closeSync(this.#segmentFile);
    if (this.#stateFile >= 0) fs.closeSync(this.#stateFile);
    this.#segmentFile = -1;
    this.#stateFile = -1;
  }
}
