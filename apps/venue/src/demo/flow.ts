/** The demo's order flow on one instrument: makers quote around a middle, takers trade with them. Pure: a seed and what is open decide. */
import { POST_ONLY } from '@outcry/market/command';
import { BUY, GTC, IOC, LIMIT, MARKET, MAX_PRICE, type OrderKind, SELL, type Side, type TimeInForce } from '@outcry/market/order-terms';
import type { Random } from '@outcry/workload/random';
import type { Instrument } from '../domain/market.ts';
import type { Order } from '../domain/orders.ts';
import { type CommandFields, cancel, newOrder } from '../spine/commands.ts';
import { fractionOf } from './scenario.ts';
import { SETTING_DEFAULTS, SETTING_KEYS, type SettingsText } from './scenario-schema.ts';

/** Scenario time of a turn, milliseconds. */
export const TURN_MS = 20;
const TURNS_A_MINUTE = 60_000 / TURN_MS;
/** Part of the way back to its target that the middle is drawn in a turn. */
const PULL = 0.0002;
/** A quote goes when it is so much further away than quotes are put. */
const STALE = 1.5;
/** New quotes of a maker in a turn, while it has fewer than it keeps. */
const MOST_NEW = 8;
/** Of its quotes, the least part on one side; below it, new ones go there. */
const LEAST_SIDE = 1 / 3;
/** Least worth of an order, of the quote asset, and what takers' orders are of makers'. */
const LEAST_VALUE = 100;
const TAKERS_PART = 0.8;

/** Settings with numbers: fractions in place of percentages. */
export interface Settings {
  orders: number;
  spread: number;
  width: number;
  volatility: number;
  takersPerMinute: number;
  buyers: number;
  orderValue: number;
}

/** @param over settings that those given are changes of */
export function settingsOf(given: SettingsText, over: Settings = DEFAULT_SETTINGS): Settings {
  const settings = { ...over };
  for (const key of SETTING_KEYS) {
    const value = given[key];
    if (value !== undefined) settings[key] = typeof value === 'string' ? fractionOf(value) : value;
  }
  return settings;
}

const DEFAULT_SETTINGS: Settings = settingsOf(SETTING_DEFAULTS, {} as Settings);

interface Walk {
  from: number;
  to: number;
  begin: number;
  overMs: number;
}

/** What an order of the flow is, beside its account. */
interface Terms {
  side: Side;
  price: number;
  quantity: number;
  kind?: OrderKind;
  timeInForce?: TimeInForce;
  flags?: number;
}

/** One instrument's market as the scenario has it now. */
export class Flow {
  readonly instrument: Instrument;
  settings: Settings;
  /** the book is to be filled at once, at the next turn that can */
  mustFill = true;
  isHalted = false;
  readonly #random: Random;
  /** ticks that the middle is drawn to, and its part beside them */
  #target: number;
  #noise: number;
  #walk: Walk | undefined;

  /** @param middle ticks that it begins at; its target is the reference price */
  constructor(instrument: Instrument, settings: Settings, random: Random, middle: number) {
    this.instrument = instrument;
    this.settings = settings;
    this.#random = random;
    this.#target = instrument.referencePrice;
    this.#noise = middle / instrument.referencePrice - 1;
  }

  /** Ticks, with a fraction. */
  get middle(): number {
    return this.#target * (1 + this.#noise);
  }

  /** @param at milliseconds of scenario time */
  walk(by: number, at: number, overMs: number): void {
    this.#walk = { from: this.#target, to: this.#bounded(this.#target * (1 + by)), begin: at, overMs };
  }

  gap(by: number): void {
    this.#walk = undefined;
    this.#target = this.#bounded(this.#target * (1 + by));
    this.mustFill = true;
  }

  /** Lets a turn's time pass. @param at milliseconds of scenario time */
  move(at: number): void {
    const walk = this.#walk;
    if (walk !== undefined) {
      const part = Math.min(1, (at - walk.begin) / walk.overMs);
      this.#target = walk.from + (walk.to - walk.from) * part;
      if (part === 1) this.#walk = undefined;
    }
    if (this.isHalted) return;
    this.#noise += (this.#random.fraction() - 0.5) * 2 * this.settings.volatility - this.#noise * PULL;
  }

