/** The order lane's end of a publisher's queue: it never waits, and conflates what has no room. */
import { BUY, type Side } from '@outcry/market/order-terms';
import { isCall } from '@outcry/market/states';
import type { Bell } from '@outcry/memory/bell';
import type { Ring } from '@outcry/memory/ring';
import { addPrint, type Candle, newCandle, spanStart } from '../../domain/candle.ts';
import type { AuctionPrice, Trade } from '../../domain/orders.ts';
import type { MarketListener } from '../orders/listeners.ts';
import type { MarketState } from './market-state.ts';
import { MOST_HIGH, RECORD, recordHead } from './record.ts';
import { RecordWriter } from './record-writer.ts';

/** Seconds of an instrument that are kept one by one; from then on minutes. */
const MOST_SECONDS = 64;
const SECOND = 1;
const MINUTE = 60;
/** Changed prices of a side that are kept one by one. */
const MOST_PRICES = 1 << 15;
const RETRY_MS = 5;

interface Sum {
  candle: Candle;
  seconds: number;
}

/** What found no room yet, of one instrument. */
class Backlog {
  /** prices that changed, by side */
  readonly prices: [Set<number>, Set<number>] = [new Set(), new Set()];
  /** by side: too many changed, the whole side is told */
  readonly isWhole: [boolean, boolean] = [false, false];
  readonly sums: Sum[] = [];
  /** whether which trade was the last is to be told */
  needsLast = false;
  hasState = false;
  hasAuction = false;
  isAuctionDone = false;

  addPrice(side: Side, price: number): void {
    if (this.isWhole[side]) return;
    const prices = this.prices[side];
    if (prices.add(price).size < MOST_PRICES) return;
    prices.clear();
    this.isWhole[side] = true;
  }

  get isEmpty(): boolean {
    const hasPrices = this.prices[0].size > 0 || this.prices[1].size > 0 || this.isWhole[0] || this.isWhole[1];
    return !hasPrices && !this.needsLast && !this.hasState && !this.hasAuction;
  }
}

/**
 * The order lane's end of a publisher's queue: never waits. What finds no room is kept as what changed, and its value is read when there is
 * room again: prices, states and auctions by their last value, trades as candles. One writer.
 */
export class MarketQueue implements MarketListener {
  #ring: Ring;
  #bell: Bell;
  readonly #states: readonly MarketState[];
  #write: RecordWriter;
  readonly #backlogs = new Map<number, Backlog>();
  /** one past the last record written */
  #position: number;
  #published: number;
  #turn = 0;
  #owesTurnMark = false;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;
  #droppedTrades = 0;

  constructor(ring: Ring, bell: Bell, states: readonly MarketState[]) {
    this.#ring = ring;
    this.#bell = bell;
    this.#states = states;
    this.#write = new RecordWriter(ring, states);
    this.#position = this.#published = ring.published();
  }

  /** The number of the last turn that was ended. */
  get turn(): number {
    return this.#turn;
  }

  /** Prints that were only told as part of a candle. */
  get droppedTrades(): number {
    return this.#droppedTrades;
  }

