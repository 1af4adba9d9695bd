/** The gateway's view: open orders and balances from durable events, and who is told of each change. */
import { readPiece, readText } from '@outcry/engine/event-writer';
import { EVENT, event, IS_HIDDEN, IS_MAKER, NEW_AGGREGATE, PENDING, PREVENTED, RESTING, WAITING } from '@outcry/market/event';
import { feeAssetOf, flagsOf, instrumentOf, kindOf, reasonOf, sideOf, stateOf, termsOf } from '@outcry/market/event-reader';
import { BUY, GTC, LIMIT } from '@outcry/market/order-terms';
import { isPostOnly, orderKindOf, timeInForceOf } from '@outcry/market/order-word';
import { REASON } from '@outcry/market/reason';
import { endStatus, ORDER_STATUS } from '../../domain/order-status.ts';
import type { Balance, Order, PreventedMatch, Strategy, Trade } from '../../domain/orders.ts';
import { makeTerms, readTerms, type SpecialTerms } from '../../domain/special-terms.ts';
import { readStrategy } from '../../domain/strategies.ts';
import type { ViewListener } from './listeners.ts';
import type { OpenOrders } from './open-orders.ts';
import { newPreventedMatch, readSide } from './prevented-sides.ts';
import type { SharedState } from './shared-state.ts';

/** Open orders and balances, built from the engine's events alone, without an object an event. */
export class View {
  readonly orders: OpenOrders;
  readonly #aggregates: number[] = [];
  readonly #unitOf: (instrument: number) => number;
  readonly #listener: ViewListener;
  readonly #state: SharedState;
  readonly #trade: Trade = newTrade();
  readonly #match: PreventedMatch = newPreventedMatch();
  readonly #opened: Order = newOrder();
  #text = '';
  /** of the next order, where there are some */
  readonly #terms: SpecialTerms = makeTerms({});
  #hasTerms = false;
  /** of the next order, 0: it is the number of its command */
  #id = 0;
  /** of the next order, where it has one */
  #strategy: Strategy | undefined;
  #isTransfer = false;
  readonly #pieces: number[] = [];

  constructor(listener: ViewListener, unitOf: (instrument: number) => number, state: SharedState, orders: OpenOrders) {
    this.#state = state;
    this.orders = orders;
    this.#listener = listener;
    this.#unitOf = unitOf;
  }

  balance(account: number, asset: number): Balance {
    return this.#state.balance(account, asset);
  }

  /** Microseconds since 1970 of an account's last change of balance, 0: none yet. */
  lastUpdate(account: number): number {
    return this.#state.lastUpdate(account);
  }

  /** The last command that changed an account's orders or balances, 0: none since the start. */
  lastCommand(account: number): number {
    return this.#state.lastCommand(account);
  }

