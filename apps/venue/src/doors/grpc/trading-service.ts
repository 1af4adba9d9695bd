/** Order entry by gRPC: unary calls, and the stream. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import type { SignedIn } from '../../core/accounts/log-ins.ts';
import { AccountBacklog, type Reader } from '../../core/fairness/account-backlog.ts';
import { Slices } from '../../core/fairness/slices.ts';
import type { OrderFollower } from '../../core/orders/listeners.ts';
import { walkOrders } from '../../core/orders/order-walk.ts';
import type { Services } from '../../core/services.ts';
import type { Fill, Order } from '../../domain/orders.ts';
import { cancel, newOrder } from '../../spine/commands.ts';
import { checkRequest } from './check-request.ts';
import { fillMessage, instrumentOf, orderMessage, readOrder, readOrderId } from './convert.ts';
import { Framed, isJson } from './framed.ts';
import type { Gate } from './gate.ts';
import * as pb from './generated/outcry/v1/venue_pb.js';
import { endSlowly, LOGIN, onceOver, PEER } from './peer.ts';
import { StreamQueue } from './queue.ts';
import { refusal, rethrow } from './refusals.ts';

/** Answers and updates that may wait for a reader of an entry stream; then the stream ends. */
const MOST_WAITING = 65_536;
/** Requests of an entry stream that are worked on at once; with more, the next one is not read. */
const MOST_UNDER_WAY = 1024;
/** Entry streams that an account may have open. */
const MOST_STREAMS = 16;
/** Orders in an answer of ListOpenOrders, and those looked at for it. */
const MOST_LISTED = 1000;
const MOST_LOOKED_AT = 10_000;
/** What it weighs, as REST's, and orders that cost one more. */
const LIST_WEIGHT = 6;
const ORDERS_A_WEIGHT = 100;

/** Updates of an account in a slice: each is written to every stream of the account, a fiftieth of a millisecond each. */
const UPDATES_A_SLICE = 1;
/** Milliseconds of a turn of the event loop for streams that have not read what was theirs in its turn. */
const CATCH_UP_MS = 1;

/** Of an entry stream, what goes out: an answer, or an update, which all streams of its account have. */
type Outgoing = pb.EntryResponse | Framed<typeof pb.EntryResponseSchema>;

/** A stream of an account. */
interface EntryStream extends Reader<Outgoing> {
  readonly queue: StreamQueue<Outgoing>;
  /** what its call signed in with */
  readonly login: SignedIn;
}

/** Order entry by gRPC, gRPC-Web and Connect. */
export class TradingService implements ServiceImpl<typeof pb.Trading> {
  readonly #services: Services;
  readonly #gate: Gate;
  readonly #streams: AccountBacklog<Outgoing, EntryStream>;
  readonly #catchUps = new Slices(CATCH_UP_MS);

  /** @param streams in tests only */
  constructor(services: Services, gate: Gate, streams = new AccountBacklog<Outgoing, EntryStream>({ eventsASlice: UPDATES_A_SLICE })) {
    this.#streams = streams;
    this.#services = services;
    this.#gate = gate;
  }

  readonly listener: OrderFollower = {
    follows: (account) => this.#streams.isFollowed(account),
    onAccepted: (order) => this.#send(order),
    onFill: (fill) => this.#send(fill.order, fill),
    onEnded: (order) => this.#send(order),
    onTriggered: (order) => this.#send(order),
    onAmended: (order) => this.#send(order),
  };

