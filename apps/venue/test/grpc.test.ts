/** A generic gRPC client: unary calls, order entry, market data. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { chromium } from 'playwright-core';
import { VenueProcess } from './support/process.ts';
import { until } from './support/until.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-grpc-'));
const config = path.join(folder, 'config.json');
fs.writeFileSync(config, JSON.stringify({ grpc: { port: 0 } }));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
let count = 0;

const CHROMIUM = '/usr/bin/chromium';
const PROTO = fileURLToPath(new URL('../proto', import.meta.url));
const load = (file: string) =>
  grpc.loadPackageDefinition(
    loadSync(path.join(PROTO, file), { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true }),
  ) as any;
const { outcry } = load('outcry/v1/venue.proto');
const { grpc: reflection } = load('grpc/reflection/v1/reflection.proto');

function credentials(user: string): grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Basic ${Buffer.from(`${user.toUpperCase()}:${user}pass`).toString('base64')}`);
  return metadata;
}

async function start() {
  const data = path.join(folder, `data-${count++}`);
  const venue = await VenueProcess.start(data, '--demo', '--no-flow', '--config', config);
  const { ports } = (await (await fetch(`${venue.url}/outcry/v1/status`)).json()) as { ports: { grpc: number } };
  const address = `127.0.0.1:${ports.grpc}`;
  const open = (service: string) => new outcry.v1[service](address, grpc.credentials.createInsecure());
  const token = fs.readFileSync(path.join(data, 'admin.token'), 'utf8');
  return { venue, address, trading: open('Trading'), marketData: open('MarketData'), admin: open('Admin'), token };
}

function call(client: any, method: string, request: object, metadata = new grpc.Metadata()): Promise<any> {
  return new Promise((resolve, reject) => {
    client[method](request, metadata, (error: Error | null, answer: unknown) => (error === null ? resolve(answer) : reject(error)));
  });
}

/** As gRPC's answers are expected. */

const order = (more: object = {}) => ({
  symbol: 'BTCUSDT',
  side: 'SIDE_BUY',
  type: 'ORDER_TYPE_LIMIT',
  quantity: '0.5',
  price: '50000',
  ...more,
});

test('a generic client places, lists and cancels orders, and is refused with a status that says why', async () => {
  const { venue, trading, marketData } = await start();
  const alice = credentials('alice');
  const placed = await call(trading, 'PlaceOrder', order({ client_order_id: 'one' }), alice);
  assert.deepEqual([placed.order.status, placed.order.left, placed.order.client_order_id], ['ORDER_STATUS_NEW', '0.50000000', 'one']);
  const taken = await call(
    trading,
    'PlaceOrder',
    order({ side: 'SIDE_SELL', type: 'ORDER_TYPE_MARKET', price: '', quantity: '0.2' }),
    credentials('bob'),
  );
  assert.deepEqual(
    [taken.order.status, taken.fills[0].price, taken.fills[0].quantity],
    ['ORDER_STATUS_FILLED', '50000.00000000', '0.20000000'],
  );
  const { orders } = await call(trading, 'ListOpenOrders', {}, alice);
  assert.deepEqual(
    orders.map((o: { executed: string }) => o.executed),
    ['0.20000000'],
  );
  const book = await call(marketData, 'GetBook', { symbol: 'BTCUSDT' });
  assert.deepEqual(book.bids, [{ price: '50000.00000000', quantity: '0.30000000' }]);
  const refusals: [string, object, grpc.Metadata, grpc.status][] = [
    ['PlaceOrder', order(), new grpc.Metadata(), grpc.status.UNAUTHENTICATED],
    ['PlaceOrder', order({ symbol: 'NOTHING' }), alice, grpc.status.NOT_FOUND],
    ['PlaceOrder', order({ quantity: '0.0000001' }), alice, grpc.status.INVALID_ARGUMENT],
    ['PlaceOrder', order({ price: 'dear' }), alice, grpc.status.INVALID_ARGUMENT],
    ['PlaceOrder', order({ side: 0 }), alice, grpc.status.INVALID_ARGUMENT],
    ['PlaceOrder', order({ client_order_id: 'one' }), alice, grpc.status.ALREADY_EXISTS],
    ['PlaceOrder', order({ quantity: '30' }), alice, grpc.status.FAILED_PRECONDITION],
    ['CancelOrder', { client_order_id: 'two' }, alice, grpc.status.NOT_FOUND],
    ['CancelOrder', {}, alice, grpc.status.INVALID_ARGUMENT],
  ];
  for (const [method, request, metadata, code] of refusals) {
    await assert.rejects(
      call(trading, method, request, metadata),
      (error: grpc.ServiceError) => error.code === code,
      `${method} ${JSON.stringify(request)}`,
    );
  }
  const cancelled = await call(trading, 'CancelOrder', { order_id: placed.order.order_id }, alice);
  assert.equal(cancelled.order.status, 'ORDER_STATUS_CANCELLED');
  for (const client of [trading, marketData]) client.close();
  await venue.close();
});

