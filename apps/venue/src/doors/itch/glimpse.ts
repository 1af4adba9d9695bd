/** The GLIMPSE door: snapshots of the books for readers of the feed. */
import { endOfSnapshot } from '@outcry/wire/itch';
import { NO_SUCH_SESSION, NOT_AUTHORIZED, writeNumber } from '@outcry/wire/soup';
import type { LogIns, SignedIn } from '../../core/accounts/log-ins.ts';
import type { Throttle } from '../../core/fairness/throttle.ts';
import type { SequencedLog } from '../soup/sequenced-log.ts';
import type { SessionFiles } from '../soup/session-files.ts';
import type { Entry, Refusal, SoupApplication, SoupConnection, SoupPort } from '../soup/soup-connection.ts';
import type { BookSnapshot } from './book-snapshot.ts';
import type { ItchPublisher } from './itch-publisher.ts';

/** One connection's way to a snapshot. */
class GlimpsePort implements SoupPort {
  readonly login: SignedIn;
  readonly session: string;
  readonly log: SequencedLog;
  readonly throttle: Throttle | undefined;
  connection: SoupConnection | undefined;

  constructor(login: SignedIn, session: string, log: SequencedLog, throttle: Throttle | undefined) {
    this.login = login;
    this.session = session;
    this.log = log;
    this.throttle = throttle;
  }
}

/** Messages written before the others of the thread get their turn: some 100 µs. */
const MESSAGES_A_TURN = 1000;
/** How long the others have the thread to themselves after that, in times of what it took: snapshots take a fifth of it at most. */
const REST = 4;
/** Connections of one login at once. */
const MOST_OF_A_LOGIN = 8;

interface GlimpseOptions {
  readonly publisher: ItchPublisher;
  readonly logins: LogIns;
  /** where snapshots lie while somebody reads them */
  readonly files: SessionFiles;
  /** How fast a client may send. */
  throttle(): Throttle | undefined;
  /** name of the session that is running */
  session(): string;
}

/**
 * GLIMPSE 5.0: whoever logs in is told the book as it was at a moment after that, and the number that the feed goes on with.
 *
 * One snapshot is written at a time, a little a turn, so that orders are not kept waiting, and once for all who have asked for it: those who log
 * in meanwhile wait for the next one, and share that. So whoever asks over and over costs nobody else a snapshot.
 */
export class Glimpse implements SoupApplication<GlimpsePort> {
  readonly mostBytes = 64;
  readonly #options: GlimpseOptions;
  readonly #ports = new Set<GlimpsePort>();
  /** what those read who wait for the next snapshot */
  #next: SequencedLog | undefined;
  #isBusy = false;
  #count = 0;

  constructor(options: GlimpseOptions) {
    this.#options = options;
  }

  open(user: string, password: string, address: string): Entry<GlimpsePort> | Refusal {
    const { logins, throttle, session } = this.#options;
    const login = logins.check(user, password, address);
    if (login === undefined) return { code: NOT_AUTHORIZED, why: 'user or password is wrong, or too many tries' };
    if (!this.#hasRoomFor(login.number)) return { code: NO_SUCH_SESSION, why: 'busy: snapshots of this login are under way; try again' };
    const port = new GlimpsePort(login, session(), this.#nextLog(), throttle());
    this.#ports.add(port);
    return { port, login };
  }

  /** Whether a login may have one more connection: one that has read its snapshot gives way. */
  #hasRoomFor(login: number): boolean {
    const own = [...this.#ports].filter((port) => port.login.number === login);
    if (own.length < MOST_OF_A_LOGIN) return true;
    const done = own.find(({ connection }) => connection === undefined || connection.hasAll);
    done?.connection?.end('logged in again');
    if (done !== undefined) this.#ports.delete(done);
    return done !== undefined;
  }

  #nextLog(): SequencedLog {
    this.#next ??= this.#open();
    if (!this.#isBusy) {
      this.#isBusy = true;
      setImmediate(() => this.#begin());
    }
    return this.#next;
  }

  #open(): SequencedLog {
    const log = this.#options.files.open(`glimpse-${++this.#count}`);
    log.onBroken = () => {
      for (const port of this.#ports) if (port.log === log) port.connection?.end('the venue cannot keep the snapshot');
    };
    return log;
  }

  onMessage(): string {
    return 'GLIMPSE accepts no messages from clients';
  }

  isBlocked(): boolean {
    return false;
  }

  afterPiece(): void {}

  onGone(port: GlimpsePort): void {
    this.#ports.delete(port);
  }

  // ── Snapshots ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Begins the snapshot that some wait for. */
  #begin(): void {
    const log = this.#next;
    this.#next = undefined;
    for (const port of this.#ports) if (port.connection === undefined) this.#ports.delete(port); // a login for a session that is over
    this.#isBusy = log !== undefined;
    if (log === undefined) return;
    if (log.isRead) this.#write(log, this.#options.publisher.snapshot());
    else {
      this.#options.files.discard(log);
      this.#begin();
    }
  }

  #write(log: SequencedLog, snapshot: BookSnapshot): void {
    const began = performance.now();
    const isWanted = log.isRead && log.brokenBy === undefined;
    if (snapshot.write(MESSAGES_A_TURN, isWanted ? (view, bytes) => copy(view, bytes, log) : ignore)) {
      log.flush();
      setTimeout(() => this.#write(log, snapshot), REST * (performance.now() - began));
      return;
    }
    const to = log.claim(endOfSnapshot.length);
    log.view.setUint8(to, endOfSnapshot.type);
    writeNumber(log.view, to + endOfSnapshot.at.sequence, snapshot.next);
    log.complete();
    this.#options.files.discard(log);
    this.#begin();
  }
}

function copy(view: DataView, bytes: number, log: SequencedLog): void {
  const to = log.claim(bytes);
  for (let i = 0; i < bytes; i++) log.view.setUint8(to + i, view.getUint8(i));
}

const ignore = () => undefined;
