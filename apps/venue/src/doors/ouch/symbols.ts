/** Instruments by the eight letters of their OUCH symbols. */
import { enterOrder } from '@outcry/wire/ouch50';
import type { Instrument } from '../../domain/market.ts';

/** An instrument by the eight letters of its name, as two words. */
interface Listed {
  instrument: Instrument;
  high: number;
  low: number;
}

/** The instruments that OUCH offers, by the eight letters that stand for them in a message. */
export class Symbols {
  readonly #byKey: Map<number, Listed>;

  constructor(instruments: readonly Instrument[]) {
    this.#byKey = new Map(instruments.filter(({ wireTick }) => wireTick > 0).map(listed));
  }

  /** @param at where the letters are */
  find(view: DataView, at: number): Instrument | undefined {
    const [high, low] = [view.getUint32(at), view.getUint32(at + 4)];
    const found = this.#byKey.get(symbolKey(high, low));
    return found !== undefined && found.high === high && found.low === low ? found.instrument : undefined;
  }
}

function listed(instrument: Instrument): [number, Listed] {
  const view = new DataView(new ArrayBuffer(8));
  enterOrder.fields.symbol.set(view, 0, instrument.wireSymbol);
  const [high, low] = [view.getUint32(0), view.getUint32(4)];
  return [symbolKey(high, low), { instrument, high, low }];
}

/** A key of eight letters that is exact as a number; a few of those that are no letters share one. */
function symbolKey(high: number, low: number): number {
  return packed(high) * 0x1000000 + packed(low);
}
/** Six bits of each of four letters. */
function packed(word: number): number {
  return ((word >>> 6) & 0xfc0000) | ((word >>> 4) & 0x3f000) | ((word >>> 2) & 0xfc0) | (word & 0x3f);
}
