/** Reads orders out of FIX messages. */
import { POST_ONLY } from '@outcry/market/command';
import { DecimalError } from '@outcry/market/decimal';
import {
  AT_CLOSE,
  AT_OPEN,
  BUY,
  DAY,
  FOK,
  GTC,
  GTD,
  IOC,
  LIMIT,
  MARKET,
  type OrderKind,
  SELL,
  STOP,
  type TimeInForce,
} from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { type FixMessage, parseFixTime, TAG } from '@outcry/wire/fix';
import type { Instrument, Market } from '../../domain/market.ts';
import type { Order } from '../../domain/orders.ts';
import { makeTerms, type StatedTerms } from '../../domain/special-terms.ts';
import type { NewOrder } from '../../spine/commands.ts';
import type { FixClient } from './fix-client.ts';
import { strangeTag } from './fix-fields.ts';

const TIMES: Record<string, TimeInForce> = { 0: DAY, 1: GTC, 2: AT_OPEN, 3: IOC, 4: FOK, 6: GTD, 7: AT_CLOSE };
export const TIME_CODES: Record<number, string> = Object.fromEntries(Object.entries(TIMES).map(([code, time]) => [time, code]));
/** TimeInForce that is not given is Day (FIX 4.4 volume 6, tag 59). */
const DEFAULT_TIME = '0';
export const SIDE_CODES = ['1', '2'];
/** Market, limit, stop, stop limit. */
const TYPES: Record<string, { kind: OrderKind; isStop: boolean }> = {
  1: { kind: MARKET, isStop: false },
  2: { kind: LIMIT, isStop: false },
  3: { kind: MARKET, isStop: true },
  4: { kind: LIMIT, isStop: true },
};
/** ExecInst: "participate don't initiate". */
export const POST_ONLY_CODE = '6';
/** HandlInst: "manual order". */
const MANUAL = '3';
/** Three names for what an iceberg shows: MaxShow, MaxFloor, and DisplayQty of FIX 5.0. */
const DISPLAYS = [TAG.MAX_SHOW, TAG.MAX_FLOOR, TAG.DISPLAY_QTY];
const MOST_ID_BYTES = 36;

