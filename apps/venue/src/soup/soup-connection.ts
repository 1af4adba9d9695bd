import type net from 'node:net';
import {
  beginPacket,
  LOGIN_ACCEPTED_BYTES,
  NO_SUCH_SESSION,
  NOT_AUTHORIZED,
  readLogin,
  SILENCE_MS,
  SOUP,
  SOUP_HEAD,
  SoupFramer,
  writeLoginAccepted,
} from '@outcry/wire/soup';
import { plainAddress } from '../core/accounts.ts';
import type { LogReader, SequencedLog } from './sequenced-log.ts';

/** Bytes that may wait for a client before it is served from the file, at its own speed. */
const MOST_WAITING = 1024 * 1024;
const CATCH_UP_BYTES = 256 * 1024;

/** What serves a login once it is accepted. */
export interface SoupPort {
  readonly session: string;
  readonly log: SequencedLog;
  connection: SoupConnection | undefined;
}

export interface SoupApplication<Port extends SoupPort> {
  /** payload of the longest packet that a client may send */
  readonly mostBytes: number;
  /** The port of a login, undefined when it is not authorized. @param address that it comes from */
  open(user: string, password: string, address: string): Port | undefined;
  /** An unsequenced packet came. Returns why the connection must end, if it must. */
  onMessage(port: Port, view: DataView, at: number, bytes: number): string | undefined;
  /** A piece of the stream has been worked off. */
  afterPiece(): void;
  onLogin?(port: Port): void;
  onGone(port: Port): void;
}

const HEARTBEAT = packet(SOUP.SERVER_HEARTBEAT);
const END = packet(SOUP.END_OF_SESSION);

/** One client of a SoupBinTCP port: login, packets, heartbeats, and sequenced packets from wherever it left off. */
export class SoupConnection<Port extends SoupPort = SoupPort> implements LogReader {
  port: Port | undefined;
  readonly #application: SoupApplication<Port>;
  readonly #socket: net.Socket;
  readonly #framer: SoupFramer;
  readonly #address: string;
  #heardAt = performance.now();
  #hasSent = false;
  #isEnded = false;
  /** where in the file the client is, while it is not up to date */
  #offset = -1;

  constructor(socket: net.Socket, application: SoupApplication<Port>) {
    this.#socket = socket;
    this.#application = application;
    this.#framer = new SoupFramer(application.mostBytes);
    this.#address = plainAddress(socket.remoteAddress);
    socket.setNoDelay(true);
    socket.on('data', (piece: Buffer) => this.#take(piece));
    socket.on('drain', () => this.#catchUp());
    socket.on('error', () => undefined); // close follows
    socket.on('close', () => this.#gone());
  }

  /** Once a second: says that the venue is there, and gives up a client that is not. */
  tick(now: number): void {
    if (now - this.#heardAt > SILENCE_MS) this.end(this.port === undefined ? 'no login in time' : 'no heartbeat in time');
    else if (this.port !== undefined && !this.#hasSent) this.#socket.write(HEARTBEAT);
    this.#hasSent = false;
  }

  /** Ends the connection, with a reason for whoever reads it. */
  end(why: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#socket.end(packet(SOUP.DEBUG, Buffer.from(why.slice(0, 200), 'latin1')));
    this.#gone();
    setTimeout(() => this.#socket.destroy(), 1000).unref();
  }

  /** The session is over: all has been said. */
  endSession(): void {
    if (this.port !== undefined && !this.#isEnded) this.#socket.write(END);
    this.end('end of session');
  }

  #take(piece: Buffer): void {
    this.#heardAt = performance.now();
    const framer = this.#framer;
    framer.push(piece);
    while (!this.#isEnded && framer.next()) {
      const why = this.#handle(framer);
      if (why !== undefined) this.end(why);
    }
    if (framer.isBroken) this.end('a packet of no valid length');
    this.#application.afterPiece();
  }

  #handle({ type, view, at, bytes }: SoupFramer): string | undefined {
    if (this.port === undefined) return type === SOUP.LOGIN_REQUEST ? this.#login(view, at, bytes) : 'log in first';
    switch (type) {
      case SOUP.UNSEQUENCED:
        return this.#application.onMessage(this.port, view, at, bytes);
      case SOUP.CLIENT_HEARTBEAT:
      case SOUP.DEBUG:
        return undefined;
      case SOUP.LOGOUT_REQUEST:
        return 'goodbye';
      case SOUP.LOGIN_REQUEST:
        return 'logged in already';
      default:
        return `no packet type: ${type}`;
    }
  }

  #login(view: DataView, at: number, bytes: number): string | undefined {
    const request = readLogin(view, at, bytes);
    if (request === undefined) return 'a login has 46 bytes';
    const port = this.#application.open(request.user, request.password, this.#address);
    if (port === undefined) return this.#reject(NOT_AUTHORIZED, 'user or password is wrong, or too many tries');
    if (port.log.brokenBy !== undefined) return this.#reject(NO_SUCH_SESSION, 'the venue could not keep the messages of this session');
    if (request.session !== '' && request.session !== port.session) return this.#reject(NO_SUCH_SESSION, 'that session is over');
    if (Number.isNaN(request.sequence)) return this.#reject(NO_SUCH_SESSION, 'the sequence number is no number');
    port.connection?.end('logged in from elsewhere');
    port.connection = this as SoupConnection;
    this.port = port;
    const { log } = port;
    log.flush();
    const sequence = request.sequence === 0 ? log.next : Math.min(request.sequence, log.next);
    const accepted = new Uint8Array(LOGIN_ACCEPTED_BYTES);
    writeLoginAccepted(new DataView(accepted.buffer), 0, port.session, sequence);
    this.#socket.write(accepted);
    this.#offset = log.offsetOf(sequence);
    this.#application.onLogin?.(port);
    this.#catchUp();
    return undefined;
  }

  #reject(code: number, why: string): string {
    this.#socket.write(packet(SOUP.LOGIN_REJECTED, Uint8Array.of(code)));
    return why;
  }

  /** Sends from the file until the client is up to date, or has enough to read. */
  #catchUp(): void {
    const { port } = this;
    if (port === undefined || this.#offset < 0 || this.#isEnded) return;
    while (this.#offset < port.log.bytes) {
      if (this.#socket.writableLength > MOST_WAITING) return; // on 'drain' it goes on
      const piece = port.log.read(this.#offset, CATCH_UP_BYTES);
      this.#offset += piece.length;
      this.#hasSent = true;
      this.#socket.write(piece);
    }
    this.#offset = -1;
    port.log.reader = this;
  }

  /** Sends what is new; a client that does not read it is served from the file from then on. */
  take(packets: Uint8Array, done: () => void): void {
    this.#hasSent = true;
    this.#socket.write(packets, done);
    if (this.#socket.writableLength < MOST_WAITING) return;
    const { log } = this.port!;
    log.reader = undefined;
    this.#offset = log.bytes;
  }

  #gone(): void {
    const { port } = this;
    this.port = undefined;
    if (port?.connection !== (this as SoupConnection)) return;
    port.connection = undefined;
    port.log.reader = undefined;
    this.#application.onGone(port);
  }
}

function packet(type: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(SOUP_HEAD + payload.length);
  bytes.set(payload, beginPacket(new DataView(bytes.buffer), 0, type, payload.length));
  return bytes;
}
