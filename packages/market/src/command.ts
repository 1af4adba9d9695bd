/** Commands: what gateways ask of the engine. */
import { offsets, record, several, union } from '@outcry/memory/record';

export { commandHead } from './command-head.ts';

const layout = record(
  {
    /** kind u8, side u8, order kind u4 + time in force u4, flags u8: see command-head.ts */
    HEAD: 'i32',
    body: union({
      /** a TEXT's bytes */
      TEXT: several('i32', 10),
      fields: {
        /** instrument u16, partition u16 */
        INSTRUMENT_WORD: 'i32',
        account: union({ ACCOUNT: 'i32', BASE: 'i32', TIER: 'i32', MOST_ACCOUNTS: 'i32' }),
        /** ticks, and fees in parts per million */
        price: union({
          PRICE: 'i32',
          REFERENCE: 'i32',
          MAKER_FEE: 'i32',
          OF_INSTRUMENT: 'i32',
          NAME_BYTES: 'i32',
          MOST_INSTRUMENTS: 'i32',
        }),
        /** lots, and fees in parts per million */
        quantity: union({
          QUANTITY: 'i32',
          SCALE: 'i32',
          TAKER_FEE: 'i32',
          OF_SIDE: 'i32',
          VALUE_BYTES: 'i32',
          MOST_ORDERS: 'i32',
          STRATEGY_TYPE: 'i32',
        }),
        /** the order meant: its place in the engine, which whoever sends the command knows from the events; see orderHandle */
        order: union({ ORDER_SLOT: 'i32', ACCOUNT_RULE: 'i32', RECEIVER: 'i32' }),
        ORDER_GENERATION: 'i32',
        asset: union({
          ASSET: 'i32',
          QUOTE: 'i32',
          LIST_TYPE: 'i32',
          OF_SESSION: 'i32',
          STATE: 'i32',
          INSTRUMENT_RULE: 'i32',
          IS_CHECKED: 'i32',
          VERSION: 'i32',
          MOST_ASSETS: 'i32',
        }),
        /** microseconds since 1970, stamped by the gateway */
        F64_TIME: 'f64',
        /** units of an asset */
        amount: union({ F64_AMOUNT: 'f64', F64_LOT: 'f64', F64_VALUE: 'f64', F64_CHECKED: 'f64', F64_STRATEGY: 'f64' }),
        last: union({
          /** 64 bits that the client knows the order by (a number, or a hash of its text); 0: none. With the highest bit set, see NUMBERED,
           * they are a number that a session uses once: no open order is looked for that has the same. */
          client: { CLIENT_LOW: 'i32', CLIENT_HIGH: 'i32' },
          hash: { HASH_LOW: 'i32', HASH_HIGH: 'i32' },
          F64_UNIT: 'f64',
        }),
      },
    }),
  },
  { bytes: 64 },
);

/**
 * A command: one 64-byte record, little-endian. It is the same record in the command ring, in the journal and in the engine's
 * hands. Its sequence number is its place in the journal, counted from 1, and is not stored in it.
 *
 * Offsets are 32-bit words, `F64_…` offsets are float64 indices; float64 fields hold whole numbers up to 2^53 - 1. Names that share a word
 * are of different kinds of command: COMMAND says which kind has which.
 */
export const command = {
  ...offsets(layout),
  TEXT_BYTES: layout.fields.TEXT.bytes,
  /** words of a record that a PIECE carries, around its time: see wordOfPiece */
  PIECE_WORDS: 13,
} as const;

const WORDS_BEFORE_TIME = command.F64_TIME * 2 - 1;
const TIME_WORDS = 2;
if (1 + command.PIECE_WORDS + TIME_WORDS !== command.WORDS) throw new RangeError('a PIECE does not fill its command');

