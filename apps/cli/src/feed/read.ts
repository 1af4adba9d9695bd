/** Reads files of market data: packets, datagrams and messages, through a filter. */
import fs from 'node:fs';
import { LineArbiter } from '@outcry/feed/line-arbiter';
import type { FeedFilter } from '@outcry/wire/filter';
import { itch } from '@outcry/wire/itch';
import { WIRE_ERROR_NAMES } from '@outcry/wire/layout';
import { MessageFileReader } from '@outcry/wire/message-file';
import { MoldReader } from '@outcry/wire/mold';
import { UdpPacket } from '@outcry/wire/packet';
import { CaptureReader } from '@outcry/wire/pcap';
import type { ByteSource } from '@outcry/wire/source';
import { progressBar } from '../output.ts';

/** Packets between two looks at the progress. */
const LOOK_EVERY = 0x3fff;
/** A file without lines, of which nobody can be asked again: a gap has this long to close by the other line. */
const NO_REQUESTS = { mostRequests: 1, patienceMs: 500, requestMs: 1 };

/** Reads a file as it is wanted. */
function fileSource(file: string): ByteSource & { readonly bytes: number; readSoFar: number; close(): void } {
  const fd = fs.openSync(file, 'r');
  const source = {
    bytes: fs.fstatSync(fd).size,
    readSoFar: 0,
    read(into: Uint8Array, at: number, most: number) {
      const read = fs.readSync(fd, into, at, most, null);
      source.readSoFar += read;
      return read;
    },
    close: () => fs.closeSync(fd),
  };
  return source;
}

/** Whether a file holds messages behind their lengths: its first one is an ITCH message. Anything else is read as a capture. */
export function isMessageFile(file: string): boolean {
  const source = fileSource(file);
  try {
    const reader = new MessageFileReader(source);
    return reader.next() && itch.check(reader.view, reader.at, reader.bytes) > 0;
  } finally {
    source.close();
  }
}

/** Opens a file, walks it with a bar that shows how far it is, and closes it. */
async function walk(file: string, each: (source: ByteSource, look: () => void) => Promise<void>): Promise<void> {
  const source = fileSource(file);
  const bar = progressBar(file, 100);
  let count = 0;
  try {
    await each(source, () => {
      if ((++count & LOOK_EVERY) === 0) bar.update(Math.round((source.readSoFar / source.bytes) * 100));
    });
  } finally {
    bar.stop();
    source.close();
  }
}

/** Walks the datagrams of a capture that a filter lets pass. Returns whether it ends in the middle of a packet. */
export async function eachDatagram(
  file: string,
  filter: FeedFilter,
  take: (reader: CaptureReader, packet: UdpPacket) => unknown,
  onOther: (why: string) => void = () => undefined,
): Promise<boolean> {
  let isCut = false;
  await walk(file, async (source, look) => {
    const reader = new CaptureReader(source);
    const packet = new UdpPacket();
    while (reader.next()) {
      const why = packet.decode(reader.view, reader.at, reader.bytes, reader.linkType);
      if (why !== undefined) onOther(why);
      else if (filter.packet(packet)) await take(reader, packet);
      look();
    }
    isCut = reader.isCut;
  });
  return isCut;
}

/** Whether a datagram holds a message wanted; heartbeats and the end of the session pass with their session. */
export function isWanted(filter: FeedFilter, mold: MoldReader, view: DataView, at: number, bytes: number): boolean {
  if (mold.open(view, at, bytes) !== 0 || !filter.session(mold)) return false;
  if (mold.count === 0 || mold.isEndOfSession) return true;
  let isFound = false;
  while (mold.next()) {
    // All are looked at: the filter learns symbols from them.
    if (itch.check(mold.view, mold.at, mold.bytes) > 0 && filter.message(mold.view, mold.at)) isFound = true;
  }
  return isFound;
}

/** Makes one stream of a session's lines, from the first message that comes on. Nobody can be asked for what is missing: it goes on behind a gap. */
export class PlainArbiter {
  readonly lines: LineArbiter;
  readonly #filter: FeedFilter;
  readonly #mold = new MoldReader();
  #isFirst = true;
  #now = 0;

  /** @param onMessage each message once, in order; it may not be one of ITCH */
  constructor(filter: FeedFilter, onMessage: (view: DataView, at: number, bytes: number) => void) {
    this.#filter = filter;
    const needSnapshot = () => this.lines.skip(this.#now);
    this.lines = new LineArbiter({ onMessage, request: () => undefined, needSnapshot }, undefined, 1, NO_REQUESTS);
  }

  /** @param now milliseconds, of any clock */
  take(view: DataView, at: number, bytes: number, now: number): void {
    this.#now = now;
    if (this.#mold.open(view, at, bytes) === 0) {
      if (!this.#filter.session(this.#mold)) return;
      if (this.#isFirst) this.lines.next = this.#mold.first;
      this.#isFirst = false;
    }
    this.lines.take(view, at, bytes, now);
    this.lines.tick(now);
  }

  /** Nothing comes any more: what waits behind a gap is told. */
  finish(): void {
    while (this.lines.hasGap) this.lines.skip(this.#now);
  }
}

/**
 * Walks the messages that a filter lets pass: of a message file, or of a capture's lines put together. Returns what was wrong with the file, for the reader
 * of the command's output, undefined: nothing.
 */
export async function eachMessage(
  file: string,
  filter: FeedFilter,
  take: (view: DataView, at: number, bytes: number) => unknown,
): Promise<string | undefined> {
  const wanted = (view: DataView, at: number, bytes: number) => itch.check(view, at, bytes) > 0 && filter.message(view, at);
  if (isMessageFile(file)) {
    let why: string | undefined;
    await walk(file, async (source, look) => {
      const reader = new MessageFileReader(source);
      while (reader.next()) {
        if (wanted(reader.view, reader.at, reader.bytes)) await take(reader.view, reader.at, reader.bytes);
        look();
      }
      if (reader.isCut) why = 'the file ends in the middle of a message';
      if (reader.error !== 0) why = `after the end of the session: ${WIRE_ERROR_NAMES[reader.error]}`;
    });
    return why;
  }
  const arbiter = new PlainArbiter(filter, (view, at, bytes) => wanted(view, at, bytes) && take(view, at, bytes));
  const isCut = await eachDatagram(file, filter, (reader, packet) =>
    arbiter.take(reader.view, packet.at, packet.bytes, reader.seconds * 1000 + reader.nanoseconds / 1e6),
  );
  arbiter.finish();
  const { missed, gaps } = arbiter.lines.counts;
  if (missed > 0) return `${missed} messages are missing in ${gaps} gaps`;
  return isCut ? 'the capture ends in the middle of a packet' : undefined;
}
