/** Balances of accounts in shared memory. */
import { bytesOf, f64Of, reserve } from '@outcry/memory/span';

/** Words of the head: number of accounts opened and assets defined. */
const ACCOUNTS = 0;
const UNCHECKED = 1;
/** assets that an account has room for: where the next account's balances are */
const STRIDE = 2;

/** Per asset, in float64: deposits minus withdrawals, and what was kept as fees. */
const TOTALS = 4;
const SUPPLY = 0;
const FEES = 1;
const DEFINED = 2;

/** Per account and asset, in float64. */
const BALANCE = 2;
const AVAILABLE = 0;
const HELD = 1;

/**
 * Accounts' balances: for each asset an available and a held amount, in whole units. Always, for every asset:
 * deposits - withdrawals = available + held + fees, summed over accounts. A deposit that would bring deposits minus
 * withdrawals beyond 2^53 - 1 is refused, so no balance and no sum of balances can ever pass the exact range.
 *
 * Single writer. Amounts are whole, at least 0 and at most 2^53 - 1: the caller checks.
 */
export class Ledger {
  readonly accountCapacity: number;
  readonly assetCapacity: number;
  readonly #head: Float64Array;
  readonly #totals: Float64Array;
  readonly #balances: Float64Array;

  constructor(accountCapacity: number, assetCapacity: number) {
    this.accountCapacity = accountCapacity;
    this.assetCapacity = assetCapacity;
    this.#head = f64Of(reserve(64));
    this.#head[STRIDE] = assetCapacity;
    this.#totals = f64Of(reserve(assetCapacity * TOTALS * 8));
    this.#balances = f64Of(reserve(accountCapacity * assetCapacity * BALANCE * 8));
  }

  /** Accounts are numbered 0 to accounts - 1. */
  get accounts(): number {
    return this.#head[ACCOUNTS];
  }

  /** Opens accounts up to and including a number. Returns false beyond the capacity. */
  openAccount(account: number): boolean {
    if (account < 0 || account >= this.accountCapacity) return false;
    this.#head[ACCOUNTS] = Math.max(this.#head[ACCOUNTS], account + 1);
    return true;
  }

  hasAccount(account: number): boolean {
    return account >= 0 && account < this.#head[ACCOUNTS];
  }

  defineAsset(asset: number): boolean {
    if (asset < 0 || asset >= this.assetCapacity) return false;
    this.#totals[asset * TOTALS + DEFINED] = 1;
    return true;
  }

  hasAsset(asset: number): boolean {
    return asset >= 0 && asset < this.assetCapacity && this.#totals[asset * TOTALS + DEFINED] === 1;
  }

  available(account: number, asset: number): number {
    return this.#balances[(account * this.assetCapacity + asset) * BALANCE + AVAILABLE];
  }

  held(account: number, asset: number): number {
    return this.#balances[(account * this.assetCapacity + asset) * BALANCE + HELD];
  }

  /** Whether balances may go below zero, down to -(2^53 - 1): for users who check themselves. */
  get unchecked(): boolean {
    return this.#head[UNCHECKED] === 1;
  }
  set unchecked(value: boolean) {
    this.#head[UNCHECKED] = value ? 1 : 0;
  }

  /** Whether an amount can be held or taken. */
  covers(account: number, asset: number, amount: number): boolean {
    const available = this.available(account, asset);
    return available >= amount || (this.unchecked && available - amount >= -Number.MAX_SAFE_INTEGER);
  }

