import fs from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectRouter } from '@connectrpc/connect';
import { fastifyConnectPlugin } from '@connectrpc/connect-fastify';
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { WebSocketServer } from 'ws';
import { addAdminRoutes } from './admin/routes.ts';
import type { MarketStreams } from './binance/market-streams.ts';
import type { Operation, Services } from './binance/operation.ts';
import { accountOperations } from './binance/operations/account.ts';
import { marketDataOperations } from './binance/operations/market-data.ts';
import { orderListOperations } from './binance/operations/order-lists.ts';
import { tradingOperations } from './binance/operations/trading.ts';
import { addErrorHandler, addRestOperations } from './binance/rest.ts';
import { StreamSession } from './binance/stream-server.ts';
import { ApiSession } from './binance/ws-api.ts';
import { Connection, GOING_AWAY } from './binance/ws-connection.ts';
import { addPage } from './page.ts';

const BODY_LIMIT = 64 * 1024;
const WEB_SOCKET_MESSAGE_LIMIT = 64 * 1024;

export interface Server {
  readonly url: string;
  close(): Promise<void>;
}

export const operations: readonly Operation[] = [
  ...marketDataOperations,
  ...tradingOperations,
  ...orderListOperations,
  ...accountOperations,
];

/** REST, WebSocket, documentation and page on one port. */
export async function startServer(
  services: Services,
  streams: MarketStreams,
  grpcRoutes: (router: ConnectRouter) => void,
  log: Logger,
): Promise<Server> {
  const { config } = services;
  const https = config.tls && { cert: fs.readFileSync(config.tls.cert), key: fs.readFileSync(config.tls.key) };
  const options = { bodyLimit: BODY_LIMIT, logger: false as const, forceCloseConnections: true as const };
  const server = (https === undefined ? fastify(options) : fastify({ ...options, https })) as unknown as FastifyInstance;
  addErrorHandler(server, log);
  await addDocumentation(server);
  await server.register(async (routes) => {
    addRestOperations(routes, services, operations);
    addAdminRoutes(routes, services);
  });
  await server.register(fastifyConnectPlugin, { routes: grpcRoutes });
  await addPage(server);
  const sockets = addWebSockets(server, services, streams);
  await server.listen({ host: config.host, port: config.port });
  const { port } = server.server.address() as AddressInfo;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return {
    url: `${https === undefined ? 'http' : 'https'}://${host}:${port}`,
    close: async () => {
      for (const client of sockets.clients) client.close(GOING_AWAY, 'the venue is stopping');
      const leftovers = setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, 500);
      await server.close();
      clearTimeout(leftovers);
    },
  };
}

async function addDocumentation(server: FastifyInstance): Promise<void> {
  await server.register(fastifySwagger, {
    hideUntagged: true, // gRPC's routes are described by venue.proto
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Outcry venue',
        version: '0.1.0',
        description:
          "REST surface compatible with Binance Spot's. Errors are `{code, msg}`. Signed requests: HMAC-SHA256 or Ed25519 over the parameters.",
      },
      components: { securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'X-MBX-APIKEY' } } },
    },
  });
  await server.register(fastifySwaggerUi, { routePrefix: '/docs' });
  server.get('/openapi.json', { schema: { hide: true } }, () => server.swagger());
}

function addWebSockets(server: FastifyInstance, services: Services, streams: MarketStreams): WebSocketServer {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: WEB_SOCKET_MESSAGE_LIMIT });
  const byName = new Map(operations.flatMap((operation) => (operation.ws === undefined ? [] : [[operation.ws, operation] as const])));
  server.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const url = URL.parse(request.url ?? '/', 'http://venue');
    if (url === null) {
      refuse(socket, '400 Bad Request');
      return;
    }
    const [, kind, ...rest] = url.pathname.split('/');
    if (kind !== 'ws' && kind !== 'stream' && kind !== 'ws-api') {
      refuse(socket, '404 Not Found');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      const connection = new Connection(client, request.socket.remoteAddress ?? '', services.config.webSocketBufferBytes);
      if (kind === 'ws-api') {
        new ApiSession(connection, services, byName);
        return;
      }
      const session = new StreamSession(connection, streams, services.userStreams, kind === 'stream');
      const named = kind === 'stream' ? (url.searchParams.get('streams') ?? '').split('/') : rest;
      session.start(named.filter((name) => name !== ''));
    });
  });
  return sockets;
}

/** Answers and closes: nobody reads such a connection, so that its other end would never be noticed. */
function refuse(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
}
