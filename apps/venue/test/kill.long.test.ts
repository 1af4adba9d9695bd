import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { parseUnits } from '@outcry/market/decimal';
import { STATUS, STATUS_NAMES } from '../src/store/schema.ts';
import { Client, temporaryDirectory, VenueProcess } from './support/process.ts';

const KILLS = Number(process.env.OUTCRY_KILLS ?? 50);
const LOOPS_PER_ACCOUNT = 6;
const SEED = Number(process.env.OUTCRY_SEED ?? Date.now() % 1_000_000);

interface Acknowledged {
  id: number;
  status: string;
  executed: number;
}

let state = SEED || 1;
function random(): number {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return state / 0x7fffffff;
}

/** What clients were told before the venue was killed, by client order id. */
class Told {
  readonly orders = new Map<string, Acknowledged>();
  isOver = false;

  /** Places orders that cross, and cancels some, until the venue is gone. */
  async trade(client: Client, name: string, round: number): Promise<void> {
    const open: number[] = [];
    for (let n = 0; !this.isOver; n++) {
      const newClientOrderId = `${name}-${round}-${n}-${Math.floor(random() * 1e9)}`;
      try {
        if (open.length > 5 && random() < 0.5) {
          const orderId = open.splice(Math.floor(random() * open.length), 1)[0];
          const { status, body } = await client.signed('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', orderId });
          if (status === 200)
            this.orders.set(body.origClientOrderId, { id: orderId, status: 'CANCELED', executed: parseUnits(body.executedQty, 5) });
          continue;
        }
        const side = random() < 0.5 ? 'BUY' : 'SELL';
        const price = (60_000 + Math.floor(random() * 20 - 10)).toFixed(2);
        const quantity = (0.001 + random() * 0.01).toFixed(5);
        const order = { symbol: 'BTCUSDT', side, type: 'LIMIT', timeInForce: 'GTC', price, quantity, newClientOrderId };
        const { status, body } = await client.signed('POST', '/api/v3/order', order);
        if (status !== 200) continue;
        this.orders.set(newClientOrderId, { id: body.orderId, status: body.status, executed: parseUnits(body.executedQty, 5) });
        if (body.status !== 'FILLED') open.push(body.orderId);
      } catch {
        return; // the venue was killed under this request: nothing was promised
      }
    }
  }
}

async function untilStored(client: Client): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const { body } = await client.public('/outcry/v1/status');
    assert.equal(body.stateCheck, 'equal');
    if (body.storeLag === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`the store does not catch up: ${JSON.stringify((await client.public('/outcry/v1/status')).body)}`);
}

function checkOrders(database: DatabaseSync, told: Told): void {
  const stored = new Map<string, { id: number; status: number; executed: number }>();
  for (const row of database.prepare('SELECT client_id, id, status, executed FROM orders').all()) {
    assert.ok(!stored.has(row.client_id as string), `order ${row.client_id} is there twice`);
    stored.set(row.client_id as string, row as never);
  }
  for (const [clientId, promised] of told.orders) {
    const row = stored.get(clientId);
    assert.ok(row !== undefined, `order ${clientId} was acknowledged and is lost`);
    assert.equal(row.id, promised.id);
    assert.ok(row.executed >= promised.executed, `order ${clientId} lost an execution`);
    if (promised.status === 'CANCELED' || promised.status === 'FILLED') assert.equal(STATUS_NAMES[row.status], promised.status, clientId);
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
  const open = database
    .prepare('SELECT account, side, price, quantity - executed AS rest FROM orders WHERE status < ?')
    .all(STATUS.FILLED) as Record<string, number>[];
  for (const o of open) {
    const asset = o.side === 0 ? 'USDT' : 'BTC';
    const held = o.side === 0 ? BigInt(o.price) * BigInt(o.rest) * 10n : BigInt(o.rest) * 1000n;
    expected[o.account][asset][0] -= held;
    expected[o.account][asset][1] += held;
  }
  for (const [account, client] of clients.entries()) {
    const { body } = await client.signed('GET', '/api/v3/account');
    const { body: orders } = await client.signed('GET', '/api/v3/openOrders');
    assert.equal(orders.length, open.filter((o) => o.account === account).length);
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

it(`after ${KILLS} kills at random moments under load, every acknowledged order and balance is there (OUTCRY_SEED=${SEED})`, async (t) => {
  const data = temporaryDirectory('kill');
  const config = path.join(data, 'config.json');
  fs.writeFileSync(config, JSON.stringify({ segmentBytes: 1024 * 1024, snapshotCommands: 400 }));
  const told = new Told();
  let venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
  t.after(() => venue.kill());
  t.diagnostic(`data in ${data}`);
  for (let round = 0; round < KILLS; round++) {
    const clients = ['alice', 'bob'].map((name) => new Client(venue.url, name));
    told.isOver = false;
    const loops = clients.flatMap((client, account) =>
      Array.from({ length: LOOPS_PER_ACCOUNT }, () => told.trade(client, ['a', 'b'][account], round)),
    );
    await new Promise((resolve) => setTimeout(resolve, 30 + random() * 400));
    await venue.kill('SIGKILL');
    told.isOver = true;
    await Promise.all(loops);
    venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
    const again = ['alice', 'bob'].map((name) => new Client(venue.url, name));
    await untilStored(again[0]);
    const database = new DatabaseSync(path.join(data, 'store.sqlite'), { readOnly: true });
    checkOrders(database, told);
    await checkBalances(database, again);
    database.close();
  }
  t.diagnostic(`${told.orders.size} orders acknowledged`);
  assert.ok(told.orders.size > KILLS * 10, 'too little load to prove anything');
  assert.equal(await venue.kill('SIGTERM'), 0);
  fs.rmSync(data, { recursive: true, force: true });
});
