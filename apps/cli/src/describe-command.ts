/** Journaled commands in words, as `outcry journal` prints them. */
import { ALLOW_FAILURE, COMMAND, COMMAND_NAMES, command, LESS_TRADED, LIST_TYPE, POST_ONLY, wordOfPiece } from '@outcry/market/command';
import { flagsOf, instrumentOf, kindOf, orderKindOf, sideOf, timeInForceOf } from '@outcry/market/command-head';
import { ACCOUNT_RULE, INSTRUMENT_RULE } from '@outcry/market/rules';
import { TRADING_STATE } from '@outcry/market/states';
import { HIDDEN, PEG_ONCE, pegOf, SLIDE, selfTradeOf, sourceOf, terms, trailUnitOf, triggerOf } from '@outcry/market/terms';

const SIDES = ['buy', 'sell'];
const KINDS = ['limit', 'market', 'market_by_amount', 'market_to_limit'];
const TIMES_IN_FORCE = ['gtc', 'ioc', 'fok', 'gtd', 'day', 'at_open', 'at_close'];
const TRIGGERS = ['', 'stop', 'take_profit'];
const SOURCES = ['last', 'best', 'mid'];
const TRAILS = ['', 'ticks', 'basis_points'];
const SELF_TRADE = ['', 'expire_taker', 'expire_maker', 'expire_both', 'decrement'];
const PEGS = ['', 'primary', 'market', 'mid'];

const { HEAD, INSTRUMENT_WORD, ACCOUNT, PRICE, QUANTITY, ORDER_SLOT, ORDER_GENERATION, ASSET, F64_TIME, F64_AMOUNT, TEXT } = command;
/** Words of single kinds of command: see COMMAND. */
const { SCALE, BASE, QUOTE, MAKER_FEE, TAKER_FEE, F64_LOT, F64_UNIT, LIST_TYPE: TYPE, OF_INSTRUMENT, OF_SIDE, OF_SESSION } = command;
const { STATE: NEW_STATE, REFERENCE, TIER, RECEIVER, IS_CHECKED, MOST_ORDERS, MOST_ACCOUNTS, MOST_ASSETS, MOST_INSTRUMENTS } = command;
const { STRATEGY_TYPE, F64_STRATEGY, HASH_LOW, HASH_HIGH, F64_CHECKED, NAME_BYTES, VALUE_BYTES, F64_VALUE } = command;
const { INSTRUMENT_RULE: RULE_OF_INSTRUMENT, ACCOUNT_RULE: RULE_OF_ACCOUNT } = command;

/** A journaled command by the names of its fields; numbers are ticks, lots and units, as the engine has them. */
export function describeCommand(i32: Int32Array, f64: Float64Array, at: number): Record<string, string | number> {
  const head = i32[at + HEAD];
  const kind = kindOf(head);
  const name = COMMAND_NAMES[kind] ?? `unknown_${kind}`;
  if (kind === COMMAND.TEXT) return { kind: name, text: textOf(i32, at + TEXT) };
  if (kind === COMMAND.TERMS) return { kind: name, ...specialTerms(i32, f64, at) };
  if (kind === COMMAND.STRATEGY)
    return { kind: name, strategyType: i32[at + STRATEGY_TYPE], strategyId: f64[(at >> 1) + F64_STRATEGY] - 1 };
  const common = { kind: name, time: new Date(f64[(at >> 1) + F64_TIME] / 1000).toISOString() };
  if (kind === COMMAND.PIECE) return { ...common, text: pieceOf(i32, at) };
  const account = i32[at + ACCOUNT];
  const asset = i32[at + ASSET];
  const instrument = instrumentOf(i32[at + INSTRUMENT_WORD]);
  const amount = f64[(at >> 1) + F64_AMOUNT];
  const meant = { slot: i32[at + ORDER_SLOT], generation: i32[at + ORDER_GENERATION] }; // of the order that it means: slot 0, there was none
  switch (kind) {
    case COMMAND.NEW_ORDER:
    case COMMAND.LEG:
      return { ...common, account, instrument, ...termsOf(head, i32, at, amount) };
    case COMMAND.CANCEL:
      return { ...common, account, instrument, ...meant };
    case COMMAND.CANCEL_REPLACE:
      return { ...common, account, instrument, ...meant, ...termsOf(head, i32, at, amount) };
    case COMMAND.AMEND:
      return { ...common, account, instrument, ...meant, quantity: i32[at + QUANTITY] };
    case COMMAND.DEPOSIT:
    case COMMAND.WITHDRAW:
      return { ...common, account, asset, amount };
    case COMMAND.DEFINE_ASSET:
      return { ...common, asset, places: i32[at + SCALE] };
    case COMMAND.DEFINE_INSTRUMENT:
      return {
        ...common,
        instrument,
        base: i32[at + BASE],
        quote: i32[at + QUOTE],
        makerFeePpm: i32[at + MAKER_FEE],
        takerFeePpm: i32[at + TAKER_FEE],
        unitsPerLot: f64[(at >> 1) + F64_LOT],
        unitsPerTickLot: f64[(at >> 1) + F64_UNIT],
      };
    case COMMAND.NEW_LIST:
      return { ...common, account, instrument, type: nameOf(LIST_TYPE, i32[at + TYPE]) };
    case COMMAND.MASS_CANCEL:
      return { ...common, account, instrument: i32[at + OF_INSTRUMENT], side: i32[at + OF_SIDE], session: i32[at + OF_SESSION] };
    case COMMAND.SET_STATE:
      return { ...common, instrument, state: nameOf(TRADING_STATE, i32[at + NEW_STATE]), reference: i32[at + REFERENCE] };
    case COMMAND.SET_INSTRUMENT_RULE:
      return {
        ...common,
        instrument,
        rule: nameOf(INSTRUMENT_RULE, i32[at + RULE_OF_INSTRUMENT]),
        value: f64[(at >> 1) + F64_VALUE],
      };
    case COMMAND.SET_ACCOUNT_RULE:
      return { ...common, account, rule: nameOf(ACCOUNT_RULE, i32[at + RULE_OF_ACCOUNT]), asset, value: f64[(at >> 1) + F64_VALUE] };
    case COMMAND.DEFINE_FEE_TIER:
      return { ...common, tier: i32[at + TIER], makerFeePpm: i32[at + MAKER_FEE], takerFeePpm: i32[at + TAKER_FEE] };
    case COMMAND.TRANSFER:
      return { ...common, account, to: i32[at + RECEIVER], asset, amount };
    case COMMAND.SET_RISK:
      return { ...common, risk: i32[at + IS_CHECKED] === 1 ? 'checked' : 'none' };
    case COMMAND.SET_LIMITS:
      return {
        ...common,
        orders: i32[at + MOST_ORDERS],
        accounts: i32[at + MOST_ACCOUNTS],
        assets: i32[at + MOST_ASSETS],
        instruments: i32[at + MOST_INSTRUMENTS],
      };
    case COMMAND.CHECK:
      return { ...common, after: f64[(at >> 1) + F64_CHECKED], hash: `${i32[at + HASH_LOW]} ${i32[at + HASH_HIGH]}` };
    case COMMAND.PUT_RECORD:
      return {
        ...common,
        nameBytes: i32[at + NAME_BYTES],
        ...(i32[at + VALUE_BYTES] < 0 ? { removed: 'yes' } : { bytes: i32[at + VALUE_BYTES] }),
      };
    case COMMAND.CLOCK:
      return common;
    default:
      return { ...common, account };
  }
}

