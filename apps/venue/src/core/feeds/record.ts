/**
 * A record of the queue from the order lane to a publisher: 64 bytes. What it says is absolute (what a price has now, which trade was the
 * last), so that any of them may be left out when a later one follows. Offsets in 32-bit words, F64 in doubles.
 */
export const record = {
  WORDS: 16,
  /** kind u8, then a detail by kind: side (LEVEL, CLEAR), whether it is done (AUCTION), flags (TRADE), seconds (SUM) */
  HEAD: 0,
  INSTRUMENT: 1,
  /** ticks; STATE: the reference price */
  PRICE: 2,
  /** lots of a trade; STATE: the state */
  QUANTITY: 3,
  /** TRADE, LAST, INSTRUMENT: the trade's number */
  F64_ID: 2,
  /** TRADE: the aggregate's number; LAST: the time */
  F64_AGGREGATE: 3,
  F64_AMOUNT: 4,
  F64_TIME: 5,
  /** LEVEL: all lots at the price; and, of INSTRUMENT too, the number of the book's last change */
  F64_LOTS: 2,
  F64_UPDATE: 3,
  /** AUCTION */
  F64_VOLUME: 2,
  F64_SURPLUS: 3,
  /** TURN_MARK: how many turns the order lane has made */
  F64_TURN: 2,
} as const;

/** A sum of trades: a candle. Its other numbers do not fit beside those of {@link record}. */
export const sum = {
  /** seconds since 1970 */
  OPEN_TIME: 2,
  OPEN: 3,
  HIGH: 4,
  LOW: 5,
  CLOSE: 6,
  TRADES: 7,
  /** sums, each in two words: the lower 32 bits of its low part; 20 more of it, and above them the lower 12 bits of its high part */
  QUANTITY: 8,
  AMOUNT: 10,
  TAKER_BUY_QUANTITY: 12,
  TAKER_BUY_AMOUNT: 14,
} as const;

/** What a sum's record has room for: one trade more than this high part may lead to. */
export const MOST_HIGH = 2 ** 12 - 3;

export const RECORD = {
  TRADE: 1,
  /** What a price of a book has now. */
  LEVEL: 2,
  STATE: 3,
  AUCTION: 4,
  /** After a start: an instrument's last price, and the numbers of its last trade and of its book's last change. */
  INSTRUMENT: 5,
  /** What was traded in a second or a minute, of which the prints are not told. LAST follows. */
  SUM: 6,
  /** Which trade was the last. */
  LAST: 7,
  /** The end of a turn: books are as the order lane has them. */
  TURN_MARK: 8,
  /** A side of a book has nothing; what it has follows. */
  CLEAR: 9,
} as const;

/** Flags of a TRADE. */
export const TAKER_SELLS = 1;
export const NEW_AGGREGATE = 2;

export function recordHead(kind: number, detail = 0): number {
  return kind | (detail << 8);
}
/** See RECORD. */
export function kindOf(head: number): number {
  return head & 0xff;
}
export function detailOf(head: number): number {
  return head >>> 8;
}
