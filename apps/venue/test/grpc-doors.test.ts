import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import net from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import v8 from 'node:v8';
import vm from 'node:vm';
import { create, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, createContextValues, type HandlerContext } from '@connectrpc/connect';
import * as grpc from '@grpc/grpc-js';
import type { Login } from '../src/core/accounts/accounts.ts';
import { AccountBacklog } from '../src/core/fairness/account-backlog.ts';
import type { Services } from '../src/core/services.ts';
import type { Order } from '../src/domain/orders.ts';
import type { Gate } from '../src/doors/grpc/gate.ts';
import * as pb from '../src/doors/grpc/generated/outcry/v1/venue_pb.js';
import { LOGIN } from '../src/doors/grpc/peer.ts';
import { TradingService } from '../src/doors/grpc/trading-service.ts';
import { basic, begin, credentials, GrpcVenue, pathOf, statusOf } from './support/grpc-venue.ts';
import { until } from './support/until.ts';

const { placeOrder, listOpenOrders, entry } = pb.Trading.method;
const { getBook, watch } = pb.MarketData.method;
const UNAUTHENTICATED = String(grpc.status.UNAUTHENTICATED);
const OK = String(grpc.status.OK);
const list = toBinary(pb.ListOpenOrdersRequestSchema, create(pb.ListOpenOrdersRequestSchema));

