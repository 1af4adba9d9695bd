import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ALLOW_FAILURE, COMMAND, command } from '@outcry/market/command';
import { NEW_AGGREGATE, OF_CANCEL, RESTING } from '@outcry/market/event';
import { BUY, FOK, IOC, MARKET, MARKET_BY_AMOUNT, MAX_PRICE, MAX_QUANTITY, SELL, type Side } from '@outcry/market/order-terms';
import { INSTRUMENT_RULE } from '@outcry/market/rules';
import { emitState } from '../src/emit-state.ts';
import { DEFAULT_LIMITS, Engine } from '../src/engine.ts';
import { LocalEvents } from '../src/event-output.ts';
import { imageOf, restoreImage } from '../src/image.ts';
import { BTC, eventsOf, LOT, Market, SMALL_LIMITS, summary, UNIT, USDT } from './support/market.ts';

const ALICE = 0;
const BOB = 1;

function funded(fees?: [maker: number, taker: number]): Market {
  const market = new Market(SMALL_LIMITS, fees);
  for (const account of [ALICE, BOB]) {
    market.deposit(account, BTC, 1_000_000);
    market.deposit(account, USDT, 10_000_000);
  }
  return market;
}

describe('holding funds', () => {
  it('holds price times quantity of the quote asset for a buy, and lots of the base asset for a sell', () => {
    const market = funded();
    market.limit(ALICE, BUY, 100, 7);
    market.limit(BOB, SELL, 200, 5);
    assert.equal(market.held(ALICE, USDT), 100 * 7 * UNIT);
    assert.equal(market.available(ALICE, USDT), 10_000_000 - 100 * 7 * UNIT);
    assert.equal(market.held(BOB, BTC), 5 * LOT);
  });

  it('gives all of it back when the order is cancelled', () => {
    const market = funded();
    const order = market.limit(ALICE, BUY, 100, 7);
    const emitted = market.cancel(ALICE, order);
    assert.deepEqual(summary(emitted), ['cancelled by_request']);
    assert.equal(emitted[0].flags & RESTING, RESTING);
    assert.equal(market.held(ALICE, USDT), 0);
    assert.equal(market.available(ALICE, USDT), 10_000_000);
  });

  it('refuses an order that costs one unit more than is available, and takes one that costs all of it', () => {
    const market = new Market();
    market.deposit(ALICE, USDT, 100 * UNIT);
    assert.deepEqual(summary(market.order({ price: 101, quantity: 1 })), ['rejected insufficient_balance']);
    assert.equal(market.available(ALICE, USDT), 100 * UNIT);
    assert.deepEqual(summary(market.order({ price: 100, quantity: 1 })), ['accepted']);
    assert.equal(market.available(ALICE, USDT), 0);
  });

  it('gives a buyer back what a better price saved', () => {
    const market = funded([0, 0]);
    market.limit(BOB, SELL, 90, 5);
    market.limit(ALICE, BUY, 100, 5);
    assert.equal(market.held(ALICE, USDT), 0);
    assert.equal(market.available(ALICE, USDT), 10_000_000 - 90 * 5 * UNIT);
  });
});