test('a stream of order entry answers by number, goes on after a refusal, and tells of trades', async () => {
  const { venue, trading } = await start();
  const stream = trading.Entry(credentials('alice'));
  const got: { request_id: string; response: string; update?: { fill?: { quantity: string } }; error?: string }[] = [];
  stream.on('data', (message: (typeof got)[number]) => got.push(message));
  stream.on('error', () => undefined);
  stream.write({ request_id: 1, place: order({ client_order_id: 'a' }) });
  stream.write({ request_id: 2, place: order({ quantity: '0' }) });
  stream.write({ request_id: 3, place: order({ price: '49000', client_order_id: 'b' }) });
  const answer = (id: number) => got.find(({ request_id }) => request_id === String(id));
  await until(
    () => [1, 2, 3].every((id) => answer(id) !== undefined),
    () => JSON.stringify(got),
  );
  assert.deepEqual([answer(1)!.response, answer(2)!.response, answer(3)!.response], ['placed', 'error', 'placed']);
  assert.match(answer(2)!.error!, /quantity/);
  await call(trading, 'PlaceOrder', order({ side: 'SIDE_SELL', quantity: '0.1' }), credentials('bob'));
  await until(
    () => got.some(({ update }) => update?.fill?.quantity === '0.10000000'),
    () => JSON.stringify(got),
  );
  stream.write({ request_id: 4, cancel: { client_order_id: 'b' } });
  await until(
    () => answer(4)?.response === 'cancelled',
    () => JSON.stringify(got),
  );
  const ended = new Promise((resolve) => stream.on('end', resolve));
  stream.end();
  await ended;
  trading.close();
  await venue.close();
});

test('a watcher gets each book, then what changes, and trades', async () => {
  const { venue, trading, marketData } = await start();
  await call(trading, 'PlaceOrder', order(), credentials('alice'));
  const events: {
    event: string;
    snapshot: { symbol: string; bids: object[] };
    change: { bids: { quantity: string }[] };
    trade: { quantity: string };
  }[] = [];
  const stream = marketData.Watch({ symbols: ['BTCUSDT'] });
  stream.on('data', (event: (typeof events)[number]) => events.push(event));
  stream.on('error', () => undefined);
  await until(
    () => events.length === 1,
    () => 'the snapshot',
  );
  assert.deepEqual(
    [events[0].snapshot.symbol, events[0].snapshot.bids],
    ['BTCUSDT', [{ price: '50000.00000000', quantity: '0.50000000' }]],
  );
  await call(trading, 'PlaceOrder', order({ side: 'SIDE_SELL' }), credentials('bob'));
  await until(
    () => events.some(({ event }) => event === 'trade') && events.some(({ event }) => event === 'change'),
    () => JSON.stringify(events),
  );
  assert.equal(events.find(({ event }) => event === 'trade')!.trade.quantity, '0.50000000');
  assert.deepEqual(events.find(({ event }) => event === 'change')!.change.bids, [{ price: '50000.00000000', quantity: '0' }]);
  stream.cancel();
  for (const client of [trading, marketData]) client.close();
  await venue.close();
});

test('the operator administers by the token, and reflection tells what there is', async () => {
  const { venue, address, admin, token } = await start();
  const metadata = new grpc.Metadata();
  metadata.set('x-outcry-admin', token);
  await assert.rejects(call(admin, 'CreateAccount', { name: 'carol' }), { code: grpc.status.UNAUTHENTICATED });
  assert.ok((await call(admin, 'CreateAccount', { name: 'carol' }, metadata)).secret.length > 20);
  await assert.rejects(call(admin, 'CreateAccount', { name: 'carol' }, metadata), { code: grpc.status.ALREADY_EXISTS });
  assert.equal((await call(admin, 'Fund', { account: 'carol', asset: 'USDT', amount: '12.5' }, metadata)).free, '12.50000000');
  assert.equal((await call(admin, 'GetStatus', {})).journal, 'ok');
  const client = new reflection.reflection.v1.ServerReflection(address, grpc.credentials.createInsecure());
  const stream = client.ServerReflectionInfo();
  const answers: {
    list_services_response?: { service: { name: string }[] };
    file_descriptor_response?: { file_descriptor_proto: Buffer[] };
    error_response?: object;
  }[] = [];
  stream.on('data', (answer: (typeof answers)[number]) => answers.push(answer));
  stream.write({ list_services: '' });
  stream.write({ file_containing_symbol: 'outcry.v1.Trading' });
  stream.write({ file_by_filename: 'nothing.proto' });
  await until(
    () => answers.length === 3,
    () => String(answers.length),
  );
  assert.ok(answers[0].list_services_response!.service.some(({ name }) => name === 'outcry.v1.MarketData'));
  assert.ok(answers[1].file_descriptor_response!.file_descriptor_proto[0].includes('PlaceOrderRequest'));
  assert.ok(answers[2].error_response);
  stream.end();
  for (const each of [admin, client]) each.close();
  await venue.close();
});

test("a page speaks gRPC-Web and Connect on the venue's own port", {
  skip: !fs.existsSync(CHROMIUM) && `${CHROMIUM} is not installed`,
}, async () => {
  const { venue, trading, marketData, admin } = await start();
  await call(trading, 'PlaceOrder', order(), credentials('alice'));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage();
  await page.goto(`${venue.url}/docs`);
  const [web, json] = (await page.evaluate(`(async () => {
    const symbol = new TextEncoder().encode('BTCUSDT');
    const message = new Uint8Array([0x0a, symbol.length, ...symbol]);
    const body = new Uint8Array([0, 0, 0, 0, message.length, ...message]);
    const headers = { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' };
    const answer = await fetch('/outcry.v1.MarketData/GetBook', { method: 'POST', headers, body });
    const text = new TextDecoder('latin1').decode(await answer.arrayBuffer());
    const connect = await fetch('/outcry.v1.MarketData/GetBook', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"symbol":"BTCUSDT"}' });
    return [text, await connect.json()];
  })()`)) as [string, { bids: object[] }];
  assert.match(web, /50000\.00000000/);
  assert.match(web, /grpc-status: ?0/);
  assert.deepEqual(json.bids, [{ price: '50000.00000000', quantity: '0.50000000' }]);
  await browser.close();
  for (const client of [trading, marketData, admin]) client.close();
  await venue.close();
});
