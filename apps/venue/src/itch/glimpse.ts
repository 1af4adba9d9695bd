import fs from 'node:fs';
import { endOfSnapshot } from '@outcry/wire/itch';
import { writeNumber } from '@outcry/wire/soup';
import type { LogIns } from '../soup/log-ins.ts';
import { SequencedLog } from '../soup/sequenced-log.ts';
import type { SoupApplication, SoupConnection, SoupPort } from '../soup/soup-connection.ts';
import type { ItchPublisher } from './itch-publisher.ts';

/** One snapshot, for one connection. */
class GlimpsePort implements SoupPort {
  connection: SoupConnection | undefined;
  readonly session: string;
  readonly log: SequencedLog;

  constructor(session: string, log: SequencedLog) {
    this.session = session;
    this.log = log;
  }
}

/** GLIMPSE 5.0: whoever logs in is told the book as it is, and the number that the feed goes on with. */
export class Glimpse implements SoupApplication<GlimpsePort> {
  readonly mostBytes = 64;
  readonly #publisher: ItchPublisher;
  readonly #logins: LogIns;
  readonly #directory: string;
  #count = 0;

  constructor(publisher: ItchPublisher, logins: LogIns, directory: string) {
    this.#publisher = publisher;
    this.#logins = logins;
    this.#directory = directory;
  }

  open(user: string, password: string, address: string): GlimpsePort | undefined {
    if (this.#logins.check(user, password, address) === undefined) return undefined;
    const { feed } = this.#publisher;
    const log = new SequencedLog(this.#directory, `glimpse-${++this.#count}`);
    fs.rmSync(log.file); // it lives as long as it is open
    this.#publisher.snapshot((bytes, view) => {
      const to = log.claim(bytes);
      for (let i = 0; i < bytes; i++) log.view.setUint8(to + i, view.getUint8(i));
    });
    const to = log.claim(endOfSnapshot.length);
    log.view.setUint8(to, endOfSnapshot.type);
    writeNumber(log.view, to + endOfSnapshot.at.sequence, feed.next);
    const port = new GlimpsePort(feed.session, log);
    log.onBroken = () => port.connection?.end('the venue cannot keep the snapshot');
    if (log.brokenBy === undefined) return port;
    log.close(); // the disk has no room for it
    return undefined;
  }

  onMessage(): string {
    return 'there is nothing to be said to GLIMPSE';
  }

  afterPiece(): void {}

  onGone(port: GlimpsePort): void {
    port.log.close();
  }
}
