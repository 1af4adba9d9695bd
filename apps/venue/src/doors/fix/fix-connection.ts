/** One TCP connection of the FIX door: read in slices, throttled, bounded. */
import type net from 'node:net';
import { FixFramer } from '@outcry/wire/fix';
import type { FixSession } from '@outcry/wire/fix-session';
import { fixWeight } from '@outcry/wire/fix-session';
import { plainAddress } from '../../core/accounts/accounts.ts';
import type { Throttle } from '../../core/fairness/throttle.ts';

/** Longest message, without its first two fields. */
const MOST_BYTES = 64 * 1024;
/** Garbled messages before a connection is given up. */
const MOST_GARBLED = 100;
/** What was read and not taken: beyond it the socket is not read. */
const MOST_READ = 64 * 1024;
/** What may wait for the socket: beyond it messages wait in the session's store. */
const MOST_WAITING = 256 * 1024;
/** A client that takes nothing of what waits for so long is disconnected. */
export const STALLED_MS = 30_000;
/** What was sent at the end may take so long to go. */
const LINGER_MS = 5_000;
/** Messages taken in one slice; large ones count for several. */
const SLICE = 16;

/** Whose connection it is, once he is in. */
interface Owner {
  readonly session: FixSession;
  connection: unknown;
}

/** What a connection asks of its door. */
interface FixDoor<Client extends Owner = Owner> {
  /** Takes a message. */
  onText(connection: FixConnection<Client>, text: string): void;
  /** There is something to do for {@link FixConnection.step}. */
  onWork(connection: FixConnection<Client>): void;
  onClose(connection: FixConnection<Client>): void;
}

/**
 * A TCP connection of the FIX door. It is read in slices, as fast as its throttle lets it; nothing is read that is not taken soon. What is
 * sent goes out in one piece at the end of a turn, whole messages in their order.
 */
export class FixConnection<Client extends Owner = Owner> {
  isQueued = false;
  readonly address: string;
  client: Client | undefined;
  /** how fast it may send: its login's, once it is in */
  throttle: Throttle | undefined;
  readonly #socket: net.Socket;
  readonly #door: FixDoor<Client>;
  readonly #stalledMs: number;
  readonly #framer = new FixFramer(MOST_BYTES, MOST_GARBLED);
  #outgoing: Buffer[] = [];
  #outgoingBytes = 0;
  /** when the other side last took something of what waits, or nothing was waiting; and how much of it the system had not taken then */
  #progressAt = performance.now();
  #queued = 0;
  #pause: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;
  readonly #onWritten = () => {
    this.#progressAt = performance.now();
    this.#door.onWork(this);
  };

  /** @param stalledMs for tests */
  constructor(socket: net.Socket, door: FixDoor<Client>, stalledMs = STALLED_MS) {
    this.#socket = socket;
    this.#door = door;
    this.#stalledMs = stalledMs;
    this.address = plainAddress(socket.remoteAddress);
    socket.setNoDelay(true);
    socket.on('error', () => undefined); // close follows
    socket.on('close', () => {
      clearTimeout(this.#pause);
      clearTimeout(this.#linger);
      door.onClose(this);
    });
    socket.on('data', (piece: Buffer) => {
      if (this.#linger !== undefined) return; // nobody takes it any more
      this.#framer.push(piece);
      if (this.#framer.buffered >= MOST_READ) socket.pause();
      door.onWork(this);
    });
  }

  /** Takes a few messages, and sends a few that wait. Returns whether there is more to do now. */
  step(): boolean {
    const canRead = this.#read();
    const canWrite = this.client?.connection === this && this.client.session.work(SLICE);
    return (canRead || canWrite) && !this.#socket.destroyed;
  }

  #read(): boolean {
    if (this.#pause !== undefined || this.#linger !== undefined || this.#socket.destroyed) return false;
    const owed = this.throttle?.take(0) ?? 0; // it may have been too fast on another connection
    if (owed > 0) {
      this.#rest(owed);
      return false;
    }
    let count = 0;
    let left = SLICE;
    while (left > 0) {
      const text = this.#framer.next();
      if (text === undefined) break;
      count++;
      left = this.throttle === undefined ? 0 : left - fixWeight(text.length); // a Logon is the last of its slice
      this.#door.onText(this, text);
      if (this.#socket.destroyed || this.#linger !== undefined) return false;
    }
    if (this.#framer.isHopeless) {
      this.destroy();
      return false;
    }
    const wait = this.throttle?.take(count) ?? 0;
    if (wait > 0) this.#rest(wait);
    else if (left > 0) this.#socket.resume();
    return left <= 0 && wait === 0;
  }

  /** Stops reading for a while. */
  #rest(milliseconds: number): void {
    this.#socket.pause();
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#door.onWork(this);
    }, milliseconds);
  }

  // ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether what is sent goes to the socket soon. */
  get isOpen(): boolean {
    return this.#socket.writableLength + this.#outgoingBytes < MOST_WAITING;
  }

  /** Queues a whole message for {@link flush}. */
  send(bytes: Buffer): void {
    this.#outgoing.push(bytes);
    this.#outgoingBytes += bytes.length;
  }

  /** Gives the socket what was sent in this turn. What it is about must be in the session's store. */
  flush(): void {
    if (this.#outgoing.length === 0 || this.#socket.destroyed || this.#socket.writableEnded) return;
    if (this.#socket.writableLength === 0) this.#progressAt = performance.now();
    this.#socket.write(this.#outgoing.length === 1 ? this.#outgoing[0] : Buffer.concat(this.#outgoing), this.#onWritten);
    this.#outgoing = [];
    this.#outgoingBytes = 0;
  }

  /** A few times a second: whether the other side does not take what waits for it. One write may be a whole book, of which it takes a little at a time. */
  isStalled(): boolean {
    const queued = queuedIn(this.#socket);
    if (queued !== this.#queued) this.#progressAt = performance.now();
    this.#queued = queued;
    return this.#socket.writableLength > 0 && performance.now() - this.#progressAt > this.#stalledMs;
  }

  /** Ends it when what was sent is out, or when that takes too long. What still comes is not read. */
  end(): void {
    if (this.#linger !== undefined || this.#socket.destroyed) return;
    this.flush();
    this.#socket.end();
    this.#socket.resume(); // to its end, for nobody
    this.#linger = setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Bytes of writes that the system has not taken yet. Node has it for its own time-outs, by this way only. */
function queuedIn(socket: net.Socket): number {
  const { _handle: handle } = socket as net.Socket & { _handle?: { writeQueueSize?: number } | null };
  return handle?.writeQueueSize ?? 0;
}
