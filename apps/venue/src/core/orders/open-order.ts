/** The record of an open order in the gateway's memory. */
import { command } from '@outcry/market/command';
import {
  instrumentOf,
  isPostOnly,
  KEEPER_SHIFT,
  orderKindOf,
  orderWord,
  packTerms,
  sideOf,
  termsOf,
  timeInForceOf,
} from '@outcry/market/order-word';
import { record } from '@outcry/memory/record';
import type { Order, Strategy } from '../../domain/orders.ts';
import type { SpecialTerms } from '../../domain/special-terms.ts';

/** An open order in memory, 128 bytes, by the slot that the engine gave it. */
export const openOrderShape = record(
  {
    amount: 'f64',
    executedAmount: 'f64',
    time: 'f64',
    updateTime: 'f64',
    id: 'f64',
    generation: 'i32',
    account: 'i32',
    price: 'i32',
    quantity: 'i32',
    left: 'i32',
    word: 'i32',
    state: 'i32',
    previous: 'i32',
    next: 'i32',
    shown: 'i32',
    idChain: 'i32',
    clientChain: 'i32',
    clientId: command.TEXT_BYTES,
  },
  { align: 64 },
);

const { fields } = openOrderShape;

/** Where an open order's fields are: words, and F64 in doubles. */
export const openOrder = {
  WORDS: openOrderShape.words,
  F64_AMOUNT: fields.amount.index,
  F64_EXECUTED: fields.executedAmount.index,
  F64_TIME: fields.time.index,
  F64_UPDATE_TIME: fields.updateTime.index,
  F64_ID: fields.id.index,
  GENERATION: fields.generation.index,
  ACCOUNT: fields.account.index,
  PRICE: fields.price.index,
  QUANTITY: fields.quantity.index,
  LEFT: fields.left.index,
  /** see order-word.ts; the keeper's bits are the bytes of its client order id */
  WORD: fields.word.index,
  /** see {@link state}; its status above */
  STATE: fields.state.index,
  /** neighbours among its account's orders */
  PREVIOUS: fields.previous.index,
  NEXT: fields.next.index,
  SHOWN: fields.shown.index,
  /** the next order in the same bucket of each index */
  ID_CHAIN: fields.idChain.index,
  CLIENT_CHAIN: fields.clientChain.index,
  CLIENT_ID: fields.clientId.offset / 4,
} as const;

/** Bits of an open order's state. */
export const state = {
  OPEN: 1,
  RESTING: 2,
  WAITING: 4,
  HAS_TERMS: 8,
  /** a cursor is held at it */
  HELD: 16,
  /** self-trade prevention took lots off it */
  DECREMENTED: 32,
  HAS_STRATEGY: 64,
} as const;
const STATUS_SHIFT = 8;
const STATUS_BITS = 0xff << STATUS_SHIFT;

if (command.TEXT_BYTES >= 1 << (32 - KEEPER_SHIFT)) throw new Error('the length of a client order id does not fit an order word');

/** The word of an order that has no client order id. */
export function wordOf({ instrument, side, kind, timeInForce, postOnly }: Order): number {
  return orderWord(instrument, side, packTerms(kind, timeInForce, postOnly));
}

export function withClientBytes(word: number, bytes: number): number {
  return word | (bytes << KEEPER_SHIFT);
}
export function clientBytesOf(word: number): number {
  return word >>> KEEPER_SHIFT;
}

export function statusOf(bits: number): number {
  return (bits & STATUS_BITS) >>> STATUS_SHIFT;
}
export function withStatus(bits: number, status: number): number {
  return (bits & ~STATUS_BITS) | (status << STATUS_SHIFT);
}

const { WORDS, F64_AMOUNT, F64_EXECUTED, F64_TIME, F64_UPDATE_TIME, F64_ID } = openOrder;
const { ACCOUNT, PRICE, QUANTITY, LEFT, WORD, STATE, SHOWN } = openOrder;
const { RESTING, WAITING } = state;

/** Makes an order of its record, and of what the record does not hold. */
export function orderAt(
  i32: Int32Array,
  f64: Float64Array,
  slot: number,
  clientId: string,
  special: SpecialTerms | undefined,
  strategy: Strategy | undefined,
  decremented: number,
  preventedMatch: number,
): Order {
  const at = slot * WORDS;
  const word = i32[at + WORD];
  const bits = i32[at + STATE];
  const terms = termsOf(word);
  return {
    id: f64[(at >> 1) + F64_ID],
    account: i32[at + ACCOUNT],
    instrument: instrumentOf(word),
    clientId,
    side: sideOf(word),
    kind: orderKindOf(terms),
    timeInForce: timeInForceOf(terms),
    postOnly: isPostOnly(terms),
    price: i32[at + PRICE],
    quantity: i32[at + QUANTITY],
    amount: f64[(at >> 1) + F64_AMOUNT],
    left: i32[at + LEFT],
    executedAmount: f64[(at >> 1) + F64_EXECUTED],
    status: statusOf(bits),
    time: f64[(at >> 1) + F64_TIME],
    updateTime: f64[(at >> 1) + F64_UPDATE_TIME],
    resting: (bits & RESTING) !== 0,
    shown: i32[at + SHOWN],
    waiting: (bits & WAITING) !== 0,
    terms: special,
    strategy,
    decremented,
    preventedMatch,
  };
}