describe('one client of gRPC and all others', () => {
  let venue: GrpcVenue;
  before(async () => {
    const connections = { loginMs: 2000, idleMs: 3000, unsigned: 64, perAddress: 3000, most: 4000 };
    venue = await GrpcVenue.start('grpc-doors', { connections });
  });
  after(() => venue.close());
  afterEach(() => venue.closeClients());

  it('a hundred wrong passwords from an address do not keep out a trader at another, on either port', async () => {
    const guesser = venue.connect('127.0.0.2');
    for (let i = 0; i < 100; i++) {
      const guess = begin(guesser, pathOf(listOpenOrders), { authorization: basic('alice', `guess${i}`) });
      assert.equal(await statusOf(guess, list), UNAUTHENTICATED);
    }
    const honest = venue.connect();
    assert.equal(await statusOf(begin(honest, pathOf(listOpenOrders), { authorization: basic('alice') }), list), OK);
    const headers = { authorization: basic('bob'), 'content-type': 'application/json' };
    const web = await fetch(venue.url + pathOf(listOpenOrders), { method: 'POST', headers, body: '{}' });
    assert.equal(web.status, 200);
    for (const session of [guesser, honest]) session.close();
  });

  it('thousands of calls that are never sent to their end are closed but for a few, end, and hold up nobody', async (t) => {
    const used: number[] = [];
    for (let storm = 0; storm < 4; storm++) {
      const crowd = Array.from({ length: 20 }, () => venue.connect('127.0.0.3'));
      t.after(() => crowd.forEach((session) => void session.destroy()));
      let closed = 0;
      for (const session of crowd)
        for (let i = 0; i < 100; i++) {
          const stream = begin(session, pathOf(i % 2 === 0 ? getBook : placeOrder));
          stream.once('close', () => closed++).write(Buffer.alloc(3));
        }
      await until(
        () => closed >= 2000 - 66,
        () => `the end of ${closed} calls`,
      );
      const book = (await venue.call(getBook, create(pb.GetBookRequestSchema, { symbol: 'BTCUSDT' }))) as pb.Book;
      assert.equal(book.symbol, 'BTCUSDT');
      assert.ok((await venue.openCounts()).grpcCalls <= 66);
      await venue.untilOpen(({ grpcCalls }) => grpcCalls === 0);
      used.push(venue.memory());
    }
    // Resident memory goes up and down with when the runtime collects: what is kept shows in its lowest.
    assert.ok(Math.min(used[2], used[3]) - Math.max(used[0], used[1]) < 60, `${used.map(Math.round)} MB after each 2000 calls`);
  });

  it('connections that bring nothing, or nothing signed, end in their time; one that signed in stays', async (t) => {
    const silent = Array.from({ length: 20 }, () =>
      net
        .connect(venue.port, '127.0.0.1')
        .on('error', () => undefined)
        .resume(),
    );
    const asked = venue.connect();
    const depth = toBinary(pb.GetBookRequestSchema, create(pb.GetBookRequestSchema, { symbol: 'BTCUSDT' }));
    assert.equal(await statusOf(begin(asked, pathOf(getBook)), depth), OK);
    const trader = venue.connect();
    assert.equal(await statusOf(begin(trader, pathOf(listOpenOrders), { authorization: basic('alice') }), list), OK);
    const deaf = net.connect({ port: venue.port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined);
    await until(
      () => silent.every((socket) => socket.destroyed) && asked.closed,
      () => `${silent.filter((socket) => !socket.destroyed).length} are open`,
    );
    t.after(() => deaf.destroy());
    await venue.untilOpen(({ grpc: connections }) => connections === 1);
    assert.equal(await statusOf(begin(trader, pathOf(listOpenOrders), { authorization: basic('alice') }), list), OK);
    trader.close();
  });

  it('a call that is refused before its request is there does not stay half open', async () => {
    const session = venue.connect();
    const stream = begin(session, pathOf(entry), { authorization: basic('alice', 'wrong') });
    const status = new Promise((resolve) => {
      stream.on('response', (headers) => headers['grpc-status'] !== undefined && resolve(headers['grpc-status']));
      stream.on('trailers', (headers) => resolve(headers['grpc-status']));
    });
    assert.equal(await status, UNAUTHENTICATED);
    await venue.untilOpen(({ grpcCalls }) => grpcCalls === 0);
    session.destroy();
  });

  it('a call that is cancelled, past its deadline, or whose client is gone leaves nothing behind', async () => {
    const watching = Array.from({ length: 20 }, () => venue.stream(watch, create(pb.WatchRequestSchema)));
    const entering = Array.from({ length: 10 }, () => venue.bidi(entry, credentials('alice')));
    const late: number[] = [];
    const dated = Array.from({ length: 5 }, () => venue.bidi(entry, credentials('bob'), { deadline: Date.now() + 2500 }));
    for (const call of [...watching, ...entering, ...dated]) {
      call.on('data', () => undefined);
      call.on('error', (error: grpc.ServiceError) => late.push(error.code));
    }
    await venue.untilOpen(({ watchers, entryStreams }) => watchers === 20 && entryStreams === 15);
    for (const call of [...watching.slice(0, 10), ...entering.slice(0, 5)]) call.cancel();
    await venue.untilOpen(({ watchers, entryStreams }) => watchers === 10 && entryStreams === 5);
    assert.equal(late.filter((code) => code === grpc.status.DEADLINE_EXCEEDED).length, 5);
    const gone = venue.connect();
    begin(gone, pathOf(watch)).end(Buffer.alloc(5));
    begin(gone, pathOf(entry), { authorization: basic('alice') });
    await venue.untilOpen(({ watchers, entryStreams }) => watchers === 11 && entryStreams === 6);
    gone.destroy();
    for (const call of [...watching, ...entering]) call.cancel();
    await venue.untilOpen(({ watchers, entryStreams, grpcCalls }) => watchers + entryStreams + grpcCalls === 0);
  });

  it('a client that is stopped is noticed, and what it had ends', async (t) => {
    const program = `
      const session = require('node:http2').connect('http://127.0.0.1:${venue.port}');
      const call = (path, headers) => session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers });
      call('${pathOf(watch)}').end(Buffer.alloc(5));
      call('${pathOf(entry)}', { authorization: '${basic('alice')}' });`;
    const client = spawn(process.execPath, ['-e', program]);
    t.after(() => client.kill('SIGKILL'));
    await venue.untilOpen(({ watchers, entryStreams }) => watchers === 1 && entryStreams === 1);
    await new Promise((resolve) => setTimeout(resolve, 4000)); // it answers, and is left alone
    assert.equal((await venue.openCounts()).watchers, 1);
    client.kill('SIGSTOP');
    await venue.untilOpen(({ watchers, entryStreams, grpc: connections }) => watchers + entryStreams + connections === 0);
  });

  it('streams of an account, and the calls of a connection, have their most', async () => {
    const streams = Array.from({ length: 17 }, () => venue.bidi(entry, credentials('bob')));
    const refused: number[] = [];
    for (const stream of streams) stream.on('data', () => undefined).on('error', ({ code }: grpc.ServiceError) => refused.push(code));
    await until(
      () => refused.length > 0,
      () => 'a refusal',
    );
    assert.deepEqual(refused, [grpc.status.RESOURCE_EXHAUSTED]);
    for (const stream of streams) stream.cancel();
    const session = venue.connect();
    await new Promise((resolve) => session.once('remoteSettings', resolve));
    assert.equal(session.remoteSettings.maxConcurrentStreams, 20);
    const raised = new Promise((resolve) => session.once('remoteSettings', resolve));
    assert.equal(await statusOf(begin(session, pathOf(listOpenOrders), { authorization: basic('bob') }), new Uint8Array()), OK);
    await raised;
    assert.equal(session.remoteSettings.maxConcurrentStreams, 100, 'more for a connection that signed in');
    session.destroy();
    await venue.untilOpen(({ entryStreams }) => entryStreams === 0);
  });

  it('a deadline of years is one of 24 days: not over at once, and not in the log', async () => {
    const session = venue.connect();
    const depth = toBinary(pb.GetBookRequestSchema, create(pb.GetBookRequestSchema, { symbol: 'BTCUSDT' }));
    const withDeadline = (timeout: string) => statusOf(begin(session, pathOf(getBook), { 'grpc-timeout': timeout }), depth);
    for (const timeout of ['500H', '596H', '597H', '99999999H', '99999999M']) assert.equal(await withDeadline(timeout), OK, timeout);
    assert.equal(await withDeadline('999999999H'), String(grpc.status.INVALID_ARGUMENT));
    for (const timeout of ['2147483648', '9999999999']) {
      const answer = await fetch(venue.url + pathOf(getBook), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'connect-timeout-ms': timeout },
        body: '{"symbol":"BTCUSDT"}',
      });
      assert.equal(answer.status, 200, await answer.text());
    }
    assert.doesNotMatch(venue.process.output, /TimeoutOverflowWarning/);
    session.destroy();
  });

  it('what is compressed, or longer than a request can be, is refused', async () => {
    const session = venue.connect();
    const zipped = begin(session, pathOf(getBook), { 'grpc-encoding': 'gzip' });
    assert.equal(await statusOf(zipped, new Uint8Array(10)), String(grpc.status.UNIMPLEMENTED));
    const long = begin(session, pathOf(getBook));
    assert.equal(await statusOf(long, new Uint8Array(65 * 1024)), String(grpc.status.RESOURCE_EXHAUSTED));
    session.destroy();
  });
});

