/** A generated day of ITCH messages. */
import * as wire from '@outcry/wire/itch';
import { codeOf, type Flyweight, setU48 } from '@outcry/wire/layout';
import { Random } from './random.ts';

export interface DayOptions {
  seed: number;
  instruments: number;
  /** messages of continuous trading, roughly */
  messages: number;
}

/** Takes each message, at the beginning of a view, with the nanoseconds since midnight that it says. */
export type DayWriter = (view: DataView, bytes: number, timestamp: number) => void;

const HOUR = 3600e9;
const OPEN = 9.5 * HOUR;
const CLOSE = 16 * HOUR;
const [BUY, SELL] = [codeOf('B'), codeOf('S')];
/** Resting orders that the flow holds an instrument to, on average. */
const ORDERS_AN_INSTRUMENT = 60;
/** Orders that count as the last. */
const RECENT = 5000;
/** One in so many instruments is halted in the course of the day. */
const HALTED = 50;

/** An order of the generated market. */
interface Live {
  reference: number;
  locate: number;
  side: number;
  price: number;
  shares: number;
}

/**
 * A day of ITCH 5.0 that hangs together: every message type of the specification, orders that are executed, reduced, replaced and deleted
 * only while they are there, an opening and a closing cross, halts with a cross of their own. The same options give the same bytes.
 */
export class ItchDay {
  readonly #options: DayOptions;
  readonly #write: DayWriter;
  readonly #view = new DataView(new ArrayBuffer(64));
  readonly #live: Live[] = [];
  readonly #mid: Int32Array;
  readonly #random: Random;
  #hasBroken = false;
  #time = 0;
  #reference = 1;
  #match = 1;
  written = 0;

  constructor(options: DayOptions, write: DayWriter) {
    if (options.instruments < 1 || options.instruments > 65_535) throw new RangeError('a day has 1 to 65,535 instruments');
    this.#options = options;
    this.#write = write;
    this.#random = new Random(options.seed);
    this.#mid = new Int32Array(options.instruments + 1);
  }

  /** Writes the whole day. @param onProgress told the share that is done, now and then */
  run(onProgress: (share: number) => void = () => undefined): void {
    const { instruments, messages } = this.#options;
    this.#at(3 * HOUR);
    this.#event('O');
    for (let locate = 1; locate <= instruments; locate++) this.#introduce(locate);
    this.#rare();
    this.#at(4 * HOUR);
    this.#event('S');
    for (let i = 0; i < instruments * 6; i++) this.#enter(this.#at(7 * HOUR + (i / instruments / 6) * 2.4 * HOUR));
    for (let locate = 1; locate <= instruments; locate++) this.#cross(locate, 'O', OPEN);
    this.#at(OPEN);
    this.#event('Q');
    const halts = new Map<number, number>();
    for (let i = 0; i < messages; i++) {
      this.#at(OPEN + (i / messages) * (CLOSE - OPEN));
      const halted = Math.floor((i / messages) * (instruments / HALTED));
      if (halted > halts.size) this.#halt(1 + this.#random.below(instruments), halts);
      this.#flow();
      if ((i & 0xffff) === 0) onProgress(i / messages);
    }
    for (let locate = 1; locate <= instruments; locate++) this.#cross(locate, 'C', CLOSE);
    this.#at(CLOSE);
    this.#event('M');
    while (this.#live.length > 0) this.#delete(this.#live.length - 1);
    this.#at(20 * HOUR);
    for (const code of ['E', 'C']) this.#event(code);
    onProgress(1);
  }

  // ── The flow ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** One message of continuous trading, in about the mix of the real feed. */
  #flow(): void {
    const full = this.#live.length > this.#options.instruments * ORDERS_AN_INSTRUMENT;
    const what = this.#random.below(100);
    if (this.#live.length === 0 || (what < 46 && !(full && what < 8))) {
      this.#enter(this.#time);
      return;
    }
    const place = this.#pick();
    const order = this.#live[place];
    if (what < 84) this.#delete(place);
    else if (what < 92) this.#replace(place, order);
    else if (what < 97) this.#execute(place, order, this.#random.below(20) === 0);
    else if (what < 99 && order.shares > 1) this.#cancel(order);
    else this.#hiddenTrade(order);
  }

