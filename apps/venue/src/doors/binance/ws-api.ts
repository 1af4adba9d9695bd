/** Binance's WebSocket API: requests over one connection, and its session. */
import type { Session, SessionOwner } from '../../core/orders/sessions.ts';
import type { ApiKey } from '../../domain/credentials.ts';
import { ApiError, apiErrorOf, errors } from '../http/errors.ts';
import { Inbox } from './inbox.ts';
import { type BinanceServices, type Caller, Json, JsonPieces, type Operation, runOperation } from './operation.ts';
import { checkNames, checkParameters, fromJson, isRequestId, type Parameters, parseExactly } from './parameters.ts';
import { checkSignature, keyHolder, signedWebSocketPayload } from './security.ts';
import { Subscriptions } from './subscriptions.ts';
import type { Connection } from './ws-connection.ts';

interface Request {
  id?: unknown;
  method?: unknown;
  params?: unknown;
}

/** What a request about the session, or a subscription, weighs; each 4 KiB of a message weighs 1 more. */
const SESSION_WEIGHT = 2;
const KILOBYTES_4 = 12;
/** Methods about the session itself, and their parameters. */
const SESSION_METHODS = new Map<string, readonly string[]>([
  ['session.logon', []],
  ['session.status', []],
  ['session.cancelOnDisconnect', ['graceMs', 'sessionId']],
  ['session.logout', []],
  ['userDataStream.subscribe', []],
  ['userDataStream.subscribe.signature', []],
  ['userDataStream.unsubscribe', ['subscriptionId']],
  ['session.subscriptions', []],
]);
const LONGEST_GRACE_MS = 3_600_000;
/** Bytes of an answer that is made in pieces: it goes as one message. */
const MOST_ANSWER = 64 * 1024 * 1024;

/** A client of /ws-api/v3: every operation by its name, a session that signs once, and the user data stream in the same socket. */
export class ApiSession implements SessionOwner {
  readonly #connection: Connection;
  readonly #services: BinanceServices;
  readonly #operations: ReadonlyMap<string, Operation>;
  readonly #onSignedIn: () => void;
  readonly #connectedSince: number;
  readonly #subscriptions: Subscriptions;
  #signedIn: { account: number; key: ApiKey; since: number } | undefined;
  /** keys that what goes on here rests on: it ends with any of them */
  readonly #keys = new Set<string>();
  /** by account: the session that its orders belong to from here on */
  readonly #sessions = new Map<number, Session>();
  #isOver = false;
  /** of requests without an answer yet: told when the client is gone */
  readonly #asking = new Set<(() => void)[]>();

  /** @param onSignedIn called when a key of an account was used */
  constructor(connection: Connection, services: BinanceServices, operations: ReadonlyMap<string, Operation>, onSignedIn: () => void) {
    this.#connection = connection;
    this.#services = services;
    this.#operations = operations;
    this.#onSignedIn = onSignedIn;
    this.#connectedSince = services.now();
    connection.farewell = ['{"event":', '}'];
    this.#subscriptions = new Subscriptions(connection, services.userStreams);
    new Inbox(connection, services.config.webSockets.messagesPerSecond, (text) => void this.#onMessage(text));
    const onKeyEnded = (key: string) => {
      if (this.#keys.has(key)) this.#end('the API key was revoked, or its time is up');
    };
    services.accounts.onKeyEnded.add(onKeyEnded);
    connection.onClose(() => {
      services.accounts.onKeyEnded.delete(onKeyEnded);
      this.#stop();
    });
  }

  /** Another connection goes on with a session of this one: two that enter orders into it would cancel each other's. */
  onTakenOver(): void {
    this.#end('another connection goes on with its session');
  }

  /** Nothing is taken or told any more. */
  #end(why: string): void {
    this.#stop();
    this.#connection.refuse(why);
  }

  #stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#subscriptions.stop();
    for (const listeners of this.#asking) for (const listener of listeners) listener();
    this.#services.sessions.leave(this);
  }

  async #onMessage(text: string): Promise<void> {
    if (this.#isOver) return;
    let id: unknown = null;
    try {
      if (text.length >> KILOBYTES_4 > 0) this.#weigh(text.length >> KILOBYTES_4); // a long one is not read beyond the limit
      const request = this.#parse(text);
      id = request.id;
      const parameters = fromJson(request.params);
      const result =
        (await this.#session(request.method as string, parameters)) ?? (await this.#operate(request.method as string, parameters));
      if (result instanceof JsonPieces) await this.#sendPieces(id, result);
      else if (result instanceof Json)
        this.#connection.send(`{"id":${JSON.stringify(id)},"status":200,"result":${result.text},"rateLimits":[]}`);
      else this.#connection.sendJson({ id, status: 200, result, rateLimits: [] });
    } catch (error) {
      const foreseen = apiErrorOf(error);
      const shown = foreseen ?? errors.unknown();
      const data = (error as { data?: unknown }).data;
      this.#connection.sendJson({
        id,
        status: shown.status,
        error: { code: shown.code, msg: shown.message, ...(data !== undefined && { data }) },
        rateLimits: [],
      });
      if (foreseen === undefined) process.emitWarning(error as Error);
    }
  }