  /** Takes in one event. */
  apply(i32: Int32Array, f64: Float64Array, at: number): void {
    switch (kindOf(i32, at)) {
      case EVENT.TEXT:
        this.#text = readText(i32, at);
        break;
      case EVENT.TERMS:
        readTerms(i32, f64, at, this.#terms);
        this.#hasTerms = true;
        break;
      case EVENT.STRATEGY:
        this.#strategy = readStrategy(i32, f64, at);
        break;
      case EVENT.ORDER_ID:
        this.#id = f64[(at >> 1) + event.F64_ORDER_ID];
        break;
      case EVENT.LIST:
        this.#list(i32, f64, at);
        break;
      case EVENT.TRIGGERED:
        this.#triggered(i32, f64, at);
        break;
      case EVENT.SHOWN:
        this.#shown(i32, f64, at);
        break;
      case EVENT.STATE:
        this.#listener.onState(instrumentOf(i32, at), stateOf(i32, at), i32[at + event.PRICE]);
        break;
      case EVENT.AUCTION:
      case EVENT.INDICATIVE: {
        const [volume, surplus] = [f64[(at >> 1) + event.F64_VOLUME], f64[(at >> 1) + event.F64_SURPLUS]];
        const isDone = kindOf(i32, at) === EVENT.AUCTION;
        this.#listener.onAuction(instrumentOf(i32, at), { price: i32[at + event.PRICE], volume, surplus }, isDone);
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
        this.#rested(i32, f64, at);
        break;
      case EVENT.CANCELLED:
        this.#ended(i32, f64, at);
        break;
      case EVENT.AMENDED:
        this.#amended(i32, f64, at);
        break;
      case EVENT.PREVENTED_MATCH:
        this.#prevented(i32, f64, at);
        break;
      case EVENT.DECREMENTED:
        this.orders.decrement(this.#slotAt(i32, f64, at), i32[at + event.QUANTITY], f64[(at >> 1) + event.F64_TRADE]);
        break;
      case EVENT.BALANCE:
        this.#balance(i32, f64, at);
        break;
      case EVENT.APPLIED:
        this.#isTransfer = true;
        return;
      case EVENT.PIECE:
        readPiece(i32, at, this.#pieces);
        break;
      case EVENT.RECORD:
        this.#record(i32[at + event.NAME_BYTES], i32[at + event.VALUE_BYTES]);
        break;
      case EVENT.REJECTED:
        this.#listener.onRejected(reasonOf(i32, at), flagsOf(i32, at));
        break;
      case EVENT.INSTRUMENT: {
        const instrument = instrumentOf(i32, at);
        this.#aggregates[instrument] = f64[(at >> 1) + event.F64_AGGREGATES];
        const [lastTrade, time] = [f64[(at >> 1) + event.F64_TRADE], f64[(at >> 1) + event.F64_TIME]];
        this.#listener.onInstrument(instrument, i32[at + event.PRICE], lastTrade, time);
      }
    }
    this.#isTransfer = false;
  }

  #record(nameBytes: number, valueBytes: number): void {
    const bytes = Buffer.from(Int32Array.from(this.#pieces).buffer);
    this.#pieces.length = 0;
    const value = valueBytes < 0 ? undefined : bytes.subarray(nameBytes, nameBytes + valueBytes);
    this.#listener.onRecord(bytes.toString('latin1', 0, nameBytes), value);
  }

  #open(i32: Int32Array, f64: Float64Array, at: number): void {
    const isNew = kindOf(i32, at) === EVENT.ACCEPTED;
    const terms = termsOf(i32, at);
    const time = f64[(at >> 1) + event.F64_TIME];
    const amount = f64[(at >> 1) + event.F64_AMOUNT];
    const left = i32[at + event.REMAINING];
    const flags = flagsOf(i32, at);
    const slot = i32[at + event.ORDER_SLOT];
    const order = this.#opened;
    order.id = this.#id === 0 ? f64[(at >> 1) + event.F64_SEQUENCE] : this.#id;
    order.account = i32[at + event.ACCOUNT];
    order.instrument = instrumentOf(i32, at);
    order.clientId = this.#text;
    order.side = sideOf(i32, at);
    order.kind = orderKindOf(terms);
    order.timeInForce = timeInForceOf(terms);
    order.postOnly = isPostOnly(terms);
    order.price = i32[at + event.PRICE];
    order.quantity = i32[at + event.QUANTITY];
    order.amount = isNew ? amount : 0;
    order.left = left;
    order.executedAmount = isNew ? 0 : amount;
    order.status =
      left !== order.quantity ? ORDER_STATUS.PARTIALLY_FILLED : (flags & PENDING) !== 0 ? ORDER_STATUS.PENDING_NEW : ORDER_STATUS.NEW;
    order.time = time;
    order.updateTime = time;
    order.resting = (flags & RESTING) !== 0;
    order.shown = order.resting && (flags & IS_HIDDEN) === 0 ? left : 0;
    order.waiting = (flags & WAITING) !== 0;
    order.terms = this.#hasTerms ? this.#terms : undefined;
    order.strategy = this.#strategy;
    this.#strategy = undefined;
    this.#text = '';
    this.#hasTerms = false;
    this.#id = 0;
    const list = this.orders.add(slot, i32[at + event.ORDER_GENERATION], order);
    this.#state.noteCommand(order.account, f64[(at >> 1) + event.F64_SEQUENCE]);
    if (isNew && this.#listener.follows(order.account)) this.#listener.onAccepted(this.orders.copy(slot));
    if (isNew && list !== 0 && this.#listener.follows(order.account)) this.#listener.onListEntered(this.orders.lists.copy(list), time);
    if (order.shown > 0) this.#reportDepth(slot, order.shown);
  }

  #list(i32: Int32Array, f64: Float64Array, at: number): void {
    const list = {
      number: f64[(at >> 1) + event.F64_LIST],
      account: i32[at + event.ACCOUNT],
      instrument: instrumentOf(i32, at),
      type: i32[at + event.LIST_TYPE],
      clientId: this.#text,
    };
    this.#text = '';
    this.orders.lists.note(list, i32[at + event.CLIENT_LOW], i32[at + event.CLIENT_HIGH]);
  }

  #rested(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = this.#slotAt(i32, f64, at);
    const isHidden = (flagsOf(i32, at) & IS_HIDDEN) !== 0;
    const shown = this.orders.rest(slot, i32[at + event.PRICE], isHidden);
    if (this.#isFollowed(slot)) this.#listener.onRested(this.orders.copy(slot));
    if (shown > 0) this.#reportDepth(slot, shown);
  }

  #triggered(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = this.#slotAt(i32, f64, at);
    const isWaiting = (flagsOf(i32, at) & WAITING) !== 0;
    this.orders.trigger(slot, i32[at + event.PRICE], isWaiting, f64[(at >> 1) + event.F64_TIME]);
    if (this.#isFollowed(slot)) this.#listener.onTriggered(this.orders.copy(slot));
  }

  /** A resting order displays so many lots now, at a price (0: it left the book, and waits). */
  #shown(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = this.#slotAt(i32, f64, at);
    const price = i32[at + event.PRICE];
    const change = this.orders.show(slot, i32[at + event.QUANTITY], price !== 0);
    if (change !== 0) this.#listener.onDepth(this.orders.instrument(slot), this.orders.side(slot), price, change);
  }

  #fill(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = this.#slotAt(i32, f64, at);
    const { orders } = this;
    const flags = flagsOf(i32, at);
    const price = i32[at + event.PRICE];
    const quantity = i32[at + event.QUANTITY];
    const left = i32[at + event.REMAINING];
    const instrument = orders.instrument(slot);
    const amount = price * quantity * this.#unitOf(instrument);
    const time = f64[(at >> 1) + event.F64_TIME];
    const shown = orders.trade(slot, quantity, amount, left, time);
    const isMaker = (flags & IS_MAKER) !== 0;
    if (this.#isFollowed(slot)) {
      const feeAsset = feeAssetOf(i32, at);
      const [trade, fee] = [f64[(at >> 1) + event.F64_TRADE], f64[(at >> 1) + event.F64_AMOUNT]];
      this.#listener.onFill({ order: orders.copy(slot), trade, price, quantity, amount, fee, feeAsset, isMaker, time });
    }
    if (shown > 0) this.#reportDepth(slot, -shown);
    if (!isMaker) this.#reportTrade(slot, f64[(at >> 1) + event.F64_TRADE], price, quantity, amount, time, (flags & NEW_AGGREGATE) !== 0);
    if (left > 0) return;
    if (orders.isFilled(slot)) this.#remove(slot, time);
    else this.#end(slot, REASON.NO_LIQUIDITY, time);
  }

  #reportTrade(taker: number, id: number, price: number, quantity: number, amount: number, time: number, newAggregate: boolean): void {
    const trade = this.#trade;
    const instrument = this.orders.instrument(taker);
    const aggregate = (this.#aggregates[instrument] ?? 0) + (newAggregate ? 1 : 0);
    this.#aggregates[instrument] = aggregate;
    trade.instrument = instrument;
    trade.id = id;
    trade.aggregate = aggregate;
    trade.newAggregate = newAggregate;
    trade.price = price;
    trade.quantity = quantity;
    trade.amount = amount;
    trade.time = time;
    trade.takerSide = this.orders.side(taker);
    this.#listener.onTrade(trade);
  }

  #ended(i32: Int32Array, f64: Float64Array, at: number): void {
    this.#end(this.#slotAt(i32, f64, at), reasonOf(i32, at), f64[(at >> 1) + event.F64_TIME]);
  }

  #end(slot: number, reason: number, time: number): void {
    const wasPending = this.orders.isPending(slot);
    const shown = this.orders.end(slot, endStatus(reason), time);
    if (shown > 0) this.#reportDepth(slot, -shown);
    const copy = this.#isFollowed(slot) ? this.orders.copy(slot) : undefined;
    const list = this.orders.remove(slot);
    if (copy !== undefined) {
      const match = reason === REASON.SELF_TRADE ? this.#match : undefined;
      if (match !== undefined) copy.preventedMatch = match.id;
      this.#listener.onEnded(copy, reason, wasPending, match);
    }
    if (list !== 0) this.#closeList(list, time);
  }

  #remove(slot: number, time: number): void {
    const list = this.orders.remove(slot);
    if (list !== 0) this.#closeList(list, time);
  }