function termsOf(head: number, i32: Int32Array, at: number, amount: number): Record<string, string | number> {
  const flags = flagsOf(head);
  const kind = KINDS[orderKindOf(head)];
  return {
    side: SIDES[sideOf(head)],
    type: kind,
    timeInForce: TIMES_IN_FORCE[timeInForceOf(head)],
    ...(kind === 'limit' && i32[at + PRICE] !== 0 && { price: i32[at + PRICE] }),
    ...(kind === 'market_by_amount' ? { amount } : { quantity: i32[at + QUANTITY] }),
    ...((flags & POST_ONLY) !== 0 && { postOnly: 'yes' }),
    ...((flags & ALLOW_FAILURE) !== 0 && { allowFailure: 'yes' }),
    ...((flags & LESS_TRADED) !== 0 && { lessTraded: 'yes' }),
  };
}

/** An order's terms, those that it has. */
function specialTerms(i32: Int32Array, f64: Float64Array, at: number): Record<string, string | number> {
  const flags = i32[at + terms.FLAGS];
  const expiry = f64[(at >> 1) + terms.F64_EXPIRY];
  const all: Record<string, string | number> = {
    trigger: TRIGGERS[triggerOf(flags)],
    watches: triggerOf(flags) === 0 ? '' : SOURCES[sourceOf(flags)],
    stopPrice: i32[at + terms.STOP_PRICE],
    trail: i32[at + terms.TRAIL],
    trailUnit: TRAILS[trailUnitOf(flags)],
    display: i32[at + terms.DISPLAY],
    minQuantity: i32[at + terms.MIN_QUANTITY],
    peg: PEGS[pegOf(flags)],
    pegOnce: (flags & PEG_ONCE) !== 0 ? 'yes' : '',
    pegOffset: i32[at + terms.PEG_OFFSET],
    hidden: (flags & HIDDEN) !== 0 ? 'yes' : '',
    slide: (flags & SLIDE) !== 0 ? 'yes' : '',
    selfTrade: SELF_TRADE[selfTradeOf(flags)],
    session: i32[at + terms.SESSION],
    expiry: expiry === 0 ? '' : new Date(expiry / 1000).toISOString(),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '' && value !== 0));
}

function nameOf(table: Record<string, number>, code: number): string {
  const entry = Object.entries(table).find(([, value]) => value === code);
  return entry === undefined ? `unknown_${code}` : entry[0].toLowerCase();
}

/** A part of a record: JSON, whose secrets are sealed or hashed. */
function pieceOf(i32: Int32Array, at: number): string {
  const words = Int32Array.from({ length: command.PIECE_WORDS }, (_, i) => i32[at + wordOfPiece(i)]);
  const bytes = Buffer.from(words.buffer);
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}

function textOf(i32: Int32Array, word: number): string {
  const bytes = Buffer.from(i32.buffer, i32.byteOffset + word * 4, command.TEXT_BYTES);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}
