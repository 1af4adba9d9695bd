/** The publisher's end of its queue. */
import type { Side } from '@outcry/market/order-terms';
import type { Ring } from '@outcry/memory/ring';
import type { Candle } from '../../domain/candle.ts';
import { BASE_BITS, type Exact, exact } from '../../domain/exact.ts';
import type { AuctionPrice, Trade } from '../../domain/orders.ts';
import type { MarketFeed } from './market-feed.ts';
import { detailOf, kindOf, NEW_AGGREGATE, RECORD, record, sum, TAKER_SELLS } from './record.ts';

/** Bits of a sum's low part in its second word. */
const UPPER_BITS = BASE_BITS - 32;

/** What a publisher does with what it takes in. The feeds have it already. */
export interface FeedListener {
  /** The trade is one object, filled anew for each. */
  onTrade(trade: Readonly<Trade>): void;
  /** A level changed. */
  onBook(instrument: number): void;
  onState(instrument: number): void;
  onAuction(instrument: number, isDone: boolean): void;
}

/** The publisher's end of its queue: brings the feeds up to date and tells a listener. */
export class QueueReader {
  readonly #ring: Ring;
  readonly #feeds: readonly MarketFeed[];
  readonly #listener: FeedListener;
  readonly #trade: Trade = {
    instrument: 0,
    id: 0,
    aggregate: 0,
    newAggregate: false,
    price: 0,
    quantity: 0,
    amount: 0,
    time: 0,
    takerSide: 0,
  };
  #position: number;
  #turn = 0;
  #isAtTurnMark = true;

  constructor(ring: Ring, feeds: readonly MarketFeed[], listener: FeedListener) {
    this.#ring = ring;
    this.#feeds = feeds;
    this.#listener = listener;
    this.#position = ring.gate(0);
  }

  /** The last turn of the order lane that all was told of. */
  get turn(): number {
    return this.#turn;
  }

  /** Whether the books are as the order lane has, or had, them. */
  get isAtTurnMark(): boolean {
    return this.#isAtTurnMark;
  }

  hasMore(): boolean {
    return this.#ring.published() !== this.#position;
  }

  /** Takes in at most so many records. Returns how many there were. */
  drain(most: number): number {
    const begin = this.#position;
    const end = Math.min(this.#ring.published(), begin + most);
    while (this.#position < end) this.#take(this.#ring.wordOf(this.#position++));
    if (end !== begin) this.#ring.release(0, end);
    return end - begin;
  }

  #take(at: number): void {
    const { i32, f64 } = this.#ring;
    const kind = kindOf(i32[at + record.HEAD]);
    if (kind === RECORD.TURN_MARK) {
      this.#turn = f64[(at >> 1) + record.F64_TURN];
      this.#isAtTurnMark = true;
      return;
    }
    this.#isAtTurnMark = false;
    const instrument = i32[at + record.INSTRUMENT];
    const feed = this.#feeds[instrument];
    const price = i32[at + record.PRICE];
    const more = detailOf(i32[at + record.HEAD]);
    switch (kind) {
      case RECORD.TRADE:
        this.#listener.onTrade(this.#readTrade(at, instrument, price, more));
        break;
      case RECORD.LEVEL:
        feed.setLevel(more as Side, price, f64[(at >> 1) + record.F64_LOTS], f64[(at >> 1) + record.F64_UPDATE]);
        this.#listener.onBook(instrument);
        break;
      case RECORD.CLEAR:
        feed.clearSide(more as Side);
        this.#listener.onBook(instrument);
        break;
      case RECORD.STATE:
        feed.state = i32[at + record.QUANTITY];
        feed.reference = price;
        this.#listener.onState(instrument);
        break;
      case RECORD.AUCTION:
        feed.auction = this.#readAuction(at, price);
        this.#listener.onAuction(instrument, more !== 0);
        break;
      case RECORD.INSTRUMENT:
        feed.begin(price, f64[(at >> 1) + record.F64_ID], f64[(at >> 1) + record.F64_UPDATE]);
        break;
      case RECORD.SUM:
        feed.addSum(this.#readSum(at), more);
        break;
      case RECORD.LAST:
        feed.setLast(f64[(at >> 1) + record.F64_ID], price, i32[at + record.QUANTITY], f64[(at >> 1) + record.F64_AGGREGATE]);
        break;
      default:
        throw new Error(`a record of kind ${kind} in the publisher queue`);
    }
  }

  #readTrade(at: number, instrument: number, price: number, flags: number): Trade {
    const { i32, f64 } = this.#ring;
    const trade = this.#trade;
    trade.instrument = instrument;
    trade.price = price;
    trade.quantity = i32[at + record.QUANTITY];
    trade.id = f64[(at >> 1) + record.F64_ID];
    trade.aggregate = f64[(at >> 1) + record.F64_AGGREGATE];
    trade.amount = f64[(at >> 1) + record.F64_AMOUNT];
    trade.time = f64[(at >> 1) + record.F64_TIME];
    trade.takerSide = (flags & TAKER_SELLS) as Side;
    trade.newAggregate = (flags & NEW_AGGREGATE) !== 0;
    return trade;
  }

  #readAuction(at: number, price: number): AuctionPrice {
    const { f64 } = this.#ring;
    return { price, volume: f64[(at >> 1) + record.F64_VOLUME], surplus: f64[(at >> 1) + record.F64_SURPLUS] };
  }

  #readSum(at: number): Candle {
    const { i32 } = this.#ring;
    return {
      openTime: (i32[at + sum.OPEN_TIME] >>> 0) * 1000,
      open: i32[at + sum.OPEN],
      high: i32[at + sum.HIGH],
      low: i32[at + sum.LOW],
      close: i32[at + sum.CLOSE],
      quantity: this.#readExact(at + sum.QUANTITY),
      amount: this.#readExact(at + sum.AMOUNT),
      trades: i32[at + sum.TRADES],
      takerBuyQuantity: this.#readExact(at + sum.TAKER_BUY_QUANTITY),
      takerBuyAmount: this.#readExact(at + sum.TAKER_BUY_AMOUNT),
    };
  }

  #readExact(at: number): Exact {
    const { i32 } = this.#ring;
    const upper = i32[at + 1] >>> 0;
    return exact(upper >>> UPPER_BITS, (upper & ((1 << UPPER_BITS) - 1)) * 2 ** 32 + (i32[at] >>> 0));
  }
}
