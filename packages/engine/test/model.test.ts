import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ALLOW_FAILURE } from '@outcry/market/command';
import {
  BUY,
  FOK,
  GTC,
  IOC,
  LIMIT,
  MARKET,
  MARKET_BY_AMOUNT,
  MAX_PRICE,
  MAX_QUANTITY,
  type OrderKind,
  SELL,
  type Side,
  type TimeInForce,
} from '@outcry/market/order-terms';
import fc from 'fast-check';
import { Engine } from '../src/engine.ts';
import { LocalEvents } from '../src/event-output.ts';
import { imageOf, restoreImage } from '../src/image.ts';
import { details } from '../src/order-details.ts';
import { BTC, LOT, Market, type OrderTerms, SMALL_LIMITS, type Told, UNIT, USDT } from './support/market.ts';
import { PlainExchange } from './support/plain-exchange.ts';

const ACCOUNTS = 4;
const ETH = 2;
const LIMITS = { ...SMALL_LIMITS, orders: 40 };

type Step =
  | { kind: 'order'; terms: OrderTerms }
  | { kind: 'replace'; pick: number; terms: OrderTerms; evenIfGone: boolean }
  | { kind: 'cancel'; pick: number; stranger: boolean }
  | { kind: 'amend'; pick: number; quantity: number }
  | { kind: 'money'; into: boolean; account: number; asset: number; amount: number };

const account = fc.nat({ max: ACCOUNTS - 1 });
const terms: fc.Arbitrary<OrderTerms> = fc.record({
  account,
  instrument: fc.constantFrom(0, 1),
  side: fc.constantFrom<Side>(BUY, SELL),
  kind: fc.constantFrom<OrderKind>(LIMIT, LIMIT, LIMIT, LIMIT, MARKET, MARKET_BY_AMOUNT),
  timeInForce: fc.constantFrom<TimeInForce>(GTC, GTC, GTC, IOC, FOK),
  postOnly: fc.constantFrom(false, false, false, true),
  price: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 90, max: 110 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1, 50_000, MAX_PRICE, MAX_PRICE + 1) },
  ),
  quantity: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 1, max: 40 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, MAX_QUANTITY) },
  ),
  amount: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 2 ** 53 - 1) },
  ),
  client: fc.constantFrom(0, 0, 0, 1, 2, 3),
  text: fc.constantFrom('', 'strategy-7'),
});
const pick = fc.nat();
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('order' as const), terms }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const), pick, terms, evenIfGone: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick, stranger: fc.constantFrom(false, false, false, true) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('amend' as const), pick, quantity: fc.integer({ min: 0, max: 40 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('money' as const),
      into: fc.boolean(),
      account,
      asset: fc.constantFrom(BTC, USDT, ETH),
      amount: fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.constant(2 ** 53 - 1)),
    }),
  },
);

/** The engine and the plain exchange, fed alike and compared after every command. */
class Both {
  readonly market = new Market(LIMITS);
  readonly plain: PlainExchange;
  readonly #idOf = new Map<number, number>();
  readonly #heard = new Map<string, [available: number, held: number]>();
  #nextId = 1;
  steps = 0;

  constructor() {
    this.market.send(8, { 7: ETH, 4: 8 });
    this.market.defineInstrument(1, ETH, USDT, [0, 333], 7, 11);
    const usdt = { quote: USDT };
    this.plain = new PlainExchange(
      [
        { ...usdt, base: BTC, lot: BigInt(LOT), unit: BigInt(UNIT), makerFee: 1000n, takerFee: 2000n },
        { ...usdt, base: ETH, lot: 7n, unit: 11n, makerFee: 0n, takerFee: 333n },
      ],
      ACCOUNTS,
      LIMITS.orders,
    );
    for (let owner = 0; owner < ACCOUNTS; owner++) {
      for (const [asset, amount] of [
        [BTC, 30_000],
        [USDT, 200_000],
        [ETH, 3_000],
      ]) {
        this.plain.deposit(owner, asset, amount);
        this.#heard.set(`${owner} ${asset}`, [amount, 0]);
        this.market.deposit(owner, asset, amount);
      }
    }
  }

  play(step: Step): void {
    const [told, expected] = this.#both(step);
    this.steps++;
    assert.deepEqual(inWords(told), expected, `command ${this.steps}: ${JSON.stringify(step)}`);
    for (const { kind, account, price: asset, available, held } of told) {
      if (kind === 'balance') this.#heard.set(`${account} ${asset}`, [available, held]);
    }
    for (const asset of [BTC, USDT, ETH]) {
      assert.equal(this.market.engine.ledger.discrepancy(asset), 0, 'assets are conserved');
      assert.equal(this.plain.discrepancy(asset), 0n);
      for (let owner = 0; owner < ACCOUNTS; owner++) {
        const { available, held } = this.plain.balance(owner, asset);
        assert.ok(available >= 0n && held >= 0n, 'nothing is overdrawn');
        assert.equal(BigInt(this.market.available(owner, asset)), available, `available ${asset} of account ${owner}`);
        assert.equal(BigInt(this.market.held(owner, asset)), held, `held ${asset} of account ${owner}`);
        const heard = this.#heard.get(`${owner} ${asset}`);
        assert.deepEqual(heard?.map(BigInt), [available, held], `a reader of events knows ${asset} of account ${owner}`);
      }
    }
  }