describe('settling a trade', () => {
  it('charges the maker and the taker their fees on what they receive, rounded up', () => {
    const market = funded([1000, 2000]);
    market.limit(BOB, SELL, 101, 3);
    const emitted = market.order({ account: ALICE, side: BUY, price: 101, quantity: 3 });
    const [maker, taker] = emitted.filter(({ kind }) => kind === 'fill');
    assert.deepEqual([maker.account, maker.amount], [BOB, Math.ceil((101 * 3 * UNIT * 1000) / 1e6)]);
    assert.deepEqual([taker.account, taker.amount], [ALICE, Math.ceil((3 * LOT * 2000) / 1e6)]);
    assert.equal(market.available(BOB, USDT), 10_000_000 + 101 * 3 * UNIT - maker.amount);
    assert.equal(market.available(ALICE, BTC), 1_000_000 + 3 * LOT - taker.amount);
    assert.equal(market.engine.ledger.fees(USDT), maker.amount);
    assert.equal(market.engine.ledger.fees(BTC), taker.amount);
  });

  for (const side of [BUY, SELL]) {
    it(`delivers all that is bought where buyers pay nothing, and charges the ${side === BUY ? 'maker' : 'taker'} who sells in the quote asset`, () => {
      const market = funded([1000, 2000]);
      market.send(
        COMMAND.SET_INSTRUMENT_RULE,
        { [command.INSTRUMENT_RULE]: INSTRUMENT_RULE.BUYER_DISCOUNT },
        { [command.F64_VALUE]: 1_000_000 },
      );
      market.limit(BOB, side === BUY ? SELL : BUY, 101, 3);
      const emitted = market.order({ account: ALICE, side, price: 101, quantity: 3 });
      const fees = emitted.filter(({ kind }) => kind === 'fill').map(({ amount }) => amount);
      const fee = (ppm: number) => Math.ceil((101 * 3 * UNIT * ppm) / 1e6);
      assert.deepEqual(fees, side === BUY ? [fee(1000), 0] : [0, fee(2000)]);
      const buyer = side === BUY ? ALICE : BOB;
      assert.equal(market.available(buyer, BTC), 1_000_000 + 3 * LOT);
      assert.equal(market.available(1 - buyer, USDT), 10_000_000 + 101 * 3 * UNIT - fees[0] - fees[1]);
      assert.equal(market.engine.ledger.fees(BTC), 0);
    });
  }

  it("numbers an instrument's trades from 1 and marks the first fill at each price as a new aggregate", () => {
    const market = funded();
    for (const price of [100, 100, 101]) market.limit(BOB, SELL, price, 1);
    const emitted = market.order({ account: ALICE, side: BUY, price: 101, quantity: 3 });
    const fills = emitted.filter(({ kind, account }) => kind === 'fill' && account === ALICE);
    assert.deepEqual(
      fills.map(({ trade, price, flags }) => [trade, price, flags & NEW_AGGREGATE]),
      [
        [1, 100, NEW_AGGREGATE],
        [2, 100, 0],
        [3, 101, NEW_AGGREGATE],
      ],
    );
  });

  it('lets an account trade with itself and loses nothing but the fees', () => {
    const market = funded([1000, 1000]);
    market.limit(ALICE, SELL, 100, 10);
    market.limit(ALICE, BUY, 100, 10);
    const { ledger } = market.engine;
    assert.equal(market.available(ALICE, BTC) + ledger.fees(BTC), 1_000_000);
    assert.equal(market.available(ALICE, USDT) + ledger.fees(USDT), 10_000_000);
    assert.equal(market.held(ALICE, BTC) + market.held(ALICE, USDT), 0);
  });

  it('fills more makers at once than the list of trades holds', () => {
    const market = new Market({ ...SMALL_LIMITS, orders: 3000 });
    market.deposit(BOB, BTC, 3000 * LOT);
    market.deposit(ALICE, USDT, 10_000_000);
    for (let i = 0; i < 2500; i++) market.limit(BOB, SELL, 100, 1);
    const emitted = market.order({ account: ALICE, side: BUY, price: 100, quantity: 2500 });
    assert.equal(emitted.filter(({ kind }) => kind === 'fill').length, 5000);
    assert.equal(market.engine.memory.orders.inUse, 0);
    assert.equal(market.engine.ledger.discrepancy(BTC), 0);
  });
});

