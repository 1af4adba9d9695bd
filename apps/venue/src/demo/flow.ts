/** The demo's orders: makers quote around a price that wanders, takers trade with them. */
import { POST_ONLY } from '@outcry/market/command';
import { BUY, GTC, IOC, LIMIT, SELL, type Side, type TimeInForce } from '@outcry/market/order-terms';
import { Random } from '@outcry/workload/random';
import type { Logger } from 'pino';
import { GatewayError } from '../core/orders/gateway.ts';
import type { Services } from '../core/services.ts';
import type { Instrument } from '../domain/market.ts';
import { cancel, type NewOrder, newOrder } from '../spine/commands.ts';

const STEP_MS = 20;
/** Orders that the makers keep open, by instrument. */
const QUOTES = 80;
/** Furthest a quote stands from the middle, in parts of the price. */
const WIDTH = 0.002;
const HALF_SPREAD = 0.00002;

/** A living market for the demo: makers quote around a middle that wanders, takers trade with them. Seeded, apart from its timing. */
export class DemoFlow {
  readonly #services: Services;
  readonly #makers: readonly number[];
  readonly #taker: number;
  readonly #random: Random;
  readonly #middles: number[];
  readonly #timer: NodeJS.Timeout;
  readonly #log: Logger;

  constructor(services: Services, makers: readonly number[], taker: number, seed: number, log: Logger) {
    this.#services = services;
    this.#makers = makers;
    this.#taker = taker;
    this.#random = new Random(seed);
    this.#middles = services.feeds.map((feed) => feed.lastPrice || feed.instrument.referencePrice);
    this.#log = log;
    this.#timer = setInterval(() => this.#step(), STEP_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #step(): void {
    for (const instrument of this.#services.market.instruments) {
      const middle = this.#wander(instrument);
      for (const maker of this.#makers) this.#quote(instrument, maker, middle);
      if (this.#random.chance(0.15)) this.#take(instrument, middle);
    }
  }

  /** A random walk that is drawn back to the reference price. */
  #wander(instrument: Instrument): number {
    const reference = instrument.referencePrice;
    const before = this.#middles[instrument.number];
    const next = before * (1 + (this.#random.fraction() - 0.5) * 0.0002) + (reference - before) * 0.0002;
    this.#middles[instrument.number] = next;
    return next;
  }

  #quote(instrument: Instrument, maker: number, middle: number): void {
    const own = [...this.#services.gateway.view.orders.of(maker)].filter((order) => order.instrument === instrument.number);
    const stale = own.find((order) => Math.abs(order.price - middle) > middle * WIDTH * 1.5);
    if (stale !== undefined) this.#send(cancel(maker, instrument.number, stale.id));
    else if (own.length >= QUOTES / this.#makers.length) {
      this.#send(cancel(maker, instrument.number, this.#random.pick(own).id));
    }
    const side: Side = this.#random.chance(0.5) ? BUY : SELL;
    const distance = middle * (HALF_SPREAD + this.#random.fraction() ** 2 * WIDTH);
    const price = Math.round(side === BUY ? middle - distance : middle + distance);
    this.#send(newOrder(this.#order(instrument, maker, side, price, this.#lots(instrument, 0.5), POST_ONLY, GTC)));
  }

  #take(instrument: Instrument, middle: number): void {
    const side: Side = this.#random.chance(0.5) ? BUY : SELL;
    const price = Math.round(middle * (side === BUY ? 1 + WIDTH : 1 - WIDTH));
    this.#send(newOrder(this.#order(instrument, this.#taker, side, price, this.#lots(instrument, 0.4), 0, IOC)));
  }

  /** Lots worth up to a share of 20,000 units of the quote asset, at least the smallest notional. */
  #lots(instrument: Instrument, share: number): number {
    const worth = (100 + this.#random.fraction() ** 3 * 20_000 * share) * 10 ** instrument.quote.scale;
    return Math.max(1, Math.floor(worth / (this.#middles[instrument.number] * instrument.unit)));
  }

  #order(
    instrument: Instrument,
    account: number,
    side: Side,
    price: number,
    quantity: number,
    flags: number,
    timeInForce: TimeInForce,
  ): NewOrder {
    return { account, instrument, side, kind: LIMIT, timeInForce, flags, price, quantity, amount: 0, clientId: '' };
  }

  #send(command: Parameters<Services['gateway']['submit']>[0]): void {
    this.#services.gateway.submit(command).catch((error: unknown) => {
      // A full ring or disk is the demo's problem last: it tries again at its next step.
      if (!(error instanceof GatewayError)) this.#log.error(error, 'demo flow');
    });
  }
}
