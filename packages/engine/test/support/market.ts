/** Commands and events of tests, in few words. */
import { COMMAND, command, commandHead, generationOf, orderHandle, POST_ONLY, slotOf } from '@outcry/market/command';
import { EVENT, event } from '@outcry/market/event';
import { BUY, GTC, LIMIT, type OrderKind, type Side, type TimeInForce } from '@outcry/market/order-terms';
import { REASON_NAMES } from '@outcry/market/reason';
import { Engine, type EngineLimits } from '../../src/engine.ts';
import { LocalEvents } from '../../src/event-output.ts';

/** An order as a test states it; what it leaves out is a good-till-cancelled limit order of account 0. */
interface OrderTerms {
  account: number;
  instrument: number;
  side: Side;
  kind: OrderKind;
  timeInForce: TimeInForce;
  postOnly: boolean;
  price: number;
  quantity: number;
  amount: number;
  client: number;
  /** text of the client order id */
  text: string;
}

interface Emitted {
  readonly kind: string;
  readonly order: number;
  readonly account: number;
  readonly price: number;
  readonly quantity: number;
  readonly remaining: number;
  readonly flags: number;
  readonly reason: string;
  readonly trade: number;
  readonly amount: number;
  readonly available: number;
  readonly held: number;
}

const KIND_NAMES = Object.fromEntries(Object.entries(EVENT).map(([name, kind]) => [kind, name.toLowerCase()]));

export const BTC = 0;
export const USDT = 1;
/** Units of BTC in a lot, and of USDT in a tick and lot. */
export const LOT = 100;
export const UNIT = 3;
export const SMALL_LIMITS: EngineLimits = { orders: 200, accounts: 16, assets: 4, instruments: 4 };

/** An engine that tests speak to in orders and that answers in events. Instrument 0 is defined, and every account opened. */
export class Market {
  readonly engine: Engine;
  readonly output = new LocalEvents(4);
  /** every command applied, for playing it again */
  readonly tape: Uint8Array[] = [];
  readonly #buffer = new ArrayBuffer(command.BYTES);
  readonly #i32 = new Int32Array(this.#buffer);
  readonly #f64 = new Float64Array(this.#buffer);
  time = 1_000_000;

  constructor(limits = SMALL_LIMITS, fees: [maker: number, taker: number] = [1000, 2000]) {
    this.engine = new Engine(this.output, limits);
    for (const asset of [BTC, USDT]) this.send(COMMAND.DEFINE_ASSET, { [command.ASSET]: asset, [command.QUANTITY]: 8 });
    this.defineInstrument(0, BTC, USDT, fees);
    for (let account = 0; account < 4; account++) this.send(COMMAND.OPEN_ACCOUNT, { [command.ACCOUNT]: account });
  }

  defineInstrument(
    number: number,
    base: number,
    quote: number,
    [maker, taker]: [number, number] = [0, 0],
    lot = LOT,
    unit = UNIT,
  ): Emitted[] {
    return this.send(
      COMMAND.DEFINE_INSTRUMENT,
      {
        [command.INSTRUMENT_WORD]: number,
        [command.ACCOUNT]: base,
        [command.ASSET]: quote,
        [command.PRICE]: maker,
        [command.QUANTITY]: taker,
      },
      { [command.F64_AMOUNT]: lot, [command.F64_UNIT]: unit },
    );
  }

  deposit(account: number, asset: number, amount: number): Emitted[] {
    return this.send(COMMAND.DEPOSIT, { [command.ACCOUNT]: account, [command.ASSET]: asset }, { [command.F64_AMOUNT]: amount });
  }

  withdraw(account: number, asset: number, amount: number): Emitted[] {
    return this.send(COMMAND.WITHDRAW, { [command.ACCOUNT]: account, [command.ASSET]: asset }, { [command.F64_AMOUNT]: amount });
  }

  order(terms: Partial<OrderTerms>): Emitted[] {
    return this.#enter(COMMAND.NEW_ORDER, terms, 0, 0);
  }

  /** Enters a limit order that must be accepted. Returns its id. */
  limit(account: number, side: Side, price: number, quantity: number, more: Partial<OrderTerms> = {}): number {
    const emitted = this.order({ account, side, price, quantity, ...more });
    const accepted = emitted.find(({ kind }) => kind === 'accepted');
    if (accepted === undefined) throw new Error(`refused: ${emitted[0]?.reason}`);
    return accepted.order;
  }

  cancel(account: number, order: number, instrument = 0): Emitted[] {
    return this.send(COMMAND.CANCEL, { ...place(account, instrument), ...meaning(order) });
  }

