import { LIST_TYPE } from '@outcry/market/command';
import type { OrderKind, Side, TimeInForce } from '@outcry/market/order-terms';
import { ACCOUNT_RULE, INSTRUMENT_RULE } from '@outcry/market/rules';
import fc from 'fast-check';
import type { OrderSpec, SpecialTerms, VenueCommand } from '../reference/types.ts';

/** Random streams of commands over all features. Orders are picked by a number that the player maps to one accepted so far. */

export const ACCOUNTS = 4;
export const ASSETS = [0, 1, 2];

const account = fc.nat({ max: ACCOUNTS - 1 });
const instrument = fc.constantFrom(0, 0, 0, 1);
const price = fc.integer({ min: 92, max: 108 });
const lots = fc.integer({ min: 1, max: 30 });
const side = fc.constantFrom<Side>(0, 1);

function often<T>(weight: number, usual: T, ...others: fc.Arbitrary<T>[]): fc.Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: fc.constant(usual) }, ...others.map((arbitrary) => ({ weight: 1, arbitrary })));
}

const plainOrder: fc.Arbitrary<OrderSpec> = fc.record({
  account,
  instrument,
  side,
  kind: fc.constantFrom<OrderKind>(0, 0, 0, 0, 0, 1, 2),
  timeInForce: fc.constantFrom<TimeInForce>(0, 0, 0, 0, 1, 2),
  postOnly: often(6, false, fc.constant(true)),
  price: often(1, 100, price, price, price, price, price, fc.constantFrom(0, 1, 500, 0x7ffffffe, 0x7fffffff)),
  quantity: fc.oneof({ weight: 12, arbitrary: lots }, { weight: 1, arbitrary: fc.constantFrom(0, 0x7fffffff) }),
  amount: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 9_000 }) }, { weight: 1, arbitrary: fc.constantFrom(0, 2 ** 53 - 1) }),
  client: often(8, 0, fc.constantFrom(1, 2, 3)),
});

const someTerms: fc.Arbitrary<SpecialTerms> = fc.record(
  {
    trigger: fc.constantFrom(0, 1, 2),
    source: fc.constantFrom(0, 1, 2),
    stopPrice: fc.constantFrom(0, 95, 98, 99, 100, 101, 102, 105),
    trailUnit: fc.constantFrom(0, 1, 2),
    trail: fc.constantFrom(0, 1, 3, 250),
    display: fc.constantFrom(0, 1, 5),
    minQuantity: fc.constantFrom(0, 1, 8, 20),
    peg: fc.constantFrom(0, 1, 2, 3),
    pegOffset: fc.constantFrom(0, 1, -1),
    pegOnce: fc.boolean(),
    pegLevels: fc.boolean(),
    hidden: fc.boolean(),
    slide: fc.boolean(),
    selfTrade: fc.nat({ max: 4 }),
    session: fc.nat({ max: 2 }),
    expiry: fc.constantFrom(0, 1),
  },
  { requiredKeys: [] },
);

/** Terms that mostly go together. */
const trigger: fc.Arbitrary<SpecialTerms> = fc.record({
  trigger: fc.constantFrom(1, 2),
  source: fc.constantFrom(0, 0, 1, 2),
  stopPrice: fc.integer({ min: 94, max: 106 }),
});
const trailing: fc.Arbitrary<SpecialTerms> = fc.record({
  trigger: fc.constantFrom(1, 2),
  source: fc.constantFrom(0, 0, 1, 2),
  stopPrice: often(2, 0, fc.integer({ min: 96, max: 104 })),
  trailUnit: fc.constantFrom(1, 2),
  trail: fc.constantFrom(1, 2, 3, 100, 150, 300),
});
const pegged: fc.Arbitrary<SpecialTerms> = fc.record({
  peg: fc.constantFrom(1, 2, 3),
  pegOffset: fc.constantFrom(0, 0, 1, -1, -2),
  minQuantity: often(4, 0, fc.constant(5)),
});
const peggedOnce: fc.Arbitrary<SpecialTerms> = fc.record({
  peg: fc.constantFrom(1, 2),
  pegOnce: fc.constant(true),
  pegOffset: fc.constantFrom(0, 1),
  pegLevels: fc.boolean(),
});
const stopReplacement: fc.Arbitrary<SpecialTerms> = fc.record({ selfTrade: fc.integer({ min: 1, max: 4 }), session: fc.nat({ max: 2 }) });

