/** The engine: applies commands to books and balances, and writes events. */
import { BookMemory } from '@outcry/book/book-memory';
import type { OrderBook } from '@outcry/book/order-book';
import { order as orderRecord, trade as tradeRecord } from '@outcry/book/records';
import { feeOf, Ledger } from '@outcry/ledger/ledger';
import {
  ALLOW_FAILURE,
  COMMAND,
  command as commandRecord,
  LESS_TRADED,
  MAX_GENERATION,
  MAX_ORDERS,
  POST_ONLY,
} from '@outcry/market/command';
import { instrumentOf } from '@outcry/market/command-head';
import * as eventFlags from '@outcry/market/event';
import type { Side } from '@outcry/market/order-terms';
import * as orderTerms from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { AccountRules, accountRules as accountRecord, FEE_RULES, OPEN } from './account-rules.ts';
import { administer } from './administration.ts';
import { details as detailsRecord } from './detail-record.ts';
import type { EventOutput } from './event-output.ts';
import { EventWriter } from './event-writer.ts';
import { Instruments, instrument as instrumentRecord, PLAIN, WATCHED } from './instruments.ts';
import { DEFAULT_LIMITS, type EngineLimits, Limits, limit } from './limits.ts';
import { isIndexed, OrderDetails } from './order-details.ts';
import { PreventedLots } from './prevented-lots.ts';
import { References } from './references.ts';
import { Registry } from './registry.ts';
import { RuleBook } from './rules/rule-book.ts';
import { SpecialOrders } from './rules/special-orders.ts';
import { Settlement } from './settlement.ts';
import { Staged } from './staged.ts';
import { Strategies } from './strategies.ts';
import { Taker } from './taker.ts';

// An imported constant is loaded at each use; one of this module is folded into the machine code.
const { BUY, FOK, GTC, IOC, LIMIT, MARKET, MARKET_BY_AMOUNT, MAX_PRICE, MAX_QUANTITY, MIN_PRICE } = orderTerms;
const { IS_MAKER, NEW_AGGREGATE, OF_CANCEL, RESTING } = eventFlags;
const { FILL, RESTED, CANCELLED, AMENDED } = eventFlags.EVENT;
const { TEXT, NEW_ORDER, CANCEL, CANCEL_REPLACE, AMEND } = COMMAND;
/** Kinds that belong to the command after them, a bit each. */
const AHEAD = (1 << COMMAND.TEXT) | (1 << COMMAND.TERMS) | (1 << COMMAND.LEG) | (1 << COMMAND.STRATEGY);
if (Math.max(COMMAND.TEXT, COMMAND.TERMS, COMMAND.LEG, COMMAND.STRATEGY) > 30) throw new RangeError('a kind has no bit of its own');
const { NONE, INVALID_PRICE, WOULD_TAKE, NO_LIQUIDITY } = REASON;
// Offsets as constants of this module: see @outcry/book/records.
const { HEAD, INSTRUMENT_WORD, ACCOUNT, PRICE, QUANTITY, ORDER_SLOT, ORDER_GENERATION, CLIENT_LOW, CLIENT_HIGH } = commandRecord;
const { F64_TIME, F64_AMOUNT } = commandRecord;
const { SHIFT: ORDER, QUANTITY: O_LEFT, ID: O_GENERATION, ACCOUNT: O_ACCOUNT, TERMS: O_TERMS, ORIGINAL: O_ORIGINAL } = orderRecord;
const {
  SHIFT: DETAIL,
  F64_SHIFT: D_F64,
  F64_TIME: D_TIME,
  F64_EXECUTED,
  CLIENT_LOW: D_LOW,
  CLIENT_HIGH: D_HIGH,
  TEXT_SLOT,
} = detailsRecord;
const { SHIFT: TRADE, MAKER, PRICE: T_PRICE, QUANTITY: T_QUANTITY, MAKER_LEFT } = tradeRecord;
const { SHIFT: INSTRUMENT, PAID_BY, BASE, QUOTE, MAKER_FEE, TAKER_FEE, LAST_PRICE } = instrumentRecord;
const { F64_SHIFT: A_F64, F64_CHANGED } = accountRecord;
const { F64_SHIFT: I_F64, F64_RATE, F64_LOT, F64_UNIT: I_UNIT, F64_TRADES, F64_AGGREGATES } = instrumentRecord;
const PLAIN_MODE = PLAIN;
const NOT_WATCHED = ~WATCHED;
const OPEN_MODE = OPEN;
const NO_FEE_RULES = ~FEE_RULES;
const { ORDERS: MOST_ORDERS } = limit;
const NO_ASSET = -1;
const NONE_CANCELLED = -2;
/** Not a reason: the rule book checks and enters the order. */
const BY_RULES = -1;
const NEGATIVE = 1 << 31;
const TEXT_PENDING = 1;
const MORE_PENDING = 2;

