/** The sequenced packets of one session, in memory and in a file. */
import fs from 'node:fs';
import { beginPacket, SOUP, SOUP_HEAD, wholePackets } from '@outcry/wire/soup';
import { END_MARK, hasEnd, isTooManyOpen, openDirect } from './log-file.ts';
import { PIECE_BYTES, Piece } from './pieces.ts';

/** Pieces on their way to the file before whoever adds more waits for the disk. */
const MOST_UNDER_WAY = 16;
const BLOCK = 4096;
/** Messages between places that the index knows. */
const INDEX_EVERY = 1024;
/** Milliseconds without a message after which a log gives its memory back. */
const REST_AFTER_MS = 60_000;
/** Milliseconds until a file is tried again that could not be opened because the process has too many open. */
const OPEN_AGAIN_MS = 50;

/** Who is up to date, and takes packets as they are flushed. */
export interface LogReader {
  /** Whole packets. They stay as they are until the reader is done with them, and has said so. */
  take(packets: Uint8Array, done: () => void): void;
  /** No message will follow. */
  completed(): void;
}

/** Whole packets out of a log, and where it goes on behind them. */
export interface Packets {
  readonly bytes: Uint8Array;
  readonly next: number;
  /** to be called when they are not needed any more */
  readonly done: () => void;
}

/**
 * The sequenced packets of one session and login, framed as they go out, in a file: what a client missed is read from there, however
 * far it lags. Memory holds the newest piece, and those that the system is writing meanwhile; nothing of a log that rests. Messages are
 * numbered from 1. The file is open while a piece is written or read, and at no other time: sessions cost no descriptors.
 *
 * A place in the log is an offset in the file. What is read are always whole packets, whichever part lies where.
 *
 * The file is written around the system's page cache (O_DIRECT, where the file system has it): at a million orders a second these are
 * 130 MB a second that hardly anybody reads again, and writing them back would hold up the journal's disk in gusts.
 *
 * `claim` room for a message and write it into `view` at once; `flush` hands what is new to the readers. When the file cannot be written
 * any more (a full disk) the log is broken for good: what is claimed is forgotten, and whoever reads is told.
 */
export class SequencedLog {
  readonly file: string;
  /** number of the next message */
  next = 1;
  /** where what is flushed ends */
  end = 0;
  /** no message will follow */
  isComplete = false;
  /** those who are up to date */
  readonly readers: LogReader[] = [];
  /** why nothing is kept any more */
  brokenBy: Error | undefined;
  onBroken: (error: Error) => void = () => undefined;
  /** the newest, undefined while the log rests */
  #piece: Piece | undefined;
  readonly #underWay: Piece[] = [];
  #fd = -1;
  /** writes that are not over */
  #writing = 0;
  /** how many need the file */
  #users = 0;
  #isDiscarded = false;
  #isGone = false;
  #onGone: () => void = () => undefined;
  /** where it ended when it was last looked at, and since when */
  #restedAt = -1;
  #restsSince = 0;
  /** places of messages 1 + i x INDEX_EVERY */
  readonly #index: number[] = [];

  constructor(file: string) {
    this.file = file;
  }

  /** The newest piece: another one after any {@link claim}. */
  get view(): DataView {
    return this.#piece!.view;
  }

  /** Room for the next message's payload: where it is to be written in `view`. */
  claim(payloadBytes: number): number {
    const bytes = SOUP_HEAD + payloadBytes;
    let piece = this.#piece;
    if (piece === undefined || piece.filled + bytes > PIECE_BYTES) piece = this.#nextPiece();
    if ((this.next - 1) % INDEX_EVERY === 0) this.#index.push(piece.offset + piece.filled);
    const at = beginPacket(piece.view, piece.filled, SOUP.SEQUENCED, payloadBytes);
    piece.filled += bytes;
    this.next++;
    return at;
  }

  flush(): void {
    const piece = this.#piece;
    if (piece === undefined) return;
    const end = piece.offset + piece.filled;
    if (end === this.end || this.brokenBy !== undefined) return;
    const begin = Math.max(this.end, piece.offset);
    this.end = end;
    if (this.readers.length === 0) return;
    const packets = piece.bytes.subarray(begin - piece.offset, piece.filled);
    for (let i = this.readers.length - 1; i >= 0; i--) this.readers[i].take(packets, piece.lend());
  }

  /** Says that no message will follow. */
  complete(): void {
    this.flush();
    this.isComplete = true;
    for (const reader of [...this.readers]) reader.completed();
  }

  // ── Pieces and the file ──────────────────────────────────────────────────────────────────────────────────────────────────

