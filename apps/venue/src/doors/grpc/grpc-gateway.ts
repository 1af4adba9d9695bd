/** The gRPC door: its services on a port of its own and on the HTTP port. */
import type { Http2ServerRequest } from 'node:http2';
import { create } from '@bufbuild/protobuf';
import type { ConnectRouter, ConnectRouterOptions, ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { LogIns } from '../../core/accounts/log-ins.ts';
import { createAccount, fundAccount, venueReport } from '../../core/administration.ts';
import type { Services } from '../../core/services.ts';
import { auditor } from './audit.ts';
import { requestChecker } from './check-request.ts';
import { Gate } from './gate.ts';
import { ServerReflection } from './generated/grpc/reflection/v1/reflection_pb.js';
import * as pb from './generated/outcry/v1/venue_pb.js';
import { Http2Door } from './http2-door.ts';
import { MarketDataService } from './market-data-service.ts';
import { ReflectionService } from './reflection-service.ts';
import { rethrow } from './refusals.ts';
import { scanned } from './request-scan.ts';
import { TradingService } from './trading-service.ts';

/** Bytes of the longest message that a client may send: a thousand symbols to watch. */
const MOST_BYTES = 64 * 1024;

/**
 * Trading, MarketData and Admin of venue.proto. On a port of its own by gRPC (HTTP/2, with TLS where the venue has it); the same routes are
 * on the venue's own port for gRPC-Web and Connect, which browsers speak.
 */
export class GrpcGateway {
  readonly routes: (router: ConnectRouter) => void;
  /** How the routes are served, on either port. Nothing is compressed: it would cost more than the little that messages here are. */
  readonly options: ConnectRouterOptions;
  readonly #services: Services;
  readonly #marketData: MarketDataService;
  #door: Http2Door | undefined;

  constructor(services: Services) {
    this.#services = services;
    const logins = new LogIns(services.accounts.logins);
    const gate = new Gate(services, logins);
    const trading = new TradingService(services, gate);
    services.accounts.onLogins.push((all) => {
      logins.replace(all);
      trading.endRevoked((login) => logins.holds(login));
    });
    const marketData = new MarketDataService(services, gate);
    this.#marketData = marketData;
    services.gateway.orderListeners.push(trading.listener);
    services.gateway.marketListeners.push(marketData.listener);
    services.openCounts.entryStreams = () => trading.streamCount;
    services.openCounts.watchers = () => marketData.watcherCount;
    const described = [pb.Trading, pb.MarketData, pb.Admin, ServerReflection];
    this.options = {
      requestGate: gate.check,
      interceptors: [auditor(services), requestChecker(new Set([pb.Trading.method.entry]))],
      readMaxBytes: MOST_BYTES,
      acceptCompression: [],
      jsonOptions: { ignoreUnknownFields: false },
    };
    this.routes = (router) => {
      router.service(pb.Trading, bound(trading));
      router.service(pb.MarketData, bound(marketData));
      router.service(pb.Admin, adminService(services));
      router.service(ServerReflection, bound(new ReflectionService(described, gate)));
      for (const [i, handler] of router.handlers.entries()) router.handlers[i] = scanned(handler, MOST_BYTES);
    };
  }

  /** Rejects when the port is taken. */
  async listen(port: number): Promise<void> {
    const { config, openCounts, ports } = this.#services;
    const door = new Http2Door(config);
    this.#door = door;
    const handler = connectNodeAdapter({
      ...this.options,
      routes: this.routes,
      contextValues: (request) => door.valuesOf(request as Http2ServerRequest),
    });
    ports.grpc = await door.listen(handler, port);
    openCounts.grpc = () => door.connectionCount;
    openCounts.grpcCalls = () => door.callCount;
  }

  close(): void {
    this.#marketData.close();
    this.#door?.close();
  }
}

/** A service whose methods know their object: the router calls them without it. */
function bound<T extends object>(service: T): T {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(service)).filter((name) => name !== 'constructor');
  const methods = names.map((name) => [name, (service as Record<string, CallableFunction>)[name]] as const);
  return Object.fromEntries(methods.filter(([, f]) => typeof f === 'function').map(([name, f]) => [name, f.bind(service)])) as T;
}

/** All but getStatus are for administrators: the gate has seen to that. */
function adminService(services: Services): ServiceImpl<typeof pb.Admin> {
  return {
    getStatus: () => {
      const { journal, durableSequence, storedSequence, openOrders, stateCheck, ports } = venueReport(services);
      return create(pb.StatusSchema, {
        journal,
        durableSequence: BigInt(durableSequence),
        storedSequence: BigInt(storedSequence),
        openOrders: BigInt(openOrders),
        stateCheck,
        ports: Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
      });
    },
    createAccount: async ({ name }) => {
      const { number, key, secret } = (await createAccount(services, name).catch(rethrow)) as {
        number: number;
        key: string;
        secret?: string;
      };
      return create(pb.CreateAccountResponseSchema, { number, apiKey: key, secret: secret ?? '' });
    },
    fund: async ({ account, asset, amount, reference }) => {
      const { free, locked } = await fundAccount(services, account, asset, amount, reference || undefined).catch(rethrow);
      return create(pb.FundResponseSchema, { free, locked });
    },
  };
}
