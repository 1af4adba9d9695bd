/**
 * What the engine knows of an open order beside its record in the book, by the same slot. 32 bytes; the text of a client order
 * id has a record of its own, so that orders known by a number do not pay for it.
 */
export const details = {
  WORDS: 8,
  SHIFT: 3,
  /** when it was entered, microseconds since 1970 */
  F64_TIME: 0,
  /** quote units traded so far */
  F64_EXECUTED: 1,
  F64_WORDS: 4,
  F64_SHIFT: 2,
  CLIENT_LOW: 4,
  CLIENT_HIGH: 5,
  TEXT_SLOT: 6,
  /** in the list of its account: see AccountOrders */
  POSITION: 7,
} as const;
