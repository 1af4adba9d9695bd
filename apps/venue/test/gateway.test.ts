/** The gateway against an engine on the same thread: whose orders an answer names. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { order as orderRecord } from '@outcry/book/records';
import { emitState } from '@outcry/engine/emit-state';
import { Engine } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { imageOf, restoreImage } from '@outcry/engine/image';
import { COMMAND, commandHead, LIST_TYPE, MAX_GENERATION, POST_ONLY } from '@outcry/market/command';
import { EVENT, event } from '@outcry/market/event';
import { BUY, GTC, GTD, LIMIT, SELL, STOP } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { Gateway } from '../src/core/orders/gateway.ts';
import { OpenOrders } from '../src/core/orders/open-orders.ts';
import type { Outcome } from '../src/core/orders/outcome.ts';
import { SharedState } from '../src/core/orders/shared-state.ts';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';
import { makeTerms } from '../src/domain/special-terms.ts';
import { amend, cancel, cancelReplace, massCancel, newList, newOrder, textHash } from '../src/spine/commands.ts';
import { EventRing } from '../src/spine/event-ring.ts';
import { createVenueMemory, ENGINE_GATE, JOURNAL_GATE, Shared } from '../src/spine/shared.ts';
import { until } from './support/until.ts';

const LIMITS = { orders: 5000, accounts: 4, assets: 4, instruments: 2 };
const ALICE = 0;
const BOB = 1;

/** A gateway with an engine behind it, on this thread: every command is durable at once. */
class Desk {
  readonly market = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS.slice(0, 1));
  readonly shared = new Shared(createVenueMemory(0, { commandSlots: 1024, eventSlots: 65_536, wait: 'park' }));
  readonly gateway: Gateway;
  readonly engine: Engine;
  readonly #output = new EventRing();
  readonly #running: Promise<void>;

  constructor() {
    this.engine = new Engine(this.#output, LIMITS);
    this.#output.connect(this.shared);
    const state = new SharedState({ accounts: LIMITS.accounts, assets: LIMITS.assets, instruments: LIMITS.instruments });
    const unitOf = () => this.market.instruments[0].unit;
    this.gateway = new Gateway(this.shared, unitOf, state, new OpenOrders(LIMITS.orders, LIMITS.accounts));
    this.#running = this.gateway.run();
  }

  async send(fields: Parameters<Gateway['submit']>[0]): Promise<Outcome> {
    const outcome = this.gateway.submit(fields);
    this.work();
    return outcome;
  }

  /** Lets engine and journal take all commands that were sent. */
  work(): void {
    const { commands, durable, gatewayBell } = this.shared;
    const end = commands.published();
    for (let at = commands.gate(ENGINE_GATE); at < end; at++) this.engine.apply(commands.i32, commands.f64, commands.wordOf(at));
    this.shared.hasWorkLeft = this.engine.hasWorkLeft;
    this.#output.publish();
    commands.release(ENGINE_GATE, end);
    commands.release(JOURNAL_GATE, end);
    durable.publish(end);
    gatewayBell.ring();
  }

  async open(): Promise<void> {
    for (const asset of [0, 1]) await this.send({ head: commandHead(COMMAND.DEFINE_ASSET), asset, quantity: 8 });
    const [{ base, quote, lotUnits, unit }] = this.market.instruments;
    const [account, asset] = [base.number, quote.number];
    await this.send({ head: commandHead(COMMAND.DEFINE_INSTRUMENT), account, asset, amount: lotUnits, unit });
    await this.send({ head: commandHead(COMMAND.OPEN_ACCOUNT), account: BOB });
    for (const owner of [ALICE, BOB])
      for (const money of [account, asset])
        await this.send({ head: commandHead(COMMAND.DEPOSIT), account: owner, asset: money, amount: 1e12 });
  }

  order(account: number, quantity = 1) {
    const [instrument] = this.market.instruments;
    const terms = { side: BUY, kind: LIMIT, timeInForce: GTC, flags: 0, price: 100, quantity, amount: 0, clientId: '' } as const;
    return { account, instrument, ...terms };
  }

  async buy(account: number, expiry = 0): Promise<number> {
    const order = { ...this.order(account), timeInForce: expiry === 0 ? GTC : GTD };
    const { reason, order: entered } = await this.send(newOrder({ ...order, ...(expiry > 0 && { terms: makeTerms({ expiry }) }) }));
    assert.equal(reason, 0);
    return entered!.id;
  }

  openOf(account: number): number {
    return [...this.gateway.view.orders.of(account)].length;
  }

  async close(): Promise<void> {
    this.gateway.close();
    await this.#running;
  }
}

