import { ALLOW_FAILURE, COMMAND, COMMAND_NAMES, command, LESS_TRADED, LIST_TYPE, POST_ONLY, wordOfPiece } from '@outcry/market/command';
import { flagsOf, instrumentOf, kindOf, orderKindOf, sideOf, timeInForceOf } from '@outcry/market/command-head';
import { ACCOUNT_RULE, INSTRUMENT_RULE, STATE } from '@outcry/market/rules';
import { HIDDEN, PEG_ONCE, pegOf, SLIDE, selfTradeOf, sourceOf, terms, trailUnitOf, triggerOf } from '@outcry/market/terms';

const SIDES = ['buy', 'sell'];
const KINDS = ['limit', 'market', 'market_by_amount', 'market_to_limit'];
const TIMES_IN_FORCE = ['gtc', 'ioc', 'fok', 'gtd', 'day', 'at_open', 'at_close'];
const TRIGGERS = ['', 'stop', 'take_profit'];
const SOURCES = ['last', 'best', 'mid'];
const TRAILS = ['', 'ticks', 'basis_points'];
const SELF_TRADE = ['', 'expire_taker', 'expire_maker', 'expire_both', 'decrement'];
const PEGS = ['', 'primary', 'market', 'mid'];

const {
  HEAD,
  PLACE,
  ACCOUNT,
  PRICE,
  QUANTITY,
  ORDER_SLOT,
  ORDER_GENERATION,
  ASSET,
  CLIENT_LOW,
  CLIENT_HIGH,
  F64_TIME,
  F64_AMOUNT,
  F64_UNIT,
  TEXT,
} = command;

/** A journaled command by the names of its fields; numbers are ticks, lots and units, as the engine has them. */
export function describeCommand(i32: Int32Array, f64: Float64Array, at: number): Record<string, string | number> {
  const head = i32[at + HEAD];
  const kind = kindOf(head);
  const name = COMMAND_NAMES[kind] ?? `unknown_${kind}`;
  if (kind === COMMAND.TEXT) return { kind: name, text: textOf(i32, at + TEXT) };
  if (kind === COMMAND.TERMS) return { kind: name, ...specialTerms(i32, f64, at) };
  const common = { kind: name, time: new Date(f64[(at >> 1) + F64_TIME] / 1000).toISOString() };
  if (kind === COMMAND.PIECE) return { ...common, text: pieceOf(i32, at) };
  const account = i32[at + ACCOUNT];
  const asset = i32[at + ASSET];
  const instrument = instrumentOf(i32[at + PLACE]);
  const amount = f64[(at >> 1) + F64_AMOUNT];
  const meant = { slot: i32[at + ORDER_SLOT], use: i32[at + ORDER_GENERATION] }; // of the order that it means: slot 0, there was none
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
      return { ...common, asset, places: i32[at + QUANTITY] };
    case COMMAND.DEFINE_INSTRUMENT:
      return {
        ...common,
        instrument,
        base: account,
        quote: asset,
        makerFeePpm: i32[at + PRICE],
        takerFeePpm: i32[at + QUANTITY],
        unitsPerLot: amount,
        unitsPerTickLot: f64[(at >> 1) + F64_UNIT],
      };
    case COMMAND.NEW_LIST:
      return { ...common, account, instrument, type: nameOf(LIST_TYPE, asset) };
    case COMMAND.MASS_CANCEL:
      return { ...common, account, instrument: i32[at + PRICE], side: i32[at + QUANTITY], session: asset };
    case COMMAND.SET_STATE:
      return { ...common, instrument, state: nameOf(STATE, asset), reference: i32[at + PRICE] };
    case COMMAND.SET_INSTRUMENT_RULE:
      return { ...common, instrument, rule: nameOf(INSTRUMENT_RULE, asset), value: amount };
    case COMMAND.SET_ACCOUNT_RULE:
      return { ...common, account, rule: nameOf(ACCOUNT_RULE, i32[at + ORDER_SLOT]), asset, value: amount };
    case COMMAND.DEFINE_FEE_TIER:
      return { ...common, tier: account, makerFeePpm: i32[at + PRICE], takerFeePpm: i32[at + QUANTITY] };
    case COMMAND.TRANSFER:
      return { ...common, account, to: i32[at + ORDER_SLOT], asset, amount };
    case COMMAND.SET_RISK:
      return { ...common, risk: asset === 1 ? 'checked' : 'none' };
    case COMMAND.SET_LIMITS:
      return { ...common, orders: i32[at + QUANTITY], accounts: account, assets: asset, instruments: i32[at + PRICE] };
    case COMMAND.CHECK:
      return { ...common, after: amount, hash: `${i32[at + CLIENT_LOW]} ${i32[at + CLIENT_HIGH]}` };
    case COMMAND.PUT_RECORD:
      return { ...common, nameBytes: i32[at + PRICE], ...(i32[at + QUANTITY] < 0 ? { removed: 'yes' } : { bytes: i32[at + QUANTITY] }) };
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
