/** The FIX port: logons, sessions by SenderCompID, and the daily roll. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type FixMessage, MSG, parseFix, TAG } from '@outcry/wire/fix';
import { FixSession } from '@outcry/wire/fix-session';
import type { Logger } from 'pino';
import { plainAddress } from '../../core/accounts/accounts.ts';
import { LogIns, type SignedIn } from '../../core/accounts/log-ins.ts';
import { Connections, type Place } from '../../core/fairness/connections.ts';
import { listenAt, readLittle } from '../../core/fairness/listening.ts';
import { Slices, Turns } from '../../core/fairness/slices.ts';
import { Throttle } from '../../core/fairness/throttle.ts';
import type { Services } from '../../core/services.ts';
import type { SessionDay } from '../../core/session-day.ts';
import type { FixApplication, FixClient } from './fix-client.ts';
import { FixConnection, STALLED_MS } from './fix-connection.ts';
import { FileFixStore } from './fix-store.ts';

/** The venue's CompID. */
const VENUE_COMP_ID = 'OUTCRY';
const VERSIONS = ['FIX.4.4', 'FIXT.1.1'];
/** What all FIX clients together may take of a turn of the event loop. */
const TURN_MS = 2;
const FEWEST_SLICES = 4;
const TICK_MS = 250;
/** Fields of a message: five a subscription of the most that a session has, and more. */
const MOST_FIELDS = 1024;
/** How long a client may take to answer the Logout at the day's roll. */
const ROLL_MS = 3000;
const DISK_ERRORS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE']);

/** Accepts FIX 4.4, and FIX 5.0 SP2 over FIXT 1.1, on one port: sessions by SenderCompID, with that login's password in the Logon. */
export class FixServer {
  readonly #server = net.createServer();
  readonly #services: Services;
  readonly #application: FixApplication;
  readonly #day: SessionDay;
  readonly #log: Logger;
  readonly #logins: LogIns;
  readonly #door: Connections;
  readonly #clients = new Map<string, FixClient>();
  /** by login's number: a new connection is no new burst */
  readonly #throttles = new Map<number, Throttle>();
  readonly #places = new Map<FixConnection<FixClient>, { place: Place; late: NodeJS.Timeout }>();
  readonly #turns = new Turns<FixConnection<FixClient>>(new Slices(TURN_MS, FEWEST_SLICES), (connection) => this.#step(connection));
  readonly #toFlush: FixClient[] = [];
  readonly #ticking: NodeJS.Timeout;
  #rolling: NodeJS.Timeout | undefined;

  constructor(services: Services, application: FixApplication, day: SessionDay, log: Logger) {
    this.#services = services;
    this.#application = application;
    this.#day = day;
    this.#log = log;
    this.#logins = new LogIns(services.accounts.logins);
    services.accounts.onLogins.push((logins) => {
      this.#logins.replace(logins);
      this.#endRevoked();
    });
    this.#door = new Connections(services.config.connections);
    this.#server.on('connection', (socket) => this.#connect(socket));
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
    day.onRoll.push(() => this.#roll());
    this.#removeOldDays();
  }

  /** Rejects when the port is taken. Returns the port. */
  async listen(host: string, port: number): Promise<number> {
    const listening = await listenAt(this.#server, host, port);
    readLittle(this.#server);
    return listening;
  }

  close(): void {
    clearInterval(this.#ticking);
    clearTimeout(this.#rolling);
    this.#server.close();
    for (const client of this.#clients.values()) {
      client.session.logout('the venue is stopping');
      this.#flush(client);
      client.connection?.end();
      this.#guard(client, () => client.store.close());
    }
    for (const connection of this.#places.keys()) if (connection.client === undefined) connection.destroy();
  }

  // ── Connections ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #connect(socket: net.Socket): void {
    const { loginMs } = this.#services.config.connections;
    const place = this.#door.enter(plainAddress(socket.remoteAddress), () => socket.destroy());
    if (place === undefined) {
      socket.destroy();
      return;
    }
    const connection = new FixConnection<FixClient>(socket, {
      onText: (from, text) => this.#take(from, text),
      onWork: (worker) => this.#turns.add(worker),
      onClose: (closed) => this.#closed(closed),
    });
    this.#places.set(connection, { place, late: setTimeout(() => socket.destroy(), loginMs) });
  }

  #closed(connection: FixConnection<FixClient>): void {
    const { place, late } = this.#places.get(connection)!;
    this.#places.delete(connection);
    clearTimeout(late);
    place.leave();
    const { client } = connection;
    if (client === undefined || client.connection !== connection) return;
    client.connection = undefined;
    client.session.disconnected();
    if (client.isRolling) this.#rollOver(client);
    else this.#guard(client, () => client.store.rest());
  }

  #step(connection: FixConnection<FixClient>): boolean {
    const { client } = connection;
    let hasMore = false;
    if (client === undefined) hasMore = connection.step();
    else
      this.#guard(client, () => {
        hasMore = connection.step();
      });
    if (client?.wantsLine && client.session.isClear) {
      client.wantsLine = false;
      this.#application.onClear(client);
    }
    return hasMore;
  }

  #tick(): void {
    for (const connection of this.#places.keys()) {
      if (connection.isStalled()) {
        this.#log.warn({ user: connection.client?.login.user }, `a FIX client took nothing for ${STALLED_MS / 1000} s: disconnected`);
        connection.destroy();
      } else if (connection.client?.connection === connection) {
        const { client } = connection;
        this.#guard(client, () => client.session.tick());
      }
    }
  }

