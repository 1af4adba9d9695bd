/** Rules of accounts, and the counts that they limit. */
import { ACCOUNT_RULE } from '@outcry/market/rules';
import { PERMISSION } from '@outcry/market/states';
import { assertFits, offsets, record, several } from '@outcry/memory/record';
import { bytesOf, f64Of, i32Of, reserve, type Span, within } from '@outcry/memory/span';

/** The rules that an account's record has a place for: all but MAX_POSITION, which is by asset. */
const { MAX_POSITION: _, ...PLACED } = ACCOUNT_RULE;
const layout = record(
  {
    /** + ACCOUNT_RULE: the values set */
    RULE: several('i32', 10),
    OPEN_ORDERS: 'i32',
    spare: several('i32', 5),
    /** the second, and the day, that the counts are of */
    F64_SECOND: 'f64',
    F64_SECOND_MESSAGES: 'f64',
    F64_DAY: 'f64',
    F64_DAY_MESSAGES: 'f64',
    F64_DAY_TRADES: 'f64',
    /** number of the last command that set one of its rules, 0: none did */
    F64_CHANGED: 'f64',
  },
  { bytes: 128 },
);
assertFits('account rule', PLACED, layout.fields.RULE);

/** What an account's orders may do: 128 bytes an account. */
export const accountRules = offsets(layout);

const { WORDS, OPEN_ORDERS, F64_WORDS, F64_SECOND, F64_SECOND_MESSAGES, F64_DAY, F64_DAY_MESSAGES, F64_DAY_TRADES, F64_CHANGED } =
  accountRules;
const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const LAST_RULE = Math.max(...Object.values(PLACED));

/** Bits of an account's mode: what the plain path of an order has to leave to the rule book. 0: the account is not open. */
export const OPEN = 1;
export const FEE_RULES = 2;
export const ENTRY_RULES = 4;
export const COUNTED = 8;

/** A limit on what an account may have of an asset. */
export interface Position {
  most: number;
  /** units that its open orders still buy */
  openBuys: number;
}

/** Rules of accounts, and the counts that they are checked against. Accounts without any cost one word to look at. */
export class AccountRules {
  readonly modes: Int32Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  /** by account x assets + asset */
  readonly positions = new Map<number, Position>();
  /** by account: how many positions are limited */
  readonly #limited: Int32Array;
  readonly #span: Span;
  readonly #assets: number;

