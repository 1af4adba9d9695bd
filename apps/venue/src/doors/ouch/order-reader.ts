/** Reads the prices, quantities and appendages of OUCH orders. */
import { commandHead, POST_ONLY } from '@outcry/market/command';
import {
  AT_CLOSE,
  AT_OPEN,
  DAY,
  FOK,
  GTC,
  GTD,
  IOC,
  LIMIT,
  MARKET,
  MAX_PRICE,
  MAX_QUANTITY,
  type OrderKind,
  PEG_MARKET,
  PEG_MID,
  PEG_PRIMARY,
  type Side,
  type TimeInForce,
} from '@outcry/market/order-terms';
import { codeOf, getU64 } from '@outcry/wire/layout';
import { AppendageReader, enterOrder, HIGHEST_TAG, replaceOrder, TAG } from '@outcry/wire/ouch50';
import type { Instrument } from '../../domain/market.ts';
import { displayOf, makeTerms, type SpecialTerms, type StatedTerms } from '../../domain/special-terms.ts';
import { lettersOf, REJECT } from './codes.ts';
import { isName } from './request-tags.ts';

/** A price of 214,748.3647 means none: the market's (section 1.2). 200,000.0000, which means the same at Nasdaq, is a price here. */
const MARKET_PRICE = 0x7fffffff;

const ENTER = enterOrder.at;
const REPLACE = replaceOrder.at;
const DAY_ORDER = codeOf('0');
const IMMEDIATE = codeOf('3');
const EXTENDED = codeOf('5');
const UNTIL_TIME = codeOf('6');
const HIDDEN_ORDER = codeOf('N');
const DISPLAYS = lettersOf('YAN');
const SWEEPS = lettersOf('YN');
const CAPACITIES = lettersOf('APRO');
const CROSSES: Record<number, TimeInForce> = { [codeOf('O')]: AT_OPEN, [codeOf('C')]: AT_CLOSE };
const NO_CROSS = codeOf('N');
const PEGS: Record<number, number> = { [codeOf('P')]: PEG_MARKET, [codeOf('M')]: PEG_MID, [codeOf('R')]: PEG_PRIMARY };
const LIMIT_PRICE = codeOf('L');
const POST = codeOf('P');
const NOT_POST = codeOf('N');
/** Codes of tags that mean nothing to this venue: one that the specification does not have is refused all the same. */
const MEANINGLESS: Record<number, Uint8Array> = {
  [TAG.CUSTOMER_TYPE]: lettersOf('RN '),
  [TAG.SHARES_LOCATED]: lettersOf('YN'),
};
/** Names that mean nothing to this venue, and why one is refused that is none: of a firm, of a broker. */
const NAMES: Record<number, number> = { [TAG.FIRM]: REJECT.FIRM_NOT_AUTHORIZED, [TAG.LOCATE_BROKER]: REJECT.OTHER };

/** What Enter Order and Replace Order say beyond side, symbol and references: read once, valid until the next. */
export class OrderReader {
  kind: OrderKind = LIMIT;
  timeInForce: TimeInForce = GTC;
  flags = 0;
  /** ticks, and lots as they were said */
  price = 0;
  quantity = 0;
  terms: SpecialTerms | undefined;
  /** GroupID, 0: none */
  group = 0;
  readonly #tags = new AppendageReader();

