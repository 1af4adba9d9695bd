import { BUY, SELL, type Side } from '@outcry/market/order-terms';

const SIDES: readonly Side[] = [BUY, SELL];

/** A price of one side: the exact sum of its lots, and by collector the take that it was last noted for. */
interface Level {
  lots: number;
  readonly noted: number[];
}

/** Price levels of one side, best first. */
class DepthSide {
  readonly prices: number[] = [];
  readonly #levels = new Map<number, Level>();
  readonly #side: Side;

  constructor(side: Side) {
    this.#side = side;
  }

  /** Adds lots to a price, or takes them off. Its level stays, also with none left, until it is forgotten. */
  change(price: number, lots: number): Level {
    let level = this.#levels.get(price);
    if (level === undefined) {
      level = { lots: 0, noted: [] };
      this.#levels.set(price, level);
    }
    const before = level.lots;
    level.lots = Math.max(0, before + lots);
    if (before === 0 && level.lots > 0) this.prices.splice(this.#place(price), 0, price);
    else if (before > 0 && level.lots === 0) this.prices.splice(this.#place(price), 1);
    return level;
  }

  /** Forgets a price that has no lots. */
  forget(price: number): void {
    if (this.#levels.get(price)?.lots === 0) this.#levels.delete(price);
  }

  lotsAt(price: number): number {
    return this.#levels.get(price)?.lots ?? 0;
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
  /** which take the changes are for, from 1 */
  take = 1;
  /** prices changed; one that was forgotten meanwhile may be noted again */
  readonly prices: [number[], number[]] = [[], []];
}

/** One instrument's aggregated book, with update ids that let a client join a snapshot and the changes after it. Its changes are to be taken. */
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
    const { noted } = this.#sides[side].change(price, lots);
    for (let i = 0; i < this.#collectors.length; i++) {
      const collector = this.#collectors[i];
      if (noted[i] === collector.take) continue;
      noted[i] = collector.take;
      if (collector.firstUpdateId === 0) collector.firstUpdateId = this.updateId;
      collector.prices[side].push(price);
    }
  }

  /** The changes since the last take, with each price's sum now (0: gone); undefined when there are none. */
  take(collectorNumber: number): DepthChange | undefined {
    const collector = this.#collectors[collectorNumber];
    if (collector.firstUpdateId === 0) return undefined;
    const changed = (side: Side): [number, number][] =>
      [...new Set(collector.prices[side])].map((price) => [price, this.#sides[side].lotsAt(price)]);
    const change = { firstUpdateId: collector.firstUpdateId, lastUpdateId: this.updateId, bids: changed(0), asks: changed(1) };
    collector.firstUpdateId = 0;
    collector.take++;
    for (const side of SIDES) for (const price of collector.prices[side].splice(0)) this.#sides[side].forget(price);
    return change;
  }

  /** What a price has: 0 when nothing. */
  lotsAt(side: Side, price: number): number {
    return this.#sides[side].lotsAt(price);
  }

  best(side: Side): [price: number, lots: number] | undefined {
    const price = this.#sides[side].prices[0];
    return price === undefined ? undefined : [price, this.#sides[side].lotsAt(price)];
  }

  /** The best levels of a side. */
  levels(side: Side, limit: number): [price: number, lots: number][] {
    return this.#sides[side].prices.slice(0, limit).map((price) => [price, this.#sides[side].lotsAt(price)]);
  }
}
