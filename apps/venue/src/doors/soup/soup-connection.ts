/** One client of a SoupBinTCP port: login, packets, silence. */
import type net from 'node:net';
import {
  LOGIN_ACCEPTED_BYTES,
  NO_SUCH_SESSION,
  readLogin,
  SILENCE_MS,
  SOUP,
  SOUP_HEAD,
  SoupFramer,
  writeLoginAccepted,
} from '@outcry/wire/soup';
import { plainAddress } from '../../core/accounts/accounts.ts';
import type { SignedIn } from '../../core/accounts/log-ins.ts';
import type { Place } from '../../core/fairness/connections.ts';
import type { Throttle } from '../../core/fairness/throttle.ts';
import type { SequencedLog } from './sequenced-log.ts';
import { SoupWriter } from './soup-writer.ts';
import type { Client, Turns } from './turns.ts';

/** Milliseconds until a client is tried again that must wait for the outcome of what it has sent. */
const BLOCKED_MS = 1;

/** What serves a login once it is accepted. */
export interface SoupPort {
  readonly session: string;
  readonly log: SequencedLog;
  /** how fast the login may send, whatever connection it uses; undefined: as fast as it can */
  readonly throttle: Throttle | undefined;
  connection: SoupConnection | undefined;
}

/** A login's port, and with what somebody signed in to it: what counts of that is the connection's, once it is let in. */
export interface Entry<Port extends SoupPort> {
  readonly port: Port;
  readonly login: SignedIn;
}

/** Why a login is refused: NOT_AUTHORIZED or NO_SUCH_SESSION, and in words. */
export interface Refusal {
  readonly code: number;
  readonly why: string;
}

export interface SoupApplication<Port extends SoupPort> {
  /** payload of the longest packet that a client may send */
  readonly mostBytes: number;
  /** The port of a login, or why there is none. The connection may be refused still: nothing that is connected changes by it. @param address that it comes from */
  open(user: string, password: string, address: string): Entry<Port> | Refusal;
  /** An unsequenced packet came. Returns why the connection must end, if it must. */
  onMessage(port: Port, view: DataView, at: number, bytes: number): string | undefined;
  /** Whether no more can be taken from a client until what it has sent has had its outcome. */
  isBlocked(port: Port): boolean;
  /** A piece of the stream has been worked off. */
  afterPiece(): void;
  /** Its connection is over, and no other one has taken its place. @param login with what it had signed in */
  onGone(port: Port, login: SignedIn): void;
}

interface ConnectionOptions {
  readonly turns: Turns;
  /** milliseconds to log in, whatever is sent meanwhile */
  readonly loginMs: number;
}

/**
 * One client of a SoupBinTCP port: login, packets, silence. What it sends is taken in by turns; while some of that waits, or the client is faster
 * than it may be, its socket is not read. What is sent to it is its {@link SoupWriter}'s.
 */
export class SoupConnection<Port extends SoupPort = SoupPort> implements Client {
  port: Port | undefined;
  /** with what it signed in */
  login: SignedIn | undefined;
  turn = 0;
  taken = 0;
  readonly #application: SoupApplication<Port>;
  /** only what is needed to read: writing is the writer's */
  readonly #input: Pick<net.Socket, 'pause' | 'resume'>;
  readonly #writer: SoupWriter;
  readonly #framer: SoupFramer;
  readonly #turns: Turns;
  readonly #place: Place;
  readonly #address: string;
  readonly #late: NodeJS.Timeout;
  /** pieces behind the one that the framer has */
  readonly #pieces: Buffer[] = [];
  /** whether the framer's piece may hold more */
  #hasPiece = false;
  #isPaused = false;
  /** must not send more for a while */
  #waits: NodeJS.Timeout | undefined;
  #heardAt = performance.now();
  #isEnded = false;

