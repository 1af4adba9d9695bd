/** WebSocket connections of one thread: limits, upgrades, and their end with the venue's. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocketSettings } from '../../domain/config.ts';
import { ApiError } from '../http/errors.ts';
import { refuseRaw } from '../http/raw-answer.ts';
import { limitFrames } from './frames.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Outbox } from './outbox.ts';
import { Connection, GOING_AWAY } from './ws-connection.ts';

const MESSAGE_BYTES = 64 * 1024;
/** Fragments of a message, and pieces in which it arrives. */
const MOST_FRAGMENTS = 128;
const MOST_PIECES = 2048;
const CLOSE_MS = 500;
/** Of the protocol, RFC 6455, section 4.4. */
const VERSIONS = { 'sec-websocket-version': '13, 8' };

/** What of an HTTP upgrade a thread needs that did not receive it. */
type UpgradeRequest = Pick<IncomingMessage, 'url' | 'headers'>;

/** Makes WebSockets of a thread's upgraded connections, and ends them with the venue. */
export class WebSocketDoor {
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES,
    maxFragments: MOST_FRAGMENTS,
    maxBufferedChunks: MOST_PIECES,
  });
  readonly #settings: WebSocketSettings;
  readonly #outbox: Outbox;
  readonly #heartbeat: Heartbeat;
  readonly #connections = new Set<Connection>();

  constructor(settings: WebSocketSettings, outbox: Outbox) {
    this.#settings = settings;
    this.#outbox = outbox;
    this.#heartbeat = new Heartbeat(settings.pingMs, settings.pongMs);
    this.#sockets.on('wsClientError', ({ message }, socket) =>
      refuseRaw(socket, new ApiError(-1100, `Malformed request: ${message}.`), VERSIONS),
    );
  }

  get connections(): number {
    return this.#sockets.clients.size;
  }

  /** Answers an upgrade; calls back with the connection, unless the request is none that can be answered. */
  open({ url, headers }: UpgradeRequest, socket: Duplex, head: Buffer, address: string, opened: (connection: Connection) => void): void {
    socket.on('error', () => socket.destroy());
    const request = { method: 'GET', url, headers, socket } as unknown as IncomingMessage;
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      const connection = new Connection(client, socket, address, this.#settings.bufferBytes, this.#outbox);
      limitFrames(connection, socket, this.#settings.messagesPerSecond);
      this.#heartbeat.add(connection);
      this.#connections.add(connection);
      connection.onClose(() => this.#connections.delete(connection));
      opened(connection);
    });
  }

  /** Tells all that the venue stops, closes their connections, and ends those that do not answer. */
  async close(): Promise<void> {
    const now = Date.now();
    for (const connection of this.#connections) connection.sayFarewell(now);
    this.#heartbeat.close();
    const { clients } = this.#sockets;
    const gone = Promise.all([...clients].map((client) => new Promise<void>((resolve) => client.once('close', () => resolve()))));
    for (const client of clients) client.close(GOING_AWAY, 'the venue is stopping');
    const leftovers = setTimeout(() => {
      for (const client of clients) client.terminate();
    }, CLOSE_MS);
    await gone;
    clearTimeout(leftovers);
  }
}
