/**
 * The records that a book is made of, in 32-bit words. Orders and levels are 32 bytes: two fit a cache line and none straddles
 * one. They live in slot pools that many books share.
 *
 * Hot code takes the offsets it uses into constants of its own module (`const { NEXT } = order`): V8 folds those into the machine
 * code, while an imported binding is loaded each time.
 */

export const order = {
  WORDS: 8,
  /** Slot of the price level that the order rests at. (Free orders: link of the free list.) */
  LEVEL: 0,
  /** Remaining lots; 0 when the slot holds no live order. */
  QUANTITY: 1,
  /** Slots of the neighbours in the level's queue, 0 at the ends. */
  PREVIOUS: 2,
  NEXT: 3,
  /** The owner's words: the book never reads them. */
  ID: 4,
  ACCOUNT: 5,
  TERMS: 6,
  ORIGINAL: 7,
} as const;

export const level = {
  WORDS: 8,
  /** Priority of the level within its side, lowest first (see Ladder). (Free levels: link of the free list.) */
  KEY: 0,
  /** Oldest and newest order of the queue. */
  HEAD: 1,
  TAIL: 2,
  /** Sum of remaining lots: a float64, at this index of the pool's f64 view. */
  F64_WORDS: 4,
  F64_TOTAL: 2,
  /** Children in the tree of far levels. */
  LEFT: 6,
  RIGHT: 7,
} as const;

/** A trade as the book reports it. */
export const trade = {
  WORDS: 4,
  /** Slot of the resting order. */
  MAKER: 0,
  /** Ticks. */
  PRICE: 1,
  /** Lots. */
  QUANTITY: 2,
  /** Lots that the maker has left; 0: it is done. */
  MAKER_LEFT: 3,
} as const;