/** A request that says something that cannot be done: why. */
export class BadField extends Error {
  /** see REASON */
  readonly reason: number;
  constructor(reason: number, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A required field that is not there. */
export class MissingField extends Error {
  readonly tag: number;
  constructor(tag: number) {
    super(`tag ${tag} is missing`);
    this.tag = tag;
  }
}

/** A required field. Throws MissingField. */
export function need(message: FixMessage, tag: number): string {
  const value = message.get(tag);
  if (value === undefined) throw new MissingField(tag);
  return value;
}

/** The instrument that a request names. Throws BadField, or MissingField. */
export function readInstrument(market: Market, message: FixMessage): Instrument {
  const symbol = need(message, TAG.SYMBOL);
  const instrument = market.find(symbol);
  if (instrument === undefined) throw new BadField(REASON.UNKNOWN_INSTRUMENT, `no symbol ${symbol}`);
  const id = message.get(TAG.SECURITY_ID) ?? symbol;
  if (id !== symbol) throw new BadField(REASON.UNKNOWN_INSTRUMENT, 'SecurityID is not the symbol');
  return instrument;
}

/** Throws BadField when a request is for another account than the login's. */
export function checkAccount(client: FixClient, message: FixMessage): void {
  const account = message.get(TAG.ACCOUNT) ?? client.account;
  if (account !== client.account) throw new BadField(REASON.UNKNOWN_ACCOUNT, `Account must be ${client.account}, the login's`);
}

/** Throws BadField when what a request says of an order besides its ClOrdID is not so. */
export function checkReference(client: FixClient, message: FixMessage, order: Order, instrument: Instrument): void {
  checkAccount(client, message);
  const wrong = (what: string) => new BadField(REASON.INVALID_TERMS, `${what} is not the order's`);
  if ((message.get(TAG.SYMBOL) ?? instrument.symbol) !== instrument.symbol) throw wrong('Symbol');
  if ((message.get(TAG.SECURITY_ID) ?? instrument.symbol) !== instrument.symbol) throw wrong('SecurityID');
  if ((message.get(TAG.SIDE) ?? SIDE_CODES[order.side]) !== SIDE_CODES[order.side]) throw wrong('Side');
  if ((message.get(TAG.ORDER_ID) ?? String(order.id)) !== String(order.id)) throw wrong('OrderID');
}

/** The order of a NewOrderSingle or OrderCancelReplaceRequest. Throws BadField, or MissingField. */
export function readOrder(client: FixClient, message: FixMessage, instrument: Instrument): NewOrder {
  const clientId = need(message, TAG.CL_ORD_ID);
  const side = SIDE_CODES.indexOf(need(message, TAG.SIDE));
  const type = TYPES[need(message, TAG.ORD_TYPE)];
  const timeInForce = TIMES[message.get(TAG.TIME_IN_FORCE) ?? DEFAULT_TIME];
  const bad = (text: string) => new BadField(REASON.INVALID_TERMS, text);
  if (Buffer.byteLength(clientId) > MOST_ID_BYTES) throw bad(`ClOrdID has at most ${MOST_ID_BYTES} bytes`);
  if (side < 0) throw bad('Side must be 1 or 2');
  if (type === undefined) throw bad('OrdType must be 1, 2, 3 or 4');
  if (timeInForce === undefined) throw bad('TimeInForce must be 0, 1, 2, 3, 4, 6 or 7');
  checkAccount(client, message);
  checkTerms(message, instrument);
  const price = (tag: number) => readDecimal(message, tag, (text) => instrument.parsePrice(text), REASON.INVALID_PRICE);
  const quantity = (tag: number) => readDecimal(message, tag, (text) => instrument.parseQuantity(text), REASON.INVALID_QUANTITY);
  const stated: StatedTerms = {};
  if (type.isStop) Object.assign(stated, { trigger: STOP, stopPrice: price(TAG.STOP_PX) });
  else refuseField(message, TAG.STOP_PX, 'StopPx is of stop orders');
  if (timeInForce === GTD) stated.expiry = parseFixTime(need(message, TAG.EXPIRE_TIME)) * 1000;
  else refuseField(message, TAG.EXPIRE_TIME, 'ExpireTime is of orders with TimeInForce 6');
  if (type.kind === MARKET) refuseField(message, TAG.PRICE, 'Price is of limit orders');
  if (message.get(TAG.MIN_QTY) !== undefined) stated.minQuantity = quantity(TAG.MIN_QTY);
  for (const tag of DISPLAYS) {
    if (message.get(tag) === undefined) continue;
    const display = quantity(tag);
    if (stated.display !== undefined && stated.display !== display) throw bad('MaxShow, MaxFloor and DisplayQty are the same');
    stated.display = display;
  }
  return {
    account: client.login.account,
    instrument,
    side: side === 0 ? BUY : SELL,
    kind: type.kind,
    timeInForce: type.kind === MARKET && !type.isStop && (timeInForce === GTC || timeInForce === DAY) ? IOC : timeInForce,
    flags: message.get(TAG.EXEC_INST) === undefined ? 0 : POST_ONLY,
    price: type.kind === LIMIT ? price(TAG.PRICE) : 0,
    quantity: quantity(TAG.ORDER_QTY),
    amount: 0,
    clientId,
    terms: Object.keys(stated).length > 0 ? makeTerms(stated) : undefined,
  };
}

/** What may be said, but must be so. */
function checkTerms(message: FixMessage, instrument: Instrument): void {
  const strange = strangeTag(message);
  if (strange !== 0) throw new BadField(REASON.INVALID_TERMS, `tag ${strange} is not supported`);
  if ((message.get(TAG.CURRENCY) ?? instrument.quote.name) !== instrument.quote.name)
    throw new BadField(REASON.UNKNOWN_ASSET, `Currency must be ${instrument.quote.name}`);
  if (message.get(TAG.HANDL_INST) === MANUAL) throw new BadField(REASON.INVALID_TERMS, 'HandlInst must be 1 or 2');
  const instructions = message.get(TAG.EXEC_INST)?.split(' ') ?? [];
  if (instructions.some((code) => code !== POST_ONLY_CODE)) throw new BadField(REASON.INVALID_TERMS, 'ExecInst must be 6');
}

function refuseField(message: FixMessage, tag: number, text: string): void {
  if (message.get(tag) !== undefined) throw new BadField(REASON.INVALID_TERMS, text);
}

function readDecimal(message: FixMessage, tag: number, parse: (text: string) => number, reason: number): number {
  const text = need(message, tag);
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof DecimalError) throw new BadField(reason, `tag ${tag}: ${error.message}`);
    throw error;
  }
}
