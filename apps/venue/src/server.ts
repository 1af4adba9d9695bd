/** Puts the doors of the HTTP port together. */
import fs from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ContextValues } from '@connectrpc/connect';
import { fastifyConnectPlugin } from '@connectrpc/connect-fastify';
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { BACKLOG, readLittle } from './core/fairness/listening.ts';
import { addAdminRoutes } from './doors/admin/routes.ts';
import type { BinanceServices, Operation } from './doors/binance/operation.ts';
import { accountOperations } from './doors/binance/operations/account.ts';
import { cancelReplaceOperations } from './doors/binance/operations/cancel-replace.ts';
import { limitOperations } from './doors/binance/operations/limits.ts';
import { marketDataOperations } from './doors/binance/operations/market-data.ts';
import { orderHistoryOperations } from './doors/binance/operations/order-history.ts';
import { orderListOperations } from './doors/binance/operations/order-lists.ts';
import { tickerOperations } from './doors/binance/operations/tickers.ts';
import { tradingOperations } from './doors/binance/operations/trading.ts';
import { walletOperations } from './doors/binance/operations/wallet.ts';
import { addErrorHandler, addRestOperations } from './doors/binance/rest.ts';
import { WebSockets } from './doors/binance/web-sockets.ts';
import type { GrpcGateway } from './doors/grpc/grpc-gateway.ts';
import { peerValues } from './doors/grpc/peer.ts';
import { Browsers } from './doors/http/browsers.ts';
import { Door } from './doors/http/door.ts';
import { checkRequest, guardRequests, malformedError, refusePath } from './doors/http/requests.ts';
import { DOCS_POLICY } from './doors/http/security-headers.ts';
import { Turns } from './doors/http/turns.ts';
import { addPage } from './page.ts';

const BODY_LIMIT = 64 * 1024;
const HEAD_LIMIT = 16 * 1024;
/** Looks at what is late in the time that it has. */
const LOOKS = 5;

export interface Server {
  readonly url: string;
  close(): Promise<void>;
}

export const operations: readonly Operation[] = [
  ...marketDataOperations,
  ...tickerOperations,
  ...tradingOperations,
  ...orderHistoryOperations,
  ...cancelReplaceOperations,
  ...orderListOperations,
  ...accountOperations,
  ...limitOperations,
  ...walletOperations,
];

/** What a door of Binance's API works with. */
export interface DoorParts {
  readonly services: BinanceServices;
  readonly operations: readonly Operation[];
}

/**
 * Adds routes beside the venue's own, and hooks that its own pass too: it is called before they are added.
 * @returns what each door works with in place of the venue's own
 */
export type Extension = (server: FastifyInstance, own: DoorParts) => Promise<(door: 'rest' | 'ws-api') => DoorParts>;

/** REST, WebSocket, gRPC-Web and Connect, documentation and page on one port. */
export async function startServer(services: BinanceServices, grpc: GrpcGateway, log: Logger, extend?: Extension): Promise<Server> {
  const { config } = services;
  const browsers = new Browsers(config);
  const server = createServer(services, browsers);
  const door = new Door(config.connections);
  services.openCounts.http = () => door.count;
  door.guard(server.server);
  addErrorHandler(server, log);
  guardRequests(server, services, browsers);
  await addDocumentation(server);
  const own: DoorParts = { services, operations };
  const partsOf = (await extend?.(server, own)) ?? (() => own);
  // Each reads bodies in its own way.
  const rest = partsOf('rest');
  await server.register(async (routes) => addRestOperations(routes, rest.services, rest.operations, door));
  await server.register(async (routes) => addAdminRoutes(routes, services));
  await server.register(fastifyConnectPlugin, {
    ...grpc.options,
    routes: grpc.routes,
    contextValues: (request) => valuesOf(request, door),
  });
  await server.register(addPage);
  const api = partsOf('ws-api');
  const sockets = new WebSockets(server.server, api.services, api.operations, { door, browsers });
  const close = async () => {
    await sockets.close();
    await server.close();
  };
  try {
    await server.listen({ host: config.host, port: config.port, backlog: BACKLOG });
    readLittle(server.server);
  } catch (error) {
    await close(); // their timers would keep the process
    throw error;
  }
  const { port } = server.server.address() as AddressInfo;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return {
    url: `${config.tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    close,
  };
}

/** An HTTP server that waits for nobody for long: for a head, a body, the next request, or a client that does not read its answer. */
function createServer(services: BinanceServices, browsers: Browsers): FastifyInstance {
  const { tls, connections } = services.config;
  const { loginMs, idleMs } = connections;
  const options = {
    headersTimeout: loginMs,
    requestTimeout: loginMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: Math.ceil(loginMs / LOOKS),
    maxHeaderSize: HEAD_LIMIT,
    // What else is offered (h2c, by Java's client for one) may be passed over, RFC 9110 7.8: the request is answered as it is.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => /^websocket$/i.test(headers.upgrade ?? ''),
    requireHostHeader: false, // the check looks at it: what Node answers itself is counted by nobody
  };
  const secrets = tls && { cert: fs.readFileSync(tls.cert), key: fs.readFileSync(tls.key), handshakeTimeout: loginMs };
  return fastify({
    bodyLimit: BODY_LIMIT,
    routerOptions: { querystringParser: () => ({}) }, // operations read their query with Binance's errors, and no other route reads one
    logger: false,
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => refusePath(services, error, request as FastifyRequest, reply as FastifyReply),
    clientErrorHandler: () => undefined, // the turns know what has to be answered first
    serverFactory: (answer) => {
      const server = secrets === undefined ? http.createServer(options) : https.createServer({ ...options, ...secrets });
      // One that has said all that it will still reads its answers, RFC 9112 9.6.
      Object.assign(server, { httpAllowHalfOpen: true });
      server.setTimeout(idleMs);
      new Turns(
        answer,
        (request) => checkRequest(services, browsers, request),
        (address, error) => malformedError(services, address, error),
      ).guard(server);
      return server;
    },
  });
}

function valuesOf({ ip, raw: { socket } }: FastifyRequest, door: Door): ContextValues {
  return peerValues({
    address: ip,
    hasSlice: false,
    signedIn: () => door.signedIn(socket),
    mayBeSilent: () => socket.setTimeout(0),
    // Its connection, which has not signed in, gives way to others.
    mayWatch: () => socket.setTimeout(0) !== undefined,
    cut: () => socket.destroy(),
  });
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
  await server.register(fastifySwaggerUi, { routePrefix: '/docs', staticCSP: DOCS_POLICY });
  let text: string | undefined;
  server.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    text ??= JSON.stringify(server.swagger());
    return reply.type('application/json; charset=utf-8').send(text);
  });
}
