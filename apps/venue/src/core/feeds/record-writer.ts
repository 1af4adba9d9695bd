import { BUY, type Side } from '@outcry/market/order-terms';
import type { Ring } from '@outcry/memory/ring';
import type { Candle } from '../../domain/candle.ts';
import { BASE_BITS, type Exact } from '../../domain/exact.ts';
import type { Trade } from '../../domain/orders.ts';
import type { MarketState } from './market-state.ts';
import { NEW_AGGREGATE, RECORD, record, recordHead, sum as sums, TAKER_SELLS } from './record.ts';

const WORD = 2 ** 32;

/** Writes records of a publisher's queue at given places, with the values that the markets have now. */
export class RecordWriter {
  readonly #ring: Ring;
  readonly #states: readonly MarketState[];

  constructor(ring: Ring, states: readonly MarketState[]) {
    this.#ring = ring;
    this.#states = states;
  }

  begin(at: number, head: number, instrument: number, price: number): void {
    const { i32 } = this.#ring;
    i32[at + record.HEAD] = head;
    i32[at + record.INSTRUMENT] = instrument;
    i32[at + record.PRICE] = price;
  }

  instrument(at: number, instrument: number): void {
    const { f64 } = this.#ring;
    const { lastPrice, lastTradeId, depth } = this.#states[instrument];
    this.begin(at, RECORD.INSTRUMENT, instrument, lastPrice);
    f64[(at >> 1) + record.F64_ID] = lastTradeId;
    f64[(at >> 1) + record.F64_UPDATE] = depth.updateId;
  }

  trade(at: number, trade: Readonly<Trade>): void {
    const { i32, f64 } = this.#ring;
    const flags = (trade.takerSide === BUY ? 0 : TAKER_SELLS) | (trade.newAggregate ? NEW_AGGREGATE : 0);
    this.begin(at, recordHead(RECORD.TRADE, flags), trade.instrument, trade.price);
    i32[at + record.QUANTITY] = trade.quantity;
    f64[(at >> 1) + record.F64_ID] = trade.id;
    f64[(at >> 1) + record.F64_AGGREGATE] = trade.aggregate;
    f64[(at >> 1) + record.F64_AMOUNT] = trade.amount;
    f64[(at >> 1) + record.F64_TIME] = trade.time;
  }

  level(at: number, instrument: number, side: Side, price: number): void {
    const { f64 } = this.#ring;
    const { depth } = this.#states[instrument];
    this.begin(at, recordHead(RECORD.LEVEL, side), instrument, price);
    f64[(at >> 1) + record.F64_LOTS] = depth.lotsAt(side, price);
    f64[(at >> 1) + record.F64_UPDATE] = depth.updateId;
  }

  state(at: number, instrument: number): void {
    const { state, reference } = this.#states[instrument];
    this.begin(at, RECORD.STATE, instrument, reference);
    this.#ring.i32[at + record.QUANTITY] = state;
  }

  auction(at: number, instrument: number, isDone: boolean): void {
    const { price, volume, surplus } = this.#states[instrument].auction;
    this.begin(at, recordHead(RECORD.AUCTION, isDone ? 1 : 0), instrument, price);
    this.#ring.f64[(at >> 1) + record.F64_VOLUME] = volume;
    this.#ring.f64[(at >> 1) + record.F64_SURPLUS] = surplus;
  }

  sum(at: number, instrument: number, candle: Candle, seconds: number): void {
    const { i32 } = this.#ring;
    i32[at + record.HEAD] = recordHead(RECORD.SUM, seconds);
    i32[at + record.INSTRUMENT] = instrument;
    i32[at + sums.OPEN_TIME] = candle.openTime / 1000;
    i32[at + sums.OPEN] = candle.open;
    i32[at + sums.HIGH] = candle.high;
    i32[at + sums.LOW] = candle.low;
    i32[at + sums.CLOSE] = candle.close;
    i32[at + sums.TRADES] = candle.trades;
    this.#exact(at + sums.QUANTITY, candle.quantity);
    this.#exact(at + sums.AMOUNT, candle.amount);
    this.#exact(at + sums.TAKER_BUY_QUANTITY, candle.takerBuyQuantity);
    this.#exact(at + sums.TAKER_BUY_AMOUNT, candle.takerBuyAmount);
  }

  #exact(at: number, { high, low }: Readonly<Exact>): void {
    this.#ring.i32[at] = low % WORD;
    this.#ring.i32[at + 1] = Math.floor(low / WORD) | (high << (BASE_BITS - 32));
  }

  last(at: number, instrument: number): void {
    const { lastTradeId, lastPrice, lastQuantity, lastTradeTime } = this.#states[instrument];
    this.begin(at, RECORD.LAST, instrument, lastPrice);
    this.#ring.i32[at + record.QUANTITY] = lastQuantity;
    this.#ring.f64[(at >> 1) + record.F64_ID] = lastTradeId;
    this.#ring.f64[(at >> 1) + record.F64_AGGREGATE] = lastTradeTime;
  }

  turnMark(at: number, turn: number): void {
    this.begin(at, RECORD.TURN_MARK, 0, 0);
    this.#ring.f64[(at >> 1) + record.F64_TURN] = turn;
  }
}
