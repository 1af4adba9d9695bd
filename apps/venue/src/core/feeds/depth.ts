/** One instrument's book by level, with update ids for snapshots and changes. */
import { createLevelPool, LevelSums } from '@outcry/book/level-sums';
import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import type { SlotPool } from '@outcry/memory/slot-pool';

/** Collectors that have a mark of their own in the levels. */
const MARKED = 31;
const FIRST_PRICES = 64;
/** Far levels of a book that shares no memory with others. */
const OWN_LEVELS = 1 << 16;

export interface DepthChange {
  firstUpdateId: number;
  lastUpdateId: number;
  bids: [price: number, lots: number][];
  asks: [price: number, lots: number][];
}

/** Prices of one side that changed. One may be noted more than once; there are never more than twice as many as are different. */
class ChangedPrices {
  #prices = new Int32Array(FIRST_PRICES);
  #count = 0;

  add(price: number): void {
    if (this.#count === this.#prices.length) this.#makeRoom();
    this.#prices[this.#count++] = price;
  }

  /** All of them, each once, lowest first. Valid until the next {@link add}. */
  take(): Int32Array {
    const prices = this.#sorted();
    this.#count = 0;
    return prices;
  }

  #sorted(): Int32Array {
    const prices = this.#prices.subarray(0, this.#count).sort();
    let count = 0;
    for (let i = 0; i < prices.length; i++) if (i === 0 || prices[i] !== prices[i - 1]) prices[count++] = prices[i];
    return prices.subarray(0, count);
  }

  #makeRoom(): void {
    const prices = this.#sorted();
    this.#count = prices.length;
    if (prices.length * 2 <= this.#prices.length) return;
    const wider = new Int32Array(this.#prices.length * 2);
    wider.set(prices);
    this.#prices = wider;
  }
}

/** Changes since the last time somebody took them. */
class ChangeCollector {
  firstUpdateId = 0;
  readonly mark: number;
  readonly sides: readonly [ChangedPrices, ChangedPrices] = [new ChangedPrices(), new ChangedPrices()];

  /** @param mark its bit in the levels that it has noted, 0: it has none, and notes every change */
  constructor(mark: number) {
    this.mark = mark;
  }

  note(side: Side, price: number, updateId: number): void {
    if (this.firstUpdateId === 0) this.firstUpdateId = updateId;
    this.sides[side].add(price);
  }
}

/**
 * One instrument's aggregated book, with update ids that let a client join a snapshot and the changes after it. Its changes are to be
 * taken. A change costs the same however many levels there are; taking k changed prices sorts those k.
 */
export class Depth {
  /** Number of the last change; every change has one. */
  updateId = 1;
  readonly #levels: LevelSums;
  readonly #collectors: ChangeCollector[] = [];
  /** marks of all collectors */
  #marks = 0;

  /** @param levels of createLevelPool, which books may share */
  constructor(levels: SlotPool = createLevelPool(OWN_LEVELS)) {
    this.#levels = new LevelSums(levels);
  }

  /** Somebody who takes changes at intervals. Returns a number for {@link take}. */
  addCollector(): number {
    const number = this.#collectors.length;
    const mark = number < MARKED ? 1 << number : 0;
    this.#marks |= mark;
    this.#collectors.push(new ChangeCollector(mark));
    return number;
  }

  change(side: Side, price: number, lots: number): void {
    this.updateId++;
    const fresh = this.#levels.change(side, price, lots, this.#marks);
    if (fresh === 0 && this.#collectors.length <= MARKED) return;
    for (let i = 0; i < this.#collectors.length; i++) {
      const collector = this.#collectors[i];
      if (collector.mark === 0 || (fresh & collector.mark) !== 0) collector.note(side, price, this.updateId);
    }
  }

  /** The changes since the last take, with each price's sum now (0: gone), best first; undefined when there are none. */
  take(collectorNumber: number): DepthChange | undefined {
    const collector = this.#collectors[collectorNumber];
    if (collector.firstUpdateId === 0) return undefined;
    const { firstUpdateId } = collector;
    collector.firstUpdateId = 0;
    const [bids, asks] = [this.#taken(collector, BUY), this.#taken(collector, SELL)];
    return { firstUpdateId, lastUpdateId: this.updateId, bids: bids.reverse(), asks };
  }

  #taken(collector: ChangeCollector, side: Side): [price: number, lots: number][] {
    const changed: [number, number][] = [];
    for (const price of collector.sides[side].take()) {
      this.#levels.unmark(side, price, collector.mark);
      changed.push([price, this.#levels.lotsAt(side, price)]);
    }
    return changed;
  }

  /** What a price has: 0 when nothing. */
  lotsAt(side: Side, price: number): number {
    return this.#levels.lotsAt(side, price);
  }

  best(side: Side): [price: number, lots: number] | undefined {
    const price = this.#levels.best(side);
    return price === 0 ? undefined : [price, this.#levels.lotsAt(side, price)];
  }

  /** The best levels of a side. @param after only those worse than this price, to read a deep book piece by piece */
  levels(side: Side, limit: number, after = 0): [price: number, lots: number][] {
    const levels = this.#levels;
    const found: [number, number][] = [];
    let price = after === 0 ? levels.best(side) : levels.behind(side, after);
    for (; price !== 0 && found.length < limit; price = levels.behind(side, price)) found.push([price, levels.lotsAt(side, price)]);
    return found;
  }
}
