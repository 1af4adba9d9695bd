/** What administrators' rules come to now: fees, limits and states, for those who tell them. */
import { accountRules } from '@outcry/engine/account-rules';
import { instrument as instrumentRecord, instrumentRule } from '@outcry/engine/instruments';
import { ACCOUNT_RULE, INSTRUMENT_RULE } from '@outcry/market/rules';
import { PERMISSION } from '@outcry/market/states';
import { f64Of, i32Of } from '@outcry/memory/span';
import type { Instrument } from '../domain/market.ts';
import type { EngineRules } from '../spine/shared.ts';

/** Parts per million of what a side receives; the maker's may be below 0. */
interface Fees {
  readonly maker: number;
  readonly taker: number;
}

/** What an instrument's orders are measured by now. */
export interface LimitsInForce {
  /** lots */
  readonly maxQuantity: number;
  /** quote units */
  readonly maxNotional: number;
  /** whether orders may be entered */
  readonly isOpen: boolean;
  /** open orders of an account, 0: any number */
  readonly maxAlgoOrders: number;
  readonly maxIcebergOrders: number;
  readonly maxOrderLists: number;
}

/** The engine's own rules, read from any thread as it applies them: single words, which never tear. */
export class RulesInForce {
  readonly #instruments: Int32Array;
  readonly #rules: Float64Array;
  readonly #accounts: Int32Array;
  readonly #tiers: Int32Array;

  constructor({ instruments, instrumentRules, accounts, tiers }: EngineRules) {
    this.#instruments = i32Of(instruments);
    this.#rules = f64Of(instrumentRules);
    this.#accounts = i32Of(accounts);
    this.#tiers = i32Of(tiers);
  }

  /** What an account would be charged for a trade: by its tier, else by the instrument. */
  fees(account: number, instrument: number): Fees {
    const tier = this.#account(account, ACCOUNT_RULE.FEE_TIER);
    if (tier !== 0) return { maker: this.#tiers[tier * 2], taker: this.#tiers[tier * 2 + 1] };
    const at = instrument * instrumentRecord.WORDS;
    return { maker: this.#instruments[at + instrumentRecord.MAKER_FEE], taker: this.#instruments[at + instrumentRecord.TAKER_FEE] };
  }

  /** Whether an account may enter orders. */
  canTrade(account: number): boolean {
    return this.#account(account, ACCOUNT_RULE.STATUS) === PERMISSION.NORMAL;
  }

  /** The group within which an account's orders do not trade, 0: none. */
  group(account: number): number {
    return this.#account(account, ACCOUNT_RULE.GROUP);
  }

  /** Open orders that an account may have, 0: any number. */
  maxOpenOrders(account: number): number {
    return this.#account(account, ACCOUNT_RULE.MAX_OPEN_ORDERS);
  }

  /** Ticks that an instrument's bands are measured from, 0: none is set. */
  referencePrice(instrument: number): number {
    return this.instrument(instrument, INSTRUMENT_RULE.REFERENCE_PRICE);
  }

  /** An instrument's own limits, and where a rule is narrower that. */
  limits({ number, maxQuantity, maxNotional }: Instrument): LimitsInForce {
    const narrowed = (limit: number, rule: number) => Math.min(limit, this.instrument(number, rule) || limit);
    return {
      maxQuantity: narrowed(maxQuantity, INSTRUMENT_RULE.MAX_QUANTITY),
      maxNotional: narrowed(maxNotional, INSTRUMENT_RULE.MAX_NOTIONAL),
      isOpen: this.instrument(number, INSTRUMENT_RULE.STATUS) === PERMISSION.NORMAL,
      maxAlgoOrders: this.instrument(number, INSTRUMENT_RULE.MAX_ALGO_ORDERS),
      maxIcebergOrders: this.instrument(number, INSTRUMENT_RULE.MAX_ICEBERG_ORDERS),
      maxOrderLists: this.instrument(number, INSTRUMENT_RULE.MAX_ORDER_LISTS),
    };
  }

  /** The value of one of an instrument's rules: see INSTRUMENT_RULE. */
  instrument(number: number, rule: number): number {
    return this.#rules[number * instrumentRule.F64_WORDS + instrumentRule.F64_RULE + rule];
  }

  #account(account: number, rule: number): number {
    return this.#accounts[account * accountRules.WORDS + accountRules.RULE + rule];
  }
}
