import { command as commandRecord, POST_ONLY } from '@outcry/market/command';
import { instrumentOf } from '@outcry/market/command-head';
import { BUY, type Side } from '@outcry/market/order-terms';
import { HIDDEN, PEG_ONCE, pegOf, SLIDE, selfTradeOf, sourceOf, terms, trailUnitOf, triggerOf, withLeg } from '@outcry/market/terms';

const { HEAD, INSTRUMENT_WORD, ACCOUNT, PRICE, QUANTITY, CLIENT_LOW, CLIENT_HIGH, F64_AMOUNT } = commandRecord;

/** An order as a command and its TERMS state it, with what the checks made of it. */
export class Entry {
  account = 0;
  instrument = 0;
  side: Side = BUY;
  kind = 0;
  timeInForce = 0;
  postOnly = false;
  price = 0;
  quantity = 0;
  amount = 0;
  low = 0;
  high = 0;
  /** whether it came with TERMS */
  isSpecial = false;
  flags = 0;
  stopPrice = 0;
  trail = 0;
  display = 0;
  minQuantity = 0;
  pegOffset = 0;
  session = 0;
  expiry = 0;
  /** units that it has to hold as it enters */
  need = 0;
  /** of an order of a list: its id; 0: the command's number */
  id = 0;
  /** see the command STRATEGY */
  strategyType = 0;
  strategyNumber = 0;
  readonly termWords = new Int32Array(commandRecord.WORDS);
  readonly #termNumbers = new Float64Array(this.termWords.buffer);

  /** @param termWords the TERMS record's words, undefined: there was none */
  read(i32: Int32Array, f64: Float64Array, at: number, termWords: Int32Array | undefined): void {
    const head = i32[at + HEAD];
    this.account = i32[at + ACCOUNT];
    this.instrument = instrumentOf(i32[at + INSTRUMENT_WORD]);
    this.side = ((head >>> 8) & 1) as Side;
    this.kind = (head >>> 16) & 0xf;
    this.timeInForce = (head >>> 20) & 0xf;
    this.postOnly = ((head >>> 24) & POST_ONLY) !== 0;
    this.price = i32[at + PRICE];
    this.quantity = i32[at + QUANTITY];
    this.amount = f64[(at >> 1) + F64_AMOUNT];
    this.low = i32[at + CLIENT_LOW];
    this.high = i32[at + CLIENT_HIGH];
    this.isSpecial = termWords !== undefined;
    if (termWords === undefined) this.termWords.fill(0);
    else this.termWords.set(termWords);
    const words = this.termWords;
    this.flags = words[terms.FLAGS];
    this.stopPrice = words[terms.STOP_PRICE];
    this.trail = words[terms.TRAIL];
    this.display = words[terms.DISPLAY];
    this.minQuantity = words[terms.MIN_QUANTITY];
    this.pegOffset = words[terms.PEG_OFFSET];
    this.session = words[terms.SESSION];
    this.expiry = this.#termNumbers[terms.F64_EXPIRY];
    this.#termNumbers[terms.F64_LIST] = 0;
    this.need = 0;
    this.id = 0;
  }

  /** Makes it the order of a list, as TERMS tell it. */
  join(leg: number, list: number): void {
    this.isSpecial = true;
    this.flags = withLeg(this.flags, leg);
    this.termWords[terms.FLAGS] = this.flags;
    this.#termNumbers[terms.F64_LIST] = list;
  }

  get hasTrigger(): boolean {
    return triggerOf(this.flags) !== 0;
  }
  get trails(): boolean {
    return trailUnitOf(this.flags) !== 0;
  }
  get trailUnit(): number {
    return trailUnitOf(this.flags);
  }
  get trigger(): number {
    return triggerOf(this.flags);
  }
  get source(): number {
    return sourceOf(this.flags);
  }
  get selfTrade(): number {
    return selfTradeOf(this.flags);
  }
  get peg(): number {
    return pegOf(this.flags);
  }
  get pegsOnce(): boolean {
    return (this.flags & PEG_ONCE) !== 0;
  }
  get follows(): boolean {
    return this.peg !== 0 && !this.pegsOnce;
  }
  get hidden(): boolean {
    return (this.flags & HIDDEN) !== 0;
  }
  get slides(): boolean {
    return (this.flags & SLIDE) !== 0;
  }
}