  #closeList(list: number, time: number): void {
    const { lists } = this.orders;
    if (this.#listener.follows(lists.accountOf(list))) this.#listener.onListDone(lists.copy(list), time);
    lists.close(list);
  }

  #amended(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = this.#slotAt(i32, f64, at);
    const less = this.orders.amend(slot, i32[at + event.QUANTITY], i32[at + event.REMAINING], f64[(at >> 1) + event.F64_TIME]);
    if (less > 0) this.#reportDepth(slot, -less);
    const match = (flagsOf(i32, at) & PREVENTED) === 0 ? undefined : this.#match;
    if (match !== undefined) this.orders.decrement(slot, f64[(at >> 1) + event.F64_AMOUNT], match.id);
    if (this.#isFollowed(slot)) this.#listener.onAmended(this.orders.copy(slot), match);
  }

  #prevented(i32: Int32Array, f64: Float64Array, at: number): void {
    const slot = this.#slotAt(i32, f64, at);
    readSide(this.#match, i32, f64, at, this.orders.id(slot));
    if ((flagsOf(i32, at) & IS_MAKER) === 0 && this.#isFollowed(slot)) this.#listener.onPrevented(this.#match);
  }

  #balance(i32: Int32Array, f64: Float64Array, at: number): void {
    const account = i32[at + event.ACCOUNT];
    const asset = i32[at + event.ASSET];
    const available = f64[(at >> 1) + event.F64_AVAILABLE];
    const time = f64[(at >> 1) + event.F64_TIME];
    if (this.#isTransfer) this.#listener.onTransfer(account, asset, available - this.#state.balance(account, asset).available, time);
    this.#state.setBalance(account, asset, available, f64[(at >> 1) + event.F64_HELD], f64[(at >> 1) + event.F64_SEQUENCE], time);
    this.#listener.onBalance(account, asset);
  }

  #reportDepth(slot: number, lots: number): void {
    this.#listener.onDepth(this.orders.instrument(slot), this.orders.side(slot), this.orders.price(slot), lots);
  }

