import fs from 'node:fs';
import { endOfSnapshot } from '@outcry/wire/itch';
import { writeNumber } from '@outcry/wire/soup';
import type { LogIns, SignedIn } from '../core/log-ins.ts';
import { SequencedLog } from '../soup/sequenced-log.ts';
import type { SoupApplication, SoupConnection, SoupPort } from '../soup/soup-connection.ts';
import type { BookSnapshot } from './book-snapshot.ts';
import type { ItchPublisher } from './itch-publisher.ts';

/** One snapshot, for one connection. */
class GlimpsePort implements SoupPort {
  readonly signedIn: SignedIn;
  connection: SoupConnection | undefined;
  #isClosed = false;
  readonly session: string;
  readonly log: SequencedLog;

  constructor(signedIn: SignedIn, session: string, log: SequencedLog) {
    this.signedIn = signedIn;
    this.session = session;
    this.log = log;
  }

  close(): void {
    if (!this.#isClosed) this.log.close();
    this.#isClosed = true;
  }
}

/** Messages written before the others of the thread get their turn: some 100 µs. */
const MESSAGES_A_TURN = 1000;
/** Snapshots under way at once, each with a copy of the book. */
const MOST_AT_ONCE = 8;

/**
 * GLIMPSE 5.0: whoever logs in is told the book as it was at that moment, and the number that the feed goes on with. It is copied at once, and
 * written a little a turn, so that orders are not kept waiting.
 */
export class Glimpse implements SoupApplication<GlimpsePort> {
  readonly mostBytes = 64;
  readonly ports = new Set<GlimpsePort>();
  readonly #publisher: ItchPublisher;
  readonly #logins: LogIns;
  readonly #directory: string;
  #count = 0;
  #underWay = 0;

  constructor(publisher: ItchPublisher, logins: LogIns, directory: string) {
    this.#publisher = publisher;
    this.#logins = logins;
    this.#directory = directory;
  }

  open(user: string, password: string, address: string): GlimpsePort | undefined {
    const signedIn = this.#underWay === MOST_AT_ONCE ? undefined : this.#logins.check(user, password, address);
    if (signedIn === undefined) return undefined;
    const log = new SequencedLog(this.#directory, `glimpse-${++this.#count}`);
    fs.rmSync(log.file); // it lives as long as it is open
    const port = new GlimpsePort(signedIn, this.#publisher.feed.session, log);
    log.onBroken = () => port.connection?.end('the venue cannot keep the snapshot');
    this.ports.add(port);
    this.#underWay++;
    const snapshot = this.#publisher.snapshot();
    setImmediate(() => this.#write(port, snapshot));
    return port;
  }

  onMessage(): string {
    return 'there is nothing to be said to GLIMPSE';
  }

  afterPiece(): void {}

  onGone(port: GlimpsePort): void {
    this.ports.delete(port);
    port.close();
  }

  #write(port: GlimpsePort, snapshot: BookSnapshot): void {
    const { log } = port;
    if (port.connection === undefined || log.brokenBy !== undefined) {
      this.#underWay--;
      this.ports.delete(port);
      port.close(); // a login for a session that is over has no connection either
      return;
    }
    const hasMore = snapshot.write(MESSAGES_A_TURN, (view, bytes) => {
      const to = log.claim(bytes);
      for (let i = 0; i < bytes; i++) log.view.setUint8(to + i, view.getUint8(i));
    });
    if (hasMore) setImmediate(() => this.#write(port, snapshot));
    else {
      const to = log.claim(endOfSnapshot.length);
      log.view.setUint8(to, endOfSnapshot.type);
      writeNumber(log.view, to + endOfSnapshot.at.sequence, snapshot.next);
      this.#underWay--;
    }
    log.flush();
  }
}
