/** A recorded feed, played to a venue as orders. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import { parseUnits } from '@outcry/market/decimal';
import { BUY, GTC, IOC, LIMIT, SELL, type Side } from '@outcry/market/order-terms';
import pino from 'pino';
import { createAccount, fundAccount } from '../src/core/administration.ts';
import type { Outcome } from '../src/core/orders/outcome.ts';
import { DEFAULTS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS } from '../src/domain/config.ts';
import { amend, type CommandFields, cancel, cancelReplace, type NewOrder, newOrder } from '../src/spine/commands.ts';
import { startVenue, type Venue } from '../src/venue.ts';
import { temporaryDirectory } from './support/process.ts';

const RECORDING = fileURLToPath(new URL('../../../../shared/data/btcusdt_20240809.gz', import.meta.url));
const SIDES = [BUY, SELL] as const;

interface Level {
  id: number;
  lots: number;
}

/** Turns a recorded feed into orders: one resting order a level, one taking order a trade. */
class CounterFlow {
  readonly #venue: Venue;
  readonly #maker: number;
  readonly #taker: number;
  /** what the recording says of every level it has named, and the orders that stand for it; lots by price in ticks */
  readonly recorded = [new Map<number, number>(), new Map<number, number>()] as const;
  readonly #resting = [new Map<number, Level>(), new Map<number, Level>()] as const;
  readonly #touched = [new Set<number>(), new Set<number>()] as const;
  commands = 0;

  constructor(venue: Venue, maker: number, taker: number) {
    this.#venue = venue;
    this.#maker = maker;
    this.#taker = taker;
  }

