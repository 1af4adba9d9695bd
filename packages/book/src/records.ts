/**
 * The records that a book is made of, in 32-bit words. Orders are 32 bytes: two fit a cache line and none straddles
 * one. They live in a slot pool that many books share.
 *
 * Hot code takes the offsets it uses into constants of its own module (`const { NEXT } = order`): V8 folds those into the machine
 * code, while an imported binding is loaded each time. Records are a power of two long, so that a word of one is
 * `(slot << SHIFT) | NEXT`: unlike a product and a sum, that cannot overflow and is not checked for it.
 */

export const order = {
  WORDS: 8,
  SHIFT: 3,
  /** Ticks. (Free orders: link of the free list.) */
  PRICE: 0,
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

/** A price level: 16 bytes in a window, addressed by tick; the first half of a record of its own outside it. */
export const level = {
  WORDS: 4,
  /** Oldest and newest order of the queue, 0: none. (Free far levels: HEAD links the free list.) */
  HEAD: 0,
  TAIL: 1,
  /** Sum of remaining lots: a float64, at this index of the f64 view from the level's place. */
  F64_TOTAL: 1,
} as const;

/** A level outside its book's window. */
export const farLevel = {
  WORDS: 8,
  /** Priority of the level within its side, lowest first. */
  KEY: 4,
  /** Children in the tree. */
  LEFT: 5,
  RIGHT: 6,
} as const;

/** A trade as the book reports it. */
export const trade = {
  WORDS: 4,
  SHIFT: 2,
  /** Slot of the resting order. */
  MAKER: 0,
  /** Ticks. */
  PRICE: 1,
  /** Lots. */
  QUANTITY: 2,
  /** Lots that the maker has left; 0: it is done. */
  MAKER_LEFT: 3,
} as const;
