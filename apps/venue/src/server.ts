import fs from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { ConnectRouter } from '@connectrpc/connect';
import { fastifyConnectPlugin } from '@connectrpc/connect-fastify';
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { addAdminRoutes } from './admin/routes.ts';
import type { Operation, Services } from './binance/operation.ts';
import { accountOperations } from './binance/operations/account.ts';
import { marketDataOperations } from './binance/operations/market-data.ts';
import { orderListOperations } from './binance/operations/order-lists.ts';
import { tradingOperations } from './binance/operations/trading.ts';
import { addErrorHandler, addRestOperations } from './binance/rest.ts';
import { WebSockets } from './binance/web-sockets.ts';
import { addPage } from './page.ts';

const BODY_LIMIT = 64 * 1024;

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
export async function startServer(services: Services, grpcRoutes: (router: ConnectRouter) => void, log: Logger): Promise<Server> {
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
  const sockets = new WebSockets(server.server, services, operations);
  await server.listen({ host: config.host, port: config.port });
  const { port } = server.server.address() as AddressInfo;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return {
    url: `${https === undefined ? 'http' : 'https'}://${host}:${port}`,
    close: async () => {
      await sockets.close();
      await server.close();
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
