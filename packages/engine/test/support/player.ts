import {
  ALLOW_FAILURE,
  COMMAND,
  command,
  commandHead,
  generationOf,
  LESS_TRADED,
  orderHandle,
  POST_ONLY,
  slotOf,
} from '@outcry/market/command';
import {
  EVENT,
  event,
  IN_AUCTION,
  IS_HIDDEN,
  IS_MAKER,
  NEW_AGGREGATE,
  OF_CANCEL,
  PENDING,
  PREVENTED,
  RESTING,
  WAITING,
} from '@outcry/market/event';
import { REASON_NAMES } from '@outcry/market/reason';
import { termsFlags, terms as termsRecord } from '@outcry/market/terms';
import { Engine, type EngineLimits } from '../../src/engine.ts';
import { LocalEvents } from '../../src/event-output.ts';
import type { OrderSpec, SpecialTerms, VenueCommand } from '../reference/types.ts';

/** Applies commands to an engine and tells what it says in the lines of the reference venue. Orders go by the order of acceptance. */
export class Player {
  engine: Engine;
  readonly output = new LocalEvents(64);
  /** every record applied, for playing it again */
  readonly tape: Uint8Array[] = [];
  /** balances by account and asset, as a reader of events knows them */
  readonly heard = new Map<string, [available: number, held: number]>();
  readonly #buffer = new ArrayBuffer(command.BYTES);
  readonly #i32 = new Int32Array(this.#buffer);
  readonly #f64 = new Float64Array(this.#buffer);
  readonly #idOf: number[] = [0];
  readonly #numberOf = new Map<number, number>();

  constructor(limits: EngineLimits) {
    this.engine = new Engine(this.output, limits);
  }

  /** Orders accepted so far. */
  get accepted(): number {
    return this.#idOf.length - 1;
  }

  defineAsset(asset: number): void {
    this.#record(commandHead(COMMAND.DEFINE_ASSET), { [command.ASSET]: asset, [command.QUANTITY]: 8 });
  }

  openAccount(account: number): void {
    this.#record(commandHead(COMMAND.OPEN_ACCOUNT), { [command.ACCOUNT]: account });
  }

  defineInstrument(number: number, base: number, quote: number, lot: number, unit: number, maker: number, taker: number): void {
    const words = {
      [command.INSTRUMENT_WORD]: number,
      [command.ACCOUNT]: base,
      [command.ASSET]: quote,
      [command.PRICE]: maker,
      [command.QUANTITY]: taker,
    };
    this.#record(commandHead(COMMAND.DEFINE_INSTRUMENT), words, { [command.F64_AMOUNT]: lot, [command.F64_UNIT]: unit });
  }

  /** @param time microseconds */
  play(c: VenueCommand, time: number): string[] {
    this.output.clear();
    this.#send(c, time);
    return this.#lines();
  }

