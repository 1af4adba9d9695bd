import { addPrint, CANDLE_SECONDS, type Candle, newCandle, spanStart } from '../../domain/candle.ts';

interface OpenCandle {
  readonly instrument: number;
  readonly seconds: number;
  readonly candle: Candle;
}

const LENGTHS = Object.values(CANDLE_SECONDS);

/** Candles of the trades of one batch, as rows of the store. */
export class CandleRows {
  /** in the order in which they began; and the current ones by instrument and length */
  #candles: OpenCandle[] = [];
  #current: (OpenCandle | undefined)[] = [];

  get size(): number {
    return this.#candles.length;
  }

  /** @param time microseconds since 1970 @param amount quote units */
  add(instrument: number, time: number, price: number, quantity: number, amount: number, takerBuys: boolean): void {
    for (let length = 0; length < LENGTHS.length; length++) {
      const start = spanStart(time / 1000, LENGTHS[length]);
      const place = instrument * LENGTHS.length + length;
      let openCandle = this.#current[place];
      if (openCandle === undefined || openCandle.candle.openTime !== start) {
        openCandle = { instrument, seconds: LENGTHS[length], candle: newCandle(start, price) };
        this.#current[place] = openCandle;
        this.#candles.push(openCandle);
      }
      addPrint(openCandle.candle, price, quantity, amount, takerBuys);
    }
  }

  *rows(): Generator<number[]> {
    for (const { instrument, seconds, candle: c } of this.#candles) {
      const values = [c.openTime * 1000, c.open, c.high, c.low, c.close, c.trades];
      const sums = [c.quantity, c.amount, c.takerBuyQuantity, c.takerBuyAmount].flatMap(({ high, low }) => [low, high]);
      yield [instrument, seconds, ...values, ...sums];
    }
  }

  clear(): void {
    this.#candles = [];
    this.#current = [];
  }
}
