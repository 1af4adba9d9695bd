import { BUY, type Side } from '@outcry/market/order-terms';

/** Price levels of one side, best first, with an exact sum of lots each. */
class DepthSide {
  readonly prices: number[] = [];
  readonly lots = new Map<number, number>();
  readonly #side: Side;

  constructor(side: Side) {
    this.#side = side;
  }

  change(price: number, lots: number): void {
    const before = this.lots.get(price);
    const after = (before ?? 0) + lots;
    if (after > 0) {
      this.lots.set(price, after);
      if (before === undefined) this.prices.splice(this.#place(price), 0, price);
      return;
    }
    this.lots.delete(price);
    if (before !== undefined) this.prices.splice(this.#place(price), 1);
  }

  #place(price: number): number {
    let low = 0;
    let high = this.prices.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#side === BUY ? this.prices[middle] > price : this.prices[middle] < price) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export interface DepthChange {
  firstUpdateId: number;
  lastUpdateId: number;
  bids: [price: number, lots: number][];
  asks: [price: number, lots: number][];
}

/** Changes since the last time somebody took them. */
class ChangeCollector {
  firstUpdateId = 0;
  readonly prices: [Set<number>, Set<number>] = [new Set(), new Set()];
}

/** One instrument's aggregated book, with update ids that let a client join a snapshot and the changes after it. */
export class Depth {
  readonly #sides: [DepthSide, DepthSide] = [new DepthSide(0), new DepthSide(1)];
  readonly #collectors: ChangeCollector[] = [];
  /** Number of the last change; every change has one. */
  updateId = 1;

  /** Somebody who takes changes at intervals. Returns a number for {@link take}. */
  addCollector(): number {
    return this.#collectors.push(new ChangeCollector()) - 1;
  }

  change(side: Side, price: number, lots: number): void {
    this.updateId++;
    this.#sides[side].change(price, lots);
    for (const collector of this.#collectors) {
      if (collector.firstUpdateId === 0) collector.firstUpdateId = this.updateId;
      collector.prices[side].add(price);
    }
  }

  /** The changes since the last take, with each price's sum now (0: gone); undefined when there are none. */
  take(collectorNumber: number): DepthChange | undefined {
    const collector = this.#collectors[collectorNumber];
    if (collector.firstUpdateId === 0) return undefined;
    const changed = (side: Side): [number, number][] =>
      [...collector.prices[side]].map((price) => [price, this.#sides[side].lots.get(price) ?? 0]);
    const change = { firstUpdateId: collector.firstUpdateId, lastUpdateId: this.updateId, bids: changed(0), asks: changed(1) };
    collector.firstUpdateId = 0;
    collector.prices[0].clear();
    collector.prices[1].clear();
    return change;
  }

  best(side: Side): [price: number, lots: number] | undefined {
    const price = this.#sides[side].prices[0];
    return price === undefined ? undefined : [price, this.#sides[side].lots.get(price)!];
  }

  /** The best levels of a side. */
  levels(side: Side, limit: number): [price: number, lots: number][] {
    const { prices, lots } = this.#sides[side];
    return prices.slice(0, limit).map((price) => [price, lots.get(price)!]);
  }
}