export { DEFAULT_LIMITS, type EngineLimits } from './limits.ts';

/**
 * The exchange as a state machine: `apply(command)` changes books and balances and writes events, and nothing else. No clock, no
 * random numbers, no input or output: the same commands give the same events, to the byte.
 *
 * One thread owns an engine. After the books' windows have grown to the traded range, nothing is allocated.
 */
export class Engine {
  /** what memory is reserved for: no limit can be beyond it */
  readonly room: EngineLimits;
  readonly limits: Limits;
  readonly memory: BookMemory;
  readonly ledger: Ledger;
  readonly instruments: Instruments;
  readonly details: OrderDetails;
  readonly output: EventOutput;
  readonly writer: EventWriter;
  readonly accounts: AccountRules;
  readonly specials: SpecialOrders;
  readonly settlement: Settlement;
  readonly taker = new Taker();
  readonly ruleBook: RuleBook;
  readonly staged = new Staged();
  readonly references = new References();
  readonly registry = new Registry();
  readonly preventedLots: PreventedLots;
  readonly strategies: Strategies;
  /** what staged holds, so that the hot path need not ask it */
  #pending = 0;
  readonly #orders: Int32Array;
  readonly #accountModes: Int32Array;
  readonly #accountFacts: Float64Array;
  readonly #orderIds: Float64Array;
  readonly #instrumentModes: Int32Array;
  readonly #due: Float64Array;
  readonly #limits: Int32Array;

  constructor(output: EventOutput, room: EngineLimits = DEFAULT_LIMITS) {
    if (room.orders > MAX_ORDERS) throw new RangeError(`at most ${MAX_ORDERS} orders, not ${room.orders}`);
    this.room = room;
    this.limits = new Limits(room);
    this.output = output;
    this.memory = new BookMemory(room.orders);
    this.ledger = new Ledger(room.accounts, room.assets);
    this.instruments = new Instruments(this.memory, room.instruments);
    this.details = new OrderDetails(this.memory, room.accounts);
    this.strategies = new Strategies(this.memory);
    this.writer = new EventWriter(output, this.memory, this.ledger);
    this.accounts = new AccountRules(room.accounts, room.assets);
    this.specials = new SpecialOrders(this.memory, room.instruments);
    this.preventedLots = new PreventedLots(room.orders);
    const { memory, ledger, instruments, details, writer, accounts, specials } = this;
    this.settlement = new Settlement(memory, ledger, instruments, details, writer, accounts, specials);
    this.ruleBook = new RuleBook(this);
    this.#orders = this.memory.orders.i32;
    this.#accountModes = this.accounts.modes;
    this.#accountFacts = this.accounts.f64;
    this.#orderIds = this.details.ids;
    this.#instrumentModes = this.instruments.modes;
    this.#due = this.ruleBook.cascade.due;
    this.#limits = this.limits.i32;
  }

  /** Sequence number of the last command applied. */
  get sequence(): number {
    return this.writer.sequence;
  }

  /** Two 32-bit hashes over every event so far: equal for engines that were fed the same commands. */
  get hash(): readonly [number, number] {
    return this.writer.hash;
  }

  /** Whether a record was applied that belongs to a command that was not: no place for a snapshot. */
  get midCommand(): boolean {
    return this.#pending !== 0 || this.registry.isStaging;
  }

  /** Whether what commands or time set off goes on before the next command. */
  get hasWorkLeft(): boolean {
    return this.#due[0] <= this.writer.time;
  }

