/** Records of special orders, and the heap of those that expire. */
import type { BookMemory } from '@outcry/book/book-memory';
import { order as orderRecord } from '@outcry/book/records';
import { DAY } from '@outcry/market/order-terms';
import { PEG_ONCE, pegOf, termFields, terms, triggerOf } from '@outcry/market/terms';
import { offsets, record, several, union } from '@outcry/memory/record';
import { createSlotPool, type SlotPool } from '@outcry/memory/slot-pool';
import { i32Of, reserve } from '@outcry/memory/span';
import { OF_ICEBERGS, OF_TRIGGERS, OpenCounts } from './open-counts.ts';
import { LIST_LINKS, RecordList } from './record-list.ts';
import { HEAP_LINKS, SlotHeap } from './slot-heap.ts';

/** What a special order has beside its order record and its details: 128 bytes. */
export const special = offsets(
  record(
    {
      /** of free records */
      NEXT_FREE: 'i32',
      words: termFields.words,
      /** see WHERE */
      WHERE: 'i32',
      /** limit price that it holds for, 0: market */
      HOLD_PRICE: 'i32',
      /** lots of an iceberg that it does not display; of an order outside the book: all its lots */
      RESERVE: 'i32',
      /** price that a trailing order keeps its distance from; only that of its group's first is up to date. Before it trails: the side on
       * which it waits for its activation price. */
      EXTREME: 'i32',
      numbers: termFields.numbers,
      /** order of entry */
      F64_ENTRY: 'f64',
      /** units held, where that is not what its price and quantity need (second of an OCO pair) */
      F64_HELD: 'f64',
      /** key of the heap of a trailing group */
      F64_DISTANCE: 'f64',
      /** links of a heap: left, right, up; or neighbours among those that hide something in the instrument's books, which do not trail */
      hiding: union({ TRAIL_HEAP: several('i32', HEAP_LINKS), HIDING: several('i32', LIST_LINKS) }),
      /** the same of the heap of those that expire; or neighbours among those of the instrument for a day or an auction, without expiry */
      timed: union({ EXPIRY_HEAP: several('i32', HEAP_LINKS), TIMED: several('i32', LIST_LINKS) }),
      /** neighbours in a queue: of triggered orders, or of pegged ones; for the first of a trailing group the groups before and behind */
      PREVIOUS: 'i32',
      NEXT: 'i32',
      /** its list's record, 0: none */
      LIST: 'i32',
      /** the order's slot, 0: the record is free */
      ORDER: 'i32',
    },
    { bytes: 128 },
  ),
);

/** Where a special order is kept. */
export const WHERE = {
  /** among the displayed orders */
  DISPLAYED: 0,
  HIDDEN: 1,
  /** its trigger is watched */
  WATCHING: 2,
  /** it trails */
  TRAILING: 3,
  /** triggered, to enter */
  QUEUED: 4,
  /** for its list's working order to be done */
  WAITING: 5,
  /** a peg without a price, or out of continuous trading */
  PARKED: 6,
  /** for the closing auction */
  AT_CLOSE: 7,
  /** entering now */
  NOWHERE: 8,
  /** its trigger fires now */
  FIRING: 9,
  /** beginning to trail now */
  ACTIVATED: 10,
} as const;

/** F64_HELD of an order that holds what its price and quantity need, and of one that waits for its list and holds nothing. */
export const OWN_NEED = -1;
export const NOTHING = -2;

const { WORDS, ORDER, FLAGS, F64_EXPIRY, F64_WORDS, F64_ENTRY, EXPIRY_HEAP, LIST, DISPLAY } = special;
const { SHIFT: ORDER_SHIFT, ACCOUNT: O_ACCOUNT, TERMS: O_TERMS } = orderRecord;

/** The flag of an order's terms that says that the rule book cares for it: it has a special record, or its account has rules. The sign. */
const RULED_ORDER = 1 << 31;

/** Times in force from DAY on: what ends with a state of the instrument. */
const TIMES = 3;

/** Records of special orders, found from the order's slot; the heap of those that expire, and lists of those that states and auctions ask for. */
export class SpecialOrders {
  readonly pool: SlotPool;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly expiries: SlotHeap;
  /** first to expire, 0: none */
  firstExpiry = 0;
  /** by instrument and time in force, in order of entry: see timedList */
  readonly timed: RecordList;
  /** icebergs and hidden orders in the instrument's books: see hidingList */
  readonly hiding: RecordList;
  /** by account and instrument */
  readonly counts = new OpenCounts();
  readonly #orders: Int32Array;
  readonly #links: Int32Array;

  constructor(memory: BookMemory, instruments: number) {
    this.pool = createSlotPool(WORDS, memory.orders.capacity);
    this.i32 = this.pool.i32;
    this.f64 = this.pool.f64;
    this.#orders = memory.orders.i32;
    this.#links = i32Of(reserve((memory.orders.capacity + 1) * 4));
    this.timed = new RecordList(new Int32Array(instruments * TIMES * 2), this.pool, special.TIMED);
    this.hiding = new RecordList(new Int32Array(instruments * 2), this.pool, special.HIDING);
    this.expiries = new SlotHeap(this.pool, F64_EXPIRY, EXPIRY_HEAP, F64_ENTRY);
  }

  /** An order's special record, 0: it has none. */
  of(slot: number): number {
    return this.#orders[(slot << ORDER_SHIFT) | O_TERMS] < 0 ? this.#links[slot] : 0;
  }