  /** Returns false, and changes nothing, when there would be more than 2^53 - 1 units of the asset. */
  deposit(account: number, asset: number, amount: number): boolean {
    const at = asset * TOTALS + SUPPLY;
    if (this.#totals[at] > Number.MAX_SAFE_INTEGER - amount) return false;
    this.#totals[at] += amount;
    this.credit(account, asset, amount);
    return true;
  }

  /** Returns false, and changes nothing, when less is available. */
  withdraw(account: number, asset: number, amount: number): boolean {
    if (this.available(account, asset) < amount || !this.debit(account, asset, amount)) return false;
    this.#totals[asset * TOTALS + SUPPLY] -= amount;
    return true;
  }

  /** Moves an amount from available to held. Returns false, and changes nothing, when less is available. */
  hold(account: number, asset: number, amount: number): boolean {
    const at = (account * this.assetCapacity + asset) * BALANCE;
    const balances = this.#balances;
    if (balances[at + AVAILABLE] < amount && !this.covers(account, asset, amount)) return false;
    balances[at + AVAILABLE] -= amount;
    balances[at + HELD] += amount;
    return true;
  }

  /** Moves an amount from held back to available. */
  release(account: number, asset: number, amount: number): void {
    const at = (account * this.assetCapacity + asset) * BALANCE;
    this.#balances[at + AVAILABLE] += amount;
    this.#balances[at + HELD] -= amount;
  }

  /** Takes an amount out of what is held: it was traded away. */
  spendHeld(account: number, asset: number, amount: number): void {
    this.#balances[(account * this.assetCapacity + asset) * BALANCE + HELD] -= amount;
  }

  /** Adds to what is available. */
  credit(account: number, asset: number, amount: number): void {
    this.#balances[(account * this.assetCapacity + asset) * BALANCE + AVAILABLE] += amount;
  }

  /** Takes from what is available. Returns false, and changes nothing, when there is less. */
  debit(account: number, asset: number, amount: number): boolean {
    const at = (account * this.assetCapacity + asset) * BALANCE + AVAILABLE;
    if (this.#balances[at] < amount && !this.covers(account, asset, amount)) return false;
    this.#balances[at] -= amount;
    return true;
  }

  /** Adds what the venue keeps of a trade. */
  collectFee(asset: number, fee: number): void {
    this.#totals[asset * TOTALS + FEES] += fee;
  }

  fees(asset: number): number {
    return this.#totals[asset * TOTALS + FEES];
  }

  /** Units of an asset that appeared from nowhere (or vanished, if negative): 0, or the books are wrong. */
  discrepancy(asset: number): number {
    let sum = this.fees(asset);
    for (let account = 0; account < this.accounts; account++) sum += this.available(account, asset) + this.held(account, asset);
    return sum - this.#totals[asset * TOTALS + SUPPLY];
  }

  /** The bytes that hold the ledger's whole state. */
  used(): Uint8Array[] {
    return [bytesOf(this.#head), bytesOf(this.#totals), bytesOf(this.#balances.subarray(0, this.accounts * this.assetCapacity * BALANCE))];
  }

  /** Replaces the state by what {@link used} gave, also of a ledger with other capacities. Throws when it does not fit. */
  restore(parts: readonly Uint8Array[]): void {
    const [head, totals, balances] = parts.map((part) => new Float64Array(Uint8Array.from(part).buffer));
    const stride = head[STRIDE];
    const lastDefined = totals.findLastIndex((value, i) => i % TOTALS === DEFINED && value === 1);
    if (head[ACCOUNTS] > this.accountCapacity || lastDefined >= this.assetCapacity * TOTALS)
      throw new RangeError('a ledger image does not fit this ledger');
    this.#head.set(head);
    this.#head[STRIDE] = this.assetCapacity;
    const assets = Math.min(stride, this.assetCapacity);
    this.#totals.set(totals.subarray(0, assets * TOTALS));
    for (let account = 0; account < head[ACCOUNTS]; account++) {
      const from = account * stride * BALANCE;
      this.#balances.set(balances.subarray(from, from + assets * BALANCE), account * this.assetCapacity * BALANCE);
    }
  }
}

/** Up to here a product is exact, and a millionth of it so small (below 2^33) that a float64 tells a whole number from the next millionth. */
const PLAIN_PRODUCT = 8e15;

/** A fee in whole units, rounded up for the venue: exact for every amount up to 2^53 - 1 and rates of 0 to 10^6 parts per million. */
export function feeOf(amount: number, partsPerMillion: number): number {
  const product = amount * partsPerMillion;
  if (product <= PLAIN_PRODUCT) return Math.ceil(product / 1_000_000);
  const millions = Math.floor(amount / 1_000_000);
  const rest = amount - millions * 1_000_000;
  return millions * partsPerMillion + Math.ceil((rest * partsPerMillion) / 1_000_000);
}
