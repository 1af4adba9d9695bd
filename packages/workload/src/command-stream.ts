/** A random stream of commands for an engine. */
import { ALLOW_FAILURE, COMMAND, command, commandHead, LESS_TRADED, LIST_TYPE, POST_ONLY } from '@outcry/market/command';
import { kindOf as kindOfCommand } from '@outcry/market/command-head';
import { EVENT, event } from '@outcry/market/event';
import { instrumentOf, kindOf, stateOf } from '@outcry/market/event-reader';
import type { OrderKind, Side, TimeInForce } from '@outcry/market/order-terms';
import { ACCOUNT_RULE, INSTRUMENT_RULE } from '@outcry/market/rules';
import { isCall, TRADING_STATE } from '@outcry/market/states';
import { terms, termsFlags } from '@outcry/market/terms';
import type { Random } from './random.ts';

const { WORDS, HEAD, INSTRUMENT_WORD, ACCOUNT, PRICE, QUANTITY, ORDER_SLOT, ORDER_GENERATION, ASSET, F64_TIME, F64_AMOUNT, F64_UNIT } =
  command;

export const ACCOUNTS = 20;
export const INSTRUMENTS = 3;
/** BTC, USDT, ETH, FEE: instruments are 0/1, 2/1, 3/1. */
const BASES = [0, 2, 3];
const ASSETS = 4;
const QUOTE = 1;
const MOST_RECORDS = 8;
const REMEMBERED = 512;
/** microseconds: clocks are set wrong, and right again */
const DAY = 86_400_000_000;
const SET_UP = ASSETS + INSTRUMENTS + ACCOUNTS + ACCOUNTS * ASSETS + 2;

/**
 * Random commands over all that the engine can do, as records: valid ones mostly, around a price that wanders. What is open is learned
 * from the events, so that cancels and amendments mean something.
 */
export class CommandStream {
  /** The records of the last command. */
  readonly i32 = new Int32Array(MOST_RECORDS * WORDS);
  readonly f64 = new Float64Array(this.i32.buffer);
  count = 0;
  time = 1_700_000_000_000_000;
  readonly #random: Random;
  readonly #slots = new Int32Array(REMEMBERED);
  readonly #generations = new Int32Array(REMEMBERED);
  readonly #owners = new Int32Array(REMEMBERED);
  readonly #instruments = new Int32Array(REMEMBERED);
  readonly #states = new Int32Array(INSTRUMENTS);
  readonly #prices = [1000, 1000, 1000];
  #remembered = 0;
  #made = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Makes the next command: `count` records. */
  next(): void {
    this.count = 0;
    this.time += this.#random.chance(0.0005) ? this.#random.between(-3, 3) * DAY : this.#random.below(2000);
    if (this.#made < SET_UP) this.#setUp(this.#made);
    else this.#random.chance(0.9) ? this.#trade() : this.#administer();
    this.#made++;
  }

  /** Learns from an event what is open. */
  learn(i32: Int32Array, at: number): void {
    const kind = kindOf(i32, at);
    if (kind === EVENT.STATE) this.#states[instrumentOf(i32, at)] = stateOf(i32, at);
    if (kind !== EVENT.ACCEPTED) return;
    const i = this.#remembered++ % REMEMBERED;
    this.#slots[i] = i32[at + event.ORDER_SLOT];
    this.#generations[i] = i32[at + event.ORDER_GENERATION];
    this.#owners[i] = i32[at + event.ACCOUNT];
    this.#instruments[i] = instrumentOf(i32, at);
  }

  /** The venue was started anew: what was made and not kept is forgotten, the market is set up again where it is missing. */
  abandon(): void {
    this.#remembered = 0;
    this.#states.fill(TRADING_STATE.CONTINUOUS);
    this.#made = 0;
  }

  #record(head: number, words: Record<number, number>, numbers: Record<number, number> = {}): void {
    const at = this.count++ * WORDS;
    this.i32.fill(0, at, at + WORDS);
    this.i32[at + HEAD] = head;
    for (const word in words) this.i32[at + Number(word)] = words[word];
    for (const number in numbers) this.f64[at / 2 + Number(number)] = numbers[number];
    if (kindOfCommand(head) !== COMMAND.TERMS) this.f64[at / 2 + F64_TIME] = this.time;
  }