describe("an address's weight", () => {
  it('is spent by calls without a login, and keeps no trader out', async () => {
    const venue = await GrpcVenue.start('grpc-weights', { rateLimits: { weightPerMinute: 200 } });
    const codes: (number | undefined)[] = [];
    const request = create(pb.GetBookRequestSchema, { symbol: 'BTCUSDT', depth: 1000 });
    for (let i = 0; i < 6; i++)
      codes.push(
        await venue.call(getBook, request).then(
          () => 0,
          ({ code }: grpc.ServiceError) => code,
        ),
      );
    assert.deepEqual([codes[0], codes.at(-1)], [0, grpc.status.RESOURCE_EXHAUSTED]);
    await assert.rejects(venue.call(watch, create(pb.WatchRequestSchema)), { code: grpc.status.RESOURCE_EXHAUSTED });
    const web = await fetch(venue.url + pathOf(getBook), { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    assert.equal(web.status, 429);
    await venue.call(listOpenOrders, create(pb.ListOpenOrdersRequestSchema), credentials('alice'));
    await venue.close();
  });
});

describe('a login that sends too fast', () => {
  it('is answered at the rate that it may have, over all its calls and streams', async () => {
    const venue = await GrpcVenue.start('grpc-throttle', { connections: { messagesPerSecond: 20 } });
    const stream = venue.bidi(entry, credentials('bob'));
    let answers = 0;
    stream.on('data', () => answers++).on('error', () => undefined);
    const began = performance.now();
    for (let i = 1; i <= 15; i++) stream.write(create(pb.EntryRequestSchema, { requestId: BigInt(i) }));
    const request = create(pb.ListOpenOrdersRequestSchema);
    for (let i = 0; i < 5; i++) await venue.call(listOpenOrders, request, credentials('bob'));
    await until(
      () => answers === 15,
      () => `${answers} answers`,
    );
    const took = performance.now() - began;
    assert.ok(took > 800, `21 messages at 20 a second took ${took} ms`);
    await venue.call(listOpenOrders, request, credentials('alice'));
    stream.cancel();
    await venue.close();
  });
});

describe('a stream of order entry', () => {
  /** The service alone, for one that is signed in. */
  function service(streams?: ConstructorParameters<typeof TradingService>[2]): { trading: TradingService; context: HandlerContext } {
    const gate = { throttle: async () => undefined } as unknown as Gate;
    const values = createContextValues().set(LOGIN, { account: 1 } as Login);
    const context = { values, signal: new AbortController().signal, requestHeader: new Headers() } as HandlerContext;
    return { trading: new TradingService({} as Services, gate, streams), context };
  }

  function answersTo(requests: AsyncIterable<pb.EntryRequest>): AsyncIterable<pb.EntryResponse> {
    const { trading, context } = service();
    return trading.entry(requests, context);
  }

  it('that is not read holds so many updates and no more, and says why it ended', async () => {
    const streams: ConstructorParameters<typeof TradingService>[2] = new AccountBacklog({ eventsASlice: 1 });
    const { trading, context } = service(streams);
    const told = () =>
      until(
        () => streams.waitingOf(1) === 0,
        () => `${streams.waitingOf(1)} updates`,
      );
    const never = new Promise<never>(() => undefined);
    async function* requests(): AsyncGenerator<pb.EntryRequest> {
      yield create(pb.EntryRequestSchema, { requestId: 1n });
      await never;
    }
    const answers = trading.entry(requests(), context);
    assert.equal((await answers.next()).value?.requestId, 1n);
    const order = { account: 1 } as Order;
    for (let i = 0; i < 65_536; i++) trading.listener.onEnded!(order, 0, false);
    await told();
    assert.equal(trading.streamCount, 1);
    trading.listener.onEnded!(order, 0, false);
    await told();
    await assert.rejects(answers.next(), ({ code }: ConnectError) => code === Code.ResourceExhausted);
    assert.equal(trading.streamCount, 0);
  });

  it('keeps nothing of the requests that it has answered', async () => {
    v8.setFlagsFromString('--expose-gc');
    const collect = vm.runInNewContext('gc') as () => void;
    const used: number[] = [];
    const REQUESTS = 30_000; // so many that what the compiler keeps does not show
    let answers = 0;
    async function* requests() {
      for (let i = 1; i <= 6 * REQUESTS; i++) {
        while (answers < i - 100) await new Promise((resolve) => setImmediate(resolve));
        yield create(pb.EntryRequestSchema, { requestId: BigInt(i) });
      }
    }
    for await (const { requestId, response } of answersTo(requests())) {
      answers++;
      assert.equal(Number(requestId), answers);
      assert.equal(response.case, 'error');
      if (answers % REQUESTS !== 0) continue;
      collect();
      used.push(v8.getHeapStatistics().used_heap_size);
    }
    assert.equal(answers, 6 * REQUESTS);
    // What is kept shows in the lowest of the later ones; the last one is measured when all is over.
    const each = (Math.min(used[3], used[4]) - Math.max(used[0], used[1])) / (2 * REQUESTS);
    assert.ok(each < 40, `${each.toFixed(0)} bytes a request: ${used}`);
  });

  it('ends with the error that ends its requests', async () => {
    async function* broken(): AsyncGenerator<pb.EntryRequest> {
      yield create(pb.EntryRequestSchema, { requestId: 1n });
      throw new ConnectError('the client is broken', Code.Aborted);
    }
    await assert.rejects(async () => {
      for await (const { requestId } of answersTo(broken())) assert.equal(requestId, 1n);
    }, /broken/);
  });
});

describe('anonymous watchers', () => {
  let venue: GrpcVenue;
  before(async () => {
    venue = await GrpcVenue.start('grpc-watchers', { connections: { most: 40, perAddress: 20, unsigned: 20 } });
  });
  after(() => venue.close());

  it('take no place of a trader; beyond their own places they are refused', async (t) => {
    const crowd = ['127.0.0.2', '127.0.0.3'].map((from) => venue.connect(from));
    t.after(() => crowd.forEach((session) => void session.destroy()));
    for (const [before, session] of crowd.entries()) {
      // As many as may be under way without a login: they are watchers when their call had its turn.
      for (let i = 0; i < 20; i++) begin(session, pathOf(watch)).end(Buffer.alloc(5));
      await venue.untilOpen(({ watchers }) => watchers === 20 * (before + 1));
    }
    const trader = venue.connect('127.0.0.4');
    t.after(() => trader.destroy());
    begin(trader, pathOf(entry), { authorization: basic('alice') });
    await venue.untilOpen(({ watchers, entryStreams }) => watchers === 40 && entryStreams === 1);
    assert.equal(await statusOf(begin(trader, pathOf(listOpenOrders), { authorization: basic('alice') }), list), OK);
    assert.equal(await statusOf(begin(trader, pathOf(watch))), String(grpc.status.RESOURCE_EXHAUSTED));
    crowd[0].destroy();
    await venue.untilOpen(({ watchers }) => watchers === 20);
    begin(trader, pathOf(watch)).end(Buffer.alloc(5));
    await venue.untilOpen(({ watchers }) => watchers === 21);
  });
});
