/** The engine's commands beside orders: funds, definitions, rules, states. */
import { COMMAND, command } from '@outcry/market/command';
import { instrumentOf } from '@outcry/market/command-head';
import { REASON } from '@outcry/market/reason';
import { ACCOUNT_RULE, INSTRUMENT_RULE, INSTRUMENT_RULES, type InstrumentRule, WHOLE } from '@outcry/market/rules';
import { PERMISSION, TRADING_STATE } from '@outcry/market/states';
import type { Engine } from './engine.ts';
import { instrument as record } from './instruments.ts';
import { setLimits } from './limits.ts';
import { enterList } from './rules/enter-list.ts';
import { openBuysOf } from './rules/open-orders.ts';
import { FEE_TIERS } from './settlement.ts';

const { INSTRUMENT_WORD, ACCOUNT, ASSET, F64_AMOUNT } = command;
/** Words of single kinds of command: see COMMAND. */
const { BASE, QUOTE, MAKER_FEE, TAKER_FEE, F64_LOT, F64_UNIT, TIER, RECEIVER, STATE: NEW_STATE, REFERENCE, IS_CHECKED } = command;
const { OF_INSTRUMENT, OF_SIDE, OF_SESSION, NAME_BYTES, VALUE_BYTES, MOST_ORDERS, MOST_ACCOUNTS, MOST_ASSETS, MOST_INSTRUMENTS } = command;
const { INSTRUMENT_RULE: RULE_OF_INSTRUMENT, ACCOUNT_RULE: RULE_OF_ACCOUNT, F64_VALUE } = command;

/** Commands that no order needs to be fast for: money in and out, definitions, rules, states, lists. */
export function administer(engine: Engine, kind: number, i32: Int32Array, f64: Float64Array, at: number): void {
  if (kind === COMMAND.PIECE) {
    engine.registry.stage(i32, at);
    return;
  }
  if (kind === COMMAND.PUT_RECORD) {
    putRecord(engine, i32, at);
    return;
  }
  engine.registry.forgetStaged(); // left by a gateway that ended in between
  if (kind === COMMAND.NEW_LIST) {
    enterList(engine, i32, at);
    return;
  }
  if (kind === COMMAND.CLOCK) {
    engine.ruleBook.sessions.emitIndicative();
    return;
  }
  if (kind === COMMAND.CHECK) return;
  const account = i32[at + ACCOUNT];
  const asset = i32[at + ASSET];
  const reason = apply(engine, kind, i32, f64, at);
  if (reason === REPEATED) {
    engine.writer.applied(account, asset);
    return;
  }
  if (reason !== REASON.NONE) {
    engine.writer.reject(reason, 0, 0, instrumentOf(i32[at + INSTRUMENT_WORD]), account, 0, 0);
    return;
  }
  engine.writer.applied(account, asset);
  if (kind === COMMAND.DEPOSIT || kind === COMMAND.WITHDRAW || kind === COMMAND.TRANSFER) engine.writer.balance(account, asset);
  if (kind === COMMAND.TRANSFER) engine.writer.balance(i32[at + RECEIVER], asset);
}

function putRecord(engine: Engine, i32: Int32Array, at: number): void {
  const { registry, writer } = engine;
  const [nameBytes, valueBytes] = [i32[at + NAME_BYTES], i32[at + VALUE_BYTES]];
  if (registry.put(nameBytes, valueBytes)) writer.record(registry.stated, nameBytes, valueBytes);
  else writer.reject(REASON.INVALID_DEFINITION, 0, 0, instrumentOf(i32[at + INSTRUMENT_WORD]), i32[at + ACCOUNT], 0, 0);
  registry.forgetStaged();
}

/** Not a reason: a deposit or withdrawal that took effect before. */
const REPEATED = -1;