const STAYING: TimeInForce[] = [0, 0, 0, 3, 4];
function special(
  order: Partial<Record<keyof OrderSpec, fc.Arbitrary<unknown>>>,
  terms: fc.Arbitrary<SpecialTerms>,
): fc.Arbitrary<OrderSpec> {
  const base = { account, instrument, side, price, quantity: lots, client: often(8, 0, fc.constantFrom(1, 2, 3)) };
  const rest = { kind: fc.constant(0), timeInForce: fc.constantFrom(...STAYING), postOnly: fc.constant(false), amount: fc.constant(0) };
  return fc.record({ ...base, ...rest, ...order, terms }) as fc.Arbitrary<OrderSpec>;
}

const specialOrder: fc.Arbitrary<OrderSpec> = fc.oneof(
  { weight: 3, arbitrary: special({ kind: fc.constantFrom(0, 0, 1) }, trigger) },
  { weight: 3, arbitrary: special({ kind: fc.constantFrom(0, 0, 1) }, trailing) },
  { weight: 3, arbitrary: special({}, fc.record({ display: fc.constantFrom(1, 2, 5) })) },
  { weight: 2, arbitrary: special({}, fc.record({ hidden: fc.constant(true) })) },
  { weight: 3, arbitrary: special({ timeInForce: fc.constantFrom(0, 0, 1, 4) }, fc.record({ minQuantity: fc.constantFrom(3, 8, 15) })) },
  { weight: 3, arbitrary: special({}, pegged) },
  { weight: 2, arbitrary: special({ price: fc.constant(0) }, peggedOnce) },
  {
    weight: 1,
    arbitrary: special(
      { price: fc.constant(0) },
      fc.tuple(peggedOnce, trigger).map(([a, b]) => ({ ...a, ...b })),
    ),
  },
  { weight: 2, arbitrary: special({ postOnly: fc.constant(true) }, fc.record({ slide: fc.constant(true) })) },
  { weight: 3, arbitrary: special({ kind: fc.constantFrom(0, 0, 0, 1, 2), timeInForce: fc.constantFrom(0, 0, 1, 2) }, stopReplacement) },
  { weight: 2, arbitrary: special({ kind: fc.constant(3), price: fc.constant(0) }, fc.record({ selfTrade: fc.nat({ max: 4 }) })) },
  { weight: 2, arbitrary: special({ timeInForce: fc.constantFrom(5, 6), kind: fc.constantFrom(0, 0, 1) }, fc.constant({})) },
  { weight: 2, arbitrary: special({ kind: fc.constantFrom(0, 0, 0, 1, 2, 3), timeInForce: fc.nat({ max: 6 }) }, someTerms) },
);

const leg = fc.oneof(
  special({ timeInForce: fc.constantFrom(0, 0, 0, 4) }, fc.constant({})),
  special({ postOnly: fc.constant(true) }, fc.constant({})),
  specialOrder,
);
const list: fc.Arbitrary<VenueCommand> = fc
  .record({
    type: fc.constantFrom(LIST_TYPE.OCO, LIST_TYPE.OTO, LIST_TYPE.OTOCO),
    legs: fc.tuple(leg, leg, leg),
    fits: often(5, true, fc.constant(false)),
    stop: trigger,
    posts: fc.boolean(),
    waitsFirst: fc.boolean(),
  })
  .map(({ type, legs, fits, stop, posts, waitsFirst }) => {
    const count = type === LIST_TYPE.OTOCO ? 3 : 2;
    const [first] = legs;
    let chosen = legs.slice(0, count).map((o) => ({ ...o, account: first.account, instrument: first.instrument }));
    if (fits && type !== LIST_TYPE.OCO)
      chosen[0] = { ...chosen[0], kind: 0, price: chosen[0].price || 100, terms: undefined, timeInForce: 0 };
    if (fits && type !== LIST_TYPE.OTO) {
      const [a, b] = chosen.slice(-2).map((o) => ({ ...o, side: chosen[1].side, quantity: chosen[1].quantity, client: 0 }));
      const waiting: OrderSpec = { ...a, kind: 0, timeInForce: 0, price: a.price || 100, postOnly: posts, terms: posts ? {} : stop };
      const stopping: OrderSpec = { ...b, kind: 0, timeInForce: 0, price: b.price || 100, postOnly: false, terms: stop };
      chosen = [...chosen.slice(0, -2), ...(waitsFirst ? [stopping, waiting] : [waiting, stopping])];
    }
    return { kind: 'list' as const, type, legs: chosen };
  });

