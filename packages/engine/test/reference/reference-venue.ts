/** The reference venue: the rule book once more, written to be read, that the engine is compared with. */
import { LIST_TYPE } from '@outcry/market/command';
import {
  AT_CLOSE,
  AT_OPEN,
  BEST_PRICE,
  BUY,
  DAY,
  FOK,
  GTC,
  GTD,
  IOC,
  LAST_TRADE,
  LIMIT,
  MARKET,
  MARKET_BY_AMOUNT,
  MARKET_TO_LIMIT,
  MAX_PRICE,
  MAX_QUANTITY,
  PEG_MID,
  PEG_PRIMARY,
  SELL,
  type Side,
  STOP,
  STP_DECREMENT,
  STP_EXPIRE_BOTH,
  STP_EXPIRE_MAKER,
  STP_EXPIRE_TAKER,
  TRAIL_TICKS,
} from '@outcry/market/order-terms';
import { ACCOUNT_RULE, INSTRUMENT_RULE } from '@outcry/market/rules';
import { PERMISSION, TRADING_STATE } from '@outcry/market/states';
import { Bank } from './bank.ts';
import {
  type Account,
  type Instrument,
  isBuy,
  type List,
  type Look,
  newAccount,
  newInstrument,
  type Order,
  type Where,
} from './records.ts';
import { termsGoTogether } from './terms.ts';
import type { OrderSpec, VenueCommand } from './types.ts';

const MOST_UNITS = BigInt(Number.MAX_SAFE_INTEGER);
const MOST_ENTERING = 256;
const MOST_EXPIRING = 256;
const MOST_FIRING = 256;
const MOST_LOOKS = 8;
const MOST_CANCELLED = 256;
const MOST_MASS_CANCELS = 8;

/** Which orders are meant; -1: any. */
interface MassCancel {
  account: number;
  instrument: number;
  side: number;
  session: number;
}
interface Running extends MassCancel {
  ended: number;
}

/**
 * The venue written to be read: docs/rules.md in its plainest form, with arrays that are searched and sorted whenever somebody asks. What
 * the engine does is checked against it. It answers a command with lines of text, one an event.
 */
export class ReferenceVenue {
  readonly bank = new Bank();
  readonly accounts: Account[] = [];
  readonly instruments: Instrument[] = [];
  /** open orders, in order of entry */
  orders: Order[] = [];
  time = 0;
  #emitted: string[] = [];
  #nextOrder = 1;
  #stamp = 1;
  #entry = 1;
  readonly #orderLimit: number;
  readonly #touched = new Set<Instrument>();
  /** mass cancels that are not done */
  #massCancels: Running[] = [];
  #chosen: number[] | undefined;

  constructor(orderLimit: number) {
    this.#orderLimit = orderLimit;
  }

  addAccount(): void {
    this.accounts.push(newAccount(this.accounts.length));
  }

  addInstrument(base: number, quote: number, lot: number, unit: number, makerFee: number, takerFee: number): void {
    this.instruments.push(newInstrument(this.instruments.length, base, quote, BigInt(lot), BigInt(unit), makerFee, takerFee));
  }

  /** Does one command. @param time microseconds @param chosen orders that mass cancels end now, in this order; by default in order of entry */
  apply(command: VenueCommand, time: number, chosen?: readonly number[]): string[] {
    this.#emitted = [];
    this.#chosen = chosen && [...chosen];
    this.time = Math.max(this.time, time);
    this.#dueWork();
    this.#do(command);
    this.#runCascade();
    return this.#emitted;
  }

