import { readText } from '@outcry/engine/event-writer';
import { orderId, POST_ONLY } from '@outcry/market/command';
import { DARK, EVENT, event, IS_MAKER, NEW_AGGREGATE, RESTING, WAITING } from '@outcry/market/event';
import { LIMIT, type OrderKind, type Side, type TimeInForce } from '@outcry/market/order-terms';
import { legOf, triggerOf } from '@outcry/market/terms';
import { endStatus, STATUS } from '../store/schema.ts';
import type { OpenOrders } from './open-orders.ts';
import type { SharedState } from './shared-state.ts';
import { readTerms, type SpecialTerms } from './special-terms.ts';

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
  /** in the book, displayed or not */
  resting: boolean;
  /** lots displayed */
  shown: number;
  /** outside the book: for its trigger, its list, a price to follow or the closing auction */
  waiting: boolean;
  terms: SpecialTerms | undefined;
}

/** Where an auction trades, or would: ticks (0: nowhere), lots, lots bought less lots sold. */
export interface AuctionPrice {
  price: number;
  volume: number;
  surplus: number;
}

/** One side of a trade. */
export interface Fill {
  order: Order;
  trade: number;
  price: number;
  quantity: number;
  amount: number;
  fee: number;
  /** asset that the fee is paid in; -1: what is received */
  feeAsset: number;
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
  /** A waiting order enters the book, or begins to wait for its trigger. */
  onTriggered(order: Order): void;
  onState(instrument: number, state: number, reference: number): void;
  /** An auction traded, or its indicative price changed. */
  onAuction(instrument: number, auction: AuctionPrice, isDone: boolean): void;
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
  #terms: SpecialTerms | undefined;
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
      case EVENT.TERMS:
        this.#terms = readTerms(i32, f64, at);
        break;
      case EVENT.LIST:
        this.#text = ''; // the store keeps lists
        break;
      case EVENT.TRIGGERED:
        this.#trigger(i32, f64, at);
        break;
      case EVENT.SHOWN:
        this.#show(this.#orderAt(i32, at), i32[at + event.PRICE], i32[at + event.QUANTITY]);
        break;
      case EVENT.STATE:
        this.#listener.onState(i32[at + event.PLACE] & 0xffff, i32[at + event.PLACE] >>> 16, i32[at + event.PRICE]);
        break;
      case EVENT.AUCTION:
      case EVENT.INDICATIVE: {
        const [volume, surplus] = [f64[(at >> 1) + event.F64_TRADE], f64[(at >> 1) + event.F64_AMOUNT]];
        const isDone = (i32[at + event.HEAD] & 0xff) === EVENT.AUCTION;
        this.#listener.onAuction(i32[at + event.PLACE] & 0xffff, { price: i32[at + event.PRICE], volume, surplus }, isDone);
        break;
      }
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
    const flags = head >>> 16;
    const resting = (flags & RESTING) !== 0;
    const isWaitingLeg = (flags & WAITING) !== 0 && legOf(this.#terms?.flags ?? 0) > 0 && triggerOf(this.#terms?.flags ?? 0) === 0;
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
      status: left !== i32[at + event.QUANTITY] ? STATUS.PARTIALLY_FILLED : isWaitingLeg ? STATUS.PENDING_NEW : STATUS.NEW,
      time,
      updateTime: time,
      resting,
      shown: resting && (flags & DARK) === 0 ? left : 0,
      waiting: (flags & WAITING) !== 0,
      terms: this.#terms,
    };
    this.#text = '';
    this.#terms = undefined;
    this.orders.add(order);
    if (isNew) this.#listener.onAccepted(order);
    if (order.shown > 0) this.#listener.onDepth(order.instrument, order.side, order.price, order.shown);
  }

  #rested(i32: Int32Array, at: number): void {
    const order = this.#orderAt(i32, at);
    const isDark = ((i32[at + event.HEAD] >>> 16) & DARK) !== 0;
    order.resting = true;
    order.waiting = false;
    order.price = i32[at + event.PRICE];
    order.shown = isDark ? 0 : order.left;
    this.orders.update(order);
    this.#listener.onRested(order);
    if (order.shown > 0) this.#listener.onDepth(order.instrument, order.side, order.price, order.shown);
  }

  #trigger(i32: Int32Array, f64: Float64Array, at: number): void {
    const order = this.#orderAt(i32, at);
    order.waiting = ((i32[at + event.HEAD] >>> 16) & WAITING) !== 0;
    if (order.kind === LIMIT) order.price = i32[at + event.PRICE];
    if (order.status === STATUS.PENDING_NEW) order.status = STATUS.NEW;
    order.updateTime = f64[(at >> 1) + event.F64_TIME];
    this.orders.update(order);
    this.#listener.onTriggered(order);
  }

  /** A resting order displays so many lots now, at a price (0: it left the book, and waits). */
  #show(order: Order, price: number, lots: number): void {
    const change = lots - order.shown;
    order.shown = lots;
    order.resting = price !== 0;
    order.waiting = price === 0;
    this.orders.update(order);
    if (change !== 0) this.#listener.onDepth(order.instrument, order.side, price, change);
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
    const wasShown = Math.min(order.shown, quantity);
    order.shown -= wasShown;
    if (order.left === 0) this.#forget(order);
    else this.orders.update(order);
    const feeAsset = (i32[at + event.PLACE] >>> 16) - 1;
    this.#listener.onFill({ order, trade, price, quantity, amount, fee: f64[(at >> 1) + event.F64_AMOUNT], feeAsset, isMaker, time });
    if (wasShown > 0) this.#listener.onDepth(order.instrument, order.side, order.price, -wasShown);
    if (isMaker) return;
    const newAggregate = (flags & NEW_AGGREGATE) !== 0;
    const aggregate = (this.#aggregates[order.instrument] ?? 0) + (newAggregate ? 1 : 0);
    this.#aggregates[order.instrument] = aggregate;
    const { instrument, side: takerSide } = order;
    this.#listener.onTrade({ instrument, id: trade, aggregate, newAggregate, price, quantity, amount, time, takerSide });
  }

  #end(i32: Int32Array, f64: Float64Array, at: number): void {
    const order = this.#orderAt(i32, at);
    const reason = i32[at + event.PLACE] >>> 16;
    order.status = endStatus(reason);
    order.updateTime = f64[(at >> 1) + event.F64_TIME];
    if (order.shown > 0) this.#listener.onDepth(order.instrument, order.side, order.price, -order.shown);
    order.shown = 0;
    this.#forget(order);
    this.#listener.onEnded(order, reason);
  }

  #amend(i32: Int32Array, f64: Float64Array, at: number): void {
    const order = this.#orderAt(i32, at);
    const off = order.left - i32[at + event.REMAINING];
    order.quantity = i32[at + event.QUANTITY];
    order.left = i32[at + event.REMAINING];
    order.updateTime = f64[(at >> 1) + event.F64_TIME];
    const isIceberg = (order.terms?.display ?? 0) > 0; // what it displays is told apart
    const less = isIceberg ? 0 : Math.min(order.shown, off);
    order.shown -= less;
    this.orders.update(order);
    if (less > 0) this.#listener.onDepth(order.instrument, order.side, order.price, -less);
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
