import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import type { Services } from '../binance/operation.ts';
import { cancel, newOrder } from '../core/commands.ts';
import type { LogIns, SignedIn } from '../core/log-ins.ts';
import type { Fill, Order, OrderFollower } from '../core/view.ts';
import { fillMessage, gatewayError, instrumentOf, orderMessage, readOrder, refusal } from './convert.ts';
import * as pb from './generated/outcry/v1/venue_pb.js';
import { StreamQueue } from './queue.ts';

/** Answers and updates that may wait for a reader of an entry stream; then the stream ends. */
const MOST_WAITING = 10_000;

/** Order entry by gRPC, gRPC-Web and Connect. */
export class TradingService implements ServiceImpl<typeof pb.Trading> {
  readonly #services: Services;
  readonly #logins: LogIns;
  readonly #streams = new Map<number, Set<StreamQueue<pb.EntryResponse>>>();
  readonly #signedIn = new Map<StreamQueue<pb.EntryResponse>, SignedIn>();

  constructor(services: Services, logins: LogIns) {
    this.#services = services;
    this.#logins = logins;
  }

  readonly listener: OrderFollower = {
    follows: (account) => this.#streams.size > 0 && this.#streams.has(account),
    onAccepted: (order) => this.#tell(order),
    onFill: (fill) => this.#tell(fill.order, fill),
    onEnded: (order) => this.#tell(order),
    onAmended: (order) => this.#tell(order),
  };

  async placeOrder(request: pb.PlaceOrderRequest, context: HandlerContext): Promise<pb.PlaceOrderResponse> {
    return await this.#place(this.#account(context), request);
  }

  async cancelOrder(request: pb.CancelOrderRequest, context: HandlerContext): Promise<pb.CancelOrderResponse> {
    return await this.#cancel(this.#account(context), request);
  }

  listOpenOrders({ symbol }: pb.ListOpenOrdersRequest, context: HandlerContext): pb.ListOpenOrdersResponse {
    const account = this.#account(context);
    const wanted = symbol === '' ? undefined : instrumentOf(this.#services, symbol).number;
    const orders = [...this.#services.gateway.view.orders.of(account)].filter(
      ({ instrument }) => wanted === undefined || instrument === wanted,
    );
    return create(pb.ListOpenOrdersResponseSchema, { orders: orders.map((order) => orderMessage(this.#services, order)) });
  }

  async *entry(requests: AsyncIterable<pb.EntryRequest>, context: HandlerContext): AsyncGenerator<pb.EntryResponse> {
    const signedIn = this.#signIn(context);
    const { account } = signedIn;
    const queue = new StreamQueue<pb.EntryResponse>(MOST_WAITING);
    const streams = this.#streams.get(account) ?? new Set();
    this.#streams.set(account, streams.add(queue));
    this.#signedIn.set(queue, signedIn);
    context.signal.addEventListener('abort', () => queue.end());
    // Commands go in in order, without waiting for each other's outcome.
    const working = (async () => {
      const underWay: Promise<void>[] = [];
      for await (const request of requests) {
        if (!this.#signedIn.has(queue)) break;
        underWay.push(this.#work(account, request, queue));
      }
      await Promise.all(underWay);
    })().then(
      () => queue.end(),
      (error: Error) => queue.end(error),
    );
    try {
      yield* queue;
    } finally {
      streams.delete(queue);
      this.#signedIn.delete(queue);
      if (streams.size === 0) this.#streams.delete(account);
      void working;
    }
  }

  /** Ends the streams of logins that were revoked, or whose password holds no more. */
  endOthers(): void {
    for (const [queue, signedIn] of this.#signedIn) {
      if (this.#logins.holds(signedIn)) continue;
      this.#signedIn.delete(queue);
      queue.end(new ConnectError('the login was revoked', Code.Unauthenticated));
    }
  }

  async #work(account: number, { requestId, request }: pb.EntryRequest, queue: StreamQueue<pb.EntryResponse>): Promise<void> {
    let response: pb.EntryResponse['response'];
    try {
      if (request.case === 'place') response = { case: 'placed', value: await this.#place(account, request.value) };
      else if (request.case === 'cancel') response = { case: 'cancelled', value: await this.#cancel(account, request.value) };
      else response = { case: 'error', value: 'the request is missing' };
    } catch (error) {
      response = { case: 'error', value: ConnectError.from(error).rawMessage };
    }
    this.#put(queue, create(pb.EntryResponseSchema, { requestId, response }));
  }

  async #place(account: number, request: pb.PlaceOrderRequest): Promise<pb.PlaceOrderResponse> {
    const outcome = await this.#services.gateway.submit(newOrder(readOrder(this.#services, account, request))).catch((error: unknown) => {
      throw gatewayError(error);
    });
    if (outcome.reason !== 0) throw refusal(outcome.reason);
    const fills = outcome.fills.map((fill) => fillMessage(this.#services, fill));
    return create(pb.PlaceOrderResponseSchema, { order: orderMessage(this.#services, outcome.order!), fills });
  }

  async #cancel(account: number, { orderId, clientOrderId }: pb.CancelOrderRequest): Promise<pb.CancelOrderResponse> {
    if (orderId === 0n && clientOrderId === '') throw new ConnectError('give order_id or client_order_id', Code.InvalidArgument);
    const { orders } = this.#services.gateway.view;
    const order = orderId === 0n ? orders.findByClientId(account, clientOrderId) : orders.get(Number(orderId));
    const isMeant = order !== undefined && order.account === account && (clientOrderId === '' || order.clientId === clientOrderId);
    if (!isMeant) throw new ConnectError('no such open order', Code.NotFound);
    const outcome = await this.#services.gateway.submit(cancel(account, order.instrument, order.id)).catch((error: unknown) => {
      throw gatewayError(error);
    });
    if (outcome.cancelReason !== 0) throw refusal(outcome.cancelReason);
    return create(pb.CancelOrderResponseSchema, { order: orderMessage(this.#services, outcome.changed ?? order) });
  }

  #tell(order: Order, fill?: Fill): void {
    const streams = this.#streams.get(order.account);
    if (streams === undefined) return;
    const value = create(pb.OrderUpdateSchema, {
      order: orderMessage(this.#services, order),
      fill: fill && fillMessage(this.#services, fill),
    });
    for (const queue of streams) this.#put(queue, create(pb.EntryResponseSchema, { response: { case: 'update', value } }));
  }

  #put(queue: StreamQueue<pb.EntryResponse>, response: pb.EntryResponse): void {
    if (!queue.put(response)) queue.end(new ConnectError('the stream is not read', Code.ResourceExhausted));
  }

  /** The account of a call's login. Throws ConnectError, unauthenticated. */
  #account(context: HandlerContext): number {
    return this.#signIn(context).account;
  }

  #signIn(context: HandlerContext): SignedIn {
    const header = context.requestHeader.get('authorization') ?? '';
    const [user, ...rest] = Buffer.from(header.replace(/^Basic /, ''), 'base64')
      .toString('latin1')
      .split(':');
    const login = header.startsWith('Basic ') ? this.#logins.check(user, rest.join(':'), 'grpc') : undefined;
    if (login === undefined) throw new ConnectError('user or password is wrong', Code.Unauthenticated);
    return login;
  }
}
