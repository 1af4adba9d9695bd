/** What the reference venue keeps of orders, instruments and accounts. */
import { BUY } from '@outcry/market/order-terms';
import { INSTRUMENT_RULE } from '@outcry/market/rules';
import type { OrderSpec, SpecialTerms } from './types.ts';

export type Where =
  | 'nowhere'
  | 'displayed'
  | 'hidden'
  | 'watching'
  | 'trailing'
  | 'queued'
  | 'waiting'
  | 'parked'
  | 'at close'
  | 'firing'
  | 'activated';

export interface List {
  type: number;
  legs: Order[];
  isDecided: boolean;
}

/** An order of the reference venue: prices in ticks, quantities in lots. */
export interface Order extends OrderSpec {
  terms: Required<SpecialTerms>;
  /** in the order of acceptance, from 1 */
  number: number;
  entry: number;
  isSpecial: boolean;
  isOpen: boolean;
  left: number;
  /** where it stands; of an incoming order, how far it trades */
  bookPrice: number;
  where: Where;
  /** lots displayed */
  shown: number;
  /** when it joined its price's queue */
  stamp: number;
  extreme: number;
  /** waits for its activation price, from below (rising) or above */
  activates: boolean;
  activationRises: boolean;
  /** units held by the second order of a pair; undefined: what it needs */
  holdsOnly: bigint | undefined;
  /** waited for its list, and holds nothing yet */
  holdsNothing?: boolean;
  /** rests without another word */
  isAnnounced?: boolean;
  /** lots that self-trade prevention took off while it came in */
  prevented?: number;
  list: List | undefined;
}

/** What was looked at, and how far its triggers have fired. */
export interface Look {
  watch: string;
  /** the price as rising triggers see it, and falling ones; 0: none */
  up: number;
  down: number;
  isRising: boolean;
  /** whose orders fire now, 0: none; and whether all of them are taken out, to fire in order of entry */
  level: number;
  isSorted: boolean;
}

export interface Instrument {
  number: number;
  base: number;
  quote: number;
  lot: bigint;
  unit: bigint;
  rules: number[];
  state: number;
  last: number;
  /** matches that self-trade prevention prevented */
  prevented: number;
  auctionEnd: number;
  indicative: string;
  queue: Order[];
  pegBid: number;
  pegAsk: number;
  unfinished: boolean;
  /** a look at prices whose triggers have not all fired */
  look: Look | undefined;
  /** a state to be taken when orders whose time is over are gone, or those for the closing auction are in the book */
  next: { state: number; referencePrice: number } | undefined;
  /** the time in force of those */
  ending: number | undefined;
}

export interface Account {
  number: number;
  rules: number[];
  mostOf: Map<number, bigint>;
  second: number;
  secondMessages: number;
  day: number;
  dayMessages: number;
  dayTrades: number;
}

export function newAccount(number: number): Account {
  const rules = new Array<number>(32).fill(0);
  return { number, rules, mostOf: new Map(), second: 0, secondMessages: 0, day: 0, dayMessages: 0, dayTrades: 0 };
}

export function newInstrument(
  number: number,
  base: number,
  quote: number,
  lot: bigint,
  unit: bigint,
  makerFee: number,
  takerFee: number,
): Instrument {
  const rules = new Array<number>(16).fill(0);
  rules[INSTRUMENT_RULE.FIFO_SHARE] = 100;
  rules[INSTRUMENT_RULE.FEE_SHARE] = 1_000_000;
  rules[INSTRUMENT_RULE.MAKER_FEE] = makerFee;
  rules[INSTRUMENT_RULE.TAKER_FEE] = takerFee;
  const nothing = {
    state: 0,
    last: 0,
    prevented: 0,
    auctionEnd: 0,
    indicative: '0 0 0',
    pegBid: 0,
    pegAsk: 0,
    unfinished: false,
    look: undefined,
    next: undefined,
    ending: undefined,
  };
  return { number, base, quote, lot, unit, rules, queue: [], ...nothing };
}

export function isBuy(order: Order): boolean {
  return order.side === BUY;
}
