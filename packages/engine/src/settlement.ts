/** Settlement of trades with all rules of fees and accounts. */
import type { BookMemory } from '@outcry/book/book-memory';
import { order as orderRecord } from '@outcry/book/records';
import { feeOf, type Ledger } from '@outcry/ledger/ledger';
import { EVENT, IN_AUCTION, IS_MAKER, NEW_AGGREGATE } from '@outcry/market/event';
import { BUY } from '@outcry/market/order-terms';
import { ACCOUNT_RULE, INSTRUMENT_RULE, mulDiv, WHOLE } from '@outcry/market/rules';
import { i32Of, reserve } from '@outcry/memory/span';
import { type AccountRules, COUNTED, FEE_RULES } from './account-rules.ts';
import { details as detailsRecord } from './detail-record.ts';
import type { EventWriter } from './event-writer.ts';
import { type Instruments, instrument as instrumentRecord } from './instruments.ts';
import type { OrderDetails } from './order-details.ts';
import type { SpecialOrders } from './rules/special-orders.ts';
import type { Taker } from './taker.ts';

const { SHIFT: ORDER, ACCOUNT: O_ACCOUNT, TERMS: O_TERMS } = orderRecord;
const { F64_SHIFT: D_F64, F64_EXECUTED } = detailsRecord;
const { SHIFT: INSTRUMENT, BASE, QUOTE, MAKER_FEE, TAKER_FEE, LAST_PRICE } = instrumentRecord;
const { F64_SHIFT: I_F64, F64_LOT, F64_UNIT, F64_TRADES, F64_AGGREGATES } = instrumentRecord;
const { FILL } = EVENT;

/** Most fee tiers; tier 0 is "the instrument's fees". */
export const FEE_TIERS = 16;

/** A fee: units of the asset received, or of a third asset. */
class Fee {
  units = 0;
  /** the third asset's number + 1, 0: the asset received */
  asset = 0;
}

/** Moves the money of trades and reports their two sides, by all rules of accounts and auctions. The engine's plain path has its own. */
export class Settlement {
  /** Maker and taker fee of each tier, in parts per million. */
  readonly tiers = i32Of(reserve(FEE_TIERS * 2 * 4));
  readonly #orders: Int32Array;
  readonly #ledger: Ledger;
  readonly #instruments: Instruments;
  readonly #details: OrderDetails;
  readonly #writer: EventWriter;
  readonly #accounts: AccountRules;
  readonly #specials: SpecialOrders;
  readonly #modes: Int32Array;
  readonly #makerFee = new Fee();
  readonly #takerFee = new Fee();

  constructor(
    memory: BookMemory,
    ledger: Ledger,
    instruments: Instruments,
    details: OrderDetails,
    writer: EventWriter,
    accounts: AccountRules,
    specials: SpecialOrders,
  ) {
    this.#orders = memory.orders.i32;
    this.#ledger = ledger;
    this.#instruments = instruments;
    this.#details = details;
    this.#writer = writer;
    this.#accounts = accounts;
    this.#specials = specials;
    this.#modes = accounts.modes;
  }

  /**
   * Settles one trade: moves money, counts it, reports maker, taker, and the maker's balances.
   * @param makerLeft all that the maker has left @param makerHold ticks that a buying maker holds for each lot
   * @param isNew whether it is the taker's first trade at this price @param flags IN_AUCTION: both pay the taker's fee
   */
  settle(
    taker: Taker,
    maker: number,
    price: number,
    lots: number,
    makerLeft: number,
    makerHold: number,
    isNew: boolean,
    flags: number,
  ): void {
    const writer = this.#writer;
    const { i32, f64 } = this.#instruments;
    const makerAccount = this.#orders[(maker << ORDER) | O_ACCOUNT];
    const { instrument } = taker;
    const base = i32[(instrument << INSTRUMENT) | BASE];
    const quote = i32[(instrument << INSTRUMENT) | QUOTE];
    const unit = f64[(instrument << I_F64) | F64_UNIT];
    const baseUnits = lots * f64[(instrument << I_F64) | F64_LOT];
    const quoteUnits = price * lots * unit;
    const [received, gotByMaker] = taker.side === BUY ? [base, quote] : [quote, base];
    const [takerUnits, makerUnits] = taker.side === BUY ? [baseUnits, quoteUnits] : [quoteUnits, baseUnits];
    const [makerFee, takerFee] = [this.#makerFee, this.#takerFee];
    this.#fee(makerFee, makerAccount, instrument, (flags & IN_AUCTION) === 0, makerUnits, quoteUnits, gotByMaker);
    this.#fee(takerFee, taker.account, instrument, false, takerUnits, quoteUnits, received);
    const own = (fee: Fee) => (fee.asset === 0 ? fee.units : 0);
    this.#move(taker, makerAccount, base, quote, baseUnits, quoteUnits, own(makerFee), own(takerFee));
    const [buyer, hold] = taker.side === BUY ? [taker.account, taker.hold] : [makerAccount, makerHold];
    if (hold !== 0 && hold !== price) this.#ledger.release(buyer, quote, (hold - price) * lots * unit);
    this.#countForAccounts(buyer, makerAccount, taker.account, base, baseUnits, makerLeft);
    const trade = this.#count(taker, maker, price, lots, makerLeft, quoteUnits, isNew);
    writer.fill(FILL, IS_MAKER | flags, makerFee.asset, maker, price, lots, makerLeft, trade, makerFee.units);
    const takerFlags = flags | (isNew ? NEW_AGGREGATE : 0);
    writer.fill(FILL, takerFlags, takerFee.asset, taker.slot, price, lots, taker.left, trade, takerFee.units);
    if (makerFee.asset !== 0) writer.balance(makerAccount, makerFee.asset - 1);
    if (takerFee.asset !== 0) writer.balance(taker.account, takerFee.asset - 1);
    writer.balance(makerAccount, base);
    writer.balance(makerAccount, quote);
  }

  /** What both pay and receive. What a buyer held beyond the price is released apart from this. */
  #move(
    taker: Taker,
    makerAccount: number,
    base: number,
    quote: number,
    baseUnits: number,
    quoteUnits: number,
    makerFee: number,
    takerFee: number,
  ): void {
    const ledger = this.#ledger;
    if (taker.side === BUY) {
      if (taker.hold !== 0) ledger.spendHeld(taker.account, quote, quoteUnits);
      else ledger.debit(taker.account, quote, quoteUnits);
      ledger.credit(taker.account, base, baseUnits - takerFee);
      ledger.spendHeld(makerAccount, base, baseUnits);
      ledger.credit(makerAccount, quote, quoteUnits - makerFee);
      ledger.collectFee(base, takerFee);
      ledger.collectFee(quote, makerFee);
    } else {
      ledger.spendHeld(taker.account, base, baseUnits);
      ledger.credit(taker.account, quote, quoteUnits - takerFee);
      ledger.spendHeld(makerAccount, quote, quoteUnits);
      ledger.credit(makerAccount, base, baseUnits - makerFee);
      ledger.collectFee(base, makerFee);
      ledger.collectFee(quote, takerFee);
    }
  }

