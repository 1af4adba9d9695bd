import { readText } from '@outcry/engine/event-writer';
import { orderId, POST_ONLY } from '@outcry/market/command';
import { EVENT, event, IS_MAKER, NEW_AGGREGATE, RESTING } from '@outcry/market/event';
import type { OrderKind, Side, TimeInForce } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { STATUS } from '../store/schema.ts';
import type { OpenOrders } from './open-orders.ts';
import type { SharedState } from './shared-state.ts';

/** An order as its owner sees it. Prices in ticks, quantities in lots, amounts in quote units, times in microseconds since 1970. */
export interface Order {
  id: number;
  account: number;
  instrument: number;
  clientId: string;
  side: Side;
  kind: OrderKind;
  timeInForce: TimeInForce;
  postOnly: boolean;
  price: number;
  quantity: number;
  /** quote amount of a market order by amount, else 0 */
  amount: number;
  left: number;
  executedAmount: number;
  status: number;
  time: number;
  updateTime: number;
  resting: boolean;
}

/** One side of a trade. */
export interface Fill {
  order: Order;
  trade: number;
  price: number;
  quantity: number;
  amount: number;
  fee: number;
  isMaker: boolean;
  time: number;
}

export interface Trade {
  instrument: number;
  id: number;
  aggregate: number;
  newAggregate: boolean;
  price: number;
  quantity: number;
  amount: number;
  time: number;
  takerSide: Side;
}

export interface Balance {
  available: number;
  held: number;
}

/** What can happen, told in the engine's order and only once it is durable. */
export interface ViewListener {
  onAccepted(order: Order): void;
  /** What was left of an order that traded at once is on the book. */
  onRested(order: Order): void;
  onFill(fill: Fill): void;
  onTrade(trade: Trade): void;
  onEnded(order: Order, reason: number): void;
  onAmended(order: Order): void;
  onBalance(account: number, asset: number, balance: Balance, sequence: number, time: number): void;
  /** A deposit (units above 0) or withdrawal. */
  onTransfer(account: number, asset: number, units: number, time: number): void;
  /** Liquidity joined (lots above 0) or left a price. */
  onDepth(instrument: number, side: Side, price: number, lots: number): void;
  onRejected(account: number, reason: number, flags: number): void;
  /** After a start: where an instrument's numbers stand. */
  onInstrument(instrument: number, lastPrice: number): void;
}

/** Open orders and balances, built from the engine's events alone. Orders that it gives are copies. */
export class View {
  readonly orders: OpenOrders;
  readonly #aggregates: number[] = [];
  readonly #unitOf: (instrument: number) => number;
  readonly #listener: ViewListener;
  readonly #state: SharedState;
  #text = '';
  #isTransfer = false;

  constructor(listener: ViewListener, unitOf: (instrument: number) => number, state: SharedState, orders: OpenOrders) {
    this.#state = state;
    this.orders = orders;
    this.#listener = listener;
    this.#unitOf = unitOf;
  }

  balance(account: number, asset: number): Balance {
    return this.#state.balance(account, asset);
  }

  /** Takes in one event. */
  apply(i32: Int32Array, f64: Float64Array, at: number): void {
    switch (i32[at + event.HEAD] & 0xff) {
      case EVENT.TEXT:
        this.#text = readText(i32, at);
        break;
      case EVENT.ACCEPTED:
      case EVENT.OPEN_ORDER:
        this.#open(i32, f64, at);
        break;
      case EVENT.FILL:
        this.#fill(i32, f64, at);
        break;
      case EVENT.RESTED:
        this.#rested(i32, at);
        break;
      case EVENT.CANCELLED:
        this.#end(i32, f64, at);
        break;
      case EVENT.AMENDED:
        this.#amend(i32, f64, at);
        break;
      case EVENT.BALANCE:
        this.#balance(i32, f64, at);
        break;
      case EVENT.APPLIED:
        this.#isTransfer = true;
        return;
      case EVENT.REJECTED:
        this.#listener.onRejected(i32[at + event.ACCOUNT], i32[at + event.PLACE] >>> 16, (i32[at + event.HEAD] >>> 16) & 0xff);
        break;
      case EVENT.INSTRUMENT: {
        const instrument = i32[at + event.PLACE] & 0xffff;
        this.#aggregates[instrument] = f64[(at >> 1) + event.F64_AMOUNT];
        this.#listener.onInstrument(instrument, i32[at + event.PRICE]);
      }
    }
    this.#isTransfer = false;
  }