  constructor(accounts: number, assets: number) {
    this.#assets = assets;
    this.#span = reserve(accounts * WORDS * 4);
    this.i32 = i32Of(this.#span);
    this.f64 = f64Of(this.#span);
    this.modes = i32Of(reserve(accounts * 4));
    this.#limited = i32Of(reserve(accounts * 4));
  }

  get(account: number, rule: number): number {
    return this.i32[account * WORDS + rule];
  }

  /** Returns false for a rule that does not exist. */
  set(account: number, rule: number, value: number): boolean {
    if (rule < 0 || rule > LAST_RULE) return false;
    this.i32[account * WORDS + rule] = value;
    this.refresh(account);
    return true;
  }

  position(account: number, asset: number): Position | undefined {
    return this.positions.get(account * this.#assets + asset);
  }

  /**
   * Changes, begins or ends (0) a limit.
   * @param count units that the account's open orders buy now: asked only where nobody has counted them so far
   */
  limitPosition(account: number, asset: number, most: number, count: () => number): void {
    const key = account * this.#assets + asset;
    const known = this.positions.get(key);
    this.#limited[account] += (most === 0 ? 0 : 1) - (known === undefined ? 0 : 1);
    if (most === 0) this.positions.delete(key);
    else if (known === undefined) this.positions.set(key, { most, openBuys: count() });
    else known.most = most;
    this.refresh(account);
  }

  /** Whether two accounts are one for self-trade prevention. */
  areOne(a: number, b: number): boolean {
    return a === b || (this.get(a, ACCOUNT_RULE.GROUP) !== 0 && this.get(a, ACCOUNT_RULE.GROUP) === this.get(b, ACCOUNT_RULE.GROUP));
  }

  isRestricted(account: number): boolean {
    return this.get(account, ACCOUNT_RULE.STATUS) !== PERMISSION.NORMAL;
  }

  /** Counts a message. @param time microseconds */
  countMessage(account: number, time: number): void {
    const at = account * F64_WORDS;
    const second = Math.floor(time / SECOND);
    if (this.f64[at + F64_SECOND] !== second) {
      this.f64[at + F64_SECOND] = second;
      this.f64[at + F64_SECOND_MESSAGES] = 0;
    }
    this.f64[at + F64_SECOND_MESSAGES]++;
    this.#turnDay(account, time);
    this.f64[at + F64_DAY_MESSAGES]++;
  }

  /** Counts a cancel: it is never refused, but is one of the day's messages. */
  countCancel(account: number, time: number): void {
    this.#turnDay(account, time);
    this.f64[account * F64_WORDS + F64_DAY_MESSAGES]++;
  }

  tooManyMessages(account: number): boolean {
    const most = this.get(account, ACCOUNT_RULE.MAX_MESSAGES);
    return most !== 0 && this.f64[account * F64_WORDS + F64_SECOND_MESSAGES] > most;
  }

  tooFewTrades(account: number): boolean {
    const ratio = this.get(account, ACCOUNT_RULE.ORDER_TO_TRADE);
    if (ratio === 0) return false;
    const at = account * F64_WORDS;
    return this.f64[at + F64_DAY_MESSAGES] > this.get(account, ACCOUNT_RULE.MESSAGES_FREE) + ratio * this.f64[at + F64_DAY_TRADES];
  }

  openOrders(account: number): number {
    return this.i32[account * WORDS + OPEN_ORDERS];
  }

  /**
   * The account's rules changed: orders that are open now belong to the rule book for good, since a rule may need what the plain path
   * does not keep. The number of the command says which those are, so that no order is touched.
   * @param openOrders how many there are: counting may have begun just now
   */
  changed(account: number, command: number, openOrders: number): void {
    this.i32[account * WORDS + OPEN_ORDERS] = openOrders;
    this.f64[account * F64_WORDS + F64_CHANGED] = command;
  }

  /** An order of a counted account was entered. @param units of the base asset that it buys, 0: it sells */
  opened(account: number, asset: number, units: number): void {
    this.i32[account * WORDS + OPEN_ORDERS]++;
    this.bought(account, asset, -units);
  }

  /** One is done, with this much left to buy. */
  closed(account: number, asset: number, units: number): void {
    this.i32[account * WORDS + OPEN_ORDERS]--;
    this.bought(account, asset, units);
  }

  /** Open orders buy so much less: it traded, or was taken off. */
  bought(account: number, asset: number, units: number): void {
    const position = this.position(account, asset);
    if (position !== undefined) position.openBuys -= units;
  }

  countTrade(account: number, time: number): void {
    this.#turnDay(account, time);
    this.f64[account * F64_WORDS + F64_DAY_TRADES]++;
  }

  #turnDay(account: number, time: number): void {
    const at = account * F64_WORDS;
    const day = Math.floor(time / DAY);
    if (this.f64[at + F64_DAY] === day) return;
    this.f64[at + F64_DAY] = day;
    this.f64[at + F64_DAY_MESSAGES] = 0;
    this.f64[at + F64_DAY_TRADES] = 0;
  }

  /** Works out the mode that an open account's rules give it. */
  refresh(account: number): void {
    const of = (rule: number) => this.get(account, rule) !== 0;
    const counted = of(ACCOUNT_RULE.MAX_OPEN_ORDERS) || of(ACCOUNT_RULE.ORDER_TO_TRADE) || this.#limited[account] > 0;
    const entry = of(ACCOUNT_RULE.STATUS) || of(ACCOUNT_RULE.MAX_MESSAGES);
    const fees = of(ACCOUNT_RULE.FEE_TIER) || of(ACCOUNT_RULE.THIRD_ASSET_FEES);
    this.modes[account] = OPEN | (entry ? ENTRY_RULES : 0) | (fees ? FEE_RULES : 0) | (counted ? COUNTED : 0);
  }

  /** @param accounts how many are open */
  used(accounts: number): Uint8Array[] {
    const positions = [...this.positions]
      .sort(([a], [b]) => a - b)
      .flatMap(([key, { most, openBuys }]) => {
        return [Math.floor(key / this.#assets), key % this.#assets, most, openBuys];
      });
    return [bytesOf(within(this.#span, 0, accounts * WORDS * 4)), bytesOf(new Float64Array(positions))];
  }

  restore([rules, positions]: readonly Uint8Array[]): void {
    bytesOf(this.#span).set(rules);
    const numbers = new Float64Array(Uint8Array.from(positions).buffer);
    for (let i = 0; i < numbers.length; i += 4) {
      this.positions.set(numbers[i] * this.#assets + numbers[i + 1], { most: numbers[i + 2], openBuys: numbers[i + 3] });
      this.#limited[numbers[i]]++;
    }
    for (let account = 0; account < rules.length / (WORDS * 4); account++) this.refresh(account);
  }
}
