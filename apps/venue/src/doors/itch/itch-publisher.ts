import { EVENT, event, IN_AUCTION, IS_HIDDEN, IS_MAKER, RESTING } from '@outcry/market/event';
import { flagsOf, instrumentOf, kindOf, sideOf, stateOf } from '@outcry/market/event-reader';
import { TRADING_STATE } from '@outcry/market/states';
import * as wire from '@outcry/wire/itch';
import { codeOf } from '@outcry/wire/layout';
import type { Instrument, Market } from '../../domain/market.ts';
import { BookSnapshot } from './book-snapshot.ts';
import { ItchMessages } from './itch-messages.ts';
import type { MessageFeed } from './message-feed.ts';
import { ShownOrders } from './shown-orders.ts';

const { ORDER_SLOT, PRICE, QUANTITY, REMAINING } = event;
const { F64_SEQUENCE, F64_TIME, F64_TRADE, F64_ORDER_ID, F64_VOLUME, F64_SURPLUS } = event;

const BUY_LETTER = codeOf('B');
const YES = codeOf('Y');
const NO = codeOf('N');
const SPACE = codeOf(' ');

const CROSSES: Record<number, number> = {
  [TRADING_STATE.PRE_OPEN]: codeOf('O'),
  [TRADING_STATE.OPENING_AUCTION]: codeOf('O'),
  [TRADING_STATE.CLOSING_AUCTION]: codeOf('C'),
  [TRADING_STATE.VOLATILITY_AUCTION]: codeOf('H'),
};

/**
 * Tells the market in ITCH 5.0 what the engine tells the venue: displayed orders and what becomes of them, trades of those that are not,
 * auctions, states. Nothing that a displayed order hides is told: of an iceberg only the piece that shows.
 *
 * Locate numbers are the instrument's and 1, references the venue's order ids, shares lots, match numbers the instrument's trade numbers.
 */
export class ItchPublisher {
  readonly feed: MessageFeed;
  readonly #instruments: readonly Instrument[];
  readonly #messages: ItchMessages;
  readonly #orders: ShownOrders;
  readonly #states: number[];
  /** id of the next order, 0: it is the number of its command */
  #id = 0;
  /** an order that has just joined the book: how much of it shows, the next event says */
  #joinedSlot = 0;
  #joinedLots = 0;
  #joinedTicks = 0;
  #joinedSequence = 0;

  constructor(market: Market, orders: number, feed: MessageFeed) {
    this.feed = feed;
    this.#instruments = market.instruments;
    this.#messages = new ItchMessages(feed.view);
    this.#orders = new ShownOrders(orders);
    this.#states = market.instruments.map(() => TRADING_STATE.CONTINUOUS);
    this.#now();
    this.#event('O');
    this.#event('S');
    for (const instrument of market.instruments) this.#directory(instrument);
    this.#event('Q');
  }