  #emit(line: string): void {
    this.#emitted.push(line);
  }

  #do(c: VenueCommand): void {
    switch (c.kind) {
      case 'order':
        this.#newOrder(c.order);
        break;
      case 'replace':
        this.#replace(c.order, c.old, c.evenIfGone, c.lessTraded);
        break;
      case 'cancel':
        this.#cancel(c.account, c.instrument, c.order, 'by_request');
        break;
      case 'amend':
        this.#amend(c.account, c.instrument, c.order, c.quantity);
        break;
      case 'list':
        this.#newList(c.type, c.legs);
        break;
      case 'deposit':
      case 'withdraw':
        this.#applied(this.bank.moveMoney(c.kind, c.account, c.asset, c.amount, c.reference));
        break;
      case 'transfer':
        this.#applied(this.#transfer(c.from, c.to, c.asset, c.amount));
        break;
      case 'state':
        this.#setState(this.instruments[c.instrument], c.state, c.reference);
        this.#emit('applied');
        break;
      case 'rule':
        this.instruments[c.instrument].rules[c.rule] = c.value;
        this.#emit('applied');
        break;
      case 'accountRule':
        if (c.rule === ACCOUNT_RULE.MAX_POSITION) this.accounts[c.account].mostOf.set(c.asset, BigInt(c.value));
        else this.accounts[c.account].rules[c.rule] = c.value;
        this.#emit('applied');
        break;
      case 'tier':
        this.bank.tiers[c.tier] = [c.maker, c.taker];
        this.#emit('applied');
        break;
      case 'massCancel':
        this.#massCancel(c);
        break;
      case 'risk':
        this.bank.checked = c.checked;
        this.#emit('applied');
        break;
      case 'clock':
        for (const i of this.instruments) this.#emitIndicative(i);
    }
  }

  #applied(refusal: string): void {
    this.#emit(refusal === '' ? 'applied' : `rejected ${refusal}`);
  }

  // ── What happens when ────────────────────────────────────────────────────────────────────────────────────────────────────

  #dueWork(): void {
    const due = this.orders.filter((o) => o.terms.expiry !== 0 && o.terms.expiry <= this.time);
    due.sort((a, b) => a.terms.expiry - b.terms.expiry || a.entry - b.entry);
    let left = MOST_EXPIRING;
    for (const order of due) {
      if (!order.isOpen || left === 0) continue;
      this.#end(order, 'expired');
      left--;
    }
    for (const i of this.instruments) left = this.#late(i).length > 0 ? this.#enterForClose(i, left) : this.#expire(i, left);
    this.#goOnCancelling();
    this.#runCascade();
    for (const i of this.instruments) {
      if (i.auctionEnd !== 0 && i.auctionEnd <= this.time) this.#setState(i, TRADING_STATE.CONTINUOUS, 0);
      this.#goOn(i);
    }
    this.#runCascade();
    for (const i of this.instruments) if (i.unfinished) this.#touched.add(i);
    this.#runCascade();
  }

  #runCascade(): void {
    for (const i of this.instruments) {
      if (!this.#touched.has(i)) continue;
      this.#runCascadeOn(i);
      this.#touched.delete(i);
    }
  }

  #runCascadeOn(i: Instrument): void {
    let entered = 0;
    let looks = 0;
    const steps = { left: MOST_FIRING * 2 };
    i.unfinished = false;
    while (i.state === TRADING_STATE.CONTINUOUS) {
      if (!this.#lookAtTriggers(i, steps)) break;
      const [bid, ask] = [this.#best(i, BUY), this.#best(i, SELL)];
      if (i.queue.length > 0) {
        if (entered++ === MOST_ENTERING) break;
        this.#enterQueued(i.queue.shift() as Order);
      } else if (this.#pegs(i).length > 0 && (i.pegBid !== bid || i.pegAsk !== ask)) {
        if (looks++ === MOST_LOOKS) break;
        this.#lookAtPegs(i);
      } else return;
    }
    if (i.state === TRADING_STATE.CONTINUOUS) i.unfinished = true;
  }

  // ── Entering ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #newOrder(spec: OrderSpec): void {
    const order = this.#state(spec);
    const refusal = this.#refusal(order, false, []);
    if (refusal !== '') {
      this.#emit(`rejected ${refusal}`);
      return;
    }
    this.#accept(order, false);
    this.#start(order);
  }

  #newList(type: number, specs: OrderSpec[]): void {
    const legs = specs.map((spec) => this.#state(spec));
    const refusal = this.#listRefusal(type, legs);
    if (refusal !== '') {
      this.#emit(`rejected ${refusal}`);
      return;
    }
    this.#emit(`list ${type}`);
    const list: List = { type, legs, isDecided: false };
    const waits = (leg: number) => type !== LIST_TYPE.OCO && leg > 0;
    legs.forEach((order, leg) => {
      order.list = list;
      order.isSpecial = true;
      this.#accept(order, waits(leg));
      if (waits(leg)) order.where = 'waiting';
    });
    if (type === LIST_TYPE.OCO) {
      const [first, second] = this.#firstAndSecond(legs[0], legs[1]);
      second.holdsOnly = most(0n, this.#need(second) - this.#need(first));
    }
    legs.forEach((order, leg) => {
      if (!waits(leg) && order.isOpen) this.#start(order);
    });
  }

  /** The order of a pair that holds all it needs, and the one that holds what it needs beyond that: one with a trigger. */
  #firstAndSecond(a: Order, b: Order): [Order, Order] {
    return a.terms.trigger !== 0 && b.terms.trigger === 0 ? [b, a] : [a, b];
  }

  #listRefusal(type: number, legs: Order[]): string {
    const count = type === LIST_TYPE.OTOCO ? 3 : 2;
    if (legs.length !== count) return 'invalid_terms';
    if (legs.some((o) => o.account !== legs[0].account || o.instrument !== legs[0].instrument)) return 'invalid_terms';
    const neverLegs = (o: Order) =>
      o.timeInForce === AT_OPEN || o.timeInForce === AT_CLOSE || o.kind === MARKET_TO_LIMIT || o.kind === MARKET_BY_AMOUNT || follows(o);
    if (legs.some(neverLegs)) return 'invalid_terms';
    if (type !== LIST_TYPE.OCO && (legs[0].kind !== LIMIT || legs[0].terms.trigger !== 0)) return 'invalid_terms';
    if (type !== LIST_TYPE.OTO) {
      const [a, b] = legs.slice(-2);
      const posts = (o: Order) => o.kind === LIMIT && o.postOnly && o.timeInForce !== IOC && o.timeInForce !== FOK;
      const isPair = a.side === b.side && a.quantity === b.quantity && (a.terms.trigger !== 0 || b.terms.trigger !== 0);
      if (!isPair || [a, b].some((o) => o.terms.trigger === 0 && !posts(o))) return 'invalid_terms';
    }
    for (const [leg, order] of legs.entries()) {
      const refusal = this.#refusal(order, type !== LIST_TYPE.OCO && leg > 0, legs.slice(0, leg));
      if (refusal !== '') return refusal;
    }
    const open = this.orders.filter((o) => o.account === legs[0].account && o.instrument === legs[0].instrument && o.list !== undefined);
    const mostLists = this.instruments[legs[0].instrument].rules[INSTRUMENT_RULE.MAX_ORDER_LISTS];
    if (mostLists !== 0 && new Set(open.map((o) => o.list)).size >= mostLists) return 'too_many_lists';
    const named = legs.filter((o) => o.client !== 0).map((o) => o.client);
    return new Set(named).size < named.length ? 'duplicate_client_id' : '';
  }

  #state(spec: OrderSpec): Order {
    const terms = {
      trigger: 0,
      source: 0,
      stopPrice: 0,
      trailUnit: 0,
      trail: 0,
      display: 0,
      minQuantity: 0,
      peg: 0,
      pegOffset: 0,
      pegOnce: false,
      pegLevels: false,
      hidden: false,
      slide: false,
      selfTrade: 0,
      session: 0,
      expiry: 0,
      ...spec.terms,
    };
    return {
      ...spec,
      terms,
      number: 0,
      entry: 0,
      isSpecial: spec.terms !== undefined || spec.timeInForce > GTD,
      isOpen: false,
      left: spec.quantity,
      bookPrice: spec.price,
      where: 'nowhere',
      shown: 0,
      stamp: 0,
      extreme: 0,
      activates: false,
      activationRises: false,
      holdsOnly: undefined,
      list: undefined,
    };
  }

  #accept(order: Order, waits: boolean): void {
    order.number = this.#nextOrder++;
    order.entry = this.#entry++;
    order.isOpen = true;
    order.left = order.quantity;
    this.orders.push(order);
    const i = this.instruments[order.instrument];
    const parked = follows(order) && (isCall(i.state) || this.#pegPrice(order, order.price) === 0);
    const outside = waits || order.terms.trigger !== 0 || this.#waitsForClose(order) || parked;
    const restsAtOnce = !order.isSpecial && lasts(order) && (isCall(i.state) || !this.#reaches(order, order.price));
    order.isAnnounced = restsAtOnce;
    const where = `${waits ? ' pending' : ''}${outside ? ' waiting' : ''}${restsAtOnce ? ' resting' : ''}`;
    this.#emit(`accepted #${order.number} ${order.price} ${order.quantity}${where}`);
  }

  #start(order: Order): void {
    const i = this.instruments[order.instrument];
    this.#touched.add(i);
    this.bank.hold(order.account, this.#paid(order), order.holdsOnly ?? this.#need(order));
    if (order.terms.trigger !== 0) this.#watch(order);
    else if (this.#waitsForClose(order)) order.where = 'at close';
    else if (follows(order)) {
      const price = isCall(i.state) ? 0 : this.#pegPrice(order, order.price);
      if (price === 0) order.where = 'parked';
      else this.#run(order, price, false);
    } else this.#run(order, order.price, order.isAnnounced === true);
  }

  /** Trades an incoming order, and lets the rest stand or vanish. */
  #run(order: Order, price: number, isEmitted: boolean): void {
    const i = this.instruments[order.instrument];
    order.where = 'nowhere';
    order.bookPrice = price;
    let stop = '';
    const before = order.left;
    if (!isCall(i.state)) {
      const least = order.timeInForce === FOK ? order.left : Math.min(order.terms.minQuantity, order.left);
      if (least === 0 || this.#survey(order, order.left, undefined).lots >= least) stop = this.#match(order);
    }
    if (order.left < before - (order.prevented ?? 0)) this.#listTraded(order);
    order.prevented = 0;
    const stays = order.left > 0 && lasts(order);
    if (stop === 'circuit_breaker' && stays && i.rules[INSTRUMENT_RULE.VOLATILITY_AUCTION] > 0) {
      this.#setState(i, TRADING_STATE.VOLATILITY_AUCTION, 0);
      i.auctionEnd = this.time + i.rules[INSTRUMENT_RULE.VOLATILITY_AUCTION];
      stop = '';
    }
    if (stays && stop === '') this.#stand(order, isEmitted);
    else this.#vanish(order, stop === '' ? 'no_liquidity' : stop);
  }

  #stand(order: Order, isEmitted: boolean): void {
    const i = this.instruments[order.instrument];
    if (follows(order) && i.state !== TRADING_STATE.CONTINUOUS) {
      order.where = 'parked';
      return;
    }
    const isHidden = order.terms.hidden || order.terms.minQuantity > 0 || follows(order);
    order.where = isHidden ? 'hidden' : 'displayed';
    order.stamp = this.#stamp++;
    order.shown = isHidden ? 0 : order.terms.display === 0 ? order.left : Math.min(order.terms.display, order.left);
    if (!isEmitted) this.#emit(`rested #${order.number} ${order.bookPrice} ${order.left}${isHidden ? ' hidden' : ''}`);
    if (!isHidden && order.shown !== order.left) this.#emitShown(order);
  }

  #vanish(order: Order, reason: string): void {
    if (order.left > 0 || order.quantity === 0) {
      this.bank.release(order.account, this.#paid(order), this.#need(order));
      this.#emit(`cancelled #${order.number} ${reason} ${order.left}`);
    }
    const ended = order.left > 0;
    this.#forget(order);
    if (ended) this.#listEnded(order, reason);
  }

  #emitShown(order: Order): void {
    this.#emit(`shown #${order.number} ${order.bookPrice} ${order.shown} of ${order.left}`);
  }

  // ── Checks ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Why an order is refused, '' if it is not. Works out prices and quantities that follow from the market. */
  #refusal(o: Order, waits: boolean, before: readonly Order[]): string {
    const i = this.instruments[o.instrument];
    if (i === undefined) return 'unknown_instrument';
    const account = this.accounts[o.account];
    if (account === undefined) return 'unknown_account';
    if (account.rules[ACCOUNT_RULE.STATUS] !== PERMISSION.NORMAL) return 'account_restricted';
    if (i.rules[INSTRUMENT_RULE.STATUS] !== PERMISSION.NORMAL || i.state === TRADING_STATE.HALTED || i.state === TRADING_STATE.CLOSED)
      return 'not_trading';
    if (this.#massCancels.some((running) => covers(running, { ...o, session: o.terms.session }))) return 'mass_cancel';
    const messages = this.#countMessage(account);
    if (messages !== '') return messages;
    const ratio = account.rules[ACCOUNT_RULE.ORDER_TO_TRADE];
    const mostMessages = account.rules[ACCOUNT_RULE.MESSAGES_FREE] + ratio * account.dayTrades;
    if (ratio !== 0 && account.dayMessages > mostMessages) return 'order_to_trade';
    return this.#termsRefusal(o, i) || this.#priceRefusal(o, i, waits) || this.#sizeRefusal(o, i, account, waits, before);
  }

  #countMessage(account: Account): string {
    const counted = this.#isCounted(account);
    const most = account.rules[ACCOUNT_RULE.MAX_MESSAGES];
    if (most === 0 && !counted && account.rules[ACCOUNT_RULE.STATUS] === 0) return '';
    const second = Math.floor(this.time / 1e6);
    if (account.second !== second) [account.second, account.secondMessages] = [second, 0];
    account.secondMessages++;
    this.#turnDay(account);
    account.dayMessages++;
    return most !== 0 && account.secondMessages > most ? 'too_many_messages' : '';
  }

  /** Whether the account has limits that need counts. */
  #isCounted(account: Account): boolean {
    const { MAX_OPEN_ORDERS, ORDER_TO_TRADE } = ACCOUNT_RULE;
    return (
      account.rules[MAX_OPEN_ORDERS] !== 0 || account.rules[ORDER_TO_TRADE] !== 0 || [...account.mostOf.values()].some((n) => n !== 0n)
    );
  }

  #turnDay(account: Account): void {
    const day = Math.floor(this.time / 86_400e6);
    if (account.day !== day) [account.day, account.dayMessages, account.dayTrades] = [day, 0, 0];
  }

  #termsRefusal(o: Order, i: Instrument): string {
    if (!termsGoTogether(o)) return 'invalid_terms';
    const beforeOpen = i.state === TRADING_STATE.PRE_OPEN || i.state === TRADING_STATE.OPENING_AUCTION;
    if (o.timeInForce === AT_OPEN && !beforeOpen) return 'not_in_auction';
    const forAuction = o.timeInForce === AT_OPEN || o.timeInForce === AT_CLOSE;
    const cannotRest = o.kind !== LIMIT || o.timeInForce === IOC || o.timeInForce === FOK || o.terms.pegOnce;
    if (isCall(i.state) && o.terms.trigger === 0 && cannotRest && !(o.kind === MARKET && forAuction)) return 'not_in_auction';
    return o.terms.expiry !== 0 && o.terms.expiry <= this.time ? 'invalid_expiry' : '';
  }

  #priceRefusal(o: Order, i: Instrument, waits: boolean): string {
    const t = o.terms;
    const centre = i.rules[INSTRUMENT_RULE.REFERENCE_PRICE];
    const band = i.rules[INSTRUMENT_RULE.STATIC_BAND];
    if (o.kind === MARKET && (o.timeInForce === AT_OPEN || o.timeInForce === AT_CLOSE)) {
      if (band === 0 || centre === 0) return 'no_reference';
      o.price = o.side === BUY ? above(centre, band) : below(centre, band);
      o.kind = LIMIT;
    } else if (o.kind === MARKET_TO_LIMIT) {
      o.price = this.#best(i, other(o.side));
      o.kind = LIMIT;
      if (o.price === 0) return 'no_reference';
    } else if (o.kind !== LIMIT) {
      o.price = o.side === BUY ? MAX_PRICE : 1;
      if (t.trigger === 0 && o.timeInForce !== FOK) o.timeInForce = IOC;
    } else if (t.pegOnce && t.trigger === 0) {
      o.price = this.#pegPrice(o, 0);
      if (o.price === 0) return 'no_reference';
    }
    const priceComesLater = t.pegOnce && t.trigger !== 0;
    if (o.kind === LIMIT && !priceComesLater && (o.price < 1 || o.price > MAX_PRICE)) return 'invalid_price';
    if (t.trigger !== 0) {
      const atOnce = t.trailUnit !== 0 && t.stopPrice === 0;
      if (!atOnce && (t.stopPrice < 1 || t.stopPrice > MAX_PRICE)) return 'invalid_price';
      if (t.trailUnit !== 0 && !waits && this.#watched(o) === 0) return 'no_reference';
    }
    if (o.kind !== LIMIT || o.price === 0) return '';
    if (band !== 0 && centre !== 0 && (o.price > above(centre, band) || o.price < below(centre, band))) return 'price_out_of_band';
    const far = i.rules[INSTRUMENT_RULE.MAX_DISTANCE];
    const from = reference(i);
    if (far !== 0 && from !== 0 && (o.side === BUY ? o.price > above(from, far) : o.price < below(from, far))) return 'price_too_far';
    if (o.postOnly && t.trigger === 0 && !waits && !isCall(i.state)) {
      o.price = this.#postingPrice(o, o.price);
      if (o.price === 0) return 'would_take';
    }
    return '';
  }

  #sizeRefusal(o: Order, i: Instrument, account: Account, waits: boolean, before: readonly Order[]): string {
    const others = before.length;
    const t = o.terms;
    const mostLots = i.rules[INSTRUMENT_RULE.MAX_QUANTITY];
    if (o.kind !== MARKET_BY_AMOUNT && o.quantity < 1) return 'invalid_quantity';
    if (o.kind !== MARKET_BY_AMOUNT && mostLots !== 0 && o.quantity > mostLots) return 'quantity_too_large';
    if (t.trigger !== 0 && t.trailUnit === 0 && !waits && this.#isReached(o)) return 'would_trigger';
    if (this.orders.length + others >= this.#orderLimit) return 'out_of_orders';
    if (o.client !== 0 && this.orders.some((x) => x.account === o.account && x.client === o.client)) return 'duplicate_client_id';
    const own = this.orders.filter((x) => x.account === o.account);
    const mostOpen = account.rules[ACCOUNT_RULE.MAX_OPEN_ORDERS];
    if (mostOpen !== 0 && own.length + others >= mostOpen) return 'too_many_open_orders';
    const here = [...own.filter((x) => x.instrument === o.instrument), ...before];
    const mostAlgo = i.rules[INSTRUMENT_RULE.MAX_ALGO_ORDERS];
    const withTrigger = here.filter((x) => x.terms.trigger !== 0).length;
    if (t.trigger !== 0 && mostAlgo !== 0 && withTrigger >= mostAlgo) return 'too_many_algo_orders';
    const mostIcebergs = i.rules[INSTRUMENT_RULE.MAX_ICEBERG_ORDERS];
    const icebergs = here.filter((x) => x.terms.display > 0).length;
    if (t.display > 0 && mostIcebergs !== 0 && icebergs >= mostIcebergs) return 'too_many_icebergs';
    o.bookPrice = o.price;
    if (o.kind === MARKET_BY_AMOUNT) {
      if (o.amount < 1) return 'invalid_amount';
      o.quantity = this.#survey(o, MAX_QUANTITY, BigInt(o.amount) / i.unit).lots;
      if (o.quantity === 0 && this.#reaches(o, o.price)) return 'amount_too_small';
      if (o.side === BUY && !this.bank.covers(o.account, i.quote, BigInt(o.amount))) return 'insufficient_balance';
    }
    o.left = o.quantity;
    const limit = account.mostOf.get(i.base) ?? 0n;
    if (isBuy(o) && !waits && limit !== 0n) {
      const buys = own.filter((x) => isBuy(x) && this.instruments[x.instrument].base === i.base);
      const bought = buys.reduce((sum, x) => sum + BigInt(x.left) * this.instruments[x.instrument].lot, 0n);
      if (this.bank.total(o.account, i.base) + bought + BigInt(o.quantity) * i.lot > limit) return 'position_limit';
    }
    const mostNotional = BigInt(i.rules[INSTRUMENT_RULE.MAX_NOTIONAL]);
    const isLimit = o.kind === LIMIT;
    if (mostNotional !== 0n && isLimit && BigInt(o.price) * BigInt(o.quantity) * i.unit > mostNotional) return 'notional_too_large';
    if (this.#need(o) > MOST_UNITS) return 'overflow';
    if (waits) return '';
    if (isLimit || t.trigger !== 0 || o.side === SELL)
      return this.bank.covers(o.account, this.#paid(o), this.#need(o)) ? '' : 'insufficient_balance';
    const cost = this.#survey(o, o.quantity, undefined).cost * i.unit;
    if (mostNotional !== 0n && cost > mostNotional) return 'notional_too_large';
    if (cost > MOST_UNITS) return 'overflow';
    return this.bank.covers(o.account, i.quote, cost) ? '' : 'insufficient_balance';
  }

  // ── Matching ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Orders of a side in the book, by price, then displayed before hidden, then time. */
  #book(i: Instrument, side: Side): Order[] {
    const there = this.orders.filter(
      (o) => o.instrument === i.number && o.side === side && (o.where === 'displayed' || o.where === 'hidden'),
    );
    const better = side === BUY ? -1 : 1;
    const hidden = (o: Order) => (o.where === 'hidden' ? 1 : 0);
    return there.sort((a, b) => better * (a.bookPrice - b.bookPrice) || hidden(a) - hidden(b) || a.stamp - b.stamp);
  }

  /** Best displayed price, 0: none. */
  #best(i: Instrument, side: Side): number {
    return this.#book(i, side).find((o) => o.where === 'displayed')?.bookPrice ?? 0;
  }

  #reaches(o: { side: Side; instrument: number }, price: number): boolean {
    const best = this.#book(this.instruments[o.instrument], other(o.side))[0];
    return best !== undefined && within(o.side, price, best.bookPrice);
  }

  /** How far an incoming order may trade. */
  #bandEnd(i: Instrument, side: Side): number {
    const share = i.rules[INSTRUMENT_RULE.DYNAMIC_BAND];
    const centre = reference(i);
    if (share === 0 || centre === 0) return side === BUY ? MAX_PRICE : 1;
    return side === BUY ? above(centre, share) : below(centre, share);
  }

  #meetsOwn(taker: Order, maker: Order): boolean {
    if (taker.terms.selfTrade === 0) return false;
    const group = (account: number) => this.accounts[account].rules[ACCOUNT_RULE.GROUP];
    return taker.account === maker.account || (group(taker.account) !== 0 && group(taker.account) === group(maker.account));
  }

  /** Whether a maker's condition passes over an incoming order of so many lots. */
  #passesOver(maker: Order, taker: Order, lots: number): boolean {
    const least = Math.min(maker.terms.minQuantity, maker.left);
    return maker.terms.minQuantity > 0 && (taker.kind === MARKET_BY_AMOUNT || lots < least);
  }

  #match(taker: Order): string {
    const i = this.instruments[taker.instrument];
    const end = this.#bandEnd(i, taker.side);
    const makers = other(taker.side);
    let lastPrice = 0;
    const trade = (maker: Order, lots: number) => {
      this.#trade(taker, maker, maker.bookPrice, lots, { isNew: maker.bookPrice !== lastPrice, inAuction: false });
      lastPrice = maker.bookPrice;
    };
    let price = 0;
    for (;;) {
      // The next price behind the last one at which there is anything.
      const next = this.#book(i, makers).find((o) => price === 0 || (makers === SELL ? o.bookPrice > price : o.bookPrice < price));
      if (next === undefined || taker.left === 0 || !within(taker.side, taker.bookPrice, next.bookPrice)) return '';
      price = next.bookPrice;
      if (!within(taker.side, end, price)) return 'circuit_breaker';
      const at = (where: Where) => this.#book(i, makers).filter((o) => o.where === where && o.bookPrice === price);
      while (taker.left > 0 && at('displayed').length > 0) {
        if (i.rules[INSTRUMENT_RULE.FIFO_SHARE] === 100) {
          const maker = at('displayed')[0];
          if (!this.#meetsOwn(taker, maker)) trade(maker, Math.min(taker.left, maker.shown));
          else if (this.#prevent(taker, maker)) return 'self_trade';
        } else {
          for (const maker of at('displayed')) if (this.#meetsOwn(taker, maker) && this.#prevent(taker, maker)) return 'self_trade';
          const queue = at('displayed');
          const shares = allocate(
            i,
            queue.map((o) => o.shown),
            taker.left,
          );
          queue.forEach((maker, k) => {
            if (shares[k] > 0) trade(maker, shares[k]);
          });
        }
      }
      for (const maker of at('hidden')) {
        if (taker.left === 0 || this.#passesOver(maker, taker, taker.left)) continue;
        if (!this.#meetsOwn(taker, maker)) trade(maker, Math.min(taker.left, maker.left));
        else if (this.#prevent(taker, maker)) return 'self_trade';
      }
    }
  }

  /** Self-trade prevention. Returns whether the incoming order stops. */
  #prevent(taker: Order, maker: Order): boolean {
    const mode = taker.terms.selfTrade;
    this.#reportPrevented(taker, maker);
    if (mode === STP_EXPIRE_TAKER) return true;
    if (mode !== STP_DECREMENT) {
      this.#end(maker, 'self_trade');
      return mode === STP_EXPIRE_BOTH;
    }
    const lots = Math.min(taker.left, maker.left);
    const stops = lots === taker.left;
    if (lots === maker.left) this.#end(maker, 'self_trade');
    else this.#lower(maker, lots, ' prevented');
    if (stops) return true;
    this.bank.release(taker.account, this.#paid(taker), this.#perLot(taker) * BigInt(lots));
    taker.left -= lots;
    taker.quantity -= lots;
    taker.prevented = (taker.prevented ?? 0) + lots;
    this.#emit(`amended #${taker.number} ${taker.quantity} ${taker.left} prevented`);
    return false;
  }

  /** Tells of a prevented match, the resting order's side first. */
  #reportPrevented(taker: Order, maker: Order): void {
    const mode = taker.terms.selfTrade;
    const lots = Math.min(taker.left, maker.left);
    const loses = (order: Order, modes: number[]) => (mode === STP_DECREMENT ? lots : modes.includes(mode) ? order.left : 0);
    const number = ++this.instruments[taker.instrument].prevented;
    const group = this.accounts[taker.account].rules[ACCOUNT_RULE.GROUP];
    const match = `of ${lots} at ${maker.bookPrice} match ${number} mode ${mode} group ${group}`;
    this.#emit(`prevented #${maker.number} maker ${loses(maker, [STP_EXPIRE_MAKER, STP_EXPIRE_BOTH])} ${match}`);
    this.#emit(`prevented #${taker.number} taker ${loses(taker, [STP_EXPIRE_TAKER, STP_EXPIRE_BOTH])} ${match}`);
  }

  /**
   * What an incoming order would trade now: lots, and their cost in tick-lots. A dry run over copies.
   * @param budget tick-lots to spend or receive at most
   */
  #survey(taker: Order, want: number, budget: bigint | undefined): { lots: number; cost: bigint } {
    const i = this.instruments[taker.instrument];
    const byTime = i.rules[INSTRUMENT_RULE.FIFO_SHARE] === 100;
    const found = { lots: 0, cost: 0n };
    let left = want;
    let money = budget;
    let done = left === 0;
    const take = (there: number, price: number) => {
      const affordable = money === undefined ? there : Number(least(BigInt(there), money / BigInt(price)));
      const lots = Math.min(affordable, left);
      found.lots += lots;
      found.cost += BigInt(lots) * BigInt(price);
      left -= lots;
      if (money !== undefined) money -= BigInt(lots) * BigInt(price);
      if (left === 0 || affordable < there) done = true;
    };
    const meet = (maker: Order) => {
      if (taker.terms.selfTrade === STP_EXPIRE_MAKER) return;
      if (taker.terms.selfTrade === STP_DECREMENT) left -= Math.min(left, maker.left);
      if (taker.terms.selfTrade !== STP_DECREMENT || left === 0) done = true;
    };
    const book = this.#book(i, other(taker.side));
    for (const price of new Set(book.map((o) => o.bookPrice))) {
      if (done || !within(taker.side, taker.bookPrice, price) || !within(taker.side, this.#bandEnd(i, taker.side), price)) break;
      const displayed = book.filter((o) => o.bookPrice === price && o.where === 'displayed');
      if (!byTime) for (const maker of displayed) if (!done && this.#meetsOwn(taker, maker)) meet(maker);
      for (const maker of displayed) {
        if (done) break;
        if (!this.#meetsOwn(taker, maker)) take(maker.shown, price);
        else if (byTime) meet(maker);
      }
      if (!done)
        take(
          displayed.filter((o) => !this.#meetsOwn(taker, o)).reduce((sum, o) => sum + o.left - o.shown, 0),
          price,
        );
      for (const maker of book.filter((o) => o.bookPrice === price && o.where === 'hidden')) {
        if (done || this.#passesOver(maker, taker, left)) continue;
        if (this.#meetsOwn(taker, maker)) meet(maker);
        else take(maker.left, price);
      }
    }
    return found;
  }

  #trade(taker: Order, maker: Order, price: number, lots: number, how: { isNew: boolean; inAuction: boolean }): void {
    const i = this.instruments[taker.instrument];
    const refreshes = this.#takeShown(maker, lots);
    const takerRefreshes = how.inAuction && this.#takeShown(taker, lots);
    const makerPaid = this.#paid(maker);
    const fees = this.bank.settle(i, taker, maker, price, lots, how.inAuction, this.accounts, this.instruments);
    // What a buyer held beyond the price is free again.
    for (const o of [taker, maker]) {
      const held = this.#perLot(o) * BigInt(lots);
      const spent = o.side === BUY ? BigInt(price) * BigInt(lots) * i.unit : BigInt(lots) * i.lot;
      if (o.side === SELL || this.#perLot(o) > 0n) this.bank.spend(o.account, o === maker ? makerPaid : this.#paid(o), held, spent);
      else this.bank.take(o.account, i.quote, spent);
    }
    this.bank.receive(i, taker, maker, price, lots, fees);
    maker.left -= lots;
    taker.left -= lots;
    for (const o of [maker, taker]) {
      const account = this.accounts[o.account];
      if (!this.#isCounted(account)) continue;
      this.#turnDay(account);
      account.dayTrades++;
    }
    i.last = price;
    const fillLine = (o: Order, role: string, fee: { units: bigint; asset: number }) =>
      `fill #${o.number} ${role} ${price} x ${lots} left ${o.left} fee ${fee.units}${fee.asset < 0 ? '' : ` of ${fee.asset}`}`;
    this.#emit(fillLine(maker, 'maker', fees.maker) + (how.inAuction ? ' auction' : ''));
    this.#emit(fillLine(taker, 'taker', fees.taker) + (how.isNew ? ' new' : '') + (how.inAuction ? ' auction' : ''));
    if (refreshes) this.#emitShown(maker);
    if (takerRefreshes) this.#emitShown(taker);
    this.#listTradedOrDone(maker);
    if (how.inAuction) this.#listTradedOrDone(taker);
    if (how.inAuction && taker.left === 0) this.#forget(taker);
    if (maker.left === 0) this.#forget(maker);
  }

  #listTradedOrDone(o: Order): void {
    if (o.list !== undefined) this.#listTraded(o);
  }

  /** Takes lots off what an order displays. Returns whether it displays anew. */
  #takeShown(o: Order, lots: number): boolean {
    if (o.where !== 'displayed') return false;
    o.shown -= lots;
    const reserve = o.left - lots - o.shown;
    if (o.shown > 0 || reserve === 0) return false;
    o.shown = Math.min(o.terms.display, reserve);
    o.stamp = this.#stamp++;
    return true;
  }

  // ── Ending and lowering ──────────────────────────────────────────────────────────────────────────────────────────────────

  #find(account: number, instrument: number, number: number): Order | undefined {
    return this.orders.find((o) => o.number === number && o.account === account && o.instrument === instrument);
  }

  #mayCancel(account: number, instrument: number): string {
    if (this.accounts[account].rules[ACCOUNT_RULE.STATUS] === PERMISSION.SUSPENDED) return 'account_restricted';
    return this.instruments[instrument].rules[INSTRUMENT_RULE.STATUS] === PERMISSION.SUSPENDED ? 'not_trading' : '';
  }

  #cancel(account: number, instrument: number, number: number, reason: string): boolean {
    const order = this.#find(account, instrument, number);
    const refusal = order === undefined ? 'unknown_order' : this.#mayCancel(account, instrument);
    if (order === undefined || refusal !== '') {
      this.#emit(`rejected ${refusal} of cancel`);
      return false;
    }
    if (reason === 'by_request' && this.#isCounted(this.accounts[account])) {
      this.#turnDay(this.accounts[account]);
      this.accounts[account].dayMessages++;
    }
    this.#end(order, reason);
    return true;
  }

  #replace(order: OrderSpec, number: number, evenIfGone: boolean, lessTraded: boolean): void {
    const old = this.#find(order.account, order.instrument, number);
    const traded = old === undefined || !lessTraded ? 0 : old.quantity - old.left;
    if (this.#cancel(order.account, order.instrument, number, 'replaced') || evenIfGone)
      this.#newOrder({ ...order, quantity: order.quantity - traded });
  }

  #amend(account: number, instrument: number, number: number, quantity: number): void {
    const order = this.#find(account, instrument, number);
    let refusal =
      order === undefined ? 'unknown_order' : this.#mayCancel(account, instrument) || this.#countMessage(this.accounts[account]);
    if (order !== undefined && refusal === '') {
      const lots = order.quantity - quantity;
      if (order.list !== undefined) refusal = 'invalid_terms';
      else if (lots <= 0 || lots >= order.left) refusal = 'not_lower';
      else this.#lower(order, lots, '');
    }
    if (refusal !== '') this.#emit(`rejected ${refusal} of cancel`);
  }

  #lower(order: Order, lots: number, how: string): void {
    this.bank.release(order.account, this.#paid(order), this.#perLot(order) * BigInt(lots));
    const reserve = order.where === 'displayed' ? order.left - order.shown : 0;
    order.left -= lots;
    order.quantity -= lots;
    if (order.where === 'displayed') order.shown -= Math.max(0, lots - reserve);
    this.#emit(`amended #${order.number} ${order.quantity} ${order.left}${how}`);
    if (order.where === 'displayed' && order.terms.display > 0) this.#emitShown(order);
    this.#touched.add(this.instruments[order.instrument]);
  }

  /** Ends an open order wherever it is. */
  #end(order: Order, reason: string): void {
    const i = this.instruments[order.instrument];
    const inBook = order.where === 'displayed' || order.where === 'hidden';
    if (order.where !== 'waiting' && order.holdsNothing !== true) {
      this.bank.release(order.account, this.#paid(order), order.holdsOnly ?? this.#need(order));
    }
    i.queue = i.queue.filter((o) => o !== order);
    this.#emit(`cancelled #${order.number} ${reason} ${order.left}${inBook ? ' resting' : ''}`);
    this.#forget(order);
    this.#listEnded(order, reason);
    this.#touched.add(i);
  }

  #forget(order: Order): void {
    order.isOpen = false;
    order.where = 'nowhere';
    this.orders = this.orders.filter((o) => o !== order);
  }

  #massCancel(c: MassCancel): void {
    const running = { ...c, ended: 0 };
    const isFew = this.#isFew(c.account);
    const own = this.#massCancels.filter((other) => other.account === c.account);
    const isWhole = c.instrument === -1 && c.side === -1 && c.session === -1;
    if (!isFew && this.#massCancels.some((other) => covers(other, c))) this.#emit('cancelling');
    else if (!isFew && !isWhole && own.length >= MOST_MASS_CANCELS) return this.#emit('rejected too_many_messages');
    else if (!this.#cancelSome(running)) {
      this.#massCancels.push(running);
      this.#emit('cancelling');
    }
    this.#emit('applied');
  }

  #isFew(account: number): boolean {
    return account !== -1 && this.orders.filter((o) => o.account === account).length <= MOST_CANCELLED;
  }

  /** Ends orders that a mass cancel means, in the order chosen. Returns whether none is left. */
  #cancelSome(running: Running): boolean {
    const meant = () => this.orders.filter((o) => covers(running, { ...o, session: o.terms.session }));
    for (let count = 0; meant().length > 0; count++) {
      const [oldest] = meant();
      const next = this.#chosen === undefined ? oldest : meant().find((o) => o.number === this.#chosen?.[0]);
      if (count === MOST_CANCELLED || next === undefined) {
        if (count < MOST_CANCELLED) this.#emit(`cancelled #${oldest.number} too late`);
        return false;
      }
      this.#chosen?.shift();
      const before = this.orders.length;
      this.#end(next, 'mass_cancel');
      running.ended += before - this.orders.length;
      // Those that ended with another of their list were not chosen: they end for the same reason.
      while (this.#chosen?.length && !this.orders.some((o) => o.number === this.#chosen?.[0])) this.#chosen.shift();
    }
    return true;
  }

  #goOnCancelling(): void {
    const running = this.#massCancels.shift();
    if (running === undefined) return;
    if (this.#cancelSome(running)) this.#emit(`cancelled all ${running.ended}`);
    else this.#massCancels.push(running);
  }

  // ── Order lists ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The other order of a pair, if it is open. */
  #sibling(order: Order): Order | undefined {
    if (order.list === undefined || order.list.type === LIST_TYPE.OTO || order.list.isDecided) return undefined;
    const pair = order.list.legs.slice(-2);
    return pair.includes(order) ? pair.find((o) => o !== order && o.isOpen) : undefined;
  }

  /** One order of a pair traded, triggered or ended: the other one ends, and they are a pair no more. */
  #endOther(order: Order, sibling: Order): void {
    if (order.list !== undefined) order.list.isDecided = true;
    this.#end(sibling, 'list_done');
  }

  #isWorking(order: Order): boolean {
    return order.list !== undefined && order.list.type !== LIST_TYPE.OCO && order.list.legs[0] === order;
  }

  #listTraded(order: Order): void {
    const sibling = this.#sibling(order);
    if (sibling !== undefined) this.#endOther(order, sibling);
    if (order.left > 0 || !this.#isWorking(order)) return;
    for (const waiting of order.list?.legs.slice(1) ?? []) {
      if (waiting.isOpen && waiting.where === 'waiting') this.#queue(waiting, true);
    }
  }

  #listEnded(order: Order, reason: string): void {
    const byClient = reason === 'replaced' ? 'by_request' : reason;
    if (byClient === 'by_request' || byClient === 'mass_cancel') {
      for (const other of order.list?.legs ?? []) if (other.isOpen) this.#end(other, byClient);
      return;
    }
    const sibling = this.#sibling(order);
    if (sibling !== undefined) this.#endOther(order, sibling);
    else if (this.#isWorking(order)) {
      for (const waiting of order.list?.legs.slice(1) ?? []) if (waiting.isOpen) this.#end(waiting, 'list_done');
    }
  }

  #queue(order: Order, waited: boolean): void {
    const i = this.instruments[order.instrument];
    order.where = 'queued';
    order.holdsNothing = waited;
    i.queue.push(order);
    this.#touched.add(i);
  }

  /** An order enters that was triggered, or waited for its list. */
  #enterQueued(order: Order): void {
    const i = this.instruments[order.instrument];
    const waited = order.holdsNothing === true;
    order.where = 'nowhere';
    if (waited) {
      const refusal = this.#lateRefusal(order);
      if (refusal !== '') {
        this.#end(order, refusal);
        return;
      }
      if (order.terms.trigger !== 0) {
        this.#emit(`triggered #${order.number} ${order.kind === LIMIT ? order.price : 0} waiting`);
        this.#watch(order);
        return;
      }
    }
    let price = order.price;
    if (order.kind === LIMIT && price === 0) {
      price = this.#pegPrice(order, 0);
      if (price === 0) return this.#end(order, 'no_reference');
      const need = order.side === BUY ? BigInt(price) * BigInt(order.left) * i.unit : 0n;
      if (need > MOST_UNITS || !this.bank.hold(order.account, this.#paid(order), need)) return this.#end(order, 'insufficient_balance');
      order.price = price;
    }
    if (order.postOnly) {
      price = this.#postingPrice(order, price);
      if (price === 0) return this.#end(order, 'would_take');
    }
    order.bookPrice = price;
    if (order.kind !== LIMIT && order.side === BUY) {
      const cost = this.#survey(order, order.left, undefined).cost * i.unit;
      if (cost > MOST_UNITS || !this.bank.covers(order.account, i.quote, cost)) return this.#end(order, 'insufficient_balance');
    }
    this.#emit(`triggered #${order.number} ${order.kind === LIMIT ? price : 0}`);
    this.#run(order, price, false);
  }

  #lateRefusal(order: Order): string {
    const t = order.terms;
    if (t.trailUnit !== 0 && this.#watched(order) === 0) return 'no_reference';
    if (t.trigger !== 0 && t.trailUnit === 0 && this.#isReached(order)) return 'would_trigger';
    const sibling = this.#sibling(order);
    const legs = order.list?.legs.slice(-2) ?? [];
    const pair = sibling === undefined ? [] : this.#firstAndSecond(legs[0], legs[1]);
    const holdsOnly = pair[1] === order ? most(0n, this.#need(order) - this.#need(pair[0])) : undefined;
    if (!this.bank.hold(order.account, this.#paid(order), holdsOnly ?? this.#need(order))) return 'insufficient_balance';
    order.holdsNothing = false;
    order.holdsOnly = holdsOnly;
    return '';
  }

  // ── Triggers ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The price that an order watches, rounded as its trigger sees it; 0: there is none. */
  #watched(o: Order, rises = waitsForRise(o)): number {
    const i = this.instruments[o.instrument];
    if (i.look !== undefined && i.look.watch === watchOf(o)) return rises ? i.look.up : i.look.down;
    const [bid, ask] = [this.#best(i, BUY), this.#best(i, SELL)];
    if (o.terms.source === LAST_TRADE) return i.last;
    if (o.terms.source === BEST_PRICE) return o.side === BUY ? ask : bid;
    return bid === 0 || ask === 0 ? 0 : rises ? Math.floor((bid + ask) / 2) : Math.ceil((bid + ask) / 2);
  }

  #isReached(o: Order): boolean {
    const value = this.#watched(o);
    return value !== 0 && (waitsForRise(o) ? value >= o.terms.stopPrice : value <= o.terms.stopPrice);
  }

  #watch(o: Order): void {
    o.where = 'watching';
    if (o.terms.trailUnit === 0) return;
    const value = this.#watched(o);
    if (o.terms.stopPrice === 0 || o.terms.stopPrice === value) {
      for (const x of this.orders) if (x.instrument === o.instrument && watchOf(x) === watchOf(o)) this.#moveExtreme(x);
      o.where = 'trailing';
      o.extreme = value;
    } else {
      o.activates = true;
      o.activationRises = value < o.terms.stopPrice;
    }
  }

  #moveExtreme(o: Order, value = this.#watched(o)): void {
    if (o.where !== 'trailing' || value === 0) return;
    o.extreme = waitsForRise(o) ? Math.min(o.extreme, value) : Math.max(o.extreme, value);
  }

  #triggerPrice(o: Order): number {
    if (o.where === 'watching') return o.terms.stopPrice;
    const { trail, trailUnit } = o.terms;
    const rises = waitsForRise(o);
    if (trailUnit === TRAIL_TICKS) return Math.min(Math.max(rises ? o.extreme + trail : o.extreme - trail, 1), MAX_PRICE);
    const exact = BigInt(o.extreme) * BigInt(10_000 + (rises ? trail : -trail));
    const rounded = Number(rises ? (exact + 9999n) / 10_000n : exact / 10_000n);
    return Math.min(Math.max(rounded, 1), MAX_PRICE);
  }

  /** Looks at prices, or goes on with a look that is not done. Returns whether it is. */
  #lookAtTriggers(i: Instrument, steps: { left: number }): boolean {
    const watches = ['last', 'middle', 'bid', 'ask'];
    for (const watch of watches.slice(i.look === undefined ? 0 : watches.indexOf(i.look.watch))) {
      const all = () => this.orders.filter((o) => o.instrument === i.number && watchOf(o) === watch);
      // What the triggers of this kind see now, whatever their firing changes.
      const seen = (rising: boolean) => (all().length === 0 ? 0 : this.#watched(all()[0], rising));
      const look = i.look ?? { watch, up: seen(true), down: seen(false), isRising: true, level: 0, isSorted: false };
      if (i.look === undefined) for (const o of all()) this.#moveExtreme(o, waitsForRise(o) ? look.up : look.down);
      const isDone = this.#fireReached(look, all, steps);
      i.look = isDone ? undefined : look;
      if (!isDone) return false;
    }
    return true;
  }

  #fireReached(look: Look, all: () => Order[], steps: { left: number }): boolean {
    const value = () => (look.isRising ? look.up : look.down);
    const reached = (o: Order) => value() !== 0 && (look.isRising ? value() >= this.#triggerPrice(o) : value() <= this.#triggerPrice(o));
    const rises = (o: Order) => (o.where === 'watching' && o.activates ? o.activationRises : waitsForRise(o));
    const standing = () =>
      all().filter((o) => (o.where === 'watching' || o.where === 'trailing') && rises(o) === look.isRising && reached(o));
    for (;;) {
      if (look.level === 0) {
        if (standing().length === 0) look.isRising = false;
        const prices = standing().map((o) => this.#triggerPrice(o));
        if (prices.length === 0) return true;
        // All at the nearest price; then what is left is looked at again.
        look.level = look.isRising ? Math.min(...prices) : Math.max(...prices);
        look.isSorted = false;
      }
      const level = look.isSorted ? [] : standing().filter((o) => this.#triggerPrice(o) === look.level);
      for (const o of level) {
        if (steps.left-- === 0) return false;
        o.where = o.where === 'watching' && o.activates ? 'activated' : 'firing';
      }
      look.isSorted = true;
      for (const o of all().sort((a, b) => a.entry - b.entry)) {
        if (!o.isOpen || (o.where !== 'firing' && o.where !== 'activated')) continue;
        if (steps.left-- === 0) return false;
        this.#fire(o, waitsForRise(o) ? look.up : look.down);
      }
      look.level = 0;
    }
  }

  #fire(o: Order, seen: number): void {
    if (o.where === 'activated') {
      o.where = 'trailing';
      o.activates = false;
      o.extreme = seen;
      return;
    }
    o.where = 'nowhere';
    const sibling = this.#sibling(o);
    if (sibling !== undefined) this.#endOther(o, sibling);
    if (o.holdsOnly !== undefined) {
      this.bank.hold(o.account, this.#paid(o), this.#need(o) - o.holdsOnly);
      o.holdsOnly = undefined;
    }
    this.#queue(o, false);
  }

  // ── Pegs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #pegs(i: Instrument): Order[] {
    return this.orders.filter((o) => o.instrument === i.number && follows(o));
  }

  #pegPrice(o: Order, limit: number): number {
    const i = this.instruments[o.instrument];
    const { peg, pegOffset, pegLevels } = o.terms;
    const [bid, ask] = [this.#best(i, BUY), this.#best(i, SELL)];
    const side = peg === PEG_PRIMARY ? o.side : other(o.side);
    if (pegLevels) {
      const levels = new Set(
        this.#book(i, side)
          .filter((x) => x.where === 'displayed')
          .map((x) => x.bookPrice),
      );
      return [...levels][pegOffset] ?? 0;
    }
    if (peg === PEG_MID && (bid === 0 || ask === 0)) return 0;
    const followed =
      peg === PEG_MID ? (o.side === BUY ? Math.floor((bid + ask) / 2) : Math.ceil((bid + ask) / 2)) : side === BUY ? bid : ask;
    if (followed === 0) return 0;
    let price = followed + pegOffset;
    if (limit !== 0) price = o.side === BUY ? Math.min(price, limit) : Math.max(price, limit);
    return price < 1 || price > MAX_PRICE ? 0 : price;
  }

  #lookAtPegs(i: Instrument): void {
    i.pegBid = this.#best(i, BUY);
    i.pegAsk = this.#best(i, SELL);
    const moves = this.#pegs(i).map((o) => ({ o, price: this.#pegPrice(o, o.price) }));
    for (const { o, price } of moves) {
      if (!o.isOpen || i.state !== TRADING_STATE.CONTINUOUS) continue;
      if (price === 0) this.#park(o);
      else if (o.where !== 'hidden' || o.bookPrice !== price) {
        this.#emit(`shown #${o.number} ${price} 0 of ${o.left}`);
        this.#run(o, price, true);
      }
    }
  }

  #park(o: Order): void {
    if (o.where === 'hidden') this.#emit(`shown #${o.number} 0 0 of ${o.left}`);
    o.where = 'parked';
  }

  /** Where a post-only order may stand, 0: nowhere. */
  #postingPrice(o: Order, price: number): number {
    if (!this.#reaches(o, price)) return price;
    if (!o.terms.slide) return 0;
    const best = this.#book(this.instruments[o.instrument], other(o.side))[0].bookPrice;
    const slid = o.side === BUY ? best - 1 : best + 1;
    return slid < 1 || slid > MAX_PRICE ? 0 : slid;
  }

  // ── Sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #setState(i: Instrument, state: number, referencePrice: number): void {
    const old = i.state;
    if (old === TRADING_STATE.CLOSED && state !== TRADING_STATE.CLOSED) this.#expire(i, MOST_EXPIRING);
    if (this.#mustWait(i, state)) {
      i.next = { state, referencePrice };
      return;
    }
    i.next = undefined;
    i.ending = undefined;
    if (referencePrice > 0) i.rules[INSTRUMENT_RULE.REFERENCE_PRICE] = referencePrice;
    if (old !== state && (state === TRADING_STATE.CONTINUOUS || old === TRADING_STATE.CLOSING_AUCTION)) this.#callAuction(i);
    const beforeOpen = (s: number) => s === TRADING_STATE.PRE_OPEN || s === TRADING_STATE.OPENING_AUCTION;
    let ended: number | undefined;
    if (old !== state && beforeOpen(old) && !beforeOpen(state)) ended = AT_OPEN;
    if (old !== state && old === TRADING_STATE.CLOSING_AUCTION) ended = AT_CLOSE;
    if (ended === undefined || state === TRADING_STATE.CLOSED) this.#take(i, state);
    else {
      const many = this.orders.filter((o) => o.instrument === i.number && o.timeInForce === ended).length > MOST_EXPIRING;
      i.ending = ended;
      this.#take(i, many ? TRADING_STATE.HALTED : state);
      if (many) i.next = { state, referencePrice: 0 };
      else i.ending = undefined;
    }
  }

  /** Whether orders are left that must be gone before a state, or in the book before its auction is over. */
  #mustWait(i: Instrument, state: number): boolean {
    if (this.#late(i).length > 0) return state !== TRADING_STATE.CLOSING_AUCTION;
    return state !== TRADING_STATE.CLOSED && this.#ended(i).length > 0;
  }

  #goOn(i: Instrument): void {
    if (i.next === undefined || this.#mustWait(i, i.next.state)) return;
    this.#setState(i, i.next.state, i.next.referencePrice);
  }

  /** Orders for the closing auction that are not in its book. */
  #late(i: Instrument): Order[] {
    return i.state !== TRADING_STATE.CLOSING_AUCTION ? [] : this.orders.filter((o) => o.instrument === i.number && o.where === 'at close');
  }

  /** Orders whose time is over. */
  #ended(i: Instrument): Order[] {
    const times: number[] = i.ending !== undefined ? [i.ending] : i.state === TRADING_STATE.CLOSED ? [DAY, AT_OPEN, AT_CLOSE] : [];
    return this.orders.filter((o) => o.instrument === i.number && times.includes(o.timeInForce));
  }

  #take(i: Instrument, state: number): void {
    const old = i.state;
    i.state = state;
    i.indicative = '0 0 0';
    i.auctionEnd = 0;
    this.#emit(`state ${i.number} ${state} ${i.rules[INSTRUMENT_RULE.REFERENCE_PRICE]}`);
    if (old === state) return;
    if (state === TRADING_STATE.CLOSED || i.ending !== undefined) this.#expire(i, MOST_EXPIRING);
    if (old === TRADING_STATE.CONTINUOUS) for (const o of this.#pegs(i)) this.#park(o);
    if (state === TRADING_STATE.CONTINUOUS) i.pegBid = -1;
    this.#enterForClose(i, MOST_EXPIRING);
    this.#touched.add(i);
  }

  /** Ends orders whose time is over, at most so many. Returns how many more it might have ended. */
  #expire(i: Instrument, most: number): number {
    let left = most;
    for (const o of this.#ended(i)) {
      if (!o.isOpen || left === 0) continue;
      this.#end(o, 'expired');
      left--;
    }
    return left;
  }

  #enterForClose(i: Instrument, most: number): number {
    const orders = this.#late(i).slice(0, most);
    for (const o of orders) {
      this.#emit(`triggered #${o.number} ${o.price}`);
      this.#stand(o, false);
    }
    return most - orders.length;
  }

  /** Orders that take part in an auction, in the order in which they trade. */
  #auctioned(i: Instrument, side: Side): Order[] {
    return this.#book(i, side).filter((o) => o.terms.minQuantity === 0);
  }

  /** Tries every price between the lowest and the highest order. */
  #crossing(i: Instrument): { price: number; volume: number; surplus: number } {
    const [bids, asks] = [this.#auctioned(i, BUY), this.#auctioned(i, SELL)];
    const none = { price: 0, volume: 0, surplus: 0 };
    if (bids.length === 0 || asks.length === 0 || bids[0].bookPrice < asks[0].bookPrice) return none;
    const lots = (orders: Order[]) => orders.reduce((sum, o) => sum + o.left, 0);
    const at = (price: number) => {
      const bought = lots(bids.filter((o) => o.bookPrice >= price));
      const sold = lots(asks.filter((o) => o.bookPrice <= price));
      return { price, volume: Math.min(bought, sold), surplus: bought - sold };
    };
    let best = [none];
    for (let price = asks[0].bookPrice; price <= bids[0].bookPrice; price++) {
      const here = at(price);
      const [than] = best;
      const isBetter = here.volume > than.volume || (here.volume === than.volume && Math.abs(here.surplus) < Math.abs(than.surplus));
      if (isBetter) best = [here];
      else if (here.volume === than.volume && Math.abs(here.surplus) === Math.abs(than.surplus)) best.push(here);
    }
    const centre = reference(i);
    if (centre === 0) return best[Math.floor((best.length - 1) / 2)];
    return best.reduce((a, b) => (Math.abs(b.price - centre) < Math.abs(a.price - centre) ? b : a));
  }

  #callAuction(i: Instrument): void {
    const { price, volume, surplus } = this.#crossing(i);
    if (price === 0) return;
    let lastSeller: Order | undefined;
    for (;;) {
      const buyer = this.#auctioned(i, BUY)[0];
      const seller = this.#auctioned(i, SELL)[0];
      if (buyer === undefined || seller === undefined || buyer.bookPrice < price || seller.bookPrice > price) break;
      const lots = Math.min(
        buyer.where === 'displayed' ? buyer.shown : buyer.left,
        seller.where === 'displayed' ? seller.shown : seller.left,
      );
      this.#trade(seller, buyer, price, lots, { isNew: seller !== lastSeller, inAuction: true });
      lastSeller = seller;
    }
    i.rules[INSTRUMENT_RULE.REFERENCE_PRICE] = price;
    this.#emit(`auction ${i.number} ${price} ${volume} ${surplus}`);
  }

  #emitIndicative(i: Instrument): void {
    if (!isCall(i.state)) return;
    const { price, volume, surplus } = this.#crossing(i);
    const indicative = `${price} ${volume} ${surplus}`;
    if (indicative === i.indicative) return;
    i.indicative = indicative;
    this.#emit(`indicative ${i.number} ${indicative}`);
  }

  // ── Money ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #paid(o: Order): number {
    const i = this.instruments[o.instrument];
    return o.side === BUY ? i.quote : i.base;
  }

  /** Units that an order holds for each lot. Market buyers hold nothing. */
  #perLot(o: Order): bigint {
    const i = this.instruments[o.instrument];
    if (o.side === SELL) return i.lot;
    return o.kind === LIMIT ? BigInt(o.price) * i.unit : 0n;
  }

  #need(o: Order): bigint {
    return this.#perLot(o) * BigInt(o.left);
  }

  #transfer(from: number, to: number, asset: number, amount: number): string {
    const parent = (account: number) => this.accounts[account].rules[ACCOUNT_RULE.PARENT] - 1;
    const family = parent(from) === to || parent(to) === from || (parent(from) >= 0 && parent(from) === parent(to));
    if (from === to || !family) return 'unknown_account';
    if (amount < 1) return 'invalid_amount';
    if (this.bank.balance(from, asset).available < BigInt(amount)) return 'insufficient_balance';
    this.bank.take(from, asset, BigInt(amount));
    this.bank.give(to, asset, BigInt(amount));
    return '';
  }

  #waitsForClose(o: Order): boolean {
    return o.timeInForce === AT_CLOSE && this.instruments[o.instrument].state !== TRADING_STATE.CLOSING_AUCTION;
  }
}