  constructor(socket: net.Socket, application: SoupApplication<Port>, place: Place, options: ConnectionOptions) {
    this.#application = application;
    this.#input = socket;
    this.#writer = new SoupWriter(socket);
    this.#framer = new SoupFramer(application.mostBytes);
    this.#turns = options.turns;
    this.#place = place;
    this.#address = plainAddress(socket.remoteAddress);
    this.#late = setTimeout(() => this.end('no login in time'), options.loginMs);
    socket.on('data', (piece: Buffer) => this.#take(piece));
    socket.on('error', () => undefined); // close follows
    socket.on('close', () => {
      place.leave();
      this.#gone();
    });
  }

  /** Once a second: says that the venue is there, and gives up a client that is not. */
  tick(now: number): void {
    if (this.port === undefined) return;
    if (this.#isPaused) this.#heardAt = now; // it is the venue that does not listen
    if (now - this.#heardAt > SILENCE_MS) this.end('no heartbeat in time');
    else this.#writer.beat();
  }

  /** Whether it has been sent all that there will be. */
  get hasAll(): boolean {
    return this.#writer.hasAll;
  }

  /** Ends the connection, with a reason for whoever reads it. */
  end(why: string): void {
    if (this.#isEnded) return;
    this.#gone();
    this.#writer.end(why);
  }

  /** The session of whoever is logged in is over: the connection ends once all that it holds has been sent. */
  endSession(): void {
    if (this.port === undefined) return;
    this.#gone();
    this.#writer.endSession('end of session');
  }

  /** Closes the connection at once, whatever the client has read. */
  abandon(): void {
    this.#gone();
    this.#writer.abandon();
  }

  // ── What the client sends ────────────────────────────────────────────────────────────────────────────────────────────────

  #take(piece: Buffer): void {
    if (this.#isEnded) return;
    this.#heardAt = performance.now();
    if (this.#hasPiece) {
      this.#pieces.push(piece);
      return;
    }
    this.#framer.push(piece);
    this.#hasPiece = true;
    if (this.isReady) this.#turns.enter(this);
    if (this.#hasPiece) this.#pause();
  }

  get isReady(): boolean {
    return this.#hasPiece && this.#waits === undefined && !this.#isEnded;
  }

  work(most: number): number {
    const now = performance.now();
    let taken = 0;
    this.#slowDown(0, now); // it may have been too fast on another connection
    if (this.port !== undefined && this.#application.isBlocked(this.port)) this.#wait(BLOCKED_MS);
    while (taken < most && this.isReady) {
      if (this.#framer.next()) {
        taken++;
        const why = this.#handle(this.#framer);
        if (why !== undefined) this.end(why);
        if (this.port?.throttle !== undefined) this.#slowDown(1, now);
      } else if (this.#framer.isBroken) this.end('a packet of no valid length');
      else this.#nextPiece();
    }
    this.#application.afterPiece();
    if (!this.#hasPiece && this.#waits === undefined) this.#resume();
    return taken;
  }

  /** Lets a client wait that has sent so many messages, if that is more than it may. */
  #slowDown(messages: number, now: number): void {
    const milliseconds = this.port?.throttle?.take(messages, now) ?? 0;
    if (milliseconds > 0) this.#wait(milliseconds);
  }

  #nextPiece(): void {
    const piece = this.#pieces.shift();
    if (piece === undefined) this.#hasPiece = false;
    else this.#framer.push(piece);
  }

  /** Takes nothing more for so many milliseconds. */
  #wait(milliseconds: number): void {
    this.#pause();
    if (this.#waits !== undefined) return;
    this.#waits = setTimeout(() => {
      this.#waits = undefined;
      if (this.isReady) this.#turns.enter(this);
      else this.#resume();
    }, milliseconds);
  }

  #pause(): void {
    if (!this.#isPaused) this.#input.pause();
    this.#isPaused = true;
  }
  #resume(): void {
    if (this.#isPaused && !this.#isEnded) this.#input.resume();
    this.#isPaused = false;
  }

  #handle({ type, view, at, bytes }: SoupFramer): string | undefined {
    if (this.port === undefined) return type === SOUP.LOGIN_REQUEST ? this.#logIn(view, at, bytes) : 'log in first';
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

  #logIn(view: DataView, at: number, bytes: number): string | undefined {
    const request = readLogin(view, at, bytes);
    if (request === undefined) return 'a login has 46 bytes';
    if (Number.isNaN(request.sequence)) return this.#refuse({ code: NO_SUCH_SESSION, why: 'the sequence number must be a number' });
    const entry = this.#application.open(request.user, request.password, this.#address);
    if ('code' in entry) return this.#refuse(entry);
    const { port, login } = entry;
    const isOther = request.session !== '' && request.session !== port.session;
    if (isOther) return this.#refuse({ code: NO_SUCH_SESSION, why: 'that session is over' });
    if (port.log.brokenBy !== undefined)
      return this.#refuse({ code: NO_SUCH_SESSION, why: 'the venue could not keep the messages of this session' });
    const old = port.connection;
    port.connection = this as SoupConnection; // before the old one ends: the client is not gone
    this.port = port;
    this.login = login;
    old?.end('logged in from elsewhere');
    clearTimeout(this.#late);
    this.#place.stays();
    port.log.flush();
    const sequence = request.sequence === 0 ? port.log.next : Math.min(request.sequence, port.log.next);
    this.#writer.say(SOUP.LOGIN_ACCEPTED, loginAccepted(port.session, sequence));
    this.#writer.follow(port.log, sequence);
    return undefined;
  }

  #refuse({ code, why }: Refusal): string {
    this.#writer.say(SOUP.LOGIN_REJECTED, Uint8Array.of(code));
    return why;
  }

  /** Takes nothing more from the client. */
  #gone(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#late);
    clearTimeout(this.#waits);
    this.#pieces.length = 0;
    this.#hasPiece = false;
    this.#input.resume(); // what still comes is passed over, so that the connection's end is seen
    const { port } = this;
    this.port = undefined;
    if (port?.connection !== (this as SoupConnection)) return;
    port.connection = undefined;
    this.#application.onGone(port, this.login!);
  }
}

/** The payload of Login Accepted. */
function loginAccepted(session: string, sequence: number): Uint8Array {
  const bytes = new Uint8Array(LOGIN_ACCEPTED_BYTES);
  writeLoginAccepted(new DataView(bytes.buffer), 0, session, sequence);
  return bytes.subarray(SOUP_HEAD);
}
