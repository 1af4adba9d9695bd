import { command as commandRecord } from '@outcry/market/command';
import { terms as record, type TermsFlags, termsFlags } from '@outcry/market/terms';
import { f64Of, i32Of, reserve } from '@outcry/memory/span';

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

/** Lots that an order displays, as every door has it: 0, it is no iceberg, where it shows all of them; -1: more than it has. */
export function displayOf(stated: number, quantity: number): number {
  if (stated > quantity) return -1;
  return stated === quantity ? 0 : stated;
}

/** Terms out of a TERMS event or command, into an object that is there already or a new one. */
export function readTerms(i32: Int32Array, f64: Float64Array, at: number, into: SpecialTerms = makeTerms({})): SpecialTerms {
  into.flags = i32[at + record.FLAGS];
  into.stopPrice = i32[at + record.STOP_PRICE];
  into.trail = i32[at + record.TRAIL];
  into.display = i32[at + record.DISPLAY];
  into.minQuantity = i32[at + record.MIN_QUANTITY];
  into.pegOffset = i32[at + record.PEG_OFFSET];
  into.session = i32[at + record.SESSION];
  into.expiry = f64[(at >> 1) + record.F64_EXPIRY];
  into.list = f64[(at >> 1) + record.F64_LIST];
  return into;
}

/** Writes the TERMS record that goes ahead of an order. */
export function writeTerms(i32: Int32Array, f64: Float64Array, at: number, head: number, t: SpecialTerms): void {
  i32.fill(0, at, at + commandRecord.WORDS);
  i32[at + commandRecord.HEAD] = head;
  writeFields(i32, f64, at, t);
}

function writeFields(i32: Int32Array, f64: Float64Array, at: number, t: SpecialTerms): void {
  i32[at + record.FLAGS] = t.flags;
  i32[at + record.STOP_PRICE] = t.stopPrice;
  i32[at + record.TRAIL] = t.trail;
  i32[at + record.DISPLAY] = t.display;
  i32[at + record.MIN_QUANTITY] = t.minQuantity;
  i32[at + record.PEG_OFFSET] = t.pegOffset;
  i32[at + record.SESSION] = t.session;
  f64[(at >> 1) + record.F64_EXPIRY] = t.expiry;
}

const { WORDS } = commandRecord;

/** The terms of open orders that have some, outside the JavaScript heap: 64 bytes each, by the slot that the engine gave the order. */
export class TermsTable {
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;

  constructor(capacity: number) {
    const span = reserve((capacity + 1) * commandRecord.BYTES);
    this.#i32 = i32Of(span);
    this.#f64 = f64Of(span);
  }

  set(slot: number, terms: SpecialTerms): void {
    const at = slot * WORDS;
    writeFields(this.#i32, this.#f64, at, terms);
    this.#f64[(at >> 1) + record.F64_LIST] = terms.list;
  }

  get(slot: number): SpecialTerms {
    return readTerms(this.#i32, this.#f64, slot * WORDS);
  }

  /** Lots that an iceberg displays, 0: the order is none. */
  displayOf(slot: number): number {
    return this.#i32[slot * WORDS + record.DISPLAY];
  }
}