  /** Gives an order a record, with a TERMS record's words. */
  create(slot: number, termWords: Int32Array, entry: number): number {
    const record = this.pool.take();
    const at = record * WORDS;
    this.i32.fill(0, at, at + WORDS);
    for (let word = FLAGS; word <= terms.SESSION; word++) this.i32[at + word] = termWords[word];
    for (let word = F64_EXPIRY * 2; word < F64_EXPIRY * 2 + 4; word++) this.i32[at + word] = termWords[word];
    this.i32[at + ORDER] = slot;
    this.i32[at + special.WHERE] = WHERE.NOWHERE;
    this.f64[record * F64_WORDS + F64_ENTRY] = entry;
    this.#orders[(slot << ORDER_SHIFT) | O_TERMS] |= RULED_ORDER;
    this.#links[slot] = record;
    this.#count(slot, record, 1);
    this.#await(record);
    return record;
  }

  /** Leaves an order without a record to the rule book: its account has rules. */
  mark(slot: number): void {
    const at = (slot << ORDER_SHIFT) | O_TERMS;
    if (this.#orders[at] >= 0) this.#links[slot] = 0;
    this.#orders[at] |= RULED_ORDER;
  }

  /** Gives the record of an order that is done back, if it has one. */
  close(slot: number): void {
    const record = this.of(slot);
    if (record === 0) return;
    this.#count(slot, record, -1);
    if (this.f64[record * F64_WORDS + F64_EXPIRY] > 0) this.firstExpiry = this.expiries.remove(this.firstExpiry, record);
    else {
      const list = this.#timedListOf(slot);
      if (list >= 0) this.timed.remove(list, record);
    }
    this.i32[record * WORDS + ORDER] = 0;
    this.pool.give(record);
  }

  /** All records, in order of entry, for which `test` holds. Allocates: for rare commands. */
  inOrder(test: (record: number) => boolean): number[] {
    const found: number[] = [];
    for (let record = 1; record < this.pool.top; record++) if (this.isOpen(record) && test(record)) found.push(record);
    return found.sort(this.byEntry);
  }

  readonly byEntry = (a: number, b: number): number => this.f64[a * F64_WORDS + F64_ENTRY] - this.f64[b * F64_WORDS + F64_ENTRY];

  isOpen(record: number): boolean {
    return this.i32[record * WORDS + ORDER] !== 0;
  }

  slotOf(record: number): number {
    return this.i32[record * WORDS + ORDER];
  }

  whereOf(record: number): number {
    return this.i32[record * WORDS + special.WHERE];
  }

  /** Whether orders of the plain kind cannot pass over this one in a book. */
  changesMatching(record: number): boolean {
    const at = record * WORDS;
    return this.whereOf(record) === WHERE.HIDDEN || this.i32[at + special.DISPLAY] > 0 || this.i32[at + LIST] > 0;
  }

  follows(record: number): boolean {
    const flags = this.i32[record * WORDS + FLAGS];
    return pegOf(flags) !== 0 && (flags & PEG_ONCE) === 0;
  }

  /** Whether something of an order in a book is not displayed. */
  hides(record: number): boolean {
    return this.whereOf(record) === WHERE.HIDDEN || this.i32[record * WORDS + DISPLAY] > 0;
  }

  /** Takes in the records of an image, and finds again what follows from them: links, the heap and the lists. */
  restore(bytes: Uint8Array): void {
    this.pool.restore(bytes);
    this.timed.clear();
    this.hiding.clear();
    this.counts.clear();
    for (const record of this.inOrder(() => true)) {
      const slot = this.slotOf(record);
      this.#links[slot] = record;
      this.#count(slot, record, 1);
      this.#await(record);
      const where = this.whereOf(record);
      if ((where === WHERE.DISPLAYED || where === WHERE.HIDDEN) && this.hides(record))
        this.hiding.append(hidingList(this.#instrumentOf(slot)), record);
    }
  }

  #count(slot: number, record: number, change: 1 | -1): void {
    const at = record * WORDS;
    const account = this.#orders[(slot << ORDER_SHIFT) | O_ACCOUNT];
    if (triggerOf(this.i32[at + FLAGS]) !== 0) this.counts.add(account, this.#instrumentOf(slot), OF_TRIGGERS, change);
    if (this.i32[at + DISPLAY] > 0) this.counts.add(account, this.#instrumentOf(slot), OF_ICEBERGS, change);
  }

  /** Puts a record where it is found when its time is over. */
  #await(record: number): void {
    if (this.f64[record * F64_WORDS + F64_EXPIRY] > 0) {
      this.expiries.clear(record);
      this.firstExpiry = this.expiries.merge(this.firstExpiry, record);
      return;
    }
    const list = this.#timedListOf(this.slotOf(record));
    if (list >= 0) this.timed.append(list, record);
  }

  #timedListOf(slot: number): number {
    const timeInForce = (this.#orders[(slot << ORDER_SHIFT) | O_TERMS] >>> 20) & 0xf;
    return timeInForce < DAY ? -1 : timedList(this.#instrumentOf(slot), timeInForce);
  }

  #instrumentOf(slot: number): number {
    return this.#orders[(slot << ORDER_SHIFT) | O_TERMS] & 0xffff;
  }
}

/** The list of an instrument's orders of a time in force: DAY, AT_OPEN or AT_CLOSE. */
export function timedList(instrument: number, timeInForce: number): number {
  return (instrument * TIMES + timeInForce - DAY) * 2;
}

/** The list of an instrument's orders that hide something. */
export function hidingList(instrument: number): number {
  return instrument * 2;
}