describe('time in force', () => {
  it('lets what an immediate-or-cancel order cannot trade vanish', () => {
    const market = funded();
    market.limit(BOB, SELL, 100, 2);
    const emitted = market.order({ account: ALICE, price: 100, quantity: 5, timeInForce: IOC });
    assert.deepEqual(summary(emitted), ['accepted', 'fill', 'fill', 'cancelled no_liquidity']);
    assert.equal(emitted.find(({ kind }) => kind === 'cancelled')?.remaining, 3);
    assert.equal(market.held(ALICE, USDT), 0);
  });

  it('trades a fill-or-kill order whole or not at all', () => {
    const market = funded();
    market.limit(BOB, SELL, 100, 2);
    market.limit(BOB, SELL, 101, 2);
    assert.deepEqual(summary(market.order({ account: ALICE, price: 101, quantity: 5, timeInForce: FOK })), [
      'accepted',
      'cancelled no_liquidity',
    ]);
    assert.deepEqual(summary(market.order({ account: ALICE, price: 101, quantity: 4, timeInForce: FOK })), [
      'accepted',
      'fill',
      'fill',
      'fill',
      'fill',
    ]);
  });

  it('trades a market order with fill or kill whole or not at all, on an instrument with rules too', () => {
    for (const withRules of [false, true]) {
      for (const side of [BUY, SELL] as const) {
        const market = funded();
        if (withRules)
          market.send(COMMAND.SET_INSTRUMENT_RULE, { [command.ASSET]: INSTRUMENT_RULE.MAX_QUANTITY }, { [command.F64_AMOUNT]: 1000 });
        const [best, next] = side === BUY ? [100, 101] : [100, 99];
        for (const price of [best, next]) market.limit(BOB, (1 - side) as Side, price, 2);
        const order = (quantity: number) => summary(market.order({ account: ALICE, side, kind: MARKET, quantity, timeInForce: FOK }));
        assert.deepEqual(order(5), ['accepted', 'cancelled no_liquidity']);
        assert.deepEqual(order(4), ['accepted', 'fill', 'fill', 'fill', 'fill']);
        assert.deepEqual(order(1), ['accepted', 'cancelled no_liquidity']);
        const byAmount = { account: ALICE, side, kind: MARKET_BY_AMOUNT, amount: 500, timeInForce: FOK };
        assert.deepEqual(summary(market.order(byAmount)), ['rejected invalid_terms']);
      }
    }
  });

  it('refuses a post-only order that would take, and rests one that would not', () => {
    const market = funded();
    market.limit(BOB, SELL, 100, 2);
    assert.deepEqual(summary(market.order({ price: 100, quantity: 1, postOnly: true })), ['rejected would_take']);
    assert.deepEqual(summary(market.order({ price: 99, quantity: 1, postOnly: true })), ['accepted']);
    assert.deepEqual(summary(market.order({ price: 99, quantity: 1, postOnly: true, timeInForce: IOC })), ['rejected invalid_terms']);
  });
});

describe('market orders', () => {
  it('buys a quantity at whatever it costs, when that is covered', () => {
    const market = funded([0, 0]);
    market.limit(BOB, SELL, 100, 2);
    market.limit(BOB, SELL, 200, 2);
    market.order({ account: ALICE, side: BUY, kind: MARKET, quantity: 3 });
    assert.equal(market.available(ALICE, USDT), 10_000_000 - 400 * UNIT);
    assert.equal(market.available(ALICE, BTC), 1_000_000 + 3 * LOT);
  });

  it('refuses a buy that the account cannot pay for, and overdraws nothing', () => {
    const market = funded();
    market.withdraw(ALICE, USDT, 10_000_000 - 399 * UNIT);
    market.limit(BOB, SELL, 100, 2);
    market.limit(BOB, SELL, 200, 2);
    assert.deepEqual(summary(market.order({ account: ALICE, side: BUY, kind: MARKET, quantity: 3 })), ['rejected insufficient_balance']);
    assert.equal(market.available(ALICE, USDT), 399 * UNIT);
  });

  it('spends at most the amount stated', () => {
    const market = funded([0, 0]);
    market.limit(BOB, SELL, 100, 2);
    market.limit(BOB, SELL, 200, 50);
    market.order({ account: ALICE, side: BUY, kind: MARKET_BY_AMOUNT, amount: 799 * UNIT });
    assert.equal(market.available(ALICE, BTC), 1_000_000 + (2 + 2) * LOT);
    assert.equal(market.available(ALICE, USDT), 10_000_000 - 600 * UNIT);
  });

  it('refuses an amount that does not buy a lot, or is not one', () => {
    const market = funded();
    market.limit(BOB, SELL, 100, 2);
    const by = (amount: number) => summary(market.order({ side: BUY, kind: MARKET_BY_AMOUNT, amount }));
    assert.deepEqual(by(99 * UNIT), ['rejected amount_too_small']);
    assert.deepEqual(by(0), ['rejected invalid_amount']);
    assert.deepEqual(by(Number.NaN), ['rejected invalid_amount']);
    assert.deepEqual(by(2 ** 53), ['rejected invalid_amount']);
  });

  it('finds nothing in an empty book and says so', () => {
    const market = funded();
    for (const side of [BUY, SELL] as const) {
      assert.deepEqual(summary(market.order({ side, kind: MARKET, quantity: 3 })), ['accepted', 'cancelled no_liquidity']);
      assert.deepEqual(summary(market.order({ side, kind: MARKET_BY_AMOUNT, amount: 300 })), ['accepted', 'cancelled no_liquidity']);
    }
    assert.equal(market.held(ALICE, BTC), 0);
  });
});