  /**
   * Applies one command and writes its events. Commands come in journal order; each takes the next sequence number.
   * @param i32 @param f64 two views of the memory that holds the command, `at` words from its start: a multiple of 16
   */
  apply(i32: Int32Array, f64: Float64Array, at: number): void {
    const head = i32[at | HEAD];
    const kind = head & 0xff;
    if (((1 << kind) & AHEAD) !== 0) {
      this.writer.skip();
      this.staged.take(kind, i32, f64, at, this.writer.sequence);
      this.#pending |= kind === TEXT ? TEXT_PENDING : MORE_PENDING;
      return;
    }
    this.writer.begin(f64[(at >> 1) | F64_TIME]);
    if (this.writer.time >= this.#due[0]) this.ruleBook.cascade.wake();
    switch (kind) {
      case NEW_ORDER:
        this.#enter(i32, f64, at, 0);
        break;
      case CANCEL: {
        const released = this.#cancel(i32, at, REASON.BY_REQUEST);
        if (released >= 0) this.writer.balance(i32[at | ACCOUNT], released);
        break;
      }
      case CANCEL_REPLACE: {
        const traded = ((head >>> 24) & LESS_TRADED) === 0 ? 0 : this.#tradedLots(this.#meant(i32, at));
        const released = this.#cancel(i32, at, REASON.REPLACED);
        const mayEnter = released !== NONE_CANCELLED || ((head >>> 24) & ALLOW_FAILURE) !== 0;
        const reported = mayEnter ? this.#enter(i32, f64, at, traded) : NO_ASSET;
        if (released >= 0 && reported !== released) this.writer.balance(i32[at | ACCOUNT], released);
        break;
      }
      case AMEND:
        this.#amend(i32, at);
        break;
      default:
        administer(this, kind, i32, f64, at);
    }
    if (this.ruleBook.cascade.hasWork) this.ruleBook.cascade.run();
    if (this.#pending === 0) return;
    this.staged.clear();
    this.#pending = 0;
  }

  // ── Entering an order ────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * @param less lots taken off the quantity stated: see LESS_TRADED
   * @returns the asset that the order pays with when its balance was reported, else {@link NO_ASSET}
   */
  #enter(i32: Int32Array, f64: Float64Array, at: number, less: number): number {
    const { taker } = this;
    const head = i32[at | HEAD];
    taker.account = i32[at | ACCOUNT];
    taker.instrument = instrumentOf(i32[at | INSTRUMENT_WORD]);
    taker.side = ((head >>> 8) & 1) as Side;
    taker.kind = (head >>> 16) & 0xf;
    taker.timeInForce = (head >>> 20) & 0xf;
    taker.postOnly = (head >>> 24) & POST_ONLY;
    taker.price = i32[at | PRICE];
    taker.quantity = i32[at | QUANTITY] - less;
    const amount = taker.kind === MARKET_BY_AMOUNT ? f64[(at >> 1) | F64_AMOUNT] : 0;
    const low = i32[at | CLIENT_LOW];
    const high = i32[at | CLIENT_HIGH];

    let reason = this.#check(low, high);
    if (reason === BY_RULES) {
      this.ruleBook.enter(this.staged.entry(i32, f64, at, less), this.staged.text);
      return NO_ASSET;
    }
    if (reason === NONE && taker.kind !== LIMIT) reason = this.#sizeMarketOrder(amount);
    if (reason === NONE) reason = this.#secureFunds();
    if (reason !== NONE) {
      this.writer.reject(reason, 0, taker.side, taker.instrument, taker.account, low, high);
      return NO_ASSET;
    }
    taker.left = taker.quantity;
    taker.hold = taker.kind === LIMIT ? taker.price : 0;
    const text = this.#pending === 0 ? undefined : this.staged.text;
    this.assignSlot(low, high, this.writer.sequence);
    const crosses = this.instruments.books[taker.instrument].crosses(taker.side, taker.price);
    const restsAtOnce = !crosses && taker.timeInForce === GTC;
    if (text !== undefined) this.writer.text(text, 0, text.length);
    this.writer.accepted(restsAtOnce ? RESTING : 0, taker.slot, taker.price, taker.quantity, low, high, amount);
    if (crosses && (taker.timeInForce !== FOK || this.#fillable())) this.#match();
    const traded = taker.left !== taker.quantity;
    const rests = taker.left > 0 && taker.timeInForce === GTC;
    if (rests) this.#rest(restsAtOnce, text);
    else this.#finish();
    const paid = this.#paidBy(taker.instrument, taker.side);
    if (traded || rests) this.writer.balance(taker.account, paid);
    if (traded) this.writer.balance(taker.account, this.#paidBy(taker.instrument, (1 - taker.side) as Side));
    if (this.#instrumentModes[taker.instrument] !== PLAIN_MODE) this.ruleBook.cascade.touch(taker.instrument);
    return traded || rests ? paid : NO_ASSET;
  }

  /** All that can be refused before funds are looked at. Returns a reason, NONE if the order may go on, BY_RULES if the rule book decides. */
  #check(low: number, high: number): number {
    const { taker } = this;
    const isPlain =
      this.#due[0] !== 0 && // work that is left over may be a mass cancel, which refuses orders
      (this.#instrumentModes[taker.instrument] & NOT_WATCHED) === PLAIN_MODE &&
      (this.#accountModes[taker.account] & NO_FEE_RULES) === OPEN_MODE;
    if (!isPlain || taker.kind > MARKET_BY_AMOUNT || taker.timeInForce > FOK || this.#pending > TEXT_PENDING) return BY_RULES;
    if (taker.postOnly !== 0 && (taker.kind !== LIMIT || taker.timeInForce !== GTC)) return REASON.INVALID_TERMS;
    if (taker.kind === LIMIT) {
      if (taker.price < MIN_PRICE || taker.price > MAX_PRICE) return INVALID_PRICE;
      if (taker.postOnly !== 0 && this.instruments.books[taker.instrument].crosses(taker.side, taker.price)) return WOULD_TAKE;
    } else {
      taker.price = taker.side === BUY ? MAX_PRICE : MIN_PRICE;
      if (taker.timeInForce !== FOK) taker.timeInForce = IOC;
      else if (taker.kind === MARKET_BY_AMOUNT) return REASON.INVALID_TERMS;
    }
    if (taker.kind !== MARKET_BY_AMOUNT && taker.quantity < 1) return REASON.INVALID_QUANTITY;
    if (this.memory.orders.inUse >= this.#limits[MOST_ORDERS]) return REASON.OUT_OF_ORDERS;
    if (isIndexed(low, high) && this.details.find(taker.account, low, high) !== 0) return REASON.DUPLICATE_CLIENT_ID;
    return NONE;
  }

  /** Turns a market order's amount of quote into lots. */
  #sizeMarketOrder(amount: number): number {
    const { taker } = this;
    if (taker.kind === MARKET) return NONE;
    const unit = this.instruments.f64[(taker.instrument << I_F64) | I_UNIT];
    if (!(amount >= 1 && amount <= Number.MAX_SAFE_INTEGER)) return REASON.INVALID_AMOUNT;
    const tickLots = Math.floor(amount / unit);
    const book = this.instruments.books[taker.instrument];
    taker.quantity = Math.min(MAX_QUANTITY, book.lotsFor(taker.side, tickLots));
    if (taker.quantity === 0 && book.crosses(taker.side, taker.price)) return REASON.AMOUNT_TOO_SMALL;
    if (taker.side === BUY && !this.ledger.covers(taker.account, this.#paidBy(taker.instrument, BUY), amount))
      return REASON.INSUFFICIENT_BALANCE;
    return NONE;
  }

  /** Orders hold what they may cost; market buys must be covered by what is available when they trade, which is now. */
  #secureFunds(): number {
    const { taker } = this;
    const asset = this.#paidBy(taker.instrument, taker.side);
    if (taker.side === BUY && taker.kind !== LIMIT) {
      const tickLots = this.instruments.books[taker.instrument].cost(BUY, taker.quantity);
      const cost = tickLots * this.instruments.f64[(taker.instrument << I_F64) | I_UNIT];
      if (tickLots < 0 || cost > Number.MAX_SAFE_INTEGER) return REASON.OVERFLOW;
      return this.ledger.covers(taker.account, asset, cost) ? NONE : REASON.INSUFFICIENT_BALANCE;
    }
    const cost = taker.quantity * this.#holdPerLot(taker.instrument, taker.side, taker.price);
    if (cost > Number.MAX_SAFE_INTEGER) return REASON.OVERFLOW;
    return this.ledger.hold(taker.account, asset, cost) ? NONE : REASON.INSUFFICIENT_BALANCE;
  }

  #paidBy(instrument: number, side: Side): number {
    return this.instruments.i32[((instrument << INSTRUMENT) + PAID_BY + side) | 0];
  }

  /** What an order holds for each lot: price x unit of the quote asset (buy), one lot of the base asset (sell). Free of branches. */
  #holdPerLot(instrument: number, side: Side, price: number): number {
    return this.instruments.f64[(instrument << I_F64) | F64_RATE | side] * ((price - 1) * (1 - side) + 1);
  }

  /** Gives the taker its slot and its id. Nothing finds it yet: see OrderDetails.keep. @param id number of the command that states it */
  assignSlot(low: number, high: number, id: number): void {
    const { taker } = this;
    const slot = this.memory.orders.take();
    const at = slot << ORDER;
    const orders = this.#orders;
    const generation = orders[at | O_GENERATION] === MAX_GENERATION ? 1 : orders[at | O_GENERATION] + 1;
    taker.slot = slot;
    taker.generation = generation;
    orders[at | O_LEFT] = 0;
    orders[at | O_GENERATION] = generation;
    orders[at | O_ACCOUNT] = taker.account;
    orders[at | O_TERMS] = taker.instrument | (taker.side << 16) | (taker.kind << 17) | (taker.timeInForce << 20) | (taker.postOnly << 24);
    orders[at | O_ORIGINAL] = taker.quantity;
    const { i32, f64 } = this.details;
    const detail = slot << DETAIL;
    this.details.ids[slot] = id;
    f64[(slot << D_F64) | D_TIME] = this.writer.time;
    f64[(slot << D_F64) | F64_EXECUTED] = 0;
    i32[detail | D_LOW] = low;
    i32[detail | D_HIGH] = high;
    i32[detail | TEXT_SLOT] = 0;
  }

  #fillable(): boolean {
    const { taker } = this;
    return this.instruments.books[taker.instrument].available(taker.side, taker.price, taker.quantity) >= taker.quantity;
  }

  #match(): void {
    const { taker } = this;
    const book = this.instruments.books[taker.instrument];
    let lastPrice = 0;
    do {
      book.match(taker.side, taker.price, taker.left);
      const count = this.memory.tradeCount;
      for (let i = 0; i < count; i++) {
        lastPrice = this.#settle(i << TRADE, lastPrice);
      }
    } while (taker.left > 0 && this.memory.tradeCount === this.memory.tradeCapacity);
  }

  #rest(isEmitted: boolean, text: Int32Array | undefined): void {
    const { taker } = this;
    this.details.keep(taker.slot, taker.account, text);
    // Cannot fail: there are as many records of far levels as of orders.
    this.instruments.books[taker.instrument].rest(taker.slot, taker.side, taker.price, taker.left);
    if (!isEmitted) this.writer.order(RESTED, 0, 0, taker.slot, taker.price, taker.left, taker.left);
  }

  /** Ends the incoming order: what is left of it vanishes. */
  #finish(): void {
    const { taker } = this;
    if (taker.left > 0 || taker.quantity === 0) {
      this.#releaseRemainder(taker.left);
      this.writer.order(CANCELLED, 0, NO_LIQUIDITY, taker.slot, taker.price, taker.quantity, taker.left);
    }
    this.memory.orders.give(taker.slot);
  }

  #releaseRemainder(lots: number): void {
    const { account, instrument, side, price, kind } = this.taker;
    if (kind !== LIMIT && side === BUY) return;
    this.ledger.release(account, this.#paidBy(instrument, side), lots * this.#holdPerLot(instrument, side, price));
  }

  // ── Settling a trade ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Moves the money of one trade and reports both sides: what Settlement does, for accounts without rules. Returns its price. */
  #settle(tradeAt: number, previousPrice: number): number {
    const taker = this.taker;
    const { ledger, instruments } = this;
    const trades = this.memory.trades;
    const maker = trades[tradeAt | MAKER];
    const price = trades[tradeAt | T_PRICE];
    const lots = trades[tradeAt | T_QUANTITY];
    const makerLeft = trades[tradeAt | MAKER_LEFT];
    const makerAccount = this.#orders[(maker << ORDER) | O_ACCOUNT];
    const at = taker.instrument << INSTRUMENT;
    const modes = this.#accountModes[makerAccount] | this.#accountModes[taker.account];
    if ((modes | (instruments.i32[at | MAKER_FEE] & NEGATIVE)) !== OPEN_MODE) {
      this.settlement.settle(taker, maker, price, lots, makerLeft, price, price !== previousPrice, 0);
      return price;
    }
    const f64At = taker.instrument << I_F64;
    const base = instruments.i32[at | BASE];
    const quote = instruments.i32[at | QUOTE];
    const unit = instruments.f64[f64At | I_UNIT];
    const baseUnits = lots * instruments.f64[f64At | F64_LOT];
    const quoteUnits = price * lots * unit;
    let makerFee: number;
    let takerFee: number;
    if (taker.side === BUY) {
      makerFee = feeOf(quoteUnits, instruments.i32[at | MAKER_FEE]);
      takerFee = feeOf(baseUnits, instruments.i32[at | TAKER_FEE]);
      if (taker.kind === LIMIT) {
        ledger.spendHeld(taker.account, quote, quoteUnits);
        if (taker.price !== price) ledger.release(taker.account, quote, (taker.price - price) * lots * unit);
      } else ledger.debit(taker.account, quote, quoteUnits);
      ledger.credit(taker.account, base, baseUnits - takerFee);
      ledger.spendHeld(makerAccount, base, baseUnits);
      ledger.credit(makerAccount, quote, quoteUnits - makerFee);
      ledger.collectFee(base, takerFee);
      ledger.collectFee(quote, makerFee);
    } else {
      makerFee = feeOf(baseUnits, instruments.i32[at | MAKER_FEE]);
      takerFee = feeOf(quoteUnits, instruments.i32[at | TAKER_FEE]);
      ledger.spendHeld(taker.account, base, baseUnits);
      ledger.credit(taker.account, quote, quoteUnits - takerFee);
      ledger.spendHeld(makerAccount, quote, quoteUnits);
      ledger.credit(makerAccount, base, baseUnits - makerFee);
      ledger.collectFee(base, makerFee);
      ledger.collectFee(quote, takerFee);
    }
    instruments.i32[at | LAST_PRICE] = price;
    const tradeNumber = ++instruments.f64[f64At | F64_TRADES];
    this.details.f64[(maker << D_F64) | F64_EXECUTED] += quoteUnits;
    this.details.f64[(taker.slot << D_F64) | F64_EXECUTED] += quoteUnits;
    if (makerLeft === 0) this.details.forget(maker);
    if (makerLeft === 0 && this.#orders[(maker << ORDER) | O_TERMS] < 0) this.specials.close(maker);

    taker.left -= lots;
    let takerFlags = 0;
    if (price !== previousPrice) {
      takerFlags = NEW_AGGREGATE;
      instruments.f64[f64At | F64_AGGREGATES]++;
    }
    this.writer.fill(FILL, IS_MAKER, 0, maker, price, lots, makerLeft, tradeNumber, makerFee);
    this.writer.fill(FILL, takerFlags, 0, taker.slot, price, lots, taker.left, tradeNumber, takerFee);
    this.writer.balance(makerAccount, base);
    this.writer.balance(makerAccount, quote);
    return price;
  }

  // ── Open orders ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes the order meant out of the book. Returns the asset that it held (NO_ASSET: its balance was emitted), or NONE_CANCELLED. */
  #cancel(i32: Int32Array, at: number, reason: number): number {
    const slot = this.#meant(i32, at);
    if (slot === 0) {
      this.#rejectCancel(i32, at, REASON.UNKNOWN_ORDER);
      return NONE_CANCELLED;
    }
    const terms = this.#orders[(slot << ORDER) | O_TERMS];
    if (this.#isRuled(slot, terms)) {
      const refused = this.ruleBook.ending.cancel(slot, i32[at | ACCOUNT], instrumentOf(i32[at | INSTRUMENT_WORD]), reason);
      if (refused === NONE) return NO_ASSET;
      this.#rejectCancel(i32, at, refused);
      return NONE_CANCELLED;
    }
    const account = this.#orders[(slot << ORDER) | O_ACCOUNT];
    const left = this.#orders[(slot << ORDER) | O_LEFT];
    const instrument = terms & 0xffff;
    const side = ((terms >>> 16) & 1) as Side;
    const book = this.instruments.books[instrument];
    const price = book.priceOf(slot);
    book.remove(slot, side);
    const asset = this.#releaseOpen(account, instrument, side, price, left);
    this.details.forget(slot);
    this.memory.orders.give(slot);
    this.writer.order(CANCELLED, RESTING, reason, slot, price, this.#orders[(slot << ORDER) | O_ORIGINAL], left);
    return asset;
  }

  #amend(i32: Int32Array, at: number): void {
    const slot = this.#meant(i32, at);
    if (slot === 0) {
      this.#rejectCancel(i32, at, REASON.UNKNOWN_ORDER);
      return;
    }
    const terms = this.#orders[(slot << ORDER) | O_TERMS];
    if (this.#isRuled(slot, terms)) {
      const refused = this.ruleBook.ending.amend(slot, i32[at | ACCOUNT], instrumentOf(i32[at | INSTRUMENT_WORD]), i32[at | QUANTITY]);
      if (refused !== NONE) this.#rejectCancel(i32, at, refused);
      return;
    }
    const order = slot << ORDER;
    const original = this.#orders[order | O_ORIGINAL];
    const left = this.#orders[order | O_LEFT];
    const quantity = i32[at | QUANTITY];
    const newLeft = quantity - (original - left);
    if (quantity >= original || newLeft < 1) {
      this.#rejectCancel(i32, at, REASON.NOT_LOWER);
      return;
    }
    const instrument = terms & 0xffff;
    const side = ((terms >>> 16) & 1) as Side;
    const book: OrderBook = this.instruments.books[instrument];
    const price = book.priceOf(slot);
    book.reduce(slot, side, newLeft);
    this.#orders[order | O_ORIGINAL] = quantity;
    const account = this.#orders[order | O_ACCOUNT];
    const asset = this.#releaseOpen(account, instrument, side, price, left - newLeft);
    this.writer.fill(AMENDED, 0, 0, slot, price, quantity, newLeft, 0, left - newLeft);
    this.writer.balance(account, asset);
  }

  /** Whether an open order is the rule book's: by its own terms, by its instrument, or because its account's rules changed after it came. */
  #isRuled(slot: number, terms: number): boolean {
    if (terms < 0 || this.#instrumentModes[terms & 0xffff] !== PLAIN_MODE) return true;
    const account = this.#orders[(slot << ORDER) | O_ACCOUNT];
    return this.#orderIds[slot] < this.#accountFacts[(account << A_F64) | F64_CHANGED];
  }

  /** Lots that an open order has traded; 0 for none. */
  #tradedLots(slot: number): number {
    if (slot === 0) return 0;
    return this.#orders[(slot << ORDER) | O_ORIGINAL] - this.ruleBook.facts.leftOf(slot, this.specials.of(slot));
  }

