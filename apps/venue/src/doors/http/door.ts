/** Connections of an HTTP server, each with its place and its deadlines. */
import type { Server, Socket } from 'node:net';
import { Connections, type Place } from '../../core/fairness/connections.ts';
import type { VenueConfig } from '../../domain/config.ts';

/** A socket, or what stands for one. */
type Ends = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/**
 * The connections of a server, each with its place: refused beyond the limits, and known again by its other end, with or without TLS
 * around it. One that has brought something signed does not give way any more.
 */
export class Door {
  readonly #connections: Connections;
  readonly #places = new Map<string, { socket: Socket; place: Place }>();

  constructor(settings: VenueConfig['connections']) {
    this.#connections = new Connections(settings);
  }

  get count(): number {
    return this.#connections.count;
  }

  /** Guards a server. */
  guard(server: Server): void {
    server.prependListener('connection', (socket: Socket) => this.#enter(socket));
  }

  signedIn(socket: Ends): void {
    this.#places.get(nameOf(socket))?.place.stays();
  }

  /** It has become something else, with a place there: it takes none here any more. */
  release(socket: Ends): void {
    this.#places.get(nameOf(socket))?.place.leave();
  }

  /** Ends a connection at once, also one whose other end does not. */
  cut(socket: Ends): void {
    this.#places.get(nameOf(socket))?.socket.destroy();
  }

  #enter(socket: Socket): void {
    const place = socket.remoteAddress === undefined ? undefined : this.#connections.enter(socket.remoteAddress, () => socket.destroy());
    if (place === undefined) {
      socket.destroy();
      return;
    }
    const name = nameOf(socket);
    this.#places.set(name, { socket, place });
    socket.once('close', () => {
      place.leave();
      if (this.#places.get(name)?.socket === socket) this.#places.delete(name);
    });
  }
}

function nameOf({ remoteAddress, remotePort }: Ends): string {
  return `${remoteAddress} ${remotePort}`;
}
