import { COMMAND, command } from '@outcry/market/command';
import { REASON } from '@outcry/market/reason';
import type { Engine } from './engine.ts';
import { instrument as record } from './instruments.ts';

const { PLACE, ACCOUNT, PRICE, QUANTITY, ASSET, F64_AMOUNT, F64_UNIT } = command;

/** Commands that no order needs to be fast for: money in and out, and definitions. */
export function administer(engine: Engine, kind: number, i32: Int32Array, f64: Float64Array, at: number): void {
  const account = i32[at + ACCOUNT];
  const asset = i32[at + ASSET];
  const reason = apply(engine, kind, i32, f64, at);
  if (reason !== REASON.NONE) {
    engine.writer.reject(reason, 0, 0, i32[at + PLACE] & 0xffff, account, 0, 0);
    return;
  }
  engine.writer.applied(account, asset);
  if (kind === COMMAND.DEPOSIT || kind === COMMAND.WITHDRAW) engine.writer.balance(account, asset);
}

function apply(engine: Engine, kind: number, i32: Int32Array, f64: Float64Array, at: number): number {
  const { ledger } = engine;
  const account = i32[at + ACCOUNT];
  const asset = i32[at + ASSET];
  switch (kind) {
    case COMMAND.DEPOSIT:
    case COMMAND.WITHDRAW: {
      if (!ledger.hasAccount(account)) return REASON.UNKNOWN_ACCOUNT;
      if (!ledger.hasAsset(asset)) return REASON.UNKNOWN_ASSET;
      const amount = f64[(at >> 1) + F64_AMOUNT];
      if (!Number.isSafeInteger(amount) || amount < 1) return REASON.INVALID_AMOUNT;
      if (kind === COMMAND.DEPOSIT) return ledger.deposit(account, asset, amount) ? REASON.NONE : REASON.OVERFLOW;
      return ledger.withdraw(account, asset, amount) ? REASON.NONE : REASON.INSUFFICIENT_BALANCE;
    }
    case COMMAND.DEFINE_ASSET:
      return ledger.defineAsset(asset) ? REASON.NONE : REASON.INVALID_DEFINITION;
    case COMMAND.OPEN_ACCOUNT:
      return ledger.openAccount(account) ? REASON.NONE : REASON.INVALID_DEFINITION;
    case COMMAND.DEFINE_INSTRUMENT:
      return defineInstrument(engine, i32, f64, at);
    default:
      return REASON.INVALID_TERMS;
  }
}

function defineInstrument(engine: Engine, i32: Int32Array, f64: Float64Array, at: number): number {
  const { instruments, ledger } = engine;
  const number = i32[at + PLACE] & 0xffff;
  const base = i32[at + ACCOUNT];
  const quote = i32[at + ASSET];
  const lot = f64[(at >> 1) + F64_AMOUNT];
  const unit = f64[(at >> 1) + F64_UNIT];
  const fees = [i32[at + PRICE], i32[at + QUANTITY]];
  const whole = (value: number) => Number.isSafeInteger(value) && value >= 1;
  if (number >= instruments.capacity || instruments.has(number)) return REASON.INVALID_DEFINITION;
  if (!ledger.hasAsset(base) || !ledger.hasAsset(quote) || base === quote) return REASON.UNKNOWN_ASSET;
  if (!whole(lot) || !whole(unit) || fees.some((fee) => fee < 0 || fee > 1_000_000)) return REASON.INVALID_DEFINITION;
  instruments.open(number);
  const words = number * record.WORDS;
  instruments.i32[words + record.DEFINED] = 1;
  instruments.i32[words + record.BASE] = base;
  instruments.i32[words + record.QUOTE] = quote;
  instruments.i32[words + record.MAKER_FEE] = fees[0];
  instruments.i32[words + record.TAKER_FEE] = fees[1];
  instruments.f64[number * record.F64_WORDS + record.F64_LOT] = lot;
  instruments.f64[number * record.F64_WORDS + record.F64_UNIT] = unit;
  return REASON.NONE;
}
