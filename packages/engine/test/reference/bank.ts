/** Money of the reference venue: balances, holds, fees. */
import { BUY } from '@outcry/market/order-terms';
import { ACCOUNT_RULE, INSTRUMENT_RULE } from '@outcry/market/rules';
import type { Account, Instrument, Order } from './records.ts';

const MOST_UNITS = BigInt(Number.MAX_SAFE_INTEGER);
const MILLION = 1_000_000n;

interface Balance {
  available: bigint;
  held: bigint;
}

/** A fee: units of what is received, or of a third asset (asset 0 and up; -1: what is received). */
interface Fee {
  units: bigint;
  asset: number;
}

/** Balances and fees of the reference venue, in exact units. */
export class Bank {
  checked = true;
  readonly tiers: [maker: number, taker: number][] = [];
  readonly supply = new Map<number, bigint>();
  readonly fees = new Map<number, bigint>();
  readonly #balances = new Map<string, Balance>();
  readonly #references = new Map<string, string>();

  balance(account: number, asset: number): Balance {
    const key = `${account} ${asset}`;
    const balance = this.#balances.get(key) ?? { available: 0n, held: 0n };
    this.#balances.set(key, balance);
    return balance;
  }

  total(account: number, asset: number): bigint {
    const { available, held } = this.balance(account, asset);
    return available + held;
  }

  covers(account: number, asset: number, units: bigint): boolean {
    const { available } = this.balance(account, asset);
    return available >= units || (!this.checked && available - units >= -MOST_UNITS);
  }

  hold(account: number, asset: number, units: bigint): boolean {
    if (!this.covers(account, asset, units)) return false;
    this.balance(account, asset).available -= units;
    this.balance(account, asset).held += units;
    return true;
  }

  release(account: number, asset: number, units: bigint): void {
    this.balance(account, asset).available += units;
    this.balance(account, asset).held -= units;
  }

  /** Spends some of what was held; the rest of it is available again. */
  spend(account: number, asset: number, held: bigint, spent: bigint): void {
    this.balance(account, asset).held -= held;
    this.balance(account, asset).available += held - spent;
  }

  give(account: number, asset: number, units: bigint): void {
    this.balance(account, asset).available += units;
  }

  take(account: number, asset: number, units: bigint): void {
    this.balance(account, asset).available -= units;
  }

  collect(asset: number, units: bigint): void {
    this.fees.set(asset, (this.fees.get(asset) ?? 0n) + units);
  }

  /** Deposits or withdraws. Returns why not, '' if it was done. */
  moveMoney(kind: string, account: number, asset: number, amount: number, reference: string): string {
    if (amount < 1) return 'invalid_amount';
    const what = `${kind} ${asset} ${amount}`;
    const before = this.#references.get(`${account} ${reference}`);
    if (reference !== '' && before !== undefined) return before === what ? '' : 'reference_reused';
    const units = BigInt(amount);
    const supply = this.supply.get(asset) ?? 0n;
    if (kind === 'deposit') {
      if (supply + units > MOST_UNITS) return 'overflow';
      this.supply.set(asset, supply + units);
      this.give(account, asset, units);
    } else {
      if (this.balance(account, asset).available < units) return 'insufficient_balance';
      this.supply.set(asset, supply - units);
      this.take(account, asset, units);
    }
    if (reference !== '') this.#references.set(`${account} ${reference}`, what);
    return '';
  }

  /** What both sides of a trade pay in fees. Third-asset fees are paid at once. */
  settle(
    i: Instrument,
    taker: Order,
    maker: Order,
    price: number,
    lots: number,
    inAuction: boolean,
    accounts: readonly Account[],
    instruments: readonly Instrument[],
  ): { maker: Fee; taker: Fee } {
    const quoteUnits = BigInt(price) * BigInt(lots) * i.unit;
    const fee = (o: Order, isMaker: boolean) => {
      const received = o.side === BUY ? BigInt(lots) * i.lot : quoteUnits;
      return this.#fee(accounts[o.account], i, isMaker, received, quoteUnits, o.side === BUY ? i.base : i.quote, instruments);
    };
    const makerFee = fee(maker, !inAuction);
    return { maker: makerFee, taker: fee(taker, false) };
  }

  /** Gives both sides what they bought, less fees. */
  receive(i: Instrument, taker: Order, maker: Order, price: number, lots: number, fees: { maker: Fee; taker: Fee }): void {
    for (const [order, fee] of [
      [taker, fees.taker],
      [maker, fees.maker],
    ] as const) {
      const asset = order.side === BUY ? i.base : i.quote;
      const units = order.side === BUY ? BigInt(lots) * i.lot : BigInt(price) * BigInt(lots) * i.unit;
      const own = fee.asset < 0 ? fee.units : 0n;
      this.give(order.account, asset, units - own);
      this.collect(asset, own);
    }
  }

  #fee(
    account: Account,
    i: Instrument,
    isMaker: boolean,
    received: bigint,
    quoteUnits: bigint,
    asset: number,
    instruments: readonly Instrument[],
  ): Fee {
    const tier = account.rules[ACCOUNT_RULE.FEE_TIER];
    const [makerRate, takerRate] =
      tier !== 0 ? (this.tiers[tier] ?? [0, 0]) : [i.rules[INSTRUMENT_RULE.MAKER_FEE], i.rules[INSTRUMENT_RULE.TAKER_FEE]];
    const full = BigInt(isMaker ? makerRate : takerRate);
    const isDiscounted = full > 0n && asset === i.base;
    const rate = isDiscounted ? (full * (MILLION - BigInt(i.rules[INSTRUMENT_RULE.BUYER_DISCOUNT]))) / MILLION : full;
    if (rate < 0n) {
      const rebate = (received * -rate) / MILLION;
      const pot = this.fees.get(asset) ?? 0n;
      const paid = rebate < pot ? rebate : pot;
      return { units: paid > 0n ? -paid : 0n, asset: -1 };
    }
    const usual = { units: (received * rate + MILLION - 1n) / MILLION, asset: -1 };
    const changer = instruments[i.rules[INSTRUMENT_RULE.FEE_INSTRUMENT] - 1];
    if (rate === 0n || account.rules[ACCOUNT_RULE.THIRD_ASSET_FEES] === 0 || changer === undefined || changer.last === 0) return usual;
    // Quote units, discounted, bought at the last price: rounded up once, at the end.
    const divisor = MILLION * MILLION * BigInt(changer.last) * changer.unit;
    const dividend = quoteUnits * rate * BigInt(i.rules[INSTRUMENT_RULE.FEE_SHARE]) * changer.lot;
    const units = (dividend + divisor - 1n) / divisor;
    if (units > this.balance(account.number, changer.base).available) return usual;
    this.take(account.number, changer.base, units);
    this.collect(changer.base, units);
    return { units, asset: changer.base };
  }

  /** Units that appeared from nowhere: 0 in a sound venue. */
  discrepancy(asset: number): bigint {
    let sum = (this.fees.get(asset) ?? 0n) - (this.supply.get(asset) ?? 0n);
    for (const [key, { available, held }] of this.#balances) if (key.endsWith(` ${asset}`)) sum += available + held;
    return sum;
  }
}