function apply(engine: Engine, kind: number, i32: Int32Array, f64: Float64Array, at: number): number {
  const { ledger } = engine;
  const account = i32[at + ACCOUNT];
  const asset = i32[at + ASSET];
  const amount = f64[(at >> 1) + F64_AMOUNT];
  switch (kind) {
    case COMMAND.DEPOSIT:
    case COMMAND.WITHDRAW:
      return moveMoney(engine, kind, account, asset, amount);
    case COMMAND.TRANSFER:
      return transfer(engine, account, i32[at + RECEIVER], asset, amount);
    case COMMAND.DEFINE_ASSET:
      return asset < engine.limits.assets && ledger.defineAsset(asset) ? REASON.NONE : REASON.INVALID_DEFINITION;
    case COMMAND.OPEN_ACCOUNT:
      return openAccount(engine, account);
    case COMMAND.DEFINE_INSTRUMENT:
      return defineInstrument(engine, i32, f64, at);
    case COMMAND.MASS_CANCEL:
      return engine.ruleBook.massCancels.begin(account, i32[at + OF_INSTRUMENT], i32[at + OF_SIDE], i32[at + OF_SESSION]);
    case COMMAND.SET_STATE:
      return setState(engine, instrumentOf(i32[at + INSTRUMENT_WORD]), i32[at + NEW_STATE], i32[at + REFERENCE]);
    case COMMAND.SET_INSTRUMENT_RULE:
      return setInstrumentRule(engine, instrumentOf(i32[at + INSTRUMENT_WORD]), i32[at + RULE_OF_INSTRUMENT], f64[(at >> 1) + F64_VALUE]);
    case COMMAND.SET_ACCOUNT_RULE:
      return setAccountRule(engine, account, i32[at + RULE_OF_ACCOUNT], asset, f64[(at >> 1) + F64_VALUE]);
    case COMMAND.DEFINE_FEE_TIER:
      return defineFeeTier(engine, i32[at + TIER], i32[at + MAKER_FEE], i32[at + TAKER_FEE]);
    case COMMAND.SET_RISK:
      return setRisk(engine, i32[at + IS_CHECKED]);
    case COMMAND.SET_LIMITS:
      return setLimits(engine, {
        orders: i32[at + MOST_ORDERS],
        accounts: i32[at + MOST_ACCOUNTS],
        assets: i32[at + MOST_ASSETS],
        instruments: i32[at + MOST_INSTRUMENTS],
      });
    default:
      return REASON.INVALID_TERMS;
  }
}

function setRisk({ ledger }: Engine, isChecked: number): number {
  if (isChecked !== 0 && isChecked !== 1) return REASON.INVALID_DEFINITION;
  ledger.unchecked = isChecked === 0;
  return REASON.NONE;
}

/** Opens accounts up to and including a number. */
function openAccount(engine: Engine, account: number): number {
  const first = engine.ledger.accounts;
  if (account >= engine.limits.accounts || !engine.ledger.openAccount(account)) return REASON.INVALID_DEFINITION;
  for (let number = first; number <= account; number++) engine.accounts.refresh(number);
  return REASON.NONE;
}

// ── Money ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function moveMoney(engine: Engine, kind: number, account: number, asset: number, amount: number): number {
  const { ledger, references } = engine;
  const { text } = engine.staged;
  if (!ledger.hasAccount(account)) return REASON.UNKNOWN_ACCOUNT;
  if (!ledger.hasAsset(asset)) return REASON.UNKNOWN_ASSET;
  if (!Number.isSafeInteger(amount) || amount < 1) return REASON.INVALID_AMOUNT;
  if (text !== undefined) {
    const seen = references.seen(text, account, kind, asset, amount);
    if (seen !== 'new') return seen === 'same' ? REPEATED : REASON.REFERENCE_REUSED;
  }
  if (kind === COMMAND.DEPOSIT && !ledger.deposit(account, asset, amount)) return REASON.OVERFLOW;
  if (kind === COMMAND.WITHDRAW && !ledger.withdraw(account, asset, amount)) return REASON.INSUFFICIENT_BALANCE;
  if (text !== undefined) references.remember(text, account, kind, asset, amount);
  return REASON.NONE;
}

