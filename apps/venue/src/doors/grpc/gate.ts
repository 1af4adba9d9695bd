/** Lets gRPC calls in by their headers: credentials, weights, limits. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect';
import { administratorOf } from '../../core/accounts/administrators.ts';
import type { LogIns, SignedIn } from '../../core/accounts/log-ins.ts';
import { Slices } from '../../core/fairness/slices.ts';
import { Throttle } from '../../core/fairness/throttle.ts';
import type { Services } from '../../core/services.ts';
import * as pb from './generated/outcry/v1/venue_pb.js';
import { ADMINISTRATOR, LOGIN, PEER } from './peer.ts';
import { rethrow } from './refusals.ts';
import { SlowRefusals } from './slow-refusals.ts';

/** Weights by address of calls that need no login, as REST's of the same kind; 1 when it is not said. */
const WEIGHTS = new Map<unknown, number>([
  [pb.MarketData.method.listInstruments, 20],
  [pb.MarketData.method.getBook, 5],
  [pb.MarketData.method.watch, 2],
]);

/** Milliseconds of a turn of the event loop for messages of logins: so long at most do all of them together hold up what is beside them. */
const TURN_MS = 1;

/** The scheme's name is of any case (RFC 9110, 11.1). */
const BASIC = /^basic +(.*)$/i;

/** Whose slices those without a login are. */
const ANYBODY = -1;

/** Lets calls in, by their headers alone: before any of their messages is read. */
export class Gate {
  readonly #services: Services;
  readonly #logins: LogIns;
  readonly #throttles = new Map<number, Throttle>();
  readonly #slices = new Slices(TURN_MS);
  readonly #refusals = new SlowRefusals();

  constructor(services: Services, logins: LogIns) {
    this.#services = services;
    this.#logins = logins;
  }

  /** Rejects with ConnectError: unauthenticated, resource_exhausted; an address that is refused often waits for that. */
  readonly check = async (context: HandlerContext): Promise<void> => {
    try {
      await this.#letIn(context);
    } catch (error) {
      const isKnown = context.values.get(LOGIN) !== undefined || context.values.get(ADMINISTRATOR) !== undefined;
      if (!isKnown) await this.#refusals.wait(context);
      throw error;
    }
  };

  async #letIn(context: HandlerContext): Promise<void> {
    if (context.service.typeName === pb.Trading.typeName) await this.#signIn(context);
    else if (context.service.typeName === pb.Admin.typeName && context.method !== pb.Admin.method.getStatus) this.#admit(context);
    else {
      const weight = WEIGHTS.get(context.method) ?? 1;
      if (context.values.get(PEER).hasSlice) this.weigh(context, weight);
      else await this.admitAnybody(context, weight);
    }
  }

  /** Counts a call or message of somebody without a login, and waits for its slice. Rejects with ConnectError: resource_exhausted, or why the call is over. */
  async admitAnybody(context: HandlerContext, weight: number): Promise<void> {
    this.weigh(context, weight);
    await this.#slices.take(ANYBODY);
    context.signal.throwIfAborted();
  }

  /** Counts what a call costs: one without a login by its address, one that lists much by its login, which no other at its address keeps out. Throws ConnectError, resource_exhausted. */
  weigh(context: HandlerContext, weight: number): void {
    try {
      const login = context.values.get(LOGIN);
      const whose = login === undefined ? context.values.get(PEER).address : `login ${login.number}`;
      this.#services.limiter.useWeight(whose, weight, this.#services.now());
    } catch (error) {
      rethrow(error);
    }
  }

  /** Waits while a login sends more than its share, and for its slice; all its calls and streams are one session. */
  async throttle(login: SignedIn, signal: AbortSignal): Promise<void> {
    let throttle = this.#throttles.get(login.number);
    if (throttle === undefined) {
      throttle = new Throttle(this.#services.config.connections.messagesPerSecond);
      this.#throttles.set(login.number, throttle);
    }
    const wait = throttle.take(1);
    if (wait > 0) await sleep(wait, undefined, { signal });
    await this.#slices.take(login.number);
  }

  async #signIn(context: HandlerContext): Promise<void> {
    const peer = context.values.get(PEER);
    const header = context.requestHeader.get('authorization') ?? '';
    const encoded = BASIC.exec(header)?.[1];
    const [user, ...rest] = Buffer.from(encoded ?? '', 'base64')
      .toString('latin1')
      .split(':');
    const login = encoded === undefined ? undefined : this.#logins.check(user, rest.join(':'), peer.address);
    if (login === undefined) {
      this.weigh(context, 1);
      throw new ConnectError('user or password is wrong', Code.Unauthenticated);
    }
    peer.signedIn();
    context.values.set(LOGIN, login);
    await this.throttle(login, context.signal);
  }

  #admit(context: HandlerContext): void {
    const peer = context.values.get(PEER);
    const by = administratorOf(this.#services, context.requestHeader.get('x-outcry-admin') ?? '', peer.address);
    if (by === undefined) {
      this.weigh(context, 1);
      throw new ConnectError('not the admin token', Code.Unauthenticated);
    }
    context.values.set(ADMINISTRATOR, by);
    peer.signedIn();
  }
}
