import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { FixFramer, type FixMessage, MSG, parseFix, TAG } from '@outcry/wire/fix';
import { FixSession } from '@outcry/wire/fix-session';
import type { Logger } from 'pino';
import type { Services } from '../binance/operation.ts';
import { type Login, plainAddress } from '../core/accounts.ts';
import { LogIns, type SignedIn } from '../core/log-ins.ts';
import { FileFixStore } from './fix-store.ts';

/** The venue's CompID. */
export const VENUE_COMP_ID = 'OUTCRY';
const VERSIONS = ['FIX.4.4', 'FIXT.1.1'];
const MOST_BYTES = 64 * 1024;
const MOST_CONNECTIONS = 1024;
/** Bytes that may wait for a client that does not read. */
const MOST_WAITING = 16 * 1024 * 1024;
const LOGON_MS = 10_000;
const TICK_MS = 250;
/** for a client to read why its connection ends */
const LAST_WORDS_MS = 1000;
const DISK_ERRORS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']);
/** Garbled messages of one connection before it is given up. */
const MOST_GARBLED = 100;

/** A login's session, connected or not. */
export interface FixClient {
  readonly login: Login;
  readonly session: FixSession;
  readonly store: FileFixStore;
  /** messages to go out together at the end of this turn of the event loop */
  outgoing: Buffer[];
  /** with what its connection signed in */
  signedIn: SignedIn | undefined;
}

export interface FixApplication {
  onMessage(client: FixClient, message: FixMessage): void;
  onLogon(client: FixClient): void;
  onLogout(client: FixClient): void;
}

/** Accepts FIX 4.4, and FIX 5.0 SP2 over FIXT 1.1, on one port: sessions by SenderCompID, with that login's password in the Logon. */
export class FixServer {
  readonly #server = net.createServer();
  readonly #services: Services;
  readonly #application: FixApplication;
  readonly #log: Logger;
  readonly #logins: LogIns;
  readonly #clients = new Map<string, FixClient>();
  readonly #sockets = new Map<FixClient, net.Socket>();
  readonly #ticking: NodeJS.Timeout;

  constructor(services: Services, application: FixApplication, log: Logger) {
    this.#services = services;
    this.#application = application;
    this.#log = log;
    this.#logins = new LogIns(services.accounts.logins);
    services.accounts.onLogins.push((logins) => {
      this.#logins.replace(logins);
      this.#endOthers();
    });
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on('connection', (socket) => this.#connect(socket));
    this.#ticking = setInterval(() => {
      for (const client of this.#sockets.keys()) client.session.tick();
    }, TICK_MS);
  }