  #nextPiece(): Piece {
    const old = this.#piece;
    if (old !== undefined) this.#finishPiece(old);
    this.#piece = Piece.take(old === undefined ? slotAfter(this.end) : old.offset + PIECE_BYTES);
    return this.#piece;
  }

  #finishPiece(piece: Piece): void {
    this.flush();
    this.#piece = undefined;
    if (this.brokenBy !== undefined) {
      piece.leave();
      return;
    }
    // Behind the packets, up to the next block, lies what the piece held before: it is cleared, and ends them in the file.
    piece.bytes.fill(0, piece.filled, writtenBytes(piece));
    this.#underWay.push(piece);
    if (this.#underWay.length > MOST_UNDER_WAY) this.#writeNow(piece);
    else this.#write(piece, 0);
  }

  /** To be called now and then: gives back what a log that nothing happens to holds. */
  rest(now: number): void {
    if (this.#piece === undefined) return;
    if (this.end !== this.#restedAt) {
      this.#restedAt = this.end;
      this.#restsSince = now;
    } else if (now - this.#restsSince >= REST_AFTER_MS) this.#finishPiece(this.#piece);
  }

  /** Has the system write a piece from some byte on. */
  #write(piece: Piece, from: number): void {
    if (this.#isGone || this.brokenBy !== undefined) {
      piece.leave();
      return;
    }
    try {
      if (this.#fd < 0) this.#fd = openDirect(this.file);
    } catch (error) {
      if (isTooManyOpen(error)) setTimeout(() => this.#write(piece, from), OPEN_AGAIN_MS);
      else this.#break(error as Error, piece);
      return;
    }
    this.#writing++;
    const bytes = writtenBytes(piece);
    fs.write(this.#fd, piece.bytes, from, bytes - from, piece.offset + from, (error, written) => {
      if (error !== null) this.#break(error, piece);
      else if (from + written < bytes) this.#write(piece, from + written);
      else this.#written(piece);
      this.#writing--;
      this.#closeUnused();
    });
  }

  #writeNow(piece: Piece): void {
    const bytes = writtenBytes(piece);
    try {
      if (this.#fd < 0) this.#fd = openDirect(this.file);
      for (let at = 0; at < bytes; ) at += fs.writeSync(this.#fd, piece.bytes, at, bytes - at, piece.offset + at);
      this.#written(piece);
    } catch (error) {
      this.#break(error as Error, piece);
    }
    this.#closeUnused();
  }

  #written(piece: Piece): void {
    if (this.brokenBy !== undefined) {
      piece.leave();
      return;
    }
    piece.isWritten = true;
    while (this.#underWay[0]?.isWritten) this.#underWay.shift()!.leave();
  }

  /** A piece could not be written. Those that the system is writing still are given back when it is done with them, and not before. */
  #break(error: Error, piece: Piece): void {
    const isFirst = this.brokenBy === undefined;
    this.brokenBy ??= error;
    this.readers.length = 0;
    for (const each of this.#underWay.splice(0)) if (each.isWritten) each.leave();
    piece.leave();
    if (isFirst && !this.#isDiscarded) this.onBroken(error);
  }

  #closeUnused(): void {
    if (this.#writing > 0 || this.#fd < 0) return;
    fs.closeSync(this.#fd);
    this.#fd = -1;
    this.#removeUnused();
  }

  // ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Where to begin to read for a message, and how many messages that are not wanted come first. */
  seek(sequence: number): { place: number; skip: number } {
    if (sequence >= this.next) return { place: this.end, skip: 0 };
    const known = Math.floor((sequence - 1) / INDEX_EVERY);
    return { place: this.#index[known], skip: sequence - 1 - known * INDEX_EVERY };
  }

  /** Packets that memory holds, none at the end; undefined when they are in the file. */
  fromMemory(place: number): Packets | undefined {
    if (place === this.end) return { bytes: NOTHING, next: place, done: ignore };
    const slot = place - (place % PIECE_BYTES);
    const piece = slot === this.#piece?.offset ? this.#piece : this.#underWay.find(({ offset }) => offset === slot);
    if (piece === undefined) return undefined;
    const end = piece === this.#piece ? this.end - slot : piece.filled;
    return { bytes: piece.bytes.subarray(place - slot, end), next: this.#behind(slot), done: piece.lend() };
  }

  /** Packets from the file, up to the end of their piece. */
  fromFile(place: number, take: (error: Error | undefined, packets: Packets) => void): void {
    const slot = place - (place % PIECE_BYTES);
    const bytes = Buffer.allocUnsafe(slot + PIECE_BYTES - place);
    const nothing = { bytes: NOTHING, next: place, done: ignore };
    fs.open(this.file, 'r', (failed, fd) => {
      if (failed !== null) {
        if (isTooManyOpen(failed)) setTimeout(() => this.fromFile(place, take), OPEN_AGAIN_MS);
        else take(failed, nothing);
        return;
      }
      fs.read(fd, bytes, 0, bytes.length, place, (error, read) => {
        fs.close(fd, (closing) => {
          const packets = bytes.subarray(0, wholePackets(bytes, read));
          const isWhole = hasEnd(bytes.subarray(0, read), packets.length, bytes.length);
          const why = error ?? closing ?? (isWhole ? undefined : new Error('it is shorter than what was written'));
          if (why) take(why, nothing);
          else take(undefined, { bytes: packets, next: this.#behind(slot), done: ignore });
        });
      });
    });
  }

  /** Where a reader is who has read a slot to its end: of the last one, where what is flushed ends. */
  #behind(slot: number): number {
    return Math.min(this.end, slot + PIECE_BYTES);
  }

  /** Somebody may read it until {@link release}: its file stays. */
  retain(): void {
    this.#users++;
  }
  release(): void {
    this.#users--;
    this.#removeUnused();
  }

  get isRead(): boolean {
    return this.#users > 0;
  }

  /** Nobody needs it any more but those who read it now: then the file goes. */
  discard(onGone: () => void): void {
    this.#isDiscarded = true;
    this.#onGone = onGone;
    this.#removeUnused();
  }

  #removeUnused(): void {
    if (!this.#isDiscarded || this.#users > 0 || this.#writing > 0) return;
    if (this.#isGone) return;
    this.#isGone = true;
    this.#piece?.leave();
    this.#piece = undefined;
    fs.rm(this.file, { force: true }, this.#onGone);
  }
}

const NOTHING = new Uint8Array(0);
const ignore = () => undefined;

/** The slot after the one in which a place lies, or that it ends. */
function slotAfter(place: number): number {
  return Math.ceil(place / PIECE_BYTES) * PIECE_BYTES;
}

/** Bytes of a piece that are written: its packets and what ends them, in whole blocks. */
function writtenBytes({ filled }: Piece): number {
  return Math.min(PIECE_BYTES, Math.ceil((filled + END_MARK) / BLOCK) * BLOCK);
}