/** Lets an order of Alice's time out, which the next command, whoever's it is, brings about. */
async function letExpire(desk: Desk): Promise<number> {
  const { clock } = desk.shared;
  const expiry = Math.ceil(clock.now()) + 20_000;
  const id = await desk.buy(ALICE, expiry);
  while (clock.now() <= expiry);
  return id;
}

it('a cancel is answered with the order that it meant, not with another one whose time was up just then', async () => {
  const desk = new Desk();
  await desk.open();
  const own = await desk.buy(BOB);
  const other = await letExpire(desk);
  const outcome = await desk.send(cancel(BOB, 0, own));
  assert.equal(outcome.changed?.id, own);
  assert.deepEqual(
    outcome.ended.map(({ id }) => id),
    [own],
  );
  assert.equal(desk.gateway.view.orders.get(other), undefined, 'the other one is gone too');
  await desk.close();
});

it('a mass cancel counts the orders of its account, not those of others that expired with it', async () => {
  const desk = new Desk();
  await desk.open();
  const own = [await desk.buy(BOB), await desk.buy(BOB)];
  await letExpire(desk);
  const { ended, endedCount } = await desk.send(massCancel(BOB));
  assert.deepEqual(ended.map(({ id }) => id).sort(), own.sort());
  assert.equal(endedCount, 2);
  const missed = await desk.send(cancel(BOB, 0, own[0]));
  assert.deepEqual([missed.cancelReason > 0, missed.changed], [true, undefined]);
  await desk.close();
});

it('a slot that is used past its last number, and a whole lap of it, gives no id twice, and an old id means no other order', async () => {
  const desk = new Desk();
  await desk.open();
  const { i32 } = desk.engine.memory.orders;
  const generation = 1 * orderRecord.WORDS + orderRecord.ID; // what ends gives its slot to the next one: it is always the first
  i32[generation] = MAX_GENERATION - 3;
  const ids: number[] = [];
  const generations: number[] = [];
  for (let round = 0; round < 10; round++) {
    if (round === 7) i32[generation] = generations[0] - 1; // as after 2^28 orders
    const id = await desk.buy(round % 2 === 0 ? ALICE : BOB);
    assert.ok(id > (ids.at(-1) ?? 0), `${id} after ${ids.at(-1)}`);
    generations.push(i32[generation]);
    for (const [before, old] of ids.entries()) {
      const account = before % 2 === 0 ? ALICE : BOB;
      for (const fields of [cancel(account, 0, old), amend(account, 0, old, 1), cancelReplace(desk.order(account), old)]) {
        const { cancelReason, changed, order, ended } = await desk.send(fields);
        assert.deepEqual([cancelReason, changed, order, ended.length], [REASON.UNKNOWN_ORDER, undefined, undefined, 0]);
      }
    }
    assert.deepEqual([desk.engine.memory.orders.inUse, desk.gateway.view.orders.get(id)?.id], [1, id]);
    assert.equal((await desk.send(cancel(round % 2 === 0 ? ALICE : BOB, 0, id))).changed?.id, id);
    ids.push(id);
  }
  assert.equal(generations[7], generations[0], 'a lap later the slot has a generation of before');
  assert.ok(Math.max(...generations) === MAX_GENERATION && generations.includes(1));
  await desk.close();
});

it('an amended order keeps its id, one that takes its place has its own, and a cancel of an id that nobody has is refused', async () => {
  const desk = new Desk();
  await desk.open();
  const first = (await desk.send(newOrder(desk.order(ALICE, 5)))).order!;
  const { changed } = await desk.send(amend(ALICE, 0, first.id, 3));
  assert.deepEqual([changed?.id, changed?.quantity], [first.id, 3]);
  const { order: second } = await desk.send(cancelReplace(desk.order(ALICE, 4), first.id));
  assert.ok(second!.id > first.id);
  for (const id of [1, first.id, first.id + 1, second!.id + 1, second!.id + 2 ** 32, 2 ** 53 - 1, -1, 1.5])
    assert.equal((await desk.send(cancel(ALICE, 0, id))).cancelReason, REASON.UNKNOWN_ORDER, `${id}`);
  assert.equal((await desk.send(cancel(BOB, 0, second!.id))).cancelReason, REASON.UNKNOWN_ORDER, "another's");
  assert.equal((await desk.send(cancel(ALICE, 0, second!.id))).changed?.id, second!.id);
  await desk.close();
});

