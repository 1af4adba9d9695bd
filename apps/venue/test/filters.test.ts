/** The filters against the rules as they are documented, in numbers of any size. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  BUY,
  LIMIT,
  MARKET,
  MARKET_BY_AMOUNT,
  MARKET_TO_LIMIT,
  MAX_PRICE,
  MAX_QUANTITY,
  type OrderKind,
  SELL,
  type Side,
} from '@outcry/market/order-terms';
import { REASON, REASON_NAMES } from '@outcry/market/reason';
import fc from 'fast-check';
import { OrderLimits } from '../src/core/orders/filters.ts';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { type Instrument, Market } from '../src/domain/market.ts';

type Limits = Pick<Instrument, 'maxQuantity' | 'minNotional' | 'maxNotional' | 'icebergParts' | 'unit' | 'bands'>;
type Asked = { side: Side; kind: OrderKind; price: number; quantity: number; amount: number; display: number; average: number };

/** The filters as the rules state them, in numbers of any size. */
function stated({ maxQuantity, minNotional, maxNotional, icebergParts, unit, bands }: Limits, asked: Asked): number {
  const { side, kind, price, quantity, amount, display, average } = asked;
  if (quantity > maxQuantity) return REASON.QUANTITY_TOO_LARGE;
  const parts = display === 0 ? 1n : (BigInt(quantity) + BigInt(display) - 1n) / BigInt(display);
  if (parts > BigInt(icebergParts)) return REASON.TOO_MANY_PARTS;
  const hasPrice = kind === LIMIT && price > 0;
  const product = BigInt(hasPrice ? price : average) * BigInt(quantity) * BigInt(unit);
  const notional = kind === MARKET_BY_AMOUNT ? BigInt(amount) : product;
  if (notional < BigInt(minNotional)) return REASON.NOTIONAL_TOO_SMALL;
  if (!hasPrice) return REASON.NONE;
  if (notional > BigInt(maxNotional)) return REASON.NOTIONAL_TOO_LARGE;
  const [up, down] = side === BUY ? [bands.bidUp, bands.bidDown] : [bands.askUp, bands.askDown];
  const scaled = BigInt(price) * 1_000_000n;
  return scaled > BigInt(average) * BigInt(up) || scaled < BigInt(average) * BigInt(down) ? REASON.PRICE_TOO_FAR : REASON.NONE;
}

const MOST = BigInt(Number.MAX_SAFE_INTEGER);
const safe = (value: bigint) => Number(value < 0n ? 0n : value > MOST ? MOST : value);
const step = fc.integer({ min: -2, max: 2 });
/** A whole number from the least to the most, of any magnitude. */
const upTo = (least: number, most: number) => fc.oneof(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: least + 50 }));

/** An order without its display, as an arbitrary of a record. */
const constants = <T extends object>({ ...fields }: T) =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, fc.constant(value)])) as { [K in keyof T]: fc.Arbitrary<T[K]> };

/** An order, with limits that lie anywhere or right at it. */
const questions = fc
  .record({
    side: fc.constantFrom(BUY, SELL),
    kind: fc.constantFrom(LIMIT, LIMIT, LIMIT, MARKET, MARKET_BY_AMOUNT, MARKET_TO_LIMIT),
    price: upTo(0, MAX_PRICE),
    quantity: upTo(0, MAX_QUANTITY),
    amount: fc.maxSafeNat(),
    icebergParts: fc.integer({ min: 1, max: 100 }),
    isIceberg: fc.boolean(),
    average: upTo(1, MAX_PRICE),
    unit: fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
  })
  .chain((asked) => {
    const price = asked.kind === LIMIT && asked.price > 0 ? asked.price : asked.average;
    const product = BigInt(price) * BigInt(asked.quantity) * BigInt(asked.unit);
    const near = (value: bigint) =>
      fc.oneof(
        fc.maxSafeNat(),
        step.map((by) => safe(value + BigInt(by))),
      );
    const factor = near((BigInt(asked.price) * 1_000_000n) / BigInt(asked.average));
    const wide = fc.constant(Number.MAX_SAFE_INTEGER);
    const zero = fc.constant(0);
    const part = Math.floor(asked.quantity / asked.icebergParts);
    const display = step.map((by) => Math.min(Math.max(1, part + by), MAX_QUANTITY));
    return fc.record({
      asked: fc.record({ ...constants(asked), display: asked.isIceberg ? display : zero }),
      limits: fc.record({
        maxQuantity: fc.oneof(
          wide,
          step.map((by) => Math.max(0, asked.quantity + by)),
        ),
        minNotional: fc.oneof(zero, near(asked.kind === MARKET_BY_AMOUNT ? BigInt(asked.amount) : product)),
        maxNotional: fc.oneof(wide, near(product)),
        icebergParts: fc.constant(asked.icebergParts),
        unit: fc.constant(asked.unit),
        bands: fc.record({
          bidUp: fc.oneof(wide, factor),
          bidDown: fc.oneof(zero, factor),
          askUp: fc.oneof(wide, factor),
          askDown: fc.oneof(zero, factor),
        }),
      }),
    });
  });

describe('the filters', () => {
  it('say of any order what the rules say, to the last unit', () => {
    const seen = new Set<number>();
    fc.assert(
      fc.property(questions, fc.integer({ min: 1, max: MAX_PRICE }), ({ asked, limits }, before) => {
        const filters = new OrderLimits(limits as Instrument);
        const { side, kind, price, quantity, amount, display, average } = asked;
        filters.refusal(side, kind, price, quantity, amount, display, before); // an average that was another one
        const verdict = filters.refusal(side, kind, price, quantity, amount, display, average);
        seen.add(verdict);
        assert.equal(REASON_NAMES[verdict], REASON_NAMES[stated(limits, asked)]);
      }),
      { numRuns: 20_000 },
    );
    assert.equal(seen.size, 6, `all verdicts were met: ${[...seen].map((reason) => REASON_NAMES[reason])}`);
  });

  it('follow the average price, and measure an order without a price with it', () => {
    const [btc] = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS).instruments; // 0.2 to 5 times the average, from 5 USDT on
    const limits = new OrderLimits(btc);
    const verdict = (kind: OrderKind, price: number, quantity: number, average: number) =>
      REASON_NAMES[limits.refusal(BUY, kind, price, quantity, 0, 0, average)];
    assert.equal(verdict(LIMIT, 30_000_000, 100, 6_000_000), 'none');
    assert.equal(verdict(LIMIT, 30_000_001, 100, 6_000_000), 'price_too_far');
    assert.equal(verdict(LIMIT, 30_000_001, 100, 6_000_001), 'none');
    assert.equal(verdict(LIMIT, 1_200_000, 100, 6_000_001), 'price_too_far');
    assert.equal(verdict(MARKET, 0, 50, 1_000_000), 'none');
    assert.equal(verdict(MARKET, 0, 50, 999_999), 'notional_too_small');
  });
});