  /** Rejects when the port is taken. Returns the port. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** The connected session of a login's user. */
  client(user: string): FixClient | undefined {
    const client = [...this.#clients.values()].find(({ login, session }) => login.user === user && session.isLoggedOn);
    return client;
  }

  close(): void {
    clearInterval(this.#ticking);
    for (const [client, socket] of this.#sockets) {
      client.session.logout('the venue is stopping');
      this.#flush(client);
      socket.end();
    }
    this.#server.close();
    for (const { store } of this.#clients.values()) store.close();
  }

  #connect(socket: net.Socket): void {
    const framer = new FixFramer(MOST_BYTES);
    let client: FixClient | undefined;
    socket.setNoDelay(true);
    const late = setTimeout(() => socket.destroy(), LOGON_MS);
    socket.on('error', () => undefined); // close follows
    socket.on('close', () => {
      clearTimeout(late);
      if (client === undefined || this.#sockets.get(client) !== socket) return;
      this.#sockets.delete(client);
      client.session.disconnected();
    });
    socket.on('data', (piece: Buffer) => {
      framer.push(piece);
      for (let text = framer.next(); text !== undefined; text = framer.next()) {
        if (client === undefined) {
          client = this.#logon(socket, text);
          if (client === undefined) return;
          clearTimeout(late);
        } else if (this.#sockets.get(client) === socket) this.#receive(client, text);
      }
      if (framer.garbled > MOST_GARBLED) socket.destroy();
    });
  }

  /** Looks at a connection's first message. Whoever is not known is not answered (volume 2, "Logon"). */
  #logon(socket: net.Socket, text: string): FixClient | undefined {
    const message = parseFix(text);
    const [version, user] = [message.get(TAG.BEGIN_STRING) ?? '', message.get(TAG.SENDER_COMP_ID) ?? ''];
    const isMeant = message.type === MSG.LOGON && message.get(TAG.TARGET_COMP_ID) === VENUE_COMP_ID && VERSIONS.includes(version);
    const address = plainAddress(socket.remoteAddress);
    const login = isMeant ? this.#logins.check(user, message.get(TAG.PASSWORD) ?? '', address) : undefined;
    if (login === undefined) {
      this.#log.warn({ user, version, address }, 'a FIX logon was refused');
      socket.destroy();
      return undefined;
    }
    const client = this.#client(login, version);
    // Another connection of the session may be half open: the newer one is the client's.
    const old = this.#sockets.get(client);
    if (old !== undefined) {
      client.session.disconnected();
      client.outgoing = []; // it is in the store
      client.store.flush();
      old.destroy();
    }
    this.#sockets.set(client, socket);
    client.signedIn = login;
    if (this.#accepts(client, message)) return client;
    this.#flush(client);
    socket.end();
    this.#sockets.delete(client);
    return undefined;
  }

  #accepts(client: FixClient, logon: FixMessage): boolean {
    try {
      return client.session.accept(logon);
    } catch (error) {
      this.#giveUp(client, error);
      return false;
    }
  }

  #client(login: Login, version: string): FixClient {
    const name = `${login.user}-${version}`;
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const store = new FileFixStore(path.join(this.#services.config.data, 'fix'), name);
    const session: FixSession = new FixSession({
      beginString: version,
      sender: VENUE_COMP_ID,
      target: login.user,
      store,
      send: (bytes) => this.#send(client, bytes),
      disconnect: () => {
        this.#flush(client);
        this.#sockets.get(client)?.end();
      },
      onMessage: (message) => this.#application.onMessage(client, message),
      onLogon: () => this.#application.onLogon(client),
      onLogout: () => this.#application.onLogout(client),
      now: () => this.#services.now(),
    });
    const client: FixClient = { login, session, store, outgoing: [], signedIn: undefined };
    this.#clients.set(name, client);
    return client;
  }

  /** Ends the connections of logins that were revoked, or whose password holds no more. */
  #endOthers(): void {
    for (const [client, socket] of this.#sockets) {
      if (client.signedIn === undefined || this.#logins.holds(client.signedIn)) continue;
      client.session.logout('the login was revoked');
      this.#flush(client);
      this.#sockets.delete(client); // nothing that comes from it is heard any more
      client.session.disconnected();
      socket.end();
      setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
    }
  }

  #receive(client: FixClient, text: string): void {
    try {
      client.session.receive(text);
    } catch (error) {
      this.#giveUp(client, error);
    }
  }

  /** What cannot be kept cannot be sent, or taken: the client comes back, and asks again. Anything but the disk's word is a fault of ours. */
  #giveUp(client: FixClient, error: unknown): void {
    if (!DISK_ERRORS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    this.#log.error({ user: client.login.user, error: (error as Error).message }, 'FIX messages cannot be kept');
    this.#sockets.get(client)?.destroy();
  }

  /** What a client that is away is told, it is told when it asks again. */
  #send(client: FixClient, bytes: Buffer): void {
    if (client.outgoing.length === 0) setImmediate(() => this.#flush(client));
    client.outgoing.push(bytes);
  }

  #flush(client: FixClient): void {
    const { outgoing } = client;
    if (outgoing.length === 0) return;
    client.outgoing = [];
    try {
      client.store.flush();
    } catch (error) {
      this.#giveUp(client, error);
      return;
    }
    const socket = this.#sockets.get(client);
    if (socket === undefined) return;
    socket.write(outgoing.length === 1 ? outgoing[0] : Buffer.concat(outgoing));
    if (socket.writableLength > MOST_WAITING) socket.destroy();
  }
}