  #setUp(n: number): void {
    let i = n;
    if (i < ASSETS) return this.#record(commandHead(COMMAND.DEFINE_ASSET), { [ASSET]: i, [QUANTITY]: 8 });
    i -= ASSETS;
    if (i < INSTRUMENTS) {
      const words = { [INSTRUMENT_WORD]: i, [ACCOUNT]: BASES[i], [ASSET]: QUOTE, [PRICE]: 500, [QUANTITY]: 1500 };
      return this.#record(commandHead(COMMAND.DEFINE_INSTRUMENT), words, { [F64_AMOUNT]: 100, [F64_UNIT]: 3 });
    }
    i -= INSTRUMENTS;
    if (i < ACCOUNTS) return this.#record(commandHead(COMMAND.OPEN_ACCOUNT), { [ACCOUNT]: i });
    i -= ACCOUNTS;
    if (i < ACCOUNTS * ASSETS) return this.#deposit(i % ACCOUNTS, Math.floor(i / ACCOUNTS), 1e12);
    i -= ACCOUNTS * ASSETS;
    if (i === 0) return this.#rule(0, INSTRUMENT_RULE.FEE_INSTRUMENT, 3);
    this.#record(commandHead(COMMAND.DEFINE_FEE_TIER), { [command.TIER]: 1, [command.MAKER_FEE]: -200, [command.TAKER_FEE]: 900 });
  }

  #deposit(account: number, asset: number, amount: number): void {
    this.#record(commandHead(COMMAND.DEPOSIT), { [ACCOUNT]: account, [ASSET]: asset }, { [F64_AMOUNT]: amount });
  }

  #rule(instrument: number, rule: number, value: number): void {
    this.#record(
      commandHead(COMMAND.SET_INSTRUMENT_RULE),
      { [INSTRUMENT_WORD]: instrument, [command.INSTRUMENT_RULE]: rule },
      { [command.F64_VALUE]: value },
    );
  }

  #trade(): void {
    const r = this.#random;
    const what = r.below(100);
    if (what < 38) this.#order(COMMAND.NEW_ORDER, {});
    else if (what < 55) this.#special(COMMAND.NEW_ORDER);
    else if (what < 60) this.#list();
    else {
      const i = r.below(Math.max(1, Math.min(this.#remembered, REMEMBERED)));
      const meant = { [ORDER_SLOT]: this.#slots[i], [ORDER_GENERATION]: this.#generations[i] };
      const whose = { [ACCOUNT]: this.#owners[i], [INSTRUMENT_WORD]: this.#instruments[i] };
      if (what < 90) this.#record(commandHead(COMMAND.CANCEL), { ...meant, ...whose });
      else if (what < 95) this.#record(commandHead(COMMAND.AMEND), { ...meant, ...whose, [QUANTITY]: r.between(1, 50) });
      else
        this.#order(
          COMMAND.CANCEL_REPLACE,
          { ...meant, ...whose },
          (r.chance(0.3) ? ALLOW_FAILURE : 0) | (r.chance(0.3) ? LESS_TRADED : 0),
        );
    }
  }

  #price(instrument: number, side: Side): number {
    const r = this.#random;
    if (r.chance(0.02)) this.#prices[instrument] = Math.max(100, this.#prices[instrument] + r.between(-3, 3));
    const away = r.below(20) - 4; // some of them cross
    return Math.max(1, this.#prices[instrument] + (side === 0 ? -away : away));
  }

  #order(
    kind: number,
    more: Record<number, number>,
    moreFlags = 0,
    fixed: { side?: Side; quantity?: number; postOnly?: boolean } = {},
  ): void {
    const r = this.#random;
    const side = fixed.side ?? (r.below(2) as Side);
    const instrument = more[INSTRUMENT_WORD] ?? r.below(INSTRUMENTS);
    const isMarket = fixed.side === undefined && r.chance(0.06);
    const orderKind = (isMarket ? r.between(1, 2) : 0) as OrderKind;
    const timeInForce = (fixed.side === undefined && r.chance(0.1) ? r.between(1, 2) : 0) as TimeInForce;
    const postOnly = fixed.postOnly ?? (orderKind === 0 && timeInForce === 0 && r.chance(0.1));
    const words = {
      [INSTRUMENT_WORD]: instrument,
      [ACCOUNT]: r.below(ACCOUNTS),
      [PRICE]: orderKind === 0 ? this.#price(instrument, side) : 0,
      [QUANTITY]: fixed.quantity ?? r.between(1, 50),
      ...more,
    };
    const numbers: Record<number, number> = orderKind === 2 ? { [F64_AMOUNT]: r.between(3000, 200_000) } : {};
    this.#record(commandHead(kind, side, orderKind, timeInForce, (postOnly ? POST_ONLY : 0) | moreFlags), words, numbers);
  }

  #special(kind: number, more: Record<number, number> = {}, fixed: { side?: Side; quantity?: number } = {}): void {
    const r = this.#random;
    const side = fixed.side ?? (r.below(2) as Side);
    const instrument = more[INSTRUMENT_WORD] ?? r.below(INSTRUMENTS);
    const near = this.#prices[instrument];
    let words: Record<number, number> = {};
    let expiry = 0;
    let timeInForce: TimeInForce = 0;
    let price = this.#price(instrument, side);
    let orderKind: OrderKind = 0;
    const what = r.below(10);
    if (what < 2) {
      words = {
        [terms.FLAGS]: termsFlags({ trigger: r.between(1, 2), source: r.below(3) }),
        [terms.STOP_PRICE]: near + r.between(-15, 15),
      };
      orderKind = r.chance(0.3) ? 1 : 0;
    } else if (what < 4) {
      const trailUnit = r.between(1, 2);
      const flags = termsFlags({ trigger: r.between(1, 2), source: r.below(3), trailUnit });
      const activation = r.chance(0.3) ? near + r.between(-10, 10) : 0;
      words = {
        [terms.FLAGS]: flags,
        [terms.TRAIL]: trailUnit === 1 ? r.between(1, 15) : r.between(10, 150),
        [terms.STOP_PRICE]: activation,
      };
    } else if (what === 4) words = { [terms.DISPLAY]: r.between(1, 9) };
    else if (what === 5) words = { [terms.FLAGS]: termsFlags({ hidden: true }) };
    else if (what === 6) words = { [terms.MIN_QUANTITY]: r.between(1, 10) };
    else if (what === 7) words = { [terms.FLAGS]: termsFlags({ peg: r.between(1, 3) }), [terms.PEG_OFFSET]: r.between(-2, 2) };
    else if (what === 8) words = { [terms.FLAGS]: termsFlags({ selfTrade: r.between(1, 4) }), [terms.SESSION]: r.below(4) };
    else {
      timeInForce = r.between(3, 6) as TimeInForce;
      if (timeInForce === 3) expiry = this.time + r.between(1000, 500_000);
    }
    if (what === 7 && r.chance(0.3)) {
      words = { [terms.FLAGS]: termsFlags({ peg: r.between(1, 2), pegOnce: true }) };
      price = 0;
    }
    this.#record(commandHead(COMMAND.TERMS), words, { [terms.F64_EXPIRY]: expiry });
    const order = {
      [INSTRUMENT_WORD]: instrument,
      [ACCOUNT]: r.below(ACCOUNTS),
      [PRICE]: price,
      [QUANTITY]: fixed.quantity ?? r.between(10, 50),
    };
    this.#record(commandHead(kind, side, orderKind, timeInForce), { ...order, ...more });
  }

  #list(): void {
    const r = this.#random;
    const type = r.between(1, 3);
    const more = { [INSTRUMENT_WORD]: r.below(INSTRUMENTS), [ACCOUNT]: r.below(ACCOUNTS) };
    const side = r.below(2) as Side;
    const quantity = r.between(1, 30);
    const posted = () => this.#order(COMMAND.LEG, more, 0, { side, quantity, postOnly: true });
    const stop = () => {
      const near = this.#prices[more[INSTRUMENT_WORD]];
      const words = { [terms.FLAGS]: termsFlags({ trigger: 1 }), [terms.STOP_PRICE]: near + (side === 0 ? 1 : -1) * r.between(1, 12) };
      this.#record(commandHead(COMMAND.TERMS), words);
      this.#record(commandHead(COMMAND.LEG, side), { ...more, [PRICE]: near, [QUANTITY]: quantity });
    };
    if (type !== LIST_TYPE.OCO) this.#order(COMMAND.LEG, more, 0, { side: (1 - side) as Side, quantity, postOnly: false });
    posted();
    if (type !== LIST_TYPE.OTO) stop();
    this.#record(commandHead(COMMAND.NEW_LIST), { ...more, [command.LIST_TYPE]: type });
  }

  #administer(): void {
    const r = this.#random;
    const instrument = r.below(INSTRUMENTS);
    const account = r.below(ACCOUNTS);
    const what = r.below(20);
    if (this.#states[instrument] !== TRADING_STATE.CONTINUOUS && r.chance(0.5)) {
      const next = isCall(this.#states[instrument]) || r.chance(0.5) ? TRADING_STATE.CONTINUOUS : TRADING_STATE.PRE_OPEN;
      this.#record(commandHead(COMMAND.SET_STATE), { [INSTRUMENT_WORD]: instrument, [command.STATE]: next });
    } else if (what < 3) this.#record(commandHead(COMMAND.CLOCK), {});
    else if (what < 6) this.#deposit(account, r.below(ASSETS), r.between(1, 1_000_000));
    else if (what < 8) {
      const words = { [ACCOUNT]: account, [ASSET]: r.below(ASSETS) };
      this.#record(commandHead(COMMAND.WITHDRAW), words, { [F64_AMOUNT]: r.between(1, 1_000_000) });
    } else if (what === 8)
      this.#record(commandHead(COMMAND.SET_STATE), {
        [INSTRUMENT_WORD]: instrument,
        [command.STATE]: r.below(7),
        [command.REFERENCE]: this.#prices[instrument],
      });
    else if (what < 11) this.#limit(instrument);
    else if (what < 14) this.#accountRule(account);
    else if (what === 14) {
      const all = {
        [ACCOUNT]: account,
        [PRICE]: r.chance(0.5) ? -1 : instrument,
        [QUANTITY]: r.between(-1, 1),
        [ASSET]: r.chance(0.7) ? -1 : 1,
      };
      this.#record(commandHead(COMMAND.MASS_CANCEL), all);
    } else {
      const words = { [ACCOUNT]: account, [ORDER_SLOT]: r.below(ACCOUNTS), [ASSET]: r.below(ASSETS) };
      this.#record(commandHead(COMMAND.TRANSFER), words, { [F64_AMOUNT]: r.between(1, 1000) });
    }
  }

  #limit(instrument: number): void {
    const r = this.#random;
    const off = r.chance(0.6);
    const rules: [number, number][] = [
      [INSTRUMENT_RULE.STATIC_BAND, 60_000],
      [INSTRUMENT_RULE.DYNAMIC_BAND, 8_000],
      [INSTRUMENT_RULE.VOLATILITY_AUCTION, 20_000],
      [INSTRUMENT_RULE.MAX_QUANTITY, 45],
      [INSTRUMENT_RULE.MAX_DISTANCE, 30_000],
      [INSTRUMENT_RULE.MAX_ALGO_ORDERS, 40],
      [INSTRUMENT_RULE.MAX_ICEBERG_ORDERS, 20],
      [INSTRUMENT_RULE.MAX_ORDER_LISTS, 20],
    ];
    if (r.chance(0.3)) this.#rule(instrument, INSTRUMENT_RULE.FIFO_SHARE, r.pick([100, 100, 40, 0]));
    else {
      const [rule, value] = r.pick(rules);
      this.#rule(instrument, rule, off ? 0 : value);
    }
  }

  #accountRule(account: number): void {
    const r = this.#random;
    const rules: [number, number][] = [
      [ACCOUNT_RULE.GROUP, r.below(3)],
      [ACCOUNT_RULE.FEE_TIER, r.below(2)],
      [ACCOUNT_RULE.THIRD_ASSET_FEES, r.below(2)],
      [ACCOUNT_RULE.MAX_OPEN_ORDERS, r.chance(0.7) ? 0 : 40],
      [ACCOUNT_RULE.STATUS, r.chance(0.9) ? 0 : 1],
      [ACCOUNT_RULE.PARENT, r.below(2)],
      [ACCOUNT_RULE.MAX_POSITION, r.chance(0.7) ? 0 : 1e12],
    ];
    const [rule, value] = r.pick(rules);
    this.#record(
      commandHead(COMMAND.SET_ACCOUNT_RULE),
      { [ACCOUNT]: account, [command.ACCOUNT_RULE]: rule },
      { [command.F64_VALUE]: value },
    );
  }
}
