/** Commands of gateways: by their meaning, and as records of the ring. */
import { COMMAND, command, commandHead, generationOf, NUMBERED, slotOf } from '@outcry/market/command';
import { REPLAY_VERSION } from '@outcry/market/event';
import type { OrderKind, Side, TimeInForce } from '@outcry/market/order-terms';
import { pieceCount, type VenueRecord, writePieces } from '@outcry/market/record';
import type { Instrument } from '../domain/market.ts';
import type { Strategy } from '../domain/orders.ts';
import { type SpecialTerms, writeTerms } from '../domain/special-terms.ts';
import { writeStrategy } from '../domain/strategies.ts';

/** A command on its way into the ring: fields by their meaning. Text goes ahead as a record of its own. */
export interface CommandFields {
  head: number;
  instrument?: number;
  account?: number;
  price?: number;
  quantity?: number;
  /** the order meant, as clients know it */
  orderId?: number;
  /** word ORDER_SLOT where it is no order: a rule, an account */
  slot?: number;
  asset?: number;
  amount?: number;
  unit?: number;
  /** the client's 64 bits, where they are not the hash of the text */
  client?: readonly [low: number, high: number];
  text?: string;
  /** an order's terms: a record of its own, ahead of the order's */
  terms?: SpecialTerms;
  /** its strategy, likewise */
  strategy?: Strategy;
  /** what a PUT_RECORD puts, ahead of it */
  record?: VenueRecord;
  /** a list's orders, ahead of the list */
  legs?: CommandFields[];
}

export interface NewOrder {
  account: number;
  instrument: Instrument;
  side: Side;
  kind: OrderKind;
  timeInForce: TimeInForce;
  flags: number;
  /** ticks, 0 for market orders */
  price: number;
  /** lots, 0 for market orders by amount */
  quantity: number;
  /** quote units, for market orders by amount */
  amount: number;
  clientId: string;
  terms?: SpecialTerms;
  strategy?: Strategy;
}

export function newOrder(order: NewOrder): CommandFields {
  return orderCommand(COMMAND.NEW_ORDER, order, 0);
}

export function cancelReplace(order: NewOrder, cancelId: number): CommandFields {
  return orderCommand(COMMAND.CANCEL_REPLACE, order, cancelId);
}

function orderCommand(kind: number, order: NewOrder, orderId: number): CommandFields {
  return {
    head: commandHead(kind, order.side, order.kind, order.timeInForce, order.flags),
    instrument: order.instrument.number,
    account: order.account,
    price: order.price,
    quantity: order.quantity,
    amount: order.amount,
    orderId,
    text: order.clientId,
    terms: order.terms,
    strategy: order.strategy,
  };
}

/** An order list: its orders, then what makes a list of them. */
export function newList(type: number, clientId: string, orders: readonly NewOrder[]): CommandFields {
  const [{ account, instrument }] = orders;
  const legs = orders.map((order) => orderCommand(COMMAND.LEG, order, 0));
  return { head: commandHead(COMMAND.NEW_LIST), account, instrument: instrument.number, asset: type, text: clientId, legs };
}

/** What the engine's story hash was after a command. */
export function check(sequence: number, hash: readonly [number, number]): CommandFields {
  return { head: commandHead(COMMAND.CHECK), asset: REPLAY_VERSION, amount: sequence, client: hash };
}

/** All open orders of an account (-1: of all), of an instrument (-1: of all), of a side (-1: both) and of a session (-1: all). */
export function massCancel(account: number, instrument = -1, side = -1, session = -1): CommandFields {
  return { head: commandHead(COMMAND.MASS_CANCEL), account, price: instrument, quantity: side, asset: session };
}

export function cancel(account: number, instrument: number, orderId: number): CommandFields {
  return { head: commandHead(COMMAND.CANCEL), account, instrument, orderId };
}

export function amend(account: number, instrument: number, orderId: number, quantity: number): CommandFields {
  return { head: commandHead(COMMAND.AMEND), account, instrument, orderId, quantity };
}

