/** The one writer of a SoupBinTCP connection. */
import type net from 'node:net';
import { beginPacket, packetBytes, SOUP, SOUP_HEAD } from '@outcry/wire/soup';
import type { LogReader, Packets, SequencedLog } from './sequenced-log.ts';

/** Bytes that may wait for a client before it is served from the log, at its own speed. */
const MOST_WAITING = 1024 * 1024;
/** Milliseconds that a client has to read the last words to it, and what is left of a session that is over. */
const LAST_WORDS_MS = 5000;
const SESSION_END_MS = 60_000;

const HEARTBEAT = packet(SOUP.SERVER_HEARTBEAT);
const END = packet(SOUP.END_OF_SESSION);

/**
 * All that goes out on a SoupBinTCP connection: nobody else writes to its socket, and it writes nothing but whole packets, one after the
 * other. So whatever the client reads, and however slowly, a packet never begins inside another.
 *
 * Sequenced packets come out of a log. While the client reads, they are sent as they come; one that leaves a megabyte unread is served from
 * the log from then on, so that nothing but the log grows.
 */
export class SoupWriter implements LogReader {
  readonly #socket: net.Socket;
  #log: SequencedLog | undefined;
  /** where in the log the client is, while it is not up to date; messages from there on that it does not want */
  #place = -1;
  #skip = 0;
  #isReading = false;
  #hasSaid = false;
  /** why the session is over, once it is: nothing follows what is in the log */
  #endsFor: string | undefined;
  #isOver = false;
  #closing: NodeJS.Timeout | undefined;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('drain', () => this.#catchUp());
    socket.on('close', () => {
      clearTimeout(this.#closing);
      this.#leave();
    });
  }

  /** Sends one packet that is not sequenced. */
  say(type: number, payload?: Uint8Array): void {
    if (!this.#isOver) this.#write(packet(type, payload));
  }

  /** Sends a log's messages from a number on: those that it holds, and then those that come. */
  follow(log: SequencedLog, sequence: number): void {
    log.flush();
    const { place, skip } = log.seek(sequence);
    this.#log = log;
    this.#place = place;
    this.#skip = skip;
    log.retain();
    this.#catchUp();
  }

  /** To be called once a second: a client that has heard nothing hears that the venue is there. One that has yet to read hears it by that. */
  beat(): void {
    if (!this.#hasSaid && !this.#isOver && this.#socket.writableLength === 0) this.#write(HEARTBEAT);
    this.#hasSaid = false;
  }

  /** Ends the connection, with a reason: what is left in the log is for another one. */
  end(why: string): void {
    if (this.#isOver) return;
    this.say(SOUP.DEBUG, Buffer.from(why.slice(0, 200), 'latin1'));
    this.#close(LAST_WORDS_MS);
  }

  /** Ends the connection as soon as all that the log holds, and will hold until it is complete, has been sent. */
  endSession(why: string): void {
    if (this.#isOver || this.#endsFor !== undefined) return;
    this.#endsFor = why;
    this.#destroyIn(SESSION_END_MS);
    if (this.hasAll) this.#finish();
  }

  /** Whether everything of a log that is complete has been sent. */
  get hasAll(): boolean {
    return this.#place < 0 && this.#log?.isComplete === true;
  }

  /** Closes the connection at once, whatever the client has read. */
  abandon(): void {
    this.#socket.destroy();
  }

  /** From the log: what has just come. A client that does not read it is served from the log from then on. */
  take(packets: Uint8Array, done: () => void): void {
    this.#write(packets, done);
    if (this.#socket.writableLength < MOST_WAITING) return;
    this.#unsubscribe();
    this.#place = this.#log!.end;
  }

  /** From the log: nothing more comes. */
  completed(): void {
    if (this.#endsFor !== undefined) this.#finish();
  }

  #catchUp(): void {
    const log = this.#log;
    while (log !== undefined && this.#place >= 0 && !this.#isReading && !this.#isOver) {
      if (this.#socket.writableLength >= MOST_WAITING) return; // on 'drain' it goes on
      if (this.#place === log.end) {
        this.#isUpToDate(log);
        return;
      }
      const packets = log.fromMemory(this.#place);
      if (packets === undefined) this.#read(log);
      else this.#give(packets);
    }
  }

  #isUpToDate(log: SequencedLog): void {
    this.#place = -1;
    if (this.#endsFor !== undefined && log.isComplete) this.#finish();
    else log.readers.push(this);
  }

  #read(log: SequencedLog): void {
    this.#isReading = true;
    log.fromFile(this.#place, (error, packets) => {
      this.#isReading = false;
      if (this.#isOver) return;
      if (error === undefined) {
        this.#give(packets);
        this.#catchUp();
      } else this.end(`the venue cannot read its file (${error.message})`);
    });
  }

  #give({ bytes, next, done }: Packets): void {
    this.#place = next;
    const from = this.#skip === 0 ? 0 : this.#skipIn(bytes);
    if (from < bytes.length) this.#write(bytes.subarray(from), done);
    else done();
  }

  /** Passes over messages that are not wanted. Returns where those that are begin. */
  #skipIn(bytes: Uint8Array): number {
    let at = 0;
    for (; this.#skip > 0 && at < bytes.length; this.#skip--) at += packetBytes(bytes, at);
    return at;
  }

  /** All has been said. */
  #finish(): void {
    this.#write(END);
    this.end(this.#endsFor!);
  }

  /** The one place at which anything is sent: whole packets. */
  #write(packets: Uint8Array, done?: () => void): void {
    this.#hasSaid = true;
    this.#socket.write(packets, done);
  }

  #close(withinMs: number): void {
    this.#leave();
    this.#socket.end();
    this.#destroyIn(withinMs);
  }

  #destroyIn(milliseconds: number): void {
    clearTimeout(this.#closing);
    this.#closing = setTimeout(() => this.#socket.destroy(), milliseconds).unref();
  }

  /** Takes no more out of the log. */
  #leave(): void {
    this.#isOver = true;
    this.#unsubscribe();
    this.#log?.release();
    this.#log = undefined;
  }

  #unsubscribe(): void {
    const readers: LogReader[] = this.#log?.readers ?? [];
    const place = readers.indexOf(this);
    if (place >= 0) readers.splice(place, 1);
  }
}

function packet(type: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(SOUP_HEAD + payload.length);
  bytes.set(payload, beginPacket(new DataView(bytes.buffer), 0, type, payload.length));
  return bytes;
}
