import { command, orderHandle } from '@outcry/market/command';
import { LIMIT, type OrderKind, type Side, type TimeInForce } from '@outcry/market/order-terms';
import { record } from '@outcry/memory/record';
import { f64Of, i32Of, reserve } from '@outcry/memory/span';
import { STATUS } from '../../domain/order-status.ts';
import type { Order } from '../../domain/orders.ts';
import { TermsTable } from '../../domain/special-terms.ts';

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
    terms: 'i32',
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

const { words: WORDS, bytes: BYTES, fields } = openOrderShape;
const { index: AMOUNT } = fields.amount;
const { index: EXECUTED } = fields.executedAmount;
const { index: TIME } = fields.time;
const { index: UPDATE_TIME } = fields.updateTime;
const { index: ID } = fields.id;
const { index: GENERATION } = fields.generation;
const { index: ACCOUNT } = fields.account;
const { index: PRICE } = fields.price;
const { index: QUANTITY } = fields.quantity;
const { index: LEFT } = fields.left;
/** Side, kind and time in force, a byte each; whether it is post-only, and the bytes of its client order id. */
const { index: TERMS } = fields.terms;
/** OPEN, RESTING, WAITING, HAS_TERMS; the status, a byte; the instrument, two. */
const { index: STATE } = fields.state;
const { index: PREVIOUS } = fields.previous;
const { index: NEXT } = fields.next;
const { index: SHOWN } = fields.shown;
/** the next order in the same bucket of each index */
const { index: ID_CHAIN } = fields.idChain;
const { index: CLIENT_CHAIN } = fields.clientChain;
const { offset: CLIENT_ID } = fields.clientId;
const CLIENT_WORD = CLIENT_ID / 4;
const CLIENT_WORDS = command.TEXT_BYTES / 4;
const OPEN = 1;
const RESTING = 2;
const WAITING = 4;
const HAS_TERMS = 8;
/** a cursor is held at it */
const HELD = 16;
const STATUS_SHIFT = 8;
const STATUS_BITS = 0xff << STATUS_SHIFT;
const INSTRUMENT_SHIFT = 16;
const POST_ONLY_BIT = 1 << 24;
const CLIENT_BYTES_SHIFT = 25;

/** A place in an account's orders, kept over turns of the event loop while it is held: see {@link OpenOrders.hold}. */
export interface OrderCursor {
  /** of the next order, 0: there is none */
  slot: number;
}

/** Differs from process to process, so that nobody can choose what all falls into one bucket. */
const SALT = (Math.random() * 0x7fffffff) | 0;

/**
 * The open orders of a view, outside the JavaScript heap: a record each, at the engine's slot, linked into a list an account, and
 * found by id and by client order id through indexes that are threaded through the records. What happens to an order is done in place, by its
 * slot, without an object, and costs the same however many are open; {@link copy} and what finds orders make one.
 */
export class OpenOrders {
  readonly capacity: number;
  size = 0;
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #bytes: Buffer;
  /** By account: its oldest and newest order, and how many it has. */
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #counts: Int32Array;
  /** newest order of each bucket of ids, and of client order ids */
  readonly #ids: Int32Array;
  readonly #clients: Int32Array;
  /** rounds of the buckets in one id */
  readonly #rounds: number;
  readonly #terms: TermsTable;
  /** by slot: see {@link hold} */
  readonly #held = new Map<number, Set<OrderCursor>>();
  /** orders with terms */
  #special = 0;
  /** a client order id that is looked for */
  readonly #wanted = Buffer.alloc(command.TEXT_BYTES);
  readonly #wantedWords = new Int32Array(this.#wanted.buffer, this.#wanted.byteOffset, CLIENT_WORDS);