  /** A maker's commands of a turn: what must go, then what is put in its place. @param own its open orders here @param share of the orders */
  quote(maker: number, own: readonly Order[], share: number): CommandFields[] {
    const { number } = this.instrument;
    const quota = Math.floor(this.settings.orders * share);
    const kept = own.filter((order) => !this.#isStale(order));
    const cancels = own.filter((order) => this.#isStale(order)).map(({ id }) => cancel(maker, number, id));
    // A full book is renewed order by order.
    for (let surplus = Math.min(kept.length, kept.length - quota + 1); surplus > 0; surplus--) {
      const [gone] = kept.splice(this.#random.below(kept.length), 1);
      cancels.push(cancel(maker, number, gone.id));
    }
    const missing = quota - kept.length;
    const sides = [BUY, SELL].map((side) => kept.filter((order) => order.side === side).length) as [number, number];
    const count = this.mustFill ? missing : Math.min(missing, MOST_NEW);
    const orders = Array.from({ length: Math.max(0, count) }, () => this.#order(maker, this.#newQuote(sides)));
    return [...cancels, ...orders];
  }

  /** A taker's order, where one comes in this turn. */
  take(taker: number): CommandFields[] {
    const { takersPerMinute, buyers, spread, width, orderValue } = this.settings;
    if (!this.#random.chance(takersPerMinute / TURNS_A_MINUTE)) return [];
    const side: Side = this.#random.chance(buyers) ? BUY : SELL;
    const furthest = (spread + width) * (side === BUY ? 1 : -1);
    const price = this.ticks(this.middle * (1 + furthest));
    return [this.#order(taker, { side, price, quantity: this.#someLots(orderValue * TAKERS_PART), timeInForce: IOC })];
  }

  /** An order of the scenario. @param price 0: at any */
  entry(account: number, side: Side, price: number, quantity: number): CommandFields {
    if (price === 0) return this.#order(account, { side, price: 0, quantity, kind: MARKET, timeInForce: IOC });
    return this.#order(account, { side, price, quantity });
  }

  /** Lots that are worth so much of the quote asset at the middle, as many as an order may have. */
  lots(value: number): number {
    const worth = value * 10 ** this.instrument.quote.scale;
    return Math.max(1, Math.min(this.instrument.maxQuantity, Math.floor(worth / (this.middle * this.instrument.unit))));
  }

  /** A price in whole ticks, within what can be. */
  ticks(price: number): number {
    return Math.round(this.#bounded(price));
  }

  #bounded(price: number): number {
    return Math.max(1, Math.min(MAX_PRICE, price));
  }

  #isStale({ side, price }: Order): boolean {
    const { spread, width } = this.settings;
    const distance = (side === BUY ? this.middle - price : price - this.middle) / this.middle;
    return distance < 0 || distance > (spread + width) * STALE;
  }

  #newQuote(sides: [buys: number, sells: number]): Terms {
    const { spread, width, orderValue } = this.settings;
    const [buys, sells] = sides;
    const least = (buys + sells) * LEAST_SIDE;
    const drawn: Side = this.#random.chance(0.5) ? BUY : SELL;
    const side: Side = buys < least ? BUY : sells < least ? SELL : drawn;
    sides[side === BUY ? 0 : 1]++;
    const distance = this.middle * (spread + this.#random.fraction() ** 2 * width);
    const price = this.ticks(side === BUY ? Math.floor(this.middle - distance) : Math.ceil(this.middle + distance));
    return { side, price, quantity: this.#someLots(orderValue), flags: POST_ONLY };
  }

  #someLots(most: number): number {
    return this.lots(Math.min(most, LEAST_VALUE) + this.#random.fraction() ** 3 * most);
  }

  #order(account: number, { side, price, quantity, kind = LIMIT, timeInForce = GTC, flags = 0 }: Terms): CommandFields {
    return newOrder({ account, instrument: this.instrument, side, kind, timeInForce, flags, price, quantity, amount: 0, clientId: '' });
  }
}
