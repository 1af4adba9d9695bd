import { PlainBook } from '@outcry/book/plain-book';
import { BUY, FOK, GTC, IOC, LIMIT, MARKET_BY_AMOUNT, MAX_PRICE, MAX_QUANTITY, type Side } from '@outcry/market/order-terms';
import type { OrderTerms } from './market.ts';

const MOST_UNITS = BigInt(Number.MAX_SAFE_INTEGER);

interface OpenOrder extends OrderTerms {
  readonly id: number;
  left: number;
}

export interface PlainInstrument {
  readonly base: number;
  readonly quote: number;
  readonly lot: bigint;
  readonly unit: bigint;
  readonly makerFee: bigint;
  readonly takerFee: bigint;
}

/**
 * The exchange written to be read: BigInt balances, a plain book, every rule in its plainest form. What the engine does is
 * checked against it. Its answers are lines of text.
 */
export class PlainExchange {
  readonly instruments: readonly PlainInstrument[];
  readonly books: PlainBook[];
  readonly orders = new Map<number, OpenOrder>();
  readonly deposited: bigint[] = [];
  readonly fees: bigint[] = [];
  readonly #accounts: number;
  readonly #orderLimit: number;
  readonly #balances = new Map<string, { available: bigint; held: bigint }>();

  constructor(instruments: readonly PlainInstrument[], accounts: number, orderLimit: number) {
    this.instruments = instruments;
    this.books = instruments.map(() => new PlainBook());
    this.#accounts = accounts;
    this.#orderLimit = orderLimit;
  }

  balance(account: number, asset: number): { available: bigint; held: bigint } {
    const key = `${account} ${asset}`;
    let balance = this.#balances.get(key);
    if (balance === undefined) {
      balance = { available: 0n, held: 0n };
      this.#balances.set(key, balance);
    }
    return balance;
  }

  deposit(account: number, asset: number, amount: number): string[] {
    const sum = (this.deposited[asset] ?? 0n) + BigInt(amount);
    if (sum > MOST_UNITS) return ['rejected overflow'];
    this.deposited[asset] = sum;
    this.balance(account, asset).available += BigInt(amount);
    return ['applied'];
  }

  withdraw(account: number, asset: number, amount: number): string[] {
    const balance = this.balance(account, asset);
    if (balance.available < BigInt(amount)) return ['rejected insufficient_balance'];
    balance.available -= BigInt(amount);
    this.deposited[asset] -= BigInt(amount);
    return ['applied'];
  }

  cancel(account: number, id: number, reason = 'by_request'): string[] {
    const order = this.orders.get(id);
    if (order === undefined || order.account !== account) return ['rejected unknown_order'];
    this.books[order.instrument].cancel(id);
    this.orders.delete(id);
    this.#release(order, order.left);
    return [`cancelled ${reason}`];
  }

  amend(account: number, id: number, quantity: number): string[] {
    const order = this.orders.get(id);
    if (order === undefined || order.account !== account) return ['rejected unknown_order'];
    const traded = order.quantity - order.left;
    if (quantity >= order.quantity || quantity - traded < 1) return ['rejected not_lower'];
    this.#release(order, order.quantity - quantity);
    this.books[order.instrument].reduce(id, quantity - traded);
    order.quantity = quantity;
    order.left = quantity - traded;
    return ['amended'];
  }

  replace(account: number, old: number, id: number, terms: OrderTerms): string[] {
    const cancelled = this.cancel(account, old, 'replaced');
    return cancelled[0].startsWith('rejected') ? cancelled : [...cancelled, ...this.enter(id, terms)];
  }

  enter(id: number, terms: OrderTerms): string[] {
    const order: OpenOrder = { ...terms, id, left: terms.quantity };
    const refused = this.#refusal(order);
    if (refused !== '') return [`rejected ${refused}`];
    order.left = order.quantity;
    const book = this.books[order.instrument];
    const crossing = this.#crosses(order);
    const told = ['accepted'];
    const fillable = this.#offered(order).reduce((sum, [, lots]) => sum + lots, 0) >= order.quantity;
    if (crossing && (order.timeInForce !== FOK || fillable)) {
      const from = book.trades.length;
      order.left = book.match(id, order.side, order.price, order.left);
      for (const trade of book.trades.slice(from)) {
        this.#settle(order, trade.maker, trade.price, trade.quantity);
        told.push(`fill ${trade.price} x ${trade.quantity}`, `fill ${trade.price} x ${trade.quantity}`);
      }
    }
    if (order.left > 0 && order.kind === LIMIT && order.timeInForce === GTC) {
      book.rest(id, order.side, order.price, order.left);
      this.orders.set(id, order);
      if (crossing) told.push('rested');
    } else if (order.left > 0 || order.quantity === 0) {
      if (order.kind === LIMIT || order.side !== BUY) this.#release(order, order.left);
      told.push('cancelled no_liquidity');
    }
    return told;
  }

  /** Units that appeared from nowhere: 0 in a sound exchange. */
  discrepancy(asset: number): bigint {
    let sum = this.fees[asset] ?? 0n;
    for (let account = 0; account < this.#accounts; account++) {
      const { available, held } = this.balance(account, asset);
      sum += available + held;
    }
    return sum - (this.deposited[asset] ?? 0n);
  }

