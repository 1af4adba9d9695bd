/** A venue with all doors, and one order by each of them. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { glimpse } from '@outcry/wire/itch';
import { pino } from 'pino';
import type { VenueConfig } from '../../src/domain/config.ts';
import { startVenue, type Venue } from '../../src/venue.ts';
import { SoupClient } from './ouch-client.ts';
import { Client } from './process.ts';
import { until } from './until.ts';

export const SYMBOL = 'BTCUSDT';

/** A pair of sales that rests: neither of its prices is met. */
export const OCO = {
  symbol: SYMBOL,
  side: 'SELL',
  quantity: '0.001',
  aboveType: 'LIMIT_MAKER',
  abovePrice: '65000',
  belowType: 'STOP_LOSS',
  belowStopPrice: '40000',
};
export const log = pino({ level: 'silent' });
const PROTO = fileURLToPath(new URL('../../proto', import.meta.url));
const loading = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true } as const;
const { outcry } = grpc.loadPackageDefinition(loadSync(path.join(PROTO, 'outcry/v1/venue.proto'), loading)) as any;

/** The body of an answer that must be 200. */
export async function ok(answer: Promise<{ status: number; body: any }>): Promise<any> {
  const { status, body } = await answer;
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** Two traders of a running venue, with a client for each door. */
export class Doors {
  readonly venue: Venue;
  readonly alice: Client;
  readonly bob: Client;

  private constructor(venue: Venue) {
    this.venue = venue;
    this.alice = new Client(venue.url);
    this.bob = new Client(venue.url, 'bob');
  }

  static async open(t: TestContext, config: VenueConfig): Promise<Doors> {
    const venue = await startVenue(config, { log });
    t.after(() => venue.close()); // once more, where the test ended before its end
    return new Doors(venue);
  }

  port(name: string): number {
    return Number(this.venue.services.ports[name]);
  }

  place(who: Client, side: string, price: string, more: object = {}): Promise<any> {
    const order = { symbol: SYMBOL, side, type: 'LIMIT', timeInForce: 'GTC', price, quantity: '0.001', ...more };
    return ok(who.signed('POST', '/api/v3/order', order));
  }

  async openOrders(who: Client): Promise<number[]> {
    const orders: { orderId: number }[] = await ok(who.signed('GET', '/api/v3/openOrders'));
    return orders.map(({ orderId }) => orderId);
  }

  /** All orders of a trader from an id on, once the store has all that is durable. */
  async history(who: Client, orderId: number): Promise<number[]> {
    const { durable, stored } = this.venue.services.shared;
    const last = durable.read();
    await until(
      () => stored.read() >= last,
      () => `the store is at ${stored.read()}, not ${last}`,
    );
    const orders: { orderId: number }[] = await ok(who.signed('GET', '/api/v3/allOrders', { symbol: SYMBOL, orderId }));
    return orders.map((order) => order.orderId);
  }

  async cancel(who: Client, orderId: number): Promise<any> {
    return (await who.signed('DELETE', '/api/v3/order', { symbol: SYMBOL, orderId })).body;
  }

  /** A call of Alice's. */
  grpc(method: string, request: object): Promise<any> {
    const client = new outcry.v1.Trading(`127.0.0.1:${this.port('grpc')}`, grpc.credentials.createInsecure());
    const metadata = new grpc.Metadata();
    metadata.set('authorization', `Basic ${Buffer.from('ALICE:alicepass').toString('base64')}`);
    return new Promise((resolve, reject) => {
      client[method](request, metadata, (error: Error | null, answer: unknown) => {
        client.close();
        error === null ? resolve(answer) : reject(error);
      });
    });
  }

  /** References of the orders that GLIMPSE shows, ascending. */
  async shown(): Promise<number[]> {
    const client = new GlimpseClient(this.port('glimpse'));
    client.login('ALICE', 'alicepass');
    await client.next('end_of_snapshot');
    client.close();
    const added = client.received.filter(({ message }) => message === 'add_order');
    return added.map(({ reference }) => Number(reference)).sort((a, b) => a - b);
  }
}

class GlimpseClient extends SoupClient {
  constructor(port: number) {
    super(port, (view, at, bytes) => glimpse.describe(view, at, bytes));
  }
}