  /** Most of what happens to orders happens to those that came last. */
  #pick(): number {
    const count = this.#live.length;
    return this.#random.below(10) < 8 ? Math.max(0, count - 1 - this.#random.below(RECENT)) : this.#random.below(count);
  }

  /** Few instruments make most of the market: a twentieth of them about half. */
  #busy(): number {
    const share = this.#random.below(1 << 20) / (1 << 20);
    return 1 + Math.floor(this.#options.instruments * share ** 4);
  }

  #enter(time: number): void {
    const locate = this.#busy();
    const side = this.#random.below(2) === 0 ? BUY : SELL;
    if (this.#random.below(64) === 0) this.#mid[locate] = Math.max(10_000, this.#mid[locate] + (this.#random.below(3) - 1) * 100);
    const away = (1 + Math.floor(this.#random.below(1000) ** 2 / 30_000)) * 100;
    const price = Math.max(100, this.#mid[locate] + (side === BUY ? -away : away));
    const order = { reference: this.#reference++, locate, side, price, shares: (1 + this.#random.below(10)) * 100 };
    this.#at(time);
    const isNamed = this.#random.below(50) === 0;
    const message = this.#begin(isNamed ? wire.addOrderMpid : wire.addOrder, isNamed ? addMpid : add, locate);
    Object.assign(message, { reference: order.reference, side, shares: order.shares, stock: symbolOf(locate), price });
    if (isNamed) (message as typeof addMpid).attribution = 'MAKR';
    this.#push(isNamed ? wire.addOrderMpid.length : wire.addOrder.length);
    this.#live.push(order);
  }

  #delete(place: number): void {
    const { reference, locate } = this.#drop(place);
    this.#begin(wire.orderDelete, remove, locate).reference = reference;
    this.#push(wire.orderDelete.length);
  }

  #replace(place: number, order: Live): void {
    const price = Math.max(100, order.price + (this.#random.below(5) - 2) * 100);
    const message = this.#begin(wire.orderReplace, replace, order.locate);
    message.reference = order.reference;
    order.reference = this.#reference++;
    order.price = price;
    order.shares = (1 + this.#random.below(10)) * 100;
    message.newReference = order.reference;
    message.shares = order.shares;
    message.price = price;
    this.#push(wire.orderReplace.length);
    this.#live[place] = order;
  }

  #execute(place: number, order: Live, atOtherPrice: boolean): void {
    const shares = this.#random.below(3) === 0 ? order.shares : Math.max(1, this.#random.below(order.shares));
    const type = atOtherPrice ? wire.orderExecutedPrice : wire.orderExecuted;
    const message = this.#begin(type, atOtherPrice ? executedPrice : executed, order.locate);
    Object.assign(message, { reference: order.reference, shares, match: this.#match++ });
    if (atOtherPrice) Object.assign(message, { printable: codeOf('Y'), price: order.price });
    this.#push(type.length);
    order.shares -= shares;
    if (order.shares === 0) this.#drop(place);
    // One in 200, and the first one: a day has every message type, however short it is.
    if (this.#random.below(200) === 0 || !this.#hasBroken) {
      this.#hasBroken = true;
      this.#begin(wire.brokenTrade, broken, order.locate).match = this.#match - 1;
      this.#push(wire.brokenTrade.length);
    }
  }

  #cancel(order: Live): void {
    const shares = 1 + this.#random.below(order.shares - 1);
    const message = this.#begin(wire.orderCancel, cancel, order.locate);
    message.reference = order.reference;
    message.shares = shares;
    order.shares -= shares;
    this.#push(wire.orderCancel.length);
  }

  #hiddenTrade({ locate, price }: Live): void {
    const message = this.#begin(wire.trade, hidden, locate);
    Object.assign(message, { reference: 0, side: BUY, shares: 100, stock: symbolOf(locate), price, match: this.#match++ });
    this.#push(wire.trade.length);
  }

  #drop(place: number): Live {
    const order = this.#live[place];
    const last = this.#live.pop()!;
    if (place < this.#live.length) this.#live[place] = last;
    return order;
  }

  // ── The day ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #introduce(locate: number): void {
    this.#mid[locate] = 100_000 + this.#random.below(2_000_000 / 100) * 100;
    const stock = symbolOf(locate);
    const message = this.#begin(wire.stockDirectory, directory, locate);
    Object.assign(message, {
      stock,
      marketCategory: codeOf('Q'),
      financialStatus: codeOf('N'),
      roundLotSize: 100,
      roundLotsOnly: codeOf('N'),
    });
    Object.assign(message, {
      issueClassification: codeOf('C'),
      issueSubType: 'Z',
      authenticity: codeOf('P'),
      shortSaleThreshold: codeOf('N'),
    });
    Object.assign(message, { ipoFlag: codeOf('N'), luldTier: codeOf('1'), etpFlag: codeOf('N'), etpLeverage: 0, inverse: codeOf('N') });
    this.#push(wire.stockDirectory.length);
    this.#action(locate, 'Q', '');
    Object.assign(this.#begin(wire.regSho, regSho, locate), { stock, action: codeOf('0') });
    this.#push(wire.regSho.length);
    const position = this.#begin(wire.participantPosition, participant, locate);
    Object.assign(position, { mpid: 'MAKR', stock, primary: codeOf('Y'), mode: codeOf('N'), state: codeOf('A') });
    this.#push(wire.participantPosition.length);
  }

  /** Messages that most days have few or none of. */
  #rare(): void {
    const stock = symbolOf(1);
    Object.assign(this.#begin(wire.mwcbDeclineLevel, levels, 0), { level1: 4e11, level2: 3.7e11, level3: 3.4e11 });
    this.#push(wire.mwcbDeclineLevel.length);
    this.#begin(wire.mwcbStatus, breach, 0).breachedLevel = codeOf('1');
    this.#push(wire.mwcbStatus.length);
    Object.assign(this.#begin(wire.ipoQuotingPeriod, ipo, 1), { stock, releaseTime: 34_200, qualifier: codeOf('A'), price: 100_000 });
    this.#push(wire.ipoQuotingPeriod.length);
    Object.assign(this.#begin(wire.luldCollar, collar, 1), { stock, reference: 100_000, upper: 105_000, lower: 95_000, extension: 0 });
    this.#push(wire.luldCollar.length);
    Object.assign(this.#begin(wire.operationalHalt, operational, 1), { stock, marketCode: codeOf('Q'), action: codeOf('T') });
    this.#push(wire.operationalHalt.length);
    Object.assign(this.#begin(wire.retailInterest, retail, 1), { stock, interest: codeOf('N') });
    this.#push(wire.retailInterest.length);
    const listing = this.#begin(wire.directListing, direct, 1);
    Object.assign(listing, { stock, openEligible: codeOf('N'), minimumPrice: 90_000, maximumPrice: 180_000, nearPrice: 100_000 });
    Object.assign(listing, { nearTime: OPEN, lowerCollar: 90_000, upperCollar: 110_000 });
    this.#push(wire.directListing.length);
  }

  /** An auction of an instrument: where it would trade, what traded order by order, and the cross as a whole. */
  #cross(locate: number, type: string, time: number): void {
    const stock = symbolOf(locate);
    const price = this.#mid[locate];
    this.#at(time - 1e9);
    const indicative = this.#begin(wire.imbalance, noii, locate);
    Object.assign(indicative, { paired: 1000, imbalance: 0, direction: codeOf('N'), stock, farPrice: price, nearPrice: price });
    Object.assign(indicative, { referencePrice: price, crossType: codeOf(type), variation: codeOf('L') });
    this.#push(wire.imbalance.length);
    this.#at(time);
    const shares = 100 * (1 + this.#random.below(50));
    const whole = this.#begin(wire.crossTrade, cross, locate);
    Object.assign(whole, { shares, stock, price, match: this.#match++, crossType: codeOf(type) });
    this.#push(wire.crossTrade.length);
    if (type !== 'C') this.#action(locate, 'T', '');
  }

  #halt(locate: number, halts: Map<number, number>): void {
    halts.set(halts.size, locate);
    this.#action(locate, 'H', 'T1');
    this.#action(locate, 'Q', 'T3');
    this.#cross(locate, 'H', this.#time);
  }

  #action(locate: number, state: string, reason: string): void {
    const message = this.#begin(wire.tradingAction, action, locate);
    Object.assign(message, { stock: symbolOf(locate), state: codeOf(state), reserved: codeOf(' '), reason });
    this.#push(wire.tradingAction.length);
  }

  #event(code: string): void {
    this.#begin(wire.systemEvent, system, 0).event = codeOf(code);
    this.#push(wire.systemEvent.length);
  }

  // ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Time never goes back. */
  #at(time: number): number {
    this.#time = Math.max(this.#time, Math.floor(time));
    return this.#time;
  }

  #begin<F extends Flyweight>(type: { type: number }, message: F, locate: number): F {
    this.#view.setUint8(0, type.type);
    this.#view.setUint16(1, locate);
    this.#view.setUint16(3, 0);
    setU48(this.#view, 5, this.#time);
    return message.wrap(this.#view, 0);
  }

  #push(bytes: number): void {
    this.written++;
    this.#write(this.#view, bytes, this.#time);
  }
}

/** Four letters and more by number: AAAA, AAAB, ... */
export function symbolOf(locate: number): string {
  let text = '';
  for (let rest = locate - 1, i = 0; i < 4; i++, rest = Math.floor(rest / 26)) text = String.fromCharCode(0x41 + (rest % 26)) + text;
  return text;
}

const add = new wire.addOrder.View();
const addMpid = new wire.addOrderMpid.View();
const remove = new wire.orderDelete.View();
const replace = new wire.orderReplace.View();
const executed = new wire.orderExecuted.View();
const executedPrice = new wire.orderExecutedPrice.View();
const cancel = new wire.orderCancel.View();
const hidden = new wire.trade.View();
const broken = new wire.brokenTrade.View();
const directory = new wire.stockDirectory.View();
const regSho = new wire.regSho.View();
const participant = new wire.participantPosition.View();
const levels = new wire.mwcbDeclineLevel.View();
const breach = new wire.mwcbStatus.View();
const ipo = new wire.ipoQuotingPeriod.View();
const collar = new wire.luldCollar.View();
const operational = new wire.operationalHalt.View();
const retail = new wire.retailInterest.View();
const direct = new wire.directListing.View();
const noii = new wire.imbalance.View();
const cross = new wire.crossTrade.View();
const action = new wire.tradingAction.View();
const system = new wire.systemEvent.View();
