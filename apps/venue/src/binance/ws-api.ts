import type { ApiKey } from '../core/credentials.ts';
import type { Session, SessionOwner } from '../core/sessions.ts';
import { ApiError, errors } from './errors.ts';
import type { Caller, Operation, Services } from './operation.ts';
import { checkParameters, fromJson, type Parameters } from './parameters.ts';
import { checkSignature, keyHolder, signedWebSocketPayload } from './security.ts';
import { type Connection, POLICY_VIOLATION } from './ws-connection.ts';

interface Request {
  id?: unknown;
  method?: unknown;
  params?: unknown;
}

/** A client of /ws-api/v3: every operation by its name, a session that signs once, and the user data stream in the same socket. */
export class ApiSession implements SessionOwner {
  readonly #connection: Connection;
  readonly #services: Services;
  readonly #operations: ReadonlyMap<string, Operation>;
  readonly #subscriptions = new Map<number, () => void>();
  #signedIn: { account: number; key: ApiKey; since: number } | undefined;
  /** keys that what goes on here rests on: it ends with any of them */
  readonly #keys = new Set<string>();
  /** by account: the session that its orders belong to from here on */
  readonly #sessions = new Map<number, Session>();
  #lastSubscription = 0;
  #isOver = false;

  constructor(connection: Connection, services: Services, operations: ReadonlyMap<string, Operation>) {
    this.#connection = connection;
    this.#services = services;
    this.#operations = operations;
    connection.socket.on('message', (data) => void this.#onMessage(data.toString()));
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
    this.#connection.socket.close(POLICY_VIOLATION, why);
  }

  #stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const end of this.#subscriptions.values()) end();
    this.#services.sessions.leave(this);
  }

  async #onMessage(text: string): Promise<void> {
    if (this.#isOver) return;
    let id: unknown = null;
    try {
      const request = parseRequest(text);
      id = request.id;
      const parameters = fromJson(request.params);
      const result =
        (await this.#session(request.method as string, parameters)) ?? (await this.#operate(request.method as string, parameters));
      this.#connection.sendJson({ id, status: 200, result, rateLimits: [] });
    } catch (error) {
      const shown = error instanceof ApiError ? error : errors.unknown();
      const data = (error as { data?: unknown }).data;
      this.#connection.sendJson({
        id,
        status: shown.status,
        error: { code: shown.code, msg: shown.message, ...(data !== undefined && { data }) },
        rateLimits: [],
      });
      if (!(error instanceof ApiError)) process.emitWarning(error as Error);
    }
  }

  async #operate(method: string, parameters: Parameters): Promise<unknown> {
    const operation = this.#operations.get(method);
    if (operation === undefined) throw new ApiError(-1000, `Unknown method '${method.slice(0, 64)}'`);
    const services = this.#services;
    services.limiter.useWeight(this.#connection.address, operation.weight, services.now());
    const caller = this.#caller(operation, parameters);
    delete parameters.returnRateLimits; // every method takes it; the answers' rateLimits are always empty
    checkParameters(operation.parameters, parameters, operation.security !== 'NONE');
    return await operation.run(services, parameters, caller);
  }

  #caller(operation: Operation, parameters: Parameters): Caller {
    if (operation.security === 'NONE') return { account: -1, apiKey: '' };
    const trades = operation.trades === true;
    if (parameters.apiKey === undefined && this.#signedIn !== undefined) {
      const { account, key } = this.#signedIn;
      keyHolder(this.#services.accounts, key.key, this.#connection.address, trades);
      return { account, apiKey: key.key, session: this.#sessions.get(account)?.number };
    }
    const { account, key } = keyHolder(this.#services.accounts, parameters.apiKey, this.#connection.address, trades);
    if (operation.security === 'SIGNED') checkSignature(key, signedWebSocketPayload(parameters), parameters, this.#services.now());
    return { account: account.number, apiKey: key.key, session: this.#sessions.get(account.number)?.number };
  }

  /** What concerns the session itself. Undefined: another method. */
  #session(method: string, parameters: Parameters): object | undefined {
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
        return this.#status();
      case 'userDataStream.subscribe': {
        if (this.#signedIn === undefined) throw new ApiError(-2015, 'The session is not signed in: send session.logon first.', 401);
        return this.#subscribe(this.#signedIn.account);
      }
      case 'userDataStream.subscribe.signature':
        return this.#subscribe(this.#signIn(parameters).account);
      case 'userDataStream.unsubscribe': {
        const only = parameters.subscriptionId === undefined ? undefined : Number(parameters.subscriptionId);
        for (const [number, end] of this.#subscriptions) {
          if (only !== undefined && number !== only) continue;
          end();
          this.#subscriptions.delete(number);
        }
        return {};
      }
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
    const graceMs = Number(parameters.graceMs ?? 0);
    if (!Number.isInteger(graceMs) || graceMs < 0 || graceMs > 3_600_000) throw errors.illegal('graceMs', '0 to 3600000');
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
    return { account: account.number, key, since: this.#services.now() };
  }

  #status(): object {
    const serverTime = this.#services.now();
    return {
      apiKey: this.#signedIn?.key.key ?? null,
      authorizedSince: this.#signedIn?.since ?? null,
      connectedSince: serverTime,
      returnRateLimits: false,
      serverTime,
      userDataStream: this.#subscriptions.size > 0,
    };
  }

  #subscribe(account: number): object {
    const subscriptionId = this.#lastSubscription++;
    const end = this.#services.userStreams.subscribe(account, (event) => this.#connection.sendJson({ subscriptionId, event }));
    this.#subscriptions.set(subscriptionId, end);
    return { subscriptionId };
  }
}

function parseRequest(text: string): Request {
  let request: Request;
  try {
    request = JSON.parse(text);
  } catch {
    throw new ApiError(-1100, 'Malformed request: not JSON.');
  }
  if (typeof request !== 'object' || request === null || typeof request.method !== 'string')
    throw new ApiError(-1100, "Malformed request: 'method' must be a string.");
  const isId = request.id === undefined || request.id === null || ['string', 'number'].includes(typeof request.id);
  if (!isId) throw new ApiError(-1100, "Malformed request: 'id' must be a string, a number or null.");
  request.id ??= null;
  return request;
}
