/** Rules of instruments and accounts that an operator sets. */
import { MAX_PRICE, MAX_QUANTITY } from './order-terms.ts';
import { PERMISSION } from './states.ts';

/** Parts per million that make a whole. */
export const WHOLE = 1_000_000;

/** What the values of a rule are in, and the highest of each. */
const MOST = {
  /** see PERMISSION in states.ts */
  status: PERMISSION.SUSPENDED,
  /** ticks */
  price: MAX_PRICE,
  /** lots */
  quantity: MAX_QUANTITY,
  /** units of the quote asset */
  amount: Number.MAX_SAFE_INTEGER,
  ppm: WHOLE,
  percent: 100,
  count: 0x7fffffff,
  /** a day at most */
  microseconds: 86_400_000_000,
  /** 1 + the number of another instrument */
  instrument: 0xffff,
} as const;

export type RuleUnit = keyof typeof MOST;

/** A rule of an instrument: what a command may set, what an administrator reads and writes, and what the manual says. */
export interface InstrumentRule {
  /** its place in the instrument's record and in commands: journals hold it for ever */
  readonly number: number;
  readonly unit: RuleUnit;
  readonly least: number;
  readonly most: number;
  /** of an instrument that is defined anew */
  readonly initial: number;
  /** whether orders take the rule book's path, and not the plain one, while the value is another than the initial one */
  readonly isRuled: boolean;
  /** for the manual */
  readonly about: string;
}

function rule(number: number, unit: RuleUnit, about: string, more: Partial<InstrumentRule> = {}): InstrumentRule {
  return { number, unit, about, least: 0, most: MOST[unit], initial: 0, isRuled: false, ...more };
}

const isRuled = true;

/** All rules of instruments. Values are whole; 0 switches a limit off. */
export const INSTRUMENT_RULES = {
  STATUS: rule(0, 'status', 'what may be done: NORMAL, CANCEL_ONLY, SUSPENDED', { isRuled }),
  REFERENCE_PRICE: rule(1, 'price', 'the price that bands and auctions start from'),
  STATIC_BAND: rule(2, 'ppm', 'how far a limit price may be from the reference price', { isRuled }),
  DYNAMIC_BAND: rule(3, 'ppm', 'how far from the last price an incoming order may trade', { isRuled }),
  MAX_DISTANCE: rule(4, 'ppm', 'how far a limit price may be beyond the last price', { isRuled }),
  VOLATILITY_AUCTION: rule(5, 'microseconds', 'how long the auction takes that the dynamic band begins'),
  MAX_QUANTITY: rule(6, 'quantity', 'the largest quantity of an order', { isRuled }),
  MAX_NOTIONAL: rule(7, 'amount', 'the largest price times quantity of an order', { isRuled }),
  TOP_SHARE: rule(8, 'percent', 'the share that the first order of a price gets before the others'),
  FIFO_SHARE: rule(9, 'percent', 'the share that is allocated by time, the rest pro rata', { initial: 100, isRuled }),
  MIN_ALLOCATION: rule(10, 'quantity', 'the smallest quantity that is allocated pro rata'),
  MAKER_FEE: rule(11, 'ppm', 'what the maker pays of what it receives; below 0: a rebate', { least: -WHOLE }),
  TAKER_FEE: rule(12, 'ppm', 'what the taker pays of what it receives'),
  FEE_INSTRUMENT: rule(13, 'instrument', 'the instrument whose price changes fees into its base asset'),
  FEE_SHARE: rule(14, 'ppm', 'what is left of a fee that is paid in that asset', { initial: WHOLE }),
  BUYER_DISCOUNT: rule(15, 'ppm', "what is taken off a buyer's fee; 1000000: sellers alone pay fees, in the quote asset", { isRuled }),
  MAX_ALGO_ORDERS: rule(16, 'count', 'how many open orders with a trigger an account may have'),
  MAX_ICEBERG_ORDERS: rule(17, 'count', 'how many open icebergs an account may have'),
  MAX_ORDER_LISTS: rule(18, 'count', 'how many open order lists an account may have'),
} as const satisfies Record<string, InstrumentRule>;

export type InstrumentRuleName = keyof typeof INSTRUMENT_RULES;

/** The numbers of the rules of instruments, as commands have them. */
export const INSTRUMENT_RULE = Object.fromEntries(Object.entries(INSTRUMENT_RULES).map(([name, { number }]) => [name, number])) as Readonly<
  Record<InstrumentRuleName, number>
>;

/** Rules of an account that a command can set; 0 switches one off. */
export const ACCOUNT_RULE = {
  /** see PERMISSION in states.ts */
  STATUS: 0,
  /** accounts of the same group are one for self-trade prevention */
  GROUP: 1,
  /** 1 + the account that this is a sub-account of */
  PARENT: 2,
  /** a tier that was defined */
  FEE_TIER: 3,
  /** 1: fees in the instrument's third asset */
  THIRD_ASSET_FEES: 4,
  MAX_OPEN_ORDERS: 5,
  /** a second */
  MAX_MESSAGES: 6,
  /** messages a day: MESSAGES_FREE + ORDER_TO_TRADE x trades */
  ORDER_TO_TRADE: 7,
  MESSAGES_FREE: 8,
  /** units of ASSET that the account may have and buy */
  MAX_POSITION: 9,
} as const;

/** floor(a x b / c), exactly, for whole a, b, c up to 2^53 - 1, c above 0, with a result below 2^53. */
export function mulDiv(a: number, b: number, c: number): number {
  const product = a * b;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / c);
  return Number((BigInt(a) * BigInt(b)) / BigInt(c));
}