  /** Makes the book what a depth update says. */
  async update(changes: readonly [price: number, lots: number][][]): Promise<void> {
    const rising: (() => Promise<void>)[] = [];
    const falling: Promise<void>[] = [];
    for (const side of SIDES) {
      for (const [price, lots] of changes[side]) {
        this.#touched[side].add(price);
        if (lots === 0) this.recorded[side].delete(price);
        else this.recorded[side].set(price, lots);
      }
      for (const price of this.#touched[side]) {
        const wanted = this.recorded[side].get(price) ?? 0;
        const there = this.#resting[side].get(price)?.lots ?? 0;
        if (wanted < there) falling.push(this.#set(side, price, wanted));
        else if (wanted > there) rising.push(() => this.#set(side, price, wanted));
      }
      this.#touched[side].clear();
    }
    await Promise.all(falling);
    await Promise.all(rising.map((rise) => rise()));
  }

  /** Plays a trade: what stood in its way had gone by then, and its maker was there. Returns the venue's fills. */
  async trade(price: number, lots: number, takerSide: Side): Promise<Outcome> {
    const makerSide = (1 - takerSide) as Side;
    const better = (side: Side, other: number) => (side === BUY ? other > price : other < price);
    const gone: Promise<void>[] = [];
    for (const other of this.#resting[makerSide].keys()) if (better(makerSide, other)) gone.push(this.#set(makerSide, other, 0));
    for (const other of this.#resting[takerSide].keys()) {
      if (other === price || better(takerSide, other)) gone.push(this.#set(takerSide, other, 0));
    }
    await Promise.all(gone);
    if ((this.#resting[makerSide].get(price)?.lots ?? 0) < lots) await this.#set(makerSide, price, lots);
    const outcome = await this.#send(newOrder(this.#order(this.#taker, takerSide, price, lots, IOC)));
    const level = this.#resting[makerSide].get(price)!;
    level.lots -= lots;
    if (level.lots === 0) this.#resting[makerSide].delete(price);
    this.#touched[makerSide].add(price);
    return outcome;
  }

  /** Brings a level's order to a quantity: entered, raised by cancel-replace, lowered in place, or cancelled. */
  async #set(side: Side, price: number, lots: number): Promise<void> {
    const levels = this.#resting[side];
    this.#touched[side].add(price);
    const level = levels.get(price);
    if (level === undefined) {
      const outcome = await this.#send(newOrder(this.#order(this.#maker, side, price, lots, GTC)));
      levels.set(price, { id: outcome.order!.id, lots });
    } else if (lots === 0) {
      levels.delete(price);
      await this.#send(cancel(this.#maker, 0, level.id));
    } else if (lots < level.lots) {
      const { quantity, left } = this.#venue.services.gateway.view.orders.get(level.id)!;
      level.lots = lots;
      await this.#send(amend(this.#maker, 0, level.id, quantity - (left - lots)));
    } else {
      const outcome = await this.#send(cancelReplace(this.#order(this.#maker, side, price, lots, GTC), level.id));
      levels.set(price, { id: outcome.order!.id, lots });
    }
  }

  async #send(fields: CommandFields): Promise<Outcome> {
    this.commands++;
    const outcome = await this.#venue.services.gateway.submit(fields);
    assert.deepEqual([outcome.reason, outcome.cancelReason], [0, 0], JSON.stringify(fields));
    return outcome;
  }

  #order(account: number, side: Side, price: number, quantity: number, timeInForce: typeof GTC | typeof IOC): NewOrder {
    const instrument = this.#venue.services.market.instruments[0];
    return { account, instrument, side, kind: LIMIT, timeInForce, flags: 0, price, quantity, amount: 0, clientId: '' };
  }
}

function* messages(): Generator<{ stream: string; data: any }> {
  const text = zlib.gunzipSync(fs.readFileSync(RECORDING)).toString();
  for (const line of text.split('\n')) if (line !== '') yield JSON.parse(line.slice(line.indexOf(' ') + 1));
}

const ticks = (text: string) => parseUnits(text, 2);
const LOT_PLACES = 5;
let cutToLots = 0;

/** Whole lots. Four far levels of the recording are finer than the instrument's lot: they are cut, and counted. */
function lotsOf(text: string): number {
  const units = parseUnits(text, 8);
  const lot = 10 ** (8 - LOT_PLACES);
  if (units % lot !== 0) cutToLots++;
  return Math.floor(units / lot);
}

function sorted(side: Side, levels: Iterable<[number, number]>): [number, number][] {
  return [...levels].sort(([a], [b]) => (side === BUY ? b - a : a - b));
}

it('the venue’s book is the recorded one at every depth update, and its trades are the recorded trades', async (t) => {
  if (!fs.existsSync(RECORDING)) return t.skip(`no recording at ${RECORDING}`);
  const data = temporaryDirectory('recording');
  const venue = await startVenue(
    {
      ...DEFAULTS,
      data,
      port: 0,
      // Seven places: the recorded bids are worth more than 2^53 units of eight.
      assets: [
        { name: 'USDT', scale: 7 },
        { name: 'BTC', scale: 8 },
      ],
      instruments: [{ ...DEMO_INSTRUMENTS[0], makerFeePpm: 0, takerFeePpm: 0 }],
      rateLimits: DEMO_RATE_LIMITS,
    },
    { log: pino({ level: 'silent' }) },
  );
  t.after(async () => {
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });
  const { services } = venue;
  for (const name of ['maker', 'taker']) {
    await createAccount(services, name, []);
    await fundAccount(services, name, 'USDT', '400000000');
    await fundAccount(services, name, 'BTC', '40000000');
  }
  const flow = new CounterFlow(venue, 0, 1);
  const { depth } = services.feeds[0];
  let updates = 0;
  let trades = 0;
  for (const { stream, data: message } of messages()) {
    if (stream.includes('@depth')) {
      const changes = [message.b, message.a].map((levels) => levels.map(([p, q]: [string, string]) => [ticks(p), lotsOf(q)]));
      await flow.update(changes);
      updates++;
      for (const side of SIDES) {
        assert.deepEqual(depth.levels(side, 10_000), sorted(side, flow.recorded[side]), `side ${side} after update ${updates}`);
      }
    } else if (stream.includes('@trade')) {
      const { fills } = await flow.trade(ticks(message.p), lotsOf(message.q), message.m ? SELL : BUY);
      trades++;
      assert.deepEqual(
        fills.map(({ trade, price, quantity }) => [trade, price, quantity]),
        [[trades, ticks(message.p), lotsOf(message.q)]],
      );
    }
  }
  assert.ok(cutToLots <= 4);
  const answer = (await (await fetch(`${venue.url}/api/v3/depth?symbol=BTCUSDT&limit=5000`)).json()) as Record<string, [string, string][]>;
  for (const [side, levels] of [
    [BUY, answer.bids],
    [SELL, answer.asks],
  ] as const) {
    const shown = levels.map(([price, quantity]) => [parseUnits(price, 2), parseUnits(quantity, 5)]);
    assert.deepEqual(shown, sorted(side, flow.recorded[side]).slice(0, 5000));
  }
  t.diagnostic(`${updates} depth updates and ${trades} trades, as ${flow.commands} commands; ${cutToLots} levels cut to whole lots`);
});
