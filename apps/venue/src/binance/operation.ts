import { REASON } from '@outcry/market/reason';
import type { Histogram } from '@outcry/telemetry/histogram';
import type { Logger } from 'pino';
import type { TObject } from 'typebox';
import type { Accounts } from '../core/accounts.ts';
import type { AdminToken } from '../core/admin-token.ts';
import type { CommandFields } from '../core/commands.ts';
import type { VenueConfig } from '../core/config.ts';
import { type Gateway, GatewayError, type Outcome } from '../core/gateway.ts';
import type { Instrument, Market } from '../core/market.ts';
import type { MarketFeed } from '../core/market-feed.ts';
import type { MemoryMonitor } from '../core/memory.ts';
import type { Registry } from '../core/registry.ts';
import type { Sessions } from '../core/sessions.ts';
import type { SharedState } from '../core/shared-state.ts';
import { type History, HistoryUnavailable } from '../store/history.ts';
import type { Shared } from '../threads/shared.ts';
import { type ApiError, errors, newOrderError } from './errors.ts';
import type { Parameters } from './parameters.ts';
import type { RateLimiter } from './rate-limits.ts';
import type { UserStreams } from './user-streams.ts';

/** What an operation may use. */
export interface Services {
  config: VenueConfig;
  market: Market;
  registry: Registry;
  accounts: Accounts;
  adminToken: AdminToken;
  gateway: Gateway;
  state: SharedState;
  memory: MemoryMonitor;
  feeds: readonly MarketFeed[];
  history: History;
  shared: Shared;
  limiter: RateLimiter;
  userStreams: UserStreams;
  sessions: Sessions;
  /** TCP ports (and multicast groups) of the gateways beside REST, by protocol */
  ports: Record<string, number | string>;
  /** how many are open now: connections, calls, streams, by their names */
  open: Record<string, () => number>;
  /** nanoseconds, by what they measure */
  latencies: Record<string, Histogram>;
  log: Logger;
  now(): number;
}

/** Who asks. */
export interface Caller {
  /** account number, -1: nobody signed in */
  account: number;
  apiKey: string;
  /** the session that its orders belong to: they are cancelled when it ends */
  session?: number;
  /** told after an order was counted */
  orderCounts?: (tenSeconds: number, day: number) => void;
}

export type Security = 'NONE' | 'API_KEY' | 'SIGNED';

/** One thing that clients can ask for, over REST, the WebSocket API, or both. */
export interface Operation {
  summary: string;
  rest?: { method: 'GET' | 'POST' | 'PUT' | 'DELETE'; path: string };
  /** method name in the WebSocket API */
  ws?: string;
  security: Security;
  /** whether a key needs to be allowed to trade, and not only to read */
  trades?: boolean;
  weight: number;
  parameters: TObject;
  run(services: Services, parameters: Parameters, caller: Caller): unknown;
}

/** The instrument that a parameter names. Throws ApiError -1121. */
export function instrumentOf(services: Services, parameters: Parameters, name = 'symbol'): Instrument {
  const instrument = services.market.find(parameters[name]);
  if (instrument === undefined) throw errors.badSymbol();
  return instrument;
}

/** Sends a command and remembers what its account was told, for later reads. Throws ApiError. */
export async function submit(services: Services, caller: Caller, fields: CommandFields): Promise<Outcome> {
  try {
    const outcome = await services.gateway.submit(fields);
    lastTold.set(caller.account, outcome.sequence);
    return outcome;
  } catch (error) {
    throw error instanceof GatewayError ? refusedByGateway(error) : error;
  }
}

/** Why a command never got to the engine, as an answer. */
export function refusedByGateway(error: GatewayError): ApiError {
  switch (error.code) {
    case 'overloaded':
      return errors.overloaded();
    case 'short_of_memory':
      return newOrderError(REASON.OUT_OF_ORDERS);
    case 'journal_full':
      return errors.disconnected(error.message);
    default:
      return errors.unknownOutcome(error.message);
  }
}

const lastTold = new Map<number, number>();
const POLL_MS = 2;

/**
 * Reads history once it has reached what the account was last told; waits for that for a bounded time.
 * Throws ApiError -1007 when the store is behind or cannot be read.
 */
export async function readHistory<T>(services: Services, account: number, read: (history: History) => T): Promise<T> {
  const wanted = lastTold.get(account) ?? 0;
  const deadline = performance.now() + services.config.readWaitMs;
  while (services.shared.stored.read() < wanted) {
    if (performance.now() > deadline)
      throw errors.timeout(`The store is ${services.shared.durable.read() - services.shared.stored.known} commands behind.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return read(services.history);
  } catch (error) {
    if (error instanceof HistoryUnavailable) throw errors.timeout(`The store cannot be read: ${error.message}.`);
    throw error;
  }
}