  apply(i32: Int32Array, f64: Float64Array, at: number): void {
    const kind = kindOf(i32, at);
    const slot = i32[at + ORDER_SLOT];
    if (kind === EVENT.SHOWN) {
      this.#messages.time = f64[(at >> 1) + F64_TIME];
      this.#show(i32, at, slot);
      return;
    }
    if (this.#joinedSlot !== 0) this.#addJoined();
    if (kind === EVENT.BALANCE) return;
    this.#messages.time = f64[(at >> 1) + F64_TIME];
    const flags = flagsOf(i32, at);
    switch (kind) {
      case EVENT.ORDER_ID:
        this.#id = f64[(at >> 1) + F64_ORDER_ID];
        break;
      case EVENT.ACCEPTED:
      case EVENT.OPEN_ORDER:
        this.#name(i32, f64, at, slot);
        if ((flags & (RESTING | IS_HIDDEN)) === RESTING) this.#join(i32, f64, at, slot);
        break;
      case EVENT.RESTED:
        if ((flags & IS_HIDDEN) === 0) this.#join(i32, f64, at, slot);
        break;
      case EVENT.FILL:
        this.#fill(i32, f64, at, slot, flags);
        break;
      case EVENT.CANCELLED:
        if (this.#orders.lots(slot) > 0) this.#delete(slot);
        break;
      case EVENT.AMENDED:
        // What an iceberg shows after it is told next.
        if (this.#orders.lots(slot) > i32[at + REMAINING]) this.#reduce(slot, this.#orders.lots(slot) - i32[at + REMAINING]);
        break;
      case EVENT.STATE:
        this.#state(instrumentOf(i32, at), stateOf(i32, at));
        break;
      case EVENT.INDICATIVE:
        this.#indicative(i32, f64, at);
        break;
      case EVENT.AUCTION:
        this.#auction(i32, f64, at);
    }
  }

  /** All events of the commands up to a number have been taken in. */
  passUpTo(sequence: number): void {
    if (this.#joinedSlot !== 0 && this.#joinedSequence <= sequence) this.#addJoined();
  }

  /** The market closes. */
  end(): void {
    this.#now();
    for (const code of ['M', 'E', 'C']) this.#event(code);
    this.feed.endSession();
  }

  /** The book as it is, to be written while the feed goes on. The one before must have been written to its end. */
  snapshot(): BookSnapshot {
    return new BookSnapshot(this.feed.next, this.#instruments, [...this.#states], this.#orders, this.#messages.time);
  }

  // ── Orders ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #name(i32: Int32Array, f64: Float64Array, at: number, slot: number): void {
    const id = this.#id === 0 ? f64[(at >> 1) + F64_SEQUENCE] : this.#id;
    this.#id = 0;
    this.#orders.name(slot, id, instrumentOf(i32, at), sideOf(i32, at));
  }

  #join(i32: Int32Array, f64: Float64Array, at: number, slot: number): void {
    this.#joinedSlot = slot;
    this.#joinedLots = i32[at + REMAINING];
    this.#joinedTicks = i32[at + PRICE];
    this.#joinedSequence = f64[(at >> 1) + F64_SEQUENCE];
  }

  #addJoined(): void {
    const slot = this.#joinedSlot;
    this.#joinedSlot = 0;
    this.#add(slot, this.#joinedLots, this.#joinedTicks);
  }

  #show(i32: Int32Array, at: number, slot: number): void {
    const lots = i32[at + QUANTITY];
    if (slot === this.#joinedSlot) this.#joinedSlot = 0;
    else if (this.#joinedSlot !== 0) this.#addJoined();
    const shown = this.#orders.lots(slot);
    if (lots === shown) return;
    if (shown > 0 && lots > 0 && lots < shown) this.#reduce(slot, shown - lots);
    else {
      if (shown > 0) this.#delete(slot);
      if (lots > 0) this.#add(slot, lots, i32[at + PRICE]);
    }
  }

  #add(slot: number, lots: number, ticks: number): void {
    const orders = this.#orders;
    const instrument = this.#instruments[orders.instrument(slot)];
    if (!canShow(instrument, ticks)) return;
    orders.show(slot, lots, ticks);
    this.feed.push(this.#messages.add(instrument, orders.side(slot), orders.id(slot), lots, ticks));
  }

  #delete(slot: number): void {
    this.#orders.take(slot, this.#orders.lots(slot));
    const message = this.#messages.begin(wire.orderDelete, remove, this.#locateOf(slot));
    message.reference = this.#orders.id(slot);
    this.feed.push(wire.orderDelete.length);
  }

  #reduce(slot: number, lots: number): void {
    this.#orders.take(slot, lots);
    const message = this.#messages.begin(wire.orderCancel, cancel, this.#locateOf(slot));
    message.reference = this.#orders.id(slot);
    message.shares = lots;
    this.feed.push(wire.orderCancel.length);
  }

  #fill(i32: Int32Array, f64: Float64Array, at: number, slot: number, flags: number): void {
    const shown = this.#orders.lots(slot);
    const lots = Math.min(shown, i32[at + QUANTITY]);
    const instrument = this.#instruments[instrumentOf(i32, at)];
    const match = f64[(at >> 1) + F64_TRADE];
    if ((flags & (IS_MAKER | IN_AUCTION)) === 0) return; // of a trade, the resting order tells
    if (shown === 0) {
      if ((flags & IN_AUCTION) === 0) this.#tradeOfHidden(instrument, i32, at, match);
      return;
    }
    this.#orders.take(slot, lots);
    if (this.feed.tradeTime === 0) this.feed.tradeTime = this.#messages.time;
    if ((flags & IN_AUCTION) === 0 && i32[at + PRICE] === this.#orders.ticks(slot)) {
      const message = this.#messages.begin(wire.orderExecuted, executed, instrument.number + 1);
      message.reference = this.#orders.id(slot);
      message.shares = lots;
      message.match = match;
      this.feed.push(wire.orderExecuted.length);
      return;
    }
    const message = this.#messages.begin(wire.orderExecutedPrice, executedPrice, instrument.number + 1);
    message.reference = this.#orders.id(slot);
    message.shares = lots;
    message.match = match;
    message.printable = (flags & IN_AUCTION) === 0 ? YES : NO; // a cross is told as a whole
    message.price = i32[at + PRICE] * instrument.wireTick;
    this.feed.push(wire.orderExecutedPrice.length);
  }