  // ── Logons ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #take(connection: FixConnection<FixClient>, text: string): void {
    const { client } = connection;
    if (client === undefined) this.#logon(connection, parseFix(text, MOST_FIELDS));
    else if (client.connection === connection) this.#guard(client, () => client.session.receive(text));
  }

  /**
   * A connection's first message. Whoever is not known is not answered (volume 2, "Logon"). A Logon that is refused never touches the
   * session's other connection; one that is accepted takes its place: it may be half open.
   */
  #logon(connection: FixConnection<FixClient>, message: FixMessage): void {
    const [version, user] = [message.get(TAG.BEGIN_STRING) ?? '', message.get(TAG.SENDER_COMP_ID) ?? ''];
    const isMeant = message.type === MSG.LOGON && message.get(TAG.TARGET_COMP_ID) === VENUE_COMP_ID && VERSIONS.includes(version);
    const { address } = connection;
    const login = isMeant ? this.#logins.check(user, message.get(TAG.PASSWORD) ?? '', address) : undefined;
    const client = login === undefined ? undefined : this.#client(login, version);
    if (client === undefined) {
      this.#log.warn({ user, version, address }, 'a FIX logon was refused');
      connection.destroy();
      return;
    }
    if (client.isRolling) this.#leave(client, false);
    const why = client.session.problemWith(message) || this.#problemOfDay(client, message);
    if (why !== '') this.#log.warn({ user, version, address, why }, 'a FIX logon was refused');
    if (why !== '' && client.connection !== undefined) {
      connection.destroy();
      return;
    }
    if (client.connection !== undefined) this.#leave(client, true);
    connection.client = client;
    client.connection = connection;
    if (why === '') this.#signIn(client, login!, connection);
    this.#guard(client, () => (why === '' ? client.session.accept(message) : client.session.refuse(why)));
    if (!client.session.isLoggedOn) return;
    const { place, late } = this.#places.get(connection)!;
    clearTimeout(late);
    place.stays();
  }

  /** From its Logon on: with what it signed in, under which name its account trades, and how fast it may send. */
  #signIn(client: FixClient, login: SignedIn, connection: FixConnection<FixClient>): void {
    client.logons++;
    client.login = login;
    client.account = this.#nameOf(login.account);
    let throttle = this.#throttles.get(login.number);
    throttle ??= new Throttle(this.#services.config.connections.messagesPerSecond);
    this.#throttles.set(login.number, throttle);
    connection.throttle = throttle;
  }

  #nameOf(account: number): string {
    return this.#services.accounts.all.find(({ number }) => number === account)?.name ?? '';
  }

  /**
   * Numbers of a day before: what the client would send again under them, when it is asked for what is missing, are orders of that day. It
   * is to begin with 1.
   */
  #problemOfDay({ store }: FixClient, logon: FixMessage): string {
    const sequence = logon.number(TAG.MSG_SEQ_NUM);
    return store.nextIn === 1 && sequence > 1 ? `MsgSeqNum too high, expecting 1 but received ${sequence}: a session day began` : '';
  }

  /** The session's connection ends here and now. @param isMoved the session goes on with another one */
  #leave(client: FixClient, isMoved: boolean): void {
    const old = client.connection;
    client.connection = undefined;
    if (isMoved) client.session.moved();
    else client.session.disconnected();
    if (isMoved) this.#application.onEnd(client, true);
    this.#guard(client, () => client.store.flush());
    old?.destroy();
    if (client.isRolling) this.#rollOver(client);
  }

  /** Undefined when its files cannot be opened. */
  #client(login: SignedIn, version: string): FixClient | undefined {
    const name = `${login.user}-${version}`;
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    let store: FileFixStore;
    try {
      store = new FileFixStore(this.#directory(), name);
    } catch (error) {
      this.#throwUnlessDisk(login.user, error);
      return undefined;
    }
    store.onSaved = () => this.#flushSoon(client);
    const session: FixSession = new FixSession({
      beginString: version,
      sender: VENUE_COMP_ID,
      target: login.user,
      store,
      send: (bytes) => {
        client.connection?.send(bytes);
        this.#flushSoon(client);
      },
      isOpen: () => client.connection?.isOpen ?? false,
      disconnect: () => {
        this.#flush(client);
        client.connection?.end();
      },
      onMessage: (message) => this.#application.onMessage(client, message),
      onLogout: () => this.#application.onEnd(client, false),
      onWork: () => client.connection !== undefined && this.#turns.add(client.connection),
      now: () => this.#services.now(),
      mostFields: MOST_FIELDS,
    });
    const client: FixClient = {
      login,
      account: this.#nameOf(login.account),
      session,
      store,
      connection: undefined,
      logons: 0,
      ended: 0,
      wantsLine: false,
      isRolling: false,
      isFlushDue: false,
    };
    this.#clients.set(name, client);
    return client;
  }

  /** Ends the connections of logins that were revoked, or whose password holds no more. */
  #endRevoked(): void {
    for (const client of this.#clients.values()) {
      if (client.connection === undefined || this.#logins.holds(client.login)) continue;
      client.session.logout('the login was revoked');
      this.#flush(client);
      client.connection?.end();
    }
  }

  // ── Days ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #directory(): string {
    return path.join(this.#services.config.data, 'fix', this.#day.name);
  }

  /** The day is over: sessions are logged out, and begin anew at 1 when their connections have ended. */
  #roll(): void {
    for (const client of this.#clients.values()) {
      client.isRolling = true;
      if (client.connection === undefined) this.#rollOver(client);
      else this.#application.whenTold(client, () => this.#logOutOfDay(client));
    }
    this.#rolling = setTimeout(() => {
      for (const client of this.#clients.values()) if (client.isRolling) this.#leave(client, false);
      this.#removeOldDays();
    }, ROLL_MS);
  }

  /** What it is to be told of the day by now is sent; it may have begun anew meanwhile, when that took long. */
  #logOutOfDay(client: FixClient): void {
    if (client.isRolling) client.session.logout('the session day is over');
  }

  #rollOver(client: FixClient): void {
    client.isRolling = false;
    this.#guard(client, () => {
      client.store.reset(this.#directory());
      client.store.rest();
    });
  }

  /** What was kept of other days goes, in its own time; and what is left of sessions that were reset. */
  #removeOldDays(): void {
    const all = path.join(this.#services.config.data, 'fix');
    fs.mkdirSync(this.#directory(), { recursive: true, mode: 0o700 });
    const old = fs.readdirSync(all).filter((name) => name !== this.#day.name);
    const reset = fs.readdirSync(this.#directory()).filter((name) => name.includes('.gone-'));
    const gone = [...old.map((name) => path.join(all, name)), ...reset.map((name) => path.join(this.#directory(), name))];
    for (const name of gone) {
      fs.promises
        .rm(name, { recursive: true, force: true })
        .catch((error: Error) => this.#log.warn(`${name} cannot be removed: ${error.message}`));
    }
  }

  // ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Does something that needs the session's files. What cannot be kept cannot be sent, or taken: the client comes back, and asks again. */
  #guard(client: FixClient, does: () => void): void {
    try {
      does();
    } catch (error) {
      this.#throwUnlessDisk(client.login.user, error);
      client.connection?.destroy();
    }
  }

  /** Anything but the disk's word is a fault of ours. */
  #throwUnlessDisk(user: string, error: unknown): void {
    if (!DISK_ERRORS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    this.#log.error({ user, error: (error as Error).message }, 'FIX messages cannot be kept');
  }

  /** What is sent in a turn is written, and goes out, at its end. */
  #flushSoon(client: FixClient): void {
    if (client.isFlushDue) return;
    client.isFlushDue = true;
    if (this.#toFlush.push(client) > 1) return;
    setImmediate(() => {
      for (const one of this.#toFlush.splice(0)) {
        one.isFlushDue = false;
        this.#flush(one);
      }
    });
  }

  #flush(client: FixClient): void {
    this.#guard(client, () => {
      if (client.connection === undefined) client.store.rest();
      else client.store.flush();
      client.connection?.flush();
    });
  }
}