  constructor(capacity: number, accounts: number) {
    this.capacity = capacity;
    const span = reserve((capacity + 1) * BYTES);
    this.#i32 = i32Of(span);
    this.#f64 = f64Of(span);
    this.#bytes = Buffer.from(span.buffer as ArrayBuffer, span.byteOffset, span.byteLength);
    this.#heads = i32Of(reserve(accounts * 4));
    this.#tails = i32Of(reserve(accounts * 4));
    this.#counts = i32Of(reserve(accounts * 4));
    const buckets = 2 ** Math.ceil(Math.log2(capacity + 1));
    this.#ids = i32Of(reserve(buckets * 4));
    this.#clients = i32Of(reserve(buckets * 4));
    this.#rounds = 1 / buckets;
    this.#terms = new TermsTable(capacity);
  }

  /** @param slot @param generation where the engine has it */
  add(slot: number, generation: number, order: Order): void {
    const at = slot * WORDS;
    const words = this.#i32;
    words[at + GENERATION] = generation;
    words[at + ACCOUNT] = order.account;
    words[at + TERMS] = order.side | (order.kind << 8) | (order.timeInForce << 16) | (order.postOnly ? POST_ONLY_BIT : 0);
    this.#f64[(at >> 1) + ID] = order.id;
    this.#f64[(at >> 1) + AMOUNT] = order.amount;
    this.#f64[(at >> 1) + TIME] = order.time;
    if (order.clientId !== '') this.#indexClient(slot, order.clientId);
    let state = OPEN | (order.resting ? RESTING : 0) | (order.waiting ? WAITING : 0);
    state |= (order.status << STATUS_SHIFT) | (order.instrument << INSTRUMENT_SHIFT);
    if (order.terms !== undefined) {
      this.#terms.set(slot, order.terms);
      this.#special++;
      state |= HAS_TERMS;
    }
    words[at + QUANTITY] = order.quantity;
    words[at + LEFT] = order.left;
    words[at + PRICE] = order.price;
    words[at + SHOWN] = order.shown;
    words[at + STATE] = state;
    this.#f64[(at >> 1) + EXECUTED] = order.executedAmount;
    this.#f64[(at >> 1) + UPDATE_TIME] = order.updateTime;
    this.#link(slot, order.account);
    const bucket = this.#idBucket(order.id);
    words[at + ID_CHAIN] = this.#ids[bucket];
    this.#ids[bucket] = slot;
    this.size++;
  }