  /** Records that are not taken yet, and instruments of which something found no room. */
  get backlog(): { records: number; instruments: number } {
    return { records: this.#ring.inUse(), instruments: this.#backlogs.size };
  }

  onTrade(trade: Readonly<Trade>): void {
    const at = this.#claim();
    if (at < 0) this.#keepTrade(trade);
    else this.#write.trade(at, trade);
  }

  onDepth(instrument: number, side: Side, price: number): void {
    const at = this.#claim();
    if (at < 0) this.#keep(instrument).addPrice(side, price);
    else this.#write.level(at, instrument, side, price);
  }

  onState(instrument: number): void {
    const at = this.#claim();
    if (at < 0) this.#keep(instrument).hasState = true;
    else this.#write.state(at, instrument);
  }

  onAuction(instrument: number, _auction: AuctionPrice, isDone: boolean): void {
    const at = this.#claim();
    if (at >= 0) return this.#write.auction(at, instrument, isDone);
    const backlog = this.#keep(instrument);
    backlog.hasAuction = true;
    backlog.isAuctionDone = isDone;
  }

  /** Comes at a start only, before trading: there is room. */
  onInstrument(instrument: number): void {
    const at = this.#claim();
    if (at < 0) throw new Error('the publisher queue is too small for the instruments: raise publisherSlots');
    this.#write.instrument(at, instrument);
  }

  /** A turn of the order lane is over: what it brought may be shown, once nothing of it is missing. */
  endTurn(): void {
    this.#turn++;
    this.#owesTurnMark = true;
    this.#flush();
  }

  /** Begins anew for a publisher that knows of nothing: tells it all that the markets are. */
  restart(ring: Ring, bell: Bell): void {
    this.close();
    this.#ring = ring;
    this.#bell = bell;
    this.#write = new RecordWriter(ring, this.#states);
    this.#position = this.#published = ring.published();
    this.#isClosed = false;
    for (const [instrument, { state }] of this.#states.entries()) {
      const backlog = this.#keep(instrument);
      backlog.isWhole[0] = backlog.isWhole[1] = true;
      backlog.needsLast = backlog.hasState = backlog.hasAuction = true;
      backlog.isAuctionDone = !isCall(state);
    }
    this.#owesTurnMark = true;
    this.#flush();
  }

  /** The publisher is gone: from now on nothing is kept for it. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#backlogs.clear();
  }

  #flush(): void {
    if (this.#isClosed) return;
    for (const [instrument, backlog] of this.#backlogs) {
      this.#catchUp(instrument, backlog);
      if (!backlog.isEmpty) break;
      this.#backlogs.delete(instrument);
    }
    if (this.#backlogs.size === 0 && this.#owesTurnMark) {
      const at = this.#claim();
      if (at >= 0) {
        this.#write.turnMark(at, this.#turn);
        this.#owesTurnMark = false;
      }
    }
    this.#publish();
    if (this.#owesTurnMark) this.#retry ??= setTimeout(() => this.#tryAgain(), RETRY_MS);
  }

  #tryAgain(): void {
    this.#retry = undefined;
    this.#flush();
  }

  #publish(): void {
    if (this.#position === this.#published) return;
    this.#published = this.#position;
    this.#ring.publishUntil(this.#position);
    this.#bell.ring();
  }

  /** Writes what an instrument's backlog has, as far as there is room. */
  #catchUp(instrument: number, backlog: Backlog): void {
    if (!this.#catchUpTrades(instrument, backlog)) return;
    for (const side of [0, 1] as const) {
      const prices = backlog.prices[side];
      if (backlog.isWhole[side]) {
        const at = this.#next();
        if (at < 0) return;
        this.#write.begin(at, recordHead(RECORD.CLEAR, side), instrument, 0);
        backlog.isWhole[side] = false;
        for (const [price] of this.#states[instrument].depth.levels(side, Number.MAX_SAFE_INTEGER)) prices.add(price);
      }
      for (const price of prices) {
        const at = this.#next();
        if (at < 0) return;
        this.#write.level(at, instrument, side, price);
        prices.delete(price);
      }
    }
    if (backlog.hasState) {
      const at = this.#next();
      if (at < 0) return;
      this.#write.state(at, instrument);
      backlog.hasState = false;
    }
    if (backlog.hasAuction) {
      const at = this.#next();
      if (at < 0) return;
      this.#write.auction(at, instrument, backlog.isAuctionDone);
      backlog.hasAuction = false;
    }
  }

  /** Returns whether all of them are written: sums, and after them which trade was the last. */
  #catchUpTrades(instrument: number, backlog: Backlog): boolean {
    let written = 0;
    for (const sum of backlog.sums) {
      const at = this.#next();
      if (at < 0) break;
      this.#write.sum(at, instrument, sum.candle, sum.seconds);
      written++;
    }
    backlog.sums.splice(0, written);
    if (backlog.sums.length > 0) return false;
    if (!backlog.needsLast) return true;
    const at = this.#next();
    if (at < 0) return false;
    this.#write.last(at, instrument);
    backlog.needsLast = false;
    return true;
  }

  #keep(instrument: number): Backlog {
    let backlog = this.#backlogs.get(instrument);
    if (backlog === undefined) {
      backlog = new Backlog();
      this.#backlogs.set(instrument, backlog);
    }
    return backlog;
  }

  #keepTrade(trade: Readonly<Trade>): void {
    this.#droppedTrades++;
    if (this.#isClosed) return;
    const backlog = this.#keep(trade.instrument);
    backlog.needsLast = true;
    const { sums } = backlog;
    const isLong = sums.length >= MOST_SECONDS;
    const seconds = isLong ? MINUTE : SECOND;
    const start = spanStart(trade.time / 1000, seconds);
    let last = sums.at(-1);
    const isFull = last !== undefined && (last.candle.amount.high >= MOST_HIGH || last.candle.quantity.high >= MOST_HIGH);
    if (last === undefined || isFull || last.seconds !== seconds || last.candle.openTime !== start) {
      last = { candle: newCandle(start, trade.price), seconds };
      sums.push(last);
    }
    addPrint(last.candle, trade.price, trade.quantity, trade.amount, trade.takerSide === BUY);
  }

  /** A place for a record that says something new; -1: there is none, or older ones wait for theirs. */
  #claim(): number {
    return this.#backlogs.size > 0 || this.#isClosed ? -1 : this.#next();
  }

  /** Word offset of the next record; -1: no room. */
  #next(): number {
    const position = this.#ring.claim(1);
    if (position < 0) return -1;
    this.#position = position + 1;
    return this.#ring.wordOf(position);
  }
}
