import { command as commandRecord } from '@outcry/market/command';
import { terms as record, type TermsFlags, termsFlags } from '@outcry/market/terms';

/** Terms of an order beyond price, quantity and time in force: ticks, lots, microseconds, and the flags of @outcry/market/terms. */
export interface SpecialTerms {
  flags: number;
  stopPrice: number;
  trail: number;
  display: number;
  minQuantity: number;
  pegOffset: number;
  session: number;
  /** microseconds since 1970, 0: none */
  expiry: number;
  /** number of its order list, 0: none */
  list: number;
}

export type StatedTerms = Partial<Omit<SpecialTerms, 'flags' | 'list'>> & TermsFlags;

export function makeTerms(stated: StatedTerms): SpecialTerms {
  const { stopPrice = 0, trail = 0, display = 0, minQuantity = 0, pegOffset = 0, session = 0, expiry = 0 } = stated;
  return { flags: termsFlags(stated), stopPrice, trail, display, minQuantity, pegOffset, session, expiry, list: 0 };
}

/** Terms out of a TERMS event or command. */
export function readTerms(i32: Int32Array, f64: Float64Array, at: number): SpecialTerms {
  return {
    flags: i32[at + record.FLAGS],
    stopPrice: i32[at + record.STOP_PRICE],
    trail: i32[at + record.TRAIL],
    display: i32[at + record.DISPLAY],
    minQuantity: i32[at + record.MIN_QUANTITY],
    pegOffset: i32[at + record.PEG_OFFSET],
    session: i32[at + record.SESSION],
    expiry: f64[(at >> 1) + record.F64_EXPIRY],
    list: f64[(at >> 1) + record.F64_LIST],
  };
}

/** Writes the TERMS record that goes ahead of an order. */
export function writeTerms(i32: Int32Array, f64: Float64Array, at: number, head: number, t: SpecialTerms): void {
  i32.fill(0, at, at + commandRecord.WORDS);
  i32[at + commandRecord.HEAD] = head;
  i32[at + record.FLAGS] = t.flags;
  i32[at + record.STOP_PRICE] = t.stopPrice;
  i32[at + record.TRAIL] = t.trail;
  i32[at + record.DISPLAY] = t.display;
  i32[at + record.MIN_QUANTITY] = t.minQuantity;
  i32[at + record.PEG_OFFSET] = t.pegOffset;
  i32[at + record.SESSION] = t.session;
  f64[(at >> 1) + record.F64_EXPIRY] = t.expiry;
}