  #isFollowed(slot: number): boolean {
    return this.#listener.follows(this.orders.account(slot));
  }

  /** The order that an event is about, noted for its account: every event's order is open when it comes. */
  #slotAt(i32: Int32Array, f64: Float64Array, at: number): number {
    const slot = this.orders.openSlot(i32[at + event.ORDER_SLOT], i32[at + event.ORDER_GENERATION]);
    this.#state.noteCommand(this.orders.account(slot), f64[(at >> 1) + event.F64_SEQUENCE]);
    return slot;
  }
}

function newTrade(): Trade {
  return { instrument: 0, id: 0, aggregate: 0, newAggregate: false, price: 0, quantity: 0, amount: 0, time: 0, takerSide: BUY };
}

function newOrder(): Order {
  return {
    id: 0,
    account: 0,
    instrument: 0,
    clientId: '',
    side: BUY,
    kind: LIMIT,
    timeInForce: GTC,
    postOnly: false,
    price: 0,
    quantity: 0,
    amount: 0,
    left: 0,
    executedAmount: 0,
    status: ORDER_STATUS.NEW,
    time: 0,
    updateTime: 0,
    resting: false,
    shown: 0,
    waiting: false,
    terms: undefined,
    strategy: undefined,
    decremented: 0,
    preventedMatch: 0,
  };
}