export const COMMAND = {
  /** Text for the command that follows: a client order id, or a name. UTF-8, zero-padded. */
  TEXT: 1,
  NEW_ORDER: 2,
  CANCEL: 3,
  /** Cancels the order meant and enters a new one, as one step. */
  CANCEL_REPLACE: 4,
  /** Lowers the quantity of the order meant to QUANTITY; it keeps its place. */
  AMEND: 5,
  DEPOSIT: 6,
  WITHDRAW: 7,
  /** ASSET, SCALE = decimal places; its name in the TEXT before it. */
  DEFINE_ASSET: 8,
  /** INSTRUMENT_WORD; BASE and QUOTE, its assets; MAKER_FEE, TAKER_FEE in parts per million; LOT = base units per lot, UNIT = quote units
   * per tick and lot; its symbol in the TEXT before it. */
  DEFINE_INSTRUMENT: 9,
  /** ACCOUNT; its name in the TEXT before it. */
  OPEN_ACCOUNT: 10,
  /** Terms that an order record has no room for, for the order that follows: see terms. */
  TERMS: 11,
  /** An order of the list that a NEW_LIST after it makes: as NEW_ORDER. */
  LEG: 12,
  /** Enters the legs before it, as one step: LIST_TYPE; CLIENT = the list's. */
  NEW_LIST: 13,
  /** Cancels open orders: of ACCOUNT (-1: all), OF_INSTRUMENT (-1: all), OF_SIDE (-1: both), OF_SESSION (-1: all). */
  MASS_CANCEL: 14,
  /** Lets time pass: orders expire, auctions end, indicative prices are emitted. */
  CLOCK: 15,
  /** INSTRUMENT_WORD; STATE; REFERENCE = a new reference price in ticks, 0: as it is. */
  SET_STATE: 16,
  /** INSTRUMENT_WORD; INSTRUMENT_RULE = which rule; VALUE. */
  SET_INSTRUMENT_RULE: 17,
  /** ACCOUNT; ACCOUNT_RULE = which rule; VALUE; ASSET. */
  SET_ACCOUNT_RULE: 18,
  /** TIER = its number, 1 to 15; MAKER_FEE, TAKER_FEE in parts per million. */
  DEFINE_FEE_TIER: 19,
  /** AMOUNT of ASSET from ACCOUNT to account RECEIVER. */
  TRANSFER: 20,
  /** IS_CHECKED = 1: orders and transfers are checked against balances; 0: balances may go below zero. */
  SET_RISK: 21,
  /** Says what the HASH of all events was after command CHECKED, as REPLAY_VERSION VERSION tells them. Changes nothing: recovery
   * compares. */
  CHECK: 22,
  /** What its client calls the strategy of the order that follows: STRATEGY_TYPE, 0: none; F64_STRATEGY = 1 + its number, 0: none. */
  STRATEGY: 23,
  /** A part of what the PUT_RECORD after it states: PIECE_WORDS words, zero-padded. */
  PIECE: 30,
  /** Keeps bytes for the gateways under a name, until others take their place: NAME_BYTES, and VALUE_BYTES that are kept (-1: the
   * record is removed), both behind each other in the PIECEs before it. */
  PUT_RECORD: 31,
  /** MOST_ORDERS, MOST_ACCOUNTS, MOST_ASSETS and MOST_INSTRUMENTS from here on. The first command of a journal is one. */
  SET_LIMITS: 32,
} as const;

export const COMMAND_NAMES: Record<number, string> = Object.fromEntries(
  Object.entries(COMMAND).map(([name, kind]) => [kind, name.toLowerCase()]),
);

/** Flags of a command's head. */
export const POST_ONLY = 1;
/** CANCEL_REPLACE: enter the new order even when there was nothing to cancel. */
export const ALLOW_FAILURE = 2;
/** CANCEL_REPLACE: QUANTITY counts what the order meant has traded: the new one is for the rest. */
export const LESS_TRADED = 4;

/** The highest of a client's 64 bits, in CLIENT_HIGH: see there. */
export const NUMBERED = 1 << 31;

/** Where a PIECE has a word of its bytes. */
export function wordOfPiece(i: number): number {
  return i < WORDS_BEFORE_TIME ? 1 + i : 1 + TIME_WORDS + i;
}

/** Lists of orders: one cancels the other; one triggers the other; one triggers a pair of which one cancels the other. */
export const LIST_TYPE = { OCO: 1, OTO: 2, OTOCO: 3 } as const;

/** Most orders that may rest at once: a slot number takes 24 bits. */
export const MAX_ORDERS = 0xffffff;
/** Generations count from 1 and wrap after 2^28 - 1 uses of a slot. */
export const MAX_GENERATION = 0xfffffff;

/**
 * An open order's place in the engine as one number, below 2^52: its slot, and its generation in it. It is for those who follow
 * the events, and good as long as the order is open. Clients know an order by its id, which is never used again: the number of the
 * command that entered it (of an order of a list: the number of its leg).
 */
export function orderHandle(slot: number, generation: number): number {
  return generation * 0x1000000 + slot;
}
export function slotOf(handle: number): number {
  return handle % 0x1000000;
}
export function generationOf(handle: number): number {
  return Math.floor(handle / 0x1000000);
}