  /**
   * Reads an Enter Order. @param elements where the appendage's elements begin @param end of the message
   * @param now microseconds since 1970 @returns 0, or why the order is refused: see REJECT
   */
  readEntry(instrument: Instrument, view: DataView, at: number, elements: number, end: number, now: number): number {
    if (CAPACITIES[view.getUint8(at + ENTER.capacity)] === 0) return REJECT.OTHER;
    return this.#read(
      instrument,
      view,
      view.getUint8(at + ENTER.side),
      view.getUint32(at + ENTER.quantity),
      getU64(view, at + ENTER.price),
      view.getUint8(at + ENTER.timeInForce),
      view.getUint8(at + ENTER.display),
      view.getUint8(at + ENTER.sweep),
      view.getUint8(at + ENTER.crossType),
      elements,
      end,
      now,
    );
  }

  /** Reads a Replace Order: as {@link readEntry}. @param side letter of the order that it replaces */
  readReplacement(instrument: Instrument, side: number, view: DataView, at: number, elements: number, end: number, now: number): number {
    return this.#read(
      instrument,
      view,
      side,
      view.getUint32(at + REPLACE.quantity),
      getU64(view, at + REPLACE.price),
      view.getUint8(at + REPLACE.timeInForce),
      view.getUint8(at + REPLACE.display),
      view.getUint8(at + REPLACE.sweep),
      NO_CROSS,
      elements,
      end,
      now,
    );
  }

  #read(
    instrument: Instrument,
    view: DataView,
    side: number,
    quantity: number,
    wirePrice: number,
    timeInForce: number,
    display: number,
    sweep: number,
    cross: number,
    elements: number,
    end: number,
    now: number,
  ): number {
    this.quantity = quantity;
    this.kind = LIMIT;
    this.flags = 0;
    this.terms = undefined;
    this.group = 0;
    if (quantity < 1 || quantity > MAX_QUANTITY) return REJECT.INVALID_QUANTITY;
    if (DISPLAYS[display] === 0) return REJECT.INVALID_DISPLAY;
    if (SWEEPS[sweep] === 0) return REJECT.ISO_NOT_ALLOWED;
    const isPlain = timeInForce === EXTENDED && cross === NO_CROSS && display !== HIDDEN_ORDER && elements >= end;
    this.timeInForce = GTC;
    if (wirePrice === MARKET_PRICE) {
      this.kind = MARKET;
      this.price = 0;
    } else {
      this.price = wirePrice / instrument.wireTick;
      if (!Number.isInteger(this.price) || this.price < 1 || this.price > MAX_PRICE) return REJECT.INVALID_PRICE;
    }
    if (isPlain && this.kind === LIMIT) return 0;
    return this.#readRest(instrument, view, side, quantity, timeInForce, display, cross, elements, end, now);
  }

  /** The head of the command that enters the order. */
  head(kind: number, side: Side, moreFlags: number): number {
    return commandHead(kind, side, this.kind, this.timeInForce, this.flags | moreFlags);
  }

  #readRest(
    instrument: Instrument,
    view: DataView,
    side: number,
    quantity: number,
    timeInForce: number,
    display: number,
    cross: number,
    elements: number,
    end: number,
    now: number,
  ): number {
    const stated: StatedTerms = {};
    const refusal = this.#readTags(stated, instrument, view, side, quantity, elements, end, now);
    if (refusal !== 0) return refusal;
    if ((stated.expiry !== undefined) !== (timeInForce === UNTIL_TIME)) return REJECT.OTHER;
    switch (timeInForce) {
      case DAY_ORDER:
        this.timeInForce = DAY;
        break;
      case IMMEDIATE:
        this.timeInForce = stated.minQuantity === quantity ? FOK : IOC;
        break;
      case EXTENDED:
        break;
      case UNTIL_TIME:
        if (this.kind === MARKET || cross !== NO_CROSS) return REJECT.OTHER;
        this.timeInForce = GTD;
        break;
      default:
        return REJECT.OTHER;
    }
    if (this.timeInForce === FOK) delete stated.minQuantity;
    if (this.kind === MARKET && timeInForce !== IMMEDIATE && cross === NO_CROSS) this.timeInForce = IOC;
    if (display === HIDDEN_ORDER) stated.hidden = true;
    if (cross !== NO_CROSS) {
      if (CROSSES[cross] === undefined) return REJECT.INVALID_CROSS;
      this.timeInForce = CROSSES[cross];
    }
    if (Object.keys(stated).length > 0) this.terms = makeTerms(stated);
    return 0;
  }

  #readTags(
    stated: StatedTerms,
    instrument: Instrument,
    view: DataView,
    side: number,
    quantity: number,
    elements: number,
    end: number,
    now: number,
  ): number {
    const tags = this.#tags;
    let seen = 0;
    for (let more = tags.open(view, elements, end); more; more = tags.next()) {
      const at = tags.value;
      if (tags.tag > HIGHEST_TAG || (seen & (1 << tags.tag)) !== 0) return REJECT.OTHER; // which of two is meant?
      seen |= 1 << tags.tag;
      switch (tags.tag) {
        case TAG.MIN_QUANTITY:
          if (view.getUint32(at) > quantity) return REJECT.INVALID_MIN_QUANTITY;
          if (view.getUint32(at) > 0) stated.minQuantity = view.getUint32(at);
          break;
        case TAG.MAX_FLOOR:
          if (displayOf(view.getUint32(at), quantity) < 0) return REJECT.INVALID_MAX_FLOOR;
          if (displayOf(view.getUint32(at), quantity) > 0) stated.display = view.getUint32(at);
          break;
        case TAG.PRICE_TYPE:
          if (view.getUint8(at) === LIMIT_PRICE) break;
          if (PEGS[view.getUint8(at)] === undefined) return REJECT.INVALID_PEG;
          stated.peg = PEGS[view.getUint8(at)];
          break;
        case TAG.PEG_OFFSET:
          stated.pegOffset = view.getInt32(at) / instrument.wireTick;
          if (!Number.isInteger(stated.pegOffset)) return REJECT.INVALID_PRICE;
          break;
        case TAG.POST_ONLY:
          if (view.getUint8(at) === POST) this.flags |= POST_ONLY;
          else if (view.getUint8(at) !== NOT_POST) return REJECT.OTHER;
          break;
        case TAG.EXPIRE_TIME:
          stated.expiry = now + view.getUint32(at) * 1e6;
          break;
        case TAG.GROUP_ID:
          this.group = view.getUint16(at);
          break;
        case TAG.SIDE:
          if (view.getUint8(at) !== side) return REJECT.INVALID_SIDE;
          break;
        case TAG.ROUTE:
          return REJECT.ROUTING_NOT_ALLOWED;
        case TAG.USER_REF_INDEX:
          break; // its flow
        case TAG.FIRM:
        case TAG.LOCATE_BROKER:
          if (!isName(view, at, tags.bytes)) return NAMES[tags.tag];
          break;
        default:
          if (MEANINGLESS[tags.tag]?.[view.getUint8(at)] !== 1) return REJECT.OTHER;
      }
    }
    if (stated.pegOffset !== undefined && stated.peg === undefined) return REJECT.INVALID_PEG;
    return 0;
  }
}
