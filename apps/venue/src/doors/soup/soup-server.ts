/** A TCP port that speaks SoupBinTCP, with its clients. */
import net, { type AddressInfo } from 'node:net';
import { HEARTBEAT_MS } from '@outcry/wire/soup';
import { plainAddress } from '../../core/accounts/accounts.ts';
import type { SignedIn } from '../../core/accounts/log-ins.ts';
import { Connections } from '../../core/fairness/connections.ts';
import { listenAt } from '../../core/fairness/listening.ts';
import type { ConnectionSettings } from '../../domain/config.ts';
import { type SoupApplication, SoupConnection, type SoupPort } from './soup-connection.ts';
import type { Turns } from './turns.ts';

/** Where a server listens, and what its clients may take. */
interface ServerOptions {
  host: string;
  /** 0: any free one */
  port: number;
  connections: ConnectionSettings;
  /** shared with the thread's other servers */
  turns: Turns;
}

/** A TCP port that speaks SoupBinTCP. */
export class SoupServer<Port extends SoupPort> {
  readonly #server: net.Server;
  readonly #application: SoupApplication<Port>;
  readonly #options: ServerOptions;
  readonly #places: Connections;
  readonly #connections = new Set<SoupConnection<Port>>();
  readonly #ticking: NodeJS.Timeout;

  private constructor(server: net.Server, application: SoupApplication<Port>, options: ServerOptions) {
    this.#server = server;
    this.#application = application;
    this.#options = options;
    this.#places = new Connections(options.connections);
    server.on('connection', (socket) => this.#accept(socket));
    this.#ticking = setInterval(() => {
      const now = performance.now();
      for (const connection of this.#connections) connection.tick(now);
    }, HEARTBEAT_MS);
  }

  /** Rejects when the port is taken. */
  static async listen<Port extends SoupPort>(application: SoupApplication<Port>, options: ServerOptions): Promise<SoupServer<Port>> {
    const server = net.createServer();
    const soup = new SoupServer(server, application, options);
    await listenAt(server, options.host, options.port).catch((error: unknown) => {
      clearInterval(soup.#ticking);
      throw error;
    });
    return soup;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #accept(socket: net.Socket): void {
    let connection: SoupConnection<Port> | undefined;
    const place = this.#places.enter(plainAddress(socket.remoteAddress), () => connection?.abandon());
    if (place === undefined) {
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    const options = { turns: this.#options.turns, loginMs: this.#options.connections.loginMs };
    connection = new SoupConnection(socket, this.#application, place, options);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection!));
  }

  /** The session is over for all who are logged in; others may log in. */
  endSessions(): void {
    for (const connection of this.#connections) connection.endSession();
  }

  /** Ends the connections of logins that were revoked, or whose password holds no more. */
  endRevoked(holds: (login: SignedIn) => boolean): void {
    for (const connection of this.#connections) {
      if (connection.login !== undefined && !holds(connection.login)) connection.end('the login was revoked');
    }
  }

  /** Ends all sessions, and lets nobody in. Resolves when all clients have been told, or the time is up. */
  async close(withinMs: number): Promise<void> {
    clearInterval(this.#ticking);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.endSessions();
    for (const connection of this.#connections) connection.end('the venue closes');
    const abandoning = setTimeout(() => {
      for (const connection of this.#connections) connection.abandon();
    }, withinMs);
    await closed;
    clearTimeout(abandoning);
  }
}
