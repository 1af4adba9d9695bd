/** A venue is killed under load: every acknowledged order and balance is there. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { parseUnits } from '@outcry/market/decimal';
import { Random } from '@outcry/workload/random';
import { ORDER_STATUS, ORDER_STATUS_NAMES } from '../src/domain/order-status.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

const KILLS = Number(process.env.OUTCRY_KILLS ?? 200);
const LOOPS_PER_ACCOUNT = 6;
const SEED = Number(process.env.OUTCRY_SEED ?? Date.now() % 1_000_000);

interface Acknowledged {
  id: number;
  status: string;
  executed: number;
}

const random = new Random(SEED);

/** What clients were told before the venue was killed, by client order id. */
class Received {
  readonly orders = new Map<string, Acknowledged>();
  isOver = false;

  /** Places orders that cross, and cancels some, until the venue is gone. */
  async trade(client: Client, name: string, round: number): Promise<void> {
    const openOrders: number[] = [];
    for (let n = 0; !this.isOver; n++) {
      const newClientOrderId = `${name}-${round}-${n}-${random.below(1e9)}`;
      try {
        if (openOrders.length > 5 && random.chance(0.5)) {
          const orderId = openOrders.splice(random.below(openOrders.length), 1)[0];
          const { status, body } = await client.signed('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', orderId });
          if (status === 200)
            this.orders.set(body.origClientOrderId, { id: orderId, status: 'CANCELED', executed: parseUnits(body.executedQty, 5) });
          continue;
        }
        const side = random.chance(0.5) ? 'BUY' : 'SELL';
        const price = (60_000 + Math.floor(random.fraction() * 20 - 10)).toFixed(2);
        const quantity = (0.001 + random.fraction() * 0.01).toFixed(5);
        const order = { symbol: 'BTCUSDT', side, type: 'LIMIT', timeInForce: 'GTC', price, quantity, newClientOrderId };
        const { status, body } = await client.signed('POST', '/api/v3/order', order);
        if (status !== 200) continue;
        this.orders.set(newClientOrderId, { id: body.orderId, status: body.status, executed: parseUnits(body.executedQty, 5) });
        if (body.status !== 'FILLED') openOrders.push(body.orderId);
      } catch {
        return; // the venue was killed under this request: nothing was promised
      }
    }
  }
}

async function untilStored(client: Client): Promise<void> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; ) {
    const { body } = await client.public('/outcry/v1/status');
    assert.equal(body.stateCheck, 'equal');
    if (body.storeLag === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`the store does not catch up: ${JSON.stringify((await client.public('/outcry/v1/status')).body)}`);
}

function checkOrders(database: DatabaseSync, received: Received): void {
  const stored = new Map<string, { id: number; status: number; executed: number }>();
  for (const row of database.prepare('SELECT client_id, id, status, executed FROM orders').all()) {
    assert.ok(!stored.has(row.client_id as string), `order ${row.client_id} is there twice`);
    stored.set(row.client_id as string, row as never);
  }
  for (const [clientId, promised] of received.orders) {
    const row = stored.get(clientId);
    assert.ok(row !== undefined, `order ${clientId} was acknowledged and is lost`);
    assert.equal(row.id, promised.id);
    assert.ok(row.executed >= promised.executed, `order ${clientId} lost an execution`);
    if (promised.status === 'CANCELED' || promised.status === 'FILLED')
      assert.equal(ORDER_STATUS_NAMES[row.status], promised.status, clientId);
  }
}

/** Works the balances out from the stored trades and open orders alone, and compares them with what the venue says. */
async function checkBalances(database: DatabaseSync, clients: Client[]): Promise<void> {
  const expected = clients.map(() => ({ USDT: [0n, 0n], BTC: [0n, 0n] }));
  const initial = { USDT: 1_000_000n * 10n ** 8n, BTC: 100n * 10n ** 8n };
  for (const account of expected) {
    account.USDT[0] = initial.USDT;
    account.BTC[0] = initial.BTC;
  }
  const trades = database.prepare('SELECT quantity, amount, taker_side, maker, maker_fee, taker, taker_fee FROM trades').all() as Record<
    string,
    number
  >[];
  for (const t of trades) {
    const [buyer, seller] = t.taker_side === 0 ? [t.taker, t.maker] : [t.maker, t.taker];
    const [buyerFee, sellerFee] = t.taker_side === 0 ? [t.taker_fee, t.maker_fee] : [t.maker_fee, t.taker_fee];
    const base = BigInt(t.quantity) * 1000n;
    expected[buyer].BTC[0] += base - BigInt(buyerFee);
    expected[buyer].USDT[0] -= BigInt(t.amount);
    expected[seller].BTC[0] -= base;
    expected[seller].USDT[0] += BigInt(t.amount) - BigInt(sellerFee);
  }
  const openOrders = database
    .prepare('SELECT account, side, price, quantity - executed AS rest FROM orders WHERE status < ?')
    .all(ORDER_STATUS.FILLED) as Record<string, number>[];
  for (const o of openOrders) {
    const asset = o.side === 0 ? 'USDT' : 'BTC';
    const held = o.side === 0 ? BigInt(o.price) * BigInt(o.rest) * 10n : BigInt(o.rest) * 1000n;
    expected[o.account][asset][0] -= held;
    expected[o.account][asset][1] += held;
  }
  for (const [account, client] of clients.entries()) {
    const { body } = await client.signed('GET', '/api/v3/account');
    const { body: orders } = await client.signed('GET', '/api/v3/openOrders');
    assert.equal(orders.length, openOrders.filter((o) => o.account === account).length);
    for (const asset of ['USDT', 'BTC'] as const) {
      const { free, locked } = body.balances.find((balance: { asset: string }) => balance.asset === asset);
      assert.deepEqual(
        [parseUnits(free, 8), parseUnits(locked, 8)],
        expected[account][asset].map(Number),
        `${asset} of account ${account}`,
      );
    }
  }
}