/** Whether a mass cancel means an order, or all that another one means. */
function covers(one: MassCancel, meant: MassCancel): boolean {
  return (['account', 'instrument', 'side', 'session'] as const).every((word) => one[word] === -1 || one[word] === meant[word]);
}

function other(side: Side): Side {
  return side === BUY ? SELL : BUY;
}

function within(side: Side, limit: number, price: number): boolean {
  return side === BUY ? price <= limit : price >= limit;
}

function isCall(state: number): boolean {
  return [TRADING_STATE.PRE_OPEN, TRADING_STATE.OPENING_AUCTION, TRADING_STATE.CLOSING_AUCTION, TRADING_STATE.VOLATILITY_AUCTION].includes(
    state as 1,
  );
}

function lasts(o: Order): boolean {
  return o.kind === LIMIT && [GTC, GTD, DAY, AT_OPEN, AT_CLOSE].includes(o.timeInForce);
}

function follows(o: Order): boolean {
  return o.terms.peg !== 0 && !o.terms.pegOnce;
}

function waitsForRise(o: Order): boolean {
  return (o.terms.trigger === STOP) === (o.side === BUY);
}

function watchOf(o: Order): string {
  if (o.terms.trigger === 0) return 'nothing';
  if (o.terms.source === LAST_TRADE) return 'last';
  if (o.terms.source !== BEST_PRICE) return 'middle';
  return o.side === BUY ? 'ask' : 'bid';
}