  #tradeOfHidden(instrument: Instrument, i32: Int32Array, at: number, match: number): void {
    if (!canShow(instrument, i32[at + PRICE])) return;
    const message = this.#messages.begin(wire.trade, hidden, instrument.number + 1);
    message.reference = 0;
    message.side = BUY_LETTER; // always, since 2014 (1.5.1)
    message.shares = i32[at + QUANTITY];
    message.stock = instrument.wireSymbol;
    message.price = i32[at + PRICE] * instrument.wireTick;
    message.match = match;
    this.feed.push(wire.trade.length);
  }

  // ── The market ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #state(number: number, state: number): void {
    this.#states[number] = state;
    if (this.#instruments[number].wireTick > 0) this.feed.push(this.#messages.action(this.#instruments[number], state));
  }

  #indicative(i32: Int32Array, f64: Float64Array, at: number): void {
    const number = instrumentOf(i32, at);
    const instrument = this.#instruments[number];
    const price = i32[at + PRICE];
    if (price !== 0 && !canShow(instrument, price)) return;
    const surplus = f64[(at >> 1) + F64_SURPLUS];
    const message = this.#messages.begin(wire.imbalance, noii, number + 1);
    message.paired = f64[(at >> 1) + F64_VOLUME];
    message.imbalance = Math.abs(surplus);
    message.direction = codeOf(price === 0 ? 'O' : surplus > 0 ? 'B' : surplus < 0 ? 'S' : 'N');
    message.stock = instrument.wireSymbol;
    message.farPrice = price * instrument.wireTick;
    message.nearPrice = price * instrument.wireTick;
    message.referencePrice = price * instrument.wireTick;
    message.crossType = CROSSES[this.#states[number]] ?? CROSSES[TRADING_STATE.OPENING_AUCTION];
    message.variation = SPACE;
    this.feed.push(wire.imbalance.length);
  }

  #auction(i32: Int32Array, f64: Float64Array, at: number): void {
    const number = instrumentOf(i32, at);
    const instrument = this.#instruments[number];
    if (!canShow(instrument, i32[at + PRICE])) return;
    const message = this.#messages.begin(wire.crossTrade, cross, number + 1);
    message.shares = f64[(at >> 1) + F64_TRADE];
    message.stock = instrument.wireSymbol;
    message.price = i32[at + PRICE] * instrument.wireTick;
    message.match = f64[(at >> 1) + F64_SEQUENCE];
    message.crossType = CROSSES[this.#states[number]] ?? CROSSES[TRADING_STATE.OPENING_AUCTION];
    this.feed.push(wire.crossTrade.length);
  }

  #directory(instrument: Instrument): void {
    if (instrument.wireTick > 0) this.feed.push(this.#messages.directory(instrument));
  }

  #event(code: string): void {
    const message = this.#messages.begin(wire.systemEvent, system, 0);
    message.event = codeOf(code);
    this.feed.push(wire.systemEvent.length);
  }

  #locateOf(slot: number): number {
    return this.#orders.instrument(slot) + 1;
  }

  #now(): void {
    this.#messages.time = Date.now() * 1000;
  }
}

const remove = new wire.orderDelete.View();
const cancel = new wire.orderCancel.View();
const executed = new wire.orderExecuted.View();
const executedPrice = new wire.orderExecutedPrice.View();
const hidden = new wire.trade.View();
const cross = new wire.crossTrade.View();
const noii = new wire.imbalance.View();
const system = new wire.systemEvent.View();

/** Whether a price fits the field: up to 429,496.7295. What lies above is not shown. */
function canShow(instrument: Instrument, ticks: number): boolean {
  return instrument.wireTick > 0 && ticks * instrument.wireTick <= 0xffffffff;
}
