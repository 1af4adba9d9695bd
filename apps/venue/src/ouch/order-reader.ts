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
import { AppendageReader, TAG } from '@outcry/wire/ouch50';
import type { Instrument } from '../core/market.ts';
import { makeTerms, type SpecialTerms, type StatedTerms } from '../core/special-terms.ts';
import { REJECT } from './codes.ts';

/** A price of 214,748.3647 means none: the market's (section 1.2). 200,000.0000, which means the same at Nasdaq, is a price here. */
export const MARKET_PRICE = 0x7fffffff;

const code = (text: string) => text.charCodeAt(0);
const DAY_ORDER = code('0');
const IMMEDIATE = code('3');
const EXTENDED = code('5');
const UNTIL_TIME = code('6');
const HIDDEN_ORDER = code('N');
const DISPLAYS = new Set([code('Y'), code('A'), HIDDEN_ORDER]);
const CROSSES: Record<number, TimeInForce> = { [code('O')]: AT_OPEN, [code('C')]: AT_CLOSE };
const NO_CROSS = code('N');
const PEGS: Record<number, number> = { [code('P')]: PEG_MARKET, [code('M')]: PEG_MID, [code('R')]: PEG_PRIMARY };
const LIMIT_PRICE = code('L');
const POST = code('P');
const NOT_POST = code('N');
/** Tags that say nothing to this venue: they are accepted as they are. */
const IGNORED = new Set<number>([
  TAG.FIRM,
  TAG.CUSTOMER_TYPE,
  TAG.GROUP_ID,
  TAG.SHARES_LOCATED,
  TAG.LOCATE_BROKER,
  TAG.USER_REF_INDEX,
  TAG.SIDE,
]);

/** What Enter Order and Replace Order say beyond side, symbol and references: read once, valid until the next. */
export class OrderReader {
  kind: OrderKind = LIMIT;
  timeInForce: TimeInForce = GTC;
  flags = 0;
  /** ticks */
  price = 0;
  terms: SpecialTerms | undefined;
  readonly #tags = new AppendageReader();

  /**
   * @param wirePrice four implied decimals @param elements where the appendage's elements begin @param end of the message
   * @param now microseconds since 1970 @returns 0, or why the order is refused: see REJECT
   */
  read(
    instrument: Instrument,
    view: DataView,
    quantity: number,
    wirePrice: number,
    timeInForce: number,
    display: number,
    cross: number,
    elements: number,
    end: number,
    now: number,
  ): number {
    this.kind = LIMIT;
    this.flags = 0;
    this.terms = undefined;
    if (quantity < 1 || quantity > MAX_QUANTITY) return REJECT.INVALID_QUANTITY;
    if (!DISPLAYS.has(display)) return REJECT.INVALID_DISPLAY;
    const isPlain = timeInForce === EXTENDED && cross === NO_CROSS && display !== HIDDEN_ORDER && elements >= end;
    this.timeInForce = GTC;
    if (wirePrice === MARKET_PRICE) {
      this.kind = MARKET;
      this.price = 0;
    } else {
      this.price = wirePrice / instrument.wireTick;
      if (!Number.isInteger(this.price) || this.price < 1 || this.price > MAX_PRICE) return REJECT.INVALID_PRICE;
    }
    return isPlain && this.kind === LIMIT ? 0 : this.#readRest(instrument, view, quantity, timeInForce, display, cross, elements, end, now);
  }

  /** The head of the command that enters the order. */
  head(kind: number, side: Side, moreFlags: number): number {
    return commandHead(kind, side, this.kind, this.timeInForce, this.flags | moreFlags);
  }

  #readRest(
    instrument: Instrument,
    view: DataView,
    quantity: number,
    timeInForce: number,
    display: number,
    cross: number,
    elements: number,
    end: number,
    now: number,
  ): number {
    const stated: StatedTerms = {};
    const refusal = this.#readTags(stated, instrument, view, quantity, elements, end, now);
    if (refusal !== 0) return refusal;
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
        if (stated.expiry === undefined) return REJECT.OTHER;
        this.timeInForce = GTD;
        break;
      default:
        return REJECT.OTHER;
    }
    if (this.timeInForce === FOK) delete stated.minQuantity;
    if (stated.expiry !== undefined && this.timeInForce !== GTD) delete stated.expiry;
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
    quantity: number,
    elements: number,
    end: number,
    now: number,
  ): number {
    const tags = this.#tags;
    for (let more = tags.open(view, elements, end); more; more = tags.next()) {
      const at = tags.value;
      switch (tags.tag) {
        case TAG.MIN_QUANTITY:
          if (view.getUint32(at) > quantity) return REJECT.INVALID_MIN_QUANTITY;
          if (view.getUint32(at) > 0) stated.minQuantity = view.getUint32(at);
          break;
        case TAG.MAX_FLOOR:
          if (view.getUint32(at) > quantity) return REJECT.INVALID_MAX_FLOOR;
          if (view.getUint32(at) > 0 && view.getUint32(at) < quantity) stated.display = view.getUint32(at);
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
        case TAG.ROUTE:
          return REJECT.ROUTING_NOT_ALLOWED;
        default:
          if (!IGNORED.has(tags.tag)) return REJECT.OTHER;
      }
    }
    return 0;
  }
}