  /** Open entry streams. */
  get streamCount(): number {
    return [...this.#streams.readers()].length;
  }

  /** Ends the streams of logins that were revoked, or whose password holds no more. */
  endRevoked(holds: (login: SignedIn) => boolean): void {
    for (const { queue, login } of [...this.#streams.readers()])
      if (!holds(login)) queue.drop(new ConnectError('the login was revoked', Code.Unauthenticated));
  }

  async placeOrder(request: pb.PlaceOrderRequest, context: HandlerContext): Promise<pb.PlaceOrderResponse> {
    return await this.#place(loginOf(context).account, request);
  }

  async cancelOrder(request: pb.CancelOrderRequest, context: HandlerContext): Promise<pb.CancelOrderResponse> {
    return await this.#cancel(loginOf(context).account, request);
  }

  async listOpenOrders(
    { symbol, limit, afterOrderId }: pb.ListOpenOrdersRequest,
    context: HandlerContext,
  ): Promise<pb.ListOpenOrdersResponse> {
    const { account } = loginOf(context);
    if (limit > MOST_LISTED) throw new ConnectError(`limit is at most ${MOST_LISTED}`, Code.InvalidArgument);
    const wanted = symbol === '' ? undefined : instrumentOf(this.#services, symbol).number;
    await this.#services.gateway.caughtUp();
    const openOrders = this.#services.gateway.view.orders;
    const after = afterOrderId === 0n ? undefined : openOrders.get(readOrderId(afterOrderId));
    if (afterOrderId !== 0n && after?.account !== account) {
      throw new ConnectError('the order to continue after is no longer open: list again from the start', Code.Aborted);
    }
    const orders: pb.Order[] = [];
    let lookedAt = 0;
    let last = 0;
    this.#gate.weigh(context, LIST_WEIGHT + Math.floor(Math.min(openOrders.countOf(account), limit || MOST_LISTED) / ORDERS_A_WEIGHT));
    for await (const slice of walkOrders(openOrders, this.#services.slices, account, undefined, openOrders.first(account, after))) {
      for (const order of slice) {
        if (orders.length === (limit || MOST_LISTED) || lookedAt++ === MOST_LOOKED_AT) {
          return create(pb.ListOpenOrdersResponseSchema, { orders, next: BigInt(last) });
        }
        if (wanted === undefined || order.instrument === wanted) orders.push(orderMessage(this.#services, order));
        last = order.id;
      }
    }
    return create(pb.ListOpenOrdersResponseSchema, { orders });
  }

  async *entry(requests: AsyncIterable<pb.EntryRequest>, context: HandlerContext): AsyncGenerator<pb.EntryResponse> {
    const login = loginOf(context);
    const asJson = isJson(context);
    const stream = newStream(login, context);
    const { queue } = stream;
    const leave = this.#join(stream);
    context.values.get(PEER).mayBeSilent();
    onceOver(context.signal, () => {
      leave();
      queue.drop(context.signal.reason);
    });
    this.#workOff(stream, requests, context.signal).then(
      () => queue.end(),
      (error: unknown) => queue.end(error),
    );
    try {
      for await (const outgoing of queue) {
        if (queue.length > 0) await this.#catchUps.take(login.account);
        yield outgoing instanceof Framed ? outgoing.of(asJson) : outgoing;
      }
    } finally {
      leave();
      queue.drop();
    }
  }

  /** Lets a stream have the account's updates. Returns what ends that. Throws ConnectError, resource_exhausted. */
  #join(stream: EntryStream): () => void {
    const { account } = stream.login;
    if (this.#streams.readersOf(account).length >= MOST_STREAMS)
      throw new ConnectError(`an account has at most ${MOST_STREAMS} streams`, Code.ResourceExhausted);
    return this.#streams.add(account, stream);
  }

  /** Commands go in in the order in which they come, without waiting for each other's outcome; of those under way only the number is kept. */
  async #workOff(stream: EntryStream, requests: AsyncIterable<pb.EntryRequest>, signal: AbortSignal): Promise<void> {
    let underWay = 0;
    let wake = () => {};
    const oneIsDone = () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      });
    for await (const request of requests) {
      await this.#gate.throttle(stream.login, signal);
      if (stream.queue.isEnded) return;
      underWay++;
      void this.#work(stream, request).finally(() => {
        underWay--;
        wake();
      });
      while (underWay >= MOST_UNDER_WAY) await oneIsDone();
    }
    while (underWay > 0) await oneIsDone();
  }

  async #work(stream: EntryStream, message: pb.EntryRequest): Promise<void> {
    const { account } = stream.login;
    const { requestId, request } = message;
    let response: pb.EntryResponse['response'];
    try {
      checkRequest(pb.EntryRequestSchema, message);
      if (request.case === 'place') response = { case: 'placed', value: await this.#place(account, request.value) };
      else if (request.case === 'cancel') response = { case: 'cancelled', value: await this.#cancel(account, request.value) };
      else response = { case: 'error', value: 'the request is missing' };
    } catch (error) {
      response = { case: 'error', value: ConnectError.from(error).rawMessage };
    }
    this.#streams.pushTo(account, stream, create(pb.EntryResponseSchema, { requestId, response }));
  }

  async #place(account: number, request: pb.PlaceOrderRequest): Promise<pb.PlaceOrderResponse> {
    const order = readOrder(this.#services, account, request);
    const unfit = this.#services.filters.refusal(order);
    if (unfit !== 0) throw refusal(unfit);
    const outcome = await this.#services.gateway.submit(newOrder(order)).catch(rethrow);
    if (outcome.reason !== 0) throw refusal(outcome.reason);
    const fills = outcome.fills.map((fill) => fillMessage(this.#services, fill));
    return create(pb.PlaceOrderResponseSchema, { order: orderMessage(this.#services, outcome.order!), fills });
  }

  async #cancel(account: number, { orderId, clientOrderId }: pb.CancelOrderRequest): Promise<pb.CancelOrderResponse> {
    if (orderId === 0n && clientOrderId === '') throw new ConnectError('give order_id or client_order_id', Code.InvalidArgument);
    const id = readOrderId(orderId);
    const { orders } = this.#services.gateway.view;
    const order = id === 0 ? orders.findByClientId(account, clientOrderId) : orders.get(id);
    const isMeant = order !== undefined && order.account === account && (clientOrderId === '' || order.clientId === clientOrderId);
    if (!isMeant) throw new ConnectError('no such open order', Code.NotFound);
    const outcome = await this.#services.gateway.submit(cancel(account, order.instrument, order.id)).catch(rethrow);
    if (outcome.cancelReason !== 0) throw refusal(outcome.cancelReason);
    return create(pb.CancelOrderResponseSchema, { order: orderMessage(this.#services, outcome.changed ?? order) });
  }

  #send(order: Order, fill?: Fill): void {
    this.#streams.push(order.account, () => new Framed(pb.EntryResponseSchema, 1, () => this.#update(order, fill)));
  }

  #update(order: Order, fill: Fill | undefined): MessageInitShape<typeof pb.EntryResponseSchema> {
    const value = { order: orderMessage(this.#services, order), fill: fill && fillMessage(this.#services, fill) };
    return { response: { case: 'update', value } };
  }
}

/** A stream that nobody has told anything yet. One that is not read, or of an account of which too much waits, ends. */
function newStream(login: SignedIn, context: HandlerContext): EntryStream {
  const queue = new StreamQueue<Outgoing>(MOST_WAITING, () => endSlowly(context));
  const end = (why: string) => queue.drop(new ConnectError(why, Code.ResourceExhausted));
  return {
    queue,
    login,
    hear: (outgoing) => {
      if (!queue.put(outgoing, weightOf(outgoing))) end('the stream is not read');
    },
    overrun: () => {
      end("more of the account's updates wait than may");
      endSlowly(context);
    },
  };
}

function weightOf(outgoing: Outgoing): number {
  if (outgoing instanceof Framed) return outgoing.weight;
  const { response } = outgoing;
  return response.case === 'placed' ? 1 + response.value.fills.length : 1;
}

function loginOf({ values }: HandlerContext): SignedIn {
  const login = values.get(LOGIN);
  if (login === undefined) throw new ConnectError('user or password is wrong', Code.Unauthenticated);
  return login;
}
