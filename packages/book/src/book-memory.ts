import { createSlotPool, type SlotPool } from '@outcry/memory/slot-pool';
import { farLevel, order, trade } from './records.ts';

/** What all books of one engine share: orders, far levels, and the list that matching writes its trades to. */
export class BookMemory {
  readonly orders: SlotPool;
  readonly farLevels: SlotPool;
  /** Trades of the last call of `OrderBook.match`, a record each, oldest first. */
  readonly trades: Int32Array;
  readonly tradeCapacity: number;
  tradeCount = 0;

  constructor(orderCapacity: number, tradeCapacity = 1024) {
    this.orders = createSlotPool(order.WORDS, orderCapacity);
    this.farLevels = createSlotPool(farLevel.WORDS, orderCapacity);
    this.trades = new Int32Array(tradeCapacity * trade.WORDS);
    this.tradeCapacity = tradeCapacity;
  }
}