  replace(order: number, terms: Partial<OrderTerms>, flags = 0): Emitted[] {
    return this.#enter(COMMAND.CANCEL_REPLACE, terms, order, flags);
  }

  amend(account: number, order: number, quantity: number, instrument = 0): Emitted[] {
    return this.send(COMMAND.AMEND, { ...place(account, instrument), ...meaning(order), [command.QUANTITY]: quantity });
  }

  available(account: number, asset: number): number {
    return this.engine.ledger.available(account, asset);
  }
  held(account: number, asset: number): number {
    return this.engine.ledger.held(account, asset);
  }

  /** Applies a command made of words and float64 fields. Returns what the engine says to it. */
  send(kind: number, words: Record<number, number>, numbers: Record<number, number> = {}, head = commandHead(kind)): Emitted[] {
    this.#i32.fill(0);
    this.#i32[command.HEAD] = head;
    for (const [at, value] of Object.entries(words)) this.#i32[Number(at)] = value;
    this.#f64[command.F64_TIME] = this.time++;
    for (const [at, value] of Object.entries(numbers)) this.#f64[Number(at)] = value;
    return this.#apply();
  }

  text(text: string): Emitted[] {
    this.#i32.fill(0);
    this.#i32[command.HEAD] = commandHead(COMMAND.TEXT);
    Buffer.from(this.#buffer).write(text, command.TEXT * 4, command.TEXT_BYTES);
    return this.#apply();
  }

  #enter(kind: number, terms: Partial<OrderTerms>, order: number, moreFlags: number): Emitted[] {
    const { account = 0, instrument = 0, side = BUY, price = 0, quantity = 0, amount = 0, client = 0, text = '' } = terms;
    const flags = (terms.postOnly ? POST_ONLY : 0) | moreFlags;
    if (text !== '') this.text(text);
    return this.send(
      kind,
      {
        ...place(account, instrument),
        ...(order !== 0 && meaning(order)),
        [command.PRICE]: price,
        [command.QUANTITY]: quantity,
        [command.CLIENT_LOW]: client,
      },
      terms.kind === undefined || amount === 0 ? {} : { [command.F64_AMOUNT]: amount },
      commandHead(kind, side, terms.kind ?? LIMIT, terms.timeInForce ?? GTC, flags),
    );
  }

  #apply(): Emitted[] {
    this.tape.push(new Uint8Array(this.#buffer.slice(0)));
    this.output.clear();
    this.engine.apply(this.#i32, this.#f64, 0);
    return eventsOf(this.output);
  }
}

function place(account: number, instrument: number): Record<number, number> {
  return { [command.INSTRUMENT_WORD]: instrument, [command.ACCOUNT]: account };
}

function meaning(order: number): Record<number, number> {
  return { [command.ORDER_SLOT]: slotOf(order), [command.ORDER_GENERATION]: generationOf(order) };
}

/** The events that an output holds, as objects. */
export function eventsOf(output: LocalEvents): Emitted[] {
  const { i32, f64 } = output;
  return Array.from({ length: output.count }, (_, i) => {
    const at = i * event.WORDS;
    const half = at >> 1;
    const upper = i32[at + event.INSTRUMENT_WORD] >>> 16;
    const kind = KIND_NAMES[i32[at + event.HEAD] & 0xff];
    const named = kind === 'rejected' || kind === 'cancelled';
    return {
      kind,
      order: orderHandle(i32[at + event.ORDER_SLOT], i32[at + event.ORDER_GENERATION]),
      account: i32[at + event.ACCOUNT],
      price: i32[at + event.PRICE],
      quantity: i32[at + event.QUANTITY],
      remaining: i32[at + event.REMAINING],
      flags: (i32[at + event.HEAD] >>> 16) & 0xff,
      reason: named ? REASON_NAMES[upper] : '',
      trade: kind === 'fill' ? f64[half + event.F64_TRADE] : 0,
      amount: kind === 'fill' ? f64[half + event.F64_AMOUNT] : 0,
      available: kind === 'balance' ? f64[half + event.F64_AVAILABLE] : 0,
      held: kind === 'balance' ? f64[half + event.F64_HELD] : 0,
    };
  });
}

/** Kinds and, where there is one, reasons: what a test mostly wants to see. */
export function summary(emitted: Emitted[]): string[] {
  return emitted.filter(({ kind }) => kind !== 'balance').map(({ kind, reason }) => (reason === '' ? kind : `${kind} ${reason}`));
}
