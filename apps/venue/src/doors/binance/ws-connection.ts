/** One client's WebSocket: bounded output, conflated streams, and how it ends. */
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { WebSocket } from 'ws';
import { textFrame, textHead } from './frame.ts';
import type { Outbox } from './outbox.ts';

/** Close codes that this venue uses (RFC 6455, section 7.4). */
const POLICY_VIOLATION = 1008;
export const GOING_AWAY = 1001;
/** Why a client that does not keep up is disconnected. */
export const OVERRUN = 'slow consumer: too much unread data';

/** Frames of so many bytes do not wait for the end of the turn: what is not read shows while there is more to come. */
const MOST_A_WRITE = 256 * 1024;
/** Milliseconds for the close frame to get past what a slow client does not read. */
const CLOSE_MS = 1000;

/**
 * One client's WebSocket. Frames of a turn are written together. What a client does not read in time is bounded: beyond that it is
 * disconnected, with the reason.
 */
export class Connection {
  readonly socket: WebSocket;
  readonly address: string;
  /** What is said when the venue stops, around the event. */
  farewell: readonly [head: string, tail: string] = ['', ''];
  /** when it last said anything, pongs included */
  lastHeard = performance.now();
  readonly #transport: Duplex;
  readonly #outbox: Outbox;
  readonly #bufferBytes: number;
  /** frames of this turn */
  readonly #frames: Buffer[] = [];
  #frameBytes = 0;
  #isInOutbox = false;
  /** last values, by what they are of, for when it has read what was before them; the newest is the last in line */
  readonly #waiting = new Map<string, Buffer>();
  #isClosed = false;

  /** @param transport what the socket writes to @param bufferBytes that may be left unread */
  constructor(socket: WebSocket, transport: Duplex, address: string, bufferBytes: number, outbox: Outbox) {
    this.socket = socket;
    this.address = address;
    this.#transport = transport;
    this.#bufferBytes = bufferBytes;
    this.#outbox = outbox;
    const hear = () => {
      this.lastHeard = performance.now();
    };
    for (const event of ['message', 'ping', 'pong']) socket.on(event, hear);
    socket.on('close', () => {
      this.#isClosed = true;
      this.#forget();
    });
    // A broken connection closes by itself; the listener keeps 'error' from being thrown.
    socket.on('error', () => undefined);
    transport.on('drain', () => this.#queueWaiting());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether nothing is read of it for now. */
  get isMadeToWait(): boolean {
    return this.socket.isPaused;
  }

  /** Sends a message at once. */
  send(text: string): void {
    if (this.#isClosed || this.#isTooSlow()) return;
    this.socket.send(text);
  }

  /** Sends a message that was made in parts at once, without putting them together. */
  sendParts(parts: readonly Buffer[]): void {
    if (this.#isClosed || this.#isTooSlow()) return;
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    this.#transport.cork();
    this.#transport.write(textHead(bytes));
    for (const part of parts) this.#transport.write(part);
    this.#transport.uncork();
  }

  /**
   * Ends it at once, for a client that is not there: with a reset where it is TCP, since the system would keep what is unread, and the
   * connection, for as long as that is not taken.
   */
  abort(): void {
    const transport = this.#transport;
    if (transport instanceof net.Socket && !(transport instanceof TLSSocket) && transport.remoteAddress !== undefined)
      transport.resetAndDestroy();
    this.socket.terminate();
  }

  /** Sends a frame with the others of this turn. */
  queue(frame: Buffer): void {
    if (this.#isClosed) return;
    this.#frames.push(frame);
    this.#frameBytes += frame.length;
    if (!this.#isInOutbox) {
      this.#isInOutbox = true;
      this.#outbox.add(this);
    }
    if (this.#frameBytes >= MOST_A_WRITE) this.#write();
  }

  /**
   * Sends a value of which only the last matters: while the client lags, a newer one takes the place of the one that waits under the same
   * key, and it is sent when the client has read what was before it.
   */
  queueLast(key: string, frame: Buffer): void {
    if (this.#isClosed) return;
    if (this.#waiting.size === 0 && !this.#lags()) {
      this.queue(frame);
      return;
    }
    this.#waiting.delete(key);
    this.#waiting.set(key, frame);
  }

  /** Writes this turn's frames: the outbox calls it. */
  flush(): void {
    this.#isInOutbox = false;
    this.#write();
    this.#queueWaiting();
  }

  sendJson(value: unknown): void {
    this.send(JSON.stringify(value));
  }

  /** Tells the client that the venue stops, behind all that it was to be told before. @param now milliseconds since 1970 */
  sayFarewell(now: number): void {
    const [head, tail] = this.farewell;
    this.queue(textFrame(`${head}${JSON.stringify({ e: 'serverShutdown', E: now })}${tail}`));
    this.#write();
  }

  /** Disconnects the client for what it did. */
  refuse(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#forget();
    this.socket.close(POLICY_VIOLATION, reason);
    // The close frame queues behind what is not read: do not wait for it for long.
    setTimeout(() => this.socket.terminate(), CLOSE_MS).unref();
  }

  onClose(listener: () => void): void {
    this.socket.on('close', listener);
  }

  #write(): void {
    if (this.#isClosed || this.#frames.length === 0 || this.#isTooSlow()) return;
    this.#transport.write(this.#frames.length === 1 ? this.#frames[0] : Buffer.concat(this.#frames, this.#frameBytes));
    this.#frames.length = 0;
    this.#frameBytes = 0;
  }

  #isTooSlow(): boolean {
    if (this.#transport.writableLength <= this.#bufferBytes) return false;
    this.refuse(OVERRUN);
    return true;
  }

  /** Whether it has more to read than goes into the system's buffers: 'drain' follows once it has been written. */
  #lags(): boolean {
    return this.#transport.writableLength + this.#frameBytes >= this.#transport.writableHighWaterMark;
  }

  #queueWaiting(): void {
    for (const [key, frame] of this.#waiting) {
      if (this.#lags()) return;
      this.#waiting.delete(key);
      this.queue(frame);
    }
  }

  #forget(): void {
    this.#frames.length = 0;
    this.#frameBytes = 0;
    this.#waiting.clear();
  }
}