function reference(i: Instrument): number {
  return i.last !== 0 ? i.last : i.rules[INSTRUMENT_RULE.REFERENCE_PRICE];
}

/** Ends of a band: a price plus and minus a share in parts per million. */
function above(centre: number, share: number): number {
  return Math.min(MAX_PRICE, Number((BigInt(centre) * BigInt(1_000_000 + share)) / 1_000_000n));
}
function below(centre: number, share: number): number {
  return Math.max(1, centre - Number((BigInt(centre) * BigInt(share)) / 1_000_000n));
}

/** Shares out an incoming order among orders at one price: docs/rules.md, "Matching policies". */
function allocate(i: Instrument, sizes: readonly number[], lots: number): number[] {
  const total = sizes.reduce((a, b) => a + b, 0);
  if (lots >= total) return [...sizes];
  const given = sizes.map(() => 0);
  given[0] = Math.min(sizes[0], Math.floor((lots * i.rules[INSTRUMENT_RULE.TOP_SHARE]) / 100));
  const byTime = (most: number) => {
    let toGive = most;
    sizes.forEach((size, k) => {
      const more = Math.min(size - given[k], toGive);
      given[k] += more;
      toGive -= more;
    });
  };
  const notGiven = () => lots - given.reduce((a, b) => a + b, 0);
  byTime(Math.floor((notGiven() * i.rules[INSTRUMENT_RULE.FIFO_SHARE]) / 100));
  const rests = sizes.map((size, k) => size - given[k]);
  const toShare = notGiven();
  const allRests = rests.reduce((a, b) => a + b, 0);
  rests.forEach((rest, k) => {
    const share = Number((BigInt(toShare) * BigInt(rest)) / BigInt(allRests));
    if (share >= i.rules[INSTRUMENT_RULE.MIN_ALLOCATION]) given[k] += share;
  });
  byTime(notGiven());
  return given;
}

function most(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
