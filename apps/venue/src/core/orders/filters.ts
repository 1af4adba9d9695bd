/**
 * The exchange's filters: what an order must be before a door lets it in. Every door asks them, of new orders and of replacements, and
 * answers in its own words. The limits are the instrument's definition; tick and lot are checked where decimals become ticks and lots.
 */
import { BUY, LIMIT, MARKET_BY_AMOUNT, MAX_PRICE, type OrderKind, type Side } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import type { Instrument } from '../../domain/market.ts';
import type { NewOrder } from '../../spine/commands.ts';

/** What prices are measured against, in ticks, by instrument number. */
interface AveragePrices {
  averagePrice(instrument: number): number;
}

const PPM = 1_000_000;

/** The filters of all instruments: one thread's. */
export class OrderFilters {
  readonly #limits: readonly OrderLimits[];
  readonly #averages: AveragePrices;

  constructor(instruments: readonly Instrument[], averages: AveragePrices) {
    this.#limits = instruments.map((instrument) => new OrderLimits(instrument));
    this.#averages = averages;
  }

  /** Why an order may not enter, NONE: it may. Stop orders are measured by their limit, not by the price that fires them. */
  refusal({ instrument, side, kind, price, quantity, amount, terms }: NewOrder): number {
    return this.refusalOf(instrument.number, side, kind, price, quantity, amount, terms === undefined ? 0 : terms.display);
  }

  /**
   * As {@link refusal}, of an order that is no object.
   * @param price ticks, 0: it has none of its own @param quantity lots, of a replacement as the client states it
   * @param amount quote units of an order by amount @param display lots that an iceberg shows, 0: it is none
   */
  refusalOf(instrument: number, side: Side, kind: OrderKind, price: number, quantity: number, amount: number, display: number): number {
    return this.#limits[instrument].refusal(side, kind, price, quantity, amount, display, this.#averages.averagePrice(instrument));
  }
}

/** One instrument's limits, as integers that an order's own are compared with: exact, and nothing is allocated. */
export class OrderLimits {
  readonly #maxQuantity: number;
  readonly #minNotional: number;
  /** of price times quantity, in ticks and lots */
  readonly #minProduct: number;
  readonly #maxProduct: number;
  readonly #icebergParts: number;
  readonly #bands: Instrument['bands'];
  /** the average that the prices below follow from, -1: none yet */
  #average = -1;
  #lowestBid = 0;
  #highestBid = 0;
  #lowestAsk = 0;
  #highestAsk = 0;

  constructor({ maxQuantity, minNotional, maxNotional, icebergParts, unit, bands }: Instrument) {
    this.#maxQuantity = maxQuantity;
    this.#minNotional = minNotional;
    this.#minProduct = ceilDivide(minNotional, unit);
    this.#maxProduct = floorDivide(maxNotional, unit);
    this.#icebergParts = icebergParts;
    this.#bands = bands;
  }

  /** As {@link OrderFilters.refusalOf}. @param average ticks */
  refusal(side: Side, kind: OrderKind, price: number, quantity: number, amount: number, display: number, average: number): number {
    if (quantity > this.#maxQuantity) return REASON.QUANTITY_TOO_LARGE;
    if (display !== 0 && quantity > display * this.#icebergParts) return REASON.TOO_MANY_PARTS;
    if (kind === MARKET_BY_AMOUNT) return amount < this.#minNotional ? REASON.NOTIONAL_TOO_SMALL : REASON.NONE;
    const hasPrice = kind === LIMIT && price > 0;
    // Up to 2^62, so it may be rounded: but never past a bound, since bounds are below 2^53 and rounding keeps the order of numbers.
    const product = (hasPrice ? price : average) * quantity;
    if (product < this.#minProduct) return REASON.NOTIONAL_TOO_SMALL;
    if (!hasPrice) return REASON.NONE;
    if (product > this.#maxProduct) return REASON.NOTIONAL_TOO_LARGE;
    if (average !== this.#average) this.#follow(average);
    const isNear =
      side === BUY ? price >= this.#lowestBid && price <= this.#highestBid : price >= this.#lowestAsk && price <= this.#highestAsk;
    return isNear ? REASON.NONE : REASON.PRICE_TOO_FAR;
  }

  #follow(average: number): void {
    const { bidUp, bidDown, askUp, askDown } = this.#bands;
    this.#average = average;
    this.#lowestBid = lowestPrice(average, bidDown);
    this.#highestBid = highestPrice(average, bidUp);
    this.#lowestAsk = lowestPrice(average, askDown);
    this.#highestAsk = highestPrice(average, askUp);
  }
}

/** Of whole numbers up to 2^53 - 1: exact, as a quotient of numbers is not. */
function floorDivide(a: number, b: number): number {
  return (a - (a % b)) / b;
}

function ceilDivide(a: number, b: number): number {
  return floorDivide(a, b) + (a % b === 0 ? 0 : 1);
}

/** The highest price not above an average times a factor in parts per million; the factor's whole part apart, so that products stay exact. */
function highestPrice(average: number, ppm: number): number {
  return Math.min(average * floorDivide(ppm, PPM) + floorDivide(average * (ppm % PPM), PPM), MAX_PRICE);
}

/** The lowest price not below it; above MAX_PRICE there is none. */
function lowestPrice(average: number, ppm: number): number {
  return Math.min(average * floorDivide(ppm, PPM) + ceilDivide(average * (ppm % PPM), PPM), MAX_PRICE + 1);
}