  /** The slot of the open order that a command means, or 0: none, or another account's or instrument's. */
  #meant(i32: Int32Array, at: number): number {
    const slot = i32[at | ORDER_SLOT];
    if (slot < 1 || slot >= this.memory.orders.top) return 0;
    const order = slot << ORDER;
    const orders = this.#orders;
    const same =
      orders[order | O_GENERATION] === i32[at | ORDER_GENERATION] &&
      orders[order | O_LEFT] > 0 &&
      orders[order | O_ACCOUNT] === i32[at | ACCOUNT] &&
      (orders[order | O_TERMS] & 0xffff) === instrumentOf(i32[at | INSTRUMENT_WORD]);
    return same ? slot : 0;
  }

  /** Releases what an open order holds for some of its lots. Returns the asset. */
  #releaseOpen(account: number, instrument: number, side: Side, price: number, lots: number): number {
    const asset = this.#paidBy(instrument, side);
    this.ledger.release(account, asset, lots * this.#holdPerLot(instrument, side, price));
    return asset;
  }

  #rejectCancel(i32: Int32Array, at: number, reason: number): void {
    this.writer.reject(
      reason,
      OF_CANCEL,
      0,
      instrumentOf(i32[at | INSTRUMENT_WORD]),
      i32[at | ACCOUNT],
      i32[at | ORDER_SLOT],
      i32[at | ORDER_GENERATION],
    );
  }
}