/** When a venue is killed, and how many of ten times. */
const MOMENTS = ['load', 'load', 'load', 'start', 'start', 'start', 'roll', 'snapshot', 'rebuild', 'stop'] as const;
type Moment = (typeof MOMENTS)[number];

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Resolves when a file of the journal that matches is made or renamed, or after a while. */
async function fileAppears(directory: string, pattern: RegExp): Promise<boolean> {
  const watcher = fs.watch(directory);
  try {
    return await Promise.race([
      new Promise<boolean>((resolve) => watcher.on('change', (_, name) => pattern.test(String(name)) && resolve(true))),
      pause(20_000).then(() => false),
    ]);
  } finally {
    watcher.close();
  }
}

class Victim {
  readonly data = temporaryDirectory('kill');
  readonly #args: string[];
  /** kills by their moment, where it was met */
  readonly met: Partial<Record<Moment, number>> = {};
  venue!: VenueProcess;
  #startMs = 1000;

  constructor() {
    const config = path.join(this.data, 'config.json');
    fs.writeFileSync(config, JSON.stringify({ segmentBytes: 16 * 1024, snapshotCommands: 150 }));
    this.#args = ['--demo', '--no-flow', '--config', config];
  }

  async start(): Promise<void> {
    const began = performance.now();
    this.venue = await VenueProcess.start(this.data, ...this.#args);
    this.#startMs = performance.now() - began;
  }

  /** Kills the venue under load, or as it ends. @param received grows meanwhile */
  async kill(moment: Moment, received: Received): Promise<void> {
    const journal = path.join(this.data, 'journal');
    let met = true;
    if (moment === 'roll') met = await fileAppears(journal, /^(journal-|segment)/);
    else if (moment === 'snapshot') met = await fileAppears(journal, /\.img\.tmp$/);
    else {
      const enough = received.orders.size + random.below(60);
      await until(
        () => received.orders.size >= enough,
        () => 'orders',
        60_000,
      );
      await pause(random.fraction() * 20);
    }
    if (moment === 'stop') {
      this.venue.child.kill('SIGTERM');
      await pause(random.fraction() * 100);
    }
    await this.venue.kill('SIGKILL');
    if (met) this.met[moment] = (this.met[moment] ?? 0) + 1;
  }

  /** Starts a process and kills it before it listens, or soon after. */
  async killStarting(moment: Moment): Promise<void> {
    if (moment === 'rebuild') {
      for (const part of ['', '-wal', '-shm']) fs.rmSync(path.join(this.data, `store.sqlite${part}`), { force: true });
    }
    // What comes after the start, the rebuild for one, is worth as many kills as what comes within.
    const delay = this.#startMs * (moment === 'rebuild' ? 0.6 + random.fraction() * 0.8 : random.fraction());
    await VenueProcess.killed(this.data, delay, ...this.#args);
    this.met[moment] = (this.met[moment] ?? 0) + 1;
  }
}

it(`after ${KILLS} kills under load and at awkward moments, every acknowledged order and balance is there (OUTCRY_SEED=${SEED})`, async (t) => {
  const received = new Received();
  const victim = new Victim();
  const { data } = victim;
  await victim.start();
  t.after(() => victim.venue.kill());
  t.diagnostic(`data in ${data}`);
  for (let kills = 0; kills < KILLS; ) {
    const clients = ['alice', 'bob'].map((name) => new Client(victim.venue.url, name));
    received.isOver = false;
    const loops = clients.flatMap((client, account) =>
      Array.from({ length: LOOPS_PER_ACCOUNT }, () => received.trade(client, ['a', 'b'][account], kills)),
    );
    const moment = MOMENTS[random.below(MOMENTS.length)];
    const isStarting = moment === 'start' || moment === 'rebuild';
    await victim.kill(isStarting ? 'load' : moment, received);
    kills++;
    received.isOver = true;
    await Promise.all(loops);
    for (let n = isStarting ? 1 + random.below(3) : 0; n > 0 && kills < KILLS; n--, kills++) await victim.killStarting(moment);
    await victim.start();
    const again = ['alice', 'bob'].map((name) => new Client(victim.venue.url, name));
    await untilStored(again[0]);
    const database = new DatabaseSync(path.join(data, 'store.sqlite'), { readOnly: true });
    checkOrders(database, received);
    await checkBalances(database, again);
    database.close();
  }
  t.diagnostic(`${received.orders.size} orders acknowledged; kills ${JSON.stringify(victim.met)}`);
  assert.ok(received.orders.size > KILLS * 5, 'too little load to prove anything');
  assert.equal(await victim.venue.kill('SIGTERM'), 0);
  fs.rmSync(data, { recursive: true, force: true });
});