/** Between an account and its parent, or two accounts with the same parent. */
function transfer(engine: Engine, from: number, to: number, asset: number, amount: number): number {
  const { ledger, accounts } = engine;
  if (!ledger.hasAccount(from) || !ledger.hasAccount(to) || from === to) return REASON.UNKNOWN_ACCOUNT;
  if (!ledger.hasAsset(asset)) return REASON.UNKNOWN_ASSET;
  const parentOf = (account: number) => accounts.get(account, ACCOUNT_RULE.PARENT) - 1;
  const siblings = parentOf(from) >= 0 && parentOf(from) === parentOf(to);
  if (parentOf(from) !== to && parentOf(to) !== from && !siblings) return REASON.UNKNOWN_ACCOUNT;
  if (!Number.isSafeInteger(amount) || amount < 1) return REASON.INVALID_AMOUNT;
  if (ledger.available(from, asset) < amount || !ledger.debit(from, asset, amount)) return REASON.INSUFFICIENT_BALANCE;
  ledger.credit(to, asset, amount);
  return REASON.NONE;
}

// ── Definitions and rules ────────────────────────────────────────────────────────────────────────────────────────────────

function defineInstrument(engine: Engine, i32: Int32Array, f64: Float64Array, at: number): number {
  const { instruments, ledger } = engine;
  const number = instrumentOf(i32[at + INSTRUMENT_WORD]);
  const base = i32[at + BASE];
  const quote = i32[at + QUOTE];
  const lot = f64[(at >> 1) + F64_LOT];
  const unit = f64[(at >> 1) + F64_UNIT];
  const fees = [i32[at + MAKER_FEE], i32[at + TAKER_FEE]];
  const whole = (value: number) => Number.isSafeInteger(value) && value >= 1;
  if (number >= engine.limits.instruments || instruments.has(number)) return REASON.INVALID_DEFINITION;
  if (!ledger.hasAsset(base) || !ledger.hasAsset(quote) || base === quote) return REASON.UNKNOWN_ASSET;
  if (!whole(lot) || !whole(unit) || fees.some((fee) => fee < 0 || fee > WHOLE)) return REASON.INVALID_DEFINITION;
  instruments.ensureBooks(number);
  const words = number * record.WORDS;
  instruments.i32[words + record.DEFINED] = 1;
  instruments.i32[words + record.BASE] = base;
  instruments.i32[words + record.QUOTE] = quote;
  instruments.f64[number * record.F64_WORDS + record.F64_LOT] = lot;
  instruments.f64[number * record.F64_WORDS + record.F64_UNIT] = unit;
  for (const [rule, { initial }] of RULES) instruments.setRule(number, rule, initial);
  instruments.setRule(number, INSTRUMENT_RULE.MAKER_FEE, fees[0]);
  instruments.setRule(number, INSTRUMENT_RULE.TAKER_FEE, fees[1]);
  return REASON.NONE;
}

/** By number. */
const RULES: ReadonlyMap<number, InstrumentRule> = new Map(Object.values(INSTRUMENT_RULES).map((rule) => [rule.number, rule]));

function setInstrumentRule(engine: Engine, number: number, rule: number, value: number): number {
  const { instruments } = engine;
  if (!instruments.has(number)) return REASON.UNKNOWN_INSTRUMENT;
  const known = RULES.get(rule);
  if (known === undefined || !Number.isSafeInteger(value) || value < known.least || value > known.most) return REASON.INVALID_DEFINITION;
  if (rule === INSTRUMENT_RULE.FEE_INSTRUMENT && value !== 0 && !changesFees(engine, value - 1, number)) return REASON.INVALID_DEFINITION;
  instruments.setRule(number, rule, value);
  return REASON.NONE;
}