/** Records that a command takes. */
export function recordCount(fields: CommandFields): number {
  const legs = fields.legs?.reduce((sum, leg) => sum + recordCount(leg), 0) ?? 0;
  const pieces = fields.record === undefined ? 0 : pieceCount(fields.record);
  return legs + pieces + (fields.text ? 1 : 0) + (fields.terms ? 1 : 0) + (fields.strategy ? 1 : 0) + 1;
}

/**
 * Writes a command and all that goes ahead of it into a ring.
 * @param wordOf the word offset of the n-th record @param meant the handle of the order that it means, 0: none @returns records written
 */
export function writeRecords(
  i32: Int32Array,
  f64: Float64Array,
  wordOf: (n: number) => number,
  fields: CommandFields,
  time: number,
  meant = 0,
): number {
  let n = 0;
  for (const leg of fields.legs ?? []) {
    const first = n;
    n += writeRecords(i32, f64, (k) => wordOf(first + k), leg, time);
  }
  if (fields.record !== undefined) n += writePieces(i32, f64, wordOf, fields.record, time);
  if (fields.text) writeText(i32, wordOf(n++), fields.text);
  if (fields.terms) writeTerms(i32, f64, wordOf(n++), commandHead(COMMAND.TERMS), fields.terms);
  if (fields.strategy) writeStrategy(i32, f64, wordOf(n++), commandHead(COMMAND.STRATEGY), fields.strategy);
  writeCommand(i32, f64, wordOf(n++), fields, time, meant);
  return n;
}

/** Writes a command without its text into a slot. @param time microseconds since 1970 */
function writeCommand(i32: Int32Array, f64: Float64Array, at: number, fields: CommandFields, time: number, meant: number): void {
  i32.fill(0, at, at + command.WORDS);
  i32[at + command.HEAD] = fields.head;
  i32[at + command.INSTRUMENT_WORD] = fields.instrument ?? 0;
  i32[at + command.ACCOUNT] = fields.account ?? 0;
  i32[at + command.PRICE] = fields.price ?? 0;
  i32[at + command.QUANTITY] = fields.quantity ?? 0;
  i32[at + command.ASSET] = fields.asset ?? 0;
  f64[(at >> 1) + command.F64_TIME] = time;
  f64[(at >> 1) + command.F64_AMOUNT] = fields.amount ?? 0;
  i32[at + command.ORDER_SLOT] = fields.slot ?? slotOf(meant);
  i32[at + command.ORDER_GENERATION] = generationOf(meant);
  if (fields.unit !== undefined) f64[(at >> 1) + command.F64_UNIT] = fields.unit;
  else if (fields.text || fields.client) {
    const [low, high] = fields.client ?? textHash(fields.text ?? '');
    i32[at + command.CLIENT_LOW] = low;
    i32[at + command.CLIENT_HIGH] = high;
  }
}

/** Writes the TEXT record that goes ahead of a command. */
function writeText(i32: Int32Array, at: number, text: string): void {
  i32.fill(0, at, at + command.WORDS);
  i32[at + command.HEAD] = commandHead(COMMAND.TEXT);
  const bytes = Buffer.from(text, 'utf8').subarray(0, command.TEXT_BYTES);
  new Uint8Array(i32.buffer, i32.byteOffset + (at + command.TEXT) * 4, command.TEXT_BYTES).set(bytes);
}

/** 63 bits of a client order id's text: FNV-1a, and a multiplicative hash beside it. Never all 0. */
export function textHash(text: string): [low: number, high: number] {
  let low = 0x811c9dc5 | 0;
  let high = 0x2545f491 | 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    low = Math.imul(low ^ c, 16777619);
    high = Math.imul(high + c, 0x9e3779b1);
    high ^= high >>> 15;
  }
  high &= ~NUMBERED;
  return low === 0 && high === 0 ? [1, 0] : [low, high];
}