describe('changing open orders', () => {
  it('keeps the place of an order amended down, and releases what it no longer needs', () => {
    const market = funded();
    const first = market.limit(ALICE, BUY, 100, 10);
    market.limit(BOB, BUY, 100, 10);
    assert.deepEqual(summary(market.amend(ALICE, first, 4)), ['amended']);
    assert.equal(market.held(ALICE, USDT), 100 * 4 * UNIT);
    const emitted = market.order({ account: BOB, side: SELL, price: 100, quantity: 4 });
    assert.deepEqual(
      emitted.filter(({ kind }) => kind === 'fill').map(({ account }) => account),
      [ALICE, BOB],
    );
  });

  it('amends to no more than it has, and to no less than it has traded', () => {
    const market = funded();
    const order = market.limit(ALICE, BUY, 100, 10);
    market.order({ account: BOB, side: SELL, price: 100, quantity: 6 });
    for (const quantity of [10, 11, 6, 0, -1]) assert.deepEqual(summary(market.amend(ALICE, order, quantity)), ['rejected not_lower']);
    assert.deepEqual(summary(market.amend(ALICE, order, 7)), ['amended']);
    assert.equal(market.held(ALICE, USDT), 100 * UNIT);
  });

  it('replaces an order as one step: the old one goes, the new one queues anew', () => {
    const market = funded();
    const old = market.limit(ALICE, BUY, 100, 10);
    const emitted = market.replace(old, { account: ALICE, side: BUY, price: 101, quantity: 5 });
    assert.deepEqual(summary(emitted), ['cancelled replaced', 'accepted']);
    assert.equal(market.held(ALICE, USDT), 101 * 5 * UNIT);
    assert.equal(emitted.filter(({ kind }) => kind === 'balance').length, 1);
  });

  it('reports the balance that was released when the new order of a replacement is refused', () => {
    const market = funded();
    const old = market.limit(ALICE, BUY, 100, 10);
    const emitted = market.replace(old, { account: ALICE, side: BUY, price: 0, quantity: 5 });
    assert.deepEqual(summary(emitted), ['cancelled replaced', 'rejected invalid_price']);
    assert.equal(emitted.find(({ kind }) => kind === 'balance')?.available, 10_000_000);
  });

  it('enters the new order of a replacement without an old one only when asked to', () => {
    const market = funded();
    const old = market.limit(ALICE, BUY, 100, 10);
    market.cancel(ALICE, old);
    const terms = { account: ALICE, side: BUY, price: 101, quantity: 5 } as const;
    assert.deepEqual(summary(market.replace(old, terms)), ['rejected unknown_order']);
    assert.deepEqual(summary(market.replace(old, terms, ALLOW_FAILURE)), ['rejected unknown_order', 'accepted']);
  });

  it("leaves another account's order, a filled one and a made-up one alone", () => {
    const market = funded();
    const order = market.limit(ALICE, BUY, 100, 10);
    for (const [account, id] of [
      [BOB, order],
      [ALICE, 0],
      [ALICE, 77],
      [ALICE, order + 2 ** 24],
    ]) {
      const emitted = market.cancel(account, id);
      assert.deepEqual(summary(emitted), ['rejected unknown_order']);
      assert.equal(emitted[0].flags, OF_CANCEL);
    }
    market.order({ account: BOB, side: SELL, price: 100, quantity: 10 });
    assert.deepEqual(summary(market.cancel(ALICE, order)), ['rejected unknown_order']);
    assert.deepEqual(summary(market.amend(ALICE, order, 1)), ['rejected unknown_order']);
  });

  it('gives a slot that is used again an id of its own', () => {
    const market = funded();
    const first = market.limit(ALICE, BUY, 100, 1);
    market.cancel(ALICE, first);
    const second = market.limit(BOB, BUY, 100, 1);
    assert.notEqual(first, second);
    assert.deepEqual(summary(market.cancel(BOB, first)), ['rejected unknown_order']);
  });
});