const rule: fc.Arbitrary<VenueCommand> = fc
  .constantFrom<[number, number[]][]>(
    [INSTRUMENT_RULE.STATUS, [0, 0, 1, 2]],
    [INSTRUMENT_RULE.REFERENCE_PRICE, [0, 98, 100]],
    [INSTRUMENT_RULE.STATIC_BAND, [0, 0, 50_000, 70_000]],
    [INSTRUMENT_RULE.DYNAMIC_BAND, [0, 0, 20_000, 30_000]],
    [INSTRUMENT_RULE.MAX_DISTANCE, [0, 0, 40_000]],
    [INSTRUMENT_RULE.VOLATILITY_AUCTION, [0, 5_000]],
    [INSTRUMENT_RULE.MAX_QUANTITY, [0, 0, 25]],
    [INSTRUMENT_RULE.MAX_NOTIONAL, [0, 0, 6_000]],
    [INSTRUMENT_RULE.TOP_SHARE, [0, 25, 40]],
    [INSTRUMENT_RULE.FIFO_SHARE, [0, 40, 100, 100]],
    [INSTRUMENT_RULE.MIN_ALLOCATION, [0, 2]],
    [INSTRUMENT_RULE.MAKER_FEE, [-500, 0, 1000]],
    [INSTRUMENT_RULE.TAKER_FEE, [0, 2000]],
    [INSTRUMENT_RULE.FEE_SHARE, [750_000, 1_000_000]],
    [INSTRUMENT_RULE.BUYER_DISCOUNT, [0, 333_333, 1_000_000]],
    [INSTRUMENT_RULE.MAX_ALGO_ORDERS, [0, 0, 2]],
    [INSTRUMENT_RULE.MAX_ICEBERG_ORDERS, [0, 0, 1]],
    [INSTRUMENT_RULE.MAX_ORDER_LISTS, [0, 0, 1]],
  )
  .chain(([number, values]) =>
    fc.record({ kind: fc.constant('rule' as const), instrument, rule: fc.constant(number), value: fc.constantFrom(...values) }),
  );

const accountRule: fc.Arbitrary<VenueCommand> = fc
  .constantFrom<[number, number[]][]>(
    [ACCOUNT_RULE.STATUS, [0, 0, 0, 1, 2]],
    [ACCOUNT_RULE.GROUP, [0, 7, 7]],
    [ACCOUNT_RULE.FEE_TIER, [0, 1, 2]],
    [ACCOUNT_RULE.THIRD_ASSET_FEES, [0, 1]],
    [ACCOUNT_RULE.MAX_OPEN_ORDERS, [0, 0, 4]],
    [ACCOUNT_RULE.MAX_MESSAGES, [0, 0, 6]],
    [ACCOUNT_RULE.ORDER_TO_TRADE, [0, 0, 3]],
    [ACCOUNT_RULE.MESSAGES_FREE, [0, 10]],
    [ACCOUNT_RULE.MAX_POSITION, [0, 0, 32_000]],
  )
  .chain(([number, values]) =>
    fc.record({
      kind: fc.constant('accountRule' as const),
      account,
      rule: fc.constant(number),
      asset: fc.constant(0),
      value: fc.constantFrom(...values),
    }),
  );

const pick = fc.nat();
const amount = fc.oneof(fc.integer({ min: 1, max: 30_000 }), fc.constant(2 ** 53 - 1));
const asset = fc.constantFrom(...ASSETS);

/** A command whose orders are still picks: numbers to take modulo the orders accepted. */
export const step: fc.Arbitrary<VenueCommand> = fc.oneof(
  { weight: 24, arbitrary: fc.record({ kind: fc.constant('order' as const), order: plainOrder }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('order' as const), order: specialOrder }) },
  { weight: 5, arbitrary: list },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('replace' as const),
      old: pick,
      order: fc.oneof(plainOrder, specialOrder),
      evenIfGone: fc.boolean(),
      lessTraded: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('cancel' as const), account, instrument, order: pick }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('amend' as const),
      account,
      instrument,
      order: pick,
      quantity: fc.integer({ min: 0, max: 30 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('deposit' as const, 'withdraw' as const),
      account,
      asset,
      amount,
      reference: often(2, '', fc.constantFrom('wire-1', 'wire-2')),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('transfer' as const), from: account, to: account, asset, amount }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('state' as const),
      instrument,
      state: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6),
      reference: often(3, 0, price),
    }),
  },
  { weight: 2, arbitrary: rule },
  { weight: 2, arbitrary: accountRule },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('tier' as const),
      tier: fc.constantFrom(1, 2),
      maker: fc.constantFrom(-300, 0, 500),
      taker: fc.constantFrom(0, 900),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('massCancel' as const),
      account: fc.constantFrom(-1, 0, 1),
      instrument: fc.constantFrom(-1, 0),
      side: fc.constantFrom(-1, 0, 1),
      session: fc.constantFrom(-1, -1, 1),
    }),
  },
  { weight: 3, arbitrary: fc.constant<VenueCommand>({ kind: 'clock' }) },
);