  /** The slot of an open order. Throws when it is not open. */
  openSlot(slot: number, generation: number): number {
    if (!this.#isOpen(slot, generation)) throw new Error(`an event for use ${generation} of slot ${slot}, where no order is open`);
    return slot;
  }

  account(slot: number): number {
    return this.#i32[slot * WORDS + ACCOUNT];
  }
  instrument(slot: number): number {
    return this.#i32[slot * WORDS + STATE] >>> INSTRUMENT_SHIFT;
  }
  side(slot: number): Side {
    return (this.#i32[slot * WORDS + TERMS] & 0xff) as Side;
  }
  price(slot: number): number {
    return this.#i32[slot * WORDS + PRICE];
  }

  // What happens to an order. Times in microseconds since 1970; what is displayed after it, or how that changed, comes back in lots.

  /** It entered the book, or what was left of it after trading did. Returns the lots displayed. */
  rest(slot: number, price: number, isDark: boolean): number {
    const at = slot * WORDS;
    const words = this.#i32;
    words[at + PRICE] = price;
    words[at + SHOWN] = isDark ? 0 : words[at + LEFT];
    words[at + STATE] = (words[at + STATE] & ~WAITING) | RESTING;
    return words[at + SHOWN];
  }

  /** Its trigger fired, or it begins to wait for one. */
  trigger(slot: number, price: number, isWaiting: boolean, time: number): void {
    const at = slot * WORDS;
    const words = this.#i32;
    if (((words[at + TERMS] >>> 8) & 0xff) === LIMIT) words[at + PRICE] = price;
    words[at + STATE] = (words[at + STATE] & ~WAITING) | (isWaiting ? WAITING : 0);
    if ((words[at + STATE] & STATUS_BITS) >>> STATUS_SHIFT === STATUS.PENDING_NEW) this.#setStatus(at, STATUS.NEW);
    this.#f64[(at >> 1) + UPDATE_TIME] = time;
  }

  /** It displays so many lots now, in the book or (not `isResting`) waiting outside it. Returns how that changed. */
  show(slot: number, lots: number, isResting: boolean): number {
    const at = slot * WORDS;
    const words = this.#i32;
    const change = lots - words[at + SHOWN];
    words[at + SHOWN] = lots;
    words[at + STATE] = (words[at + STATE] & ~(RESTING | WAITING)) | (isResting ? RESTING : WAITING);
    return change;
  }

  /** It traded. Returns how much of that was displayed. An order with nothing left is to be removed next. */
  trade(slot: number, quantity: number, amount: number, left: number, time: number): number {
    const at = slot * WORDS;
    const words = this.#i32;
    const shown = Math.min(words[at + SHOWN], quantity);
    words[at + SHOWN] -= shown;
    words[at + LEFT] = left;
    this.#f64[(at >> 1) + EXECUTED] += amount;
    this.#f64[(at >> 1) + UPDATE_TIME] = time;
    this.#setStatus(at, left === 0 ? STATUS.FILLED : STATUS.PARTIALLY_FILLED);
    if (left === 0) words[at + STATE] &= ~RESTING;
    return shown;
  }

  /** Its quantity is smaller. Returns how much less is displayed; of an iceberg that is told apart. */
  amend(slot: number, quantity: number, left: number, time: number): number {
    const at = slot * WORDS;
    const words = this.#i32;
    const isIceberg = (words[at + STATE] & HAS_TERMS) !== 0 && this.#terms.displayOf(slot) > 0;
    const less = isIceberg ? 0 : Math.min(words[at + SHOWN], words[at + LEFT] - left);
    words[at + QUANTITY] = quantity;
    words[at + LEFT] = left;
    words[at + SHOWN] -= less;
    this.#f64[(at >> 1) + UPDATE_TIME] = time;
    return less;
  }

  /** It ended with a status. Returns what it displayed. It is to be removed next. */
  end(slot: number, status: number, time: number): number {
    const at = slot * WORDS;
    const words = this.#i32;
    const shown = words[at + SHOWN];
    words[at + SHOWN] = 0;
    words[at + STATE] &= ~RESTING;
    this.#setStatus(at, status);
    this.#f64[(at >> 1) + UPDATE_TIME] = time;
    return shown;
  }

  remove(slot: number): void {
    const at = slot * WORDS;
    const account = this.#i32[at + ACCOUNT];
    if ((this.#i32[at + STATE] & HAS_TERMS) !== 0) this.#special--;
    if ((this.#i32[at + STATE] & HELD) !== 0) this.#passOn(slot);
    this.#i32[at + STATE] = 0;
    this.#unlink(slot, account);
    unchain(this.#ids, this.#idBucket(this.#f64[(at >> 1) + ID]), slot, this.#i32, ID_CHAIN);
    if (this.#i32[at + TERMS] >>> CLIENT_BYTES_SHIFT !== 0)
      unchain(this.#clients, this.#clientBucket(account, this.#i32, at + CLIENT_WORD), slot, this.#i32, CLIENT_CHAIN);
    this.size--;
  }

  #isOpen(slot: number, generation: number): boolean {
    const at = slot * WORDS;
    return slot >= 1 && slot <= this.capacity && (this.#i32[at + STATE] & OPEN) !== 0 && this.#i32[at + GENERATION] === generation;
  }

  #setStatus(at: number, status: number): void {
    this.#i32[at + STATE] = (this.#i32[at + STATE] & ~STATUS_BITS) | (status << STATUS_SHIFT);
  }

  get(id: number): Order | undefined {
    const slot = this.#find(id);
    return slot === 0 ? undefined : this.copy(slot);
  }

  /** Where the engine has an open order, for commands: see orderHandle. 0: there is no open order with this id. */
  handleOf(id: number): number {
    const slot = this.#find(id);
    return slot === 0 ? 0 : orderHandle(slot, this.#i32[slot * WORDS + GENERATION]);
  }

  /** An account's orders, oldest first, at once: it may have very many, see walkOrders. */
  *of(account: number): Generator<Order> {
    for (let slot = this.first(account); slot !== 0; slot = this.#i32[slot * WORDS + NEXT]) yield this.copy(slot);
  }

  /** The slot of an account's oldest order, 0: there is none. @param after an open order of the account: of the one after it */
  first(account: number, after?: Order): number {
    return after === undefined ? (this.#heads[account] ?? 0) : this.next(this.#find(after.id));
  }
  /** The slot of the order after one, of the same account. */
  next(slot: number): number {
    return this.#i32[slot * WORDS + NEXT];
  }

  hasTerms(slot: number): boolean {
    return (this.#i32[slot * WORDS + STATE] & HAS_TERMS) !== 0;
  }

  /** Keeps a cursor at an open order, or at one after it when that ends, until it is released. */
  hold(cursor: OrderCursor): void {
    const { slot } = cursor;
    if (slot === 0) return;
    const held = this.#held.get(slot);
    if (held !== undefined) held.add(cursor);
    else this.#held.set(slot, new Set([cursor]));
    this.#i32[slot * WORDS + STATE] |= HELD;
  }

  release(cursor: OrderCursor): void {
    const held = this.#held.get(cursor.slot);
    if (held === undefined || !held.delete(cursor) || held.size > 0) return;
    this.#held.delete(cursor.slot);
    this.#i32[cursor.slot * WORDS + STATE] &= ~HELD;
  }

  /** Cursors at an order that ends go on to the next one. */
  #passOn(slot: number): void {
    const cursors = this.#held.get(slot)!;
    this.#held.delete(slot);
    for (const cursor of cursors) {
      cursor.slot = this.next(slot);
      this.hold(cursor);
    }
  }

  /** Puts each account's orders in the order of their ids: a start tells them price by price. */
  sortByAge(): void {
    const ids = new Float64Array(this.size);
    let count = 0;
    for (const head of this.#heads)
      for (let slot = head; slot !== 0; slot = this.#i32[slot * WORDS + NEXT]) ids[count++] = this.#f64[((slot * WORDS) >> 1) + ID];
    ids.sort();
    for (const ends of [this.#heads, this.#tails, this.#counts]) ends.fill(0);
    for (const id of ids) {
      const slot = this.#find(id);
      this.#link(slot, this.account(slot));
    }
  }

  /** Whether any order has terms that the clock may bring something about for. */
  get hasSpecial(): boolean {
    return this.#special > 0;
  }

  countOf(account: number): number {
    return this.#counts[account] ?? 0;
  }

  findByClientId(account: number, clientId: string): Order | undefined {
    if (clientId === '' || Buffer.byteLength(clientId) > command.TEXT_BYTES) return undefined;
    this.#wanted.fill(0);
    this.#wanted.write(clientId);
    const bucket = this.#clientBucket(account, this.#wantedWords, 0);
    for (let slot = this.#clients[bucket]; slot !== 0; slot = this.#i32[slot * WORDS + CLIENT_CHAIN])
      if (this.#i32[slot * WORDS + ACCOUNT] === account && this.#isWanted(slot)) return this.copy(slot);
    return undefined;
  }

  /** The order in a slot that is open, or about to be removed. */
  copy(slot: number): Order {
    const at = slot * WORDS;
    const words = this.#i32;
    const terms = words[at + TERMS];
    const state = words[at + STATE];
    return {
      id: this.#f64[(at >> 1) + ID],
      account: words[at + ACCOUNT],
      instrument: state >>> INSTRUMENT_SHIFT,
      clientId: this.#clientId(slot),
      side: (terms & 0xff) as Side,
      kind: ((terms >>> 8) & 0xff) as OrderKind,
      timeInForce: ((terms >>> 16) & 0xff) as TimeInForce,
      postOnly: (terms & POST_ONLY_BIT) !== 0,
      price: words[at + PRICE],
      quantity: words[at + QUANTITY],
      amount: this.#f64[(at >> 1) + AMOUNT],
      left: words[at + LEFT],
      executedAmount: this.#f64[(at >> 1) + EXECUTED],
      status: (state & STATUS_BITS) >>> STATUS_SHIFT,
      time: this.#f64[(at >> 1) + TIME],
      updateTime: this.#f64[(at >> 1) + UPDATE_TIME],
      resting: (state & RESTING) !== 0,
      shown: words[at + SHOWN],
      waiting: (state & WAITING) !== 0,
      terms: (state & HAS_TERMS) === 0 ? undefined : this.#terms.get(slot),
    };
  }

  #indexClient(slot: number, clientId: string): void {
    const at = slot * WORDS;
    const words = this.#i32;
    words.fill(0, at + CLIENT_WORD, at + CLIENT_WORD + CLIENT_WORDS);
    const bytes = this.#bytes.write(clientId, slot * BYTES + CLIENT_ID, command.TEXT_BYTES, 'utf8');
    words[at + TERMS] |= bytes << CLIENT_BYTES_SHIFT;
    const bucket = this.#clientBucket(words[at + ACCOUNT], words, at + CLIENT_WORD);
    words[at + CLIENT_CHAIN] = this.#clients[bucket];
    this.#clients[bucket] = slot;
  }

  /** The slot of an open order, 0: there is none. */
  #find(id: number): number {
    if (!Number.isSafeInteger(id) || id < 1) return 0;
    let slot = this.#ids[this.#idBucket(id)];
    while (slot !== 0 && this.#f64[((slot * WORDS) >> 1) + ID] !== id) slot = this.#i32[slot * WORDS + ID_CHAIN];
    return slot;
  }

  /**
   * Ids that follow one another lie in buckets that follow one another, so that what is entered and ends soon touches few cache lines;
   * orders that have outlived a round of the buckets, or many, are spread over them by the number of their round.
   */
  #idBucket(id: number): number {
    return (id ^ Math.imul(((id * this.#rounds) | 0) ^ SALT, 0x9e3779b1)) & (this.#ids.length - 1);
  }

  #clientBucket(account: number, words: Int32Array, from: number): number {
    let h = SALT ^ Math.imul(account, 0x27d4eb2d);
    for (let i = 0; i < CLIENT_WORDS; i++) {
      h = Math.imul(h ^ words[from + i], 0x9e3779b1);
      h ^= h >>> 15;
    }
    h = Math.imul(h, 0x85ebca6b);
    return (h ^ (h >>> 13)) & (this.#clients.length - 1);
  }

  #isWanted(slot: number): boolean {
    for (let i = 0; i < CLIENT_WORDS; i++) if (this.#i32[slot * WORDS + CLIENT_WORD + i] !== this.#wantedWords[i]) return false;
    return true;
  }

  #clientId(slot: number): string {
    const text = slot * BYTES + CLIENT_ID;
    const bytes = this.#i32[slot * WORDS + TERMS] >>> CLIENT_BYTES_SHIFT;
    return bytes === 0 ? '' : this.#bytes.toString('utf8', text, text + bytes);
  }

  #link(slot: number, account: number): void {
    const words = this.#i32;
    const tail = this.#tails[account];
    words[slot * WORDS + PREVIOUS] = tail;
    words[slot * WORDS + NEXT] = 0;
    if (tail === 0) this.#heads[account] = slot;
    else words[tail * WORDS + NEXT] = slot;
    this.#tails[account] = slot;
    this.#counts[account]++;
  }

  #unlink(slot: number, account: number): void {
    const words = this.#i32;
    const previous = words[slot * WORDS + PREVIOUS];
    const next = words[slot * WORDS + NEXT];
    if (previous === 0) this.#heads[account] = next;
    else words[previous * WORDS + NEXT] = next;
    if (next === 0) this.#tails[account] = previous;
    else words[next * WORDS + PREVIOUS] = previous;
    this.#counts[account]--;
  }
}

/** Takes an order out of its bucket. @param heads first slot of each bucket @param next word of a record that has the next one */
function unchain(heads: Int32Array, bucket: number, slot: number, words: Int32Array, next: number): void {
  let before = heads[bucket];
  if (before === slot) {
    heads[bucket] = words[slot * WORDS + next];
    return;
  }
  while (words[before * WORDS + next] !== slot) before = words[before * WORDS + next];
  words[before * WORDS + next] = words[slot * WORDS + next];
}
