/** Commands: what gateways ask of the engine. */
export { commandHead } from './command-head.ts';

/**
 * A command: one 64-byte record, little-endian. It is the same record in the command ring, in the journal and in the engine's
 * hands. Its sequence number is its place in the journal, counted from 1, and is not stored in it.
 *
 * Offsets are 32-bit words, `F64_…` offsets are float64 indices; float64 fields hold whole numbers up to 2^53 - 1.
 */
export const command = {
  WORDS: 16,
  BYTES: 64,
  /** kind u8, side u8, order kind u4 + time in force u4, flags u8: see command-head.ts */
  HEAD: 0,
  /** instrument u16, partition u16 */
  PLACE: 1,
  ACCOUNT: 2,
  /** ticks */
  PRICE: 3,
  /** lots */
  QUANTITY: 4,
  /** the order meant: its place in the engine, which whoever sends the command knows from the events; see orderHandle */
  ORDER_SLOT: 5,
  ORDER_GENERATION: 6,
  ASSET: 7,
  /** microseconds since 1970, stamped by the gateway */
  F64_TIME: 4,
  /** units of an asset */
  F64_AMOUNT: 5,
  /** 64 bits that the client knows the order by (a number, or a hash of its text); 0: none. With the highest bit set, see NUMBERED,
   * they are a number that a session uses once: no open order is looked for that has the same. */
  CLIENT_LOW: 12,
  CLIENT_HIGH: 13,
  F64_UNIT: 6,
  /** bytes of text that a TEXT record carries, from word 1 */
  TEXT: 1,
  TEXT_BYTES: 40,
  /** words of a record that a PIECE carries, around its time: see wordOfPiece */
  PIECE_WORDS: 13,
} as const;

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
  /** ASSET, QUANTITY = decimal places; its name in the TEXT before it. */
  DEFINE_ASSET: 8,
  /** PLACE; ACCOUNT = base asset, ASSET = quote asset, PRICE / QUANTITY = maker / taker fee in parts per million,
   * AMOUNT = base units per lot, UNIT = quote units per tick and lot; its symbol in the TEXT before it. */
  DEFINE_INSTRUMENT: 9,
  /** ACCOUNT; its name in the TEXT before it. */
  OPEN_ACCOUNT: 10,
  /** Terms that an order record has no room for, for the order that follows: see terms. */
  TERMS: 11,
  /** An order of the list that a NEW_LIST after it makes: as NEW_ORDER. */
  LEG: 12,
  /** Enters the legs before it, as one step: ASSET = its type, see LIST_TYPE; CLIENT = the list's. */
  NEW_LIST: 13,
  /** Cancels open orders: of ACCOUNT (-1: all), of PRICE = instrument (-1: all), of QUANTITY = side (-1: both), of ASSET = session (-1: all). */
  MASS_CANCEL: 14,
  /** Lets time pass: orders expire, auctions end, indicative prices are told. */
  CLOCK: 15,
  /** PLACE; ASSET = the state, see STATE; PRICE = a new reference price in ticks, 0: as it is. */
  SET_STATE: 16,
  /** PLACE; ASSET = which rule, see INSTRUMENT_RULE; AMOUNT = its value. */
  SET_INSTRUMENT_RULE: 17,
  /** ACCOUNT; ORDER_SLOT = which rule, see ACCOUNT_RULE; AMOUNT = its value; ASSET. */
  SET_ACCOUNT_RULE: 18,
  /** ACCOUNT = its number, 1 to 15; PRICE / QUANTITY = maker / taker fee in parts per million. */
  DEFINE_FEE_TIER: 19,
  /** AMOUNT of ASSET from ACCOUNT to account ORDER_SLOT. */
  TRANSFER: 20,
  /** ASSET = 1: orders and transfers are checked against balances; 0: balances may go below zero. */
  SET_RISK: 21,
  /** Says what the hash of all events was after command AMOUNT (CLIENT_LOW, CLIENT_HIGH), as REPLAY_VERSION ASSET tells them. Changes
   * nothing: recovery compares. */
  CHECK: 22,
  /** A part of what the PUT_RECORD after it states: PIECE_WORDS words, zero-padded. */
  PIECE: 30,
  /** Keeps bytes for the gateways under a name, until others take their place: PRICE = bytes of the name, QUANTITY = bytes kept (-1: the
   * record is removed), both behind each other in the PIECEs before it. */
  PUT_RECORD: 31,
  /** Most orders (QUANTITY), accounts (ACCOUNT), assets (ASSET) and instruments (PRICE) from here on. The first command of a journal is one. */
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
  return i < 7 ? 1 + i : 3 + i;
}

/** Lists of orders: one cancels the other; one triggers the other; one triggers a pair of which one cancels the other. */
export const LIST_TYPE = { OCO: 1, OTO: 2, OTOCO: 3 } as const;

/** Most orders that may rest at once: a slot number takes 24 bits. */
export const MAX_ORDERS = 0xffffff;
/** Generations count from 1 and wrap after 2^28 - 1 uses of a slot. */
export const MAX_GENERATION = 0xfffffff;

/**
 * An open order's place in the engine as one number, below 2^52: its slot, and which use of the slot it is. It is for those who follow
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
