/** One instrument's levels and trades, shared by all FIX subscriptions to it. */
import { BUY, SELL, type Side } from '@outcry/market/order-terms';
import type { Depth } from '../../core/feeds/depth.ts';
import type { MarketState } from '../../core/feeds/market-state.ts';
import type { Instrument } from '../../domain/market.ts';
import type { Trade } from '../../domain/orders.ts';

const SIDES: readonly Side[] = [BUY, SELL];
/** Takes of changes, their prices, and trades that are kept for those who lag. */
const MOST_BATCHES = 64;
const MOST_KEPT_CHANGES = 20_000;
const MOST_TRADES = 1024;
/** An image is made anew when so many prices have changed since, and as many as it has. */
const MOST_OVERLAY = 10_000;
/** Making images takes one part in so many of the thread's time at most. */
const IMAGE_SHARE = 20;

/** A price whose sum changed. */
export interface Change {
  price: number;
  /** lots, 0: it is gone */
  lots: number;
  isNew: boolean;
}

/** All levels of a side, best first, after the changes up to a version. It never changes. */
export interface Image {
  readonly version: number;
  readonly prices: Int32Array;
  readonly lots: Float64Array;
}

interface SideState {
  image: Image | undefined;
  madeAt: number;
  /** what changed since the image */
  overlay: Map<number, number>;
}

interface Batch {
  version: number;
  sides: [Change[], Change[]];
}

/**
 * What all subscriptions of an instrument share: its changes in versions, the image of a deep book, and its latest trades. A subscription is
 * a place in these: it costs no memory of its own however deep the book is, and one that lags further than what is kept begins again.
 */
export class InstrumentFeed<Subscription> {
  readonly instrument: Instrument;
  readonly market: MarketState;
  readonly subscriptions = new Set<Subscription>();
  /** of the last changes taken */
  version = 0;
  /** number of the next trade */
  nextTrade = 0;
  /** its subscribers will hear of a trade at the end of this turn */
  isTradeDue = false;
  readonly #depth: Depth;
  readonly #collector: number;
  readonly #sides: [SideState, SideState] = [newSide(), newSide()];
  #batches: Batch[] = [];
  #keptChanges = 0;
  /** the last version whose changes are not kept */
  #oldest = 0;
  #trades: { price: number; lots: number }[] = [];
  /** for all feeds of the thread: when the next image may be made */
  static #imageAt = 0;

  constructor(market: MarketState) {
    this.market = market;
    this.instrument = market.instrument;
    this.#depth = market.depth;
    this.#collector = market.depth.addCollector();
  }

  // ── The book ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes in what has changed. */
  take(): void {
    const change = this.#depth.take(this.#collector);
    if (this.subscriptions.size === 0) this.#forget();
    if (change === undefined) return;
    const sides: Batch['sides'] = [this.#changes(BUY, change.bids), this.#changes(SELL, change.asks)];
    this.version++;
    const count = sides[BUY].length + sides[SELL].length;
    if (count === 0) return;
    this.#batches.push({ version: this.version, sides });
    this.#keptChanges += count;
    while (this.#batches.length > MOST_BATCHES || (this.#keptChanges > MOST_KEPT_CHANGES && this.#batches.length > 1)) {
      const [oldest] = this.#batches.splice(0, 1);
      this.#keptChanges -= oldest.sides[BUY].length + oldest.sides[SELL].length;
      this.#oldest = oldest.version;
    }
  }

  /** An image of a side as it was at some time or later; undefined: not yet, ask again. */
  imageSince(side: Side, time: number): Image | undefined {
    this.take();
    const { image: known, overlay, madeAt } = this.#sides[side];
    if (known !== undefined && overlay.size === 0) return { ...known, version: this.version };
    if (known !== undefined && madeAt >= time && known.version >= this.#oldest) return known;
    const now = performance.now();
    if (now < InstrumentFeed.#imageAt) return undefined;
    const image = this.#makeImage(side);
    const end = performance.now();
    InstrumentFeed.#imageAt = end + (end - now) * IMAGE_SHARE;
    return image;
  }

  /** The changes of a side after a version, one version at a time; undefined: they are not kept any more. */
  changesAfter(side: Side, version: number): { version: number; changes: readonly Change[] } | undefined {
    if (version < this.#oldest) return undefined;
    const next = this.#batches.find((batch) => batch.version > version);
    return next === undefined ? { version: this.version, changes: [] } : { version: next.version, changes: next.sides[side] };
  }

  #changes(side: Side, levels: readonly (readonly [price: number, lots: number])[]): Change[] {
    const { image, overlay } = this.#sides[side];
    if (image === undefined) return [];
    const changes: Change[] = [];
    for (const [price, lots] of levels) {
      const before = overlay.get(price) ?? lotsIn(image, side, price);
      if (before === lots) continue;
      overlay.set(price, lots);
      changes.push({ price, lots, isNew: before === 0 });
    }
    if (overlay.size > MOST_OVERLAY + image.prices.length) this.#makeImage(side);
    return changes;
  }

  /** Right after changes were taken: it has all of them. */
  #makeImage(side: Side): Image {
    const levels = this.#depth.levels(side, Number.MAX_SAFE_INTEGER);
    const image = { version: this.version, prices: new Int32Array(levels.length), lots: new Float64Array(levels.length) };
    for (let i = 0; i < levels.length; i++) {
      image.prices[i] = levels[i][0];
      image.lots[i] = levels[i][1];
    }
    this.#sides[side] = { image, madeAt: performance.now(), overlay: new Map() };
    return image;
  }

  #forget(): void {
    for (const side of SIDES) this.#sides[side] = newSide();
    this.#batches = [];
    this.#keptChanges = 0;
    this.#oldest = this.version;
    this.#trades = [];
  }

  // ── Trades ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  addTrade({ price, quantity }: Readonly<Trade>): void {
    this.#trades.push({ price, lots: quantity });
    this.nextTrade++;
    if (this.#trades.length >= MOST_TRADES * 2) this.#trades = this.#trades.slice(-MOST_TRADES);
  }

  /** Trades from a number on, at most so many; the first ones may not be kept any more. */
  tradesFrom(number: number, most: number): { next: number; trades: { price: number; lots: number }[] } {
    const first = this.nextTrade - this.#trades.length;
    const from = Math.max(number, first);
    const trades = this.#trades.slice(from - first, from - first + most);
    return { next: from + trades.length, trades };
  }
}

function newSide(): SideState {
  return { image: undefined, madeAt: 0, overlay: new Map() };
}

/** Lots at a price of an image, 0: there are none. */
function lotsIn({ prices, lots }: Image, side: Side, price: number): number {
  let [low, high] = [0, prices.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (side === BUY ? prices[middle] > price : prices[middle] < price) low = middle + 1;
    else high = middle;
  }
  return prices[low] === price ? lots[low] : 0;
}
