import fs from 'node:fs';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { createAccount, fundAccount, isAdmin, status } from '../admin/routes.ts';
import { ApiError } from '../binance/errors.ts';
import type { Services } from '../binance/operation.ts';
import { LogIns } from '../core/log-ins.ts';
import { ServerReflection } from './generated/grpc/reflection/v1/reflection_pb.js';
import * as pb from './generated/outcry/v1/venue_pb.js';
import { MarketDataService } from './market-data-service.ts';
import { ReflectionService } from './reflection-service.ts';
import { TradingService } from './trading-service.ts';

/** Bytes of the longest message that a client may send. */
const MOST_BYTES = 1024 * 1024;

/**
 * Trading, MarketData and Admin of venue.proto. On a port of its own by gRPC (HTTP/2, with TLS where the venue has it); the same routes are
 * on the venue's own port for gRPC-Web and Connect, which browsers speak.
 */
export class GrpcGateway {
  readonly routes: (router: ConnectRouter) => void;
  readonly #services: Services;
  readonly #marketData: MarketDataService;
  #server: http2.Http2Server | undefined;
  readonly #sessions = new Set<http2.ServerHttp2Session>();

  constructor(services: Services) {
    this.#services = services;
    const logins = new LogIns(services.accounts.logins);
    const trading = new TradingService(services, logins);
    services.accounts.onLogins.push((all) => {
      logins.replace(all);
      trading.endOthers();
    });
    this.#marketData = new MarketDataService(services);
    services.gateway.orderListeners.push(trading.listener);
    services.gateway.marketListeners.push(this.#marketData.listener);
    const described = [pb.Trading, pb.MarketData, pb.Admin, ServerReflection];
    this.routes = (router) => {
      router.service(pb.Trading, bound(trading));
      router.service(pb.MarketData, bound(this.#marketData));
      router.service(pb.Admin, adminService(services));
      router.service(ServerReflection, bound(new ReflectionService(described)));
    };
  }

  /** Rejects when the port is taken. */
  async listen(port: number): Promise<void> {
    const { tls, host } = this.#services.config;
    const handler = connectNodeAdapter({ routes: this.routes, readMaxBytes: MOST_BYTES });
    const server =
      tls === undefined
        ? http2.createServer(handler)
        : http2.createSecureServer({ cert: fs.readFileSync(tls.cert), key: fs.readFileSync(tls.key) }, handler);
    this.#server = server;
    server.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      session.on('error', () => undefined); // its streams have said it
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    this.#services.ports.grpc = (server.address() as AddressInfo).port;
  }

  close(): void {
    this.#marketData.close();
    this.#server?.close();
    for (const session of this.#sessions) session.destroy();
  }
}

/** A service whose methods know their object: the router calls them without it. */
function bound<T extends object>(service: T): T {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(service)).filter((name) => name !== 'constructor');
  const methods = names.map((name) => [name, (service as Record<string, CallableFunction>)[name]] as const);
  return Object.fromEntries(methods.filter(([, f]) => typeof f === 'function').map(([name, f]) => [name, f.bind(service)])) as T;
}

function adminService(services: Services): ServiceImpl<typeof pb.Admin> {
  const guard = ({ requestHeader }: HandlerContext) => {
    if (!isAdmin(services, requestHeader.get('x-outcry-admin') ?? '', ''))
      throw new ConnectError('not the admin token', Code.Unauthenticated);
  };
  return {
    getStatus: () => {
      const { journal, durableSequence, storedSequence, openOrders, stateCheck, ports } = status(services);
      return create(pb.StatusSchema, {
        journal,
        durableSequence: BigInt(durableSequence),
        storedSequence: BigInt(storedSequence),
        openOrders: BigInt(openOrders),
        stateCheck,
        ports: Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
      });
    },
    createAccount: async ({ name }, context) => {
      guard(context);
      const { number, key, secret } = (await createAccount(services, name).catch(rethrow)) as {
        number: number;
        key: string;
        secret?: string;
      };
      return create(pb.CreateAccountResponseSchema, { number, apiKey: key, secret: secret ?? '' });
    },
    fund: async ({ account, asset, amount, reference }, context) => {
      guard(context);
      const { free, locked } = await fundAccount(services, account, asset, amount, reference || undefined).catch(rethrow);
      return create(pb.FundResponseSchema, { free, locked });
    },
  };
}

function rethrow(error: unknown): never {
  if (!(error instanceof ApiError)) throw error;
  throw new ConnectError(error.message, Code.FailedPrecondition);
}