  #send(c: VenueCommand, time: number): void {
    const at = { [command.F64_TIME]: time };
    const record = (kind: number, words: Record<number, number>, numbers: Record<number, number> = {}) =>
      this.#record(commandHead(kind), words, { ...at, ...numbers });
    switch (c.kind) {
      case 'order':
        this.#order(COMMAND.NEW_ORDER, c.order, time, 0, {});
        break;
      case 'replace':
        this.#order(COMMAND.CANCEL_REPLACE, c.order, time, replaceFlags(c), this.#meaning(c.old));
        break;
      case 'cancel':
        record(COMMAND.CANCEL, { [command.ACCOUNT]: c.account, [command.INSTRUMENT_WORD]: c.instrument, ...this.#meaning(c.order) });
        break;
      case 'amend': {
        const words = { [command.ACCOUNT]: c.account, [command.INSTRUMENT_WORD]: c.instrument, [command.QUANTITY]: c.quantity };
        record(COMMAND.AMEND, { ...words, ...this.#meaning(c.order) });
        break;
      }
      case 'list':
        for (const leg of c.legs) this.#order(COMMAND.LEG, leg, time, 0, {});
        record(COMMAND.NEW_LIST, {
          [command.ACCOUNT]: c.legs[0].account,
          [command.INSTRUMENT_WORD]: c.legs[0].instrument,
          [command.ASSET]: c.type,
        });
        break;
      case 'deposit':
      case 'withdraw':
        if (c.reference !== '') this.#text(c.reference);
        record(
          c.kind === 'deposit' ? COMMAND.DEPOSIT : COMMAND.WITHDRAW,
          { [command.ACCOUNT]: c.account, [command.ASSET]: c.asset },
          { [command.F64_AMOUNT]: c.amount },
        );
        break;
      case 'transfer': {
        const words = { [command.ACCOUNT]: c.from, [command.ORDER_SLOT]: c.to, [command.ASSET]: c.asset };
        record(COMMAND.TRANSFER, words, { [command.F64_AMOUNT]: c.amount });
        break;
      }
      case 'state':
        record(COMMAND.SET_STATE, { [command.INSTRUMENT_WORD]: c.instrument, [command.ASSET]: c.state, [command.PRICE]: c.reference });
        break;
      case 'rule': {
        const words = { [command.INSTRUMENT_WORD]: c.instrument, [command.ASSET]: c.rule };
        record(COMMAND.SET_INSTRUMENT_RULE, words, { [command.F64_AMOUNT]: c.value });
        break;
      }
      case 'accountRule': {
        const words = { [command.ACCOUNT]: c.account, [command.ORDER_SLOT]: c.rule, [command.ASSET]: c.asset };
        record(COMMAND.SET_ACCOUNT_RULE, words, { [command.F64_AMOUNT]: c.value });
        break;
      }
      case 'tier':
        record(COMMAND.DEFINE_FEE_TIER, { [command.ACCOUNT]: c.tier, [command.PRICE]: c.maker, [command.QUANTITY]: c.taker });
        break;
      case 'massCancel':
        record(COMMAND.MASS_CANCEL, {
          [command.ACCOUNT]: c.account,
          [command.PRICE]: c.instrument,
          [command.QUANTITY]: c.side,
          [command.ASSET]: c.session,
        });
        break;
      case 'risk':
        record(COMMAND.SET_RISK, { [command.ASSET]: c.checked ? 1 : 0 });
        break;
      case 'clock':
        record(COMMAND.CLOCK, {});
    }
  }

  #order(kind: number, o: OrderSpec, time: number, flags: number, meaning: Record<number, number>): void {
    if (o.terms !== undefined) this.#terms(o.terms);
    const words = {
      ...meaning,
      [command.INSTRUMENT_WORD]: o.instrument,
      [command.ACCOUNT]: o.account,
      [command.PRICE]: o.price,
      [command.QUANTITY]: o.quantity,
      [command.CLIENT_LOW]: o.client,
    };
    const numbers = { [command.F64_TIME]: time, [command.F64_AMOUNT]: o.amount };
    this.#record(commandHead(kind, o.side, o.kind, o.timeInForce, flags | (o.postOnly ? POST_ONLY : 0)), words, numbers);
  }

  #terms(t: SpecialTerms): void {
    const words = {
      [termsRecord.FLAGS]: termsFlags(t),
      [termsRecord.STOP_PRICE]: t.stopPrice ?? 0,
      [termsRecord.TRAIL]: t.trail ?? 0,
      [termsRecord.DISPLAY]: t.display ?? 0,
      [termsRecord.MIN_QUANTITY]: t.minQuantity ?? 0,
      [termsRecord.PEG_OFFSET]: t.pegOffset ?? 0,
      [termsRecord.SESSION]: t.session ?? 0,
    };
    this.#record(commandHead(COMMAND.TERMS), words, { [termsRecord.F64_EXPIRY]: t.expiry ?? 0 });
  }

  #text(text: string): void {
    this.#i32.fill(0);
    this.#i32[command.HEAD] = commandHead(COMMAND.TEXT);
    Buffer.from(this.#buffer).write(text, command.TEXT * 4, command.TEXT_BYTES);
    this.#apply();
  }

  #meaning(number: number): Record<number, number> {
    const id = this.#idOf[number] ?? 0;
    return { [command.ORDER_SLOT]: slotOf(id), [command.ORDER_GENERATION]: generationOf(id) };
  }

