import { REASON } from '@outcry/market/reason';
import type { Histogram } from '@outcry/telemetry/histogram';
import type { Logger } from 'pino';
import type { TObject } from 'typebox';
import type { Accounts } from '../../core/accounts/accounts.ts';
import type { AdminToken } from '../../core/accounts/admin-token.ts';
import type { Registry } from '../../core/accounts/registry.ts';
import type { Pace } from '../../core/fairness/pace.ts';
import type { RateLimiter } from '../../core/fairness/rate-limits.ts';
import type { MarketState } from '../../core/feeds/market-state.ts';
import type { MemoryMonitor } from '../../core/memory.ts';
import { type Gateway, GatewayError, type Outcome } from '../../core/orders/gateway.ts';
import type { Sessions } from '../../core/orders/sessions.ts';
import type { SharedState } from '../../core/orders/shared-state.ts';
import { sourceOf } from '../../domain/addresses.ts';
import type { VenueConfig } from '../../domain/config.ts';
import type { Instrument, Market } from '../../domain/market.ts';
import type { CommandFields } from '../../spine/commands.ts';
import { type Asker, Unanswered } from '../../spine/questions.ts';
import type { Shared } from '../../spine/shared.ts';
import type { HistoryReaders } from '../../store/history-readers.ts';
import type { Answer, Arguments, Question } from '../../threads/history-questions.ts';
import { type ApiError, errors, newOrderError } from './errors.ts';
import type { Parameters } from './parameters.ts';
import type { PublicArguments, PublicQuestion } from './public-data.ts';
import type { Publishers } from './publishers.ts';
import type { STORED_DATA } from './stored-data.ts';
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
  /** what the order lane knows of each instrument's market */
  feeds: readonly MarketState[];
  publishers: Publishers;
  history: HistoryReaders;
  shared: Shared;
  limiter: RateLimiter;
  /** of long answers that the order lane makes */
  pace: Pace;
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
  /** where the request comes from; undefined: the venue itself */
  address?: string;
  /** a command that history must have reached before it answers, beside those that the account was told of */
  knowing?: number;
  /** calls a listener when nobody waits for the answer any more */
  onGone?: (listener: () => void) => void;
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
    case 'too_many_orders':
      return newOrderError(REASON.TOO_MANY_OPEN_ORDERS);
    case 'journal_full':
      return errors.disconnected(error.message);
    default:
      return errors.unknownOutcome(error.message);
  }
}

type JsonQuestion = keyof typeof STORED_DATA;

const lastTold = new Map<number, number>();
const POLL_MS = 2;

/** An answer that is JSON already. */
export class Json {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const SHORT_LIST = 256;

/** A list that is made in pieces while it is written, since it may be long: texts that are JSON together. */
export class JsonPieces {
  readonly pieces: AsyncIterable<string>;
  /** whether it is sent as a whole */
  readonly isShort: boolean;
  constructor(pieces: AsyncIterable<string>, items: number) {
    this.pieces = pieces;
    this.isShort = items <= SHORT_LIST;
  }

  /** @param slices of the list, each made to JSON in a turn of its own @param items about as many as it has */
  static list(slices: AsyncIterable<readonly object[]>, items: number): JsonPieces {
    return new JsonPieces(listPieces(slices), items);
  }
}

async function* listPieces(slices: AsyncIterable<readonly object[]>): AsyncGenerator<string> {
  let head = '[';
  for await (const slice of slices) {
    if (slice.length === 0) continue;
    yield head + slice.map((item) => JSON.stringify(item)).join();
    head = ',';
  }
  yield head === '[' ? '[]' : ']';
}

/** Orders that cost one more of an address's weight to go through; all of an account's never cost more than half of what it has. */
const ORDERS_A_WEIGHT = 100;

/** Counts what it weighs to go through so many orders beyond what the operation does. Throws ApiError -1003. */
export function weighOrders({ limiter, now }: Services, { address }: Caller, count: number, more = 0): void {
  const most = Math.floor(limiter.limits.weightPerMinute / 2);
  const weight = Math.min(most, more + Math.floor(count / ORDERS_A_WEIGHT));
  if (address !== undefined && weight > 0) limiter.useWeight(address, weight, now());
}

/** What a publisher has of market data; undefined: not all that was asked for. Throws ApiError. */
export async function askPublisher<Q extends PublicQuestion>(
  services: Services,
  caller: Caller,
  question: Q,
  args: PublicArguments<Q>,
): Promise<Json | undefined> {
  const json = await answered(services.publishers.ask(askerOf(caller), question, args));
  return json === undefined ? undefined : new Json(json);
}

/**
 * Asks history once it has reached what the account was last told; waits for that for a bounded time. Texts that are JSON come as Json.
 * Throws ApiError: -1007 when the store is behind or cannot be read, or the answer takes too long.
 */
export async function readHistory<Q extends JsonQuestion>(
  services: Services,
  caller: Caller,
  question: Q,
  ...args: Arguments<Q>
): Promise<undefined extends Answer<Q> ? Json | undefined : Json> {
  const json = (await askHistory(services, caller, question, ...args)) as string | undefined;
  return (json === undefined ? undefined : new Json(json)) as Json;
}

/** As {@link readHistory}, of what the order lane looks into itself. */
export async function askHistory<Q extends Question>(
  services: Services,
  caller: Caller,
  question: Q,
  ...args: Arguments<Q>
): Promise<Answer<Q>> {
  const wanted = Math.max(lastTold.get(caller.account) ?? 0, caller.knowing ?? 0);
  const { shared, config } = services;
  const deadline = performance.now() + config.readWaitMs;
  while (shared.stored.read() < wanted) {
    if (performance.now() > deadline) throw errors.timeout(`The store is ${shared.durable.read() - shared.stored.known} commands behind.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return await answered(services.history.ask(askerOf(caller), question, ...args));
}

/** One who asks history for the latest: it must have what the order lane has now. */
export function knowingAll(services: Services, caller: Caller): Caller {
  return { ...caller, knowing: services.gateway.sequence };
}

/** Questions are counted by account, of those who are none by address. */
function askerOf({ account, address, onGone }: Caller): Asker {
  if (account >= 0) return { who: `account ${account}`, onGone };
  return { who: address === undefined ? 'venue' : sourceOf(address), onGone };
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    switch (error.code) {
      case 'queued':
        throw errors.tooManyQueued();
      case 'overloaded':
        throw errors.overloaded();
      case 'unavailable':
        throw errors.timeout(`The store cannot be read: ${error.message}.`);
      default:
        throw errors.timeout(`The answer took too long: ${error.message}.`);
    }
  }
}