  /** Counts a trade for the instrument and its two orders. Returns its number. */
  #count(taker: Taker, maker: number, price: number, lots: number, makerLeft: number, quoteUnits: number, isNew: boolean): number {
    const { i32, f64 } = this.#instruments;
    const executed = this.#details.f64;
    executed[(maker << D_F64) | F64_EXECUTED] += quoteUnits;
    executed[(taker.slot << D_F64) | F64_EXECUTED] += quoteUnits;
    taker.left -= lots;
    if (makerLeft === 0) this.#done(maker);
    i32[(taker.instrument << INSTRUMENT) | LAST_PRICE] = price;
    if (isNew) f64[(taker.instrument << I_F64) | F64_AGGREGATES]++;
    return ++f64[(taker.instrument << I_F64) | F64_TRADES];
  }

  #done(maker: number): void {
    this.#details.forget(maker);
    if (this.#orders[(maker << ORDER) | O_TERMS] < 0) this.#specials.close(maker);
  }

  #countForAccounts(buyer: number, maker: number, taker: number, base: number, baseUnits: number, makerLeft: number): void {
    const accounts = this.#accounts;
    const modes = this.#modes;
    if ((modes[buyer] & COUNTED) !== 0) accounts.bought(buyer, base, baseUnits);
    for (const account of [maker, taker]) if ((modes[account] & COUNTED) !== 0) accounts.countTrade(account, this.#writer.time);
    if (makerLeft === 0 && (modes[maker] & COUNTED) !== 0) accounts.closed(maker, base, 0);
  }

  /** A fee by tier, rebate or third asset: docs/rules.md, Accounts. Takes what is to be paid in a third asset at once. */
  #fee(fee: Fee, account: number, instrument: number, isMaker: boolean, units: number, quoteUnits: number, asset: number): void {
    const hasRules = (this.#modes[account] & FEE_RULES) !== 0;
    const tier = hasRules ? this.#accounts.get(account, ACCOUNT_RULE.FEE_TIER) : 0;
    const at = instrument << INSTRUMENT;
    let rate = tier !== 0 ? this.tiers[tier * 2 + (isMaker ? 0 : 1)] : this.#instruments.i32[isMaker ? at | MAKER_FEE : at | TAKER_FEE];
    if (rate > 0 && asset === this.#instruments.i32[at | BASE]) rate = this.#discounted(instrument, rate);
    fee.asset = 0;
    if (rate < 0) {
      fee.units = 0 - Math.min(mulDiv(units, -rate, WHOLE), Math.max(0, this.#ledger.fees(asset)));
      return;
    }
    fee.units = feeOf(units, rate);
    if (!hasRules || rate === 0 || this.#accounts.get(account, ACCOUNT_RULE.THIRD_ASSET_FEES) === 0) return;
    this.#payInThirdAsset(fee, account, instrument, quoteUnits, rate);
  }

  /** What a buyer pays of a rate, in parts per million, rounded down. */
  #discounted(instrument: number, rate: number): number {
    return mulDiv(rate, WHOLE - this.#instruments.rule(instrument, INSTRUMENT_RULE.BUYER_DISCOUNT), WHOLE);
  }

  #payInThirdAsset(fee: Fee, account: number, instrument: number, quoteUnits: number, rate: number): void {
    const { i32, f64 } = this.#instruments;
    const changer = this.#instruments.rule(instrument, INSTRUMENT_RULE.FEE_INSTRUMENT) - 1;
    if (changer < 0) return;
    const price = i32[(changer << INSTRUMENT) | LAST_PRICE];
    if (price === 0) return;
    const share = BigInt(this.#instruments.rule(instrument, INSTRUMENT_RULE.FEE_SHARE));
    const lot = BigInt(f64[(changer << I_F64) | F64_LOT]);
    const quoteForLot = BigInt(price) * BigInt(f64[(changer << I_F64) | F64_UNIT]);
    const divisor = quoteForLot * BigInt(WHOLE) * BigInt(WHOLE);
    const units = Number((BigInt(quoteUnits) * BigInt(rate) * share * lot + divisor - 1n) / divisor);
    const asset = i32[(changer << INSTRUMENT) | BASE];
    if (units > this.#ledger.available(account, asset)) return;
    this.#ledger.debit(account, asset, units);
    this.#ledger.collectFee(asset, units);
    fee.units = units;
    fee.asset = asset + 1;
  }
}
