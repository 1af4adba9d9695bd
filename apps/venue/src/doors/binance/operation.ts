/** What an operation of the Binance doors is, and what operations share. */
import type { TObject, TSchema } from 'typebox';
import type { Services } from '../../core/services.ts';
import { sourceOf } from '../../domain/addresses.ts';
import type { Instrument } from '../../domain/market.ts';
import type { Asker } from '../../spine/questions.ts';
import { errors } from '../http/errors.ts';
import type { Parameters } from './parameters.ts';
import type { PublicArguments, PublicQuestion } from './public-data.ts';
import type { Publishers } from './publishers.ts';
import type { JsonQuestion, StoredAnswer, StoredArguments, StoredQuestion } from './stored-data.ts';
import type { UserStreams } from './user-streams.ts';

/** What an operation may use. */
export interface BinanceServices extends Services {
  publishers: Publishers;
  userStreams: UserStreams;
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

type Security = 'NONE' | 'API_KEY' | 'SIGNED';

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
  /** what it answers, for the documentation */
  answer: TSchema;
  run(services: BinanceServices, parameters: Parameters, caller: Caller): unknown;
}

/** The instrument that a parameter names. Throws ApiError -1121. */
export function instrumentOf(services: Services, parameters: Parameters, name = 'symbol'): Instrument {
  const instrument = services.market.find(parameters[name]);
  if (instrument === undefined) throw errors.badSymbol();
  return instrument;
}

/** Runs an operation. One that reads what is an account's finds all that the account was told before, by any door. */
export async function runOperation(
  services: BinanceServices,
  operation: Operation,
  parameters: Parameters,
  caller: Caller,
): Promise<unknown> {
  if (caller.account >= 0 && operation.trades !== true) await services.gateway.caughtUp();
  return await operation.run(services, parameters, caller);
}

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
export function weighOrders(services: Services, caller: Caller, count: number, more = 0): void {
  const most = Math.floor(services.limiter.limits.weightPerMinute / 2);
  const weight = Math.min(most, more + Math.floor(count / ORDERS_A_WEIGHT));
  weigh(services, caller, weight);
}

/** Counts what a request weighs beyond its operation. Throws ApiError -1003. */
export function weigh({ limiter, now }: Services, { address }: Caller, more: number): void {
  if (address !== undefined && more > 0) limiter.useWeight(address, more, now());
}

/** What a publisher has of market data; undefined: not all that was asked for. Rejects with Unanswered. */
export async function askPublisher<Q extends PublicQuestion>(
  services: BinanceServices,
  caller: Caller,
  question: Q,
  args: PublicArguments<Q>,
): Promise<Json | undefined> {
  const json = await services.publishers.ask(askerOf(caller), question, args);
  return json === undefined ? undefined : new Json(json);
}

/** Asks history once it has reached what the account was last told. Texts that are JSON come as Json. Rejects with Unanswered. */
export async function readHistory<Q extends JsonQuestion>(
  services: Services,
  caller: Caller,
  question: Q,
  ...args: StoredArguments<Q>
): Promise<undefined extends StoredAnswer<Q> ? Json | undefined : Json> {
  const json = (await askHistory(services, caller, question, ...args)) as string | undefined;
  return (json === undefined ? undefined : new Json(json)) as Json;
}

/** As {@link readHistory}, of what the order lane looks into itself. */
export async function askHistory<Q extends StoredQuestion>(
  { reads }: Services,
  caller: Caller,
  question: Q,
  ...args: StoredArguments<Q>
): Promise<StoredAnswer<Q>> {
  return (await reads.ask(askerOf(caller), caller.account, caller.knowing ?? 0, question, args)) as StoredAnswer<Q>;
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
