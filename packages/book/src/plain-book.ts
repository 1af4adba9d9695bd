/** A plain order book, the model for tests and benchmarks. */
import { BUY, type Side } from '@outcry/market/order-terms';

/** A trade of a {@link PlainBook}. */
export interface PlainTrade {
  readonly maker: number;
  readonly taker: number;
  readonly price: number;
  readonly quantity: number;
}

interface PlainOrder {
  readonly id: number;
  readonly side: Side;
  readonly price: number;
  quantity: number;
}

/**
 * Price-time priority, written to be read, not to be fast: the model that the order book is tested against and that benchmarks
 * check their results with. Orders of a side are kept in one array a price; prices in one sorted array a side, best first.
 */
export class PlainBook {
  readonly trades: PlainTrade[] = [];
  readonly orders = new Map<number, PlainOrder>();
  readonly #prices: [number[], number[]] = [[], []];
  readonly #queues: [Map<number, PlainOrder[]>, Map<number, PlainOrder[]>] = [new Map(), new Map()];
  /** Called when an order leaves the book. */
  onDone: (id: number) => void = () => {};

  /** @param price null: any price @returns what is left after trading */
  match(id: number, side: Side, price: number | null, quantity: number): number {
    const other = (1 - side) as Side;
    let left = quantity;
    while (left > 0) {
      const best = this.best(other);
      if (best === null || (price !== null && (side === BUY ? best > price : best < price))) break;
      const maker = this.#queues[other].get(best)![0];
      const fill = Math.min(left, maker.quantity);
      this.trades.push({ maker: maker.id, taker: id, price: best, quantity: fill });
      left -= fill;
      maker.quantity -= fill;
      if (maker.quantity === 0) this.cancel(maker.id);
    }
    return left;
  }

  limit(id: number, side: Side, price: number, quantity: number): void {
    const left = this.match(id, side, price, quantity);
    if (left > 0) this.rest(id, side, price, left);
  }

  rest(id: number, side: Side, price: number, quantity: number): void {
    const order = { id, side, price, quantity };
    this.orders.set(id, order);
    const queue = this.#queues[side].get(price);
    if (queue) queue.push(order);
    else {
      this.#queues[side].set(price, [order]);
      this.#prices[side].splice(this.#place(side, price), 0, price);
    }
  }

  cancel(id: number): boolean {
    const order = this.orders.get(id);
    if (order === undefined) return false;
    const queue = this.#queues[order.side].get(order.price)!;
    queue.splice(queue.indexOf(order), 1);
    if (queue.length === 0) {
      this.#queues[order.side].delete(order.price);
      this.#prices[order.side].splice(this.#place(order.side, order.price), 1);
    }
    this.orders.delete(id);
    this.onDone(id);
    return true;
  }

  /** Cancel and new order under the same id: it loses its place and may trade. */
  replace(id: number, price: number, quantity: number): boolean {
    const order = this.orders.get(id);
    if (order === undefined) return false;
    this.cancel(id);
    this.limit(id, order.side, price, quantity);
    return true;
  }

  reduce(id: number, quantity: number): void {
    this.orders.get(id)!.quantity = quantity;
  }

  best(side: Side): number | null {
    return this.#prices[side][0] ?? null;
  }

  /** Price levels of a side, best first: price and sum of quantities. */
  levels(side: Side): [price: number, quantity: number][] {
    return this.#prices[side].map((price) => [price, this.#queues[side].get(price)!.reduce((sum, order) => sum + order.quantity, 0)]);
  }

  /** Ids of a price's queue, oldest first. */
  queue(side: Side, price: number): number[] {
    return (this.#queues[side].get(price) ?? []).map((order) => order.id);
  }

  /** Where a price stands, or would stand, among a side's prices. */
  #place(side: Side, price: number): number {
    const prices = this.#prices[side];
    let low = 0;
    let high = prices.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (side === BUY ? prices[middle] > price : prices[middle] < price) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
