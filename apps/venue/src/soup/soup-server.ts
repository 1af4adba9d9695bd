import net, { type AddressInfo } from 'node:net';
import { HEARTBEAT_MS } from '@outcry/wire/soup';
import { type SoupApplication, SoupConnection, type SoupPort } from './soup-connection.ts';

/** Connections at once, on one port. */
const MOST_CONNECTIONS = 1024;

/** A TCP port that speaks SoupBinTCP. */
export class SoupServer<Port extends SoupPort> {
  readonly #server: net.Server;
  readonly #connections = new Set<SoupConnection<Port>>();
  readonly #ticking: NodeJS.Timeout;

  private constructor(server: net.Server, application: SoupApplication<Port>) {
    this.#server = server;
    server.maxConnections = MOST_CONNECTIONS;
    server.on('connection', (socket) => {
      const connection = new SoupConnection(socket, application);
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
    });
    this.#ticking = setInterval(() => {
      const now = performance.now();
      for (const connection of this.#connections) connection.tick(now);
    }, HEARTBEAT_MS);
  }

  /** Rejects when the port is taken. */
  static async listen<Port extends SoupPort>(host: string, port: number, application: SoupApplication<Port>): Promise<SoupServer<Port>> {
    const server = net.createServer();
    const soup = new SoupServer(server, application);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    }).catch((error: unknown) => {
      clearInterval(soup.#ticking);
      throw error;
    });
    return soup;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    clearInterval(this.#ticking);
    for (const connection of this.#connections) connection.endSession();
    this.#server.close();
  }
}