it('what one command brings about is told in turns, in order, and answered after all of it; so are commands behind it', async (t) => {
  const desk = new Desk();
  t.after(() => desk.close());
  await desk.open();
  const own: number[] = [];
  for (let i = 0; i < 4000; i++) own.push(await desk.buy(BOB));
  const received: number[] = [];
  let ofTurn = 0;
  let mostOfTurn = 0;
  desk.gateway.orderListeners.push({
    follows: () => true,
    onFill: ({ order, isMaker }) => {
      if (isMaker) received.push(order.id);
      mostOfTurn = Math.max(mostOfTurn, ++ofTurn);
      if (ofTurn === 1) setImmediate(() => (ofTurn = 0));
    },
  });
  const answered = desk.send(newOrder({ ...desk.order(ALICE, own.length), side: SELL })).then(() => received.length);
  const behind = desk.buy(ALICE).then(() => received.length);
  assert.ok(desk.gateway.sequence < desk.shared.durable.read(), 'a reader of the view waits for what it does not show yet');
  assert.equal(await answered, own.length);
  assert.equal(await behind, own.length);
  assert.deepEqual(received, own);
  assert.equal(desk.gateway.sequence, desk.shared.durable.read());
  assert.ok(mostOfTurn <= 2048, `${mostOfTurn} fills in one turn`);
});

it('a mass cancel of many orders is answered when the last of them has ended, with their number; the venue itself sees to that', async () => {
  const desk = new Desk();
  await desk.open();
  for (let i = 0; i < 600; i++) await desk.buy(BOB);
  let isAnswered = false;
  const answer = desk.send(massCancel(BOB)).then((outcome) => {
    isAnswered = true;
    return outcome;
  });
  const other = await desk.buy(ALICE);
  assert.equal(isAnswered, false, 'the order of another client is answered before it');
  assert.equal(desk.openOf(BOB), 600 - 2 * 256);
  const goOn = () => {
    desk.work();
    return isAnswered;
  };
  await until(goOn, () => 'the mass cancel is answered');
  const { endedCount, reason } = await answer;
  assert.deepEqual([endedCount, reason], [600, 0]);
  assert.equal(desk.openOf(BOB), 0);
  assert.ok(desk.gateway.view.orders.get(other) !== undefined);
  await desk.close();
});

it('a mass cancel that is not done when the venue stops is answered with an unknown outcome', async () => {
  const desk = new Desk();
  await desk.open();
  for (let i = 0; i < 600; i++) await desk.buy(BOB);
  const answer = desk.send(massCancel(BOB));
  await desk.buy(ALICE);
  await Promise.all([assert.rejects(answer, { code: 'unknown_outcome' }), desk.close()]);
});

/** A list of Alice's that stays open. */
function listOf(desk: Desk, clientId: string) {
  const leg = desk.order(ALICE);
  const stop = { ...leg, price: 200, terms: makeTerms({ trigger: STOP, stopPrice: 200 }) };
  return newList(LIST_TYPE.OCO, clientId, [{ ...leg, flags: POST_ONLY }, stop]);
}

it('a list with the id of one on its way is answered when that is durable, and no list but that is entered', async () => {
  const desk = new Desk();
  await desk.open();
  const received: string[] = [];
  const both = ['first', 'second'].map(async (name) => {
    const { reason, list } = await desk.gateway.submit(listOf(desk, 'mine'));
    received.push(`${name} ${reason === REASON.NONE ? list > 0 : reason}`);
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(received, [], 'what is not durable may be lost: nobody is told of it');
  desk.work();
  await Promise.all(both);
  assert.deepEqual(received, ['first true', `second ${REASON.DUPLICATE_CLIENT_ID}`]);
  assert.deepEqual([desk.openOf(ALICE), desk.gateway.view.orders.lists.size], [2, 1]);
  await desk.send(massCancel(ALICE));
  assert.equal(desk.gateway.view.orders.lists.size, 0);
  assert.equal((await desk.send(listOf(desk, 'mine'))).reason, REASON.NONE);
  await desk.close();
});

it("a list's id is in the engine's image, and told of with its orders after a start from it", async () => {
  const desk = new Desk();
  await desk.open();
  const { list } = await desk.send(listOf(desk, 'mine'));
  const output = new LocalEvents();
  const engine = new Engine(output, LIMITS);
  restoreImage(
    engine,
    imageOf(desk.engine).map((part) => Uint8Array.from(part)),
  );
  emitState(engine);
  const received = [];
  for (let at = 0; at < output.count * event.WORDS; at += event.WORDS) {
    if ((output.i32[at] & 0xff) !== EVENT.LIST) continue;
    received.push([output.f64[(at >> 1) + event.F64_AMOUNT], output.i32[at + event.CLIENT_LOW], output.i32[at + event.CLIENT_HIGH]]);
  }
  const once = [list, ...textHash('mine')];
  assert.deepEqual(received, [once, once]);
  await desk.close();
});