  #both(step: Step): [told: Told[], expected: string[]] {
    if (step.kind === 'money') {
      const { account, asset, amount } = step;
      const way = step.into ? 'deposit' : 'withdraw';
      return [this.market[way](account, asset, amount), this.plain[way](account, asset, amount)];
    }
    if (step.kind === 'order') {
      const told = this.market.order(step.terms);
      return [told, this.plain.enter(this.#newId(told), step.terms)];
    }
    const open = [...this.#idOf];
    const [engineId, plainId] = open.length === 0 ? [4242, -1] : open[step.pick % open.length];
    const owner = this.plain.orders.get(plainId)?.account ?? 0;
    const instrument = this.plain.orders.get(plainId)?.instrument ?? 0;
    if (step.kind === 'amend')
      return [this.market.amend(owner, engineId, step.quantity, instrument), this.plain.amend(owner, plainId, step.quantity)];
    if (step.kind === 'cancel') {
      const who = step.stranger ? (owner + 1) % ACCOUNTS : owner;
      return [this.market.cancel(who, engineId, instrument), this.plain.cancel(who, plainId)];
    }
    const replacement = { ...step.terms, account: owner, instrument };
    const told = this.market.replace(engineId, replacement, step.evenIfGone ? ALLOW_FAILURE : 0);
    const gone = !this.plain.orders.has(plainId);
    const id = this.#newId(told);
    if (gone && step.evenIfGone) return [told, ['rejected unknown_order', ...this.plain.enter(id, replacement)]];
    return [told, this.plain.replace(owner, plainId, id, replacement)];
  }

  #newId(told: Told[]): number {
    const accepted = told.find(({ kind }) => kind === 'accepted');
    const id = this.#nextId++;
    if (accepted !== undefined) this.#idOf.set(accepted.order, id);
    return id;
  }
}

function inWords(told: Told[]): string[] {
  return told
    .filter(({ kind }) => kind !== 'balance' && kind !== 'text')
    .map(({ kind, reason, price, quantity }) => {
      if (kind === 'fill') return `fill ${price} x ${quantity}`;
      return reason === '' ? kind : `${kind} ${reason}`;
    });
}

function replayed(tape: readonly Uint8Array[], from: Engine): Engine {
  const buffer = new ArrayBuffer(64);
  const views = [new Int32Array(buffer), new Float64Array(buffer)] as const;
  for (const record of tape) {
    new Uint8Array(buffer).set(record);
    from.apply(...views, 0);
  }
  return from;
}

const DETAILS_PART = 6;

/** An engine's image without the chains of the client id index, which are in the order in which orders were indexed. */
function stateOf(engine: Engine): Buffer[] {
  const parts = imageOf(engine).map((part) => Buffer.from(part));
  const words = new Int32Array(Uint8Array.from(parts[DETAILS_PART]).buffer);
  for (let at = 0; at < words.length; at += details.WORDS) words[at + details.CHAIN] = 0;
  parts[DETAILS_PART] = Buffer.from(words.buffer);
  return parts;
}

function freshEngine(): Engine {
  return new Engine(new LocalEvents(), LIMITS);
}

describe('engine against the plain exchange', () => {
  it('gives the same answers and balances after every command of any stream, and conserves every asset', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 150, size: 'max' }), (steps) => {
        const both = new Both();
        for (const one of steps) both.play(one);
      }),
      { numRuns: 250 },
    );
  });

  it('tells the same story, to the bit, when the same commands are played again', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 100, size: 'max' }), (steps) => {
        const both = new Both();
        for (const one of steps) both.play(one);
        const { engine, tape } = both.market;
        const again = replayed(tape, freshEngine());
        assert.deepEqual(again.hash, engine.hash);
        assert.deepEqual(stateOf(again), stateOf(engine));
      }),
      { numRuns: 60 },
    );
  });

  it('goes on from a snapshot taken anywhere as if it had never stopped', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 120, size: 'max' }), fc.nat(), (steps, cut) => {
        const both = new Both();
        for (const one of steps) both.play(one);
        const { engine, tape } = both.market;
        let at = cut % tape.length;
        const before = replayed(tape.slice(0, at), freshEngine());
        while (before.midCommand) replayed(tape.slice(at, ++at), before);
        const restored = freshEngine();
        restoreImage(
          restored,
          imageOf(before).map((part) => Uint8Array.from(part)),
        );
        replayed(tape.slice(at), restored);
        assert.deepEqual(restored.hash, engine.hash);
        assert.deepEqual(stateOf(restored), stateOf(engine));
      }),
      { numRuns: 100 },
    );
  });
});