/** Whether an instrument trades something for the asset that another one is quoted in. */
function changesFees(engine: Engine, changer: number, number: number): boolean {
  const { instruments } = engine;
  const quoteOf = (instrument: number) => instruments.i32[instrument * record.WORDS + record.QUOTE];
  return instruments.has(changer) && changer !== number && quoteOf(changer) === quoteOf(number);
}

/** Highest value of each rule of an account. */
const ACCOUNT_MOST: Record<number, number> = {
  [ACCOUNT_RULE.STATUS]: PERMISSION.SUSPENDED,
  [ACCOUNT_RULE.GROUP]: 0x7fffffff,
  [ACCOUNT_RULE.PARENT]: 0x7fffffff,
  [ACCOUNT_RULE.FEE_TIER]: FEE_TIERS - 1,
  [ACCOUNT_RULE.THIRD_ASSET_FEES]: 1,
  [ACCOUNT_RULE.MAX_OPEN_ORDERS]: 0x7fffffff,
  [ACCOUNT_RULE.MAX_MESSAGES]: 0x7fffffff,
  [ACCOUNT_RULE.ORDER_TO_TRADE]: 0x7fffffff,
  [ACCOUNT_RULE.MESSAGES_FREE]: 0x7fffffff,
  [ACCOUNT_RULE.MAX_POSITION]: Number.MAX_SAFE_INTEGER,
};

function setAccountRule(engine: Engine, account: number, rule: number, asset: number, value: number): number {
  const { accounts, ledger } = engine;
  if (!ledger.hasAccount(account)) return REASON.UNKNOWN_ACCOUNT;
  const most = ACCOUNT_MOST[rule];
  if (most === undefined || !Number.isSafeInteger(value) || value < 0 || value > most) return REASON.INVALID_DEFINITION;
  if (rule === ACCOUNT_RULE.MAX_POSITION) {
    if (!ledger.hasAsset(asset)) return REASON.UNKNOWN_ASSET;
    accounts.limitPosition(account, asset, value, () => openBuysOf(engine, account, asset));
  } else {
    if (rule === ACCOUNT_RULE.PARENT && value !== 0 && !mayBeParent(engine, value - 1, account)) return REASON.INVALID_DEFINITION;
    accounts.set(account, rule, value);
  }
  accounts.changed(account, engine.sequence, engine.details.byAccount.countOf(account));
  return REASON.NONE;
}

/** One level only: a parent has no parent, a sub-account no sub-accounts. */
function mayBeParent(engine: Engine, parent: number, account: number): boolean {
  const { accounts, ledger } = engine;
  if (!ledger.hasAccount(parent) || parent === account || accounts.get(parent, ACCOUNT_RULE.PARENT) !== 0) return false;
  for (let other = 0; other < ledger.accounts; other++) if (accounts.get(other, ACCOUNT_RULE.PARENT) === account + 1) return false;
  return true;
}

function defineFeeTier(engine: Engine, tier: number, maker: number, taker: number): number {
  const isValid = tier >= 1 && tier < FEE_TIERS && maker >= -WHOLE && maker <= WHOLE && taker >= 0 && taker <= WHOLE;
  if (!isValid) return REASON.INVALID_DEFINITION;
  engine.settlement.tiers[tier * 2] = maker;
  engine.settlement.tiers[tier * 2 + 1] = taker;
  return REASON.NONE;
}

function setState(engine: Engine, number: number, state: number, reference: number): number {
  if (!engine.instruments.has(number)) return REASON.UNKNOWN_INSTRUMENT;
  if (state < TRADING_STATE.CONTINUOUS || state > TRADING_STATE.CLOSED || reference < 0 || reference > 0x7ffffffe)
    return REASON.INVALID_DEFINITION;
  engine.ruleBook.sessions.setState(number, state, reference);
  return REASON.NONE;
}