  #refusal(order: OpenOrder): string {
    if (order.kind === LIMIT) {
      if (order.price < 1 || order.price > MAX_PRICE) return 'invalid_price';
      if (order.postOnly && order.timeInForce !== GTC) return 'invalid_terms';
      if (order.postOnly && this.#crosses(order)) return 'would_take';
    } else {
      if (order.postOnly) return 'invalid_terms';
      order.price = order.side === BUY ? MAX_PRICE : 1;
      order.timeInForce = IOC;
    }
    if (order.kind !== MARKET_BY_AMOUNT && order.quantity < 1) return 'invalid_quantity';
    if (this.orders.size >= this.#orderLimit) return 'out_of_orders';
    if (order.client !== 0 && [...this.orders.values()].some((o) => o.account === order.account && o.client === order.client)) {
      return 'duplicate_client_id';
    }
    if (order.kind === MARKET_BY_AMOUNT) {
      const refused = this.#sizeByAmount(order);
      if (refused !== '') return refused;
    }
    return this.#pay(order);
  }

  #sizeByAmount(order: OpenOrder): string {
    const { unit, quote } = this.instruments[order.instrument];
    if (order.amount < 1) return 'invalid_amount';
    let tickLots = BigInt(order.amount) / unit;
    let lots = 0n;
    for (const [price, there] of this.#offered(order)) {
      const affordable = tickLots / BigInt(price);
      const taken = affordable < BigInt(there) ? affordable : BigInt(there);
      lots += taken;
      tickLots -= taken * BigInt(price);
      if (taken < BigInt(there)) break;
    }
    order.quantity = Math.min(MAX_QUANTITY, Number(lots));
    if (order.quantity === 0 && this.#crosses(order)) return 'amount_too_small';
    if (order.side === BUY && this.balance(order.account, quote).available < BigInt(order.amount)) return 'insufficient_balance';
    return '';
  }

  #pay(order: OpenOrder): string {
    const { unit, quote } = this.instruments[order.instrument];
    if (order.side === BUY && order.kind !== LIMIT) {
      let left = order.quantity;
      let cost = 0n;
      for (const [price, there] of this.#offered(order)) {
        const lots = Math.min(left, there);
        cost += BigInt(price) * BigInt(lots) * unit;
        left -= lots;
      }
      if (cost > MOST_UNITS) return 'overflow';
      return this.balance(order.account, quote).available < cost ? 'insufficient_balance' : '';
    }
    const [asset, perLot] = this.#hold(order);
    const cost = perLot * BigInt(order.quantity);
    if (cost > MOST_UNITS) return 'overflow';
    const balance = this.balance(order.account, asset);
    if (balance.available < cost) return 'insufficient_balance';
    balance.available -= cost;
    balance.held += cost;
    return '';
  }

  #hold(order: OpenOrder): [asset: number, perLot: bigint] {
    const { base, quote, lot, unit } = this.instruments[order.instrument];
    return order.side === BUY ? [quote, BigInt(order.price) * unit] : [base, lot];
  }

  #release(order: OpenOrder, lots: number): void {
    const [asset, perLot] = this.#hold(order);
    const balance = this.balance(order.account, asset);
    balance.held -= perLot * BigInt(lots);
    balance.available += perLot * BigInt(lots);
  }

  /** Levels of the other side that an order's price reaches, best first. */
  #offered(order: OpenOrder): [price: number, lots: number][] {
    const levels = this.books[order.instrument].levels((1 - order.side) as Side);
    return levels.filter(([price]) => (order.side === BUY ? price <= order.price : price >= order.price));
  }

  #crosses(order: OpenOrder): boolean {
    return this.#offered(order).length > 0;
  }

  #settle(taker: OpenOrder, makerId: number, price: number, lots: number): void {
    const { base, quote, lot, unit, makerFee, takerFee } = this.instruments[taker.instrument];
    const maker = this.orders.get(makerId) as OpenOrder;
    const [buyer, seller] = taker.side === BUY ? [taker, maker] : [maker, taker];
    const baseUnits = BigInt(lots) * lot;
    const quoteUnits = BigInt(price) * BigInt(lots) * unit;
    if (buyer.kind === LIMIT) this.#release(buyer, lots);
    this.#release(seller, lots);
    this.balance(buyer.account, quote).available -= quoteUnits;
    this.balance(seller.account, base).available -= baseUnits;
    const baseFee = fee(baseUnits, buyer === taker ? takerFee : makerFee);
    const quoteFee = fee(quoteUnits, seller === taker ? takerFee : makerFee);
    this.balance(buyer.account, base).available += baseUnits - baseFee;
    this.balance(seller.account, quote).available += quoteUnits - quoteFee;
    this.fees[base] = (this.fees[base] ?? 0n) + baseFee;
    this.fees[quote] = (this.fees[quote] ?? 0n) + quoteFee;
    maker.left -= lots;
    if (maker.left === 0) this.orders.delete(makerId);
  }
}

/** Rounded up for the venue. */
function fee(amount: bigint, partsPerMillion: bigint): bigint {
  return (amount * partsPerMillion + 999_999n) / 1_000_000n;
}