  async #sendPieces(id: unknown, { pieces }: JsonPieces): Promise<void> {
    const parts = [Buffer.from(`{"id":${JSON.stringify(id)},"status":200,"result":`)];
    let bytes = 0;
    for await (const piece of pieces) {
      if (this.#isOver) return;
      const part = Buffer.from(piece);
      bytes += part.length;
      if (bytes > MOST_ANSWER) throw new ApiError(-1128, 'The answer is too long for one message: ask for less, or over REST.');
      parts.push(part);
    }
    parts.push(Buffer.from(',"rateLimits":[]}'));
    this.#connection.sendParts(parts);
  }

  /** What cannot be read weighs 1 as well. */
  #parse(text: string): Request {
    try {
      return parseRequest(text);
    } catch (error) {
      this.#weigh(1);
      throw error;
    }
  }

  async #operate(method: string, parameters: Parameters): Promise<unknown> {
    const operation = this.#operations.get(method);
    this.#weigh(operation?.weight ?? 1);
    if (operation === undefined) throw new ApiError(-1000, `Unknown method '${method.slice(0, 64)}'`);
    const services = this.#services;
    const caller = this.#caller(operation, parameters);
    const whenGone: (() => void)[] = [];
    caller.onGone = (listener) => {
      whenGone.push(listener);
      this.#asking.add(whenGone);
    };
    delete parameters.returnRateLimits; // every method takes it; the answers' rateLimits are always empty
    checkParameters(operation.parameters, parameters, operation.security !== 'NONE');
    try {
      return await runOperation(services, operation, parameters, caller);
    } finally {
      this.#asking.delete(whenGone);
    }
  }

  #weigh(weight: number): void {
    this.#services.limiter.useWeight(this.#connection.address, weight, this.#services.now());
  }

  #caller(operation: Operation, parameters: Parameters): Caller {
    const { address } = this.#connection;
    if (operation.security === 'NONE') return { account: -1, apiKey: '', address };
    const trades = operation.trades === true;
    if (parameters.apiKey === undefined && this.#signedIn !== undefined) {
      const { account, key } = this.#signedIn;
      keyHolder(this.#services.accounts, key.key, address, trades);
      return { account, apiKey: key.key, address, session: this.#sessions.get(account)?.number };
    }
    const { account, key } = keyHolder(this.#services.accounts, parameters.apiKey, address, trades);
    if (operation.security === 'SIGNED') checkSignature(key, signedWebSocketPayload(parameters), parameters, this.#services.now());
    this.#onSignedIn();
    return { account: account.number, apiKey: key.key, address, session: this.#sessions.get(account.number)?.number };
  }

  /** What concerns the session itself. Undefined: another method. */
  #session(method: string, parameters: Parameters): object | undefined {
    const known = SESSION_METHODS.get(method);
    if (known === undefined) return undefined;
    this.#weigh(SESSION_WEIGHT);
    checkNames(known, parameters);
    switch (method) {
      case 'session.logon':
        this.#signedIn = this.#signIn(parameters);
        return this.#status();
      case 'session.status':
        return this.#status();
      case 'session.cancelOnDisconnect':
        return this.#cancelOnDisconnect(parameters);
      case 'session.logout':
        this.#signedIn = undefined;
        this.#subscriptions.endOfSession(this.#services.now());
        return this.#status();
      case 'userDataStream.subscribe': {
        if (this.#signedIn === undefined) throw new ApiError(-2015, 'The session is not signed in: send session.logon first.', 401);
        const { account, key } = this.#signedIn;
        return { subscriptionId: this.#subscriptions.add(account, key.key, true) };
      }
      case 'userDataStream.subscribe.signature': {
        const { account, key } = this.#signIn(parameters);
        return { subscriptionId: this.#subscriptions.add(account, key.key, false) };
      }
      case 'userDataStream.unsubscribe': {
        this.#subscriptions.end(this.#services.now(), wholeOf(parameters, 'subscriptionId', undefined));
        return {};
      }
      case 'session.subscriptions':
        return this.#subscriptions.list();
      default:
        return undefined;
    }
  }

  /**
   * From now on, orders that the account enters here belong to a session: they are cancelled when this connection ends and nobody comes
   * back for them within a time. `graceMs`: 0 to an hour, 0 when it is not sent; `sessionId`: of the session to go on with. Sent again
   * without one, the session stays, with the new time; with another one's, that session is this connection's too, and both end with it.
   */
  #cancelOnDisconnect(parameters: Parameters): object {
    if (this.#signedIn === undefined) throw new ApiError(-2015, 'The session is not signed in: send session.logon first.', 401);
    const { accounts, sessions } = this.#services;
    keyHolder(accounts, this.#signedIn.key.key, this.#connection.address, true);
    const graceMs = wholeOf(parameters, 'graceMs', 0)!;
    if (graceMs > LONGEST_GRACE_MS) throw errors.illegal('graceMs', `0 to ${LONGEST_GRACE_MS}`);
    const { account } = this.#signedIn;
    const wanted = parameters.sessionId ?? this.#sessions.get(account)?.id;
    const session = wanted === undefined ? sessions.open(account, this, graceMs) : sessions.takeOver(wanted, account, this, graceMs);
    if (session === undefined)
      throw new ApiError(-1125, wanted === undefined ? 'The account has too many sessions.' : 'This session does not exist any more.');
    this.#sessions.set(account, session);
    return { sessionId: session.id, graceMs };
  }

  #signIn(parameters: Parameters): { account: number; key: ApiKey; since: number } {
    const { account, key } = keyHolder(this.#services.accounts, parameters.apiKey, this.#connection.address, false);
    checkSignature(key, signedWebSocketPayload(parameters), parameters, this.#services.now());
    this.#keys.add(key.key);
    this.#onSignedIn();
    return { account: account.number, key, since: this.#services.now() };
  }

  #status(): object {
    const serverTime = this.#services.now();
    return {
      apiKey: this.#signedIn?.key.key ?? null,
      authorizedSince: this.#signedIn?.since ?? null,
      connectedSince: this.#connectedSince,
      returnRateLimits: false,
      serverTime,
      userDataStream: this.#subscriptions.size > 0,
    };
  }
}

function wholeOf(parameters: Parameters, name: string, otherwise: number | undefined): number | undefined {
  const text = parameters[name];
  if (text === undefined) return otherwise;
  if (!/^\d{1,15}$/.test(text)) throw errors.illegal(name, '^[0-9]{1,15}$');
  return Number(text);
}

function parseRequest(text: string): Request {
  let request: Request;
  try {
    request = parseExactly(text) as Request;
  } catch {
    throw new ApiError(-1135, 'Invalid JSON Request');
  }
  if (typeof request !== 'object' || request === null || typeof request.method !== 'string')
    throw new ApiError(-1100, "Malformed request: 'method' must be a string.");
  if (!isRequestId(request.id))
    throw new ApiError(-1100, "Malformed request: 'id' must be a string, a number that a double holds, or null.");
  request.id ??= null;
  return request;
}
