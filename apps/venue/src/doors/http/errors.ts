/** Refusals over HTTP and WebSocket, with Binance's codes. */
import { REASON } from '@outcry/market/reason';
import { LimitExceeded } from '../../core/fairness/rate-limits.ts';
import { GatewayError } from '../../core/orders/gateway.ts';
import { Refusal } from '../../domain/refusal.ts';
import { Unanswered } from '../../spine/questions.ts';

/** An error in Binance's form: a numeric code and a text, at an HTTP status. https://developers.binance.com/docs/binance-spot-api-docs/errors */
export class ApiError extends Error {
  readonly code: number;
  readonly status: number;
  readonly retryAfter: number | undefined;
  constructor(code: number, message: string, status = 400, retryAfter?: number) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export const errors = {
  unknown: () => new ApiError(-1000, 'An unknown error occurred while processing the request.', 500),
  disconnected: (why: string) => new ApiError(-1001, `Internal error; unable to process your request. Please try again. (${why})`, 503),
  unknownOutcome: (why: string) =>
    new ApiError(-1006, `An unexpected response was received from the message bus. Execution status unknown. (${why})`, 503),
  timeout: (why: string) => new ApiError(-1007, `Timeout waiting for response from backend server. ${why}`, 503),
  overloaded: () => new ApiError(-1008, 'Server is currently overloaded with other requests. Please try again in a few minutes.', 503),
  tooManyRequests: (limit: number, retryAfter: number) =>
    new ApiError(
      -1003,
      `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`,
      429,
      retryAfter,
    ),
  tooManyQueued: () => new ApiError(-1003, 'Too many requests queued.', 429, 1),
  tooManyOrders: (limit: number, interval: string, retryAfter: number) =>
    new ApiError(-1015, `Too many new orders; current limit is ${limit} orders per ${interval}.`, 429, retryAfter),
  filter: (name: string) => new ApiError(-1013, `Filter failure: ${name}`),
  badTimestamp: (ahead: boolean) =>
    new ApiError(
      -1021,
      ahead
        ? "Timestamp for this request was 1000ms ahead of the server's time."
        : 'Timestamp for this request is outside of the recvWindow.',
    ),
  badSignature: () => new ApiError(-1022, 'Signature for this request is not valid.'),
  illegal: (name: string, legal: string) =>
    new ApiError(-1100, `Illegal characters found in parameter '${name}'; legal range is '${legal}'.`),
  tooMany: (what: string) => new ApiError(-1101, `Too many parameters sent for this endpoint; ${what}.`),
  missing: (name: string) => new ApiError(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`),
  missingOneOf: (a: string, b: string) => new ApiError(-1102, `Param '${a}' or '${b}' must be sent, but both were empty/null!`),
  unread: (read: number, sent: number) =>
    new ApiError(-1104, `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${sent}'.`),
  empty: (name: string) => new ApiError(-1105, `Parameter '${name}' was empty.`),
  notRequired: (name: string) => new ApiError(-1106, `Parameter '${name}' sent when not required.`),
  tooPrecise: (name: string) => new ApiError(-1111, `Parameter '${name}' has too much precision.`),
  invalidInterval: () => new ApiError(-1120, 'Invalid interval.'),
  badSymbol: () => new ApiError(-1121, 'Invalid symbol.'),
  tooLong: (hours: number) => new ApiError(-1127, `More than ${hours} hours between startTime and endTime.`),
  badCombination: () => new ApiError(-1128, 'Combination of optional parameters invalid.'),
  invalid: (name: string) => new ApiError(-1130, `Data sent for parameter '${name}' is not valid.`),
  invalidStatus: () => new ApiError(-1122, 'Invalid symbolStatus.'),
  invalidTickerType: () => new ApiError(-1139, 'Invalid ticker type.'),
  duplicateSymbols: () => new ApiError(-1151, 'Symbol is present multiple times in the list.'),
  otherStatus: () => new ApiError(-1220, "The symbol's status does not match the requested symbolStatus."),
  invalidTimeUnit: () => new ApiError(-1194, 'Invalid value for time unit; expected MILLISECOND.'),
  badListenKey: () => new ApiError(-1125, 'This listenKey does not exist.'),
  noReferencePrice: () => new ApiError(-2043, "This symbol doesn't have a reference price."),
  noSuchOrder: () => new ApiError(-2013, 'Order does not exist.'),
  subscriptionActive: () => new ApiError(-2035, 'User Data Stream subscription already active.'),
  tooManySubscriptions: (most: number) => new ApiError(-1034, `Too many subscriptions: a connection may have ${most}.`),
  tooManyReaders: () => new ApiError(-1034, 'Too many connections of this API key, or account, hear its events.'),
  badKeyFormat: () => new ApiError(-2014, 'API-key format invalid.', 401),
  badKey: () => new ApiError(-2015, 'Invalid API-key, IP, or permissions for action.', 401),
};

/** The texts that clients match, to the letter. */
const REJECTIONS: Record<number, () => ApiError> = {
  [REASON.INSUFFICIENT_BALANCE]: () => new ApiError(-2010, 'Account has insufficient balance for requested action.'),
  [REASON.WOULD_TAKE]: () => new ApiError(-2010, 'Order would immediately match and take.'),
  [REASON.DUPLICATE_CLIENT_ID]: () => new ApiError(-2010, 'Duplicate order sent.'),
  [REASON.INVALID_PRICE]: () => errors.filter('PRICE_FILTER'),
  [REASON.INVALID_QUANTITY]: () => errors.filter('LOT_SIZE'),
  [REASON.AMOUNT_TOO_SMALL]: () => errors.filter('LOT_SIZE'),
  [REASON.OVERFLOW]: () => errors.filter('NOTIONAL'),
  [REASON.UNKNOWN_INSTRUMENT]: () => errors.badSymbol(),
  [REASON.UNKNOWN_ACCOUNT]: () => errors.badKey(),
  [REASON.OUT_OF_ORDERS]: () => new ApiError(-2010, 'The venue holds as many open orders as it can; cancel some or try again later.'),
  [REASON.INVALID_TERMS]: () => new ApiError(-2010, 'Unsupported order combination.'),
  [REASON.INVALID_AMOUNT]: () => errors.filter('NOTIONAL'),
  [REASON.WOULD_TRIGGER]: () => new ApiError(-2010, 'Stop price would trigger immediately.'),
  [REASON.ACCOUNT_RESTRICTED]: () => new ApiError(-2010, 'This action is disabled on this account.'),
  [REASON.MASS_CANCEL]: () => new ApiError(-2010, 'A mass cancel of such orders is under way.'),
  [REASON.NOT_TRADING]: () => new ApiError(-1013, 'Market is closed.'),
  [REASON.NOT_IN_AUCTION]: () => new ApiError(-2010, 'This order is not possible in the current trading phase.'),
  [REASON.TOO_MANY_MESSAGES]: () => new ApiError(-1015, "Too many new orders; the account's limit a second is reached.", 429),
  [REASON.ORDER_TO_TRADE]: () => new ApiError(-1015, "Too many new orders for the account's trades today.", 429),
  [REASON.TOO_MANY_OPEN_ORDERS]: () => errors.filter('EXCHANGE_MAX_NUM_ORDERS'),
  [REASON.TOO_MANY_ALGO_ORDERS]: () => errors.filter('MAX_NUM_ALGO_ORDERS'),
  [REASON.TOO_MANY_ICEBERGS]: () => errors.filter('MAX_NUM_ICEBERG_ORDERS'),
  [REASON.TOO_MANY_LISTS]: () => errors.filter('MAX_NUM_ORDER_LISTS'),
  [REASON.POSITION_LIMIT]: () => errors.filter('MAX_POSITION'),
  [REASON.QUANTITY_TOO_LARGE]: () => errors.filter('LOT_SIZE'),
  [REASON.NOTIONAL_TOO_LARGE]: () => errors.filter('NOTIONAL'),
  [REASON.NOTIONAL_TOO_SMALL]: () => errors.filter('NOTIONAL'),
  [REASON.TOO_MANY_PARTS]: () => errors.filter('ICEBERG_PARTS'),
  [REASON.PRICE_OUT_OF_BAND]: () => errors.filter('PERCENT_PRICE'),
  [REASON.PRICE_TOO_FAR]: () => errors.filter('PERCENT_PRICE_BY_SIDE'),
  [REASON.NO_REFERENCE]: () => new ApiError(-2010, 'There is no price to follow or to watch.'),
  [REASON.INVALID_EXPIRY]: () => new ApiError(-2010, 'The order would expire at once.'),
  [REASON.TOO_MANY_PEGS]: () => new ApiError(-2010, 'The instrument holds as many pegged orders as it can.'),
};

/** Why a new order was refused. */
export function newOrderError(reason: number): ApiError {
  return REJECTIONS[reason]?.() ?? new ApiError(-2010, 'Order was rejected.');
}

/** Why a cancel or an amendment was refused. */
export function cancelError(reason: number): ApiError {
  if (reason === REASON.NOT_LOWER) {
    return new ApiError(
      -2038,
      'Order amend (quantity reduction) rejected: the new quantity must be below the quantity and above what is executed.',
    );
  }
  if (reason === REASON.ACCOUNT_RESTRICTED || reason === REASON.NOT_TRADING || reason === REASON.TOO_MANY_MESSAGES)
    return newOrderError(reason);
  if (reason === REASON.INVALID_TERMS) return new ApiError(-2038, 'Orders of a list cannot be amended.');
  return new ApiError(-2011, 'Unknown order sent.');
}

/** What the venue refuses, in this form; undefined: nobody foresaw it. */
export function apiErrorOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (error instanceof LimitExceeded) return limitError(error);
  if (error instanceof GatewayError) return refusedByGateway(error);
  if (error instanceof Refusal) return new ApiError(error.kind === 'refused' ? -2010 : -1100, error.message, STATUS_OF[error.kind]);
  if (error instanceof Unanswered) return unanswered(error);
  return undefined;
}

const STATUS_OF: Record<Refusal['kind'], number> = { invalid: 400, unknown: 404, conflict: 409, refused: 400 };

function limitError({ what, limit, retryAfter }: LimitExceeded): ApiError {
  if (what === 'weight') return errors.tooManyRequests(limit, retryAfter);
  return errors.tooManyOrders(limit, what === 'orders in a day' ? '1 DAY' : '10 SECOND', retryAfter);
}

/** Why a command never got to the engine. */
function refusedByGateway(error: GatewayError): ApiError {
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

function unanswered({ code, message }: Unanswered): ApiError {
  switch (code) {
    case 'queued':
      return errors.tooManyQueued();
    case 'overloaded':
      return errors.overloaded();
    case 'behind':
      return errors.timeout(`The store is ${message}.`);
    case 'unavailable':
      return errors.timeout(`The store cannot be read: ${message}.`);
    default:
      return errors.timeout(`The answer took too long: ${message}.`);
  }
}