describe('client order ids', () => {
  it('are unique among the open orders of an account, and free again afterwards', () => {
    const market = funded();
    const order = market.limit(ALICE, BUY, 100, 1, { client: 9 });
    assert.deepEqual(summary(market.order({ account: ALICE, price: 100, quantity: 1, client: 9 })), ['rejected duplicate_client_id']);
    assert.deepEqual(summary(market.order({ account: BOB, price: 100, quantity: 1, client: 9 })), ['accepted']);
    market.cancel(ALICE, order);
    assert.deepEqual(summary(market.order({ account: ALICE, price: 100, quantity: 1, client: 9 })), ['accepted']);
  });

  it('keep their text while the order is open', () => {
    const market = funded();
    const order = market.limit(ALICE, BUY, 100, 1, { client: 9, text: 'häuser-7' });
    assert.equal(market.engine.details.text(order % 2 ** 24), 'häuser-7');
    assert.equal(market.engine.details.texts.inUse, 1);
    market.cancel(ALICE, order);
    assert.equal(market.engine.details.texts.inUse, 0);
  });
});

describe('limits', () => {
  it('refuses prices and quantities out of range, and products beyond 2^53 - 1', () => {
    const market = new Market();
    market.deposit(ALICE, USDT, Number.MAX_SAFE_INTEGER);
    const refused = (price: number, quantity: number) => summary(market.order({ price, quantity }))[0];
    assert.equal(refused(0, 1), 'rejected invalid_price');
    assert.equal(refused(-5, 1), 'rejected invalid_price');
    assert.equal(refused(MAX_PRICE + 1, 1), 'rejected invalid_price');
    assert.equal(refused(100, 0), 'rejected invalid_quantity');
    assert.equal(refused(100, -1), 'rejected invalid_quantity');
    assert.equal(refused(MAX_PRICE, MAX_QUANTITY), 'rejected overflow');
    assert.equal(refused(MAX_PRICE, 1), 'accepted');
  });

  it('refuses unknown instruments and accounts', () => {
    const market = funded();
    assert.deepEqual(summary(market.order({ instrument: 3, price: 1, quantity: 1 })), ['rejected unknown_instrument']);
    assert.deepEqual(summary(market.order({ account: 15, price: 1, quantity: 1 })), ['rejected unknown_account']);
  });

  it('refuses orders while its pool is full, and takes them again when there is room', () => {
    const market = new Market({ ...SMALL_LIMITS, orders: 3 });
    market.deposit(ALICE, USDT, 1_000_000);
    const ids = [1, 2, 3].map((price) => market.limit(ALICE, BUY, price, 1));
    assert.deepEqual(summary(market.order({ price: 4, quantity: 1 })), ['rejected out_of_orders']);
    market.cancel(ALICE, ids[0]);
    assert.deepEqual(summary(market.order({ price: 4, quantity: 1 })), ['accepted']);
  });

  it('refuses more deposits of an asset than count exactly', () => {
    const market = new Market();
    assert.deepEqual(summary(market.deposit(ALICE, USDT, Number.MAX_SAFE_INTEGER)), ['applied']);
    assert.deepEqual(summary(market.deposit(BOB, USDT, 1)), ['rejected overflow']);
    assert.deepEqual(summary(market.withdraw(ALICE, USDT, 1)), ['applied']);
    assert.deepEqual(summary(market.deposit(BOB, USDT, 1)), ['applied']);
  });

  it('refuses money movements that make no sense', () => {
    const market = funded();
    assert.deepEqual(summary(market.deposit(9, USDT, 1)), ['rejected unknown_account']);
    assert.deepEqual(summary(market.deposit(ALICE, 3, 1)), ['rejected unknown_asset']);
    for (const amount of [0, -1, 0.5, Number.NaN, 2 ** 53]) {
      assert.deepEqual(summary(market.deposit(ALICE, USDT, amount)), ['rejected invalid_amount']);
    }
    assert.deepEqual(summary(market.withdraw(ALICE, USDT, 10_000_001)), ['rejected insufficient_balance']);
  });

  it('refuses definitions that contradict earlier ones or the limits', () => {
    const market = new Market();
    assert.deepEqual(summary(market.defineInstrument(0, BTC, USDT)), ['rejected invalid_definition']);
    assert.deepEqual(summary(market.defineInstrument(4, BTC, USDT)), ['rejected invalid_definition']);
    assert.deepEqual(summary(market.defineInstrument(1, BTC, BTC)), ['rejected unknown_asset']);
    assert.deepEqual(summary(market.defineInstrument(1, 3, USDT)), ['rejected unknown_asset']);
    assert.deepEqual(summary(market.defineInstrument(1, BTC, USDT, [0, 0], 0)), ['rejected invalid_definition']);
    assert.deepEqual(summary(market.defineInstrument(1, BTC, USDT, [0, 1_000_001])), ['rejected invalid_definition']);
    assert.deepEqual(summary(market.send(COMMAND.DEFINE_ASSET, { [command.ASSET]: 4 })), ['rejected invalid_definition']);
    assert.deepEqual(summary(market.send(COMMAND.OPEN_ACCOUNT, { [command.ACCOUNT]: 16 })), ['rejected invalid_definition']);
    assert.deepEqual(summary(market.send(99, {})), ['rejected invalid_terms']);
    assert.throws(() => new Engine(new LocalEvents(), { ...DEFAULT_LIMITS, orders: 2 ** 24 }), /at most 16777215 orders/);
  });
});

