import { PreventedLots } from '@outcry/engine/prevented-lots';
import { orderHandle } from '@outcry/market/command';
import { LIMIT, type Side } from '@outcry/market/order-terms';
import { instrumentOf, orderKindOf, sideOf, termsOf } from '@outcry/market/order-word';
import { legOf } from '@outcry/market/terms';
import { f64Of, i32Of, reserve } from '@outcry/memory/span';
import { ORDER_STATUS, statusAfterTrade } from '../../domain/order-status.ts';
import type { Order } from '../../domain/orders.ts';
import { TermsTable } from '../../domain/special-terms.ts';
import { StrategyTable } from '../../domain/strategies.ts';
import { ClientIds } from './client-ids.ts';
import { OpenLists } from './open-lists.ts';
import { clientBytesOf, openOrder, orderAt, state, statusOf, withStatus, wordOf } from './open-order.ts';
import { SALT, unchain } from './order-chain.ts';
import { HeldCursors, type OrderCursor } from './order-cursors.ts';

const { WORDS, F64_AMOUNT, F64_EXECUTED, F64_TIME, F64_UPDATE_TIME, F64_ID } = openOrder;
const { GENERATION, ACCOUNT, PRICE, QUANTITY, LEFT, WORD, STATE, PREVIOUS, NEXT, SHOWN, ID_CHAIN } = openOrder;
const { OPEN, RESTING, WAITING, HAS_TERMS, HELD, DECREMENTED, HAS_STRATEGY } = state;

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
  /** By account: its oldest and newest order, and how many it has. */
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #counts: Int32Array;
  /** newest order of each bucket of ids */
  readonly #ids: Int32Array;
  readonly #clientIds: ClientIds;
  /** rounds of the buckets in one id */
  readonly #rounds: number;
  readonly #terms: TermsTable;
  readonly #prevented: PreventedLots;
  readonly #strategies: StrategyTable;
  /** the lists that they belong to */
  readonly lists: OpenLists;
  readonly #held = new HeldCursors();
  /** orders with terms */
  #special = 0;

  constructor(capacity: number, accounts: number) {
    this.capacity = capacity;
    const span = reserve((capacity + 1) * WORDS * 4);
    this.#i32 = i32Of(span);
    this.#f64 = f64Of(span);
    this.#heads = i32Of(reserve(accounts * 4));
    this.#tails = i32Of(reserve(accounts * 4));
    this.#counts = i32Of(reserve(accounts * 4));
    const buckets = 2 ** Math.ceil(Math.log2(capacity + 1));
    this.#ids = i32Of(reserve(buckets * 4));
    this.#clientIds = new ClientIds(this.#i32, i32Of(reserve(buckets * 4)));
    this.#rounds = 1 / buckets;
    this.#terms = new TermsTable(capacity);
    this.#prevented = new PreventedLots(capacity);
    this.#strategies = new StrategyTable(capacity);
    this.lists = new OpenLists(capacity);
  }

  /** @param slot @param generation where the engine has it @returns its list in {@link lists} when that has all its orders now, else 0 */
  add(slot: number, generation: number, order: Order): number {
    const at = slot * WORDS;
    const words = this.#i32;
    words[at + GENERATION] = generation;
    words[at + ACCOUNT] = order.account;
    words[at + WORD] = wordOf(order);
    this.#f64[(at >> 1) + F64_ID] = order.id;
    this.#f64[(at >> 1) + F64_AMOUNT] = order.amount;
    this.#f64[(at >> 1) + F64_TIME] = order.time;
    if (order.clientId !== '') this.#clientIds.add(slot, order.clientId);
    let list = 0;
    let bits = OPEN | (order.resting ? RESTING : 0) | (order.waiting ? WAITING : 0);
    if (order.terms !== undefined) {
      this.#terms.set(slot, order.terms);
      this.#special++;
      bits |= HAS_TERMS;
      if (order.terms.list > 0) list = this.lists.join(slot, order.terms.list, legOf(order.terms.flags), order.id, order.clientId);
    }
    if (order.strategy !== undefined) {
      this.#strategies.set(slot, order.strategy);
      bits |= HAS_STRATEGY;
    }
    words[at + QUANTITY] = order.quantity;
    words[at + LEFT] = order.left;
    words[at + PRICE] = order.price;
    words[at + SHOWN] = order.shown;
    words[at + STATE] = withStatus(bits, order.status);
    this.#f64[(at >> 1) + F64_EXECUTED] = order.executedAmount;
    this.#f64[(at >> 1) + F64_UPDATE_TIME] = order.updateTime;
    this.#link(slot, order.account);
    const bucket = this.#idBucket(order.id);
    words[at + ID_CHAIN] = this.#ids[bucket];
    this.#ids[bucket] = slot;
    this.size++;
    return list;
  }

  /** The slot of an open order. Throws when it is not open. */
  openSlot(slot: number, generation: number): number {
    if (!this.#isOpen(slot, generation)) throw new Error(`an event for generation ${generation} of slot ${slot}, where no order is open`);
    return slot;
  }

  account(slot: number): number {
    return this.#i32[slot * WORDS + ACCOUNT];
  }
  instrument(slot: number): number {
    return instrumentOf(this.#i32[slot * WORDS + WORD]);
  }
  side(slot: number): Side {
    return sideOf(this.#i32[slot * WORDS + WORD]);
  }
  isFilled(slot: number): boolean {
    return statusOf(this.#i32[slot * WORDS + STATE]) === ORDER_STATUS.FILLED;
  }
  id(slot: number): number {
    return this.#f64[((slot * WORDS) >> 1) + F64_ID];
  }
  /** Whether it waits for the working order of its list. */
  isPending(slot: number): boolean {
    return statusOf(this.#i32[slot * WORDS + STATE]) === ORDER_STATUS.PENDING_NEW;
  }
  price(slot: number): number {
    return this.#i32[slot * WORDS + PRICE];
  }

  // What happens to an order. Times in microseconds since 1970; what is displayed after it, or how that changed, comes back in lots.

  /** It entered the book, or what was left of it after trading did. Returns the lots displayed. */
  rest(slot: number, price: number, isHidden: boolean): number {
    const at = slot * WORDS;
    const words = this.#i32;
    words[at + PRICE] = price;
    words[at + SHOWN] = isHidden ? 0 : words[at + LEFT];
    words[at + STATE] = (words[at + STATE] & ~WAITING) | RESTING;
    return words[at + SHOWN];
  }

  /** Its trigger fired, or it begins to wait for one. */
  trigger(slot: number, price: number, isWaiting: boolean, time: number): void {
    const at = slot * WORDS;
    const words = this.#i32;
    if (orderKindOf(termsOf(words[at + WORD])) === LIMIT) words[at + PRICE] = price;
    words[at + STATE] = (words[at + STATE] & ~WAITING) | (isWaiting ? WAITING : 0);
    if (statusOf(words[at + STATE]) === ORDER_STATUS.PENDING_NEW) this.#setStatus(at, ORDER_STATUS.NEW);
    this.#f64[(at >> 1) + F64_UPDATE_TIME] = time;
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

  /**
   * It traded. Returns how much of that was displayed. An order with nothing left is to be removed next; one that is not filled then, since an
   * amount is left, is to be ended first.
   */
  trade(slot: number, quantity: number, amount: number, left: number, time: number): number {
    const at = slot * WORDS;
    const words = this.#i32;
    const shown = Math.min(words[at + SHOWN], quantity);
    words[at + SHOWN] -= shown;
    words[at + LEFT] = left;
    this.#f64[(at >> 1) + F64_EXECUTED] += amount;
    this.#f64[(at >> 1) + F64_UPDATE_TIME] = time;
    const amountLeft = this.#f64[(at >> 1) + F64_AMOUNT] - this.#f64[(at >> 1) + F64_EXECUTED];
    const status = statusAfterTrade(left, amountLeft, amount / quantity);
    this.#setStatus(at, status === ORDER_STATUS.EXPIRED ? ORDER_STATUS.PARTIALLY_FILLED : status); // end() follows
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
    this.#f64[(at >> 1) + F64_UPDATE_TIME] = time;
    return less;
  }

  /** Self-trade prevention took lots off it, which is told by {@link amend}. @param match its number */
  decrement(slot: number, lots: number, match: number): void {
    this.#prevented.add(slot, this.#i32[slot * WORDS + GENERATION], lots, match);
    this.#i32[slot * WORDS + STATE] |= DECREMENTED;
  }

  /** It ended with a status. Returns what it displayed. It is to be removed next. */
  end(slot: number, status: number, time: number): number {
    const at = slot * WORDS;
    const words = this.#i32;
    const shown = words[at + SHOWN];
    words[at + SHOWN] = 0;
    words[at + STATE] &= ~RESTING;
    this.#setStatus(at, status);
    this.#f64[(at >> 1) + F64_UPDATE_TIME] = time;
    return shown;
  }

  /** @returns its list in {@link lists} when that was its last order, else 0: it is to be closed then */
  remove(slot: number): number {
    const at = slot * WORDS;
    const account = this.#i32[at + ACCOUNT];
    let list = 0;
    if ((this.#i32[at + STATE] & HAS_TERMS) !== 0) {
      this.#special--;
      list = this.lists.leave(slot);
    }
    if ((this.#i32[at + STATE] & HELD) !== 0) this.#passOn(slot);
    this.#i32[at + STATE] = 0;
    this.#unlink(slot, account);
    unchain(this.#ids, this.#idBucket(this.#f64[(at >> 1) + F64_ID]), slot, this.#i32, ID_CHAIN);
    if (clientBytesOf(this.#i32[at + WORD]) !== 0) this.#clientIds.remove(slot);
    this.size--;
    return list;
  }

  #isOpen(slot: number, generation: number): boolean {
    const at = slot * WORDS;
    return slot >= 1 && slot <= this.capacity && (this.#i32[at + STATE] & OPEN) !== 0 && this.#i32[at + GENERATION] === generation;
  }

  #setStatus(at: number, status: number): void {
    this.#i32[at + STATE] = withStatus(this.#i32[at + STATE], status);
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
    if (cursor.slot !== 0 && this.#held.hold(cursor)) this.#i32[cursor.slot * WORDS + STATE] |= HELD;
  }

  release(cursor: OrderCursor): void {
    if (this.#held.release(cursor)) this.#i32[cursor.slot * WORDS + STATE] &= ~HELD;
  }

  /** Cursors at an order that ends go on to the next one. */
  #passOn(slot: number): void {
    for (const cursor of this.#held.take(slot)) {
      cursor.slot = this.next(slot);
      this.hold(cursor);
    }
  }

  /** Puts each account's orders in the order of their ids: a start tells them price by price. */
  sortByAge(): void {
    const ids = new Float64Array(this.size);
    let count = 0;
    for (const head of this.#heads)
      for (let slot = head; slot !== 0; slot = this.#i32[slot * WORDS + NEXT]) ids[count++] = this.#f64[((slot * WORDS) >> 1) + F64_ID];
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
    const slot = this.#clientIds.find(account, clientId);
    return slot === 0 ? undefined : this.copy(slot);
  }

  /** The order in a slot that is open, or about to be removed. */
  copy(slot: number): Order {
    const terms = this.hasTerms(slot) ? this.#terms.get(slot) : undefined;
    const at = slot * WORDS;
    const state = this.#i32[at + STATE];
    const strategy = (state & HAS_STRATEGY) === 0 ? undefined : this.#strategies.get(slot);
    const generation = (state & DECREMENTED) === 0 ? 0 : this.#i32[at + GENERATION];
    const [lots, match] = generation === 0 ? [0, 0] : [this.#prevented.lots(slot, generation), this.#prevented.match(slot, generation)];
    return orderAt(this.#i32, this.#f64, slot, this.#clientIds.of(slot), terms, strategy, lots, match);
  }

  /** The slot of an open order, 0: there is none. */
  #find(id: number): number {
    if (!Number.isSafeInteger(id) || id < 1) return 0;
    let slot = this.#ids[this.#idBucket(id)];
    while (slot !== 0 && this.#f64[((slot * WORDS) >> 1) + F64_ID] !== id) slot = this.#i32[slot * WORDS + ID_CHAIN];
    return slot;
  }

  /**
   * Ids that follow one another lie in buckets that follow one another, so that what is entered and ends soon touches few cache lines;
   * orders that have outlived a round of the buckets, or many, are spread over them by the number of their round.
   */
  #idBucket(id: number): number {
    return (id ^ Math.imul(((id * this.#rounds) | 0) ^ SALT, 0x9e3779b1)) & (this.#ids.length - 1);
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