  #open(i32: Int32Array, f64: Float64Array, at: number): void {
    const head = i32[at + event.HEAD];
    const isNew = (head & 0xff) === EVENT.ACCEPTED;
    const terms = i32[at + event.PLACE] >>> 16;
    const time = f64[(at >> 1) + event.F64_TIME];
    const amount = f64[(at >> 1) + event.F64_AMOUNT];
    const left = i32[at + event.REMAINING];
    const order: Order = {
      id: idAt(i32, at),
      account: i32[at + event.ACCOUNT],
      instrument: i32[at + event.PLACE] & 0xffff,
      clientId: this.#text,
      side: ((head >>> 8) & 1) as Side,
      kind: (terms & 7) as OrderKind,
      timeInForce: ((terms >>> 3) & 0xf) as TimeInForce,
      postOnly: ((terms >>> 7) & POST_ONLY) !== 0,
      price: i32[at + event.PRICE],
      quantity: i32[at + event.QUANTITY],
      amount: isNew ? amount : 0,
      left,
      executedAmount: isNew ? 0 : amount,
      status: left === i32[at + event.QUANTITY] ? STATUS.NEW : STATUS.PARTIALLY_FILLED,
      time,
      updateTime: time,
      resting: ((head >>> 16) & RESTING) !== 0,
    };
    this.#text = '';
    this.orders.add(order);
    if (isNew) this.#listener.onAccepted(order);
    if (order.resting) this.#listener.onDepth(order.instrument, order.side, order.price, order.left);
  }

  #rested(i32: Int32Array, at: number): void {
    const order = this.#orderAt(i32, at);
    order.resting = true;
    this.orders.update(order);
    this.#listener.onRested(order);
    this.#listener.onDepth(order.instrument, order.side, order.price, order.left);
  }

  #fill(i32: Int32Array, f64: Float64Array, at: number): void {
    const order = this.#orderAt(i32, at);
    const flags = (i32[at + event.HEAD] >>> 16) & 0xff;
    const price = i32[at + event.PRICE];
    const quantity = i32[at + event.QUANTITY];
    const amount = price * quantity * this.#unitOf(order.instrument);
    const time = f64[(at >> 1) + event.F64_TIME];
    const trade = f64[(at >> 1) + event.F64_TRADE];
    const isMaker = (flags & IS_MAKER) !== 0;
    order.left = i32[at + event.REMAINING];
    order.executedAmount += amount;
    order.updateTime = time;
    order.status = order.left === 0 ? STATUS.FILLED : STATUS.PARTIALLY_FILLED;
    if (order.left === 0) this.#forget(order);
    else this.orders.update(order);
    this.#listener.onFill({ order, trade, price, quantity, amount, fee: f64[(at >> 1) + event.F64_AMOUNT], isMaker, time });
    if (isMaker) {
      this.#listener.onDepth(order.instrument, order.side, price, -quantity);
      return;
    }
    const newAggregate = (flags & NEW_AGGREGATE) !== 0;
    const aggregate = (this.#aggregates[order.instrument] ?? 0) + (newAggregate ? 1 : 0);
    this.#aggregates[order.instrument] = aggregate;
    const { instrument, side: takerSide } = order;
    this.#listener.onTrade({ instrument, id: trade, aggregate, newAggregate, price, quantity, amount, time, takerSide });
  }

  #end(i32: Int32Array, f64: Float64Array, at: number): void {
    const order = this.#orderAt(i32, at);
    const reason = i32[at + event.PLACE] >>> 16;
    order.status = reason === REASON.NO_LIQUIDITY ? STATUS.EXPIRED : STATUS.CANCELED;
    order.updateTime = f64[(at >> 1) + event.F64_TIME];
    if (order.resting) this.#listener.onDepth(order.instrument, order.side, order.price, -order.left);
    this.#forget(order);
    this.#listener.onEnded(order, reason);
  }

  #amend(i32: Int32Array, f64: Float64Array, at: number): void {
    const order = this.#orderAt(i32, at);
    const off = order.left - i32[at + event.REMAINING];
    order.quantity = i32[at + event.QUANTITY];
    order.left = i32[at + event.REMAINING];
    order.updateTime = f64[(at >> 1) + event.F64_TIME];
    this.orders.update(order);
    this.#listener.onDepth(order.instrument, order.side, order.price, -off);
    this.#listener.onAmended(order);
  }

  #balance(i32: Int32Array, f64: Float64Array, at: number): void {
    const account = i32[at + event.ACCOUNT];
    const asset = i32[at + event.PRICE];
    const balance = { available: f64[(at >> 1) + event.F64_AVAILABLE], held: f64[(at >> 1) + event.F64_HELD] };
    const before = this.#isTransfer ? this.#state.balance(account, asset).available : 0;
    const time = f64[(at >> 1) + event.F64_TIME];
    const sequence = f64[(at >> 1) + event.F64_SEQUENCE];
    this.#state.setBalance(account, asset, balance.available, balance.held, sequence);
    if (this.#isTransfer) this.#listener.onTransfer(account, asset, balance.available - before, time);
    this.#listener.onBalance(account, asset, balance, sequence, time);
  }

  #forget(order: Order): void {
    order.resting = false;
    this.orders.remove(order);
  }

  /** The order that an event is about: every event's order is open when it comes. */
  #orderAt(i32: Int32Array, at: number): Order {
    const order = this.orders.get(idAt(i32, at));
    if (order === undefined) throw new Error(`an event for order ${idAt(i32, at)}, which is not open`);
    return order;
  }
}

function idAt(i32: Int32Array, at: number): number {
  return orderId(i32[at + event.ORDER_SLOT], i32[at + event.ORDER_GENERATION]);
}