  #record(head: number, words: Record<number, number>, numbers: Record<number, number> = {}): void {
    this.#i32.fill(0);
    this.#i32[command.HEAD] = head;
    for (const [at, value] of Object.entries(words)) this.#i32[Number(at)] = value;
    for (const [at, value] of Object.entries(numbers)) if (value !== 0) this.#f64[Number(at)] = value;
    this.#apply();
  }

  #apply(): void {
    this.tape.push(new Uint8Array(this.#buffer.slice(0)));
    this.engine.apply(this.#i32, this.#f64, 0);
  }

  #lines(): string[] {
    const lines: string[] = [];
    for (let i = 0; i < this.output.count; i++) {
      const line = this.#line(i * event.WORDS);
      if (line !== '') lines.push(line);
    }
    return lines;
  }

  #line(at: number): string {
    const { i32, f64 } = this.output;
    const half = at >> 1;
    const head = i32[at + event.HEAD];
    const flags = head >>> 16;
    const upper = i32[at + event.INSTRUMENT_WORD] >>> 16;
    const place = i32[at + event.INSTRUMENT_WORD] & 0xffff;
    const id = orderHandle(i32[at + event.ORDER_SLOT], i32[at + event.ORDER_GENERATION]);
    const price = i32[at + event.PRICE];
    const lots = i32[at + event.QUANTITY];
    const left = i32[at + event.REMAINING];
    const has = (flag: number, word: string) => ((flags & flag) !== 0 ? ` ${word}` : '');
    const amount = f64[half + event.F64_AMOUNT];
    const trade = f64[half + event.F64_TRADE];
    if ((head & 0xff) === EVENT.ACCEPTED) {
      this.#numberOf.set(id, this.#idOf.length);
      this.#idOf.push(id);
    }
    const order = `#${this.#numberOf.get(id)}`;
    switch (head & 0xff) {
      case EVENT.ACCEPTED:
        return `accepted ${order} ${price} ${lots}${has(PENDING, 'pending')}${has(WAITING, 'waiting')}${has(RESTING, 'resting')}`;
      case EVENT.REJECTED:
        return `rejected ${REASON_NAMES[upper]}${has(OF_CANCEL, 'of cancel')}`;
      case EVENT.FILL: {
        const role = (flags & IS_MAKER) !== 0 ? 'maker' : 'taker';
        const fee = `fee ${amount}${upper === 0 ? '' : ` of ${upper - 1}`}`;
        return `fill ${order} ${role} ${price} x ${lots} left ${left} ${fee}${has(NEW_AGGREGATE, 'new')}${has(IN_AUCTION, 'auction')}`;
      }
      case EVENT.RESTED:
        return `rested ${order} ${price} ${left}${has(IS_HIDDEN, 'hidden')}`;
      case EVENT.CANCELLED:
        return `cancelled ${order} ${REASON_NAMES[upper]} ${left}${has(RESTING, 'resting')}`;
      case EVENT.AMENDED:
        return `amended ${order} ${lots} ${left}${has(PREVENTED, 'prevented')}`;
      case EVENT.PREVENTED_MATCH: {
        const role = (flags & IS_MAKER) !== 0 ? 'maker' : 'taker';
        return `prevented ${order} ${role} ${lots} of ${amount} at ${price} match ${trade} mode ${upper} group ${left}`;
      }
      case EVENT.TRIGGERED:
        return `triggered ${order} ${price}${has(WAITING, 'waiting')}`;
      case EVENT.SHOWN:
        return `shown ${order} ${price} ${lots} of ${left}`;
      case EVENT.STATE:
        return `state ${place} ${upper} ${price}`;
      case EVENT.INDICATIVE:
      case EVENT.AUCTION: {
        const name = (head & 0xff) === EVENT.AUCTION ? 'auction' : 'indicative';
        return `${name} ${place} ${price} ${trade} ${amount}`;
      }
      case EVENT.LIST:
        return `list ${lots}`;
      case EVENT.CANCELLING:
        return 'cancelling';
      case EVENT.CANCELLED_ALL:
        return `cancelled all ${lots}`;
      case EVENT.APPLIED:
        return 'applied';
      case EVENT.BALANCE: {
        const account = i32[at + event.ACCOUNT];
        this.heard.set(`${account} ${price}`, [f64[half + event.F64_AVAILABLE], f64[half + event.F64_HELD]]);
        return '';
      }
      default:
        return '';
    }
  }
}

function replaceFlags({ evenIfGone, lessTraded }: { evenIfGone: boolean; lessTraded: boolean }): number {
  return (evenIfGone ? ALLOW_FAILURE : 0) | (lessTraded ? LESS_TRADED : 0);
}
