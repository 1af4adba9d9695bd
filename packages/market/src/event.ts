/** Events: what commands did. */
import { offsets, record, several, union } from '@outcry/memory/record';

const layout = record(
  {
    /** kind u8, side u8, flags u8: see event-reader.ts */
    HEAD: 'i32',
    before: union({
      /** a TEXT's first bytes, or a PIECE's: the others are in MORE_TEXT, so that sequence and time stay in their places */
      TEXT: several('i32', 7),
      fields: {
        /** instrument u16; the upper half by kind: a reason, a state, an asset, or for ACCEPTED the order's terms: see event-reader.ts */
        INSTRUMENT_WORD: 'i32',
        ACCOUNT: 'i32',
        ORDER_SLOT: 'i32',
        ORDER_GENERATION: 'i32',
        /** ticks */
        price: union({ PRICE: 'i32', ASSET: 'i32', NAME_BYTES: 'i32' }),
        /** lots: the order's (ACCEPTED, AMENDED) or the trade's (FILL) */
        quantity: union({ QUANTITY: 'i32', LIST_TYPE: 'i32', ENDED_COUNT: 'i32', VALUE_BYTES: 'i32', STRATEGY_TYPE: 'i32' }),
        /** lots that the order has left */
        remaining: union({ REMAINING: 'i32', GROUP: 'i32' }),
      },
    }),
    F64_SEQUENCE: 'f64',
    /** microseconds since 1970 */
    F64_TIME: 'f64',
    behind: union({
      MORE_TEXT: several('i32', 4),
      fields: {
        first: union({
          /** ACCEPTED: the client's 64 bits */
          client: { CLIENT_LOW: 'i32', CLIENT_HIGH: 'i32' },
          /** FILL: the trade's number within its instrument, from 1; PREVENTED_MATCH: the match's, likewise */
          F64_TRADE: 'f64',
          /** BALANCE: units, as HELD */
          F64_AVAILABLE: 'f64',
          F64_MASS_CANCEL: 'f64',
          F64_VOLUME: 'f64',
        }),
        second: union({
          /** FILL: fee in units of the asset received, or of the asset whose number + 1 is in INSTRUMENT_WORD's upper half; ACCEPTED: quote
           * amount of a market order by amount; OPEN_ORDER, AMENDED, PREVENTED_MATCH: see there */
          F64_AMOUNT: 'f64',
          F64_HELD: 'f64',
          F64_SURPLUS: 'f64',
          F64_AGGREGATES: 'f64',
          F64_LIST: 'f64',
          F64_ORDER_ID: 'f64',
          F64_STRATEGY: 'f64',
        }),
      },
    }),
  },
  { bytes: 64 },
);

/**
 * An event: one 64-byte record, little-endian, that says what a command did. A command causes zero or more events, all with its
 * sequence number and time. Offsets as in command.ts; names that share a word are of different kinds of event: EVENT says which.
 */
export const event = { ...offsets(layout), TEXT_WORDS: layout.fields.TEXT.count, MORE_TEXT_WORDS: layout.fields.MORE_TEXT.count } as const;

/**
 * Raised when the same commands give other events, or another hash of them, than before: by a rule, a constant of one, a new kind of
 * command or of event. Every batch of a journal carries it, and an engine of another version does not replay it.
 */
export const REPLAY_VERSION = 4;

