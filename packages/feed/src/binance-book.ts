/** One instrument's book from Binance's diff stream. */
import { parseUnits } from '@outcry/market/decimal';

/** A depth update as Binance streams it. */
export interface DepthUpdate {
  /** numbers of the first and last change in it */
  U: number;
  u: number;
  b: [price: string, quantity: string][];
  a: [price: string, quantity: string][];
}

/** A depth snapshot as Binance's REST gives it. */
export interface DepthSnapshot {
  lastUpdateId: number;
  bids: [price: string, quantity: string][];
  asks: [price: string, quantity: string][];
}

export type Taken = 'applied' | 'old' | 'waiting' | 'gap';

/** Updates that may wait for a snapshot. */
const MOST_WAITING = 10_000;

/**
 * One instrument's book by level out of Binance's diff stream (Binance Spot API, "How to manage a local order book correctly"): updates
 * wait until a snapshot has come, those it holds are passed over, and each one after must begin where the last one ended. Where one does not,
 * the book is out of step, says so, and waits for a snapshot again. Prices and quantities are whole units of so many decimal places.
 */
export class BinanceBook {
  /** number of the last change taken in; 0: no snapshot yet */
  lastUpdateId = 0;
  gaps = 0;
  readonly #pricePlaces: number;
  readonly #quantityPlaces: number;
  readonly #sides: [bids: Map<number, number>, asks: Map<number, number>] = [new Map(), new Map()];
  #waiting: DepthUpdate[] = [];
  /** whether the first update after the snapshot is still to come: it may overlap */
  #isFirst = true;

  constructor(pricePlaces: number, quantityPlaces: number) {
    this.#pricePlaces = pricePlaces;
    this.#quantityPlaces = quantityPlaces;
  }

  /** Takes a snapshot, and the updates that waited for it. Returns false when it is too old: another must be had. */
  snapshot({ lastUpdateId, bids, asks }: DepthSnapshot): boolean {
    const first = this.#waiting[0];
    if (first !== undefined && first.U > lastUpdateId + 1) return false;
    for (const side of this.#sides) side.clear();
    this.#set(0, bids);
    this.#set(1, asks);
    this.lastUpdateId = lastUpdateId;
    this.#isFirst = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting.every((update) => this.take(update) !== 'gap');
  }

  /** Throws DecimalError for what is no number. */
  take(update: DepthUpdate): Taken {
    if (this.lastUpdateId === 0) {
      if (this.#waiting.length === MOST_WAITING) this.#waiting.shift();
      this.#waiting.push(update);
      return 'waiting';
    }
    if (update.u <= this.lastUpdateId) return 'old';
    const joins = this.#isFirst ? update.U <= this.lastUpdateId + 1 : update.U === this.lastUpdateId + 1;
    if (!joins) {
      this.gaps++;
      this.lastUpdateId = 0;
      this.#waiting = [update];
      return 'gap';
    }
    this.#isFirst = false;
    this.#set(0, update.b);
    this.#set(1, update.a);
    this.lastUpdateId = update.u;
    return 'applied';
  }

  /** Levels of a side, the best first. @param side 0: bids, 1: asks */
  levels(side: 0 | 1, most = Number.POSITIVE_INFINITY): [price: number, quantity: number][] {
    const sign = side === 0 ? -1 : 1;
    return [...this.#sides[side]].sort((a, b) => sign * (a[0] - b[0])).slice(0, most);
  }

  #set(side: 0 | 1, levels: [string, string][]): void {
    for (const [price, quantity] of levels) {
      const ticks = parseUnits(price, this.#pricePlaces);
      const lots = parseUnits(quantity, this.#quantityPlaces);
      if (lots === 0) this.#sides[side].delete(ticks);
      else this.#sides[side].set(ticks, lots);
    }
  }
}
