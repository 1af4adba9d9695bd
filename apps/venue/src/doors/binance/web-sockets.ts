/** WebSocket connections at the HTTP port, each handed to the lane that serves it. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Connections, type Place } from '../../core/fairness/connections.ts';
import type { Browsers } from '../http/browsers.ts';
import type { Door } from '../http/door.ts';
import { ApiError, apiErrorOf, errors } from '../http/errors.ts';
import { refuseRaw } from '../http/raw-answer.ts';
import { checkRequest, noSuchRoute } from '../http/requests.ts';
import { ListenKeys } from './listen-keys.ts';
import type { BinanceServices, Operation } from './operation.ts';
import { Outbox } from './outbox.ts';
import { checkTimeUnit } from './parameters.ts';
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
    services.openCounts.apiClients = () => this.#clients.count;
    services.openCounts.streamReaders = () => this.#readers.count;
    this.#door = new WebSocketDoor({ ...webSockets, bufferBytes: webSocketBufferBytes }, this.#outbox);
    this.#listenKeys = new ListenKeys(services.userStreams);
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      door.release(request.socket); // its place is this class's business from here on
      try {
        checkRequest(services, browsers, request, false);
        this.#upgrade(request, socket, head);
      } catch (error) {
        const shown = apiErrorOf(error);
        if (shown === undefined) throw error;
        refuseRaw(socket, shown);
      }
    });
  }

  async close(): Promise<void> {
    await this.#door.close();
  }

  /** Throws what has an ApiError for an upgrade that is refused, which weighs 1 where there is nothing to connect to. */
  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { limiter, now } = this.#services;
    const address = request.socket.remoteAddress ?? '';
    const { url = '/', method } = request;
    const target = URL.parse(url, 'http://venue');
    const pathname = target?.pathname;
    const isApi = pathname?.split('/')[1] === 'ws-api';
    const named = namedStreams(url);
    const isKnown = method === 'GET' && (isApi || named !== undefined);
    limiter.useWeight(address, isKnown ? CONNECTION_WEIGHT : 1, now());
    if (pathname === undefined) throw new ApiError(-1100, 'Malformed request: its path is none.');
    if (!isKnown) throw noSuchRoute(request);
    checkTimeUnit(target?.searchParams.get('timeUnit'));
    const place = (isApi ? this.#clients : this.#readers).enter(address, () => socket.destroy());
    if (place === undefined) throw new ApiError(-1003, 'Too many connections.', 429);
    if (isApi) this.#openApi(request, socket, head, address, place);
    else this.#openStreams(request, socket, head, address, named!, place);
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
    throw errors.disconnected('no thread serves market data');
  }
}
