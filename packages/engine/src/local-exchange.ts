/** An exchange inside a program, without threads or files. */
import { COMMAND, command, commandHead, POST_ONLY } from '@outcry/market/command';
import { formatUnits, parseUnits } from '@outcry/market/decimal';
import { EVENT, event, IS_MAKER, RESTING } from '@outcry/market/event';
import { kindOf, reasonOf } from '@outcry/market/event-reader';
import { BUY, FOK, GTC, IOC, LIMIT, MARKET, MAX_PRICE, MAX_QUANTITY, SELL, type Side } from '@outcry/market/order-terms';
import { REASON_NAMES } from '@outcry/market/reason';
import { Steps, unitsPerLot, unitsPerTickLot } from '@outcry/market/steps';
import { Engine } from './engine.ts';
import { LocalEvents } from './event-output.ts';
import type { EngineLimits } from './limits.ts';

/** What is traded. Amounts are decimal strings, exact to an asset's places; a tick and a lot are steps of price and quantity. */
export interface ExchangeDefinition {
  /** decimal places of each asset, 0 to 15: 0 for what comes whole */
  readonly assets: Readonly<Record<string, number>>;
  readonly instruments: readonly {
    readonly symbol: string;
    readonly base: string;
    readonly quote: string;
    readonly tick: string;
    readonly lot: string;
    /** parts per million of what each side receives; 0 where it is left out */
    readonly makerFeePpm?: number;
    readonly takerFeePpm?: number;
  }[];
  readonly limits?: Partial<EngineLimits>;
}

export interface ExchangeOrder {
  readonly account: number;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: string;
  /** left out: at the market, and what cannot trade at once is dropped */
  readonly price?: string;
  readonly timeInForce?: 'GTC' | 'IOC' | 'FOK';
  /** refused if it would trade at once */
  readonly postOnly?: boolean;
}

export interface ExchangeTrade {
  readonly price: string;
  readonly quantity: string;
  /** of the resting order */
  readonly order: number;
  readonly account: number;
}

export interface ExchangeAnswer {
  readonly status: 'resting' | 'filled' | 'ended' | 'refused';
  /** of the order, 0: refused */
  readonly order: number;
  /** why it was refused or ended */
  readonly reason?: string;
  /** what the order has left: it rests, or was dropped */
  readonly left: string;
  readonly trades: readonly ExchangeTrade[];
}

const ROOM: EngineLimits = { orders: 100_000, accounts: 10_000, assets: 64, instruments: 256 };
const TIMES_IN_FORCE = { GTC, IOC, FOK };

/** What a cancel names: the order's slot in the engine, and its generation. */
interface OpenOrder {
  readonly listed: Listed;
  readonly account: number;
  readonly slot: number;
  readonly generation: number;
}

interface Listed {
  readonly number: number;
  readonly base: number;
  readonly quote: number;
  readonly price: Steps;
  readonly quantity: Steps;
}

/**
 * An exchange with accounts inside a program: the venue's engine, spoken to in decimal strings, answered at once. Nothing is kept
 * beyond the process; for that, write the commands to a journal, or start a venue.
 *
 * What the engine refuses is an answer with its reason; what is no amount, or names what there is not, throws. Single-threaded.
 */
export class LocalExchange {
  readonly engine: Engine;
  readonly #events = new LocalEvents();
  readonly #i32 = new Int32Array(command.WORDS);
  readonly #f64 = new Float64Array(this.#i32.buffer);
  readonly #assets: readonly (readonly [name: string, places: number])[];
  readonly #listed = new Map<string, Listed>();
  readonly #openOrders = new Map<number, OpenOrder>();
  #accounts = 0;