export const EVENT = {
  /** An order passed all checks; its id is F64_SEQUENCE, or what an ORDER_ID before it says. Fills, RESTED, CANCELLED follow. */
  ACCEPTED: 1,
  /** A command was refused and changed nothing; INSTRUMENT_WORD carries the reason. */
  REJECTED: 2,
  /** One side of a trade; the maker's comes first, the taker's right after it. */
  FILL: 3,
  /** What is left of an order, after trading, joined the book. */
  RESTED: 4,
  /** An order ended with REMAINING lots untraded. */
  CANCELLED: 5,
  /** A resting order's quantity was lowered; QUANTITY and REMAINING are the new ones, F64_AMOUNT the lots taken off. */
  AMENDED: 6,
  /** An account's balance of ASSET changed. */
  BALANCE: 7,
  /** A deposit, withdrawal or definition took effect. */
  APPLIED: 8,
  /** The text of the next event's client order id. */
  TEXT: 9,
  /** After a start: an order that is open, as ACCEPTED; REMAINING is what it has left, F64_TIME when it was entered,
   * F64_AMOUNT the quote units it has traded, and for its client's 64 bits see TEXT. */
  OPEN_ORDER: 10,
  /** After a start: an instrument's last price (PRICE), trades (F64_TRADE) and aggregate trades (F64_AGGREGATES) so far. */
  INSTRUMENT: 11,
  /** The terms of the next order that is emitted: see terms. */
  TERMS: 12,
  /** A waiting order enters the book: PRICE is its limit now (0: market). Fills, RESTED, CANCELLED follow. */
  TRIGGERED: 13,
  /** A resting order displays QUANTITY lots now, at PRICE. REMAINING is all that it has left. */
  SHOWN: 14,
  /** An instrument's state changed: upper half of INSTRUMENT_WORD; PRICE is its reference price. */
  STATE: 15,
  /** Where an auction would trade if it ended now: PRICE (0: nowhere), F64_VOLUME lots, F64_SURPLUS lots of surplus (below 0: sellers'). */
  INDICATIVE: 16,
  /** An auction traded: as INDICATIVE. */
  AUCTION: 17,
  /** A list of orders was entered; the orders follow. LIST_TYPE, F64_LIST its number, CLIENT its client's 64 bits. After a
   * start: ahead of each of its orders that are open; CLIENT is 0 where an engine before did not keep it. */
  LIST: 18,
  /** The id of the next order that is emitted, where that is not the number of its command: F64_ORDER_ID. */
  ORDER_ID: 19,
  /** A mass cancel is not done yet: F64_MASS_CANCEL is its number, the sequence of the command that began it. */
  CANCELLING: 20,
  /** A mass cancel is done that was not with its command: its number as above, ENDED_COUNT of orders ended with it. */
  CANCELLED_ALL: 21,
  /** One side of a trade that self-trade prevention prevented; the maker's comes first, the taker's right after it, then what follows from it.
   * QUANTITY lots that the order loses (0: none), at PRICE; GROUP of the two accounts (0: none), F64_AMOUNT lots that would have traded. */
  PREVENTED_MATCH: 22,
  /** After a start, behind an order that is open: self-trade prevention took QUANTITY lots off it; F64_TRADE is the last match that did. */
  DECREMENTED: 23,
  /** The strategy of the next order that is emitted: see the command of this name. */
  STRATEGY: 24,
  /** A part of what the RECORD after it states, in the words of a TEXT. */
  PIECE: 30,
  /** The gateways' record of a name is another one: NAME_BYTES, and VALUE_BYTES of the record (-1: it was removed). */
  RECORD: 31,
} as const;

/** Flags of an event's head. FILL, PREVENTED_MATCH: the order was in the book. */
export const IS_MAKER = 1;
/** ACCEPTED: the whole order joins the book at once, and no RESTED follows. CANCELLED: the order was in the book. */
export const RESTING = 2;
/** FILL of a taker: the first of its trades at this price (Binance's aggregate trade). */
export const NEW_AGGREGATE = 4;
/** REJECTED: it was the cancel (of CANCEL, CANCEL_REPLACE or AMEND) that failed. */
export const OF_CANCEL = 8;
/** RESTED: the order displays nothing. */
export const IS_HIDDEN = 16;
/** ACCEPTED, OPEN_ORDER: the order waits outside the book. */
export const WAITING = 32;
/** FILL: in an auction, where both orders were in the book. */
export const IN_AUCTION = 64;
/** ACCEPTED, OPEN_ORDER: the order waits for the working order of its list. */
export const PENDING = 64;
/** AMENDED: by self-trade prevention. */
export const PREVENTED = 128;
