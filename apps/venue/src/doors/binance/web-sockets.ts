import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Connections, type Place } from '../../core/fairness/connections.ts';
import { LimitExceeded } from '../../core/fairness/rate-limits.ts';
import type { Browsers } from '../http/browsers.ts';
import type { Door } from '../http/door.ts';
import { ListenKeys } from './listen-keys.ts';
import type { BinanceServices, Operation } from './operation.ts';
import { Outbox } from './outbox.ts';
import { StreamSession } from './stream-server.ts';
import { namedStreams } from './stream-url.ts';
import { WebSocketDoor } from './web-socket-door.ts';
import { ApiSession } from './ws-api.ts';

/** What connecting weighs. */
const CONNECTION_WEIGHT = 2;

/**
 * The WebSockets of the venue's port. The WebSocket API, and connections that name nothing but listen keys, stay in the order lane;
 * those of market streams go to a publisher. Readers of streams, who sign in nothing, have places of their own: however many they are, the API
 * and REST have theirs.
 */
export class WebSockets {
  readonly #services: BinanceServices;
  readonly #methods: ReadonlyMap<string, Operation>;
  /** of the WebSocket API, and of streams */
  readonly #clients: Connections;
  readonly #readers: Connections;
  readonly #outbox = Outbox.atOnce();
  readonly #door: WebSocketDoor;
  readonly #listenKeys: ListenKeys;

  constructor(
    server: Server,
    services: BinanceServices,
    operations: readonly Operation[],
    { door, browsers }: { door: Door; browsers: Browsers },
  ) {
    const { connections, webSockets, webSocketBufferBytes } = services.config;
    this.#services = services;
    this.#methods = new Map(operations.flatMap((operation) => (operation.ws === undefined ? [] : [[operation.ws, operation] as const])));
    this.#clients = new Connections(connections);
    this.#readers = new Connections(connections);
    services.open.apiClients = () => this.#clients.count;
    services.open.streamReaders = () => this.#readers.count;
    this.#door = new WebSocketDoor({ ...webSockets, bufferBytes: webSocketBufferBytes }, this.#outbox);
    this.#listenKeys = new ListenKeys(services.userStreams);
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      if (browsers.refusal(request.headers, false) !== undefined) return refuse(socket, '403 Forbidden');
      door.release(request.socket); // its place is this class's business from here on
      this.#upgrade(request, socket, head);
    });
  }

  async close(): Promise<void> {
    await this.#door.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = request.socket.remoteAddress ?? '';
    const url = request.url ?? '/';
    const pathname = URL.parse(url, 'http://venue')?.pathname;
    const isApi = pathname?.split('/')[1] === 'ws-api';
    const named = namedStreams(url);
    if (pathname === undefined) return refuse(socket, '400 Bad Request');
    if (!isApi && named === undefined) return refuse(socket, '404 Not Found');
    const place = this.#mayConnect(address) ? (isApi ? this.#clients : this.#readers).enter(address, () => socket.destroy()) : undefined;
    if (place === undefined) return refuse(socket, '429 Too Many Requests');
    if (isApi) this.#openApi(request, socket, head, address, place);
    else if (named !== undefined) this.#openStreams(request, socket, head, address, named, place);
  }

  /** Counts what connecting weighs. */
  #mayConnect(address: string): boolean {
    const { limiter, now } = this.#services;
    try {
      limiter.useWeight(address, CONNECTION_WEIGHT, now());
      return true;
    } catch (error) {
      if (!(error instanceof LimitExceeded)) throw error;
      return false;
    }
  }

  #openApi(request: IncomingMessage, socket: Duplex, head: Buffer, address: string, place: Place): void {
    const services = this.#services;
    socket.on('close', () => place.leave());
    this.#door.open(request, socket, head, address, (connection) => {
      new ApiSession(connection, services, this.#methods, () => place.stays());
    });
  }

  #openStreams(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    address: string,
    { isCombined, names }: { isCombined: boolean; names: string[] },
    place: Place,
  ): void {
    place.stays(); // nobody signs in here: a reader is never asked to give way
    if (names.length > 0 && names.every((name) => this.#listenKeys.exists(name))) {
      socket.on('close', () => place.leave());
      this.#door.open(request, socket, head, address, (connection) => {
        const { publishers, limiter, config } = this.#services;
        const parts = {
          market: publishers.streams,
          users: this.#listenKeys,
          limiter,
          messagesPerSecond: config.webSockets.messagesPerSecond,
          onChange: () => undefined,
        };
        new StreamSession(connection, parts, isCombined).start(names);
      });
      return;
    }
    const { url = '/', headers } = request;
    if (this.#services.publishers.handOver(socket, { url, headers, address, head }, () => place.leave())) return;
    place.leave();
    refuse(socket, '503 Service Unavailable');
  }
}

/** Answers and closes: nobody reads such a connection, so that its other end would never be noticed. */
function refuse(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
}