describe('state', () => {
  it('counts commands and never lets time go back', () => {
    const market = funded();
    const { sequence } = market.engine;
    market.time = 5;
    market.limit(ALICE, BUY, 100, 1);
    assert.equal(market.engine.sequence, sequence + 1);
    assert.ok(market.engine.writer.time > 1_000_000);
  });

  it('tells a reader that comes late every instrument, balance and open order, queues in their order', () => {
    const market = funded();
    market.limit(BOB, SELL, 105, 2);
    market.limit(ALICE, BUY, 105, 1);
    const first = market.limit(ALICE, BUY, 100, 5, { client: 3, text: 'first' });
    const second = market.limit(BOB, BUY, 100, 6);
    const { hash, sequence } = market.engine;
    market.output.clear();
    emitState(market.engine);
    const emitted = eventsOf(market.output);
    assert.deepEqual([market.engine.hash, market.engine.sequence], [hash, sequence]);
    const [numbers] = emitted.filter(({ kind }) => kind === 'instrument');
    assert.equal(numbers.price, 105);
    const openOrders = emitted.filter(({ kind, price }) => kind === 'open_order' && price === 100);
    assert.deepEqual(
      openOrders.map(({ order, remaining }) => [order, remaining]),
      [
        [first, 5],
        [second, 6],
      ],
    );
    const balance = emitted.find(({ kind, account, price }) => kind === 'balance' && account === ALICE && price === USDT);
    assert.equal(balance?.held, 100 * 5 * UNIT);
  });

  it('has no image between a text and its command, and none that fits a smaller engine', () => {
    const market = funded();
    for (let price = 1; price <= 50; price++) market.limit(ALICE, BUY, price, 1, { client: price, text: 't' });
    const image = imageOf(market.engine).map((part) => Uint8Array.from(part));
    for (const limits of [
      { ...SMALL_LIMITS, orders: 10 },
      { ...SMALL_LIMITS, accounts: 1, assets: 2 },
      { ...SMALL_LIMITS, instruments: 0 },
    ]) {
      assert.throws(() => restoreImage(new Engine(new LocalEvents(), limits), image), /fit/);
    }
    market.text('waiting');
    assert.throws(() => imageOf(market.engine), /no image/);
  });
});

it('an event output has a power of two of slots', () => {
  assert.throws(() => new LocalEvents(3), /power of two/);
});
