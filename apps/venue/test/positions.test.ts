/** Positions of rings that pass 2^31 and 2^32. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { Arena } from '@outcry/memory/arena';
import { pino } from 'pino';
import { elapse } from '../../../packages/memory/test/support/elapse.ts';
import { EVERYTHING } from '../src/core/orders/admission.ts';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS, type VenueConfig } from '../src/domain/config.ts';
import { CommandSender } from '../src/doors/ouch/command-sender.ts';
import { createVenueMemory, ENGINE_GATE, JOURNAL_GATE, Shared } from '../src/spine/shared.ts';
import { startVenue, type Venue } from '../src/venue.ts';
import { moveFarOn } from './support/far-on.ts';
import { OuchClient } from './support/ouch-client.ts';
import { Client, temporaryDirectory } from './support/process.ts';
import { until } from './support/until.ts';

const BORDERS = [2 ** 31, 2 ** 32];
const PRICE = 500_000_000;
const log = pino({ level: 'silent' });

function configured(): VenueConfig {
  const data = temporaryDirectory('positions');
  return {
    ...DEFAULTS,
    assets: DEMO_ASSETS,
    instruments: DEMO_INSTRUMENTS,
    rateLimits: DEMO_RATE_LIMITS,
    port: 0,
    data,
    ouch: { port: 0 },
    commandSlots: 64, // small rings go round many times
    eventSlots: 256,
    limits: { orders: 10_000, accounts: 100, assets: 8, instruments: 4 },
  };
}

/** Clients of both doors take turns; each order is answered, in both books, and found again in the store. */
async function trade(venue: Venue, rounds: number, from: number): Promise<number[]> {
  const alice = new Client(venue.url);
  const bob = await OuchClient.open(Number(venue.services.ports.ouch), 'BOB', 'bobpass');
  const ids: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '50000' };
    const placed = await alice.signed('POST', '/api/v3/order', order);
    assert.equal(placed.status, 200, JSON.stringify(placed.body));
    ids.push(placed.body.orderId);
    if (round % 3 !== 2) continue; // OUCH is idle most of the time
    bob.enter(from + round, 'S', 50, PRICE);
    const executed = await bob.next('order_executed');
    assert.deepEqual([executed.userRef, executed.quantity], [from + round, 50]);
  }
  const last = venue.services.shared.durable.read();
  await until(
    () => venue.services.shared.stored.read() >= last,
    () => `the store holds command ${venue.services.shared.stored.read()}`,
  );
  const { body } = await alice.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT', limit: 1000 });
  const kept = new Map<number, string>(
    body.map(({ orderId, executedQty }: { orderId: number; executedQty: string }) => [orderId, executedQty]),
  );
  for (const id of ids) assert.ok(kept.has(id), `order ${id} is not in the store`);
  bob.close();
  return ids;
}

describe('a venue whose positions pass a border', () => {
  for (const border of BORDERS) {
    it(`answers clients of REST and OUCH across command and event ${border}, and after a start beyond`, async () => {
      const config = configured();
      const before = await startVenue(config, { log });
      await startDemo(before, { flow: false }, log);
      await before.close();
      moveFarOn(config.data, border - 40);
      const venue = await startVenue(config, { log, eventStart: border - 200 });
      const { shared } = venue.services;
      assert.ok(shared.durable.read() < border && shared.events.published() < border);
      const ids = await trade(venue, 40, 1);
      assert.ok(shared.durable.read() > border && shared.events.published() > border, 'both have passed it');
      const late = new Shared(shared.memory); // somebody attaches now
      assert.equal(late.durable.read(), shared.durable.read());
      assert.equal(late.commands.published(), late.commands.gate(ENGINE_GATE));
      assert.equal(late.commands.inUse(), 0);
      assert.equal(shared.diverged, false);
      await venue.close();
      const again = await startVenue(config, { log });
      assert.ok(again.recovery.sequence > border);
      const { body: openOrders } = await new Client(again.url).signed('GET', '/api/v3/openOrders');
      assert.ok(openOrders.length > 0 && openOrders.every(({ orderId }: { orderId: number }) => ids.includes(orderId)));
      await trade(again, 6, 1000);
      await again.close();
    });
  }
});

/** Takes everything out of the command ring, as engine and journal do. */
function takeAll(shared: Shared): number {
  const end = shared.commands.published();
  shared.commands.release(ENGINE_GATE, end);
  shared.commands.release(JOURNAL_GATE, end);
  return end;
}

describe('a door that was idle', () => {
  for (const border of [...BORDERS, 2 ** 33]) {
    it(`sends its orders to their places after ${border} commands of others`, () => {
      const options = { commandSlots: 64, eventSlots: 64, wait: 'park' as const };
      const memory = createVenueMemory(5, options);
      const [gateway, wire, engine] = [new Shared(memory), new Shared(memory), new Shared(memory)];
      const sender = new CommandSender(wire, EVERYTHING, () => assert.fail('refused'));
      const send = (flow: number) => {
        sender.commit(sender.record(), 0, flow, 0, new DataView(new ArrayBuffer(8)), 0, 0);
        sender.flush();
      };
      send(1);
      assert.equal(takeAll(engine), 6);
      const commands = Arena.attach(memory.arena).find('commands');
      const ring = { capacity: 64, slotWords: command.WORDS, consumers: 2, producers: 'many' as const };
      elapse(commands, ring, 6 + border);
      const later = new Shared(memory);
      for (let turn = 0; turn < 3; turn++) {
        const position = 6 + border + 2 * turn;
        send(2 + turn);
        assert.equal(sender.match(position + 1) & 0xffff, turn + 1, 'the answer finds its order');
        const first = gateway.commands.claim(1);
        assert.equal(first, position + 1);
        gateway.commands.i32[gateway.commands.wordOf(first)] = commandHead(COMMAND.CLOCK);
        gateway.commands.publish(first, 1);
        assert.equal(takeAll(later), position + 2);
        assert.equal(gateway.commands.inUse(), 0);
      }
    });
  }
});