  constructor({ assets, instruments, limits }: ExchangeDefinition) {
    this.engine = new Engine(this.#events, { ...ROOM, ...limits });
    this.#assets = Object.entries(assets);
    for (const [number, [, places]] of this.#assets.entries()) {
      this.#send(COMMAND.DEFINE_ASSET, { [command.ASSET]: number, [command.QUANTITY]: places });
    }
    for (const [number, definition] of instruments.entries()) this.#list(number, definition);
  }

  /** Opens an account. Returns its number. */
  openAccount(): number {
    this.#send(COMMAND.OPEN_ACCOUNT, { [command.ACCOUNT]: this.#accounts });
    return this.#accounts++;
  }

  deposit(account: number, asset: string, amount: string): void {
    this.#move(COMMAND.DEPOSIT, account, asset, amount);
  }

  /** Throws when less is available. */
  withdraw(account: number, asset: string, amount: string): void {
    this.#move(COMMAND.WITHDRAW, account, asset, amount);
  }

  /** What an account has of an asset, and what its open orders hold of it. */
  balance(account: number, asset: string): { available: string; held: string } {
    const number = this.#asset(asset);
    const [, places] = this.#assets[number];
    const { ledger } = this.engine;
    return { available: formatUnits(ledger.available(account, number), places), held: formatUnits(ledger.held(account, number), places) };
  }

  order({ account, symbol, side, quantity, price, timeInForce = 'GTC', postOnly = false }: ExchangeOrder): ExchangeAnswer {
    const listed = this.#instrument(symbol);
    const kind = price === undefined ? MARKET : LIMIT;
    const terms = commandHead(COMMAND.NEW_ORDER, side === 'buy' ? BUY : SELL, kind, TIMES_IN_FORCE[timeInForce], postOnly ? POST_ONLY : 0);
    this.#send(terms, {
      [command.INSTRUMENT_WORD]: listed.number,
      [command.ACCOUNT]: account,
      [command.PRICE]: price === undefined ? 0 : listed.price.parse(price),
      [command.QUANTITY]: listed.quantity.parse(quantity),
    });
    return this.#answer(listed);
  }

  /** Takes an order out of the book. Returns what it had left, undefined when it is not open. */
  cancel(order: number): string | undefined {
    const openOrder = this.#openOrders.get(order);
    if (openOrder === undefined) return undefined;
    this.#send(COMMAND.CANCEL, {
      [command.INSTRUMENT_WORD]: openOrder.listed.number,
      [command.ACCOUNT]: openOrder.account,
      [command.ORDER_SLOT]: openOrder.slot,
      [command.ORDER_GENERATION]: openOrder.generation,
    });
    return this.#answer(openOrder.listed).left;
  }

  /** A side's prices and what rests at each, best first. */
  depth(symbol: string, side: 'buy' | 'sell', most = Number.POSITIVE_INFINITY): [price: string, quantity: string][] {
    const { number, price, quantity } = this.#instrument(symbol);
    const levels = this.engine.instruments.books[number].depth((side === 'buy' ? BUY : SELL) as Side).slice(0, most);
    return levels.map(([ticks, lots]) => [price.format(ticks), quantity.format(lots)]);
  }

  #list(
    number: number,
    { symbol, base, quote, tick, lot, makerFeePpm = 0, takerFeePpm = 0 }: ExchangeDefinition['instruments'][number],
  ): void {
    const [price, quantity] = [new Steps(tick, MAX_PRICE), new Steps(lot, MAX_QUANTITY)];
    const listed = { number, base: this.#asset(base), quote: this.#asset(quote), price, quantity };
    const lotUnits = unitsPerLot(quantity, this.#assets[listed.base][1]);
    const unit = unitsPerTickLot(price, quantity, this.#assets[listed.quote][1]);
    if (!Number.isInteger(lotUnits)) throw new RangeError(`${symbol}: a lot of ${lot} is no whole number of units of ${base}`);
    if (!Number.isInteger(unit)) throw new RangeError(`${symbol}: ${tick} x ${lot} is no whole number of units of ${quote}`);
    this.#send(
      COMMAND.DEFINE_INSTRUMENT,
      {
        [command.INSTRUMENT_WORD]: number,
        [command.BASE]: listed.base,
        [command.QUOTE]: listed.quote,
        [command.MAKER_FEE]: makerFeePpm,
        [command.TAKER_FEE]: takerFeePpm,
      },
      { [command.F64_LOT]: lotUnits, [command.F64_UNIT]: unit },
    );
    const refused = this.#answer(listed).reason;
    if (refused !== undefined) throw new RangeError(`${symbol}: ${refused}`);
    this.#listed.set(symbol, listed);
  }

  #move(kind: number, account: number, asset: string, amount: string): void {
    const number = this.#asset(asset);
    const units = parseUnits(amount, this.#assets[number][1]);
    this.#send(kind, { [command.ACCOUNT]: account, [command.ASSET]: number }, { [command.F64_AMOUNT]: units });
    const refused = this.#refusal();
    if (refused !== undefined) throw new RangeError(`${amount} ${asset} of account ${account}: ${refused}`);
  }

  #asset(name: string): number {
    const number = this.#assets.findIndex(([known]) => known === name);
    if (number < 0) throw new RangeError(`there is no asset ${name}`);
    return number;
  }

  #instrument(symbol: string): Listed {
    const listed = this.#listed.get(symbol);
    if (listed === undefined) throw new RangeError(`there is no instrument ${symbol}`);
    return listed;
  }

  #send(head: number, words: Record<number, number>, numbers: Record<number, number> = {}): void {
    this.#i32.fill(0);
    this.#i32[command.HEAD] = head;
    for (const [at, value] of Object.entries(words)) this.#i32[Number(at)] = value;
    for (const [at, value] of Object.entries(numbers)) this.#f64[Number(at)] = value;
    this.#f64[command.F64_TIME] = Date.now() * 1000;
    this.#events.clear();
    this.engine.apply(this.#i32, this.#f64, 0);
  }

  #refusal(): string | undefined {
    const { i32, count } = this.#events;
    for (let e = 0; e < count; e++) {
      const at = e * event.WORDS;
      if (kindOf(i32, at) === EVENT.REJECTED) return REASON_NAMES[reasonOf(i32, at)];
    }
    return undefined;
  }

  /** What the last command's events say. */
  #answer(listed: Listed): ExchangeAnswer {
    const { price, quantity } = listed;
    const { i32, count } = this.#events;
    const trades: ExchangeTrade[] = [];
    let status: ExchangeAnswer['status'] = 'filled';
    let reason: string | undefined;
    let order = 0;
    let left = 0;
    for (let at = 0; at < count * event.WORDS; at += event.WORDS) {
      const head = i32[at + event.HEAD];
      const slot = i32[at + event.ORDER_SLOT];
      const id = this.engine.details.ids[slot];
      const remaining = i32[at + event.REMAINING];
      switch (head & 0xff) {
        case EVENT.ACCEPTED:
          order = id;
          left = i32[at + event.QUANTITY];
          this.#openOrders.set(id, { listed, account: i32[at + event.ACCOUNT], slot, generation: i32[at + event.ORDER_GENERATION] });
          if (((head >>> 16) & RESTING) !== 0) status = 'resting';
          break;
        case EVENT.RESTED:
          status = 'resting';
          break;
        case EVENT.FILL:
          if (((head >>> 16) & IS_MAKER) === 0) left = remaining;
          else {
            trades.push({
              price: price.format(i32[at + event.PRICE]),
              quantity: quantity.format(i32[at + event.QUANTITY]),
              order: id,
              account: i32[at + event.ACCOUNT],
            });
            if (remaining === 0) this.#openOrders.delete(id);
          }
          break;
        case EVENT.CANCELLED:
          if (order === 0 || id === order) {
            status = 'ended';
            reason = REASON_NAMES[reasonOf(i32, at)];
            left = remaining;
          }
          this.#openOrders.delete(id);
          break;
        case EVENT.REJECTED:
          status = 'refused';
          reason = REASON_NAMES[reasonOf(i32, at)];
          break;
      }
    }
    if (status !== 'resting') this.#openOrders.delete(order);
    return { status, order, left: quantity.format(left), trades, ...(reason !== undefined && { reason }) };
  }
}
